
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


#include "civic_filter_conf.h"
#include "civic_host_response.h"
#include "civic_reply.h"


#define CIVIC_FILTER_POOL  4096        /* of a plugin's arguments */


static ngx_int_t civic_filter_begin(civic_filter_ctx_t *f);
static civic_plugin_t *civic_filter_plugin(civic_filter_ctx_t *f);
static ngx_int_t civic_filter_ready(civic_filter_ctx_t *f,
    const civic_plugin_t *plugin);
static ngx_int_t civic_filter_start(civic_filter_ctx_t *f,
    civic_plugin_t *plugin, const ngx_str_t *function, ngx_pool_t *pool);
static void civic_filter_done(void *data, const civic_host_result_t *result);
static ngx_int_t civic_filter_judge(civic_filter_ctx_t *f);
static ngx_int_t civic_filter_refused(civic_filter_ctx_t *f,
    ngx_int_t status);
static const civic_filter_use_t *civic_filter_use(
    const civic_filter_ctx_t *f);
static void civic_filter_abandon(void *data);
static void civic_filter_release(void *data);


/*
 * The job ends with the request; the plugins are released only with its
 * pool: their "log" functions are called in between.
 */

civic_filter_ctx_t *
civic_filter_open(ngx_http_request_t *r, civic_ctx_t *ctx,
    const ngx_array_t *uses)
{
    ngx_http_cleanup_t  *end;
    ngx_pool_cleanup_t  *cln;
    civic_filter_ctx_t  *f;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(civic_filter_ctx_t));
    if (cln == NULL) {
        return NULL;
    }

    f = cln->data;
    ngx_memzero(f, sizeof(civic_filter_ctx_t));

    f->request = r;
    f->ctx = ctx;
    f->uses = uses;

    cln->handler = civic_filter_release;

    end = ngx_http_cleanup_add(r, 0);
    if (end == NULL) {
        return NULL;
    }

    end->handler = civic_filter_abandon;
    end->data = f;

    return f;
}


ngx_int_t
civic_filter_run(civic_filter_ctx_t *f, const civic_filter_stage_t *stage)
{
    ngx_int_t  rc;

    f->stage = stage;

    while (f->turn < f->uses->nelts) {

        if (f->job == NULL) {
            rc = civic_filter_begin(f);

            if (rc == NGX_DECLINED) {
                f->turn++;
                continue;
            }

            if (rc != NGX_OK) {
                return rc;
            }
        }

        if (f->result == NULL) {
            return NGX_DONE;
        }

        rc = civic_filter_judge(f);

        civic_filter_stop(f);

        if (rc != NGX_DECLINED) {
            return rc;
        }

        f->turn++;
    }

    f->turn = 0;

    return NGX_DECLINED;
}


/* NGX_OK: it is at work, or has been; NGX_DECLINED: it has no such function */

static ngx_int_t
civic_filter_begin(civic_filter_ctx_t *f)
{
    ngx_int_t         rc;
    ngx_pool_t       *pool;
    ngx_uint_t        known;
    civic_plugin_t   *plugin;
    const ngx_str_t  *function;

    known = f->plugins[f->turn] != NULL;
    plugin = civic_filter_plugin(f);

    if (plugin == NULL) {
        return civic_filter_refused(f, civic_refuse(f->ctx, CIVIC_UNLOADED,
                                                &civic_filter_use(f)->pos));
    }

    function = (const ngx_str_t *) ((u_char *) plugin->manifest
                                    + f->stage->function);

    if (known && function->len == 0) {
        return NGX_DECLINED;
    }

    rc = civic_filter_ready(f, plugin);

    if (rc != NGX_OK || function->len == 0) {
        return rc == NGX_OK ? NGX_DECLINED : rc;
    }

    pool = ngx_create_pool(CIVIC_FILTER_POOL, f->request->connection->log);
    if (pool == NULL) {
        return NGX_ERROR;
    }

    rc = civic_filter_start(f, plugin, function, pool);

    ngx_destroy_pool(pool);

    return rc;
}


/* held from its first turn on: one request sees one version of it */

static civic_plugin_t *
civic_filter_plugin(civic_filter_ctx_t *f)
{
    civic_plugin_t           *plugin;
    const civic_filter_use_t  *use;

    plugin = f->plugins[f->turn];

    if (plugin != NULL) {
        return plugin;
    }

    use = civic_filter_use(f);
    plugin = civic_plugin_find(&use->name);

    if (plugin == NULL) {
        ngx_log_error(NGX_LOG_ERR, f->request->connection->log, 0,
                      "civic filter: there is no plugin \"%V\"", &use->name);
        return NULL;
    }

    /* an update may have dropped what the operator relies on */

    if (plugin->manifest->filter_access.len == 0
        && plugin->manifest->filter_response.len == 0
        && plugin->manifest->filter_log.len == 0)
    {
        ngx_log_error(NGX_LOG_ERR, f->request->connection->log, 0,
                      "civic filter: the manifest of plugin \"%V\" has no "
                      "\"filter\"", &use->name);
        return NULL;
    }

    civic_plugin_hold(plugin);
    f->plugins[f->turn] = plugin;

    return plugin;
}


static ngx_int_t
civic_filter_ready(civic_filter_ctx_t *f, const civic_plugin_t *plugin)
{
    ngx_uint_t  state;

    f->retry = 0;

    state = civic_plugin_state(plugin, &f->retry);

    if (state == CIVIC_PLUGIN_READY) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_ERR, f->request->connection->log, 0,
                  "civic filter: plugin \"%V\" is not ready (%V)",
                  &plugin->name,
                  &civic_problems[civic_plugin_states[state]].code);

    return civic_filter_refused(f, civic_refuse(f->ctx,
                                                civic_plugin_states[state],
                                                &civic_filter_use(f)->pos));
}


static ngx_int_t
civic_filter_start(civic_filter_ctx_t *f, civic_plugin_t *plugin,
    const ngx_str_t *function, ngx_pool_t *pool)
{
    ngx_int_t           rc;
    civic_ctx_t        *main;
    civic_value_t       args[2];
    civic_host_order_t  order;

    rc = f->stage->args(f, plugin, pool, args);
    if (rc != NGX_OK) {
        return rc;
    }

    main = f->ctx->main;

    ngx_memzero(&order, sizeof(civic_host_order_t));

    order.plugin = plugin;
    order.function = *function;
    order.args = args;
    order.nargs = f->stage->nargs;
    order.identity = f->ctx->identity;
    order.trace.data = main->trace_id;
    order.trace.len = main->trace_id[0] ? CIVIC_TRACE_ID_LEN : 0;
    order.language = civic_reply_language(f->request);
    order.timeout = plugin->department->timeout;
    order.log = f->request->connection->log;
    order.done = civic_filter_done;
    order.data = f;

    f->result = NULL;

    f->starting = 1;
    f->job = civic_host_start(&order);
    f->starting = 0;

    return f->job ? NGX_OK : NGX_ERROR;
}


static void
civic_filter_done(void *data, const civic_host_result_t *result)
{
    civic_filter_ctx_t *f = data;

    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    f->result = result;

    if (f->starting) {
        return;
    }

    r = f->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    f->stage->wake(r);

    ngx_http_run_posted_requests(c);
}


static ngx_int_t
civic_filter_judge(civic_filter_ctx_t *f)
{
    ngx_int_t                   status;
    civic_ctx_t                *ctx;
    civic_plugin_t             *plugin;
    const civic_host_result_t  *result;

    ctx = f->ctx;
    result = f->result;
    plugin = f->plugins[f->turn];

    ctx->main->plugin_time += result->cpu;

    switch (result->outcome) {

    case CIVIC_HOST_DONE:
        return f->stage->results(f, result);

    case CIVIC_HOST_PROBLEM:
        status = civic_host_problem_note(ctx, plugin, &result->code,
                                         &result->fields);
        ctx->refused_by = &civic_filter_use(f)->pos;
        f->retry = civic_host_response_retry(&result->fields);
        break;

    default:
        status = civic_refuse(ctx, result->problem,
                              &civic_filter_use(f)->pos);
        f->retry = result->retry_after;
    }

    return civic_filter_refused(f, status);
}


static ngx_int_t
civic_filter_refused(civic_filter_ctx_t *f, ngx_int_t status)
{
    if (status == NGX_HTTP_SERVICE_UNAVAILABLE && f->retry == 0) {
        f->retry = 1;
    }

    return status;
}


ngx_int_t
civic_filter_misused(civic_filter_ctx_t *f, const char *why)
{
    const civic_filter_use_t  *use;

    use = civic_filter_use(f);

    ngx_log_error(NGX_LOG_ERR, f->request->connection->log, 0,
                  "civic filter: plugin \"%V\": %s", &use->name, why);

    return civic_refuse(f->ctx, CIVIC_RUN_FAILED, &use->pos);
}


static const civic_filter_use_t *
civic_filter_use(const civic_filter_ctx_t *f)
{
    const civic_filter_use_t  *use;

    use = f->uses->elts;

    return &use[f->turn];
}


void
civic_filter_stop(civic_filter_ctx_t *f)
{
    civic_host_job_t  *job;

    job = f->job;

    if (job != NULL) {
        f->job = NULL;
        f->result = NULL;
        civic_host_end(job);
    }
}


void
civic_filter_plugins_leave(civic_ctx_t *ctx)
{
    civic_filter_ctx_t  *f;

    f = ctx->filter;

    civic_filter_stop(f);
    civic_filter_asked(f);

    f->left = 1;
}


static void
civic_filter_abandon(void *data)
{
    civic_filter_stop(data);
}


static void
civic_filter_release(void *data)
{
    civic_filter_ctx_t *f = data;

    ngx_uint_t  i;

    civic_filter_stop(f);

    for (i = 0; i < CIVIC_FILTER_MAX; i++) {

        if (f->plugins[i] != NULL) {
            civic_plugin_release(f->plugins[i]);
        }
    }
}
