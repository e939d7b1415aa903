
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_SIGNIN_COOKIE_H_INCLUDED_
#define _CIVIC_SIGNIN_COOKIE_H_INCLUDED_


#include "civic_signin.h"


/*
 * A cookie of ours.  NGX_OK, NGX_DECLINED: none came, or what came cannot be
 * ours; NGX_ABORT: two came.
 */

ngx_int_t civic_signin_cookie_find(ngx_http_request_t *r,
    const ngx_str_t *name, ngx_str_t *value);

/* Set-Cookie of the client's answer; an empty value takes the cookie away */

ngx_int_t civic_signin_cookie_set(ngx_http_request_t *r,
    const civic_signin_t *signin, const ngx_str_t *name,
    const ngx_str_t *value, ngx_int_t max_age);

#define CIVIC_SIGNIN_COOKIE_SESSION  (-1)  /* max_age: until it is closed */


#endif /* _CIVIC_SIGNIN_COOKIE_H_INCLUDED_ */
