
/*
 * Copyright (C) Civic Gate
 *
 * One key ready for one algorithm: all that OpenSSL would otherwise set up
 * for every token.  One thread.
 */


#ifndef _CIVIC_JOSE_VERIFIER_H_INCLUDED_
#define _CIVIC_JOSE_VERIFIER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/evp.h>

#include "civic_jose_jwa.h"


typedef struct {
    const civic_jose_jwa_t  *jwa;
    size_t                   signature; /* bytes of a signature */
    EVP_MD_CTX              *md;        /* digests what was signed */
    EVP_MD_CTX              *prepared;  /* EdDSA, SM2: md is its copy */
    EVP_PKEY_CTX            *pkey;
    EVP_MAC_CTX             *mac;
} civic_jose_verifier_t;


/*
 * Either `pkey`, which the verifier takes a reference to, or `secret`,
 * which it copies.  NGX_OK, or NGX_ERROR: the library failed; in both cases
 * civic_jose_verifier_cleanup() must follow some day.
 */

ngx_int_t civic_jose_verifier_init(civic_jose_verifier_t *v,
    const civic_jose_jwa_t *jwa, EVP_PKEY *pkey, const ngx_str_t *secret);
void civic_jose_verifier_cleanup(civic_jose_verifier_t *v);

/* CIVIC_OK, SIGNATURE_INVALID, or INTERNAL: the library failed */

civic_problem_e civic_jose_verifier_check(civic_jose_verifier_t *v,
    const ngx_str_t *text, const ngx_str_t *signature);


#endif /* _CIVIC_JOSE_VERIFIER_H_INCLUDED_ */
