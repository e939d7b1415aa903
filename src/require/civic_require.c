
/*
 * Copyright (C) Civic Gate
 *
 * The step: civic_require lines of the location, then what the route that
 * the request came by requires.  All must be met.
 */


#include "civic_require_conf.h"
#include "civic_auth_headers.h"
#include "civic_route.h"


static ngx_int_t civic_require_all(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_require_set_t *set);
static ngx_uint_t civic_require_any(const civic_ctx_t *ctx,
    const ngx_array_t *scopes);
static ngx_int_t civic_require_refuse(ngx_http_request_t *r,
    civic_ctx_t *ctx, const ngx_array_t *scopes, const civic_pos_t *pos);


ngx_int_t
civic_require_authorise(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    ngx_int_t                   rc;
    civic_require_loc_conf_t   *rlcf;
    const civic_require_set_t  *set;

    rlcf = ngx_http_get_module_loc_conf(r, ngx_http_civic_require_module);

    if (rlcf->set != NULL) {
        rc = civic_require_all(r, ctx, rlcf->set);

        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    if (!civic_route_arrived(r, ctx)) {
        return NGX_DECLINED;
    }

    set = civic_auth_terms_require(r, ctx);

    if (set != NULL) {
        return civic_require_all(r, ctx, set);
    }

    if (ctx->route->scopes != NULL
        && !civic_require_any(ctx, ctx->route->scopes))
    {
        return civic_require_refuse(r, ctx, ctx->route->scopes,
                                    &ctx->route->pos);
    }

    return NGX_DECLINED;
}


static ngx_int_t
civic_require_all(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_require_set_t *set)
{
    ngx_uint_t              i;
    civic_require_rule_t  **rule;

    rule = set->rules.elts;

    for (i = 0; i < set->rules.nelts; i++) {

        if (!civic_require_any(ctx, rule[i]->scopes)) {
            return civic_require_refuse(r, ctx, rule[i]->scopes,
                                        &rule[i]->pos);
        }
    }

    return NGX_DECLINED;
}


static ngx_uint_t
civic_require_any(const civic_ctx_t *ctx, const ngx_array_t *scopes)
{
    ngx_str_t   *scope;
    ngx_uint_t   i;

    if (ctx->identity == NULL) {
        return 0;
    }

    scope = scopes->elts;

    for (i = 0; i < scopes->nelts; i++) {

        if (civic_require_granted(&scope[i], &ctx->identity->scope)) {
            return 1;
        }
    }

    return 0;
}


ngx_uint_t
civic_require_granted(const ngx_str_t *word, const ngx_str_t *list)
{
    u_char  *p, *last, *space;

    last = list->data + list->len;

    for (p = list->data; p < last; p = space + 1) {

        space = ngx_strlchr(p, last, ' ');
        if (space == NULL) {
            space = last;
        }

        if ((size_t) (space - p) == word->len
            && ngx_memcmp(p, word->data, word->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* somebody unknown is asked who he is, somebody known is told what lacks */

static ngx_int_t
civic_require_refuse(ngx_http_request_t *r, civic_ctx_t *ctx,
    const ngx_array_t *scopes, const civic_pos_t *pos)
{
    size_t       len;
    u_char      *p;
    ngx_str_t   *scope, challenge;
    ngx_uint_t   i;

    static ngx_str_t  head =
                   ngx_string("Bearer error=\"insufficient_scope\", scope=\"");

    if (ctx->identity == NULL) {
        return civic_auth_ask(r, ctx, pos);
    }

    scope = scopes->elts;
    len = head.len + sizeof("\"") - 1;

    for (i = 0; i < scopes->nelts; i++) {
        len += scope[i].len + 1;
    }

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    challenge.data = p;

    p = ngx_cpymem(p, head.data, head.len);

    for (i = 0; i < scopes->nelts; i++) {

        if (i) {
            *p++ = ' ';
        }

        p = ngx_cpymem(p, scope[i].data, scope[i].len);
    }

    *p++ = '"';

    challenge.len = p - challenge.data;

    civic_auth_headers_unchallenge(r);

    if (civic_auth_headers_challenge(r, &challenge) != NGX_OK) {
        return NGX_ERROR;
    }

    return civic_refuse(ctx, CIVIC_SCOPE_DENIED, pos);
}
