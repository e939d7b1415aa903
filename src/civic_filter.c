
/*
 * Copyright (C) Civic Gate
 *
 * The gate's place among the response filters, and their order: the gate's
 * own page in place of the one that nginx makes when a service cannot be
 * reached, a body is too large and the like; plugins that filter; limit
 * headers, and those of CORS.  Where none of this is in force, answers of
 * services and pages of the operator pass untouched.
 */


#include "civic.h"
#include "civic_cors.h"
#include "civic_reply.h"
#include "civic_limit.h"
#include "civic_filter_plugins.h"


static ngx_int_t civic_filter_header(ngx_http_request_t *r);
static ngx_int_t civic_filter_body(ngx_http_request_t *r, ngx_chain_t *in);
static ngx_int_t civic_filter_send_header(ngx_http_request_t *r,
    civic_ctx_t *ctx);
static ngx_int_t civic_filter_send_held(ngx_http_request_t *r,
    civic_ctx_t *ctx, ngx_chain_t *out);
static const civic_problem_t *civic_filter_problem(ngx_http_request_t *r,
    civic_ctx_t *ctx);
static ngx_int_t civic_filter_init(ngx_conf_t *cf);


static ngx_http_module_t  civic_filter_module_ctx = {
    NULL,                                  /* preconfiguration */
    civic_filter_init,                     /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    NULL,                                  /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_http_civic_filter_module = {
    NGX_MODULE_V1,
    &civic_filter_module_ctx,              /* module context */
    NULL,                                  /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


/* what nginx answers by itself once a request is with its service */

static const struct {
    ngx_uint_t       status;
    civic_problem_e  id;
} civic_filter_problems[] = {
    { NGX_HTTP_NOT_FOUND, CIVIC_NOT_FOUND },
    { NGX_HTTP_NOT_ALLOWED, CIVIC_METHOD_NOT_ALLOWED },
    { NGX_HTTP_REQUEST_ENTITY_TOO_LARGE, CIVIC_BODY_TOO_LARGE },
    { NGX_HTTP_INTERNAL_SERVER_ERROR, CIVIC_INTERNAL },
    { NGX_HTTP_BAD_GATEWAY, CIVIC_BAD_GATEWAY },
    { NGX_HTTP_SERVICE_UNAVAILABLE, CIVIC_UNAVAILABLE },
    { NGX_HTTP_GATEWAY_TIME_OUT, CIVIC_GATEWAY_TIMEOUT },
    { 0, CIVIC_OK }
};


static ngx_http_output_header_filter_pt  civic_filter_next_header;
static ngx_http_output_body_filter_pt    civic_filter_next_body;


static ngx_int_t
civic_filter_header(ngx_http_request_t *r)
{
    ngx_int_t               rc;
    civic_ctx_t            *ctx;
    const civic_problem_t  *problem;

    ctx = r == r->main ? civic_ctx_get(r) : NULL;

    problem = ctx ? civic_filter_problem(r, ctx) : NULL;

    if (problem != NULL) {
        ctx->page = civic_reply_page(r, ctx, r->err_status, problem);
        if (ctx->page == NULL) {
            return NGX_ERROR;
        }

        if (ctx->problem == NULL) {
            ctx->problem = problem;
        }
    }

    rc = civic_filter_plugins_header(r, ctx);

    return rc == NGX_DECLINED ? civic_filter_send_header(r, ctx) : rc;
}


static ngx_int_t
civic_filter_send_header(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    if (ctx != NULL
        && ctx->limit != NULL
        && civic_limit_add_headers(r, ctx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ctx != NULL && civic_cors_add_headers(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    return civic_filter_next_header(r);
}


static ngx_int_t
civic_filter_body(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_int_t     rc;
    civic_ctx_t  *ctx;
    ngx_chain_t  *out;

    ctx = r == r->main ? civic_ctx_get(r) : NULL;

    if (ctx == NULL) {
        return civic_filter_next_body(r, in);
    }

    /* nginx's page is static memory in a single chain: it is just left */

    if (ctx->page != NULL && in != NULL) {
        out = ctx->page;
        ctx->page = NULL;

        return civic_filter_next_body(r, out);
    }

    if (ctx->filter == NULL) {
        return civic_filter_next_body(r, in);
    }

    rc = civic_filter_plugins_body(r, ctx, in, &out);

    switch (rc) {

    case NGX_DECLINED:
        return civic_filter_next_body(r, in);

    case NGX_OK:
        return civic_filter_send_held(r, ctx, out);

    case NGX_DONE:
        (void) civic_filter_send_held(r, ctx, out);
        return NGX_ERROR;

    case NGX_AGAIN:
        return NGX_OK;
    }

    return NGX_ERROR;
}


/* an answer to HEAD is its header */

static ngx_int_t
civic_filter_send_held(ngx_http_request_t *r, civic_ctx_t *ctx,
    ngx_chain_t *out)
{
    ngx_int_t  rc;

    rc = civic_filter_send_header(r, ctx);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc > NGX_OK ? NGX_ERROR : rc;
    }

    return civic_filter_next_body(r, out);
}


/*
 * NULL unless this is nginx's own error page for a routed request: then
 * err_status is set, and no internal redirect has put the operator's page
 * in its place.
 */

static const civic_problem_t *
civic_filter_problem(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    ngx_uint_t  i;

    if (ctx->replied
        || ctx->route == NULL
        || r->err_status < NGX_HTTP_BAD_REQUEST
        || r->err_status != r->headers_out.status
        || r->internal)
    {
        return NULL;
    }

    for (i = 0; civic_filter_problems[i].status; i++) {

        if (civic_filter_problems[i].status == r->err_status) {
            return &civic_problems[civic_filter_problems[i].id];
        }
    }

    return NULL;
}


static ngx_int_t
civic_filter_init(ngx_conf_t *cf)
{
    civic_main_conf_t  *mcf;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_civic_module);

    if (!mcf->used) {
        return NGX_OK;
    }

    civic_filter_next_header = ngx_http_top_header_filter;
    ngx_http_top_header_filter = civic_filter_header;

    civic_filter_next_body = ngx_http_top_body_filter;
    ngx_http_top_body_filter = civic_filter_body;

    return NGX_OK;
}
