
/*
 * Copyright (C) Civic Gate
 *
 * A table decoder.  Characters are only looked at through the table, and
 * what is wrong with any of them is seen once, at the end.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_jose_base64url.h"


/* 77, which has a bit that no digit has: not of the alphabet */

#define CIVIC_JOSE_BASE64URL_BAD  64


static const u_char  civic_jose_base64url_table[256] = {
    77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77,
    77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77,
    77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 62, 77, 77,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 77, 77, 77, 77, 77, 77,
    77,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 77, 77, 77, 77, 63,
    77, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 77, 77, 77, 77, 77,
    77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77,
    77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77,
    77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77,
    77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77,
    77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77,
    77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77,
    77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77,
    77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77
};


ngx_int_t
civic_jose_base64url_decode(ngx_str_t *dst, const ngx_str_t *src)
{
    size_t         n;
    u_char        *d, bad;
    uint32_t       bits;
    const u_char  *s, *t;

    t = civic_jose_base64url_table;
    s = src->data;
    d = dst->data;
    bad = 0;

    for (n = src->len; n >= 4; n -= 4) {
        bad |= t[s[0]] | t[s[1]] | t[s[2]] | t[s[3]];

        bits = (uint32_t) t[s[0]] << 18 | (uint32_t) t[s[1]] << 12
               | (uint32_t) t[s[2]] << 6 | t[s[3]];

        *d++ = (u_char) (bits >> 16);
        *d++ = (u_char) (bits >> 8);
        *d++ = (u_char) bits;

        s += 4;
    }

    switch (n) {

    case 1:
        return NGX_DECLINED;

    case 2:
        bits = (uint32_t) t[s[0]] << 6 | t[s[1]];

        if (bits & 0xf) {
            return NGX_DECLINED;
        }

        bad |= t[s[0]] | t[s[1]];
        *d++ = (u_char) (bits >> 4);
        break;

    case 3:
        bits = (uint32_t) t[s[0]] << 12 | (uint32_t) t[s[1]] << 6 | t[s[2]];

        if (bits & 0x3) {
            return NGX_DECLINED;
        }

        bad |= t[s[0]] | t[s[1]] | t[s[2]];
        *d++ = (u_char) (bits >> 10);
        *d++ = (u_char) (bits >> 2);
        break;
    }

    if (bad & CIVIC_JOSE_BASE64URL_BAD) {
        return NGX_DECLINED;
    }

    dst->len = d - dst->data;

    return NGX_OK;
}


u_char *
civic_jose_base64url_encode(u_char *dst, const ngx_str_t *src)
{
    size_t    i;
    uint32_t  bits;
    unsigned  n;

    static const u_char  digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "abcdefghijklmnopqrstuvwxyz0123456789-_";

    bits = 0;
    n = 0;

    for (i = 0; i < src->len; i++) {
        bits = bits << 8 | src->data[i];
        n += 8;

        while (n >= 6) {
            n -= 6;
            *dst++ = digits[bits >> n & 0x3f];
        }
    }

    if (n) {
        *dst++ = digits[bits << (6 - n) & 0x3f];
    }

    return dst;
}
