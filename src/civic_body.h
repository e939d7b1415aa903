
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_BODY_H_INCLUDED_
#define _CIVIC_BODY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * What nginx has read of a request's body, in one piece in `pool`; there may
 * be nothing.  NGX_OK, NGX_DECLINED: it has more than `max` bytes, or
 * NGX_ERROR.
 */

ngx_int_t civic_body_read(ngx_http_request_t *r, ngx_pool_t *pool,
    size_t max, ngx_str_t *body);


#endif /* _CIVIC_BODY_H_INCLUDED_ */
