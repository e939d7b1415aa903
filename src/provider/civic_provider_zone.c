
/*
 * Copyright (C) Civic Gate
 *
 * One zone of shared memory for each issuer whose keys are fetched.  Its
 * name says where they come from, so that a reload finds the last good set
 * again exactly where it would be fetched from the same place, whatever else
 * has changed.
 *
 * Two buffers: a new set is written beside the old one and becomes the set
 * by one assignment, so that a worker that is killed while it writes leaves
 * the old set whole.  nginx frees the lock of a worker that dies.
 */


#include "civic_provider_fresh.h"
#include "civic_provider_zone.h"


#define CIVIC_PROVIDER_ZONE_SIZE  (2 * CIVIC_PROVIDER_TEXT_MAX + 64 * 1024)


struct civic_provider_shared_s {
    uint64_t        version;           /* 0: there is no set yet */
    uint64_t        ended;             /* fetches */

    uint64_t        lease;             /* of whoever fetches */
    ngx_msec_t      held_until;
    ngx_msec_t      due;
    ngx_msec_t      asked_at;          /* of the last that was asked for */
    ngx_msec_t      good_at;
    ngx_uint_t      failures;          /* since the last good one */
    uint64_t        good;
    uint64_t        failed;
    ngx_uint_t      keys;
    size_t          error_len;
    u_char          error[CIVIC_PROVIDER_ERROR];

    ngx_uint_t      current;           /* which text is the set */
    size_t          len[2];
    u_char          text[2][CIVIC_PROVIDER_TEXT_MAX];

    unsigned        held:1;
    unsigned        asked:1;           /* ever */
};


static ngx_int_t civic_provider_zone_init(ngx_shm_zone_t *shm, void *data);
static void civic_provider_zone_replace(civic_provider_shared_t *sh,
    const ngx_str_t *text);
static void civic_provider_zone_end(civic_provider_shared_t *sh,
    uint64_t lease, ngx_msec_t next);


/* tells our zones from those of others */

static ngx_uint_t  civic_provider_zone_tag;


ngx_int_t
civic_provider_zone_add(ngx_conf_t *cf, civic_provider_zone_t *zone,
    const ngx_str_t *name, const ngx_str_t *place)
{
    u_char           digest[CIVIC_JOSE_DIGEST_LEN], *p;
    ngx_str_t        text;
    ngx_shm_zone_t  *shm;

    if (civic_jose_digest(place, digest) != NGX_OK) {
        return NGX_ERROR;
    }

    text.data = ngx_pnalloc(cf->pool, sizeof("civic_keys__") + name->len
                                      + 2 * CIVIC_JOSE_DIGEST_LEN);
    if (text.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_sprintf(text.data, "civic_keys_%V_", name);
    text.len = ngx_hex_dump(p, digest, CIVIC_JOSE_DIGEST_LEN) - text.data;

    shm = ngx_shared_memory_add(cf, &text, CIVIC_PROVIDER_ZONE_SIZE,
                                &civic_provider_zone_tag);
    if (shm == NULL) {
        return NGX_ERROR;
    }

    shm->init = civic_provider_zone_init;
    shm->data = zone;

    return NGX_OK;
}


/* a reload, a segment that another process laid out, a new one */

static ngx_int_t
civic_provider_zone_init(ngx_shm_zone_t *shm, void *data)
{
    civic_provider_zone_t  *ozone = data;

    size_t                  len;
    ngx_slab_pool_t        *shpool;
    civic_provider_zone_t  *zone;

    zone = shm->data;
    shpool = (ngx_slab_pool_t *) shm->shm.addr;

    zone->shpool = shpool;

    if (ozone != NULL) {
        zone->shared = ozone->shared;
        return NGX_OK;
    }

    if (shm->shm.exists) {
        zone->shared = shpool->data;
        return NGX_OK;
    }

    len = sizeof(" in civic keys \"\"") + shm->shm.name.len;

    shpool->log_ctx = ngx_slab_alloc(shpool, len);
    if (shpool->log_ctx == NULL) {
        return NGX_ERROR;
    }

    ngx_sprintf(shpool->log_ctx, " in civic keys \"%V\"%Z", &shm->shm.name);

    zone->shared = ngx_slab_calloc(shpool, sizeof(civic_provider_shared_t));
    if (zone->shared == NULL) {
        return NGX_ERROR;
    }

    shpool->data = zone->shared;

    return NGX_OK;
}


ngx_int_t
civic_provider_zone_take(civic_provider_zone_t *zone,
    civic_provider_reason_e reason, ngx_msec_t hold, ngx_msec_t cooldown,
    uint64_t *lease)
{
    ngx_int_t                 rc;
    ngx_msec_t                now;
    civic_provider_shared_t  *sh;

    sh = zone->shared;
    now = ngx_current_msec;

    ngx_shmtx_lock(&zone->shpool->mutex);

    if (sh->held && (ngx_msec_int_t) (sh->held_until - now) > 0) {
        rc = NGX_BUSY;

    } else if (reason == CIVIC_PROVIDER_DUE) {
        rc = (sh->ended == 0 || (ngx_msec_int_t) (sh->due - now) <= 0)
             ? NGX_OK : NGX_DECLINED;

    } else if (sh->asked && now - sh->asked_at < cooldown) {
        rc = NGX_DECLINED;

    } else {
        sh->asked = 1;
        sh->asked_at = now;
        rc = NGX_OK;
    }

    if (rc == NGX_OK) {
        *lease = ++sh->lease;
        sh->held = 1;
        sh->held_until = now + hold;
    }

    ngx_shmtx_unlock(&zone->shpool->mutex);

    return rc;
}


ngx_uint_t
civic_provider_zone_good(civic_provider_zone_t *zone, uint64_t lease,
    const ngx_str_t *text, ngx_uint_t keys, ngx_msec_t next)
{
    ngx_uint_t                news;
    civic_provider_shared_t  *sh;

    sh = zone->shared;

    ngx_shmtx_lock(&zone->shpool->mutex);

    if (sh->version == 0
        || sh->len[sh->current] != text->len
        || ngx_memcmp(sh->text[sh->current], text->data, text->len) != 0)
    {
        civic_provider_zone_replace(sh, text);
    }

    news = (sh->error_len != 0);

    sh->keys = keys;
    sh->good_at = ngx_current_msec;
    sh->good++;
    sh->failures = 0;
    sh->error_len = 0;

    civic_provider_zone_end(sh, lease, next);

    ngx_shmtx_unlock(&zone->shpool->mutex);

    return news;
}


ngx_uint_t
civic_provider_zone_bad(civic_provider_zone_t *zone, uint64_t lease,
    const char *why, ngx_msec_t cooldown)
{
    size_t                    len;
    ngx_uint_t                news;
    civic_provider_shared_t  *sh;

    sh = zone->shared;
    len = ngx_min(ngx_strlen(why), CIVIC_PROVIDER_ERROR);

    ngx_shmtx_lock(&zone->shpool->mutex);

    news = (sh->error_len != len || ngx_memcmp(sh->error, why, len) != 0);

    sh->error_len = len;
    ngx_memcpy(sh->error, why, len);

    sh->failed++;
    sh->failures++;

    civic_provider_zone_end(sh, lease,
                            civic_provider_fresh_retry(sh->failures,
                                                       cooldown));

    ngx_shmtx_unlock(&zone->shpool->mutex);

    return news;
}


static void
civic_provider_zone_replace(civic_provider_shared_t *sh,
    const ngx_str_t *text)
{
    ngx_uint_t  other;

    other = !sh->current;

    ngx_memcpy(sh->text[other], text->data, text->len);
    sh->len[other] = text->len;

    ngx_memory_barrier();

    sh->current = other;

    (void) __atomic_fetch_add(&sh->version, 1, __ATOMIC_RELEASE);
}


/* one that took longer than it may has no say in when the next is */

static void
civic_provider_zone_end(civic_provider_shared_t *sh, uint64_t lease,
    ngx_msec_t next)
{
    if (sh->lease == lease) {
        sh->held = 0;
        sh->due = ngx_current_msec + next;
    }

    (void) __atomic_fetch_add(&sh->ended, 1, __ATOMIC_RELEASE);
}


uint64_t
civic_provider_zone_version(const civic_provider_zone_t *zone)
{
    return __atomic_load_n(&zone->shared->version, __ATOMIC_ACQUIRE);
}


uint64_t
civic_provider_zone_ended(const civic_provider_zone_t *zone)
{
    return __atomic_load_n(&zone->shared->ended, __ATOMIC_ACQUIRE);
}


ngx_int_t
civic_provider_zone_read(civic_provider_zone_t *zone, ngx_pool_t *pool,
    ngx_str_t *text, uint64_t *version)
{
    civic_provider_shared_t  *sh;

    sh = zone->shared;

    text->data = ngx_pnalloc(pool, CIVIC_PROVIDER_TEXT_MAX);
    if (text->data == NULL) {
        return NGX_ERROR;
    }

    ngx_shmtx_lock(&zone->shpool->mutex);

    *version = sh->version;
    text->len = sh->len[sh->current];
    ngx_memcpy(text->data, sh->text[sh->current], text->len);

    ngx_shmtx_unlock(&zone->shpool->mutex);

    return *version ? NGX_OK : NGX_DECLINED;
}


void
civic_provider_zone_state(const civic_provider_zone_t *zone,
    civic_provider_keys_state_t *state)
{
    civic_provider_shared_t  *sh;

    sh = zone->shared;

    ngx_shmtx_lock(&zone->shpool->mutex);

    state->keys = sh->keys;
    state->age = sh->keys ? (ngx_current_msec - sh->good_at) / 1000 : 0;
    state->good = sh->good;
    state->failed = sh->failed;
    state->error_len = sh->error_len;
    ngx_memcpy(state->error, sh->error, sh->error_len);

    ngx_shmtx_unlock(&zone->shpool->mutex);
}
