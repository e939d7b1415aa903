
/*
 * Copyright (C) Civic Gate
 *
 * Plugins that look at the requests and answers of other services, in the
 * order of civic_filter's words: "access" before the service sees the
 * request, "response" before the client sees the answer, "log" behind it.
 */


#ifndef _CIVIC_HOST_FILTER_H_INCLUDED_
#define _CIVIC_HOST_FILTER_H_INCLUDED_


#include "civic_host.h"


/* a step of the pipeline: the "access" functions, one after the other */

ngx_int_t civic_host_filter_access(ngx_http_request_t *r, civic_ctx_t *ctx);

/*
 * The header of an answer.  NGX_DECLINED: no plugin wants it; NGX_OK: it is
 * held until the body is there; NGX_ERROR.
 */

ngx_int_t civic_host_filter_header(ngx_http_request_t *r, civic_ctx_t *ctx);

/*
 * Its body.  NGX_DECLINED: no plugin wants it; NGX_AGAIN: taken, there will
 * be more; NGX_OK: headers_out and `out` are what the client gets; NGX_ERROR.
 */

ngx_int_t civic_host_filter_body(ngx_http_request_t *r, civic_ctx_t *ctx,
    ngx_chain_t *in, ngx_chain_t **out);

/* log phase: the "log" functions, which outlive the request */

void civic_host_filter_log(ngx_http_request_t *r, civic_ctx_t *ctx);


#endif /* _CIVIC_HOST_FILTER_H_INCLUDED_ */
