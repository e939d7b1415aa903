
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_ISSUER_CACHE_H_INCLUDED_
#define _CIVIC_ISSUER_CACHE_H_INCLUDED_


#include "civic_issuer_bearer.h"


/*
 * Looks for a token, by its digest, among those verified for one of the
 * group's issuers that takes tokens from its place.  NGX_OK fills
 * b->identity and b->issuer; NGX_DECLINED: not remembered, or expired by
 * now; NGX_ERROR: no memory.
 */

ngx_int_t civic_issuer_cache_find(ngx_http_request_t *r,
    civic_issuer_bearer_t *b);

/*
 * Remembers a token that was found good, not beyond `until` (0: as long as
 * it lasts); what is too large is not remembered.
 */

void civic_issuer_cache_add(ngx_http_request_t *r,
    const civic_issuer_t *issuer, const u_char *digest,
    const civic_identity_t *identity, time_t until);

/* one that the issuer was asked about and that is not, and why */

void civic_issuer_cache_deny(ngx_http_request_t *r,
    const civic_issuer_t *issuer, const u_char *digest,
    civic_problem_e problem, time_t until);

/* CIVIC_OK: nothing bad is remembered */

civic_problem_e civic_issuer_cache_denied(ngx_http_request_t *r,
    const civic_issuer_t *issuer, const u_char *digest);


#endif /* _CIVIC_ISSUER_CACHE_H_INCLUDED_ */
