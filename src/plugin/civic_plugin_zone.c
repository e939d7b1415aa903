
/*
 * Copyright (C) Civic Gate
 *
 * The zone civic_plugins.  Its slab pool gives away all it has in one
 * piece; the lock is the pool's own, which the master opens again when a
 * worker dies with it.  Records are changed by plain copies under the lock,
 * so a death in between costs at most one garbled reason, and the watcher
 * writes it anew.
 */


#include "civic_plugin_conf.h"


#define CIVIC_PLUGIN_RESTORE  2000     /* ms, at start-up */


static ngx_int_t civic_plugin_zone_init(ngx_shm_zone_t *shm_zone, void *data);
static ngx_uint_t civic_plugin_zone_find_locked(const u_char *name,
    size_t len);
static ngx_uint_t civic_plugin_zone_place_locked(const u_char *name,
    size_t len);
static uint64_t civic_plugin_zone_now(void);


static civic_plugin_zone_t  *civic_plugin_zone_current;


ngx_int_t
civic_plugin_zone_add(ngx_conf_t *cf, void *main_conf)
{
    civic_plugin_main_conf_t  *pmcf = main_conf;

    size_t           size;
    ngx_shm_zone_t  *shm_zone;

    static ngx_str_t  name = ngx_string("civic_plugins");

    size = sizeof(civic_plugin_sh_t) + sizeof(civic_plugin_sh_t) / 32
           + 16 * ngx_pagesize;

    shm_zone = ngx_shared_memory_add(cf, &name, ngx_align(size, ngx_pagesize),
                                     &ngx_http_civic_plugin_module);

    pmcf->zone = ngx_pcalloc(cf->pool, sizeof(civic_plugin_zone_t));

    if (shm_zone == NULL || pmcf->zone == NULL) {
        return NGX_ERROR;
    }

    pmcf->cycle = cf->cycle;

    shm_zone->init = civic_plugin_zone_init;
    shm_zone->data = pmcf;

    return NGX_OK;
}


/*
 * The whole configuration is read by now, and can still be refused: without
 * a master there is no process that watches.
 */

static ngx_int_t
civic_plugin_zone_init(ngx_shm_zone_t *shm_zone, void *data)
{
    civic_plugin_main_conf_t  *old = data;

    ngx_core_conf_t           *ccf;
    ngx_slab_pool_t           *shpool;
    civic_plugin_main_conf_t  *pmcf;

    pmcf = shm_zone->data;
    shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    ccf = (ngx_core_conf_t *) ngx_get_conf(pmcf->cycle->conf_ctx,
                                           ngx_core_module);

    if (!ccf->master) {
        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "civic plugin: civic_department needs \"master_process "
                      "on\": nginx's cache manager watches the folders");
        return NGX_ERROR;
    }

    pmcf->zone->shpool = shpool;

    if (old != NULL || shm_zone->shm.exists) {
        pmcf->zone->sh = old ? old->zone->sh : shpool->data;
        return NGX_OK;
    }

    pmcf->zone->sh = ngx_slab_calloc(shpool, sizeof(civic_plugin_sh_t));

    if (pmcf->zone->sh == NULL) {
        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "civic plugin: the zone \"%V\" cannot be laid out",
                      &shm_zone->shm.name);
        return NGX_ERROR;
    }

    shpool->data = pmcf->zone->sh;

    return NGX_OK;
}


void
civic_plugin_zone_attach(civic_plugin_zone_t *zone)
{
    civic_plugin_zone_current = zone;
}


civic_plugin_zone_t *
civic_plugin_zone(void)
{
    return civic_plugin_zone_current;
}


uint64_t
civic_plugin_zone_generation(void)
{
    return __atomic_load_n(&civic_plugin_zone_current->sh->generation,
                           __ATOMIC_ACQUIRE);
}


ngx_uint_t
civic_plugin_zone_size(void)
{
    return __atomic_load_n(&civic_plugin_zone_current->sh->n,
                           __ATOMIC_ACQUIRE);
}


civic_plugin_entry_t *
civic_plugin_zone_entry(ngx_uint_t i)
{
    return &civic_plugin_zone_current->sh->entries[i];
}


void
civic_plugin_zone_read(ngx_uint_t i, civic_plugin_record_t *record)
{
    civic_plugin_zone_t  *zone;

    zone = civic_plugin_zone_current;

    ngx_shmtx_lock(&zone->shpool->mutex);

    *record = zone->sh->entries[i].record;

    ngx_shmtx_unlock(&zone->shpool->mutex);
}


ngx_uint_t
civic_plugin_zone_find(const ngx_str_t *name)
{
    ngx_uint_t            i;
    civic_plugin_zone_t  *zone;

    zone = civic_plugin_zone_current;

    ngx_shmtx_lock(&zone->shpool->mutex);

    i = civic_plugin_zone_find_locked(name->data, name->len);

    ngx_shmtx_unlock(&zone->shpool->mutex);

    return i;
}


static ngx_uint_t
civic_plugin_zone_find_locked(const u_char *name, size_t len)
{
    ngx_uint_t          i;
    civic_plugin_sh_t  *sh;

    sh = civic_plugin_zone_current->sh;

    for (i = 0; i < sh->n; i++) {

        if (sh->entries[i].record.name_len == len
            && ngx_memcmp(sh->entries[i].record.name, name, len) == 0)
        {
            return i;
        }
    }

    return CIVIC_PLUGIN_NONE;
}


/* one that was withdrawn gives way only when there is no other room */

static ngx_uint_t
civic_plugin_zone_place_locked(const u_char *name, size_t len)
{
    ngx_uint_t          i;
    civic_plugin_sh_t  *sh;

    sh = civic_plugin_zone_current->sh;

    i = civic_plugin_zone_find_locked(name, len);

    if (i != CIVIC_PLUGIN_NONE) {
        return i;
    }

    if (sh->n < CIVIC_PLUGIN_MAX) {
        return sh->n;
    }

    for (i = 0; i < CIVIC_PLUGIN_MAX; i++) {

        if (!sh->entries[i].record.used) {
            civic_plugin_slots_drop(&sh->slots, i);
            ngx_memzero(&sh->entries[i], sizeof(civic_plugin_entry_t));
            return i;
        }
    }

    return CIVIC_PLUGIN_NONE;
}


ngx_int_t
civic_plugin_zone_publish(const civic_plugin_record_t *record)
{
    ngx_uint_t              i, changed, news;
    civic_plugin_sh_t      *sh;
    civic_plugin_zone_t    *zone;
    civic_plugin_entry_t   *entry;
    civic_plugin_record_t  *old;

    zone = civic_plugin_zone_current;
    sh = zone->sh;

    ngx_shmtx_lock(&zone->shpool->mutex);

    i = civic_plugin_zone_place_locked(record->name, record->name_len);

    if (i == CIVIC_PLUGIN_NONE) {
        ngx_shmtx_unlock(&zone->shpool->mutex);
        return NGX_BUSY;
    }

    entry = &sh->entries[i];
    old = &entry->record;

    changed = old->used != record->used
              || old->hash_len != record->hash_len
              || ngx_memcmp(old->hash, record->hash, record->hash_len) != 0;

    /* a copy that was no use to workers may be whole, or granted, again */

    news = changed || old->state != record->state
           || old->claim_len != record->claim_len
           || ngx_memcmp(old->claim, record->claim, record->claim_len) != 0;

    if (changed) {
        civic_plugin_trouble_over(&entry->trouble);
        civic_plugin_trouble_over(&entry->apart);
        civic_plugin_slots_renew(&sh->slots, i);
        entry->none.largest = 0;
        entry->other.largest = 0;
        entry->loads += record->used && record->hash_len;
    }

    *old = *record;

    if (!record->used) {
        civic_plugin_slots_leave(&sh->slots, i);
    }

    if (i == sh->n) {
        __atomic_store_n(&sh->n, i + 1, __ATOMIC_RELEASE);
    }

    if (news) {
        (void) __atomic_fetch_add(&sh->generation, 1, __ATOMIC_RELEASE);
    }

    ngx_shmtx_unlock(&zone->shpool->mutex);

    return NGX_OK;
}


ngx_uint_t
civic_plugin_zone_claim_restore(void)
{
    uint32_t    expected, *restored;
    ngx_uint_t  i;

    expected = 0;
    restored = &civic_plugin_zone_current->sh->restored;

    if (__atomic_compare_exchange_n(restored, &expected, 1, 0,
                                    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
    {
        return 1;
    }

    for (i = 0; i < CIVIC_PLUGIN_RESTORE; i++) {

        if (__atomic_load_n(restored, __ATOMIC_ACQUIRE) == 2) {
            break;
        }

        ngx_msleep(1);
    }

    return 0;
}


void
civic_plugin_zone_restored(void)
{
    __atomic_store_n(&civic_plugin_zone_current->sh->restored, 2,
                     __ATOMIC_RELEASE);
}


uint64_t
civic_plugin_zone_failed(ngx_uint_t i, civic_plugin_trouble_t *trouble)
{
    uint64_t              rest;
    civic_plugin_zone_t  *zone;

    zone = civic_plugin_zone_current;

    ngx_shmtx_lock(&zone->shpool->mutex);

    rest = civic_plugin_trouble_failed(trouble, civic_plugin_zone_now());
    zone->sh->entries[i].rests += (rest != 0);

    ngx_shmtx_unlock(&zone->shpool->mutex);

    return rest;
}


/* mostly there is nothing to forget, and no need for the lock */

void
civic_plugin_zone_succeeded(civic_plugin_trouble_t *trouble)
{
    uint64_t              now;
    civic_plugin_zone_t  *zone;

    if (trouble->failures == 0 && trouble->rests == 0) {
        return;
    }

    zone = civic_plugin_zone_current;
    now = civic_plugin_zone_now();

    ngx_shmtx_lock(&zone->shpool->mutex);

    if (civic_plugin_trouble_left(trouble, now) == 0) {
        civic_plugin_trouble_over(trouble);
    }

    ngx_shmtx_unlock(&zone->shpool->mutex);
}


uint64_t
civic_plugin_zone_rests(const civic_plugin_trouble_t *trouble)
{
    if (trouble->until == 0) {
        return 0;
    }

    return civic_plugin_trouble_left(trouble, civic_plugin_zone_now());
}


uint64_t
civic_plugin_zone_rests_any(ngx_uint_t i)
{
    uint64_t               rests, more;
    ngx_uint_t             n;
    civic_plugin_sh_t     *sh;
    civic_plugin_zone_t   *zone;
    civic_plugin_entry_t  *entry;

    zone = civic_plugin_zone_current;
    sh = zone->sh;
    entry = &sh->entries[i];

    rests = civic_plugin_zone_rests(&entry->trouble);
    more = civic_plugin_zone_rests(&entry->apart);
    rests = ngx_max(rests, more);

    ngx_shmtx_lock(&zone->shpool->mutex);

    for (n = civic_plugin_slots_next(&sh->slots, i, 0);
         n;
         n = civic_plugin_slots_next(&sh->slots, i, n))
    {
        more = civic_plugin_zone_rests(&sh->slots.troubles[n - 1]);
        rests = ngx_max(rests, more);
    }

    ngx_shmtx_unlock(&zone->shpool->mutex);

    return rests;
}


static uint64_t
civic_plugin_zone_now(void)
{
    return civic_now_ns() / 1000000;
}
