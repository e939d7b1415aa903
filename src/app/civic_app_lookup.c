
/*
 * Copyright (C) Civic Gate
 *
 * Look-ups of credentials that the worker does not know.  Those who ask for
 * the same while one is under way wait for it; when it is answered, all of
 * them are woken and ask the cache.  A request that dies takes its place in
 * the line with it; the look-up itself goes on and is remembered.
 */


#include "civic_app_worker.h"
#include "civic_json_arena.h"
#include "civic_status.h"
#include "civic_wait.h"


#define CIVIC_APP_LOOKUPS   256        /* at once, of one worker */
#define CIVIC_APP_ATTEMPTS  5          /* for an answer that is not stale */
#define CIVIC_APP_JWK       4096       /* bytes that a ready key takes */


typedef struct {
    ngx_queue_t               queue;
    ngx_queue_t               waiters;
    ngx_uint_t                by;
    ngx_str_t                 value;   /* behind this */
    ngx_uint_t                attempts;
} civic_app_lookup_t;


/* in r->pool, found by r->ctx */

typedef struct {
    ngx_queue_t               queue;
    ngx_http_request_t       *request;
    civic_app_lookup_t       *lookup;  /* NULL: it is answered */
    civic_problem_e           problem; /* OK: see the cache */
} civic_app_waiter_t;


static ngx_int_t civic_app_lookup_wait(ngx_http_request_t *r,
    ngx_uint_t by, const ngx_str_t *value, civic_problem_e *problem);
static civic_app_waiter_t *civic_app_lookup_waiter(ngx_http_request_t *r);
static void civic_app_lookup_cleanup(void *data);
static civic_app_lookup_t *civic_app_lookup_join(ngx_uint_t by,
    const ngx_str_t *value);
static civic_app_lookup_t *civic_app_lookup_start(ngx_uint_t by,
    const ngx_str_t *value);
static ngx_int_t civic_app_lookup_send(civic_app_lookup_t *lookup);
static void civic_app_lookup_handler(void *data, ngx_uint_t error,
    const civic_value_t *reply);
static civic_problem_e civic_app_lookup_answer(civic_app_lookup_t *lookup,
    const civic_value_t *reply);
static civic_problem_e civic_app_lookup_load(const ngx_str_t *name,
    const ngx_str_t *json);
static civic_app_record_t *civic_app_lookup_parse(ngx_pool_t *pool,
    const ngx_str_t *name, const ngx_str_t *json);
static void civic_app_lookup_finish(civic_app_lookup_t *lookup,
    civic_problem_e problem);


ngx_int_t
civic_app_lookup(ngx_http_request_t *r, ngx_uint_t by, const ngx_str_t *value,
    civic_app_credential_t **credential, civic_problem_e *problem)
{
    civic_app_cache_t   *cache;
    civic_app_waiter_t  *waiter;

    cache = &civic_app_worker.cache;

    *credential = civic_app_cache_find(cache, by, value);

    if (*credential != NULL) {
        return NGX_OK;
    }

    waiter = ngx_http_get_module_ctx(r, ngx_http_civic_app_module);

    if (waiter != NULL && waiter->lookup == NULL
        && waiter->problem != CIVIC_OK)
    {
        *problem = waiter->problem;
        waiter->problem = CIVIC_OK;

        return NGX_DECLINED;
    }

    *problem = civic_app_cache_nobody(cache, by, value);

    if (*problem != CIVIC_OK) {
        return NGX_DECLINED;
    }

    return civic_app_lookup_wait(r, by, value, problem);
}


static ngx_int_t
civic_app_lookup_wait(ngx_http_request_t *r, ngx_uint_t by,
    const ngx_str_t *value, civic_problem_e *problem)
{
    civic_app_lookup_t  *lookup;
    civic_app_waiter_t  *waiter;

    waiter = civic_app_lookup_waiter(r);
    if (waiter == NULL) {
        return NGX_ERROR;
    }

    lookup = civic_app_lookup_join(by, value);

    if (lookup == NULL) {

        if (civic_app_worker.nlookups >= CIVIC_APP_LOOKUPS) {
            *problem = CIVIC_APPS_UNAVAILABLE;
            return NGX_DECLINED;
        }

        lookup = civic_app_lookup_start(by, value);
        if (lookup == NULL) {
            return NGX_ERROR;
        }
    }

    if (waiter->lookup != lookup) {

        if (waiter->lookup != NULL) {
            ngx_queue_remove(&waiter->queue);
        }

        waiter->lookup = lookup;
        ngx_queue_insert_tail(&lookup->waiters, &waiter->queue);
    }

    return civic_wait_park(r) == NGX_DONE ? NGX_AGAIN : NGX_ERROR;
}


static civic_app_waiter_t *
civic_app_lookup_waiter(ngx_http_request_t *r)
{
    civic_app_waiter_t  *waiter;
    ngx_pool_cleanup_t  *cln;

    waiter = ngx_http_get_module_ctx(r, ngx_http_civic_app_module);

    if (waiter != NULL) {
        return waiter;
    }

    waiter = ngx_pcalloc(r->pool, sizeof(civic_app_waiter_t));
    cln = ngx_pool_cleanup_add(r->pool, 0);

    if (waiter == NULL || cln == NULL) {
        return NULL;
    }

    waiter->request = r;

    cln->handler = civic_app_lookup_cleanup;
    cln->data = waiter;

    ngx_http_set_ctx(r, waiter, ngx_http_civic_app_module);

    return waiter;
}


static void
civic_app_lookup_cleanup(void *data)
{
    civic_app_waiter_t  *waiter = data;

    if (waiter->lookup != NULL) {
        ngx_queue_remove(&waiter->queue);
    }
}


static civic_app_lookup_t *
civic_app_lookup_join(ngx_uint_t by, const ngx_str_t *value)
{
    ngx_queue_t         *q;
    civic_app_lookup_t  *lookup;

    for (q = ngx_queue_head(&civic_app_worker.lookups);
         q != ngx_queue_sentinel(&civic_app_worker.lookups);
         q = ngx_queue_next(q))
    {
        lookup = ngx_queue_data(q, civic_app_lookup_t, queue);

        if (lookup->by == by && lookup->value.len == value->len
            && ngx_memcmp(lookup->value.data, value->data, value->len) == 0)
        {
            return lookup;
        }
    }

    return NULL;
}


/* freed when it is answered */

static civic_app_lookup_t *
civic_app_lookup_start(ngx_uint_t by, const ngx_str_t *value)
{
    civic_app_lookup_t  *lookup;

    lookup = ngx_alloc(sizeof(civic_app_lookup_t) + value->len,
                       ngx_cycle->log);
    if (lookup == NULL) {
        return NULL;
    }

    lookup->by = by;
    lookup->value.data = (u_char *) lookup + sizeof(civic_app_lookup_t);
    lookup->value.len = value->len;
    ngx_memcpy(lookup->value.data, value->data, value->len);

    lookup->attempts = 0;
    ngx_queue_init(&lookup->waiters);

    if (civic_app_lookup_send(lookup) != NGX_OK) {
        ngx_free(lookup);
        return NULL;
    }

    ngx_queue_insert_tail(&civic_app_worker.lookups, &lookup->queue);
    civic_app_worker.nlookups++;

    return lookup;
}


static ngx_int_t
civic_app_lookup_send(civic_app_lookup_t *lookup)
{
    u_char     buf[CIVIC_APP_FIELD];
    ngx_str_t  field;

    lookup->attempts++;

    field.data = buf;
    field.len = civic_app_credential_field(lookup->by, &lookup->value, buf);

    return civic_app_script(civic_app_worker.conf->redis,
                            CIVIC_APP_SCRIPT_FIND, &field, 1,
                            civic_app_lookup_handler, lookup)
           ? NGX_OK : NGX_ERROR;
}


static void
civic_app_lookup_handler(void *data, ngx_uint_t error,
    const civic_value_t *reply)
{
    civic_problem_e      problem;
    civic_app_lookup_t  *lookup = data;

    problem = CIVIC_APPS_UNAVAILABLE;

    if (error == CIVIC_REDIS_OK) {

        switch (civic_app_worker_judge(reply)) {

        case NGX_OK:
            problem = civic_app_lookup_answer(lookup, reply);
            break;

        case NGX_AGAIN:

            if (lookup->attempts < CIVIC_APP_ATTEMPTS
                && civic_app_lookup_send(lookup) == NGX_OK)
            {
                return;
            }
        }
    }

    civic_app_lookup_finish(lookup, problem);
}


/* CIVIC_OK: it is in the cache */

static civic_problem_e
civic_app_lookup_answer(civic_app_lookup_t *lookup, const civic_value_t *reply)
{
    ngx_str_t           name, json;
    civic_problem_e     problem;
    civic_app_cache_t  *cache;

    cache = &civic_app_worker.cache;
    problem = CIVIC_KEY_UNKNOWN;

    if (civic_value_string(civic_value_item(reply, 2), &name) == NGX_OK
        && civic_value_string(civic_value_item(reply, 3), &json) == NGX_OK)
    {
        problem = civic_app_lookup_load(&name, &json);

        if (problem == CIVIC_OK
            && civic_app_index_find(&cache->index, lookup->by, &lookup->value)
               == NULL)
        {
            problem = CIVIC_KEY_UNKNOWN;
        }
    }

    if (problem != CIVIC_OK) {
        civic_app_cache_nobody_add(cache, lookup->by, &lookup->value, problem);
    }

    return problem;
}


static civic_problem_e
civic_app_lookup_load(const ngx_str_t *name, const ngx_str_t *json)
{
    ngx_pool_t          *pool;
    ngx_uint_t           i;
    civic_app_record_t  *record;

    pool = ngx_create_pool(1024, ngx_cycle->log);
    if (pool == NULL) {
        return CIVIC_APPS_UNAVAILABLE;
    }

    record = civic_app_lookup_parse(pool, name, json);

    if (record == NULL) {
        ngx_destroy_pool(pool);
        return CIVIC_APPS_UNAVAILABLE;
    }

    /* about: what was read is about as large as what it was read from */

    i = record->keys.nelts + record->signers.nelts
        + record->certificates.nelts;

    civic_app_cache_add(&civic_app_worker.cache, record,
                        1024 + sizeof(civic_app_record_t) + json->len
                        + i * sizeof(civic_app_credential_t)
                        + record->signers.nelts * CIVIC_APP_JWK);

    return CIVIC_OK;
}


static civic_app_record_t *
civic_app_lookup_parse(ngx_pool_t *pool, const ngx_str_t *name,
    const ngx_str_t *json)
{
    civic_json_t        *root;
    civic_app_reader_t   reader;
    civic_app_record_t  *record;

    ngx_memzero(&reader, sizeof(civic_app_reader_t));

    reader.pool = pool;
    reader.sealed = 1;
    reader.seal = civic_app_worker.conf->sealing
                  ? civic_app_worker.conf->seal : NULL;
    record = NULL;

    civic_json_arena_enter();

    root = civic_json_parse(json, CIVIC_APP_MAX_RECORD, reader.err,
                            sizeof(reader.err));

    if (root != NULL) {
        record = civic_app_record_parse(&reader, root);
        civic_json_free(root);
    }

    civic_json_arena_leave();

    if (record == NULL) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "civic app: the record of \"%V\" is refused: %s", name,
                      reader.err);
    }

    return record;
}


/* whoever is woken may be gone after it, and those behind him, too */

static void
civic_app_lookup_finish(civic_app_lookup_t *lookup, civic_problem_e problem)
{
    ngx_queue_t         *q;
    civic_app_waiter_t  *waiter;

    ngx_queue_remove(&lookup->queue);
    civic_app_worker.nlookups--;

    civic_status_count(problem == CIVIC_OK ? CIVIC_METRIC_APPS_LOADED
                       : problem == CIVIC_KEY_UNKNOWN
                         ? CIVIC_METRIC_APPS_UNKNOWN
                         : CIVIC_METRIC_APPS_UNAVAILABLE,
                       1);

    while (!ngx_queue_empty(&lookup->waiters)) {
        q = ngx_queue_head(&lookup->waiters);
        ngx_queue_remove(q);

        waiter = ngx_queue_data(q, civic_app_waiter_t, queue);
        waiter->lookup = NULL;
        waiter->problem = problem;

        civic_wait_wake(waiter->request);
    }

    ngx_free(lookup);
}
