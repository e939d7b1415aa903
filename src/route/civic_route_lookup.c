
/*
 * Copyright (C) Civic Gate
 *
 * The routing steps of a request: the path rule, the look at the table with
 * the jump into the service's location, and the door of every location,
 * through which a service takes only what a route has sent.
 */


#include "civic_route_conf.h"
#include "civic_route_methods.h"


static ngx_int_t civic_route_find(ngx_http_request_t *r, civic_ctx_t *ctx,
    civic_route_srv_conf_t *rscf);
static ngx_int_t civic_route_hold(ngx_http_request_t *r,
    const civic_route_source_t *source, const civic_route_match_t *match);
static ngx_int_t civic_route_take(ngx_http_request_t *r, civic_ctx_t *ctx,
    civic_route_match_t *match);
static ngx_int_t civic_route_jump(ngx_http_request_t *r, civic_ctx_t *ctx);
static ngx_int_t civic_route_method(ngx_http_request_t *r, civic_ctx_t *ctx,
    ngx_uint_t allow);
static ngx_uint_t civic_route_accel(ngx_http_request_t *r, civic_ctx_t *ctx);
static ngx_str_t civic_route_written(ngx_http_request_t *r);


#define CIVIC_ROUTE_ALLOW_MAX  128


ngx_int_t
civic_route_check_path(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    civic_route_srv_conf_t  *rscf;

    rscf = ngx_http_get_module_srv_conf(r, ngx_http_civic_route_module);

    if (rscf->table == NULL) {
        return NGX_DECLINED;
    }

    /* nginx flags neither a raw backslash nor an encoded one */

    if (!r->complex_uri
        && !r->quoted_uri
        && ngx_strlchr(r->uri.data, r->uri.data + r->uri.len, '\\') == NULL)
    {
        return NGX_DECLINED;
    }

    if (civic_route_path_check(&r->unparsed_uri, &r->uri) == NGX_OK) {
        return NGX_DECLINED;
    }

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "civic route: path is not in canonical form");

    return civic_refuse(ctx, CIVIC_PATH_REFUSED, NULL);
}


ngx_int_t
civic_route_lookup(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    civic_route_srv_conf_t  *rscf;

    rscf = ngx_http_get_module_srv_conf(r, ngx_http_civic_route_module);

    if (rscf->table == NULL) {
        return NGX_DECLINED;
    }

    if (!civic_route_accel(r, ctx)) {
        return civic_refuse(ctx, CIVIC_ACCEL_REDIRECT_REFUSED, NULL);
    }

    return civic_route_find(r, ctx, rscf);
}


/*
 * The door of a location.  A URI that has changed since it was looked up
 * came from `rewrite ... last` in a location: it is looked up anew.  Not so
 * in a named location, whose choice was the operator's.
 */

ngx_int_t
civic_route_admit(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    ngx_int_t                  rc;
    ngx_str_t                  path;
    civic_route_srv_conf_t    *rscf;
    civic_route_loc_conf_t    *rlcf;
    ngx_http_core_loc_conf_t  *clcf;

    rscf = ngx_http_get_module_srv_conf(r, ngx_http_civic_route_module);

    if (rscf->table == NULL) {
        return NGX_DECLINED;
    }

    if (!civic_route_accel(r, ctx)) {
        return civic_refuse(ctx, CIVIC_ACCEL_REDIRECT_REFUSED, NULL);
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (!clcf->named
        && (ctx->looked_up.data != r->uri.data
            || ctx->looked_up.len != r->uri.len))
    {
        rc = civic_route_find(r, ctx, rscf);

        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    rlcf = ngx_http_get_module_loc_conf(r, ngx_http_civic_route_module);

    ctx->admitted = rlcf;

    if (rlcf->service == NULL || civic_route_arrived(r, ctx)) {
        return NGX_DECLINED;
    }

    path = civic_route_written(r);

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "civic route: no route leads \"%V\" into location \"%V\"",
                  &path, &rlcf->service->name);

    return civic_refuse(ctx, CIVIC_NO_ROUTE, &rlcf->service->pos);
}


ngx_uint_t
civic_route_arrived(ngx_http_request_t *r, const civic_ctx_t *ctx)
{
    civic_route_loc_conf_t  *rlcf;

    rlcf = ngx_http_get_module_loc_conf(r, ngx_http_civic_route_module);

    return ctx->route != NULL && ctx->service == rlcf->service;
}


static ngx_int_t
civic_route_find(ngx_http_request_t *r, civic_ctx_t *ctx,
    civic_route_srv_conf_t *rscf)
{
    ngx_int_t            rc;
    ngx_str_t            path;
    civic_route_match_t  match;

    ctx->looked_up = r->uri;
    ctx->route = NULL;

    rc = civic_route_find_method(r, r->method, &match);

    if (r->method == NGX_HTTP_OPTIONS) {
        rc = civic_route_preflight_find(r, ctx, rc, &match);
    }

    switch (rc) {

    case NGX_OK:
        if (civic_route_hold(r, rscf->source, &match) != NGX_OK
            || civic_route_take(r, ctx, &match) != NGX_OK)
        {
            return NGX_ERROR;
        }

        return civic_route_jump(r, ctx);

    case NGX_HTTP_NOT_ALLOWED:
        return civic_route_method(r, ctx, match.allow);

    case NGX_DECLINED:
        return NGX_DECLINED;
    }

    path = civic_route_written(r);

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "civic route: a regular expression hit its match limit "
                  "on \"%V\"", &path);

    return civic_refuse(ctx, CIVIC_PATH_REFUSED, NULL);
}


ngx_int_t
civic_route_find_method(ngx_http_request_t *r, ngx_uint_t method,
    civic_route_match_t *match)
{
    ngx_int_t                   rc;
    civic_route_srv_conf_t     *rscf;
    const civic_route_table_t  *table;

    rscf = ngx_http_get_module_srv_conf(r, ngx_http_civic_route_module);

    rc = civic_route_table_find(rscf->table, &r->uri, method, match);

    if (rc != NGX_DECLINED || rscf->source == NULL) {
        return rc;
    }

    table = rscf->source->table(rscf->source->data);

    return table ? civic_route_table_find(table, &r->uri, method, match)
                 : NGX_DECLINED;
}


/* routes of a source may go while the request is there */

static ngx_int_t
civic_route_hold(ngx_http_request_t *r, const civic_route_source_t *source,
    const civic_route_match_t *match)
{
    return match->route->rules ? source->hold(r, match->route) : NGX_OK;
}


static ngx_int_t
civic_route_take(ngx_http_request_t *r, civic_ctx_t *ctx,
    civic_route_match_t *match)
{
    size_t  size;

    /* not read now, nor is its name, which lies behind it; but soon */

    __builtin_prefetch(&match->route->name);
    __builtin_prefetch(match->route + 1);

    size = match->nvalues * sizeof(ngx_str_t);

    if (size != 0) {
        ctx->params = ngx_palloc(r->pool, size);
        if (ctx->params == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(ctx->params, match->values, size);
    }

    ctx->route = match->route;
    ctx->service = match->service;

    if (ctx == ctx->main) {
        ctx->last_route = match->route;
    }

    return NGX_OK;
}


/*
 * Straight into the location, as ngx_http_core_find_config_phase() would
 * go.  That phase is passed over, so its checks are repeated here.
 */

static ngx_int_t
civic_route_jump(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    ngx_http_core_loc_conf_t   *clcf;
    ngx_http_core_main_conf_t  *cmcf;

    r->loc_conf = ctx->service->loc_conf;
    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (!r->internal && clcf->internal) {
        return civic_refuse(ctx, CIVIC_INTERNAL_LOCATION, &ctx->route->pos);
    }

    /* or the location left by error_page would answer again */

    r->content_handler = NULL;
    r->uri_changed = 0;

    ngx_http_update_location_config(r);

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (r->headers_in.content_length_n != -1
        && !r->discard_body
        && clcf->client_max_body_size
        && clcf->client_max_body_size < r->headers_in.content_length_n)
    {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "client intended to send too large body: %O bytes",
                      r->headers_in.content_length_n);

        return civic_refuse(ctx, CIVIC_BODY_TOO_LARGE, &ctx->route->pos);
    }

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);

    /* the phase checker adds one */

    r->phase_handler = cmcf->phase_engine.location_rewrite_index - 1;

    return NGX_OK;
}


static ngx_int_t
civic_route_method(ngx_http_request_t *r, civic_ctx_t *ctx, ngx_uint_t allow)
{
    if (civic_route_allow(r, allow|NGX_HTTP_OPTIONS, "Allow") != NGX_OK) {
        return NGX_ERROR;
    }

    if (r->method == NGX_HTTP_OPTIONS) {
        return NGX_HTTP_NO_CONTENT;
    }

    return civic_refuse(ctx, CIVIC_METHOD_NOT_ALLOWED, NULL);
}


ngx_int_t
civic_route_allow(ngx_http_request_t *r, ngx_uint_t methods,
    const char *header)
{
    u_char                    *p;
    ngx_str_t                  value;
    const ngx_conf_bitmask_t  *m;

    value.data = ngx_pnalloc(r->pool, CIVIC_ROUTE_ALLOW_MAX);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    p = value.data;

    for (m = civic_route_method_names; m->name.len; m++) {

        if (!(methods & m->mask)) {
            continue;
        }

        if (p != value.data) {
            *p++ = ',';
            *p++ = ' ';
        }

        p = ngx_cpymem(p, m->name.data, m->name.len);
    }

    value.len = p - value.data;

    return civic_headers_out_add(r, header, &value) ? NGX_OK : NGX_ERROR;
}


/*
 * May the request be here, if an X-Accel-Redirect sent it?  The location
 * that it left decides, once for each answer of an upstream.
 */

static ngx_uint_t
civic_route_accel(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    const civic_route_loc_conf_t  *from;

    if (!r->internal
        || r->upstream == NULL
        || r->upstream->headers_in.x_accel_redirect == NULL
        || (r->upstream->conf->ignore_headers
            & NGX_HTTP_UPSTREAM_IGN_XA_REDIRECT)
        || r->upstream == ctx->accel)
    {
        return 1;
    }

    ctx->accel = r->upstream;
    from = ctx->admitted;

    if (from != NULL && from->accel_redirect) {
        return 1;
    }

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "civic route: X-Accel-Redirect refused, "
                  "civic_accel_redirect is off");

    return 0;
}


/*
 * The path, for the log: as a client would have to write it.  An upstream's
 * X-Accel-Redirect brings what no client may, line feeds among it.
 */

static ngx_str_t
civic_route_written(ngx_http_request_t *r)
{
    uintptr_t  more;
    ngx_str_t  path;

    more = 2 * ngx_escape_uri(NULL, r->uri.data, r->uri.len, NGX_ESCAPE_URI);

    path.len = r->uri.len + more;
    path.data = ngx_pnalloc(r->pool, path.len);

    if (path.data == NULL) {
        ngx_str_null(&path);
        return path;
    }

    (void) ngx_escape_uri(path.data, r->uri.data, r->uri.len,
                          NGX_ESCAPE_URI);

    return path;
}
