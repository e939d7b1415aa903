
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_TRACE_H_INCLUDED_
#define _CIVIC_TRACE_H_INCLUDED_


#include "civic.h"


/*
 * W3C Trace Context: takes the client's trace id or makes one, a span id
 * for the gate, and puts the gate's traceparent among the request headers.
 * NGX_OK, or NGX_ERROR.
 */

ngx_int_t civic_trace_open(ngx_http_request_t *r, civic_ctx_t *ctx);


#endif /* _CIVIC_TRACE_H_INCLUDED_ */
