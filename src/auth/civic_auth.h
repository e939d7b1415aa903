
/*
 * Copyright (C) Civic Gate
 *
 * Who is calling, and may he: bearer tokens, scopes, identity headers.
 *
 * This is the only header of auth/ that others may include.
 */


#ifndef _CIVIC_AUTH_H_INCLUDED_
#define _CIVIC_AUTH_H_INCLUDED_


#include "civic.h"


typedef enum {
    CIVIC_AUTH_NONE = 0,               /* not judged yet, or civic_auth off */
    CIVIC_AUTH_ANONYMOUS,              /* optional, and no credential came */
    CIVIC_AUTH_VERIFIED,               /* verified for this request */
    CIVIC_AUTH_CACHED,                 /* remembered from an earlier one */
    CIVIC_AUTH_REFUSED
} civic_auth_status_e;


/*
 * Steps.  Both are called anew for every location that a request comes to,
 * and for subrequests.
 */

ngx_int_t civic_auth_authenticate(ngx_http_request_t *r, civic_ctx_t *ctx);
ngx_int_t civic_auth_authorise(ngx_http_request_t *r, civic_ctx_t *ctx);

/* removes every X-Civic-* that a client sent, whatever its spelling */

ngx_int_t civic_auth_strip_identity(ngx_http_request_t *r);

/*
 * What a route says of its callers that was not in the configuration.
 * Strings are borrowed and live as long as `pool`.
 */

typedef struct {
    const ngx_array_t      *issuers;   /* ngx_str_t; none: everybody */
    const ngx_array_t      *requires;  /* ngx_str_t: "scope=a,b" */
    civic_pos_t             pos;
    unsigned                optional:1;
} civic_auth_wish_t;

/* NULL: no memory, or `err` (in `pool`) says what cannot be */

civic_auth_terms_t *civic_auth_terms_create(ngx_cycle_t *cycle,
    const civic_auth_wish_t *wish, ngx_pool_t *pool, ngx_str_t *err);

/* all issuers, as the configuration calls them: ngx_str_t, in r->pool */

const ngx_array_t *civic_auth_issuer_names(ngx_http_request_t *r);

/* does the location say civic_auth off?  Once locations are merged. */

ngx_uint_t civic_auth_off(void **loc_conf);

/* takes `size` bytes of shared memory for remembered tokens */

ngx_int_t civic_auth_zone_add(ngx_conf_t *cf, size_t size);


#endif /* _CIVIC_AUTH_H_INCLUDED_ */
