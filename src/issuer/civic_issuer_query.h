
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_ISSUER_QUERY_H_INCLUDED_
#define _CIVIC_ISSUER_QUERY_H_INCLUDED_


#include "civic.h"


/* of a client's request, once, first: NGX_OK or NGX_ERROR: no memory */

ngx_int_t civic_issuer_query_open(ngx_http_request_t *r, civic_ctx_t *ctx);

/* a part of the address becomes '*', as nginx's logs have it, too */

void civic_issuer_query_hide(ngx_http_request_t *r, const ngx_str_t *value);


#endif /* _CIVIC_ISSUER_QUERY_H_INCLUDED_ */
