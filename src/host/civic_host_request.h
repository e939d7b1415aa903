
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_HOST_REQUEST_H_INCLUDED_
#define _CIVIC_HOST_REQUEST_H_INCLUDED_


#include "civic_host.h"


/*
 * The request as a plugin sees it, without body and raw, for any request;
 * its query is untyped.  Strings are borrowed from the request.  `deadline`
 * is in milliseconds from now.  NGX_OK, NGX_DECLINED (the query cannot be
 * decoded) or NGX_ERROR.
 */

ngx_int_t civic_host_request_value(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_plugin_t *plugin, ngx_pool_t *pool, civic_value_t *value);

/* the same for another plugin's call */

typedef struct {
    ngx_str_t             method;
    ngx_str_t             path;
    ngx_str_t             trace;
    ngx_str_t             caller;      /* DEPARTMENT/NAME */
    ngx_uint_t            language;    /* civic_reply_language_e */
    ngx_msec_t            timeout;
    const civic_value_t  *params;
    const civic_value_t  *query;
    const civic_value_t  *body;        /* NULL: none */
} civic_host_request_call_t;

ngx_int_t civic_host_request_value_call(
    const civic_host_request_call_t *call, ngx_pool_t *pool,
    civic_value_t *value);

/* a member with that value */

ngx_int_t civic_host_request_set(civic_value_t *table, ngx_pool_t *pool,
    const char *name, const civic_value_t *value);

/* bytes that a value takes in a VM, about */

size_t civic_host_request_size(const civic_value_t *value);


#endif /* _CIVIC_HOST_REQUEST_H_INCLUDED_ */
