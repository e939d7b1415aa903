
/*
 * Copyright (C) Civic Gate
 *
 * Unit tests only: keys and signatures straight from OpenSSL, sharing no
 * code with what is tested but the table of algorithms.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "token.h"


#define TOKEN_SLOTS  32
#define TOKEN_MAX    16384


static void token_check(int ok, const char *what);
static ngx_str_t token_slot(size_t len);
static void token_number(token_key_t *key, const char *name,
    const char *param);
static void token_point(token_key_t *key);


static u_char      token_slots[TOKEN_SLOTS][TOKEN_MAX];
static ngx_uint_t  token_next;


static void
token_check(int ok, const char *what)
{
    if (!ok) {
        (void) fprintf(stderr, "token.c: %s failed\n", what);
        exit(2);
    }
}


static ngx_str_t
token_slot(size_t len)
{
    ngx_str_t  slot;

    token_check(len <= TOKEN_MAX, "slot");

    slot.data = token_slots[token_next++ % TOKEN_SLOTS];
    slot.len = len;

    return slot;
}


const civic_jose_jwa_t *
token_jwa(const char *alg)
{
    const civic_jose_jwa_t  *jwa;

    for (jwa = civic_jose_jwa; jwa->name.len; jwa++) {
        if (ngx_strcmp(jwa->name.data, alg) == 0) {
            return jwa;
        }
    }

    token_check(0, alg);

    return NULL;
}


void
token_key_init(token_key_t *key, const char *alg, ngx_uint_t bits)
{
    ngx_str_t  k;

    ngx_memzero(key, sizeof(token_key_t));
    key->jwa = token_jwa(alg);

    switch (key->jwa->family) {

    case CIVIC_JOSE_JWA_HMAC:
        token_check(RAND_bytes(key->secret, sizeof(key->secret)), "random");
        k = token_base64url(key->secret, sizeof(key->secret));
        (void) sprintf(key->members, "\"kty\":\"oct\",\"k\":\"%.*s\"",
                       (int) k.len, k.data);
        return;

    case CIVIC_JOSE_JWA_EDDSA:
        key->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        break;

    case CIVIC_JOSE_JWA_SM2:
        key->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
        break;

    case CIVIC_JOSE_JWA_ECDSA:
        key->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", key->jwa->crv);
        break;

    default:
        key->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA",
                                      (size_t) (bits ? bits : 2048));
    }

    token_check(key->pkey != NULL, "keygen");

    (void) sprintf(key->members, "\"kty\":\"%s\"", key->jwa->kty);

    if (key->jwa->crv) {
        (void) sprintf(key->members + strlen(key->members),
                       ",\"crv\":\"%s\"", key->jwa->crv);
        token_point(key);

    } else {
        token_number(key, "n", OSSL_PKEY_PARAM_RSA_N);
        token_number(key, "e", OSSL_PKEY_PARAM_RSA_E);
    }
}


void
token_key_cleanup(token_key_t *key)
{
    EVP_PKEY_free(key->pkey);
}


static void
token_number(token_key_t *key, const char *name, const char *param)
{
    int         n;
    u_char      buf[1024];
    BIGNUM     *bn;
    ngx_str_t   text;

    bn = NULL;
    token_check(EVP_PKEY_get_bn_param(key->pkey, param, &bn), name);

    n = BN_bn2bin(bn, buf);
    BN_free(bn);

    text = token_base64url(buf, n);

    (void) sprintf(key->members + strlen(key->members), ",\"%s\":\"%.*s\"",
                   name, (int) text.len, text.data);
}


static void
token_point(token_key_t *key)
{
    size_t     len;
    u_char     buf[256];
    ngx_str_t  x, y;

    if (key->jwa->family == CIVIC_JOSE_JWA_EDDSA) {
        len = sizeof(buf);
        token_check(EVP_PKEY_get_raw_public_key(key->pkey, buf, &len), "x");
        x = token_base64url(buf, len);

        (void) sprintf(key->members + strlen(key->members),
                       ",\"x\":\"%.*s\"", (int) x.len, x.data);
        return;
    }

    token_check(EVP_PKEY_get_octet_string_param(key->pkey,
                                                OSSL_PKEY_PARAM_PUB_KEY, buf,
                                                sizeof(buf), &len)
                && buf[0] == 4, "point");

    len = (len - 1) / 2;
    x = token_base64url(buf + 1, len);
    y = token_base64url(buf + 1 + len, len);

    (void) sprintf(key->members + strlen(key->members),
                   ",\"x\":\"%.*s\",\"y\":\"%.*s\"", (int) x.len, x.data,
                   (int) y.len, y.data);
}


ngx_str_t
token_format(const char *fmt, ...)
{
    va_list    args;
    ngx_str_t  text;

    text = token_slot(0);

    va_start(args, fmt);
    text.len = vsnprintf((char *) text.data, TOKEN_MAX, fmt, args);
    va_end(args);

    token_check(text.len < TOKEN_MAX, "format");

    return text;
}


ngx_str_t
token_base64url(const void *data, size_t len)
{
    size_t     i;
    ngx_str_t  text;

    text = token_slot(0);
    token_check((len + 2) / 3 * 4 < TOKEN_MAX, "base64url");

    text.len = EVP_EncodeBlock(text.data, data, (int) len);

    while (text.len && text.data[text.len - 1] == '=') {
        text.len--;
    }

    for (i = 0; i < text.len; i++) {
        if (text.data[i] == '+') {
            text.data[i] = '-';

        } else if (text.data[i] == '/') {
            text.data[i] = '_';
        }
    }

    return text;
}


ngx_str_t
token_sign(token_key_t *key, const char *header, const char *payload)
{
    ngx_str_t  h, p, text, signature;

    h = token_base64url(header, ngx_strlen(header));
    p = token_base64url(payload, ngx_strlen(payload));

    text = token_format("%.*s.%.*s", (int) h.len, h.data, (int) p.len,
                        p.data);

    signature = token_signature(key, &text);
    signature = token_base64url(signature.data, signature.len);

    return token_format("%.*s.%.*s", (int) text.len, text.data,
                        (int) signature.len, signature.data);
}


ngx_str_t
token_signature(token_key_t *key, const ngx_str_t *text)
{
    int            ok;
    size_t         half;
    u_char        *p;
    ngx_str_t      out, raw;
    ECDSA_SIG     *sig;
    EVP_MD_CTX    *ctx;
    EVP_PKEY_CTX  *pctx;
    const u_char  *der;

    out = token_slot(TOKEN_MAX);

    if (key->pkey == NULL) {
        token_check(EVP_Q_mac(NULL, "HMAC", NULL, key->jwa->digest, NULL,
                              key->secret, sizeof(key->secret), text->data,
                              text->len, out.data, out.len, &out.len)
                    != NULL, "HMAC");
        return out;
    }

    ctx = EVP_MD_CTX_new();
    pctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);

    if (key->jwa->family == CIVIC_JOSE_JWA_SM2) {
        (void) EVP_PKEY_CTX_set1_id(pctx, "1234567812345678", 16);
    }

    EVP_MD_CTX_set_pkey_ctx(ctx, pctx);

    ok = EVP_DigestSignInit_ex(ctx, NULL, key->jwa->digest, NULL, NULL,
                               key->pkey, NULL) == 1;

    if (key->jwa->family == CIVIC_JOSE_JWA_PSS) {
        ok = ok && EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING)
             && EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx,
                                                 RSA_PSS_SALTLEN_DIGEST);
    }

    ok = ok && EVP_DigestSign(ctx, out.data, &out.len, text->data, text->len)
               == 1;

    token_check(ok, "sign");

    EVP_MD_CTX_free(ctx);
    EVP_PKEY_CTX_free(pctx);

    if (key->jwa->family != CIVIC_JOSE_JWA_ECDSA
        && key->jwa->family != CIVIC_JOSE_JWA_SM2)
    {
        return out;
    }

    der = out.data;
    sig = d2i_ECDSA_SIG(NULL, &der, (long) out.len);
    token_check(sig != NULL, "DER");

    raw = token_slot(key->jwa->signature);
    half = raw.len / 2;
    p = raw.data;

    ok = BN_bn2binpad(ECDSA_SIG_get0_r(sig), p, (int) half) > 0
         && BN_bn2binpad(ECDSA_SIG_get0_s(sig), p + half, (int) half) > 0;

    token_check(ok, "r and s");
    ECDSA_SIG_free(sig);

    return raw;
}
