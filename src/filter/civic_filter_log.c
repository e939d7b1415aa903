
/*
 * Copyright (C) Civic Gate
 *
 * Filters behind the answer.  A "log" function gets the request and the
 * answer's status and headers when the request is over; it has a job of its
 * own that nobody waits for.  A worker has at most CIVIC_FILTER_NOTES of
 * them: if what they wait for is slower than requests come, the rest is
 * dropped, with a line in the error log.
 */


#include "civic_filter_conf.h"
#include "civic_filter_value.h"
#include "civic_host_request.h"
#include "civic_reply.h"


#define CIVIC_FILTER_NOTES  256


typedef struct {
    civic_host_job_t  *job;            /* NULL: it is being started */
    civic_plugin_t    *plugin;         /* held by the job */
    ngx_uint_t         over;
} civic_filter_note_t;


static void civic_filter_note(civic_filter_ctx_t *f, civic_plugin_t *plugin);
static ngx_int_t civic_filter_note_start(civic_filter_ctx_t *f,
    civic_plugin_t *plugin, ngx_pool_t *pool);
static ngx_int_t civic_filter_note_args(civic_filter_ctx_t *f,
    civic_plugin_t *plugin, ngx_pool_t *pool, civic_value_t *args);
static void civic_filter_note_done(void *data,
    const civic_host_result_t *result);
static void civic_filter_note_end(civic_filter_note_t *note);


static ngx_uint_t  civic_filter_notes; /* at work */


void
civic_filter_plugins_log(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    ngx_uint_t                 i;
    civic_plugin_t            *plugin;
    civic_filter_ctx_t        *f;
    const civic_filter_use_t  *use;

    f = ctx ? ctx->filter : NULL;

    if (f == NULL) {
        return;
    }

    civic_filter_asked(f);

    use = f->uses->elts;

    for (i = 0; i < f->uses->nelts; i++) {

        plugin = f->plugins[i] ? f->plugins[i]
                               : civic_plugin_find(&use[i].name);

        if (plugin && plugin->manifest->filter_log.len) {
            civic_filter_note(f, plugin);
        }
    }
}


static void
civic_filter_note(civic_filter_ctx_t *f, civic_plugin_t *plugin)
{
    ngx_int_t    rc;
    ngx_pool_t  *pool;

    if (civic_filter_notes == CIVIC_FILTER_NOTES) {
        ngx_log_error(NGX_LOG_ERR, f->request->connection->log, 0,
                      "civic filter: %d \"log\" functions are at work, that "
                      "of \"%V\" is not called", CIVIC_FILTER_NOTES,
                      &plugin->name);
        return;
    }

    pool = ngx_create_pool(2048, f->request->connection->log);

    rc = pool ? civic_filter_note_start(f, plugin, pool) : NGX_ERROR;

    if (rc == NGX_ERROR) {
        ngx_log_error(NGX_LOG_ERR, f->request->connection->log, 0,
                      "civic filter: no memory to call \"log\" of \"%V\"",
                      &plugin->name);
    }

    if (pool) {
        ngx_destroy_pool(pool);
    }
}


static ngx_int_t
civic_filter_note_start(civic_filter_ctx_t *f, civic_plugin_t *plugin,
    ngx_pool_t *pool)
{
    ngx_int_t             rc;
    civic_ctx_t          *main;
    civic_value_t         args[2];
    civic_host_order_t    order;
    civic_filter_note_t  *note;

    /* a request that was refused for its query is not told of */

    rc = civic_filter_note_args(f, plugin, pool, args);
    if (rc != NGX_OK) {
        return rc;
    }

    note = ngx_calloc(sizeof(civic_filter_note_t), ngx_cycle->log);
    if (note == NULL) {
        return NGX_ERROR;
    }

    main = f->ctx->main;
    note->plugin = plugin;

    ngx_memzero(&order, sizeof(civic_host_order_t));

    order.plugin = plugin;
    order.function = plugin->manifest->filter_log;
    order.args = args;
    order.nargs = 2;
    order.trace.data = main->trace_id;
    order.trace.len = main->trace_id[0] ? CIVIC_TRACE_ID_LEN : 0;
    order.language = civic_reply_language(f->request);
    order.timeout = plugin->department->timeout;
    order.log = ngx_cycle->log;
    order.done = civic_filter_note_done;
    order.data = note;

    civic_filter_notes++;

    note->job = civic_host_start(&order);

    if (note->job == NULL || note->over) {
        rc = note->job ? NGX_OK : NGX_ERROR;
        civic_filter_note_end(note);
    }

    return rc;
}


static ngx_int_t
civic_filter_note_args(civic_filter_ctx_t *f, civic_plugin_t *plugin,
    ngx_pool_t *pool, civic_value_t *args)
{
    ngx_int_t  rc;

    rc = civic_host_request_value(f->request, f->ctx, plugin, pool, &args[0]);

    return rc == NGX_OK
           ? civic_filter_value_response(f->request, pool, &args[1]) : rc;
}


/* why a run failed, the job has said; that there was none, it has not */

static void
civic_filter_note_done(void *data, const civic_host_result_t *result)
{
    civic_filter_note_t *note = data;

    if (result->outcome != CIVIC_HOST_DONE) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "civic filter: \"log\" of \"%V\" failed: %V",
                      &note->plugin->name,
                      result->outcome == CIVIC_HOST_PROBLEM
                      ? &result->code
                      : &civic_problems[result->problem].code);
    }

    note->over = 1;

    if (note->job) {
        civic_filter_note_end(note);
    }
}


static void
civic_filter_note_end(civic_filter_note_t *note)
{
    if (note->job) {
        civic_host_end(note->job);
    }

    civic_filter_notes--;

    ngx_free(note);
}
