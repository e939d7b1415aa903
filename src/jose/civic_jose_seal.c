
/*
 * Copyright (C) Civic Gate
 *
 * NONCE | ENCRYPTED | TAG
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "civic_jose_mac.h"
#include "civic_jose_seal.h"


#define CIVIC_JOSE_SEAL_NONCE  12
#define CIVIC_JOSE_SEAL_TAG    16


static ngx_int_t civic_jose_seal_run(EVP_CIPHER_CTX *ctx,
    const ngx_str_t *with, const ngx_str_t *text, u_char *out);


ngx_int_t
civic_jose_seal(const u_char key[CIVIC_JOSE_SEAL_KEY], const ngx_str_t *with,
    const ngx_str_t *text, u_char *out)
{
    int              last;
    u_char          *sealed;
    ngx_int_t        rc;
    EVP_CIPHER_CTX  *ctx;

    sealed = out + CIVIC_JOSE_SEAL_NONCE;

    if (civic_jose_mac_random(out, CIVIC_JOSE_SEAL_NONCE) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx = EVP_CIPHER_CTX_new();
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    rc = NGX_ERROR;

    if (EVP_EncryptInit_ex2(ctx, EVP_aes_256_gcm(), key, out, NULL)
        && civic_jose_seal_run(ctx, with, text, sealed) == NGX_OK
        && EVP_CipherFinal_ex(ctx, sealed + text->len, &last)
        && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG,
                               CIVIC_JOSE_SEAL_TAG, sealed + text->len))
    {
        rc = NGX_OK;

    } else {
        ERR_clear_error();
    }

    EVP_CIPHER_CTX_free(ctx);

    return rc;
}


ngx_int_t
civic_jose_unseal(const u_char key[CIVIC_JOSE_SEAL_KEY],
    const ngx_str_t *with, const ngx_str_t *sealed, ngx_str_t *text)
{
    int              last;
    ngx_int_t        rc;
    ngx_str_t        part;
    EVP_CIPHER_CTX  *ctx;

    if (sealed->len < CIVIC_JOSE_SEAL_EXTRA) {
        return NGX_DECLINED;
    }

    part.data = sealed->data + CIVIC_JOSE_SEAL_NONCE;
    part.len = sealed->len - CIVIC_JOSE_SEAL_EXTRA;
    text->len = part.len;

    ctx = EVP_CIPHER_CTX_new();
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    rc = NGX_ERROR;

    if (EVP_DecryptInit_ex2(ctx, EVP_aes_256_gcm(), key, sealed->data, NULL)
        && civic_jose_seal_run(ctx, with, &part, text->data) == NGX_OK
        && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG,
                               CIVIC_JOSE_SEAL_TAG, part.data + part.len))
    {
        rc = EVP_CipherFinal_ex(ctx, text->data + text->len, &last) > 0
             ? NGX_OK : NGX_DECLINED;
    }

    ERR_clear_error();
    EVP_CIPHER_CTX_free(ctx);

    return rc;
}


static ngx_int_t
civic_jose_seal_run(EVP_CIPHER_CTX *ctx, const ngx_str_t *with,
    const ngx_str_t *text, u_char *out)
{
    int  n;

    if (with->len
        && !EVP_CipherUpdate(ctx, NULL, &n, with->data, (int) with->len))
    {
        return NGX_ERROR;
    }

    if (text->len
        && !EVP_CipherUpdate(ctx, out, &n, text->data, (int) text->len))
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}
