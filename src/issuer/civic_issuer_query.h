
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_ISSUER_QUERY_H_INCLUDED_
#define _CIVIC_ISSUER_QUERY_H_INCLUDED_


#include "civic.h"


/* of a client's request, once, first: NGX_OK or NGX_ERROR: no memory */

ngx_int_t civic_issuer_query_open(ngx_http_request_t *r, civic_ctx_t *ctx);


#endif /* _CIVIC_ISSUER_QUERY_H_INCLUDED_ */
