
/*
 * Copyright (C) Civic Gate
 *
 * Algorithms are fetched at their first use and kept for the life of the
 * process: fetching costs more than hashing a short text does.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "civic_jose_mac.h"


typedef struct {
    ngx_str_t    name;
    const char  *fetch;
    EVP_MD      *md;
} civic_jose_mac_t;


static const EVP_MD *civic_jose_mac_find(const ngx_str_t *name,
    ngx_uint_t *known);


static civic_jose_mac_t  civic_jose_macs[] = {
    { ngx_string("sha256"), "SHA256", NULL },
    { ngx_string("sha384"), "SHA384", NULL },
    { ngx_string("sha512"), "SHA512", NULL },
    { ngx_string("sm3"), "SM3", NULL },
    { ngx_null_string, NULL, NULL }
};


ngx_int_t
civic_jose_mac_digest(const ngx_str_t *algorithm, const ngx_str_t *text,
    u_char out[CIVIC_JOSE_MAC_MAX], size_t *len)
{
    unsigned       n;
    ngx_uint_t     known;
    const EVP_MD  *md;

    md = civic_jose_mac_find(algorithm, &known);
    if (md == NULL) {
        return known ? NGX_ERROR : NGX_DECLINED;
    }

    if (!EVP_Digest(text->data, text->len, out, &n, md, NULL)) {
        ERR_clear_error();
        return NGX_ERROR;
    }

    *len = n;

    return NGX_OK;
}


ngx_int_t
civic_jose_mac_hmac(const ngx_str_t *algorithm, const ngx_str_t *key,
    const ngx_str_t *text, u_char out[CIVIC_JOSE_MAC_MAX], size_t *len)
{
    unsigned       n;
    ngx_uint_t     known;
    const EVP_MD  *md;

    md = civic_jose_mac_find(algorithm, &known);
    if (md == NULL) {
        return known ? NGX_ERROR : NGX_DECLINED;
    }

    /* a key of no bytes must not be taken for none */

    if (HMAC(md, key->len ? (char *) key->data : "", (int) key->len,
             text->data, text->len, out, &n)
        == NULL)
    {
        ERR_clear_error();
        return NGX_ERROR;
    }

    *len = n;

    return NGX_OK;
}


static const EVP_MD *
civic_jose_mac_find(const ngx_str_t *name, ngx_uint_t *known)
{
    civic_jose_mac_t  *mac;

    *known = 0;

    for (mac = civic_jose_macs; mac->fetch; mac++) {

        if (mac->name.len != name->len
            || ngx_strncmp(mac->name.data, name->data, name->len) != 0)
        {
            continue;
        }

        *known = 1;

        if (mac->md == NULL) {
            mac->md = EVP_MD_fetch(NULL, mac->fetch, NULL);
        }

        return mac->md;
    }

    return NULL;
}


ngx_int_t
civic_jose_mac_random(u_char *out, size_t len)
{
    if (RAND_bytes(out, (int) len) != 1) {
        ERR_clear_error();
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_uint_t
civic_jose_mac_equal(const ngx_str_t *a, const ngx_str_t *b)
{
    return a->len == b->len && CRYPTO_memcmp(a->data, b->data, a->len) == 0;
}
