
/*
 * Copyright (C) Civic Gate
 *
 * Cross-site requests.  A browser adds cookies to whatever any page makes
 * it send; but it also says where the page is from: Sec-Fetch-Site (Fetch
 * Metadata), and Origin (RFC 6454) with every unsafe method and upgrade.
 * A request that says neither is refused: no browser of today makes it, and
 * others have better places for a token.
 */


#include "civic_auth.h"


static ngx_int_t civic_auth_origin_said(ngx_http_request_t *r);
static ngx_uint_t civic_auth_origin_safe(ngx_http_request_t *r);
static ngx_uint_t civic_auth_origin_host(ngx_http_request_t *r,
    const ngx_str_t *origin);


civic_problem_e
civic_auth_origin_check(ngx_http_request_t *r)
{
    return civic_auth_origin_safe(r) ? CIVIC_OK : civic_auth_origin_own(r);
}


civic_problem_e
civic_auth_origin_own(ngx_http_request_t *r)
{
    return civic_auth_origin_said(r) == NGX_OK ? CIVIC_OK
                                               : CIVIC_ORIGIN_REFUSED;
}


civic_problem_e
civic_auth_origin_foreign(ngx_http_request_t *r)
{
    return civic_auth_origin_said(r) == NGX_ABORT ? CIVIC_ORIGIN_REFUSED
                                                  : CIVIC_OK;
}


/* NGX_OK: a page of ours, NGX_ABORT: another's, NGX_DECLINED: nothing */

static ngx_int_t
civic_auth_origin_said(ngx_http_request_t *r)
{
    ngx_int_t  rc;
    ngx_str_t  value;

    static ngx_str_t  origin = ngx_string("origin");
    static ngx_str_t  site = ngx_string("sec-fetch-site");

    rc = civic_headers_in_find(r, civic_headers_in_named, &origin, &value);

    if (rc != NGX_DECLINED) {
        return (rc == NGX_OK && civic_auth_origin_host(r, &value))
               ? NGX_OK : NGX_ABORT;
    }

    rc = civic_headers_in_find(r, civic_headers_in_named, &site, &value);

    if (rc == NGX_DECLINED) {
        return NGX_DECLINED;
    }

    if (rc == NGX_OK
        && ((value.len == 11 && ngx_memcmp(value.data, "same-origin", 11) == 0)
            || (value.len == 4 && ngx_memcmp(value.data, "none", 4) == 0)))
    {
        return NGX_OK;
    }

    return NGX_ABORT;
}


static ngx_uint_t
civic_auth_origin_safe(ngx_http_request_t *r)
{
    return (r->main->method
            & (NGX_HTTP_GET|NGX_HTTP_HEAD|NGX_HTTP_OPTIONS|NGX_HTTP_TRACE))
           && r->headers_in.upgrade == NULL;
}


/*
 * "https://HOST[:PORT]", as Host has it.  Behind something that ends TLS
 * the gate does not see the scheme of the page: there http will do too.
 */

static ngx_uint_t
civic_auth_origin_host(ngx_http_request_t *r, const ngx_str_t *origin)
{
    size_t            len;
    ngx_str_t         host;
    ngx_uint_t        tls;

    if (r->headers_in.host == NULL) {
        return 0;
    }

    tls = 0;

#if (NGX_HTTP_SSL)
    tls = (r->connection->ssl != NULL);
#endif

    if (origin->len > 8
        && ngx_strncasecmp(origin->data, (u_char *) "https://", 8) == 0)
    {
        len = 8;

    } else if (!tls && origin->len > 7
               && ngx_strncasecmp(origin->data, (u_char *) "http://", 7) == 0)
    {
        len = 7;

    } else {
        return 0;
    }

    host = r->headers_in.host->value;

    return origin->len - len == host.len
           && ngx_strncasecmp(origin->data + len, host.data, host.len) == 0;
}
