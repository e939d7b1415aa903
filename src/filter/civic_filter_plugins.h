
/*
 * Copyright (C) Civic Gate
 *
 * Plugins that look at the requests and answers of other services, in the
 * order of civic_filter's words: "access" before the service sees the
 * request, "response" before the client sees the answer, "log" behind it.
 *
 * This is the only header of filter/ that others may include.
 */


#ifndef _CIVIC_FILTER_PLUGINS_H_INCLUDED_
#define _CIVIC_FILTER_PLUGINS_H_INCLUDED_


#include "civic.h"


/*
 * Behind the steps of the pipeline, and like one: the "access" functions.
 * It may be called again while the request is in the same place.
 */

ngx_int_t civic_filter_plugins_access(ngx_http_request_t *r,
    civic_ctx_t *ctx);

/* the request comes to a location, maybe the same: all begins anew */

void civic_filter_plugins_leave(civic_ctx_t *ctx);

/*
 * The header of an answer.  NGX_DECLINED: it may go; NGX_OK: it is held
 * until the body is there; NGX_ERROR.  `ctx` is NULL for subrequests.
 */

ngx_int_t civic_filter_plugins_header(ngx_http_request_t *r,
    civic_ctx_t *ctx);

/*
 * Its body.  NGX_DECLINED: it may go; NGX_AGAIN: taken, there will be more;
 * NGX_OK: headers_out and `out` are what the client gets; NGX_DONE: likewise,
 * and the service's answer is to be cut off; NGX_ERROR.
 */

ngx_int_t civic_filter_plugins_body(ngx_http_request_t *r, civic_ctx_t *ctx,
    ngx_chain_t *in, ngx_chain_t **out);

/* log phase: the "log" functions, which outlive the request */

void civic_filter_plugins_log(ngx_http_request_t *r, civic_ctx_t *ctx);


#endif /* _CIVIC_FILTER_PLUGINS_H_INCLUDED_ */
