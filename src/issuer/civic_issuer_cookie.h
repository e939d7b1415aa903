
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_ISSUER_COOKIE_H_INCLUDED_
#define _CIVIC_ISSUER_COOKIE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * A cookie of the request (RFC 6265, 5.4), as it was sent.  NGX_OK,
 * NGX_DECLINED: there is none, NGX_ABORT: there are two of that name.
 */

ngx_int_t civic_issuer_cookie_find(ngx_http_request_t *r,
    const ngx_str_t *name, ngx_str_t *value);

/* takes it out of what goes on, wherever nginx reads cookies from */

ngx_int_t civic_issuer_cookie_remove(ngx_http_request_t *r,
    const ngx_str_t *name);


#endif /* _CIVIC_ISSUER_COOKIE_H_INCLUDED_ */
