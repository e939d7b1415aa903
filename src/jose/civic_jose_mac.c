
/*
 * Copyright (C) Civic Gate
 *
 * Algorithms are fetched at their first use and kept for the life of the
 * process, those of HMAC with a context that only wants a key: fetching
 * costs more than hashing a short text does.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "civic_jose_mac.h"


typedef struct {
    ngx_str_t    name;
    const char  *fetch;
    EVP_MD      *md;
    EVP_MAC_CTX *hmac;
} civic_jose_mac_t;


static civic_jose_mac_t *civic_jose_mac_find(const ngx_str_t *name);
static const EVP_MD *civic_jose_mac_md(civic_jose_mac_t *mac);
static EVP_MAC_CTX *civic_jose_mac_ctx(civic_jose_mac_t *mac);


static civic_jose_mac_t  civic_jose_macs[] = {
    { ngx_string("sha256"), "SHA256", NULL, NULL },
    { ngx_string("sha384"), "SHA384", NULL, NULL },
    { ngx_string("sha512"), "SHA512", NULL, NULL },
    { ngx_string("sm3"), "SM3", NULL, NULL },
    { ngx_null_string, NULL, NULL, NULL }
};


ngx_int_t
civic_jose_mac_digest(const ngx_str_t *algorithm, const ngx_str_t *text,
    u_char out[CIVIC_JOSE_MAC_MAX], size_t *len)
{
    unsigned           n;
    const EVP_MD      *md;
    civic_jose_mac_t  *mac;

    mac = civic_jose_mac_find(algorithm);
    if (mac == NULL) {
        return NGX_DECLINED;
    }

    md = civic_jose_mac_md(mac);

    if (md == NULL
        || !EVP_Digest(text->data, text->len, out, &n, md, NULL))
    {
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
    u_char            *secret;
    EVP_MAC_CTX       *ctx;
    civic_jose_mac_t  *mac;

    mac = civic_jose_mac_find(algorithm);
    if (mac == NULL) {
        return NGX_DECLINED;
    }

    ctx = civic_jose_mac_ctx(mac);

    /* a key of no bytes must not be taken for none */

    secret = key->len ? key->data : (u_char *) "";

    if (ctx == NULL
        || !EVP_MAC_init(ctx, secret, key->len, NULL)
        || !EVP_MAC_update(ctx, text->data, text->len)
        || !EVP_MAC_final(ctx, out, len, CIVIC_JOSE_MAC_MAX))
    {
        ERR_clear_error();
        return NGX_ERROR;
    }

    return NGX_OK;
}


static civic_jose_mac_t *
civic_jose_mac_find(const ngx_str_t *name)
{
    civic_jose_mac_t  *mac;

    for (mac = civic_jose_macs; mac->fetch; mac++) {

        if (mac->name.len == name->len
            && ngx_strncmp(mac->name.data, name->data, name->len) == 0)
        {
            return mac;
        }
    }

    return NULL;
}


static const EVP_MD *
civic_jose_mac_md(civic_jose_mac_t *mac)
{
    if (mac->md == NULL) {
        mac->md = EVP_MD_fetch(NULL, mac->fetch, NULL);
    }

    return mac->md;
}


/* it keeps its digest when it is given another key */

static EVP_MAC_CTX *
civic_jose_mac_ctx(civic_jose_mac_t *mac)
{
    EVP_MAC     *hmac;
    OSSL_PARAM   params[2];

    if (mac->hmac != NULL) {
        return mac->hmac;
    }

    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                                 (char *) mac->fetch, 0);
    params[1] = OSSL_PARAM_construct_end();

    hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    mac->hmac = hmac ? EVP_MAC_CTX_new(hmac) : NULL;

    EVP_MAC_free(hmac);

    if (mac->hmac != NULL && !EVP_MAC_CTX_set_params(mac->hmac, params)) {
        EVP_MAC_CTX_free(mac->hmac);
        mac->hmac = NULL;
    }

    return mac->hmac;
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
