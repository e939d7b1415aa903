
/*
 * Copyright (C) Civic Gate
 *
 * The record of an Idempotency-Key: names, digests and the stored answer.
 */


#ifndef _CIVIC_HOST_ONCE_H_INCLUDED_
#define _CIVIC_HOST_ONCE_H_INCLUDED_


#include "civic_host_visit.h"


#define CIVIC_HOST_ONCE_TTL  (24 * 60 * 60 * 1000)


/* is it 1 to 128 visible characters? */

ngx_uint_t civic_host_once_valid(const ngx_str_t *key);

/*
 * The record's key, what in it is this request's own (hex digits), and the
 * digest of what is asked for; all in `pool`.
 */

ngx_int_t civic_host_once_name(const civic_host_visit_order_t *order,
    ngx_pool_t *pool, ngx_str_t *name, ngx_str_t *id);
ngx_int_t civic_host_once_digest(const civic_host_visit_order_t *order,
    ngx_pool_t *pool, ngx_str_t *digest);

/*
 * An answer as text and back.  NGX_OK, NGX_DECLINED (it cannot be kept; or
 * is no such text) or NGX_ERROR.  `lost` is kept in the place of one that
 * cannot be: it comes back as a refusal.
 */

extern const ngx_str_t  civic_host_once_lost;

ngx_int_t civic_host_once_write(const civic_host_answered_t *answer,
    ngx_pool_t *pool, ngx_str_t *text, const char **err);
ngx_int_t civic_host_once_read(const ngx_str_t *text, ngx_pool_t *pool,
    civic_host_answered_t *answer);


#endif /* _CIVIC_HOST_ONCE_H_INCLUDED_ */
