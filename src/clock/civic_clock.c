
/*
 * Copyright (C) Civic Gate
 *
 * Timers and schedules at work.  Every worker asks Redis about twice a
 * second, plugin by plugin, for what is due; what it gets it has alone, for
 * the length of a lease, runs it, and says so.
 *
 *     tick --> poll: claim --> run --> done      (one run per claimed timer)
 *                               |
 *                               +----> retry, later and later; then failed
 *
 * A poll and its runs hold the plugin's version.  Nothing here has a
 * client; a worker that exits claims no more, and what it cannot finish is
 * due again when its lease lapses.
 */


#include "civic_clock.h"
#include "civic_clock_schedule.h"
#include "civic_host.h"
#include "civic_status.h"


#define CIVIC_CLOCK_TICK      400      /* ms, and up to CIVIC_CLOCK_JITTER */
#define CIVIC_CLOCK_JITTER    200
#define CIVIC_CLOCK_LIMIT     16       /* timers of one claim */
#define CIVIC_CLOCK_TRIES     10
#define CIVIC_CLOCK_GRACE     5000     /* ms: the lease outlives the run */
#define CIVIC_CLOCK_SCHEDULE  64       /* entries of a schedule */
#define CIVIC_CLOCK_POOL      2048
#define CIVIC_CLOCK_TOLD      64       /* versions without a store */


typedef struct {
    ngx_queue_t               queue;
    civic_plugin_t           *plugin;
    ngx_pool_t               *pool;
    ngx_uint_t                left;    /* runs that are not over */
} civic_clock_poll_t;


typedef struct {
    civic_clock_poll_t       *poll;
    civic_host_job_t         *job;
    civic_host_result_t       result;
    ngx_str_t                 id;
    ngx_str_t                 fence;
    ngx_str_t                 function;
    int64_t                   due;
    ngx_uint_t                attempts;
    unsigned                  over:1;
} civic_clock_run_t;


static void civic_clock_tick(ngx_event_t *ev);
static ngx_uint_t civic_clock_wanted(const civic_plugin_t *plugin);
static void civic_clock_complain(const civic_plugin_t *plugin);
static ngx_uint_t civic_clock_polling(const civic_plugin_t *plugin);
static void civic_clock_poll(civic_plugin_t *plugin);
static ngx_int_t civic_clock_claim(civic_clock_poll_t *poll);
static ngx_int_t civic_clock_entries(civic_clock_poll_t *poll,
    ngx_str_t *argv, ngx_uint_t *argc);
static ngx_int_t civic_clock_entry_id(const civic_plugin_schedule_t *entry,
    ngx_pool_t *pool, ngx_str_t *id);
static int64_t civic_clock_next(civic_clock_poll_t *poll,
    const ngx_str_t *id);
static ngx_int_t civic_clock_number(ngx_pool_t *pool, int64_t n,
    ngx_str_t *text);
static void civic_clock_claimed(void *data, ngx_uint_t error,
    const civic_value_t *reply);
static ngx_int_t civic_clock_read(civic_clock_poll_t *poll,
    const civic_value_t *item, civic_clock_run_t *run, ngx_str_t *data);
static ngx_int_t civic_clock_run(civic_clock_run_t *run,
    const ngx_str_t *data);
static ngx_int_t civic_clock_data(const ngx_str_t *text, ngx_pool_t *pool,
    civic_value_t *value);
static void civic_clock_ran(void *data, const civic_host_result_t *result);
static void civic_clock_settle(civic_clock_run_t *run);
static const char *civic_clock_verdict(civic_clock_run_t *run,
    int64_t *next);
static void civic_clock_settled(void *data, ngx_uint_t error,
    const civic_value_t *reply);
static void civic_clock_leave(civic_clock_poll_t *poll);


static ngx_event_t       civic_clock_event;
static ngx_connection_t  civic_clock_dummy;
static ngx_queue_t       civic_clock_polls;


/* compared, never followed: they may be gone */

static const void       *civic_clock_told[CIVIC_CLOCK_TOLD];
static ngx_uint_t        civic_clock_ntold;


ngx_int_t
civic_clock_start(ngx_cycle_t *cycle)
{
    ngx_queue_init(&civic_clock_polls);

    /* an event's log and data are looked at when it is cancelable */

    civic_clock_dummy.fd = (ngx_socket_t) -1;

    civic_clock_event.handler = civic_clock_tick;
    civic_clock_event.data = &civic_clock_dummy;
    civic_clock_event.log = cycle->log;
    civic_clock_event.cancelable = 1;

    ngx_add_timer(&civic_clock_event, ngx_random() % CIVIC_CLOCK_TICK + 1);

    return NGX_OK;
}


static void
civic_clock_tick(ngx_event_t *ev)
{
    ngx_uint_t           i;
    civic_plugin_t     **plugin;
    const ngx_array_t   *all;

    if (ngx_exiting || ngx_quit || ngx_terminate) {
        return;
    }

    all = civic_plugin_all();

    if (all != NULL) {
        plugin = all->elts;

        for (i = 0; i < all->nelts; i++) {

            if (civic_clock_wanted(plugin[i])
                && !civic_clock_polling(plugin[i]))
            {
                civic_clock_poll(plugin[i]);
            }
        }
    }

    ngx_add_timer(ev, CIVIC_CLOCK_TICK + ngx_random() % CIVIC_CLOCK_JITTER);
}


static ngx_uint_t
civic_clock_wanted(const civic_plugin_t *plugin)
{
    ngx_uint_t  retry_after;

    if (plugin->department->redis == NULL) {
        civic_clock_complain(plugin);
        return 0;
    }

    if (plugin->department->off
        || civic_plugin_state(plugin, NULL, &retry_after)
           != CIVIC_PLUGIN_READY)
    {
        return 0;
    }

    return plugin->manifest->store || plugin->manifest->schedule.nelts;
}


/* once for each version, as long as there is room to remember them */

static void
civic_clock_complain(const civic_plugin_t *plugin)
{
    ngx_uint_t  i;

    if (plugin->manifest->schedule.nelts == 0
        || civic_clock_ntold == CIVIC_CLOCK_TOLD)
    {
        return;
    }

    for (i = 0; i < civic_clock_ntold; i++) {
        if (civic_clock_told[i] == plugin) {
            return;
        }
    }

    civic_clock_told[civic_clock_ntold++] = plugin;

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "civic clock: the schedule of \"%V\" is not followed: "
                  "civic_department \"%V\" does not allow \"store\"",
                  &plugin->name, &plugin->department->name);
}


static ngx_uint_t
civic_clock_polling(const civic_plugin_t *plugin)
{
    ngx_queue_t         *q;
    civic_clock_poll_t  *poll;

    for (q = ngx_queue_head(&civic_clock_polls);
         q != ngx_queue_sentinel(&civic_clock_polls);
         q = ngx_queue_next(q))
    {
        poll = ngx_queue_data(q, civic_clock_poll_t, queue);

        if (poll->plugin == plugin) {
            return 1;
        }
    }

    return 0;
}


static void
civic_clock_poll(civic_plugin_t *plugin)
{
    ngx_pool_t          *pool;
    civic_clock_poll_t  *poll;

    pool = ngx_create_pool(CIVIC_CLOCK_POOL, ngx_cycle->log);
    if (pool == NULL) {
        return;
    }

    poll = ngx_pcalloc(pool, sizeof(civic_clock_poll_t));

    if (poll == NULL) {
        ngx_destroy_pool(pool);
        return;
    }

    poll->pool = pool;
    poll->plugin = plugin;
    poll->left = 1;

    civic_plugin_hold(plugin);
    ngx_queue_insert_head(&civic_clock_polls, &poll->queue);

    if (civic_clock_claim(poll) != NGX_OK) {
        civic_clock_leave(poll);
    }
}


static ngx_int_t
civic_clock_claim(civic_clock_poll_t *poll)
{
    ngx_str_t              *argv, *arg;
    ngx_uint_t              argc;
    civic_redis_request_t   request;

    argv = ngx_palloc(poll->pool, (CIVIC_CLOCK_KEYS + 4
                                   + 3 * CIVIC_CLOCK_SCHEDULE)
                                  * sizeof(ngx_str_t));
    if (argv == NULL) {
        return NGX_ERROR;
    }

    arg = argv + CIVIC_CLOCK_KEYS;
    argc = CIVIC_CLOCK_KEYS + 4;

    if (civic_clock_number(poll->pool, civic_host_now(), &arg[0]) != NGX_OK
        || civic_clock_number(poll->pool, poll->plugin->department->timeout
                                          + CIVIC_CLOCK_GRACE, &arg[1])
           != NGX_OK
        || civic_clock_number(poll->pool, CIVIC_CLOCK_LIMIT, &arg[2])
           != NGX_OK
        || civic_clock_number(poll->pool, CIVIC_CLOCK_TRIES, &arg[3])
           != NGX_OK
        || civic_clock_entries(poll, argv, &argc) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_memzero(&request, sizeof(civic_redis_request_t));

    request.argc = argc;
    request.handler = civic_clock_claimed;
    request.data = poll;

    return civic_clock_eval(poll->plugin, CIVIC_CLOCK_CLAIM, argv, poll->pool,
                            &request)
           ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
civic_clock_entries(civic_clock_poll_t *poll, ngx_str_t *argv,
    ngx_uint_t *argc)
{
    ngx_uint_t                i, n;
    civic_plugin_schedule_t  *entry;

    entry = poll->plugin->manifest->schedule.elts;
    n = ngx_min(poll->plugin->manifest->schedule.nelts, CIVIC_CLOCK_SCHEDULE);

    for (i = 0; i < n; i++) {

        if (civic_clock_entry_id(&entry[i], poll->pool, &argv[*argc])
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        argv[*argc + 1] = entry[i].run;

        if (civic_clock_number(poll->pool,
                               civic_clock_next(poll, &argv[*argc]),
                               &argv[*argc + 2])
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        *argc += 3;
    }

    return NGX_OK;
}


/* another interval is another entry */

static ngx_int_t
civic_clock_entry_id(const civic_plugin_schedule_t *entry, ngx_pool_t *pool,
    ngx_str_t *id)
{
    u_char  *p;

    p = ngx_pnalloc(pool, sizeof("@/every/") + entry->run.len
                          + NGX_INT64_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    id->data = p;

    p = entry->every
        ? ngx_sprintf(p, "@%V/every/%M", &entry->run, entry->every)
        : ngx_sprintf(p, "@%V/at/%ui", &entry->run, entry->at);

    id->len = p - id->data;

    return NGX_OK;
}


/* 0: no entry of this version's schedule has that id */

static int64_t
civic_clock_next(civic_clock_poll_t *poll, const ngx_str_t *id)
{
    ngx_str_t                 own;
    ngx_uint_t                i;
    civic_plugin_schedule_t  *entry;

    entry = poll->plugin->manifest->schedule.elts;

    for (i = 0; i < poll->plugin->manifest->schedule.nelts; i++) {

        if (civic_clock_entry_id(&entry[i], poll->pool, &own) != NGX_OK) {
            continue;
        }

        if (own.len == id->len
            && ngx_strncmp(own.data, id->data, id->len) == 0)
        {
            return entry[i].every
                   ? civic_clock_schedule_every(civic_host_now(),
                                                entry[i].every)
                   : civic_clock_schedule_at(civic_host_now(), entry[i].at);
        }
    }

    return 0;
}


static ngx_int_t
civic_clock_number(ngx_pool_t *pool, int64_t n, ngx_str_t *text)
{
    text->data = ngx_pnalloc(pool, NGX_INT64_LEN);
    if (text->data == NULL) {
        return NGX_ERROR;
    }

    text->len = ngx_sprintf(text->data, "%L", n) - text->data;

    return NGX_OK;
}


static void
civic_clock_claimed(void *data, ngx_uint_t error, const civic_value_t *reply)
{
    civic_clock_poll_t *poll = data;

    ngx_str_t             text;
    ngx_uint_t            i;
    civic_clock_run_t    *run;
    const civic_value_t  *item;

    if (error == CIVIC_REDIS_REFUSED) {

        if (civic_value_string(reply, &text) != NGX_OK) {
            ngx_str_set(&text, "an error");
        }

        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "civic clock: the store of \"%V\" says: %V",
                      &poll->plugin->name, &text);
    }

    for (i = 0; error == CIVIC_REDIS_OK; i++) {

        item = civic_value_item(reply, i);
        if (item == NULL) {
            break;
        }

        run = ngx_pcalloc(poll->pool, sizeof(civic_clock_run_t));

        if (run == NULL
            || civic_clock_read(poll, item, run, &text) != NGX_OK)
        {
            break;
        }

        poll->left++;

        if (civic_clock_run(run, &text) != NGX_OK) {
            poll->left--;
        }
    }

    civic_clock_leave(poll);
}


/* {id, fence, due, attempts, function, data} */

static ngx_int_t
civic_clock_read(civic_clock_poll_t *poll, const civic_value_t *item,
    civic_clock_run_t *run, ngx_str_t *data)
{
    off_t       due;
    ngx_int_t   attempts;
    ngx_str_t   part[6];
    ngx_uint_t  i;

    for (i = 0; i < 6; i++) {

        if (civic_value_string(civic_value_item(item, i), &part[i])
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (part[i].len) {
            part[i].data = ngx_pstrdup(poll->pool, &part[i]);

            if (part[i].data == NULL) {
                return NGX_ERROR;
            }
        }
    }

    due = ngx_atoof(part[2].data, part[2].len);
    attempts = ngx_atoi(part[3].data, part[3].len);

    if (due == NGX_ERROR || attempts < 1) {
        return NGX_ERROR;
    }

    run->poll = poll;
    run->id = part[0];
    run->fence = part[1];
    run->due = due;
    run->attempts = attempts;
    run->function = part[4];
    *data = part[5];

    return NGX_OK;
}


/* function(data, {id, fence, due}) */

static ngx_int_t
civic_clock_run(civic_clock_run_t *run, const ngx_str_t *data)
{
    ngx_pool_t          *pool;
    civic_value_t       *args;
    civic_host_order_t   order;

    pool = run->poll->pool;

    args = ngx_palloc(pool, 2 * sizeof(civic_value_t));

    if (args == NULL
        || civic_clock_data(data, pool, &args[0]) != NGX_OK
        || civic_value_set_table(&args[1], pool, 0, 3) != NGX_OK
        || civic_value_add_string(&args[1], pool, "id", &run->id) != NGX_OK
        || civic_value_add_string(&args[1], pool, "fence", &run->fence)
           != NGX_OK
        || civic_value_add_number(&args[1], pool, "due",
                                  (double) run->due / 1000) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_memzero(&order, sizeof(civic_host_order_t));

    order.plugin = run->poll->plugin;
    order.function = run->function;
    order.args = args;
    order.nargs = 2;
    order.timeout = run->poll->plugin->department->timeout;
    order.log = ngx_cycle->log;
    order.done = civic_clock_ran;
    order.data = run;

    run->job = civic_host_start(&order);

    if (run->job == NULL) {
        return NGX_ERROR;
    }

    if (run->over) {
        civic_clock_settle(run);
    }

    return NGX_OK;
}


static ngx_int_t
civic_clock_data(const ngx_str_t *text, ngx_pool_t *pool,
    civic_value_t *value)
{
    ngx_int_t      rc;
    civic_json_t  *json;

    if (text->len == 0) {
        civic_value_set_nil(value);
        return NGX_OK;
    }

    json = civic_json_parse(text, text->len, NULL, 0);
    if (json == NULL) {
        return NGX_ERROR;
    }

    rc = civic_value_from_json(value, pool, json);
    civic_json_free(json);

    return rc;
}


static void
civic_clock_ran(void *data, const civic_host_result_t *result)
{
    civic_clock_run_t *run = data;

    run->over = 1;
    run->result = *result;

    if (run->job != NULL) {
        civic_clock_settle(run);
    }
}


static void
civic_clock_settle(civic_clock_run_t *run)
{
    int64_t                 next;
    ngx_str_t               argv[CIVIC_CLOCK_KEYS + 5], *arg;
    civic_clock_poll_t     *poll;
    civic_redis_request_t   request;

    poll = run->poll;
    arg = argv + CIVIC_CLOCK_KEYS;

    arg[0] = run->id;
    arg[1] = run->fence;
    arg[2].data = (u_char *) civic_clock_verdict(run, &next);
    arg[2].len = ngx_strlen(arg[2].data);

    civic_host_end(run->job);
    run->job = NULL;

    ngx_memzero(&request, sizeof(civic_redis_request_t));

    request.argc = CIVIC_CLOCK_KEYS + 5;
    request.handler = civic_clock_settled;
    request.data = run;

    if (civic_clock_number(poll->pool, next, &arg[3]) != NGX_OK
        || civic_clock_number(poll->pool, civic_host_now(), &arg[4])
           != NGX_OK
        || civic_clock_eval(poll->plugin, CIVIC_CLOCK_DONE, argv, poll->pool,
                            &request)
           == NULL)
    {
        civic_clock_leave(poll);
    }
}


static const char *
civic_clock_verdict(civic_clock_run_t *run, int64_t *next)
{
    int64_t           retry;
    const ngx_str_t  *code;

    *next = civic_clock_next(run->poll, &run->id);

    if (run->result.outcome == CIVIC_HOST_DONE) {
        civic_status_count(CIVIC_METRIC_TIMERS_DONE, 1);
        return "done";
    }

    code = run->result.outcome == CIVIC_HOST_PROBLEM
           ? &run->result.code
           : &civic_problems[run->result.problem].code;

    if (run->attempts < CIVIC_CLOCK_TRIES) {
        civic_status_count(CIVIC_METRIC_TIMERS_FAILED, 1);

        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "civic clock: \"%V\" of \"%V\" failed (%V), try %ui",
                      &run->function, &run->poll->plugin->name, code,
                      run->attempts);

        retry = civic_host_now() + civic_clock_schedule_retry(run->attempts);

        if (*next == 0 || retry < *next) {
            *next = retry;
            return "retry";
        }

        return "done";
    }

    civic_status_count(CIVIC_METRIC_TIMERS_DROPPED, 1);

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "civic clock: \"%V\" of \"%V\" failed %ui times (%V), "
                  "given up", &run->function, &run->poll->plugin->name,
                  run->attempts, code);

    return "failed";
}


static void
civic_clock_settled(void *data, ngx_uint_t error, const civic_value_t *reply)
{
    civic_clock_run_t *run = data;

    ngx_str_t  word;

    if (error != CIVIC_REDIS_OK) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "civic clock: nobody could be told that \"%V\" of "
                      "\"%V\" has run: it will run again", &run->function,
                      &run->poll->plugin->name);

    } else if (civic_value_string(reply, &word) == NGX_OK
               && word.len == 4
               && ngx_strncmp(word.data, "LOST", 4) == 0)
    {
        ngx_log_error(NGX_LOG_INFO, ngx_cycle->log, 0,
                      "civic clock: \"%V\" of \"%V\" was moved, cancelled or "
                      "claimed by another while it ran", &run->function,
                      &run->poll->plugin->name);
    }

    civic_clock_leave(run->poll);
}


static void
civic_clock_leave(civic_clock_poll_t *poll)
{
    if (--poll->left) {
        return;
    }

    ngx_queue_remove(&poll->queue);
    civic_plugin_release(poll->plugin);
    ngx_destroy_pool(poll->pool);
}
