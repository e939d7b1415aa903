
/*
 * Copyright (C) Civic Gate
 *
 * Both cookies are "__Host-": no other host, not even one of the same
 * domain, can have planted them.
 */


#include "civic_issuer_cookie.h"
#include "civic_signin_cookie.h"


ngx_int_t
civic_signin_cookie_find(ngx_http_request_t *r, const ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_int_t  rc;

    rc = civic_issuer_cookie_find(r, name, value);

    if (rc == NGX_OK && !civic_signin_flow_is_random(value)) {
        return NGX_DECLINED;
    }

    return rc;
}


ngx_int_t
civic_signin_cookie_set(ngx_http_request_t *r, const civic_signin_t *signin,
    const ngx_str_t *name, const ngx_str_t *value, ngx_int_t max_age)
{
    u_char     *p;
    ngx_str_t   text;

    text.data = ngx_pnalloc(r->pool, name->len + 1 + value->len
                                     + signin->attributes.len
                                     + sizeof("; Max-Age=") + NGX_INT_T_LEN);
    if (text.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_sprintf(text.data, "%V=%V%V", name, value, &signin->attributes);

    if (max_age >= 0) {
        p = ngx_sprintf(p, "; Max-Age=%i", max_age);
    }

    text.len = p - text.data;

    return civic_headers_out_add(r->main, "Set-Cookie", &text) ? NGX_OK
                                                               : NGX_ERROR;
}
