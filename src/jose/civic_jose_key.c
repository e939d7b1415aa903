
/*
 * Copyright (C) Civic Gate
 *
 * Decides what a JWK is for.  Its kty, curve and size say which algorithms
 * it could verify, its own "alg" and the operator narrow that down, and
 * what remains is made ready once.  Memory is OpenSSL's, since parts of it
 * may be secret and keys live as long as their set.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/crypto.h>

#include "civic_jose_key.h"
#include "civic_jose_pkey.h"
#include "civic_text.h"


typedef struct {
    ngx_str_t    kty;
    ngx_str_t    crv;                  /* data NULL: none */
    ngx_uint_t   alg;                  /* of the JWK; 0: says nothing */
    ngx_uint_t   bits;
    ngx_str_t    secret;               /* of an oct key */
    EVP_PKEY    *pkey;                 /* of any other */
} civic_jose_key_material_t;


static ngx_int_t civic_jose_key_purpose(const civic_json_t *jwk, char *err,
    size_t errlen);
static ngx_int_t civic_jose_key_describe(const civic_json_t *jwk,
    civic_jose_key_material_t *km, char *err, size_t errlen);
static ngx_int_t civic_jose_key_kid(civic_jose_key_t *key,
    const civic_json_t *jwk, char *err, size_t errlen);
static ngx_int_t civic_jose_key_load(const civic_json_t *jwk,
    ngx_uint_t allowed, u_char *buf, civic_jose_key_material_t *km,
    char *err, size_t errlen);
static ngx_int_t civic_jose_key_prepare(civic_jose_key_t *key,
    const civic_jose_key_material_t *km, ngx_uint_t allowed, char *err,
    size_t errlen);
static ngx_uint_t civic_jose_key_fits(const civic_jose_jwa_t *jwa,
    const civic_jose_key_material_t *km);
static ngx_uint_t civic_jose_key_equal(const ngx_str_t *value,
    const char *text);


/* RFC 7518 sections 6.2.2 and 6.3.2, RFC 8037: only a signer has these */

static const char  *civic_jose_key_private[] = {
    "d", "p", "q", "dp", "dq", "qi", "oth", NULL
};


civic_jose_key_t *
civic_jose_key_parse(const civic_json_t *jwk, ngx_uint_t allowed, char *err,
    size_t errlen)
{
    u_char                      secret[CIVIC_JOSE_PKEY_MAX];
    ngx_int_t                   rc;
    civic_jose_key_t           *key;
    civic_jose_key_material_t   km;

    if (civic_json_type(jwk) != CIVIC_JSON_OBJECT) {
        (void) snprintf(err, errlen, "is not an object");
        return NULL;
    }

    if (civic_jose_key_purpose(jwk, err, errlen) != NGX_OK
        || civic_jose_key_describe(jwk, &km, err, errlen) != NGX_OK)
    {
        return NULL;
    }

    key = OPENSSL_zalloc(sizeof(civic_jose_key_t));
    if (key == NULL) {
        (void) snprintf(err, errlen, "no memory");
        return NULL;
    }

    rc = civic_jose_key_kid(key, jwk, err, errlen);

    if (rc == NGX_OK) {
        rc = civic_jose_key_load(jwk, allowed, secret, &km, err, errlen);
    }

    if (rc == NGX_OK) {
        rc = civic_jose_key_prepare(key, &km, allowed, err, errlen);
    }

    EVP_PKEY_free(km.pkey);
    OPENSSL_cleanse(secret, sizeof(secret));

    if (rc != NGX_OK) {
        civic_jose_key_free(key);
        return NULL;
    }

    return key;
}


void
civic_jose_key_free(civic_jose_key_t *key)
{
    ngx_uint_t  i;

    for (i = 0; i < key->nverifiers; i++) {
        civic_jose_verifier_cleanup(&key->verifiers[i]);
    }

    OPENSSL_free(key->kid.data);
    OPENSSL_free(key);
}


civic_jose_verifier_t *
civic_jose_key_verifier(civic_jose_key_t *key, ngx_uint_t alg)
{
    ngx_uint_t  i;

    for (i = 0; i < key->nverifiers; i++) {
        if (key->verifiers[i].jwa->alg == alg) {
            return &key->verifiers[i];
        }
    }

    return NULL;
}


/* "use" and "key_ops", where they are there, must let it verify */

static ngx_int_t
civic_jose_key_purpose(const civic_json_t *jwk, char *err, size_t errlen)
{
    ngx_str_t            text;
    ngx_uint_t           i;
    const civic_json_t  *use, *ops;

    use = civic_json_member(jwk, "use");

    if (use
        && (civic_json_string(use, &text) != NGX_OK
            || !civic_jose_key_equal(&text, "sig")))
    {
        (void) snprintf(err, errlen, "\"use\" is not \"sig\"");
        return NGX_DECLINED;
    }

    ops = civic_json_member(jwk, "key_ops");

    if (ops == NULL) {
        return NGX_OK;
    }

    if (civic_json_type(ops) == CIVIC_JSON_ARRAY) {
        for (i = 0; i < civic_json_length(ops); i++) {
            if (civic_json_string(civic_json_element(ops, i), &text) == NGX_OK
                && civic_jose_key_equal(&text, "verify"))
            {
                return NGX_OK;
            }
        }
    }

    (void) snprintf(err, errlen, "\"key_ops\" has no \"verify\"");

    return NGX_DECLINED;
}


static ngx_int_t
civic_jose_key_describe(const civic_json_t *jwk,
    civic_jose_key_material_t *km, char *err, size_t errlen)
{
    ngx_str_t            text;
    ngx_uint_t           i;
    const civic_json_t  *member;

    ngx_memzero(km, sizeof(civic_jose_key_material_t));

    member = civic_json_member(jwk, "kty");

    if (member == NULL || civic_json_string(member, &km->kty) != NGX_OK) {
        (void) snprintf(err, errlen, "\"kty\" is missing or no string");
        return NGX_DECLINED;
    }

    for (i = 0; civic_jose_key_private[i]; i++) {
        if (civic_json_member(jwk, civic_jose_key_private[i])) {
            (void) snprintf(err, errlen, "holds the private member \"%s\": "
                            "only public keys belong here",
                            civic_jose_key_private[i]);
            return NGX_DECLINED;
        }
    }

    member = civic_json_member(jwk, "crv");

    if (member) {
        (void) civic_json_string(member, &km->crv);
    }

    member = civic_json_member(jwk, "alg");

    if (member) {
        if (civic_json_string(member, &text) == NGX_OK) {
            km->alg = civic_jose_alg_parse(&text);
        }

        if (km->alg == 0) {
            (void) snprintf(err, errlen,
                            "\"alg\" is no algorithm known here");
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_jose_key_kid(civic_jose_key_t *key, const civic_json_t *jwk, char *err,
    size_t errlen)
{
    ngx_str_t            kid;
    const civic_json_t  *member;

    member = civic_json_member(jwk, "kid");

    if (member == NULL) {
        return NGX_OK;
    }

    if (civic_json_string(member, &kid) != NGX_OK || kid.len == 0
        || kid.len > CIVIC_JOSE_MAX_KID)
    {
        (void) snprintf(err, errlen, "\"kid\" is no string of 1 to %d bytes",
                        CIVIC_JOSE_MAX_KID);
        return NGX_DECLINED;
    }

    if (!civic_text_clean(&kid)) {
        (void) snprintf(err, errlen, "\"kid\" has a control byte");
        return NGX_DECLINED;
    }

    key->kid.data = OPENSSL_memdup(kid.data, kid.len);
    key->kid.len = kid.len;

    if (key->kid.data == NULL) {
        (void) snprintf(err, errlen, "no memory");
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
civic_jose_key_load(const civic_json_t *jwk, ngx_uint_t allowed, u_char *buf,
    civic_jose_key_material_t *km, char *err, size_t errlen)
{
    if (civic_jose_key_equal(&km->kty, "oct")) {

        if (!(allowed & CIVIC_ALG_HMAC)) {
            (void) snprintf(err, errlen,
                            "is symmetric, and no HS algorithm is named");
            return NGX_DECLINED;
        }

        if (civic_jose_pkey_bytes(jwk, "k", buf, &km->secret, err, errlen)
            != NGX_OK)
        {
            return NGX_DECLINED;
        }

        km->bits = km->secret.len * 8;

        return NGX_OK;
    }

    km->pkey = civic_jose_pkey_parse(jwk, &km->kty, err, errlen);

    if (km->pkey == NULL) {
        return NGX_DECLINED;
    }

    km->bits = EVP_PKEY_get_bits(km->pkey);

    return NGX_OK;
}


static ngx_int_t
civic_jose_key_prepare(civic_jose_key_t *key,
    const civic_jose_key_material_t *km, ngx_uint_t allowed, char *err,
    size_t errlen)
{
    ngx_int_t                rc;
    ngx_uint_t               fits;
    const civic_jose_jwa_t  *jwa;

    fits = 0;

    for (jwa = civic_jose_jwa; jwa->name.len; jwa++) {

        if (!civic_jose_key_fits(jwa, km)) {
            continue;
        }

        fits |= jwa->alg;

        if (!(jwa->alg & allowed)) {
            continue;
        }

        rc = civic_jose_verifier_init(&key->verifiers[key->nverifiers++],
                                      jwa, km->pkey, &km->secret);
        if (rc != NGX_OK) {
            (void) snprintf(err, errlen, "OpenSSL cannot verify %s",
                            jwa->name.data);
            return NGX_ERROR;
        }

        key->algs |= jwa->alg;
    }

    if (key->algs) {
        return NGX_OK;
    }

    if (fits) {
        (void) snprintf(err, errlen,
                        "fits none of the algorithms that are named");

    } else if (km->alg) {
        (void) snprintf(err, errlen,
                        "is too short, or of the wrong kind, for its "
                        "\"alg\" %s", civic_jose_alg_name(km->alg));

    } else {
        (void) snprintf(err, errlen, "is too short for any algorithm");
    }

    return NGX_DECLINED;
}


static ngx_uint_t
civic_jose_key_fits(const civic_jose_jwa_t *jwa,
    const civic_jose_key_material_t *km)
{
    if (km->alg && km->alg != jwa->alg) {
        return 0;
    }

    if (!civic_jose_key_equal(&km->kty, jwa->kty)) {
        return 0;
    }

    if (jwa->crv && !civic_jose_key_equal(&km->crv, jwa->crv)) {
        return 0;
    }

    return km->bits >= jwa->min_bits;
}


static ngx_uint_t
civic_jose_key_equal(const ngx_str_t *value, const char *text)
{
    return value->len == ngx_strlen(text)
           && ngx_memcmp(value->data, text, value->len) == 0;
}
