
/*
 * Copyright (C) Civic Gate
 *
 * CORS for services that have none: preflights are answered, and answers
 * say which pages of other origins may read them.
 *
 * This is the only header of cors/ that others may include.
 */


#ifndef _CIVIC_CORS_H_INCLUDED_
#define _CIVIC_CORS_H_INCLUDED_


#include "civic.h"


/* steps: what holds here, before anybody refuses; 204 for a preflight */

ngx_int_t civic_cors_enter(ngx_http_request_t *r, civic_ctx_t *ctx);
ngx_int_t civic_cors_preflight(ngx_http_request_t *r, civic_ctx_t *ctx);

/*
 * What the answer says to pages, once it is known to be the client's;
 * nothing, where a service has spoken for itself.
 */

ngx_int_t civic_cors_add_headers(ngx_http_request_t *r,
    const civic_ctx_t *ctx);


#endif /* _CIVIC_CORS_H_INCLUDED_ */
