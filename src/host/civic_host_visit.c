
/*
 * Copyright (C) Civic Gate
 *
 * The way of a visit:
 *
 *                      no key
 *     start ------------------------------> run --> done
 *       |  key                               ^       |  key
 *       +----> once_begin --- it is ours ----+       +--> once_end --> done
 *                  |                                 |      below 500
 *                  +--- answered, busy, other: done  +--> once_free -> done
 *
 * With a key the run outlives whoever asked (detached), so it has nothing of
 * theirs, not even their log: the answer is worth keeping, since the client
 * will ask again.  A worker that dies leaves a lease behind, which lapses;
 * what it had done by then only the plugin can know, so it is given the name
 * of the request, `once`, which is the same whenever that comes again.
 */


#include "civic_host_once.h"
#include "civic_status.h"


#define CIVIC_HOST_VISIT_POOL   2048
#define CIVIC_HOST_VISIT_GRACE  1000   /* ms: the lease outlives the run */


struct civic_host_visit_s {
    civic_host_visit_order_t    order;
    civic_host_answered_t       answer;
    civic_host_job_t           *job;
    civic_redis_command_t      *command;  /* waited for, or NULL */
    ngx_pool_t                 *pool;     /* with a key; or NULL */
    ngx_str_t                   name;     /* of the record */
    ngx_str_t                   id;       /* of the request, for the plugin */
    ngx_str_t                   fence;
    unsigned                    running:1;  /* the job was started */
    unsigned                    over:1;   /* done was called */
    unsigned                    detached:1; /* nobody waits any more */
};


static ngx_int_t civic_host_visit_begin(civic_host_visit_t *visit);
static void civic_host_visit_begun(void *data, ngx_uint_t error,
    const civic_value_t *reply);
static void civic_host_visit_run(civic_host_visit_t *visit);
static ngx_int_t civic_host_visit_request(civic_host_visit_t *visit,
    civic_value_t *request);
static void civic_host_visit_ran(void *data,
    const civic_host_result_t *result);
static void civic_host_visit_read(civic_host_visit_t *visit,
    const civic_host_result_t *result);
static void civic_host_visit_keep(civic_host_visit_t *visit);
static ngx_uint_t civic_host_visit_status(civic_host_visit_t *visit);
static ngx_int_t civic_host_visit_eval(civic_host_visit_t *visit,
    civic_redis_builtin_t *builtin, ngx_str_t *argv, ngx_uint_t argc,
    civic_redis_handler_pt handler);
static void civic_host_visit_kept(void *data, ngx_uint_t error,
    const civic_value_t *reply);
static void civic_host_visit_refuse(civic_host_visit_t *visit,
    civic_problem_e problem);
static void civic_host_visit_done(civic_host_visit_t *visit);
static void civic_host_visit_free(civic_host_visit_t *visit);


static civic_redis_builtin_t  civic_host_visit_once_begin =
    civic_redis_builtin("once_begin");
static civic_redis_builtin_t  civic_host_visit_once_end =
    civic_redis_builtin("once_end");
static civic_redis_builtin_t  civic_host_visit_once_free =
    civic_redis_builtin("once_free");


civic_host_visit_t *
civic_host_visit_start(const civic_host_visit_order_t *order)
{
    civic_host_visit_t  *visit;

    visit = ngx_calloc(sizeof(civic_host_visit_t), ngx_cycle->log);
    if (visit == NULL) {
        return NULL;
    }

    visit->order = *order;

    civic_plugin_hold(order->plugin);

    if (order->key.len == 0 || !order->spec->once) {
        visit->order.key.len = 0;
        civic_host_visit_run(visit);

        return visit;
    }

    if (order->plugin->department->redis == NULL) {
        ngx_log_error(NGX_LOG_ERR, order->log, 0,
                      "civic plugin: \"%V\" has a route with \"once\", but "
                      "civic_department \"%V\" does not allow \"store\"",
                      &order->plugin->name, &order->plugin->department->name);

        civic_host_visit_refuse(visit, CIVIC_STORE_UNAVAILABLE);

        return visit;
    }

    if (civic_host_visit_begin(visit) != NGX_OK) {
        civic_host_visit_free(visit);
        return NULL;
    }

    return visit;
}


static ngx_int_t
civic_host_visit_begin(civic_host_visit_t *visit)
{
    u_char     *p;
    ngx_str_t   argv[4];

    visit->pool = ngx_create_pool(CIVIC_HOST_VISIT_POOL, ngx_cycle->log);

    if (visit->pool == NULL
        || civic_host_once_name(&visit->order, visit->pool, &visit->name,
                                &visit->id)
           != NGX_OK
        || civic_host_once_digest(&visit->order, visit->pool, &argv[1])
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    p = ngx_pnalloc(visit->pool, 2 * NGX_INT64_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    argv[0] = visit->name;

    argv[2].data = p;
    argv[2].len = ngx_sprintf(p, "%M", visit->order.timeout
                                       + CIVIC_HOST_VISIT_GRACE)
                  - p;

    argv[3].data = p + NGX_INT64_LEN;
    argv[3].len = ngx_sprintf(argv[3].data, "%L", civic_host_now())
                  - argv[3].data;

    return civic_host_visit_eval(visit, &civic_host_visit_once_begin, argv, 4,
                                 civic_host_visit_begun);
}


static ngx_int_t
civic_host_visit_eval(civic_host_visit_t *visit,
    civic_redis_builtin_t *builtin, ngx_str_t *argv, ngx_uint_t argc,
    civic_redis_handler_pt handler)
{
    civic_redis_request_t  request;

    ngx_memzero(&request, sizeof(civic_redis_request_t));

    request.argv = argv;
    request.argc = argc;
    request.handler = handler;
    request.data = visit;

    visit->command = civic_redis_run(visit->order.plugin->department->redis,
                                     builtin, 1, &request);

    return visit->command ? NGX_OK : NGX_ERROR;
}


static void
civic_host_visit_begun(void *data, ngx_uint_t error,
    const civic_value_t *reply)
{
    civic_host_visit_t *visit = data;

    double     ms;
    ngx_str_t  word, text;

    visit->command = NULL;

    if (error != CIVIC_REDIS_OK
        || civic_value_string(civic_value_item(reply, 0), &word) != NGX_OK)
    {
        civic_status_count(CIVIC_METRIC_ONCE_UNAVAILABLE, 1);
        civic_host_visit_refuse(visit, CIVIC_STORE_UNAVAILABLE);
        return;
    }

    if (word.len == 5 && ngx_strncmp(word.data, "begin", 5) == 0
        && civic_value_string(civic_value_item(reply, 1), &text) == NGX_OK)
    {
        visit->fence.len = text.len;
        visit->fence.data = ngx_pstrdup(visit->pool, &text);

        if (visit->fence.data == NULL) {
            civic_host_visit_refuse(visit, CIVIC_INTERNAL);
            return;
        }

        civic_status_count(CIVIC_METRIC_ONCE_BEGUN, 1);
        civic_host_visit_run(visit);
        return;
    }

    if (word.len == 4 && ngx_strncmp(word.data, "done", 4) == 0
        && civic_value_string(civic_value_item(reply, 1), &text) == NGX_OK
        && civic_host_once_read(&text, visit->pool, &visit->answer) == NGX_OK)
    {
        civic_status_count(CIVIC_METRIC_ONCE_REPLAYED, 1);
        visit->answer.replayed = 1;
        civic_host_visit_done(visit);
        return;
    }

    if (word.len == 8 && ngx_strncmp(word.data, "mismatch", 8) == 0) {
        civic_status_count(CIVIC_METRIC_ONCE_MISMATCH, 1);
        civic_host_visit_refuse(visit, CIVIC_ONCE_MISMATCH);
        return;
    }

    if (civic_value_number(civic_value_item(reply, 1), &ms) == NGX_OK) {
        civic_status_count(CIVIC_METRIC_ONCE_CONFLICT, 1);
        visit->answer.retry_after = 1;
        civic_host_visit_refuse(visit, CIVIC_ONCE_CONFLICT);
        return;
    }

    civic_host_visit_refuse(visit, CIVIC_INTERNAL);
}


static void
civic_host_visit_run(civic_host_visit_t *visit)
{
    civic_value_t        request;
    civic_host_job_t    *job;
    civic_host_order_t   order;

    ngx_memzero(&order, sizeof(civic_host_order_t));

    order.plugin = visit->order.plugin;
    order.spec = visit->order.spec;
    order.function = visit->order.spec->run;
    order.args = visit->order.request;
    order.nargs = 1;
    order.trace = visit->order.trace;
    order.language = visit->order.language;
    order.timeout = visit->order.timeout;
    order.depth = visit->order.depth;
    order.log = visit->order.key.len ? ngx_cycle->log : visit->order.log;
    order.done = civic_host_visit_ran;
    order.data = visit;
    order.forward = visit->order.forward && visit->order.key.len == 0;

    if (visit->order.key.len) {

        if (civic_host_visit_request(visit, &request) != NGX_OK) {
            civic_host_visit_refuse(visit, CIVIC_INTERNAL);
            return;
        }

        order.args = &request;
    }

    visit->running = 1;

    job = civic_host_start(&order);

    if (job == NULL) {
        visit->running = 0;
        civic_host_visit_refuse(visit, CIVIC_INTERNAL);
        return;
    }

    visit->job = job;

    if (visit->running) {
        return;
    }

    /* it was done at once, when nobody knew the job yet */

    if (visit->order.key.len) {
        civic_host_visit_keep(visit);

    } else {
        civic_host_visit_done(visit);
    }
}


/* the request as it was built, which is not ours to change, and `once` */

static ngx_int_t
civic_host_visit_request(civic_host_visit_t *visit, civic_value_t *request)
{
    civic_table_t  *table;

    table = visit->order.request->u.table;

    if (civic_value_set_table(request, visit->pool, 0, table->npairs + 1)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_memcpy(request->u.table->pairs, table->pairs,
               table->npairs * sizeof(civic_pair_t));
    request->u.table->npairs = table->npairs;

    return civic_value_add_string(request, visit->pool, "once", &visit->id);
}


static void
civic_host_visit_ran(void *data, const civic_host_result_t *result)
{
    civic_host_visit_t *visit = data;

    visit->running = 0;

    civic_host_visit_read(visit, result);

    if (visit->job == NULL) {
        return;
    }

    if (visit->order.key.len) {
        civic_host_visit_keep(visit);

    } else {
        civic_host_visit_done(visit);
    }
}


static void
civic_host_visit_read(civic_host_visit_t *visit,
    const civic_host_result_t *result)
{
    const char             *err;
    civic_host_answered_t  *answer;

    answer = &visit->answer;

    answer->outcome = result->outcome;
    answer->code = result->code;
    answer->fields = result->fields;
    answer->problem = result->problem;
    answer->results = result->results;
    answer->nresults = result->nresults;
    answer->cpu = result->cpu;
    answer->retry_after = result->retry_after;

    /* the job has checked them already */

    if (result->outcome == CIVIC_HOST_DONE
        && civic_host_response_read(result->results, result->nresults,
                                    &answer->response, &err) != NGX_OK)
    {
        answer->outcome = CIVIC_HOST_REFUSED;
        answer->problem = CIVIC_RUN_FAILED;
    }
}


/*
 * The answer is kept, or the key is free again, before the client hears.  Of
 * an answer that cannot be kept it is kept that there was one: who asks
 * again must not have it done again.
 */

static void
civic_host_visit_keep(civic_host_visit_t *visit)
{
    ngx_int_t    rc;
    ngx_str_t    argv[4];
    const char  *err;

    static ngx_str_t  ttl = ngx_string("86400000");

    argv[0] = visit->name;
    argv[1] = visit->fence;

    if (civic_host_visit_status(visit) >= 500) {
        rc = civic_host_visit_eval(visit, &civic_host_visit_once_free, argv,
                                   2, civic_host_visit_kept);

    } else {
        err = "no memory";
        rc = civic_host_once_write(&visit->answer, visit->pool, &argv[2],
                                   &err);

        if (rc != NGX_OK) {
            ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                          "civic plugin: an answer of \"%V\" to a request "
                          "with an Idempotency-Key cannot be kept: %s",
                          &visit->order.plugin->name, err);

            argv[2] = civic_host_once_lost;
        }

        argv[3] = ttl;
        rc = civic_host_visit_eval(visit, &civic_host_visit_once_end, argv,
                                   4, civic_host_visit_kept);
    }

    if (rc != NGX_OK) {
        civic_host_visit_done(visit);
    }
}


static ngx_uint_t
civic_host_visit_status(civic_host_visit_t *visit)
{
    const civic_plugin_problem_t  *problem;

    switch (visit->answer.outcome) {

    case CIVIC_HOST_DONE:
        return visit->answer.response.status;

    case CIVIC_HOST_PROBLEM:
        problem = civic_host_problem_find(visit->order.plugin,
                                          &visit->answer.code);
        return problem ? problem->status : NGX_HTTP_SERVICE_UNAVAILABLE;

    default:
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}


static void
civic_host_visit_kept(void *data, ngx_uint_t error,
    const civic_value_t *reply)
{
    civic_host_visit_t *visit = data;

    ngx_str_t  word;

    visit->command = NULL;

    if (error != CIVIC_REDIS_OK) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "civic plugin: the answer of \"%V\" to a request with "
                      "an Idempotency-Key was not kept",
                      &visit->order.plugin->name);

    } else if (civic_value_string(civic_value_item(reply, 0), &word) == NGX_OK
               && word.len == 4
               && ngx_strncmp(word.data, "lost", 4) == 0)
    {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "civic plugin: \"%V\" took longer than its lease on an "
                      "Idempotency-Key, another has it",
                      &visit->order.plugin->name);
    }

    civic_host_visit_done(visit);
}


static void
civic_host_visit_refuse(civic_host_visit_t *visit, civic_problem_e problem)
{
    visit->answer.outcome = CIVIC_HOST_REFUSED;
    visit->answer.problem = problem;

    civic_host_visit_done(visit);
}


static void
civic_host_visit_done(civic_host_visit_t *visit)
{
    visit->over = 1;

    if (visit->detached) {
        civic_host_visit_free(visit);
        return;
    }

    visit->order.done(visit->order.data, &visit->answer);
}


void
civic_host_visit_end(civic_host_visit_t *visit)
{
    if (visit->over || visit->order.key.len == 0) {
        civic_host_visit_free(visit);
        return;
    }

    if (visit->fence.len == 0) {

        /* the lease may be taken by now, and lapses */

        civic_redis_cancel(visit->command);
        civic_host_visit_free(visit);
        return;
    }

    visit->detached = 1;
}


static void
civic_host_visit_free(civic_host_visit_t *visit)
{
    if (visit->job) {
        civic_host_end(visit->job);
    }

    if (visit->pool) {
        ngx_destroy_pool(visit->pool);
    }

    civic_plugin_release(visit->order.plugin);

    ngx_free(visit);
}
