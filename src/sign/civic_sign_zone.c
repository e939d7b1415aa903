
/*
 * Copyright (C) Civic Gate
 *
 * Nonces in shared memory.  The zone's slab pool gives away all it has in
 * one piece, in which a civic_shm store lives; an entry is the second until
 * which it must be known, its key the SipHash of what was used up.
 *
 * Nothing is forgotten before its time: where the oldest entry still
 * counts, there is no room.  Of what was used before the zone began nothing
 * is known: so nothing that may be that old is accepted.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <sodium.h>

#include "civic_sign.h"
#include "civic_shm.h"


#define CIVIC_SIGN_ZONE_CELL    48
#define CIVIC_SIGN_ZONE_SECRET  crypto_shorthash_siphashx24_KEYBYTES


typedef struct {
    civic_shm_t            *store;
    time_t                  began;
    u_char                  secret[CIVIC_SIGN_ZONE_SECRET];
    u_char                  log_ctx[sizeof(" in civic nonces")];
} civic_sign_zone_t;


static ngx_int_t civic_sign_zone_init(ngx_shm_zone_t *shm_zone, void *data);
static civic_problem_e civic_sign_zone_insert(civic_sign_zone_t *zone,
    const u_char *key, time_t expires, time_t now);
static ngx_uint_t civic_sign_zone_full(civic_shm_t *store, time_t now);


static ngx_str_t  civic_sign_zone_name = ngx_string("civic_nonces");


ngx_int_t
civic_sign_zone_add(ngx_conf_t *cf, civic_sign_main_conf_t *smcf)
{
    smcf->zone = ngx_shared_memory_add(cf, &civic_sign_zone_name, smcf->size,
                                       &ngx_http_civic_sign_module);
    if (smcf->zone == NULL) {
        return NGX_ERROR;
    }

    smcf->zone->init = civic_sign_zone_init;
    smcf->zone->data = smcf;

    return NGX_OK;
}


static ngx_int_t
civic_sign_zone_init(ngx_shm_zone_t *shm_zone, void *data)
{
    size_t              size, head;
    ngx_slab_pool_t    *shpool;
    civic_sign_zone_t  *zone;

    shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    if (data != NULL || shm_zone->shm.exists) {
        return NGX_OK;
    }

    size = shpool->pfree * ngx_pagesize;
    head = ngx_align(sizeof(civic_sign_zone_t), 64);

    zone = ngx_slab_alloc(shpool, size);

    if (zone == NULL || sodium_init() < 0) {
        return NGX_ERROR;
    }

    ngx_memcpy(zone->log_ctx, " in civic nonces", sizeof(zone->log_ctx));
    shpool->log_ctx = zone->log_ctx;
    shpool->log_nomem = 0;

    randombytes_buf(zone->secret, CIVIC_SIGN_ZONE_SECRET);

    zone->began = ngx_time();
    zone->store = civic_shm_init((u_char *) zone + head, size - head,
                                 CIVIC_SIGN_ZONE_CELL);
    if (zone->store == NULL) {
        return NGX_ERROR;
    }

    shpool->data = zone;

    return NGX_OK;
}


civic_problem_e
civic_sign_zone_use(civic_sign_main_conf_t *smcf,
    const civic_sign_state_t *state, const ngx_str_t *text, time_t expires,
    ngx_log_t *log)
{
    u_char              key[CIVIC_SHM_KEY_LEN];
    time_t              ahead;
    ngx_int_t           entered;
    civic_problem_e     problem;
    ngx_slab_pool_t    *shpool;
    civic_sign_zone_t  *zone;

    shpool = (ngx_slab_pool_t *) smcf->zone->shm.addr;
    zone = shpool->data;

    crypto_shorthash_siphashx24(key, text->data, text->len, zone->secret);

    ngx_shmtx_lock(&shpool->mutex);

    entered = civic_shm_enter(zone->store);

    if (entered == NGX_DECLINED) {
        zone->began = ngx_time();
    }

    ahead = smcf->longest[state->claim.scheme->bit].ahead;

    problem = (state->claim.created <= (int64_t) zone->began + ahead)
              ? CIVIC_SIGNATURE_BEFORE_START
              : civic_sign_zone_insert(zone, key, expires, ngx_time());

    civic_shm_leave(zone->store);

    ngx_shmtx_unlock(&shpool->mutex);

    if (entered == NGX_DECLINED) {
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "civic sign: a worker died inside the nonces, which "
                      "start anew");
    }

    return problem;
}


static civic_problem_e
civic_sign_zone_insert(civic_sign_zone_t *zone, const u_char *key,
    time_t expires, time_t now)
{
    time_t        *entry;
    ngx_uint_t     evicted;
    const time_t  *known;

    known = civic_shm_peek(zone->store, key);

    if (known != NULL && *known >= now) {
        return CIVIC_NONCE_REPLAYED;
    }

    if (known == NULL && civic_sign_zone_full(zone->store, now)) {
        return CIVIC_NONCES_FULL;
    }

    entry = civic_shm_insert(zone->store, key, sizeof(time_t), &evicted);
    if (entry == NULL) {
        return CIVIC_NONCES_FULL;
    }

    *entry = expires;

    return CIVIC_OK;
}


static ngx_uint_t
civic_sign_zone_full(civic_shm_t *store, time_t now)
{
    const u_char  *key;
    const time_t  *oldest;

    if (civic_shm_entries(store) < civic_shm_cells(store)) {
        return 0;
    }

    key = civic_shm_oldest(store);
    oldest = key ? civic_shm_peek(store, key) : NULL;

    return oldest == NULL || *oldest >= now;
}
