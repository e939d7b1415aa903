
/*
 * Copyright (C) Civic Gate
 *
 * What is shorter than 128 bytes has lengths of one byte; two integers of
 * at most 33 are.
 */


#include "civic_jose_der.h"


#define CIVIC_JOSE_DER_HALF  (CIVIC_JOSE_DER_RAW / 2)


static u_char *civic_jose_der_integer(u_char *p, u_char *last, u_char *out);


ngx_int_t
civic_jose_der_raw(const ngx_str_t *der, u_char raw[CIVIC_JOSE_DER_RAW])
{
    u_char  *p, *last;

    p = der->data;
    last = p + der->len;

    if (der->len < 2 || p[0] != 0x30 || p[1] > 127
        || p[1] != der->len - 2)
    {
        return NGX_DECLINED;
    }

    p = civic_jose_der_integer(p + 2, last, raw);

    if (p != NULL) {
        p = civic_jose_der_integer(p, last, raw + CIVIC_JOSE_DER_HALF);
    }

    return (p == last) ? NGX_OK : NGX_DECLINED;
}


/* where it ends, or NULL: not one of at most 256 bits, without a sign */

static u_char *
civic_jose_der_integer(u_char *p, u_char *last, u_char *out)
{
    size_t  len;

    if (last - p < 3 || p[0] != 0x02 || p[1] == 0 || p[1] > last - p - 2) {
        return NULL;
    }

    len = p[1];
    p += 2;

    if (p[0] & 0x80) {
        return NULL;
    }

    if (p[0] == 0 && len > 1) {

        if (!(p[1] & 0x80)) {
            return NULL;
        }

        p++;
        len--;
    }

    if (len > CIVIC_JOSE_DER_HALF) {
        return NULL;
    }

    ngx_memzero(out, CIVIC_JOSE_DER_HALF - len);

    ngx_memcpy(out + CIVIC_JOSE_DER_HALF - len, p, len);

    return p + len;
}
