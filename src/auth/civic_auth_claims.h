
/*
 * Copyright (C) Civic Gate
 *
 * The claims of a verified token (RFC 7519, RFC 9068), checked against what
 * the operator wrote.  Pure: the clock is an argument.
 */


#ifndef _CIVIC_AUTH_CLAIMS_H_INCLUDED_
#define _CIVIC_AUTH_CLAIMS_H_INCLUDED_


#include "civic_jose_jws.h"
#include "civic_json.h"


typedef struct {
    ngx_str_t         issuer;          /* must equal "iss" */
    ngx_array_t      *audiences;       /* ngx_str_t: one must be in "aud" */
    ngx_array_t      *required;        /* ngx_str_t: claims that must be
                                          there; NULL: none */
    ngx_str_t         type;            /* header "typ"; empty: any */
    ngx_str_t         subject;         /* names (dotted paths) of claims */
    ngx_str_t         scope;
    ngx_str_t         region;          /* empty: no region is read */
    time_t            leeway;          /* s, at most 300 */
    time_t            lifetime;        /* s, exp - iat at most; 0: any */
} civic_auth_rules_t;


/* strings are copies in `pool`; scope is joined by single spaces */

typedef struct {
    ngx_str_t         subject;
    ngx_str_t         scope;
    ngx_str_t         region;
    time_t            expires;         /* "exp", without leeway */
} civic_auth_claims_t;


/*
 * The value of "iss" of an unverified payload, to find whose token it
 * claims to be.  CIVIC_OK, or CLAIMS_MALFORMED (not a JSON object, duplicate
 * members, too deep, no string "iss").  The caller owns `*claims`.
 */

civic_problem_e civic_auth_claims_parse(const ngx_str_t *payload,
    civic_json_t **claims, ngx_str_t *issuer);

/*
 * Checks iss, aud, exp (mandatory), nbf, iat, typ, lifetime, required
 * claims, subject (mandatory, a non-empty string without control bytes).
 * A claim of the wrong JSON type or a time out of [0, 2^53] is
 * CLAIMS_MALFORMED.  CIVIC_OK fills `out`.
 */

civic_problem_e civic_auth_claims_check(const civic_auth_rules_t *rules,
    const civic_jose_jws_t *jws, const civic_json_t *claims, time_t now,
    ngx_pool_t *pool, civic_auth_claims_t *out);


#endif /* _CIVIC_AUTH_CLAIMS_H_INCLUDED_ */
