
/*
 * Copyright (C) Civic Gate
 *
 * The two steps of the pipeline that limit.  Each evaluates the keys of its
 * policies, has them judged together, and says what that means for the
 * request.  What was judged for a client request is remembered in its
 * context, so that no policy is charged for the same key twice, whatever
 * internal redirects it goes through; subrequests are not charged at all.
 *
 * With dry run a request that would be refused is logged and counted as
 * such, and passes without a charge; the client is told nothing.
 *
 * Keys are personal data: they are hashed, and not logged by us.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <sodium.h>

#include "civic_limit_conf.h"
#include "civic_auth.h"
#include "civic_route.h"
#include "civic_status.h"


static const civic_limit_set_t *civic_limit_check_set(ngx_http_request_t *r,
    const civic_ctx_t *ctx);
static ngx_int_t civic_limit_check(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_limit_set_t *set, ngx_uint_t from, ngx_uint_t to);
static ngx_int_t civic_limit_check_context(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_limit_set_t *set);
static ngx_uint_t civic_limit_check_concerns(const civic_ctx_t *ctx,
    const civic_limit_use_t *use);
static ngx_int_t civic_limit_check_item(ngx_http_request_t *r,
    civic_limit_ctx_t *lctx, civic_limit_item_t *item);
static ngx_int_t civic_limit_check_key(ngx_http_request_t *r,
    civic_limit_item_t *item);
static ngx_uint_t civic_limit_check_judged(civic_limit_ctx_t *lctx,
    civic_limit_item_t *item);
static void civic_limit_check_settle(ngx_http_request_t *r,
    civic_limit_item_t *items, ngx_uint_t n, ngx_int_t rc);
static ngx_int_t civic_limit_check_remember(civic_limit_ctx_t *lctx,
    civic_limit_item_t *items, ngx_uint_t n);
static void civic_limit_check_passed(civic_ctx_t *ctx);
static ngx_int_t civic_limit_check_refused(ngx_http_request_t *r,
    civic_ctx_t *ctx, civic_limit_item_t *items, ngx_uint_t n);
static ngx_int_t civic_limit_check_denied(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_limit_use_t *use);
static ngx_uint_t civic_limit_check_verdict(ngx_http_request_t *r,
    civic_ctx_t *ctx);


ngx_int_t
civic_limit_early(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    const civic_limit_set_t  *set;

    set = civic_limit_check_set(r, ctx);

    if (set == NULL || set->nearly == 0 || r != r->main) {
        return NGX_DECLINED;
    }

    return civic_limit_check(r, ctx, set, 0, set->nearly);
}


ngx_int_t
civic_limit_late(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    const civic_limit_set_t  *set;

    set = civic_limit_check_set(r, ctx);

    if (set == NULL || set->nearly == set->n || r != r->main) {
        return NGX_DECLINED;
    }

    return civic_limit_check(r, ctx, set, set->nearly, set->n);
}


/* the location's, or those of the one route that led into it */

static const civic_limit_set_t *
civic_limit_check_set(ngx_http_request_t *r, const civic_ctx_t *ctx)
{
    civic_limit_loc_conf_t  *llcf;

    if (ctx->route != NULL
        && ctx->route->rules != NULL
        && ctx->route->rules->limit != NULL
        && civic_route_arrived(r, ctx))
    {
        return ctx->route->rules->limit;
    }

    llcf = ngx_http_get_module_loc_conf(r, ngx_http_civic_limit_module);

    return llcf->set;
}


static ngx_int_t
civic_limit_check(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_limit_set_t *set, ngx_uint_t from, ngx_uint_t to)
{
    ngx_int_t                 rc;
    ngx_uint_t                i, n;
    civic_limit_item_t        items[CIVIC_LIMIT_MAX];
    civic_limit_main_conf_t  *lmcf;

    if (civic_limit_check_context(r, ctx, set) != NGX_OK) {
        return NGX_ERROR;
    }

    n = 0;

    for (i = from; i < to; i++) {
        items[n].use = &set->uses[i];

        rc = civic_limit_check_concerns(ctx, &set->uses[i])
             ? civic_limit_check_item(r, ctx->limit, &items[n])
             : NGX_DECLINED;

        if (rc == NGX_OK) {
            n++;
            continue;
        }

        if (rc == NGX_BUSY) {
            rc = civic_limit_check_denied(r, ctx, &set->uses[i]);
        }

        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    if (n == 0) {
        return NGX_DECLINED;
    }

    lmcf = ngx_http_get_module_main_conf(r, ngx_http_civic_limit_module);

    rc = civic_limit_zone_judge(lmcf, items, n, r->connection->log);

    civic_limit_check_settle(r, items, n, rc);

    if (rc == NGX_ERROR
        || civic_limit_check_remember(ctx->limit, items, n) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (rc == NGX_BUSY) {
        return civic_limit_check_refused(r, ctx, items, n);
    }

    civic_limit_check_passed(ctx);

    return NGX_DECLINED;
}


/* headers tell of the location whose limits were judged last */

static ngx_int_t
civic_limit_check_context(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_limit_set_t *set)
{
    civic_limit_ctx_t       *lctx;
    civic_limit_loc_conf_t  *llcf;

    lctx = ctx->limit;

    if (lctx == NULL) {
        lctx = ngx_pcalloc(r->pool, sizeof(civic_limit_ctx_t));
        if (lctx == NULL) {
            return NGX_ERROR;
        }

        if (ngx_array_init(&lctx->items, r->pool, set->n,
                           sizeof(civic_limit_item_t))
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        ctx->limit = lctx;
    }

    llcf = ngx_http_get_module_loc_conf(r, ngx_http_civic_limit_module);

    lctx->set = llcf->dry_run ? NULL : set;

    return NGX_OK;
}


static ngx_uint_t
civic_limit_check_concerns(const civic_ctx_t *ctx,
    const civic_limit_use_t *use)
{
    ngx_str_t         *name;
    ngx_uint_t         i;
    const ngx_str_t   *class;

    if (use->classes == NULL) {
        return 1;
    }

    class = civic_auth_class(ctx);
    name = use->classes->elts;

    for (i = 0; class && i < use->classes->nelts; i++) {

        if (name[i].len == class->len
            && ngx_memcmp(name[i].data, class->data, class->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/*
 * NGX_OK: to be judged; NGX_DECLINED: the policy does not concern this
 * request, or was judged before; NGX_BUSY: no key, and that is refused.
 */

static ngx_int_t
civic_limit_check_item(ngx_http_request_t *r, civic_limit_ctx_t *lctx,
    civic_limit_item_t *item)
{
    ngx_int_t  rc;

    rc = civic_limit_check_key(r, item);

    if (rc != NGX_OK && rc != NGX_BUSY) {
        return rc;
    }

    if (civic_limit_check_judged(lctx, item)) {
        return NGX_DECLINED;
    }

    if (rc == NGX_BUSY) {
        item->refused = 1;
        civic_limit_check_settle(r, item, 1, rc);

        if (civic_limit_check_remember(lctx, item, 1) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return rc;
}


static ngx_int_t
civic_limit_check_key(ngx_http_request_t *r, civic_limit_item_t *item)
{
    u_char                *hash_key;
    ngx_str_t              key;
    civic_limit_policy_t  *policy;

    policy = item->use->policy;
    hash_key = policy->by_key;

    if (ngx_http_complex_value(r, &policy->key, &key) != NGX_OK) {
        return NGX_ERROR;
    }

    if (key.len == 0) {

        switch (policy->anonymous) {

        case CIVIC_LIMIT_SKIP:
            return NGX_DECLINED;

        case CIVIC_LIMIT_DENY:
            item->now = 0;
            ngx_memzero(item->key, CIVIC_SHM_KEY_LEN);
            return NGX_BUSY;
        }

        hash_key = policy->by_address;
        key = r->connection->addr_text;
    }

    crypto_shorthash_siphashx24(item->key, key.data, key.len, hash_key);

    return NGX_OK;
}


static ngx_uint_t
civic_limit_check_judged(civic_limit_ctx_t *lctx, civic_limit_item_t *item)
{
    ngx_uint_t           i;
    civic_limit_item_t  *judged;

    judged = lctx->items.elts;

    for (i = 0; i < lctx->items.nelts; i++) {

        if (judged[i].settled
            && judged[i].use->policy == item->use->policy
            && ngx_memcmp(judged[i].key, item->key, CIVIC_SHM_KEY_LEN) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/*
 * A policy that was asked, but not charged because another refused, or
 * because it was only a rehearsal, is asked again where a redirect leads.
 */

static void
civic_limit_check_settle(ngx_http_request_t *r, civic_limit_item_t *items,
    ngx_uint_t n, ngx_int_t rc)
{
    ngx_uint_t               i;
    civic_limit_loc_conf_t  *llcf;

    llcf = ngx_http_get_module_loc_conf(r, ngx_http_civic_limit_module);

    for (i = 0; i < n; i++) {
        items[i].settled = (rc == NGX_OK)
                           || (items[i].refused && !llcf->dry_run);
    }
}


static ngx_int_t
civic_limit_check_remember(civic_limit_ctx_t *lctx, civic_limit_item_t *items,
    ngx_uint_t n)
{
    civic_limit_item_t  *judged;

    judged = ngx_array_push_n(&lctx->items, n);
    if (judged == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(judged, items, n * sizeof(civic_limit_item_t));

    return NGX_OK;
}


static void
civic_limit_check_passed(civic_ctx_t *ctx)
{
    civic_status_count(CIVIC_METRIC_LIMIT_PASSED, 1);

    if (ctx->limit_status == CIVIC_LIMIT_NONE) {
        ctx->limit_status = CIVIC_LIMIT_PASSED;
    }
}


/* the policy that asks for the longest wait is the one to be named */

static ngx_int_t
civic_limit_check_refused(ngx_http_request_t *r, civic_ctx_t *ctx,
    civic_limit_item_t *items, ngx_uint_t n)
{
    uint64_t                  wait;
    ngx_uint_t                i, dry_run;
    const civic_limit_use_t  *use;
    civic_limit_report_t      report;
    civic_limit_loc_conf_t   *llcf;

    use = NULL;
    wait = 0;

    for (i = 0; i < n; i++) {

        if (!items[i].refused) {
            continue;
        }

        civic_limit_gcra_report(&items[i].use->policy->gcra, &items[i].tat,
                                items[i].now, &report);

        if (report.retry_after > wait) {
            wait = report.retry_after;
            use = items[i].use;
        }
    }

    llcf = ngx_http_get_module_loc_conf(r, ngx_http_civic_limit_module);

    dry_run = civic_limit_check_verdict(r, ctx);

    ngx_log_error(llcf->log_level, r->connection->log, 0,
                  "civic limit: policy \"%V\" refused%s, retry after %uLs",
                  &use->name, dry_run ? " in dry run" : "", wait);

    if (dry_run) {
        return NGX_DECLINED;
    }

    ctx->limit->retry_after = wait;

    (void) civic_refuse(ctx, CIVIC_RATE_LIMITED, use->pos);

    return llcf->status;
}


static ngx_int_t
civic_limit_check_denied(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_limit_use_t *use)
{
    ngx_uint_t               dry_run;
    civic_limit_loc_conf_t  *llcf;

    llcf = ngx_http_get_module_loc_conf(r, ngx_http_civic_limit_module);

    dry_run = civic_limit_check_verdict(r, ctx);

    ngx_log_error(llcf->log_level, r->connection->log, 0,
                  "civic limit: policy \"%V\" refused%s, no key",
                  &use->name, dry_run ? " in dry run" : "");

    if (dry_run) {
        return NGX_DECLINED;
    }

    return civic_refuse(ctx, CIVIC_ANONYMOUS_DENIED, use->pos);
}


/* notes and counts a refusal; true: it is one in dry run */

static ngx_uint_t
civic_limit_check_verdict(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    civic_limit_loc_conf_t  *llcf;

    llcf = ngx_http_get_module_loc_conf(r, ngx_http_civic_limit_module);

    if (!llcf->dry_run) {
        civic_status_count(CIVIC_METRIC_LIMIT_REFUSED, 1);
        ctx->limit_status = CIVIC_LIMIT_REFUSED;
        return 0;
    }

    civic_status_count(CIVIC_METRIC_LIMIT_DRY_RUN, 1);

    if (ctx->limit_status != CIVIC_LIMIT_REFUSED) {
        ctx->limit_status = CIVIC_LIMIT_DRY_RUN;
    }

    return 1;
}
