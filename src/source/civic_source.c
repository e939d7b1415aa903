
/*
 * Copyright (C) Civic Gate
 *
 * The values that sources name, of a request.
 */


#include "civic_source.h"
#include "civic_auth.h"
#include "civic_route.h"
#include "civic_source_text.h"


typedef ngx_int_t (*civic_source_get_pt)(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_source_t *source, ngx_str_t *value);


static ngx_int_t civic_source_get_param(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_source_t *source, ngx_str_t *value);
static ngx_int_t civic_source_get_query(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_source_t *source, ngx_str_t *value);
static ngx_int_t civic_source_get_header(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_source_t *source, ngx_str_t *value);
static ngx_int_t civic_source_get_cookie(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_source_t *source, ngx_str_t *value);
static ngx_int_t civic_source_get_claim(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_source_t *source, ngx_str_t *value);


/* in the order of civic_source_e */

static const civic_source_get_pt  civic_source_getters[] = {
    civic_source_get_param,
    civic_source_get_query,
    civic_source_get_header,
    civic_source_get_cookie,
    civic_source_get_claim
};


ngx_int_t
civic_source_get(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_source_t *source, ngx_str_t *value)
{
    return civic_source_getters[source->from](r, ctx, source, value);
}


/* only where the route has led: elsewhere the path is another's */

static ngx_int_t
civic_source_get_param(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_source_t *source, ngx_str_t *value)
{
    ngx_uint_t   i;
    ngx_str_t   *name;

    if (!civic_route_arrived(r, ctx)) {
        return NGX_DECLINED;
    }

    name = ctx->route->params;

    for (i = 0; i < ctx->route->nparams; i++) {

        if (name[i].len != source->name.len
            || ngx_memcmp(name[i].data, source->name.data, name[i].len) != 0)
        {
            continue;
        }

        *value = ctx->params[i];

        return value->len ? civic_source_text_plain(value) : NGX_DECLINED;
    }

    return NGX_DECLINED;
}


static ngx_int_t
civic_source_get_query(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_source_t *source, ngx_str_t *value)
{
    ngx_int_t             rc;
    civic_source_found_t  found;

    ngx_memzero(&found, sizeof(civic_source_found_t));
    found.name = source->name;

    civic_source_text_query(&found, &r->args);

    rc = civic_source_text_verdict(&found);

    return (rc == NGX_OK)
           ? civic_source_text_decode(&found.value, r->pool, value) : rc;
}


static ngx_int_t
civic_source_get_header(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_source_t *source, ngx_str_t *value)
{
    ngx_int_t              rc;
    ngx_uint_t             i;
    ngx_list_part_t       *part;
    ngx_table_elt_t       *h;
    civic_source_found_t   found;

    ngx_memzero(&found, sizeof(civic_source_found_t));
    found.name = source->name;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            civic_source_text_header(&found, &h[i].key, &h[i].value);
        }
    }

    rc = civic_source_text_verdict(&found);
    *value = found.value;

    return (rc == NGX_OK) ? civic_source_text_plain(value) : rc;
}


static ngx_int_t
civic_source_get_cookie(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_source_t *source, ngx_str_t *value)
{
    ngx_int_t              rc;
    ngx_uint_t             i;
    ngx_list_part_t       *part;
    ngx_table_elt_t       *h;
    civic_source_found_t   found;

    ngx_memzero(&found, sizeof(civic_source_found_t));
    found.name = source->name;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (h[i].key.len == sizeof("cookie") - 1
                && ngx_memcmp(h[i].lowcase_key, "cookie", h[i].key.len) == 0)
            {
                civic_source_text_cookie(&found, &h[i].value);
            }
        }
    }

    rc = civic_source_text_verdict(&found);
    *value = found.value;

    return (rc == NGX_OK) ? civic_source_text_octets(value) : rc;
}


static ngx_int_t
civic_source_get_claim(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_source_t *source, ngx_str_t *value)
{
    const civic_json_t  *claim;

    claim = civic_source_claim(r, ctx, source);

    if (claim == NULL) {
        return NGX_DECLINED;
    }

    switch (civic_json_type(claim)) {

    case CIVIC_JSON_NULL:
    case CIVIC_JSON_ARRAY:
    case CIVIC_JSON_OBJECT:
        return NGX_DECLINED;

    default:
        break;
    }

    if (civic_json_text(claim, r->pool, value) != NGX_OK) {
        return NGX_ERROR;
    }

    return value->len ? civic_source_text_plain(value) : NGX_DECLINED;
}


const civic_json_t *
civic_source_claim(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_source_t *source)
{
    const civic_json_t  *claims;

    if (ctx->identity == NULL) {
        return NULL;
    }

    claims = civic_auth_claims(r, ctx->identity);

    return claims ? civic_json_path(claims, &source->name) : NULL;
}
