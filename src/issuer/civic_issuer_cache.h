
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

/* remembers a verified token; what is too large is not remembered */

void civic_issuer_cache_add(ngx_http_request_t *r,
    const civic_issuer_t *issuer, const u_char *digest,
    const civic_identity_t *identity);


#endif /* _CIVIC_ISSUER_CACHE_H_INCLUDED_ */
