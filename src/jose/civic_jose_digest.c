
/*
 * Copyright (C) Civic Gate
 *
 * One context for the life of the process, made at its first use: fetching
 * the algorithm and allocating cost more than hashing a token does.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "civic_jose_digest.h"


static EVP_MD_CTX *civic_jose_digest_create(void);


static EVP_MD_CTX  *civic_jose_digest_ctx;


ngx_int_t
civic_jose_digest(const ngx_str_t *text, u_char out[CIVIC_JOSE_DIGEST_LEN])
{
    if (civic_jose_digest_ctx == NULL) {
        civic_jose_digest_ctx = civic_jose_digest_create();
    }

    if (civic_jose_digest_ctx == NULL
        || !EVP_DigestInit_ex2(civic_jose_digest_ctx, NULL, NULL)
        || !EVP_DigestUpdate(civic_jose_digest_ctx, text->data, text->len)
        || !EVP_DigestFinal_ex(civic_jose_digest_ctx, out, NULL))
    {
        ERR_clear_error();
        return NGX_ERROR;
    }

    return NGX_OK;
}


static EVP_MD_CTX *
civic_jose_digest_create(void)
{
    EVP_MD      *md;
    EVP_MD_CTX  *ctx;

    md = EVP_MD_fetch(NULL, "SHA256", NULL);
    ctx = EVP_MD_CTX_new();

    if (md == NULL || ctx == NULL || !EVP_DigestInit_ex2(ctx, md, NULL)) {
        EVP_MD_CTX_free(ctx);
        ctx = NULL;
    }

    EVP_MD_free(md);

    return ctx;
}
