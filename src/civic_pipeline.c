
/*
 * Copyright (C) Civic Gate
 *
 * The way of a request, and the only file that knows nginx's phases:
 *
 *     POST_READ        trace id; forged identity headers; the path rule
 *     SERVER_REWRITE   last: one look at the routing table, then straight
 *                      into the service's location
 *     REWRITE          first: is the location open to it, early limits,
 *                      preflights of CORS, can its plugin answer, who is
 *                      it, may it, limits, plugins that filter
 *     LOG              counters and the record of the decision
 *
 * The checks sit in REWRITE because `return` and `rewrite` answer before
 * nginx comes to ACCESS.  POST_READ happens at most once per client request;
 * the others again for every internal redirect and subrequest.
 */


#include "civic_pipeline.h"
#include "civic_context.h"
#include "civic_reply.h"
#include "civic_trace.h"
#include "civic_wait.h"
#include "civic_route.h"
#include "civic_assertion.h"
#include "civic_auth.h"
#include "civic_cors.h"
#include "civic_issuer_query.h"
#include "civic_limit.h"
#include "civic_plugin_step.h"
#include "civic_filter_plugins.h"
#include "civic_status.h"


typedef ngx_int_t (*civic_pipeline_step_pt)(ngx_http_request_t *r,
    civic_ctx_t *ctx);


static ngx_int_t civic_pipeline_post_read_handler(ngx_http_request_t *r);
static ngx_int_t civic_pipeline_server_rewrite_handler(ngx_http_request_t *r);
static ngx_int_t civic_pipeline_rewrite_handler(ngx_http_request_t *r);
static ngx_int_t civic_pipeline_log_handler(ngx_http_request_t *r);
static ngx_int_t civic_pipeline_check(ngx_http_request_t *r,
    civic_ctx_t *ctx);
static ngx_int_t civic_pipeline_go_on(ngx_http_request_t *r,
    civic_main_conf_t *mcf);
static ngx_int_t civic_pipeline_none_handler(ngx_http_request_t *r);
static ngx_int_t civic_pipeline_open(ngx_http_request_t *r,
    civic_ctx_t **ctx);
static ngx_int_t civic_pipeline_leave(ngx_http_request_t *r, civic_ctx_t *ctx,
    ngx_int_t rc);
static void civic_pipeline_clock_start(civic_ctx_t *ctx);
static void civic_pipeline_clock_stop(civic_ctx_t *ctx);
static ngx_uint_t civic_pipeline_handlers(ngx_http_phase_handler_t *ph);
static void civic_pipeline_last(ngx_http_phase_handler_t *ph, ngx_uint_t n,
    ngx_http_handler_pt handler);


/* the steps in every location, in this order */

static civic_pipeline_step_pt  civic_pipeline_steps[] = {
    civic_route_admit,
    civic_cors_enter,
    civic_limit_early,
    civic_cors_preflight,
    civic_plugin_check,
    civic_auth_authenticate,
    civic_require_authorise,
    civic_limit_late,
    civic_assertion_step,
    NULL
};


static const struct {
    ngx_uint_t            phase;
    ngx_http_handler_pt   handler;
} civic_pipeline_phases[] = {
    { NGX_HTTP_POST_READ_PHASE, civic_pipeline_post_read_handler },
    { NGX_HTTP_SERVER_REWRITE_PHASE, civic_pipeline_server_rewrite_handler },
    { NGX_HTTP_REWRITE_PHASE, civic_pipeline_rewrite_handler },
    { NGX_HTTP_LOG_PHASE, civic_pipeline_log_handler }
};


ngx_int_t
civic_pipeline_init(ngx_conf_t *cf)
{
    ngx_uint_t                  i;
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    for (i = 0;
         i < sizeof(civic_pipeline_phases) / sizeof(civic_pipeline_phases[0]);
         i++)
    {
        h = ngx_array_push(
                &cmcf->phases[civic_pipeline_phases[i].phase].handlers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        *h = civic_pipeline_phases[i].handler;
    }

    return NGX_OK;
}


/*
 * Handlers of a phase run last registered first, and modules loaded after
 * us register after us.  So the finished table is put in order: ours to the
 * end of SERVER_REWRITE, where server-level if, set, return and rewrite have
 * had their say, and to the front of REWRITE.
 *
 * There it shares the first entry with the handler that was first: nginx's
 * rewrite module knows by its place in the table that a request has come to
 * no location, and must not run its server's rewrites twice.  Whose place
 * that was is kept with the cycle: with "master_process off" requests come
 * under an old one when the next has been put in order.
 */

void
civic_pipeline_order(ngx_cycle_t *cycle)
{
    ngx_uint_t                  n;
    civic_main_conf_t          *mcf;
    ngx_http_phase_handler_t   *ph;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_core_module);

    if (cmcf == NULL
        || cmcf->phase_engine.handlers == NULL
        || cmcf->phase_engine.server_rewrite_index == (ngx_uint_t) -1
        || cmcf->phase_engine.location_rewrite_index == (ngx_uint_t) -1)
    {
        return;
    }

    ph = cmcf->phase_engine.handlers
         + cmcf->phase_engine.server_rewrite_index;

    civic_pipeline_last(ph, civic_pipeline_handlers(ph),
                        civic_pipeline_server_rewrite_handler);

    ph = cmcf->phase_engine.handlers
         + cmcf->phase_engine.location_rewrite_index;

    n = civic_pipeline_handlers(ph);

    civic_pipeline_last(ph, n, civic_pipeline_rewrite_handler);

    if (ph[n - 1].handler != civic_pipeline_rewrite_handler) {
        return;
    }

    if (n > 1) {
        mcf = ngx_http_cycle_get_module_main_conf(cycle,
                                                  ngx_http_civic_module);
        mcf->next = ph[0].handler;
        ph[n - 1].handler = civic_pipeline_none_handler;
    }

    ph[0].handler = civic_pipeline_rewrite_handler;
}


static ngx_uint_t
civic_pipeline_handlers(ngx_http_phase_handler_t *ph)
{
    ngx_uint_t  n;

    for (n = 0; ph[n].checker == ngx_http_core_rewrite_phase; n++) {
        /* void */
    }

    return n;
}


/* the handlers of one phase differ in nothing but their function */

static void
civic_pipeline_last(ngx_http_phase_handler_t *ph, ngx_uint_t n,
    ngx_http_handler_pt handler)
{
    ngx_uint_t  i;

    for (i = 0; i + 1 < n; i++) {

        if (ph[i].handler == handler) {
            ph[i].handler = ph[i + 1].handler;
            ph[i + 1].handler = handler;
        }
    }
}


static ngx_int_t
civic_pipeline_post_read_handler(ngx_http_request_t *r)
{
    ngx_int_t     rc;
    civic_ctx_t  *ctx;

    rc = civic_pipeline_open(r, &ctx);

    if (rc == NGX_OK) {
        rc = civic_route_check_path(r, ctx);
    }

    return civic_pipeline_leave(r, ctx, rc);
}


static ngx_int_t
civic_pipeline_server_rewrite_handler(ngx_http_request_t *r)
{
    ngx_int_t     rc;
    civic_ctx_t  *ctx;

    rc = civic_pipeline_open(r, &ctx);

    if (rc == NGX_OK) {
        civic_pipeline_clock_start(ctx);

        rc = civic_route_lookup(r, ctx);

        if (rc != NGX_OK) {
            civic_pipeline_clock_stop(ctx);
        }
    }

    return civic_pipeline_leave(r, ctx, rc);
}


static ngx_int_t
civic_pipeline_rewrite_handler(ngx_http_request_t *r)
{
    ngx_int_t           rc;
    civic_ctx_t        *ctx;
    civic_main_conf_t  *mcf;

    rc = civic_pipeline_open(r, &ctx);

    if (rc == NGX_OK) {
        rc = civic_pipeline_check(r, ctx);

        if (rc == NGX_OK) {
            return NGX_DECLINED;
        }
    }

    mcf = ngx_http_get_module_main_conf(r, ngx_http_civic_module);

    if (rc == NGX_DECLINED && mcf->next != NULL) {
        return civic_pipeline_go_on(r, mcf);
    }

    return civic_pipeline_leave(r, ctx, rc);
}


/*
 * Filters, and modules that share the entry with us, may park the request
 * here and wake us: what passed is not checked, nor counted, again.  But a
 * request that was sent anywhere, be it here once more, has another
 * uri_changes.
 */

static ngx_int_t
civic_pipeline_check(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    ngx_int_t                rc;
    civic_pipeline_step_pt  *step;

    if (ctx->passed == r->loc_conf && ctx->passed_at == r->uri_changes) {
        return civic_filter_plugins_access(r, ctx);
    }

    if (ctx->filter != NULL) {
        civic_filter_plugins_leave(ctx);
    }

    civic_pipeline_clock_start(ctx);

    for (step = civic_pipeline_steps; *step; step++) {

        rc = (*step)(r, ctx);

        if (rc == NGX_OK) {
            return NGX_OK;
        }

        if (rc != NGX_DECLINED) {
            civic_pipeline_clock_stop(ctx);
            return rc;
        }
    }

    civic_pipeline_clock_stop(ctx);

    if (r->read_event_handler == ngx_http_test_reading) {
        civic_wait_end(r);
    }

    ctx->passed = r->loc_conf;
    ctx->passed_at = r->uri_changes;

    return civic_filter_plugins_access(r, ctx);
}


/*
 * Some modules (headers-more, lua) move the entry that called them to the
 * end of the phase, once, to run last.  That entry is ours: we go back to
 * the front, and leave them where they wanted to be.
 */

static ngx_int_t
civic_pipeline_go_on(ngx_http_request_t *r, civic_main_conf_t *mcf)
{
    ngx_int_t                   rc;
    ngx_uint_t                  n;
    ngx_http_phase_handler_t   *ph;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);
    ph = cmcf->phase_engine.handlers
         + cmcf->phase_engine.location_rewrite_index;

    rc = mcf->next(r);

    /* the request may be gone */

    if (ph[0].handler == civic_pipeline_rewrite_handler) {
        return rc;
    }

    n = civic_pipeline_handlers(ph);

    if (ph[n - 1].handler == civic_pipeline_rewrite_handler) {
        ph[n - 1].handler = mcf->next;
        mcf->next = ph[0].handler;
        ph[0].handler = civic_pipeline_rewrite_handler;
    }

    return rc;
}


static ngx_int_t
civic_pipeline_none_handler(ngx_http_request_t *r)
{
    return NGX_DECLINED;
}


static ngx_int_t
civic_pipeline_log_handler(ngx_http_request_t *r)
{
    civic_srv_conf_t  *scf;

    scf = ngx_http_get_module_srv_conf(r, ngx_http_civic_module);

    if (scf->active && r == r->main) {
        civic_filter_plugins_log(r, civic_ctx_get(r));
        civic_status_log(r, civic_ctx_get(r));
    }

    return NGX_OK;
}


/*
 * NGX_OK: the request has its context; NGX_DECLINED: its server takes no
 * part.  The first handler that a client's request comes to cleans it:
 * mostly POST_READ, but nginx sends a request that it refuses itself, for a
 * Host it lacks, straight to its error_page.
 */

static ngx_int_t
civic_pipeline_open(ngx_http_request_t *r, civic_ctx_t **ctx)
{
    civic_srv_conf_t  *scf;

    *ctx = NULL;

    scf = ngx_http_get_module_srv_conf(r, ngx_http_civic_module);

    if (!scf->active) {
        return NGX_DECLINED;
    }

    *ctx = civic_ctx_open(r);

    if (*ctx == NULL) {
        return NGX_ERROR;
    }

    if (r != r->main || (*ctx)->trace_id[0] != '\0') {
        return NGX_OK;
    }

    if (civic_trace_open(r, *ctx) != NGX_OK
        || civic_auth_strip_identity(r) != NGX_OK
        || civic_issuer_query_open(r, *ctx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* what a step returned, in the words of nginx's phase checkers */

static ngx_int_t
civic_pipeline_leave(ngx_http_request_t *r, civic_ctx_t *ctx, ngx_int_t rc)
{
    switch (rc) {

    case NGX_OK:
    case NGX_DECLINED:
        return NGX_DECLINED;

    case NGX_DONE:
        return NGX_DONE;

    case NGX_ERROR:
        if (ctx == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        rc = civic_refuse(ctx, CIVIC_INTERNAL, NULL);
        break;
    }

    return civic_reply(r, ctx, rc);
}


/* a jump from SERVER_REWRITE leaves the clock running into REWRITE */

static void
civic_pipeline_clock_start(civic_ctx_t *ctx)
{
    if (ctx->main->started == 0) {
        ctx->main->started = civic_now_ns();
    }
}


static void
civic_pipeline_clock_stop(civic_ctx_t *ctx)
{
    ctx->main->gate_time += civic_now_ns() - ctx->main->started;
    ctx->main->started = 0;
}
