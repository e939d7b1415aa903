
/*
 * Copyright (C) Civic Gate
 *
 * Of each algorithm one context is made ready at its first use, and kept
 * for the life of the process: those in use are its copies.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "civic_jose_hash.h"


static EVP_MD_CTX *civic_jose_hash_prepare(const char *name);


/* by civic_jose_hash_e */

static struct {
    const char  *name;
    size_t       len;
    EVP_MD_CTX  *ready;
} civic_jose_hashes[] = {
    { "SHA256", 32, NULL },
    { "SHA512", 64, NULL },
    { "SM3", 32, NULL },
    { "MD5", 16, NULL }
};


size_t
civic_jose_hash_len(civic_jose_hash_e algorithm)
{
    return civic_jose_hashes[algorithm].len;
}


civic_jose_hash_t *
civic_jose_hash_create(civic_jose_hash_e algorithm)
{
    EVP_MD_CTX  *ctx, **ready;

    ready = &civic_jose_hashes[algorithm].ready;

    if (*ready == NULL) {
        *ready = civic_jose_hash_prepare(civic_jose_hashes[algorithm].name);
    }

    ctx = *ready ? EVP_MD_CTX_new() : NULL;

    if (ctx == NULL || !EVP_MD_CTX_copy_ex(ctx, *ready)) {
        ERR_clear_error();
        EVP_MD_CTX_free(ctx);
        return NULL;
    }

    return ctx;
}


static EVP_MD_CTX *
civic_jose_hash_prepare(const char *name)
{
    EVP_MD      *md;
    EVP_MD_CTX  *ctx;

    md = EVP_MD_fetch(NULL, name, NULL);
    ctx = EVP_MD_CTX_new();

    if (md == NULL || ctx == NULL || !EVP_DigestInit_ex2(ctx, md, NULL)) {
        ERR_clear_error();
        EVP_MD_CTX_free(ctx);
        ctx = NULL;
    }

    EVP_MD_free(md);

    return ctx;
}


void
civic_jose_hash_free(civic_jose_hash_t *hash)
{
    EVP_MD_CTX_free(hash);
}


ngx_int_t
civic_jose_hash_update(civic_jose_hash_t *hash, const u_char *data,
    size_t len)
{
    if (EVP_DigestUpdate(hash, data, len) != 1) {
        ERR_clear_error();
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
civic_jose_hash_final(civic_jose_hash_t *hash,
    u_char out[CIVIC_JOSE_HASH_MAX])
{
    if (EVP_DigestFinal_ex(hash, out, NULL) != 1) {
        ERR_clear_error();
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_uint_t
civic_jose_hash_equal(const u_char *a, const u_char *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}
