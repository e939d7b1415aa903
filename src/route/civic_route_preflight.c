
/*
 * Copyright (C) Civic Gate
 *
 * Preflights of CORS (Fetch Standard): OPTIONS that ask, for a page of
 * another origin, about the method that it wants to use.  Where civic_cors
 * is in force they go where that method would go, and no further than its
 * door; to a route that lists OPTIONS they go as any other OPTIONS.
 */


#include "civic_route_conf.h"
#include "civic_route_methods.h"


static ngx_uint_t civic_route_preflight_method(const ngx_str_t *name);


static ngx_str_t  civic_route_preflight_origin = ngx_string("origin");
static ngx_str_t  civic_route_preflight_asks =
    ngx_string("access-control-request-method");


ngx_uint_t
civic_route_preflight(ngx_http_request_t *r)
{
    ngx_str_t  value;

    if (r->method != NGX_HTTP_OPTIONS
        || r != r->main
        || r->error_page
        || civic_headers_in_find(r, civic_headers_in_named,
                                 &civic_route_preflight_origin, &value)
           == NGX_DECLINED
        || civic_headers_in_find(r, civic_headers_in_named,
                                 &civic_route_preflight_asks, &value)
           == NGX_DECLINED)
    {
        return 0;
    }

    return civic_route_preflight_method(&value);
}


/* a method that nobody knows is asked about, too: "any" would take it */

static ngx_uint_t
civic_route_preflight_method(const ngx_str_t *name)
{
    ngx_uint_t  method;

    method = civic_route_methods_mask(name);

    return method ? method : NGX_HTTP_UNKNOWN;
}


ngx_int_t
civic_route_preflight_find(ngx_http_request_t *r, civic_ctx_t *ctx,
    ngx_int_t rc, civic_route_match_t *match)
{
    ngx_uint_t           method;
    civic_route_match_t  asked;

    ctx->preflight = 0;

    method = civic_route_preflight(r);

    if (method == 0 || (rc == NGX_OK && !match->route->any)) {
        return rc;
    }

    if (civic_route_find_method(r, method, &asked) != NGX_OK
        || !asked.service->cors)
    {
        return rc;
    }

    ctx->preflight = method;
    *match = asked;

    return NGX_OK;
}


/*
 * A browser remembers all that one answer offers: what leads to another
 * location, and other words of civic_cors, is not offered here.
 */

ngx_uint_t
civic_route_preflight_methods(ngx_http_request_t *r, const civic_ctx_t *ctx)
{
    ngx_uint_t                 methods;
    civic_route_match_t        match;
    const ngx_conf_bitmask_t  *m;

    methods = 0;

    for (m = civic_route_method_names; m->name.len; m++) {

        if (m->mask != NGX_HTTP_OPTIONS
            && civic_route_find_method(r, m->mask, &match) == NGX_OK
            && match.service == ctx->service)
        {
            methods |= m->mask;
        }
    }

    return methods;
}
