
/*
 * Copyright (C) Civic Gate
 *
 * Filters at work on a request: which plugins they are, whose turn it is,
 * and the job that runs now.  The two stages, the request on its way in and
 * the answer on its way out, take their turns alike and differ in what they
 * hand to a plugin, what its results mean, and how the request is woken.
 *
 * A plugin that is not there, not ready, or fails, refuses the request:
 * nothing passes because a filter was missing.
 */


#include "civic_host_filter_conf.h"


static ngx_int_t civic_host_filter_hold(civic_host_filter_ctx_t *f,
    civic_ctx_t *ctx);
static ngx_int_t civic_host_filter_start(civic_host_filter_ctx_t *f,
    civic_ctx_t *ctx, const civic_host_filter_stage_t *stage,
    const ngx_str_t *function);
static void civic_host_filter_done(void *data,
    const civic_host_result_t *result);
static ngx_int_t civic_host_filter_judge(civic_host_filter_ctx_t *f,
    civic_ctx_t *ctx, const civic_host_filter_stage_t *stage);
static void civic_host_filter_cleanup(void *data);


/* what a plugin that is not ready answers, by civic_plugin_state_e */

static const civic_problem_e  civic_host_filter_states[] = {
    CIVIC_OK,
    CIVIC_PLUGIN_NOT_LOADED,
    CIVIC_PLUGIN_STOPPED,
    CIVIC_PLUGIN_QUARANTINED
};


civic_host_filter_ctx_t *
civic_host_filter_open(ngx_http_request_t *r, civic_ctx_t *ctx,
    const ngx_array_t *uses)
{
    ngx_pool_cleanup_t       *cln;
    civic_host_filter_ctx_t  *f;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(civic_host_filter_ctx_t));
    if (cln == NULL) {
        return NULL;
    }

    f = cln->data;
    ngx_memzero(f, sizeof(civic_host_filter_ctx_t));

    f->request = r;
    f->uses = uses;

    cln->handler = civic_host_filter_cleanup;

    return f;
}


ngx_int_t
civic_host_filter_run(civic_host_filter_ctx_t *f, civic_ctx_t *ctx,
    const civic_host_filter_stage_t *stage)
{
    ngx_int_t         rc;
    const ngx_str_t  *function;

    f->stage = stage;

    while (f->next < f->uses->nelts) {

        if (f->job == NULL) {

            if (f->items[f->next].plugin == NULL) {
                rc = civic_host_filter_hold(f, ctx);
                if (rc != NGX_OK) {
                    return rc;
                }
            }

            function = stage->function(f->items[f->next].plugin);

            if (function->len == 0) {
                f->next++;
                continue;
            }

            if (civic_host_filter_start(f, ctx, stage, function) != NGX_OK) {
                return NGX_ERROR;
            }
        }

        if (f->result == NULL) {
            return NGX_DONE;
        }

        rc = civic_host_filter_judge(f, ctx, stage);

        civic_host_end(f->job);
        f->job = NULL;
        f->result = NULL;

        if (rc != NGX_DECLINED) {
            return rc;
        }

        f->next++;
    }

    f->next = 0;

    return NGX_DECLINED;
}


static ngx_int_t
civic_host_filter_hold(civic_host_filter_ctx_t *f, civic_ctx_t *ctx)
{
    ngx_uint_t                state, retry_after;
    civic_plugin_t           *plugin;
    civic_host_filter_use_t  *use;

    use = f->uses->elts;
    use += f->next;

    plugin = civic_plugin_find(&use->name);

    state = plugin ? civic_plugin_state(plugin, &retry_after)
                   : CIVIC_PLUGIN_NOT_LOADED;

    if (state != CIVIC_PLUGIN_READY) {
        ngx_log_error(NGX_LOG_ERR, f->request->connection->log, 0,
                      "civic filter: plugin \"%V\" is not ready", &use->name);

        return civic_refuse(ctx, civic_host_filter_states[state], &use->pos);
    }

    civic_plugin_hold(plugin);
    f->items[f->next].plugin = plugin;

    return NGX_OK;
}


static ngx_int_t
civic_host_filter_start(civic_host_filter_ctx_t *f, civic_ctx_t *ctx,
    const civic_host_filter_stage_t *stage, const ngx_str_t *function)
{
    civic_value_t        args[2];
    civic_plugin_t      *plugin;
    civic_host_order_t   order;

    plugin = f->items[f->next].plugin;

    ngx_memzero(&order, sizeof(civic_host_order_t));

    order.nargs = stage->args(f, ctx, plugin, args);

    if (order.nargs == 0) {
        return NGX_ERROR;
    }

    order.plugin = plugin;
    order.function = *function;
    order.args = args;
    order.identity = ctx->identity;
    order.trace.data = ctx->main->trace_id;
    order.trace.len = ctx->main->trace_id[0] ? CIVIC_TRACE_ID_LEN : 0;
    order.timeout = plugin->department->timeout;
    order.log = f->request->connection->log;
    order.done = civic_host_filter_done;
    order.data = f;

    f->starting = 1;
    f->job = civic_host_start(&order);
    f->starting = 0;

    return f->job ? NGX_OK : NGX_ERROR;
}


static void
civic_host_filter_done(void *data, const civic_host_result_t *result)
{
    civic_host_filter_ctx_t  *f = data;

    ngx_connection_t  *c;

    f->result = result;

    if (f->starting) {
        return;
    }

    c = f->request->connection;

    f->stage->wake(f->request);

    ngx_http_run_posted_requests(c);
}


static ngx_int_t
civic_host_filter_judge(civic_host_filter_ctx_t *f, civic_ctx_t *ctx,
    const civic_host_filter_stage_t *stage)
{
    const civic_host_result_t      *result;
    const civic_host_filter_use_t  *use;

    result = f->result;

    use = f->uses->elts;
    use += f->next;

    switch (result->outcome) {

    case CIVIC_HOST_DONE:
        return stage->results(f, ctx, result);

    case CIVIC_HOST_PROBLEM:
        return civic_host_problem_note(f->request, ctx,
                                       f->items[f->next].plugin->manifest,
                                       &result->code, &result->fields);
    }

    return civic_refuse(ctx, result->problem, &use->pos);
}


ngx_int_t
civic_host_filter_misused(civic_host_filter_ctx_t *f, civic_ctx_t *ctx,
    const char *why)
{
    const civic_host_filter_use_t  *use;

    use = f->uses->elts;
    use += f->next;

    ngx_log_error(NGX_LOG_ERR, f->request->connection->log, 0,
                  "civic filter: plugin \"%V\" %s", &use->name, why);

    return civic_refuse(ctx, CIVIC_PLUGIN_FAILED, &use->pos);
}


static void
civic_host_filter_cleanup(void *data)
{
    civic_host_filter_ctx_t  *f = data;

    ngx_uint_t  i;

    if (f->job != NULL) {
        civic_host_end(f->job);
        f->job = NULL;
    }

    for (i = 0; i < CIVIC_HOST_FILTER_MAX; i++) {

        if (f->items[i].plugin != NULL) {
            civic_plugin_release(f->items[i].plugin);
        }
    }
}
