
/*
 * Copyright (C) Civic Gate
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_app_key.h"
#include "civic_jose_mac.h"


#define CIVIC_APP_KEY_BATCH  64        /* random bytes asked for at once */
#define CIVIC_APP_KEY_FAIR   248       /* 4 * 62: bytes beyond are not used */


static ngx_uint_t civic_app_key_base62(u_char ch);
static void civic_app_key_checksum(const u_char *key, u_char *out);
static uint32_t civic_app_key_crc32(const u_char *p, size_t len);


static const u_char  civic_app_key_digits[] =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";


ngx_int_t
civic_app_key_check(const ngx_str_t *key)
{
    u_char      check[CIVIC_APP_KEY_CHECK];
    ngx_uint_t  i;

    if (key->len != CIVIC_APP_KEY_LEN
        || ngx_memcmp(key->data, "cg_", 3) != 0
        || key->data[CIVIC_APP_KEY_PREFIX] != '_')
    {
        return NGX_DECLINED;
    }

    for (i = 3; i < CIVIC_APP_KEY_LEN; i++) {

        if (i != CIVIC_APP_KEY_PREFIX && !civic_app_key_base62(key->data[i]))
        {
            return NGX_DECLINED;
        }
    }

    civic_app_key_checksum(key->data, check);

    if (ngx_memcmp(check, key->data + CIVIC_APP_KEY_LEN - CIVIC_APP_KEY_CHECK,
                   CIVIC_APP_KEY_CHECK)
        != 0)
    {
        return NGX_DECLINED;
    }

    return NGX_OK;
}


ngx_int_t
civic_app_key_create(u_char *key)
{
    u_char  *p;

    p = ngx_cpymem(key, "cg_", 3);

    if (civic_app_key_random(p, CIVIC_APP_KEY_ID) != NGX_OK) {
        return NGX_ERROR;
    }

    p += CIVIC_APP_KEY_ID;
    *p++ = '_';

    if (civic_app_key_random(p, CIVIC_APP_KEY_RANDOM) != NGX_OK) {
        return NGX_ERROR;
    }

    civic_app_key_checksum(key, p + CIVIC_APP_KEY_RANDOM);

    return NGX_OK;
}


ngx_int_t
civic_app_key_random(u_char *text, size_t len)
{
    u_char      bytes[CIVIC_APP_KEY_BATCH];
    ngx_uint_t  i;

    i = CIVIC_APP_KEY_BATCH;

    while (len) {

        if (i == CIVIC_APP_KEY_BATCH) {

            if (civic_jose_mac_random(bytes, CIVIC_APP_KEY_BATCH) != NGX_OK) {
                return NGX_ERROR;
            }

            i = 0;
        }

        if (bytes[i] < CIVIC_APP_KEY_FAIR) {
            *text++ = civic_app_key_digits[bytes[i] % 62];
            len--;
        }

        i++;
    }

    ngx_explicit_memzero(bytes, CIVIC_APP_KEY_BATCH);

    return NGX_OK;
}


static ngx_uint_t
civic_app_key_base62(u_char ch)
{
    return (ch >= '0' && ch <= '9')
           || (ch >= 'A' && ch <= 'Z')
           || (ch >= 'a' && ch <= 'z');
}


static void
civic_app_key_checksum(const u_char *key, u_char *out)
{
    uint32_t    crc;
    ngx_uint_t  i;

    crc = civic_app_key_crc32(key, CIVIC_APP_KEY_LEN - CIVIC_APP_KEY_CHECK);

    for (i = CIVIC_APP_KEY_CHECK; i; i--) {
        out[i - 1] = civic_app_key_digits[crc % 62];
        crc /= 62;
    }
}


/* IEEE 802.3, as zlib has it: four bits at a time */

static uint32_t
civic_app_key_crc32(const u_char *p, size_t len)
{
    uint32_t  crc;

    static const uint32_t  table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
        0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
        0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c
    };

    crc = 0xffffffff;

    while (len--) {
        crc = table[(crc ^ *p) & 0xf] ^ (crc >> 4);
        crc = table[(crc ^ (*p >> 4)) & 0xf] ^ (crc >> 4);
        p++;
    }

    return crc ^ 0xffffffff;
}
