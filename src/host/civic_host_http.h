
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_HOST_HTTP_H_INCLUDED_
#define _CIVIC_HOST_HTTP_H_INCLUDED_


#include "civic_host.h"


/*
 * {method, path, query, headers, body, timeout} as a request to a remote, in
 * `pool`.  `options` may be NULL.  NGX_OK, NGX_DECLINED with a sentence in
 * `err`, or NGX_ERROR.
 */

ngx_int_t civic_host_http_build(const civic_value_t *options,
    ngx_pool_t *pool, civic_remote_request_t *request, const char **err);

/* {name = text, name = {text, text}}, encoded and appended to a path */

ngx_int_t civic_host_http_query(const civic_value_t *query,
    ngx_pool_t *pool, ngx_str_t *path, const char **err);


#endif /* _CIVIC_HOST_HTTP_H_INCLUDED_ */
