
/*
 * Copyright (C) Civic Gate
 *
 * A key has one algorithm, and nothing in a request chooses another.
 */


#include "civic_jose_der.h"
#include "civic_jose_hash.h"
#include "civic_jose_mac.h"
#include "civic_sign_algorithm.h"


static civic_problem_e civic_sign_algorithm_mac(const ngx_str_t *mac,
    const ngx_str_t *secret, const ngx_str_t *text,
    const ngx_str_t *signature);


static const civic_sign_algorithm_t  civic_sign_algorithms[] = {
    { ngx_string("hmac-sha256"), ngx_string("sha256"), 0 },
    { ngx_string("hmac-sm3"), ngx_string("sm3"), 0 },
    { ngx_string("rsa-pss-sha512"), ngx_null_string, CIVIC_ALG_PS512 },
    { ngx_string("rsa-v1_5-sha256"), ngx_null_string, CIVIC_ALG_RS256 },
    { ngx_string("ecdsa-p256-sha256"), ngx_null_string, CIVIC_ALG_ES256 },
    { ngx_string("ecdsa-p384-sha384"), ngx_null_string, CIVIC_ALG_ES384 },
    { ngx_string("ed25519"), ngx_null_string, CIVIC_ALG_EDDSA },
    { ngx_string("sm2"), ngx_null_string, CIVIC_ALG_SM2 },
    { ngx_null_string, ngx_null_string, 0 }
};


const civic_sign_algorithm_t *
civic_sign_algorithm_find(const ngx_str_t *name)
{
    const civic_sign_algorithm_t  *row;

    for (row = civic_sign_algorithms; row->name.len; row++) {

        if (row->name.len == name->len
            && ngx_memcmp(row->name.data, name->data, name->len) == 0)
        {
            return row;
        }
    }

    return NULL;
}


civic_problem_e
civic_sign_algorithm_verify(const civic_sign_algorithm_t *algorithm,
    const ngx_str_t *secret, civic_jose_key_t *key, const ngx_str_t *text,
    const ngx_str_t *signature)
{
    u_char            raw[CIVIC_JOSE_DER_RAW];
    civic_jose_jws_t  jws;

    if (algorithm->mac.len) {
        return secret->len == 0 ? CIVIC_ALGORITHM_REFUSED
                                : civic_sign_algorithm_mac(&algorithm->mac,
                                                           secret, text,
                                                           signature);
    }

    if (key == NULL) {
        return CIVIC_ALGORITHM_REFUSED;
    }

    ngx_memzero(&jws, sizeof(civic_jose_jws_t));

    jws.alg = algorithm->alg;
    jws.signed_part = *text;
    jws.signature = *signature;

    if (algorithm->alg == CIVIC_ALG_SM2
        && civic_jose_der_raw(signature, raw) == NGX_OK)
    {
        jws.signature.data = raw;
        jws.signature.len = CIVIC_JOSE_DER_RAW;
    }

    return civic_jose_jws_verify(key, &jws);
}


static civic_problem_e
civic_sign_algorithm_mac(const ngx_str_t *mac, const ngx_str_t *secret,
    const ngx_str_t *text, const ngx_str_t *signature)
{
    size_t  len;
    u_char  out[CIVIC_JOSE_MAC_MAX];

    if (civic_jose_mac_hmac(mac, secret, text, out, &len) != NGX_OK) {
        return CIVIC_INTERNAL;
    }

    if (signature->len != len
        || !civic_jose_hash_equal(signature->data, out, len))
    {
        return CIVIC_SIGNATURE_INVALID;
    }

    return CIVIC_OK;
}
