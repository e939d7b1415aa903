
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_AUTH_HEADERS_H_INCLUDED_
#define _CIVIC_AUTH_HEADERS_H_INCLUDED_


#include "civic.h"


/*
 * The one Authorization header: NGX_OK, NGX_DECLINED if there is none, or
 * NGX_BUSY if there is more than one.
 */

ngx_int_t civic_auth_headers_find(ngx_http_request_t *r, ngx_str_t *value);

/* takes Authorization away, or puts it back if it was taken away */

ngx_int_t civic_auth_headers_credential_remove(ngx_http_request_t *r);
ngx_int_t civic_auth_headers_credential_pass(ngx_http_request_t *r,
    const ngx_str_t *token);

/* sets X-Civic-*; empty values, and such as are no header, set nothing */

ngx_int_t civic_auth_headers_identity(ngx_http_request_t *r,
    const civic_identity_t *identity);

/*
 * The answer's WWW-Authenticate: another challenge behind those of this
 * location, once what an earlier one noted is taken back.
 */

ngx_int_t civic_auth_headers_challenge(ngx_http_request_t *r,
    const ngx_str_t *value);
void civic_auth_headers_unchallenge(ngx_http_request_t *r);


#endif /* _CIVIC_AUTH_HEADERS_H_INCLUDED_ */
