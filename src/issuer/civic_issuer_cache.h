
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_ISSUER_CACHE_H_INCLUDED_
#define _CIVIC_ISSUER_CACHE_H_INCLUDED_


#include "civic_issuer_bearer.h"


/*
 * Looks for a token among those verified for one of the group's issuers
 * that takes tokens from its place.  NGX_OK fills b->identity and b->issuer;
 * NGX_DECLINED: not remembered, or expired by now, and b->digest is set;
 * NGX_ERROR: no memory.
 */

ngx_int_t civic_issuer_cache_find(ngx_http_request_t *r,
    civic_issuer_bearer_t *b);

/*
 * Remembers the token, b->digest, as good for b->issuer, not beyond b->until
 * (0: as long as it lasts); what is too large is not remembered.  Those of
 * the group before b->issuer that have the same "iss" did not accept it.
 */

void civic_issuer_cache_add(const civic_issuer_bearer_t *b);

/* this issuer does not accept it, and why: for a few seconds */

void civic_issuer_cache_deny(const civic_issuer_bearer_t *b,
    const civic_issuer_t *issuer, civic_problem_e problem);

/* CIVIC_OK: nothing bad is remembered */

civic_problem_e civic_issuer_cache_denied(const civic_issuer_bearer_t *b,
    const civic_issuer_t *issuer);


#endif /* _CIVIC_ISSUER_CACHE_H_INCLUDED_ */
