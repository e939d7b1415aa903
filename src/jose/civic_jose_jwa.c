
/*
 * Copyright (C) Civic Gate
 *
 * RFC 7518, RFC 8037 and RFC 9864 as a table; "SM2" is ours: SM2 with SM3
 * (GM/T 0003.2), the default identifier, r and s as for ES256.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_jose_jwa.h"


const civic_jose_jwa_t  civic_jose_jwa[] = {

    { ngx_string("RS256"), CIVIC_ALG_RS256, CIVIC_JOSE_JWA_RSA,
      "SHA256", "RSA", NULL, 0, 2048 },

    { ngx_string("RS384"), CIVIC_ALG_RS384, CIVIC_JOSE_JWA_RSA,
      "SHA384", "RSA", NULL, 0, 2048 },

    { ngx_string("RS512"), CIVIC_ALG_RS512, CIVIC_JOSE_JWA_RSA,
      "SHA512", "RSA", NULL, 0, 2048 },

    { ngx_string("PS256"), CIVIC_ALG_PS256, CIVIC_JOSE_JWA_PSS,
      "SHA256", "RSA", NULL, 0, 2048 },

    { ngx_string("PS384"), CIVIC_ALG_PS384, CIVIC_JOSE_JWA_PSS,
      "SHA384", "RSA", NULL, 0, 2048 },

    { ngx_string("PS512"), CIVIC_ALG_PS512, CIVIC_JOSE_JWA_PSS,
      "SHA512", "RSA", NULL, 0, 2048 },

    { ngx_string("ES256"), CIVIC_ALG_ES256, CIVIC_JOSE_JWA_ECDSA,
      "SHA256", "EC", "P-256", 64, 256 },

    { ngx_string("ES384"), CIVIC_ALG_ES384, CIVIC_JOSE_JWA_ECDSA,
      "SHA384", "EC", "P-384", 96, 384 },

    { ngx_string("ES512"), CIVIC_ALG_ES512, CIVIC_JOSE_JWA_ECDSA,
      "SHA512", "EC", "P-521", 132, 521 },

    { ngx_string("EdDSA"), CIVIC_ALG_EDDSA, CIVIC_JOSE_JWA_EDDSA,
      NULL, "OKP", "Ed25519", 64, 253 },

    { ngx_string("SM2"), CIVIC_ALG_SM2, CIVIC_JOSE_JWA_SM2,
      "SM3", "EC", "SM2", 64, 256 },

    { ngx_string("HS256"), CIVIC_ALG_HS256, CIVIC_JOSE_JWA_HMAC,
      "SHA256", "oct", NULL, 32, 256 },

    { ngx_string("HS384"), CIVIC_ALG_HS384, CIVIC_JOSE_JWA_HMAC,
      "SHA384", "oct", NULL, 48, 384 },

    { ngx_string("HS512"), CIVIC_ALG_HS512, CIVIC_JOSE_JWA_HMAC,
      "SHA512", "oct", NULL, 64, 512 },

    { ngx_null_string, 0, 0, NULL, NULL, NULL, 0, 0 }
};


ngx_uint_t
civic_jose_alg_parse(const ngx_str_t *name)
{
    const civic_jose_jwa_t  *jwa;

    /* the name that RFC 9864 gives to the one EdDSA curve there is here */

    static const ngx_str_t   ed25519 = ngx_string("Ed25519");

    for (jwa = civic_jose_jwa; jwa->name.len; jwa++) {
        if (jwa->name.len == name->len
            && ngx_memcmp(jwa->name.data, name->data, name->len) == 0)
        {
            return jwa->alg;
        }
    }

    if (name->len == ed25519.len
        && ngx_memcmp(name->data, ed25519.data, ed25519.len) == 0)
    {
        return CIVIC_ALG_EDDSA;
    }

    return 0;
}


const char *
civic_jose_alg_name(ngx_uint_t alg)
{
    const civic_jose_jwa_t  *jwa;

    for (jwa = civic_jose_jwa; jwa->name.len; jwa++) {
        if (jwa->alg == alg) {
            return (const char *) jwa->name.data;
        }
    }

    return "none";
}
