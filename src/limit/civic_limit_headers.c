
/*
 * Copyright (C) Civic Gate
 *
 * What the client is told about limits, after
 * draft-ietf-httpapi-ratelimit-headers:
 *
 *     RateLimit-Policy: "address";q=101;w=3, "citizen";q=21;w=3
 *     RateLimit: "address";r=99;t=1, "citizen";r=19;t=1
 *     Retry-After: 2
 *
 * q requests may come at once, and are paid for in w seconds; r more would
 * pass now; in t seconds it is q again.  Policies that did not concern the
 * request, or were judged after its refusal, have no RateLimit; those of
 * other classes of callers are not named either.
 */


#include "civic_limit_conf.h"


#define CIVIC_LIMIT_ITEM_LEN                                                  \
    (sizeof("\"\";r=;t=, ") - 1 + 2 * NGX_INT64_LEN)


static ngx_int_t civic_limit_headers_state(ngx_http_request_t *r,
    civic_limit_ctx_t *lctx);
static ngx_int_t civic_limit_headers_policies(ngx_http_request_t *r,
    civic_limit_ctx_t *lctx);
static ngx_int_t civic_limit_headers_retry_after(ngx_http_request_t *r,
    civic_limit_ctx_t *lctx);
static civic_limit_item_t *civic_limit_headers_item(civic_limit_ctx_t *lctx,
    const civic_limit_policy_t *policy);


ngx_int_t
civic_limit_add_headers(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    civic_limit_ctx_t  *lctx;

    lctx = ctx->main->limit;

    if (lctx == NULL) {
        return NGX_OK;
    }

    if (lctx->set != NULL && civic_limit_headers_state(r, lctx) != NGX_OK) {
        return NGX_ERROR;
    }

    return civic_limit_headers_retry_after(r, lctx);
}


static ngx_int_t
civic_limit_headers_state(ngx_http_request_t *r, civic_limit_ctx_t *lctx)
{
    size_t                    len;
    u_char                   *p;
    ngx_str_t                 value;
    ngx_uint_t                i;
    civic_limit_item_t       *item;
    civic_limit_report_t      report;
    const civic_limit_set_t  *set;

    set = lctx->set;
    len = set->header.len + set->n * CIVIC_LIMIT_ITEM_LEN;

    value.data = ngx_pnalloc(r->pool, len);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    p = value.data;

    for (i = 0; i < set->n; i++) {

        item = civic_limit_headers_item(lctx, set->uses[i].policy);

        if (item == NULL) {
            continue;
        }

        civic_limit_gcra_report(&item->use->policy->gcra, &item->tat,
                                item->now, &report);

        p = ngx_slprintf(p, value.data + len, "%s\"%V\";r=%uL;t=%uL",
                         p == value.data ? "" : ", ",
                         &item->use->policy->name, report.remaining,
                         report.reset);
    }

    value.len = p - value.data;

    if (value.len == 0) {
        return NGX_OK;
    }

    if (civic_limit_headers_policies(r, lctx) != NGX_OK
        || civic_headers_out_add(r, "RateLimit", &value) == NULL)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
civic_limit_headers_policies(ngx_http_request_t *r, civic_limit_ctx_t *lctx)
{
    u_char                   *p;
    ngx_str_t                 value;
    ngx_uint_t                i;
    const civic_limit_use_t  *use;

    value = lctx->set->header;

    if (lctx->set->classed) {
        p = ngx_pnalloc(r->pool, value.len);
        if (p == NULL) {
            return NGX_ERROR;
        }

        value.data = p;
        use = lctx->set->uses;

        for (i = 0; i < lctx->set->n; i++) {

            if (use[i].classes == NULL
                || civic_limit_headers_item(lctx, use[i].policy) != NULL)
            {
                p = ngx_sprintf(p, "%s%V", p == value.data ? "" : ", ",
                                &use[i].policy->header);
            }
        }

        value.len = p - value.data;
    }

    return civic_headers_out_add(r, "RateLimit-Policy", &value) ? NGX_OK
                                                                : NGX_ERROR;
}


static ngx_int_t
civic_limit_headers_retry_after(ngx_http_request_t *r,
    civic_limit_ctx_t *lctx)
{
    ngx_str_t  value;

    if (lctx->retry_after == 0) {
        return NGX_OK;
    }

    value.data = ngx_pnalloc(r->pool, NGX_INT64_LEN);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    value.len = ngx_sprintf(value.data, "%uL", lctx->retry_after)
                - value.data;

    if (civic_headers_out_add(r, "Retry-After", &value) == NULL) {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* counted last, where a redirect has changed what the policy counts by */

static civic_limit_item_t *
civic_limit_headers_item(civic_limit_ctx_t *lctx,
    const civic_limit_policy_t *policy)
{
    ngx_uint_t           i;
    civic_limit_item_t  *item;

    item = lctx->items.elts;

    for (i = lctx->items.nelts; i > 0; i--) {

        if (item[i - 1].use->policy == policy && item[i - 1].now != 0) {
            return &item[i - 1];
        }
    }

    return NULL;
}
