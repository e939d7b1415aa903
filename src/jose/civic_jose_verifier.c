
/*
 * Copyright (C) Civic Gate
 *
 * Where signatures are judged.  Everything that does not depend on the
 * token is done once, when the key is read; what is left is a digest and
 * one public key operation.
 *
 * OpenSSL's queue of errors is left empty: nginx would report what it finds
 * there on somebody else's connection.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

#include "civic_jose_verifier.h"


/* SEQUENCE { r, s } of two 66 byte integers, each with a sign byte */

#define CIVIC_JOSE_VERIFIER_MAX_DER  (3 + 2 * (2 + 67))

/* what GM/T 0009 has every SM2 signer use who has no identifier */

#define CIVIC_JOSE_VERIFIER_SM2_ID   "1234567812345678"


/* 1: it fits; anything else: it does not, or OpenSSL failed */

typedef int (*civic_jose_verifier_pt)(civic_jose_verifier_t *v,
    const ngx_str_t *text, const ngx_str_t *signature);


static ngx_int_t civic_jose_verifier_init_digest(civic_jose_verifier_t *v,
    EVP_PKEY *pkey);
static ngx_int_t civic_jose_verifier_init_message(civic_jose_verifier_t *v,
    EVP_PKEY *pkey);
static ngx_int_t civic_jose_verifier_init_mac(civic_jose_verifier_t *v,
    const ngx_str_t *secret);
static int civic_jose_verifier_rsa(civic_jose_verifier_t *v,
    const ngx_str_t *text, const ngx_str_t *signature);
static int civic_jose_verifier_ecdsa(civic_jose_verifier_t *v,
    const ngx_str_t *text, const ngx_str_t *signature);
static int civic_jose_verifier_eddsa(civic_jose_verifier_t *v,
    const ngx_str_t *text, const ngx_str_t *signature);
static int civic_jose_verifier_sm2(civic_jose_verifier_t *v,
    const ngx_str_t *text, const ngx_str_t *signature);
static int civic_jose_verifier_hmac(civic_jose_verifier_t *v,
    const ngx_str_t *text, const ngx_str_t *signature);
static int civic_jose_verifier_digest(civic_jose_verifier_t *v,
    const ngx_str_t *text, const u_char *signature, size_t len);
static int civic_jose_verifier_message(civic_jose_verifier_t *v,
    const ngx_str_t *text, const u_char *signature, size_t len);
static size_t civic_jose_verifier_der(u_char *der, const ngx_str_t *raw);
static u_char *civic_jose_verifier_der_integer(u_char *p, const u_char *raw,
    size_t len);


/* by civic_jose_jwa_family_e */

static const civic_jose_verifier_pt  civic_jose_verifier_checks[] = {
    civic_jose_verifier_rsa,
    civic_jose_verifier_rsa,
    civic_jose_verifier_ecdsa,
    civic_jose_verifier_eddsa,
    civic_jose_verifier_sm2,
    civic_jose_verifier_hmac
};


ngx_int_t
civic_jose_verifier_init(civic_jose_verifier_t *v,
    const civic_jose_jwa_t *jwa, EVP_PKEY *pkey, const ngx_str_t *secret)
{
    ngx_int_t  rc;

    ngx_memzero(v, sizeof(civic_jose_verifier_t));

    v->jwa = jwa;
    v->signature = jwa->signature ? jwa->signature
                                  : (size_t) EVP_PKEY_get_size(pkey);

    switch (jwa->family) {

    case CIVIC_JOSE_JWA_HMAC:
        rc = civic_jose_verifier_init_mac(v, secret);
        break;

    case CIVIC_JOSE_JWA_EDDSA:
    case CIVIC_JOSE_JWA_SM2:
        rc = civic_jose_verifier_init_message(v, pkey);
        break;

    default:
        rc = civic_jose_verifier_init_digest(v, pkey);
    }

    ERR_clear_error();

    return rc;
}


/* RSA and ECDSA: our digest, then EVP_PKEY_verify(), again and again */

static ngx_int_t
civic_jose_verifier_init_digest(civic_jose_verifier_t *v, EVP_PKEY *pkey)
{
    int      ok, padding;
    EVP_MD  *md;

    padding = (v->jwa->family == CIVIC_JOSE_JWA_PSS) ? RSA_PKCS1_PSS_PADDING
                                                     : RSA_PKCS1_PADDING;

    md = EVP_MD_fetch(NULL, v->jwa->digest, NULL);
    v->md = EVP_MD_CTX_new();
    v->pkey = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);

    ok = md && v->md && v->pkey
         && EVP_DigestInit_ex2(v->md, md, NULL)
         && EVP_PKEY_verify_init(v->pkey) == 1;

    if (ok && v->jwa->family != CIVIC_JOSE_JWA_ECDSA) {
        ok = EVP_PKEY_CTX_set_rsa_padding(v->pkey, padding) == 1;
    }

    ok = ok && EVP_PKEY_CTX_set_signature_md(v->pkey, md) == 1;

    if (ok && v->jwa->family == CIVIC_JOSE_JWA_PSS) {
        ok = EVP_PKEY_CTX_set_rsa_mgf1_md(v->pkey, md) == 1
             && EVP_PKEY_CTX_set_rsa_pss_saltlen(v->pkey,
                                                 RSA_PSS_SALTLEN_DIGEST)
                == 1;
    }

    EVP_MD_free(md);

    return ok ? NGX_OK : NGX_ERROR;
}


/* EdDSA and SM2, which take the message: a context to copy each time */

static ngx_int_t
civic_jose_verifier_init_message(civic_jose_verifier_t *v, EVP_PKEY *pkey)
{
    int  ok;

    v->md = EVP_MD_CTX_new();
    v->prepared = EVP_MD_CTX_new();
    v->pkey = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);

    ok = v->md && v->prepared && v->pkey;

    if (ok && v->jwa->family == CIVIC_JOSE_JWA_SM2) {
        ok = EVP_PKEY_CTX_set1_id(v->pkey, CIVIC_JOSE_VERIFIER_SM2_ID,
                                  sizeof(CIVIC_JOSE_VERIFIER_SM2_ID) - 1)
             == 1;
    }

    if (ok) {
        EVP_MD_CTX_set_pkey_ctx(v->prepared, v->pkey);

        ok = EVP_DigestVerifyInit_ex(v->prepared, NULL, v->jwa->digest, NULL,
                                     NULL, pkey, NULL)
             == 1;
    }

    return ok ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
civic_jose_verifier_init_mac(civic_jose_verifier_t *v,
    const ngx_str_t *secret)
{
    int         ok;
    EVP_MAC    *mac;
    OSSL_PARAM  params[2];

    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                                 (char *) v->jwa->digest, 0);
    params[1] = OSSL_PARAM_construct_end();

    mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    v->mac = mac ? EVP_MAC_CTX_new(mac) : NULL;

    ok = v->mac && EVP_MAC_init(v->mac, secret->data, secret->len, params);

    EVP_MAC_free(mac);

    return ok ? NGX_OK : NGX_ERROR;
}


void
civic_jose_verifier_cleanup(civic_jose_verifier_t *v)
{
    EVP_MD_CTX_free(v->md);
    EVP_MD_CTX_free(v->prepared);
    EVP_PKEY_CTX_free(v->pkey);
    EVP_MAC_CTX_free(v->mac);
}


civic_problem_e
civic_jose_verifier_check(civic_jose_verifier_t *v, const ngx_str_t *text,
    const ngx_str_t *signature)
{
    unsigned long  error;

    if (signature->len != v->signature) {
        return CIVIC_SIGNATURE_INVALID;
    }

    if (civic_jose_verifier_checks[v->jwa->family](v, text, signature) == 1) {
        return CIVIC_OK;
    }

    /* a bad signature leaves errors of many kinds, a lack of memory one */

    error = ERR_peek_last_error();
    ERR_clear_error();

    return (ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE)
           ? CIVIC_INTERNAL : CIVIC_SIGNATURE_INVALID;
}


static int
civic_jose_verifier_rsa(civic_jose_verifier_t *v, const ngx_str_t *text,
    const ngx_str_t *signature)
{
    return civic_jose_verifier_digest(v, text, signature->data,
                                      signature->len);
}


static int
civic_jose_verifier_ecdsa(civic_jose_verifier_t *v, const ngx_str_t *text,
    const ngx_str_t *signature)
{
    size_t  len;
    u_char  der[CIVIC_JOSE_VERIFIER_MAX_DER];

    len = civic_jose_verifier_der(der, signature);

    return civic_jose_verifier_digest(v, text, der, len);
}


static int
civic_jose_verifier_eddsa(civic_jose_verifier_t *v, const ngx_str_t *text,
    const ngx_str_t *signature)
{
    return civic_jose_verifier_message(v, text, signature->data,
                                       signature->len);
}


static int
civic_jose_verifier_sm2(civic_jose_verifier_t *v, const ngx_str_t *text,
    const ngx_str_t *signature)
{
    size_t  len;
    u_char  der[CIVIC_JOSE_VERIFIER_MAX_DER];

    len = civic_jose_verifier_der(der, signature);

    return civic_jose_verifier_message(v, text, der, len);
}


static int
civic_jose_verifier_hmac(civic_jose_verifier_t *v, const ngx_str_t *text,
    const ngx_str_t *signature)
{
    size_t  len;
    u_char  mac[EVP_MAX_MD_SIZE];

    /* no key: the one of before */

    if (!EVP_MAC_init(v->mac, NULL, 0, NULL)
        || !EVP_MAC_update(v->mac, text->data, text->len)
        || !EVP_MAC_final(v->mac, mac, &len, sizeof(mac)))
    {
        return 0;
    }

    return len == signature->len
           && CRYPTO_memcmp(mac, signature->data, len) == 0;
}


static int
civic_jose_verifier_digest(civic_jose_verifier_t *v, const ngx_str_t *text,
    const u_char *signature, size_t len)
{
    u_char        digest[EVP_MAX_MD_SIZE];
    unsigned int  n;

    if (!EVP_DigestInit_ex2(v->md, NULL, NULL)
        || !EVP_DigestUpdate(v->md, text->data, text->len)
        || !EVP_DigestFinal_ex(v->md, digest, &n))
    {
        return 0;
    }

    return EVP_PKEY_verify(v->pkey, signature, len, digest, n);
}


static int
civic_jose_verifier_message(civic_jose_verifier_t *v, const ngx_str_t *text,
    const u_char *signature, size_t len)
{
    if (!EVP_MD_CTX_copy_ex(v->md, v->prepared)) {
        return 0;
    }

    return EVP_DigestVerify(v->md, signature, len, text->data, text->len);
}


/*
 * JOSE writes r and s side by side, OpenSSL wants them as DER.  Whether
 * they lie in [1, n) is OpenSSL's to check.
 */

static size_t
civic_jose_verifier_der(u_char *der, const ngx_str_t *raw)
{
    size_t  half, len;
    u_char  body[CIVIC_JOSE_VERIFIER_MAX_DER], *p;

    half = raw->len / 2;

    p = civic_jose_verifier_der_integer(body, raw->data, half);
    p = civic_jose_verifier_der_integer(p, raw->data + half, half);

    len = p - body;
    p = der;

    *p++ = 0x30;

    if (len > 127) {
        *p++ = 0x81;
    }

    *p++ = (u_char) len;
    p = ngx_cpymem(p, body, len);

    return p - der;
}


static u_char *
civic_jose_verifier_der_integer(u_char *p, const u_char *raw, size_t len)
{
    u_char  sign;

    while (len > 1 && *raw == 0) {
        raw++;
        len--;
    }

    sign = *raw >> 7;

    *p++ = 0x02;
    *p++ = (u_char) (len + sign);

    if (sign) {
        *p++ = 0;
    }

    return ngx_cpymem(p, raw, len);
}
