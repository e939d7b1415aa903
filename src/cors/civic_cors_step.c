
/*
 * Copyright (C) Civic Gate
 *
 * Answers preflights, and tells browsers which pages may read an answer.
 * Nothing is refused here: a request without leave of CORS is served, and
 * it is the browser that keeps the answer from the page.
 */


#include "civic_cors_conf.h"
#include "civic_route.h"


/* a page may use these without asking, and "methods=" is not said */

#define CIVIC_CORS_METHODS  (NGX_HTTP_GET|NGX_HTTP_HEAD|NGX_HTTP_POST)


static const civic_cors_t *civic_cors_step_get(ngx_http_request_t *r,
    const civic_ctx_t *ctx);
static ngx_int_t civic_cors_step_answer(ngx_http_request_t *r,
    const civic_ctx_t *ctx, ngx_uint_t asked);
static ngx_int_t civic_cors_step_offer(ngx_http_request_t *r,
    const civic_cors_t *cors, ngx_uint_t methods);
static ngx_int_t civic_cors_step_allow(ngx_http_request_t *r,
    const civic_cors_t *cors, const ngx_str_t *origin);
static ngx_int_t civic_cors_step_origin(ngx_http_request_t *r,
    const civic_cors_t *cors, ngx_str_t *origin);
static ngx_uint_t civic_cors_step_listed(const civic_cors_t *cors,
    const ngx_str_t *origin);
static ngx_uint_t civic_cors_step_spoken(ngx_http_request_t *r);
static ngx_int_t civic_cors_step_set(ngx_http_request_t *r, const char *name,
    const ngx_str_t *value);


static const ngx_str_t  civic_cors_step_anybody = ngx_string("*");
static const ngx_str_t  civic_cors_step_true = ngx_string("true");
static const ngx_str_t  civic_cors_step_vary = ngx_string("Origin");


ngx_int_t
civic_cors_enter(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    ctx->cors = civic_cors_step_get(r, ctx);

    return NGX_DECLINED;
}


ngx_int_t
civic_cors_preflight(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    ngx_uint_t  asked;

    if (ctx->cors == NULL || ctx->cors->off || r->method != NGX_HTTP_OPTIONS)
    {
        return NGX_DECLINED;
    }

    /* of those that came by a route the router knows whose they are */

    asked = civic_route_arrived(r, ctx) ? ctx->preflight
                                        : civic_route_preflight(r);

    return asked ? civic_cors_step_answer(r, ctx, asked) : NGX_DECLINED;
}


static const civic_cors_t *
civic_cors_step_get(ngx_http_request_t *r, const civic_ctx_t *ctx)
{
    civic_cors_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_civic_cors_module);

    return clcf->cors ? clcf->cors : ctx->cors;
}


/* 204 without a word about CORS is a no */

static ngx_int_t
civic_cors_step_answer(ngx_http_request_t *r, const civic_ctx_t *ctx,
    ngx_uint_t asked)
{
    ngx_int_t            rc;
    ngx_str_t            origin;
    ngx_uint_t           methods;
    const civic_cors_t  *cors;

    cors = ctx->cors;

    methods = civic_route_arrived(r, ctx)
              ? civic_route_preflight_methods(r, ctx)
              : cors->methods ? cors->methods : CIVIC_CORS_METHODS;

    if (civic_route_allow(r, methods|NGX_HTTP_OPTIONS, "Allow") != NGX_OK
        || civic_cors_step_set(r, "Vary", &civic_cors_step_vary) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (cors->methods) {
        methods &= cors->methods;
    }

    rc = civic_cors_step_origin(r, cors, &origin);

    if (rc == NGX_OK
        && (methods & asked)
        && (civic_cors_step_allow(r, cors, &origin) != NGX_OK
            || civic_cors_step_offer(r, cors, methods) != NGX_OK))
    {
        return NGX_ERROR;
    }

    return NGX_HTTP_NO_CONTENT;
}


static ngx_int_t
civic_cors_step_offer(ngx_http_request_t *r, const civic_cors_t *cors,
    ngx_uint_t methods)
{
    if (civic_route_allow(r, methods, "Access-Control-Allow-Methods")
        != NGX_OK
        || civic_cors_step_set(r, "Access-Control-Allow-Headers",
                               &cors->headers)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return civic_cors_step_set(r, "Access-Control-Max-Age", &cors->max_age);
}


/* the gate's own 204 is what became of OPTIONS: all is said */

ngx_int_t
civic_cors_add_headers(ngx_http_request_t *r, const civic_ctx_t *ctx)
{
    ngx_str_t            origin;
    const civic_cors_t  *cors;

    cors = civic_cors_step_get(r, ctx);

    if (cors == NULL
        || cors->off
        || r->headers_out.status == NGX_HTTP_SWITCHING_PROTOCOLS
        || (ctx->replied && r->headers_out.status == NGX_HTTP_NO_CONTENT)
        || civic_cors_step_spoken(r))
    {
        return NGX_OK;
    }

    if (civic_cors_step_set(r, "Vary", &civic_cors_step_vary) != NGX_OK) {
        return NGX_ERROR;
    }

    if (civic_cors_step_origin(r, cors, &origin) != NGX_OK) {
        return NGX_OK;
    }

    if (cors->expose.len
        && civic_cors_step_set(r, "Access-Control-Expose-Headers",
                               &cors->expose)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return civic_cors_step_allow(r, cors, &origin);
}


static ngx_int_t
civic_cors_step_allow(ngx_http_request_t *r, const civic_cors_t *cors,
    const ngx_str_t *origin)
{
    if (civic_cors_step_set(r, "Access-Control-Allow-Origin",
                            cors->any ? &civic_cors_step_anybody : origin)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return cors->credentials
           ? civic_cors_step_set(r, "Access-Control-Allow-Credentials",
                                 &civic_cors_step_true)
           : NGX_OK;
}


/* NGX_DECLINED: there is none that is listed, or there are two */

static ngx_int_t
civic_cors_step_origin(ngx_http_request_t *r, const civic_cors_t *cors,
    ngx_str_t *origin)
{
    static ngx_str_t  name = ngx_string("origin");

    return civic_headers_in_find(r, civic_headers_in_named, &name, origin)
           == NGX_OK
           && civic_cors_step_listed(cors, origin)
           ? NGX_OK : NGX_DECLINED;
}


static ngx_uint_t
civic_cors_step_listed(const civic_cors_t *cors, const ngx_str_t *origin)
{
    ngx_uint_t            i;
    civic_cors_origin_t  *listed;

    if (cors->any) {
        return origin->len != 4 || ngx_memcmp(origin->data, "null", 4) != 0;
    }

    listed = cors->origins->elts;

    for (i = 0; i < cors->origins->nelts; i++) {

        if (civic_cors_origin_match(&listed[i], origin)) {
            return 1;
        }
    }

    return 0;
}


/* has the service any such header? */

static ngx_uint_t
civic_cors_step_spoken(ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    static const ngx_str_t  prefix = ngx_string("access-control-");

    for (part = &r->headers_out.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (h[i].hash != 0
                && h[i].key.len > prefix.len
                && ngx_strncasecmp(h[i].key.data, prefix.data, prefix.len)
                   == 0)
            {
                return 1;
            }
        }
    }

    return 0;
}


static ngx_int_t
civic_cors_step_set(ngx_http_request_t *r, const char *name,
    const ngx_str_t *value)
{
    return civic_headers_out_add(r, name, (ngx_str_t *) value) ? NGX_OK
                                                               : NGX_ERROR;
}
