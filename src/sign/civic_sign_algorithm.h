
/*
 * Copyright (C) Civic Gate
 *
 * The algorithms that requests are signed with, by the names of RFC 9421's
 * registry; "hmac-sm3" and "sm2" (with SM3) are ours.
 */


#ifndef _CIVIC_SIGN_ALGORITHM_H_INCLUDED_
#define _CIVIC_SIGN_ALGORITHM_H_INCLUDED_


#include "civic_jose_jws.h"


typedef struct {
    ngx_str_t         name;
    ngx_str_t         mac;             /* of HMAC, over a secret; or empty */
    ngx_uint_t        alg;             /* civic_alg_e of a key; or 0 */
} civic_sign_algorithm_t;


/* NULL: nobody verifies such a thing */

const civic_sign_algorithm_t *civic_sign_algorithm_find(
    const ngx_str_t *name);

/*
 * One of `secret` and `key` is there, as the algorithm has it.  SM2
 * signatures may be r and s side by side, or DER.  CIVIC_OK,
 * ALGORITHM_REFUSED (the key cannot), SIGNATURE_INVALID, or INTERNAL.
 */

civic_problem_e civic_sign_algorithm_verify(
    const civic_sign_algorithm_t *algorithm, const ngx_str_t *secret,
    civic_jose_key_t *key, const ngx_str_t *text,
    const ngx_str_t *signature);


#endif /* _CIVIC_SIGN_ALGORITHM_H_INCLUDED_ */
