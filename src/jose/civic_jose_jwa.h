
/*
 * Copyright (C) Civic Gate
 *
 * The algorithms, in one table: all that the rest needs to know of each.
 */


#ifndef _CIVIC_JOSE_JWA_H_INCLUDED_
#define _CIVIC_JOSE_JWA_H_INCLUDED_


#include "civic_jose_jws.h"


typedef enum {
    CIVIC_JOSE_JWA_RSA = 0,            /* RSASSA-PKCS1-v1_5 */
    CIVIC_JOSE_JWA_PSS,                /* RSASSA-PSS */
    CIVIC_JOSE_JWA_ECDSA,
    CIVIC_JOSE_JWA_EDDSA,
    CIVIC_JOSE_JWA_SM2,
    CIVIC_JOSE_JWA_HMAC
} civic_jose_jwa_family_e;


typedef struct {
    ngx_str_t                 name;
    ngx_uint_t                alg;     /* civic_alg_e */
    civic_jose_jwa_family_e   family;
    const char               *digest;  /* OpenSSL's name; NULL: none to
                                          choose */
    const char               *kty;     /* of the JWK */
    const char               *crv;     /* of the JWK; NULL: has none */
    size_t                    signature; /* bytes; 0: as long as the key */
    ngx_uint_t                min_bits;  /* of the key */
} civic_jose_jwa_t;


/* one row for each bit, and the end: name.len is 0 */

extern const civic_jose_jwa_t  civic_jose_jwa[];


#endif /* _CIVIC_JOSE_JWA_H_INCLUDED_ */
