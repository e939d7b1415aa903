
/*
 * Copyright (C) Civic Gate
 *
 * The life of a job: started, run until it asks for something, resumed with
 * the answer, done.  This file decides what a failure means to whoever
 * waits for the result, and owns the job's pool and deadline; what can be
 * asked for is in civic_host_operations.c.
 *
 *     start --> run --> operation --+--> done
 *                ^                  |
 *                +------ answer <---+ at once, or parked until it comes
 *
 * A job may be ended at any moment, by its own `done` too: while it is on
 * the stack (busy) it is only marked, and freed where its loop is left.
 */


#include "civic_host_job.h"
#include "civic_host_response.h"


#define CIVIC_HOST_POOL     2048
#define CIVIC_HOST_MESSAGE  512


static civic_host_job_t *civic_host_job_create(
    const civic_host_order_t *order);
static ngx_int_t civic_host_job_copy(civic_host_job_t *job,
    const civic_host_order_t *order);
static ngx_int_t civic_host_job_ready(civic_host_job_t *job);
static ngx_int_t civic_host_job_begin(civic_host_job_t *job,
    const civic_host_order_t *order);
static ngx_int_t civic_host_job_answer(civic_host_job_t *job);
static void civic_host_job_release(civic_host_job_t *job);
static void civic_host_job_loop(civic_host_job_t *job, ngx_int_t rc);
static void civic_host_job_yield(civic_host_job_t *job);
static void civic_host_job_withdraw(civic_host_job_t *job);
static void civic_host_job_turn(void *data);
static void civic_host_job_returned(civic_host_job_t *job);
static void civic_host_job_failed(civic_host_job_t *job);
static void civic_host_job_stop(civic_host_job_t *job);
static void civic_host_job_finish(civic_host_job_t *job);
static void civic_host_job_free(civic_host_job_t *job);
static void civic_host_job_deadline(ngx_event_t *ev);
static void civic_host_job_log(civic_host_job_t *job, const char *what,
    const ngx_str_t *message);


civic_host_job_t *
civic_host_start(const civic_host_order_t *order)
{
    ngx_int_t          rc;
    civic_host_job_t  *job;

    job = civic_host_job_create(order);
    if (job == NULL) {
        return NULL;
    }

    job->busy = 1;

    if (civic_host_job_ready(job) != NGX_OK) {
        civic_host_job_finish(job);
        return job;
    }

    ngx_add_timer(&job->timer, order->timeout);

    rc = civic_host_job_begin(job, order);

    if (rc == NGX_DECLINED) {
        civic_host_job_finish(job);
        return job;
    }

    civic_host_job_loop(job, rc);

    return job;
}


static civic_host_job_t *
civic_host_job_create(const civic_host_order_t *order)
{
    ngx_pool_t        *pool;
    civic_host_job_t  *job;

    pool = ngx_create_pool(CIVIC_HOST_POOL, ngx_cycle->log);
    if (pool == NULL) {
        return NULL;
    }

    job = ngx_pcalloc(pool, sizeof(civic_host_job_t));

    if (job == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    job->pool = pool;

    if (civic_host_job_copy(job, order) != NGX_OK) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    job->log = order->log;
    job->plugin = order->plugin;
    job->spec = order->spec;
    job->language = order->language;
    job->depth = order->depth;
    job->forward = order->forward;
    job->done = order->done;
    job->data = order->data;
    job->since = civic_now_ns();
    job->deadline = ngx_current_msec + order->timeout;

    job->timer.handler = civic_host_job_deadline;
    job->timer.data = job;
    job->timer.log = ngx_cycle->log;

    job->turn.handler = civic_host_job_turn;
    job->turn.data = job;

    civic_plugin_hold(job->plugin);

    return job;
}


static ngx_int_t
civic_host_job_copy(civic_host_job_t *job, const civic_host_order_t *order)
{
    job->function.len = order->function.len;
    job->function.data = ngx_pstrdup(job->pool,
                                     (ngx_str_t *) &order->function);

    if (job->function.data == NULL) {
        return NGX_ERROR;
    }

    if (order->trace.len == 0) {
        return NGX_OK;
    }

    job->trace.len = order->trace.len;
    job->trace.data = ngx_pstrdup(job->pool, (ngx_str_t *) &order->trace);

    return job->trace.data ? NGX_OK : NGX_ERROR;
}


/* NGX_OK, or NGX_DECLINED: refused */

static ngx_int_t
civic_host_job_ready(civic_host_job_t *job)
{
    ngx_uint_t  state;

    job->result.retry_after = 0;

    state = civic_plugin_state(job->plugin, &job->result.retry_after);

    if (state == CIVIC_PLUGIN_READY) {
        return NGX_OK;
    }

    job->result.outcome = CIVIC_HOST_REFUSED;
    job->result.problem = civic_plugin_states[state];

    return NGX_DECLINED;
}


/* as civic_lua_run_start(); NGX_DECLINED: there is no VM, refused */

static ngx_int_t
civic_host_job_begin(civic_host_job_t *job, const civic_host_order_t *order)
{
    ngx_int_t        rc;
    civic_lua_vm_t  *vm;

    vm = civic_plugin_vm(job->plugin, job->pool, &job->run.failure);

    if (vm == NULL) {
        civic_host_job_failed(job);
        return NGX_DECLINED;
    }

    civic_plugin_enter(job->plugin, job->spec);

    rc = civic_lua_run_start(&job->run, vm, job->pool, &job->function,
                             order->args, order->nargs);

    civic_plugin_leave(job->plugin);

    job->started = 1;

    return rc;
}


static void
civic_host_job_loop(civic_host_job_t *job, ngx_int_t rc)
{
    while (rc == NGX_AGAIN) {

        rc = civic_host_operations_start(job);

        if (rc == NGX_AGAIN) {
            job->busy = 0;
            return;
        }

        if (rc == NGX_DONE) {
            civic_host_job_finish(job);
            return;
        }

        if (rc == NGX_ERROR) {
            civic_host_job_refuse(job, CIVIC_RUN_FAILED, CIVIC_PLUGIN_FAILED,
                                  "no memory");
            civic_host_job_finish(job);
            return;
        }

        if (civic_host_turns_over()) {
            job->answered = 1;
            rc = NGX_BUSY;
            break;
        }

        rc = civic_host_job_answer(job);
    }

    if (rc == NGX_BUSY) {
        civic_host_job_yield(job);
        job->busy = 0;
        return;
    }

    if (rc == NGX_OK) {
        civic_host_job_returned(job);

    } else {
        civic_host_job_failed(job);
    }

    civic_host_job_finish(job);
}


/* it has run for long: whoever else has something to do comes first */

static void
civic_host_job_yield(civic_host_job_t *job)
{
    job->cancel = civic_host_job_withdraw;
    civic_host_turns_wait(&job->turn);
}


static void
civic_host_job_withdraw(civic_host_job_t *job)
{
    civic_host_turns_leave(&job->turn);
}


static void
civic_host_job_turn(void *data)
{
    civic_host_job_t *job = data;

    ngx_int_t  rc;

    job->cancel = NULL;
    job->busy = 1;

    if (job->answered) {
        job->answered = 0;
        civic_host_job_loop(job, civic_host_job_answer(job));
        return;
    }

    civic_plugin_enter(job->plugin, job->spec);
    rc = civic_lua_run_go_on(&job->run);
    civic_plugin_leave(job->plugin);

    civic_host_job_loop(job, rc);
}


/* Lua goes on with the answer, which is dead afterwards */

static ngx_int_t
civic_host_job_answer(civic_host_job_t *job)
{
    ngx_int_t             rc;
    civic_host_answer_t  *answer;

    answer = &job->answer;

    civic_host_operations_count(job);
    civic_plugin_enter(job->plugin, job->spec);

    switch (answer->kind) {

    case CIVIC_HOST_RESULTS:
        rc = civic_lua_run_resume(&job->run, answer->values,
                                  answer->nvalues);
        break;

    case CIVIC_HOST_RAISES:
        rc = civic_lua_run_raise(&job->run, &answer->code, NULL);
        break;

    default:
        rc = civic_lua_run_fail(&job->run, &answer->message);
        break;
    }

    civic_plugin_leave(job->plugin);

    civic_host_job_release(job);
    ngx_reset_pool(job->step);

    return rc;
}


static void
civic_host_job_release(civic_host_job_t *job)
{
    void  (*release)(void *data);

    release = job->release;

    if (release) {
        job->release = NULL;
        release(job->released);
    }
}


void
civic_host_job_resume(civic_host_job_t *job)
{
    job->cancel = NULL;
    job->waiting = NULL;
    job->busy = 1;

    civic_host_job_loop(job, civic_host_job_answer(job));
}


/* of a route, what cannot be an answer is a failure */

static void
civic_host_job_returned(civic_host_job_t *job)
{
    const char             *err;
    civic_host_response_t   response;

    if (job->spec
        && civic_host_response_read(job->run.results, job->run.nresults,
                                    &response, &err) != NGX_OK)
    {
        civic_host_job_refuse(job, CIVIC_RUN_FAILED, CIVIC_PLUGIN_FAILED,
                              err);
        return;
    }

    job->result.outcome = CIVIC_HOST_DONE;
    job->result.results = job->run.results;
    job->result.nresults = job->run.nresults;
    job->outcome = CIVIC_PLUGIN_ANSWERED;
}


/* what the run's failure is to those outside */

static void
civic_host_job_failed(civic_host_job_t *job)
{
    civic_lua_failure_t  *failure;

    failure = &job->run.failure;

    switch (failure->kind) {

    case CIVIC_LUA_PROBLEM:
        job->result.outcome = CIVIC_HOST_PROBLEM;
        job->result.code = failure->code;
        job->result.fields = failure->fields;
        job->outcome = CIVIC_PLUGIN_ANSWERED;
        return;

    case CIVIC_LUA_INSTRUCTIONS:
    case CIVIC_LUA_CPU:
    case CIVIC_LUA_MEMORY:
        job->result.problem = CIVIC_RUN_KILLED;
        job->outcome = CIVIC_PLUGIN_KILLED;
        break;

    default:
        job->result.problem = CIVIC_RUN_FAILED;
        job->outcome = CIVIC_PLUGIN_FAILED;
        break;
    }

    job->result.outcome = CIVIC_HOST_REFUSED;

    civic_host_job_log(job, "failed", &failure->message);
}


void
civic_host_job_refuse(civic_host_job_t *job, civic_problem_e problem,
    ngx_uint_t outcome, const char *why)
{
    ngx_str_t  message;

    message.data = (u_char *) why;
    message.len = ngx_strlen(why);

    job->result.outcome = CIVIC_HOST_REFUSED;
    job->result.problem = problem;
    job->outcome = outcome;

    civic_host_job_log(job, "was stopped", &message);
}


/* what Lua said is one line, whatever is in it */

static void
civic_host_job_log(civic_host_job_t *job, const char *what,
    const ngx_str_t *message)
{
    u_char     text[CIVIC_HOST_MESSAGE];
    ngx_str_t  line;

    line.data = text;
    line.len = civic_host_line(text, sizeof(text), message);

    ngx_log_error(NGX_LOG_ERR, job->log, 0,
                  "civic plugin: \"%V\" %s in \"%V\" (%V), trace %V: %V",
                  &job->plugin->name, what, &job->function,
                  job->spec ? &job->spec->key : &job->function, &job->trace,
                  &line);
}


/* nothing is waited for and Lua will not go on */

static void
civic_host_job_stop(civic_host_job_t *job)
{
    if (job->timer.timer_set) {
        ngx_del_timer(&job->timer);
    }

    if (job->cancel) {
        job->cancel(job);
        job->cancel = NULL;
    }

    civic_host_job_release(job);

    if (job->started) {
        civic_plugin_enter(job->plugin, job->spec);
        civic_lua_run_end(&job->run);
        civic_plugin_leave(job->plugin);
        civic_plugin_vm_put(job->plugin, job->run.vm);

        job->started = 0;
        civic_plugin_account(job->plugin, job->spec, job->outcome, &job->run,
                             civic_now_ns() - job->since);
    }
}


static void
civic_host_job_finish(civic_host_job_t *job)
{
    job->over = 1;

    civic_host_job_stop(job);

    job->result.cpu = job->run.cpu;

    job->done(job->data, &job->result);

    job->busy = 0;

    if (job->ended) {
        civic_host_job_free(job);
    }
}


void
civic_host_end(civic_host_job_t *job)
{
    job->ended = 1;

    if (job->busy) {
        return;
    }

    if (!job->over) {
        job->over = 1;
        job->outcome = CIVIC_PLUGIN_ABANDONED;
        civic_host_job_stop(job);
    }

    civic_host_job_free(job);
}


static void
civic_host_job_free(civic_host_job_t *job)
{
    civic_plugin_release(job->plugin);

    if (job->step) {
        ngx_destroy_pool(job->step);
    }

    ngx_destroy_pool(job->pool);
}


static void
civic_host_job_deadline(ngx_event_t *ev)
{
    u_char             why[128];
    civic_host_job_t  *job;

    job = ev->data;
    job->busy = 1;

    *ngx_snprintf(why, sizeof(why) - 1, "its time ran out in %V",
                  civic_host_operations_name(job)) = '\0';

    civic_host_job_refuse(job, CIVIC_RUN_OVERSTAYED, CIVIC_PLUGIN_OVERSTAYED,
                          (char *) why);
    civic_host_job_finish(job);
}


ngx_int_t
civic_host_job_give(civic_host_job_t *job, const civic_value_t *values,
    ngx_uint_t n)
{
    job->answer.kind = CIVIC_HOST_RESULTS;
    job->answer.values = values;
    job->answer.nvalues = n;

    return NGX_OK;
}


ngx_int_t
civic_host_job_raise(civic_host_job_t *job, const char *code)
{
    job->answer.kind = CIVIC_HOST_RAISES;
    job->answer.code.data = (u_char *) code;
    job->answer.code.len = ngx_strlen(code);

    return NGX_OK;
}


ngx_int_t
civic_host_job_fail(civic_host_job_t *job, const char *fmt, ...)
{
    u_char   *p;
    va_list   args;

    static ngx_str_t  no_memory = ngx_string("no memory");

    job->answer.kind = CIVIC_HOST_FAILS;
    job->answer.message = no_memory;

    p = ngx_pnalloc(job->step, CIVIC_HOST_MESSAGE);

    if (p == NULL) {
        return NGX_OK;
    }

    job->answer.message.data = p;

    va_start(args, fmt);
    p = ngx_vslprintf(p, p + CIVIC_HOST_MESSAGE, fmt, args);
    va_end(args);

    job->answer.message.len = p - job->answer.message.data;

    return NGX_OK;
}


ngx_int_t
civic_host_job_park(civic_host_job_t *job, civic_host_cancel_pt cancel,
    void *waiting)
{
    job->cancel = cancel;
    job->waiting = waiting;

    return NGX_AGAIN;
}


ngx_msec_t
civic_host_job_left(const civic_host_job_t *job)
{
    ngx_msec_int_t  left;

    left = (ngx_msec_int_t) (job->deadline - ngx_current_msec);

    return left > 0 ? (ngx_msec_t) left : 1;
}


size_t
civic_host_line(u_char *dst, size_t max, const ngx_str_t *text)
{
    size_t  i, n;

    n = ngx_min(text->len, max);

    for (i = 0; i < n; i++) {
        dst[i] = text->data[i] < 0x20 || text->data[i] == 0x7f
                 ? ' ' : text->data[i];
    }

    return n;
}


ngx_pool_t *
civic_host_pool(civic_host_job_t *job)
{
    return job->pool;
}
