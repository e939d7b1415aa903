
/*
 * Copyright (C) Civic Gate
 *
 * The context of a request, and how it is found again.  An internal
 * redirect zeroes r->ctx, so the context also hangs on a pool cleanup, whose
 * handler does nothing but to name it.
 */


#include "civic_context.h"


static civic_ctx_t *civic_context_find(ngx_http_request_t *r);
static void civic_context_cleanup(void *data);


/*
 * A clone, as slices and background updates of a cache are, begins behind
 * our phases and goes on as its parent.
 */

civic_ctx_t *
civic_ctx_get(ngx_http_request_t *r)
{
    civic_ctx_t  *ctx;

    for ( ;; ) {

        ctx = civic_context_find(r);

        if (ctx != NULL || r == r->main) {
            return ctx;
        }

        r = r->parent;
    }
}


static civic_ctx_t *
civic_context_find(ngx_http_request_t *r)
{
    civic_ctx_t         *ctx;
    ngx_pool_cleanup_t  *cln;

    ctx = ngx_http_get_module_ctx(r, ngx_http_civic_module);

    if (ctx != NULL || !(r->internal || r->filter_finalize)) {
        return ctx;
    }

    for (cln = r->pool->cleanup; cln; cln = cln->next) {

        if (cln->handler != civic_context_cleanup) {
            continue;
        }

        ctx = cln->data;

        if (ctx->request == r) {
            ngx_http_set_ctx(r, ctx, ngx_http_civic_module);
            return ctx;
        }
    }

    return NULL;
}


civic_ctx_t *
civic_ctx_open(ngx_http_request_t *r)
{
    civic_ctx_t         *ctx, *main;
    ngx_pool_cleanup_t  *cln;

    ctx = civic_context_find(r);
    if (ctx != NULL) {
        return ctx;
    }

    main = NULL;

    if (r != r->main) {
        main = civic_ctx_get(r->main);
        if (main == NULL) {
            return NULL;
        }
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(civic_ctx_t));
    if (cln == NULL) {
        return NULL;
    }

    ctx = cln->data;
    ngx_memzero(ctx, sizeof(civic_ctx_t));

    cln->handler = civic_context_cleanup;

    ctx->request = r;
    ctx->main = main ? main : ctx;

    ngx_http_set_ctx(r, ctx, ngx_http_civic_module);

    return ctx;
}


ngx_int_t
civic_refuse(civic_ctx_t *ctx, civic_problem_e id, const civic_pos_t *pos)
{
    /* what happens to a subrequest is no verdict on the client's request */

    if (ctx == ctx->main) {
        ctx->problem = &civic_problems[id];
        ctx->refused_by = pos;
        ctx->own = NULL;
    }

    return civic_problems[id].status;
}


uint64_t
civic_now_ns(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000000000 + ts.tv_nsec;
}


static void
civic_context_cleanup(void *data)
{
}
