
/*
 * Copyright (C) Civic Gate
 *
 * The claims of a verified token (RFC 7519, RFC 9068), checked against what
 * the operator wrote.  Pure: the clock is an argument.
 */


#ifndef _CIVIC_ISSUER_CLAIMS_H_INCLUDED_
#define _CIVIC_ISSUER_CLAIMS_H_INCLUDED_


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
    ngx_str_t         region;          /* empty: not read, and so on */
    ngx_str_t         roles;
    ngx_str_t         level;
    ngx_str_t         client;
    time_t            leeway;          /* s, at most 300 */
    time_t            lifetime;        /* s, exp - iat at most; 0: any */
} civic_issuer_rules_t;


/* strings are copies in `pool`; lists are joined by single spaces */

typedef struct {
    ngx_str_t         subject;
    ngx_str_t         scope;
    ngx_str_t         roles;
    ngx_str_t         region;
    ngx_str_t         level;
    ngx_str_t         client;
    ngx_str_t         token;           /* "jti" */
    ngx_str_t         binding;         /* "cnf"."x5t#S256", decoded */
    time_t            issued;          /* "iat", or 0 */
    time_t            expires;         /* "exp", without leeway */
} civic_issuer_claims_t;


/*
 * The value of "iss" of an unverified payload, to find whose token it
 * claims to be.  CIVIC_OK, or CLAIMS_MALFORMED (not a JSON object, duplicate
 * members, too deep, no string "iss").  The caller owns `*claims`.
 */

civic_problem_e civic_issuer_claims_parse(const ngx_str_t *payload,
    civic_json_t **claims, ngx_str_t *issuer);

/*
 * Checks iss, aud, exp (mandatory), nbf, iat, typ, lifetime, required
 * claims, subject (mandatory, a non-empty string without control bytes).  A
 * "cnf" that is not a certificate's digest is CLAIMS_MALFORMED: the token is
 * bound to something, and nobody here can tell to what.
 * A claim of the wrong JSON type or a time out of [0, 2^53] is
 * CLAIMS_MALFORMED.  CIVIC_OK fills `out`.
 */

civic_problem_e civic_issuer_claims_check(const civic_issuer_rules_t *rules,
    const civic_jose_jws_t *jws, const civic_json_t *claims, time_t now,
    ngx_pool_t *pool, civic_issuer_claims_t *out);

/*
 * The same for the claims that a provider answers with when he is asked
 * about a token (RFC 7662): "active" must be true, else TOKEN_INACTIVE; "iss"
 * may be absent, since the answer is the issuer's own; what is not an access
 * token for its bearer ("token_type", "token_use") is TYPE_MISMATCH.  The
 * rule for the header "typ" has no part in it.
 */

civic_problem_e civic_issuer_claims_asked(const civic_issuer_rules_t *rules,
    const civic_json_t *claims, time_t now, ngx_pool_t *pool,
    civic_issuer_claims_t *out);

/* the part of it that reads what the identity is made of */

civic_problem_e civic_issuer_claims_read(const civic_issuer_rules_t *rules,
    const civic_json_t *claims, ngx_pool_t *pool, civic_issuer_claims_t *out);


#endif /* _CIVIC_ISSUER_CLAIMS_H_INCLUDED_ */
