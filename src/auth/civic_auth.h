
/*
 * Copyright (C) Civic Gate
 *
 * Who is calling: the words of civic_auth, the identity they lead to, and
 * what services learn of it.  What he may do is require/.
 *
 * Others include this header, and civic_auth_method.h where they are a way
 * to say who one is.
 */


#ifndef _CIVIC_AUTH_H_INCLUDED_
#define _CIVIC_AUTH_H_INCLUDED_


#include "civic.h"
#include "civic_json.h"
#include "civic_require.h"


typedef enum {
    CIVIC_AUTH_NONE = 0,               /* not judged yet, or civic_auth off */
    CIVIC_AUTH_ANONYMOUS,              /* optional, and no credential came */
    CIVIC_AUTH_VERIFIED,               /* verified for this request */
    CIVIC_AUTH_CACHED,                 /* remembered from an earlier one */
    CIVIC_AUTH_REFUSED
} civic_auth_status_e;


/* a step: anew for every location that a request comes to */

ngx_int_t civic_auth_authenticate(ngx_http_request_t *r, civic_ctx_t *ctx);

/* removes every X-Civic-* that a client sent, whatever its spelling */

ngx_int_t civic_auth_strip_identity(ngx_http_request_t *r);

/* refuses for want of a credential: 401, and what kinds are asked for */

ngx_int_t civic_auth_ask(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_pos_t *pos);

/* the claims, parsed once and kept with the request.  NULL: none */

const civic_json_t *civic_auth_claims(ngx_http_request_t *r,
    civic_identity_t *identity);

/* the caller's class of limits, "anonymous" for nobody; NULL: no class */

const ngx_str_t *civic_auth_class(const civic_ctx_t *ctx);

/*
 * Did a browser send this of its own accord, from a page of another site?
 * For credentials that browsers add by themselves (cookies): CIVIC_OK, or
 * ORIGIN_REFUSED for an unsafe method or an upgrade.
 */

civic_problem_e civic_auth_origin_check(ngx_http_request_t *r);

/*
 * The same whatever the method: CIVIC_OK only where a browser says that a
 * page of ours, or the person himself, made it send this.
 */

civic_problem_e civic_auth_origin_own(ngx_http_request_t *r);

/*
 * For what programs ask without a browser: CIVIC_OK, or ORIGIN_REFUSED where
 * a browser says that it does so for another site, whatever the method.
 */

civic_problem_e civic_auth_origin_foreign(ngx_http_request_t *r);

/*
 * What a route says of its callers that was not in the configuration.
 * Strings are borrowed and live as long as `pool`.
 */

typedef struct {
    const ngx_array_t      *words;     /* ngx_str_t, as in civic_auth; none:
                                          everybody */
    const ngx_array_t      *requires;  /* ngx_str_t: "scope=a,b" */
    civic_pos_t             pos;
    unsigned                optional:1;
} civic_auth_wish_t;

/* NULL: no memory, or `err` (in `pool`) says what cannot be */

civic_auth_terms_t *civic_auth_terms_create(ngx_cycle_t *cycle,
    const civic_auth_wish_t *wish, ngx_pool_t *pool, ngx_str_t *err);

/* what the route that led here requires of its callers, or NULL */

const civic_require_set_t *civic_auth_terms_require(ngx_http_request_t *r,
    const civic_ctx_t *ctx);

/* once locations are merged: does this one say civic_auth off? */

ngx_uint_t civic_auth_off(void **loc_conf);

/* is somebody asked there who he is? */

ngx_uint_t civic_auth_asked(void **loc_conf);

/* and may he come without an answer? */

ngx_uint_t civic_auth_optional(void **loc_conf);


#endif /* _CIVIC_AUTH_H_INCLUDED_ */
