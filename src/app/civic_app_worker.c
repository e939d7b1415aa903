
/*
 * Copyright (C) Civic Gate
 *
 * The clock of a worker's knowledge: one command every 250 ms asks which
 * applications have changed, and these are forgotten.  Where Redis does not
 * answer, what is remembered serves on, and its age is a metric.
 */


#include "civic_app_worker.h"


#define CIVIC_APP_POLL  250            /* ms */


static void civic_app_worker_poll(ngx_event_t *ev);
static void civic_app_worker_handler(void *data, ngx_uint_t error,
    const civic_value_t *reply);
static void civic_app_worker_changed(const civic_value_t *reply);
static ngx_int_t civic_app_worker_read(const civic_value_t *reply,
    ngx_str_t *epoch, int64_t *version);


civic_app_worker_t  civic_app_worker;


ngx_int_t
civic_app_worker_start(const civic_app_main_conf_t *amcf)
{
    civic_app_worker_t  *worker;

    worker = &civic_app_worker;

    if (civic_app_cache_init(&worker->cache, amcf->cache) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_queue_init(&worker->lookups);

    civic_app_status_init();

    worker->conf = amcf;
    worker->fresh = ngx_current_msec;

    worker->poll.handler = civic_app_worker_poll;
    worker->poll.log = ngx_cycle->log;
    worker->poll.data = worker;
    worker->poll.cancelable = 1;

    ngx_add_timer(&worker->poll, 1);

    return NGX_OK;
}


/* also in a worker that leaves: requests that it still has must know, too */

static void
civic_app_worker_poll(ngx_event_t *ev)
{
    u_char               version[NGX_INT64_LEN];
    ngx_str_t            argv[2];
    civic_app_worker_t  *worker = ev->data;

    if (worker->polling == NULL) {
        argv[0].data = worker->epoch;
        argv[0].len = worker->epoch_len;
        argv[1].data = version;
        argv[1].len = ngx_sprintf(version, "%L", worker->version) - version;

        worker->polling = civic_app_script(worker->conf->redis,
                                           CIVIC_APP_SCRIPT_CHANGES, argv, 2,
                                           civic_app_worker_handler, worker);
    }

    ngx_add_timer(ev, CIVIC_APP_POLL);
}


static void
civic_app_worker_handler(void *data, ngx_uint_t error,
    const civic_value_t *reply)
{
    int64_t              version;
    ngx_str_t            epoch;
    civic_app_worker_t  *worker = data;

    worker->polling = NULL;

    if (error != CIVIC_REDIS_OK
        || civic_app_worker_read(reply, &epoch, &version) != NGX_OK)
    {
        return;
    }

    civic_app_worker_changed(reply);

    ngx_memcpy(worker->epoch, epoch.data, epoch.len);
    worker->epoch_len = epoch.len;
    worker->version = version;
    worker->fresh = ngx_current_msec;
    worker->known = 1;
}


static void
civic_app_worker_changed(const civic_value_t *reply)
{
    ngx_str_t             name;
    ngx_uint_t            i;
    const civic_value_t  *item;

    for (i = 2; (item = civic_value_item(reply, i)) != NULL; i++) {

        if (civic_value_string(item, &name) != NGX_OK) {
            continue;
        }

        if (name.len == 1 && name.data[0] == '*') {
            civic_app_cache_flush(&civic_app_worker.cache);
            return;
        }

        civic_app_cache_forget(&civic_app_worker.cache, &name);
    }

    if (i > 2) {
        civic_app_cache_nobody_flush(&civic_app_worker.cache);
    }
}


ngx_int_t
civic_app_worker_judge(const civic_value_t *reply)
{
    int64_t              version;
    ngx_str_t            epoch;
    civic_app_worker_t  *worker;

    worker = &civic_app_worker;

    if (civic_app_worker_read(reply, &epoch, &version) != NGX_OK) {
        return NGX_DECLINED;
    }

    /* what comes before the first poll: that one forgets it again */

    if (!worker->known) {
        return NGX_OK;
    }

    return (epoch.len == worker->epoch_len
            && ngx_memcmp(epoch.data, worker->epoch, epoch.len) == 0
            && version >= worker->version)
           ? NGX_OK : NGX_AGAIN;
}


/* both come as strings */

static ngx_int_t
civic_app_worker_read(const civic_value_t *reply, ngx_str_t *epoch,
    int64_t *version)
{
    ngx_str_t             text;
    const civic_value_t  *item;

    item = civic_value_item(reply, 1);

    if (civic_value_string(civic_value_item(reply, 0), epoch) != NGX_OK
        || epoch->len > CIVIC_APP_EPOCH
        || civic_value_string(item, &text) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    *version = ngx_atoi(text.data, text.len);

    return *version == NGX_ERROR ? NGX_DECLINED : NGX_OK;
}
