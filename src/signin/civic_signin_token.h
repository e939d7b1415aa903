
/*
 * Copyright (C) Civic Gate
 *
 * What the provider says in signed words: ID tokens (OpenID Connect Core,
 * 3.1.3.7) and logout tokens (Back-Channel Logout, 2.6).
 */


#ifndef _CIVIC_SIGNIN_TOKEN_H_INCLUDED_
#define _CIVIC_SIGNIN_TOKEN_H_INCLUDED_


#include "civic_signin.h"


/* in `pool` */

typedef struct {
    civic_issuer_claims_t   claims;
    ngx_str_t               payload;
    ngx_str_t               sid;       /* or empty */
} civic_signin_token_t;


/*
 * CIVIC_OK, or what is wrong with it; INTERNAL.  `nonce` NULL: it came for a
 * refresh token, not from a sign-in.
 */

civic_problem_e civic_signin_token_id(const civic_signin_t *signin,
    const ngx_str_t *text, const ngx_str_t *nonce, ngx_pool_t *pool,
    civic_signin_token_t *token);

/* claims.subject is empty where it has a sid alone */

civic_problem_e civic_signin_token_logout(const civic_signin_t *signin,
    const ngx_str_t *text, ngx_pool_t *pool, civic_signin_token_t *token);

/* an identity of the issuer, from the claims of an ID token as text */

civic_problem_e civic_signin_token_identity(const civic_signin_t *signin,
    const ngx_str_t *payload, const ngx_str_t *scope, time_t issued,
    time_t ends, ngx_pool_t *pool, civic_identity_t *identity);


#endif /* _CIVIC_SIGNIN_TOKEN_H_INCLUDED_ */
