/* sources: src/jose/civic_jose_base64url.c */

/*
 * Copyright (C) Civic Gate
 *
 * What is decoded and encoded again is what it was: one spelling each.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_jose_base64url.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static size_t
base64url_encode(char *dst, const ngx_str_t *src)
{
    char        *p;
    size_t       i;
    uint32_t     bits;
    ngx_uint_t   n;

    static char  alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "abcdefghijklmnopqrstuvwxyz0123456789-_";

    p = dst;
    bits = 0;
    n = 0;

    for (i = 0; i < src->len; i++) {
        bits = bits << 8 | src->data[i];

        for (n += 8; n >= 6; n -= 6) {
            *p++ = alphabet[bits >> (n - 6) & 63];
        }
    }

    if (n) {
        *p++ = alphabet[bits << (6 - n) & 63];
    }

    return p - dst;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char       *again;
    ngx_str_t   src, dst;

    src.data = (u_char *) data;
    src.len = size;

    dst.data = malloc(size * 3 / 4 + 1);
    again = malloc(size + 4);

    if (civic_jose_base64url_decode(&dst, &src) == NGX_OK
        && (base64url_encode(again, &dst) != size
            || ngx_memcmp(again, data, size) != 0))
    {
        abort();
    }

    free(dst.data);
    free(again);

    return 0;
}
