
/*
 * Copyright (C) Civic Gate
 *
 * The list in shared memory, and how a page of changes gets into it.  It
 * stays over reloads, also such as change its size; every reload has the
 * whole list read once more.
 */


#include <ngx_config.h>

#include <sodium.h>

#include "civic_revoke_conf.h"


#define CIVIC_REVOKE_PURGE  60         /* s, at least, between two */


static ngx_int_t civic_revoke_zone_init(ngx_shm_zone_t *shm, void *data);
static ngx_int_t civic_revoke_zone_create(ngx_shm_zone_t *shm,
    ngx_slab_pool_t *shpool);
static void civic_revoke_zone_inherit(ngx_shm_zone_t *shm,
    civic_revoke_zone_t *zone);
static ngx_int_t civic_revoke_zone_page(civic_revoke_zone_t *zone,
    uint64_t newest, const civic_value_t *page, ngx_uint_t n,
    ngx_log_t *log);
static ngx_int_t civic_revoke_zone_write(civic_revoke_zone_t *zone,
    const civic_value_t *page, ngx_uint_t n, ngx_log_t *log);
static void civic_revoke_zone_begin(civic_revoke_zone_t *zone);
static ngx_int_t civic_revoke_zone_record(civic_revoke_zone_t *zone,
    const civic_revoke_record_t *record);
static void civic_revoke_zone_store(uint64_t *word, uint64_t value);
static void civic_revoke_zone_tell_full(civic_revoke_zone_t *zone,
    ngx_log_t *log);


static ngx_str_t  civic_revoke_zone_name = ngx_string("civic_revocations");


ngx_int_t
civic_revoke_zone_add(ngx_conf_t *cf, civic_revoke_main_conf_t *rmcf)
{
    ngx_shm_zone_t  *shm;

    shm = ngx_shared_memory_add(cf, &civic_revoke_zone_name, rmcf->size,
                                &ngx_http_civic_revoke_module);
    if (shm == NULL) {
        return NGX_ERROR;
    }

    shm->init = civic_revoke_zone_init;
    rmcf->shm = shm;

    return NGX_OK;
}


civic_revoke_zone_t *
civic_revoke_zone_get(const civic_revoke_main_conf_t *rmcf)
{
    return rmcf->shm ? rmcf->shm->data : NULL;
}


static ngx_int_t
civic_revoke_zone_init(ngx_shm_zone_t *shm, void *data)
{
    civic_revoke_zone_t  *zone;
    ngx_slab_pool_t      *shpool;

    shpool = (ngx_slab_pool_t *) shm->shm.addr;

    if (data == NULL && !shm->shm.exists) {
        return civic_revoke_zone_create(shm, shpool);
    }

    zone = data ? data : shpool->data;
    shm->data = zone;

    /* perhaps of another Redis now: what it has is read from its beginning */

    ngx_shmtx_lock(&shpool->mutex);
    zone->version = 0;
    zone->owner++;
    ngx_shmtx_unlock(&shpool->mutex);

    return NGX_OK;
}


static ngx_int_t
civic_revoke_zone_create(ngx_shm_zone_t *shm, ngx_slab_pool_t *shpool)
{
    void                 *region;
    size_t                size;
    civic_revoke_zone_t  *zone;

    zone = ngx_slab_calloc(shpool, sizeof(civic_revoke_zone_t));

    if (zone == NULL || sodium_init() < 0) {
        return NGX_ERROR;
    }

    size = shpool->pfree * ngx_pagesize;
    region = ngx_slab_alloc(shpool, size);

    if (region == NULL) {
        return NGX_ERROR;
    }

    zone->shpool = shpool;
    zone->table = civic_revoke_table_init(region, size);

    if (zone->table == NULL) {
        return NGX_ERROR;
    }

    randombytes_buf(zone->hash_key, sizeof(zone->hash_key));
    zone->checked = ngx_current_msec;

    shpool->data = zone;
    shm->data = zone;

    civic_revoke_zone_inherit(shm, zone);

    return NGX_OK;
}


/* of another size: what the zone of the last configuration had comes along */

static void
civic_revoke_zone_inherit(ngx_shm_zone_t *shm, civic_revoke_zone_t *zone)
{
    ngx_uint_t                   i, n;
    ngx_shm_zone_t              *old;
    ngx_list_part_t             *part;
    civic_revoke_zone_t         *from;
    const civic_revoke_entry_t  *entry;

    from = NULL;

    for (part = (ngx_list_part_t *) &ngx_cycle->shared_memory.part;
         part != NULL;
         part = part->next)
    {
        old = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (old[i].tag == shm->tag && &old[i] != shm
                && old[i].data != NULL && old[i].shm.addr != shm->shm.addr)
            {
                from = old[i].data;
            }
        }
    }

    if (from == NULL || from == zone) {
        return;
    }

    ngx_memcpy(zone->hash_key, from->hash_key, sizeof(zone->hash_key));

    civic_revoke_table_begin(zone->table, 0, 0);

    for (n = 0; ; n++) {
        entry = civic_revoke_table_slot(from->table, n);

        if (entry == NULL) {
            break;
        }

        if (entry->kind
            && civic_revoke_table_set(zone->table, entry) != NGX_OK)
        {
            civic_revoke_zone_tell_full(zone, shm->shm.log);
            break;
        }
    }

    civic_revoke_table_commit(zone->table);

    zone->known = (entry == NULL) ? from->known : 0;
    zone->checked = from->checked;
}


void
civic_revoke_zone_key(const civic_revoke_zone_t *zone, const u_char *what,
    size_t len, u_char *key)
{
    crypto_shorthash_siphashx24(key, what, len, zone->hash_key);
}


uint64_t
civic_revoke_zone_version(civic_revoke_zone_t *zone)
{
    return __atomic_load_n(&zone->version, __ATOMIC_RELAXED);
}


ngx_int_t
civic_revoke_zone_apply(civic_revoke_zone_t *zone, uint64_t since,
    const civic_value_t *page, ngx_log_t *log)
{
    ngx_int_t  rc, n;
    uint64_t   newest;

    n = civic_revoke_records_page(page, &newest);

    if (n < 0) {
        return NGX_DECLINED;
    }

    rc = NGX_OK;

    ngx_shmtx_lock(&zone->shpool->mutex);

    if (zone->version == since) {
        rc = civic_revoke_zone_page(zone, newest, page, n, log);
    }

    ngx_shmtx_unlock(&zone->shpool->mutex);

    return rc;
}


/*
 * Redis knowing less than we do means that it lost what it had, or another
 * one took over: all of it is read, and added to what is known here.
 */

static ngx_int_t
civic_revoke_zone_page(civic_revoke_zone_t *zone, uint64_t newest,
    const civic_value_t *page, ngx_uint_t n, ngx_log_t *log)
{
    uint64_t  since;

    since = zone->version;

    if (newest < since) {
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "civic revoke: Redis knows fewer revocations than this "
                      "gate, which keeps those that it has");

        civic_revoke_zone_store(&zone->lost, zone->lost + 1);
        zone->version = 0;

        return NGX_AGAIN;
    }

    if (n && civic_revoke_zone_write(zone, page, n, log) != NGX_OK) {
        return NGX_OK;
    }

    if (n == CIVIC_REVOKE_PAGE) {
        return zone->version == since ? NGX_DECLINED : NGX_AGAIN;
    }

    __atomic_store_n(&zone->version, newest, __ATOMIC_RELAXED);

    civic_revoke_zone_store(&zone->full, 0);
    civic_revoke_zone_store(&zone->checked, ngx_current_msec);
    civic_revoke_zone_store(&zone->known, 1);

    return NGX_OK;
}


/*
 * One step for whoever reads the table; NGX_DECLINED: not all found room.
 * The version moves behind it: a worker that is killed here leaves a page to
 * be read again, not one that nobody ever reads.
 */

static ngx_int_t
civic_revoke_zone_write(civic_revoke_zone_t *zone, const civic_value_t *page,
    ngx_uint_t n, ngx_log_t *log)
{
    uint64_t               version;
    ngx_int_t              rc;
    ngx_uint_t             i;
    civic_revoke_record_t  record;

    rc = NGX_OK;
    version = zone->version;

    civic_revoke_zone_begin(zone);

    for (i = 0; i < n; i++) {

        if (civic_revoke_records_read(page, i, &record) != NGX_OK) {
            ngx_log_error(NGX_LOG_ERR, log, 0,
                          "civic revoke: Redis has a revocation that this "
                          "gate does not understand, and does not obey");
            continue;
        }

        if (civic_revoke_zone_record(zone, &record) != NGX_OK) {
            civic_revoke_zone_tell_full(zone, log);
            rc = NGX_DECLINED;
            break;
        }

        version = record.version;
    }

    civic_revoke_table_commit(zone->table);

    civic_revoke_zone_store(&zone->version, version);

    return rc;
}


static void
civic_revoke_zone_begin(civic_revoke_zone_t *zone)
{
    time_t      now;
    ngx_uint_t  purge;

    now = ngx_time();

    purge = zone->full || (uint64_t) now >= zone->purged + CIVIC_REVOKE_PURGE;

    if (purge) {
        zone->purged = now;
    }

    civic_revoke_table_begin(zone->table, purge, now);
}


static ngx_int_t
civic_revoke_zone_record(civic_revoke_zone_t *zone,
    const civic_revoke_record_t *record)
{
    civic_revoke_entry_t  entry;

    civic_revoke_zone_key(zone, record->what.data, record->what.len,
                          entry.key);

    if (record->lifted
        || (record->expires && record->expires <= (int64_t) ngx_time()))
    {
        civic_revoke_table_lift(zone->table, entry.key);
        return NGX_OK;
    }

    entry.kind = record->kind;
    entry.before = record->before ? record->before : CIVIC_REVOKE_ALWAYS;

    /* what lasts longer than 32 bits can say lasts for ever */

    entry.expires = record->expires <= (int64_t) UINT32_MAX
                    ? (uint32_t) record->expires : 0;

    return civic_revoke_table_set(zone->table, &entry);
}


static void
civic_revoke_zone_store(uint64_t *word, uint64_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}


/* once, until there is room again */

static void
civic_revoke_zone_tell_full(civic_revoke_zone_t *zone, ngx_log_t *log)
{
    if (zone->full) {
        return;
    }

    civic_revoke_zone_store(&zone->full, 1);

    ngx_log_error(NGX_LOG_ERR, log, 0,
                  "civic revoke: the list is full with %ui entries, and newer "
                  "revocations are not obeyed: raise size= of "
                  "civic_revocations",
                  civic_revoke_table_room(zone->table));
}
