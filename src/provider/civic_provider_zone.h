
/*
 * Copyright (C) Civic Gate
 *
 * What the workers share of one issuer's keys: the text of the last good
 * set, who fetches, and what became of the last fetch.
 */


#ifndef _CIVIC_PROVIDER_ZONE_H_INCLUDED_
#define _CIVIC_PROVIDER_ZONE_H_INCLUDED_


#include "civic_provider.h"


#define CIVIC_PROVIDER_TEXT_MAX  (128 * 1024)  /* bytes of a set of keys */


typedef struct civic_provider_shared_s  civic_provider_shared_t;

typedef struct {
    ngx_slab_pool_t          *shpool;
    civic_provider_shared_t  *shared;
} civic_provider_zone_t;


typedef enum {
    CIVIC_PROVIDER_DUE = 0,            /* when its time has come */
    CIVIC_PROVIDER_ASKED               /* before, but not twice within the
                                          cool-down */
} civic_provider_reason_e;


/*
 * Zones of one name are one over reloads: `place` is all that another set
 * of keys would come from.  NGX_OK or NGX_ERROR.
 */

ngx_int_t civic_provider_zone_add(ngx_conf_t *cf, civic_provider_zone_t *zone,
    const ngx_str_t *name, const ngx_str_t *place);

/*
 * NGX_OK: this worker fetches, for `hold` ms at most, and tells the end of
 * it with the number in `*lease`; NGX_BUSY: another does; NGX_DECLINED:
 * nobody does.
 */

ngx_int_t civic_provider_zone_take(civic_provider_zone_t *zone,
    civic_provider_reason_e reason, ngx_msec_t hold, ngx_msec_t cooldown,
    uint64_t *lease);

/*
 * How it ended, and how long until the next.  Both return 1 where the
 * operator should hear of it: the first failure of its kind, or the first
 * success after one.
 */

ngx_uint_t civic_provider_zone_good(civic_provider_zone_t *zone,
    uint64_t lease, const ngx_str_t *text, ngx_uint_t keys, ngx_msec_t next);
ngx_uint_t civic_provider_zone_bad(civic_provider_zone_t *zone,
    uint64_t lease, const char *why, ngx_msec_t cooldown);

/* without the lock: moves with the set, with each end of a fetch */

uint64_t civic_provider_zone_version(const civic_provider_zone_t *zone);
uint64_t civic_provider_zone_ended(const civic_provider_zone_t *zone);

/* NGX_OK: a copy in `pool`; NGX_DECLINED: no set yet; NGX_ERROR */

ngx_int_t civic_provider_zone_read(civic_provider_zone_t *zone,
    ngx_pool_t *pool, ngx_str_t *text, uint64_t *version);

void civic_provider_zone_state(const civic_provider_zone_t *zone,
    civic_provider_keys_state_t *state);


#endif /* _CIVIC_PROVIDER_ZONE_H_INCLUDED_ */
