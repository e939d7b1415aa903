
/*
 * Copyright (C) Civic Gate
 *
 * Counters in shared memory.  The zone's slab pool gives away all it has in
 * one piece, in which a civic_shm store lives:
 *
 *     slab pool | civic_limit_sh_t | store
 *
 * An entry's payload is a civic_limit_time_t, its key the SipHash of what
 * the policy counts by.  The lock is the slab pool's own mutex: that one
 * the master opens again when a worker dies with it, and then the store
 * finds that somebody was inside.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <sodium.h>

#include "civic_limit_conf.h"
#include "civic_status.h"


#define CIVIC_LIMIT_CELL       64
#define CIVIC_LIMIT_MIN_CELLS  (4 * CIVIC_LIMIT_MAX)


static ngx_int_t civic_limit_zone_init(ngx_shm_zone_t *shm_zone, void *data);
static ngx_int_t civic_limit_zone_create(ngx_shm_zone_t *shm_zone,
    civic_limit_main_conf_t *lmcf);
static ngx_int_t civic_limit_zone_policy_keys(civic_limit_main_conf_t *lmcf,
    ngx_log_t *log);
static ngx_int_t civic_limit_zone_check(civic_shm_t *store,
    civic_limit_item_t *items, civic_limit_time_t **counters, ngx_uint_t n);
static ngx_int_t civic_limit_zone_commit(civic_shm_t *store,
    civic_limit_item_t *items, civic_limit_time_t **counters, ngx_uint_t n);
static ngx_uint_t civic_limit_zone_oldest_owes(civic_shm_t *store,
    uint64_t now);


static ngx_str_t  civic_limit_zone_name = ngx_string("civic_limits");


ngx_int_t
civic_limit_zone_add(ngx_conf_t *cf, size_t size)
{
    ngx_shm_zone_t           *shm_zone;
    civic_limit_main_conf_t  *lmcf;

    lmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_civic_limit_module);

    if (lmcf->policies.nelts == 0) {
        return NGX_OK;
    }

    shm_zone = ngx_shared_memory_add(cf, &civic_limit_zone_name, size,
                                     &ngx_http_civic_limit_module);
    if (shm_zone == NULL) {
        return NGX_ERROR;
    }

    shm_zone->init = civic_limit_zone_init;
    shm_zone->data = lmcf;

    return NGX_OK;
}


ngx_int_t
civic_limit_zone_judge(civic_limit_main_conf_t *lmcf,
    civic_limit_item_t *items, ngx_uint_t n, ngx_log_t *log)
{
    ngx_int_t            rc, entered;
    civic_shm_t         *store;
    civic_limit_time_t  *counters[CIVIC_LIMIT_MAX];

    store = lmcf->sh->store;

    ngx_shmtx_lock(&lmcf->shpool->mutex);

    entered = civic_shm_enter(store);

    rc = civic_limit_zone_check(store, items, counters, n);

    if (rc == NGX_OK) {
        rc = civic_limit_zone_commit(store, items, counters, n);
    }

    civic_shm_leave(store);

    ngx_shmtx_unlock(&lmcf->shpool->mutex);

    if (entered == NGX_DECLINED) {
        civic_status_count(CIVIC_METRIC_LIMIT_RESET, 1);

        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "civic limit: a worker died inside the counters, "
                      "which start anew");
    }

    return rc;
}


static ngx_int_t
civic_limit_zone_init(ngx_shm_zone_t *shm_zone, void *data)
{
    civic_limit_main_conf_t  *old = data;

    civic_limit_main_conf_t  *lmcf;

    lmcf = shm_zone->data;
    lmcf->shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    if (old != NULL) {
        lmcf->sh = old->sh;

    } else if (shm_zone->shm.exists) {
        lmcf->sh = lmcf->shpool->data;

    } else if (civic_limit_zone_create(shm_zone, lmcf) != NGX_OK) {
        return NGX_ERROR;
    }

    return civic_limit_zone_policy_keys(lmcf, shm_zone->shm.log);
}


static ngx_int_t
civic_limit_zone_create(ngx_shm_zone_t *shm_zone,
    civic_limit_main_conf_t *lmcf)
{
    size_t             size, head;
    ngx_slab_pool_t   *shpool;
    civic_limit_sh_t  *sh;

    shpool = lmcf->shpool;

    size = shpool->pfree * ngx_pagesize;
    head = ngx_align(sizeof(civic_limit_sh_t), CIVIC_LIMIT_CELL);

    sh = ngx_slab_alloc(shpool, size);

    if (sh == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(sh->log_ctx, " in civic limits", sizeof(sh->log_ctx));
    shpool->log_ctx = sh->log_ctx;
    shpool->log_nomem = 0;

    sh->store = civic_shm_init((u_char *) sh + head, size - head,
                               CIVIC_LIMIT_CELL);

    if (sh->store == NULL
        || civic_shm_cells(sh->store) < CIVIC_LIMIT_MIN_CELLS
        || sodium_init() < 0)
    {
        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "civic limit: the zone \"%V\" cannot be laid out",
                      &shm_zone->shm.name);
        return NGX_ERROR;
    }

    randombytes_buf(sh->secret, CIVIC_LIMIT_HASH_KEY);

    shpool->data = sh;
    lmcf->sh = sh;

    return NGX_OK;
}


/*
 * The hash keys of a policy come from the zone's secret and everything that
 * defines what is counted: after a reload a policy that is still the same
 * finds its counters again, and one that changed begins with none.
 */

static ngx_int_t
civic_limit_zone_policy_keys(civic_limit_main_conf_t *lmcf, ngx_log_t *log)
{
    size_t                  len;
    u_char                 *text, *p;
    ngx_uint_t              i;
    civic_limit_policy_t  **policy;

    policy = lmcf->policies.elts;

    for (i = 0; i < lmcf->policies.nelts; i++) {

        len = policy[i]->name.len + policy[i]->key_text.len
              + sizeof("    k") + 3 * NGX_INT64_LEN;

        text = ngx_alloc(len, log);
        if (text == NULL) {
            return NGX_ERROR;
        }

        p = ngx_snprintf(text, len, "%V %uL %uL %uL %Vk", &policy[i]->name,
                         policy[i]->gcra.count, policy[i]->gcra.period,
                         policy[i]->gcra.burst, &policy[i]->key_text);

        crypto_shorthash_siphashx24(policy[i]->by_key, text, p - text,
                                    lmcf->sh->secret);
        p[-1] = 'a';

        crypto_shorthash_siphashx24(policy[i]->by_address, text, p - text,
                                    lmcf->sh->secret);
        ngx_free(text);
    }

    return NGX_OK;
}


/*
 * counters[i] is where item i has its entry, or NULL.  The clock is read
 * inside the lock, so that from one call to the next it never goes back.
 */

static ngx_int_t
civic_limit_zone_check(civic_shm_t *store, civic_limit_item_t *items,
    civic_limit_time_t **counters, ngx_uint_t n)
{
    uint64_t             now;
    ngx_int_t            rc;
    ngx_uint_t           i;
    civic_limit_item_t  *item;

    rc = NGX_OK;
    now = civic_now_ns();

    for (i = 0; i < n; i++) {
        item = &items[i];
        item->now = now;
        item->refused = 0;

        counters[i] = civic_shm_find(store, item->key);

        if (counters[i] != NULL) {
            item->tat = *counters[i];

        } else {
            item->tat.ns = 0;
            item->tat.part = 0;
        }

        if (civic_limit_gcra_check(&item->use->policy->gcra, &item->tat, now)
            == NGX_BUSY)
        {
            item->refused = 1;
            rc = NGX_BUSY;
        }

        /* refused or not: a tat from before the clock went back ends here */

        if (counters[i] != NULL) {
            *counters[i] = item->tat;
        }
    }

    return rc;
}


/*
 * Entries that check has found are the most recently used of a store with
 * many more cells than there are items: making room never drops them.
 */

static ngx_int_t
civic_limit_zone_commit(civic_shm_t *store, civic_limit_item_t *items,
    civic_limit_time_t **counters, ngx_uint_t n)
{
    ngx_uint_t           i, owes, evicted;
    civic_limit_item_t  *item;

    for (i = 0; i < n; i++) {
        item = &items[i];

        if (counters[i] == NULL) {
            owes = civic_limit_zone_oldest_owes(store, item->now);

            counters[i] = civic_shm_insert(store, item->key,
                                           sizeof(civic_limit_time_t),
                                           &evicted);
            if (counters[i] == NULL) {
                return NGX_ERROR;
            }

            if (owes) {
                civic_status_count(CIVIC_METRIC_LIMIT_EVICTED, evicted);
            }
        }

        civic_limit_gcra_commit(&item->use->policy->gcra, &item->tat);

        *counters[i] = item->tat;
    }

    return NGX_OK;
}


/* a counter whose time has passed is as good as none: no loss if it goes */

static ngx_uint_t
civic_limit_zone_oldest_owes(civic_shm_t *store, uint64_t now)
{
    const u_char              *key;
    const civic_limit_time_t  *tat;

    if (civic_shm_entries(store) < civic_shm_cells(store)) {
        return 0;
    }

    key = civic_shm_oldest(store);
    tat = key ? civic_shm_peek(store, key) : NULL;

    return tat != NULL && tat->ns >= now;
}
