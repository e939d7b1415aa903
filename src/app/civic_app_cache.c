
/*
 * Copyright (C) Civic Gate
 */


#include "civic_app_cache.h"
#include "civic_jose_digest.h"
#include "civic_status.h"


#define CIVIC_APP_NOBODIES     4096    /* a power of two */
#define CIVIC_APP_NOBODY_TIME  10000   /* ms */


static civic_app_record_t *civic_app_cache_named(civic_app_cache_t *cache,
    const ngx_str_t *name);
static void civic_app_cache_drop(civic_app_cache_t *cache,
    civic_app_record_t *record);
static civic_app_nobody_t *civic_app_cache_nobody_slot(
    civic_app_cache_t *cache, ngx_uint_t by, const ngx_str_t *value,
    u_char *tag);


ngx_int_t
civic_app_cache_init(civic_app_cache_t *cache, size_t max)
{
    civic_app_index_init(&cache->index);
    ngx_queue_init(&cache->records);
    ngx_rbtree_init(&cache->names, &cache->sentinel,
                    ngx_str_rbtree_insert_value);

    cache->nrecords = 0;
    cache->max = max;
    cache->used = 0;
    cache->nobody = ngx_calloc(CIVIC_APP_NOBODIES * sizeof(civic_app_nobody_t),
                               ngx_cycle->log);

    return cache->nobody ? NGX_OK : NGX_ERROR;
}


civic_app_credential_t *
civic_app_cache_find(civic_app_cache_t *cache, ngx_uint_t by,
    const ngx_str_t *value)
{
    civic_app_credential_t  *credential;

    credential = civic_app_index_find(&cache->index, by, value);

    if (credential != NULL) {
        ngx_queue_remove(&credential->record->queue);
        ngx_queue_insert_head(&cache->records, &credential->record->queue);
    }

    return credential;
}


void
civic_app_cache_add(civic_app_cache_t *cache, civic_app_record_t *record,
    size_t size)
{
    ngx_uint_t                     evicted;
    ngx_queue_t                   *q;
    const civic_app_credential_t  *other;

    civic_app_cache_forget(cache, &record->name);

    /* what moved from one to another was taken from the other, too */

    for ( ;; ) {
        other = civic_app_index_add(&cache->index, record);

        if (other == NULL) {
            break;
        }

        civic_app_cache_drop(cache, other->record);
    }

    record->size = size;

    record->named.str = record->name;
    record->named.node.key = ngx_murmur_hash2(record->name.data,
                                              record->name.len);

    ngx_rbtree_insert(&cache->names, &record->named.node);
    ngx_queue_insert_head(&cache->records, &record->queue);
    cache->used += size;
    cache->nrecords++;

    /* the new one stays, whatever its size: somebody waits for it */

    for (evicted = 0; cache->used > cache->max; evicted++) {
        q = ngx_queue_last(&cache->records);

        if (q == &record->queue) {
            break;
        }

        civic_app_cache_drop(cache,
                             ngx_queue_data(q, civic_app_record_t, queue));
    }

    if (evicted) {
        civic_status_count(CIVIC_METRIC_APPS_EVICTED, evicted);
    }
}


void
civic_app_cache_forget(civic_app_cache_t *cache, const ngx_str_t *name)
{
    civic_app_record_t  *record;

    record = civic_app_cache_named(cache, name);

    if (record != NULL) {
        civic_app_cache_drop(cache, record);
    }
}


static civic_app_record_t *
civic_app_cache_named(civic_app_cache_t *cache, const ngx_str_t *name)
{
    ngx_str_t        key;
    ngx_str_node_t  *node;

    key = *name;

    node = ngx_str_rbtree_lookup(&cache->names, &key,
                                 ngx_murmur_hash2(key.data, key.len));

    return node ? (civic_app_record_t *)
                  ((u_char *) node - offsetof(civic_app_record_t, named))
                : NULL;
}


void
civic_app_cache_flush(civic_app_cache_t *cache)
{
    ngx_queue_t  *q;

    while (!ngx_queue_empty(&cache->records)) {
        q = ngx_queue_head(&cache->records);
        civic_app_cache_drop(cache,
                             ngx_queue_data(q, civic_app_record_t, queue));
    }

    civic_app_cache_nobody_flush(cache);
}


static void
civic_app_cache_drop(civic_app_cache_t *cache, civic_app_record_t *record)
{
    civic_app_index_remove(&cache->index, record);
    ngx_rbtree_delete(&cache->names, &record->named.node);
    ngx_queue_remove(&record->queue);

    cache->used -= record->size;
    cache->nrecords--;

    ngx_destroy_pool(record->pool);
}


civic_problem_e
civic_app_cache_nobody(civic_app_cache_t *cache, ngx_uint_t by,
    const ngx_str_t *value)
{
    u_char               tag[CIVIC_JOSE_DIGEST_LEN];
    civic_app_nobody_t  *nobody;

    nobody = civic_app_cache_nobody_slot(cache, by, value, tag);

    if (nobody == NULL
        || nobody->problem == CIVIC_OK
        || (ngx_msec_int_t) (nobody->until - ngx_current_msec) <= 0
        || ngx_memcmp(nobody->tag, tag, sizeof(nobody->tag)) != 0)
    {
        return CIVIC_OK;
    }

    return nobody->problem;
}


void
civic_app_cache_nobody_add(civic_app_cache_t *cache, ngx_uint_t by,
    const ngx_str_t *value, civic_problem_e problem)
{
    u_char               tag[CIVIC_JOSE_DIGEST_LEN];
    civic_app_nobody_t  *nobody;

    nobody = civic_app_cache_nobody_slot(cache, by, value, tag);

    if (nobody != NULL) {
        ngx_memcpy(nobody->tag, tag, sizeof(nobody->tag));
        nobody->until = ngx_current_msec + CIVIC_APP_NOBODY_TIME;
        nobody->problem = problem;
    }
}


void
civic_app_cache_nobody_flush(civic_app_cache_t *cache)
{
    ngx_memzero(cache->nobody,
                CIVIC_APP_NOBODIES * sizeof(civic_app_nobody_t));
}


/* digested anew: clients choose ids freely, and shall not choose the slot */

static civic_app_nobody_t *
civic_app_cache_nobody_slot(civic_app_cache_t *cache, ngx_uint_t by,
    const ngx_str_t *value, u_char *tag)
{
    u_char     field[CIVIC_APP_FIELD];
    uint32_t   word;
    ngx_str_t  text;

    text.data = field;
    text.len = civic_app_credential_field(by, value, field);

    if (civic_jose_digest(&text, tag) != NGX_OK) {
        return NULL;
    }

    ngx_memcpy(&word, tag, sizeof(word));

    return &cache->nobody[word & (CIVIC_APP_NOBODIES - 1)];
}
