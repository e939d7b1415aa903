
/*
 * Copyright (C) Civic Gate
 *
 * A sealed text:
 *
 *     nonce (12 bytes) | ciphertext (as long as the plain text) | tag (16)
 *
 * Nonces are random: 2^32 texts may be sealed under one key before two of
 * them are likely to meet (NIST SP 800-38D, 8.3), far more than there are.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "civic_jose_mac.h"
#include "civic_jose_seal.h"


#define CIVIC_JOSE_SEAL_NONCE  12
#define CIVIC_JOSE_SEAL_TAG    16


static ngx_int_t civic_jose_seal_encrypt(EVP_CIPHER_CTX *ctx,
    const u_char *key, const ngx_str_t *plain, const ngx_str_t *whose,
    u_char *out);
static ngx_int_t civic_jose_seal_decrypt(EVP_CIPHER_CTX *ctx,
    const u_char *key, const ngx_str_t *sealed, const ngx_str_t *whose,
    ngx_str_t *plain);


ngx_int_t
civic_jose_seal(const u_char key[CIVIC_JOSE_SEAL_KEY],
    const ngx_str_t *plain, const ngx_str_t *whose, u_char *out)
{
    ngx_int_t        rc;
    EVP_CIPHER_CTX  *ctx;

    ctx = EVP_CIPHER_CTX_new();

    if (ctx == NULL
        || civic_jose_mac_random(out, CIVIC_JOSE_SEAL_NONCE) != NGX_OK)
    {
        EVP_CIPHER_CTX_free(ctx);
        return NGX_ERROR;
    }

    rc = civic_jose_seal_encrypt(ctx, key, plain, whose, out);

    EVP_CIPHER_CTX_free(ctx);
    ERR_clear_error();

    return rc;
}


static ngx_int_t
civic_jose_seal_encrypt(EVP_CIPHER_CTX *ctx, const u_char *key,
    const ngx_str_t *plain, const ngx_str_t *whose, u_char *out)
{
    int      n;
    u_char  *p;

    p = out + CIVIC_JOSE_SEAL_NONCE;

    if (!EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, out)
        || !EVP_EncryptUpdate(ctx, NULL, &n, whose->data, (int) whose->len)
        || !EVP_EncryptUpdate(ctx, p, &n, plain->data, (int) plain->len)
        || !EVP_EncryptFinal_ex(ctx, p + n, &n)
        || !EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG,
                                CIVIC_JOSE_SEAL_TAG, p + plain->len))
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
civic_jose_seal_open(const u_char key[CIVIC_JOSE_SEAL_KEY],
    const ngx_str_t *sealed, const ngx_str_t *whose, ngx_str_t *plain)
{
    ngx_int_t        rc;
    EVP_CIPHER_CTX  *ctx;

    if (sealed->len < CIVIC_JOSE_SEAL_MORE) {
        return NGX_DECLINED;
    }

    ctx = EVP_CIPHER_CTX_new();
    if (ctx == NULL) {
        return NGX_DECLINED;
    }

    rc = civic_jose_seal_decrypt(ctx, key, sealed, whose, plain);

    EVP_CIPHER_CTX_free(ctx);
    ERR_clear_error();

    return rc;
}


static ngx_int_t
civic_jose_seal_decrypt(EVP_CIPHER_CTX *ctx, const u_char *key,
    const ngx_str_t *sealed, const ngx_str_t *whose, ngx_str_t *plain)
{
    int      n;
    size_t   len;
    u_char  *p, tag[CIVIC_JOSE_SEAL_TAG];

    len = sealed->len - CIVIC_JOSE_SEAL_MORE;
    p = sealed->data + CIVIC_JOSE_SEAL_NONCE;

    ngx_memcpy(tag, p + len, CIVIC_JOSE_SEAL_TAG);

    if (!EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, sealed->data)
        || !EVP_DecryptUpdate(ctx, NULL, &n, whose->data, (int) whose->len)
        || !EVP_DecryptUpdate(ctx, plain->data, &n, p, (int) len)
        || !EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG,
                                CIVIC_JOSE_SEAL_TAG, tag)
        || !EVP_DecryptFinal_ex(ctx, plain->data + n, &n))
    {
        OPENSSL_cleanse(plain->data, len);
        plain->len = 0;
        return NGX_DECLINED;
    }

    plain->len = len;

    return NGX_OK;
}
