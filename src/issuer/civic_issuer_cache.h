
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_ISSUER_CACHE_H_INCLUDED_
#define _CIVIC_ISSUER_CACHE_H_INCLUDED_


#include "civic_issuer_bearer.h"


/*
 * Looks for a token, by its digest, among those verified under one of the
 * policy's issuers.  NGX_OK fills `caller` from `pool`, NGX_DECLINED: not
 * remembered, or expired by now; NGX_ERROR: no memory.
 */

ngx_int_t civic_issuer_cache_find(ngx_shm_zone_t *zone,
    const civic_auth_policy_t *policy, const u_char *digest,
    ngx_pool_t *pool, civic_auth_caller_t *caller);

/* remembers a verified token; what is too large is not remembered */

void civic_issuer_cache_add(ngx_shm_zone_t *zone, const u_char *digest,
    const civic_auth_caller_t *caller);


#endif /* _CIVIC_ISSUER_CACHE_H_INCLUDED_ */
