
/*
 * Copyright (C) Civic Gate
 *
 * Requests and answers as plain values, for the plugins that filter them.
 * Strings are borrowed from the request.
 */


#ifndef _CIVIC_FILTER_VALUE_H_INCLUDED_
#define _CIVIC_FILTER_VALUE_H_INCLUDED_


#include "civic_filter_conf.h"


/* NGX_OK; >= 400: it cannot be read, the problem is noted; NGX_ERROR */

ngx_int_t civic_filter_value_request(civic_filter_ctx_t *f,
    const civic_plugin_t *plugin, ngx_pool_t *pool, civic_value_t *value);

/*
 * { status, headers }: names in lower case, repeated ones as lists, no
 * Set-Cookie.  NGX_OK or NGX_ERROR.
 */

ngx_int_t civic_filter_value_response(ngx_http_request_t *r,
    ngx_pool_t *pool, civic_value_t *value);

/*
 * Adds raw, and body: decoded if it says that it is JSON.  NGX_OK,
 * NGX_DECLINED: it is not, `err` (of that length) says why; NGX_ERROR.
 */

ngx_int_t civic_filter_value_body(ngx_http_request_t *r,
    const ngx_str_t *body, ngx_pool_t *pool, civic_value_t *value, char *err,
    size_t errlen);

/* application/json and the like; parameters do not matter */

ngx_uint_t civic_filter_value_is_json(const ngx_str_t *type);


#endif /* _CIVIC_FILTER_VALUE_H_INCLUDED_ */
