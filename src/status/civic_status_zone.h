
/*
 * Copyright (C) Civic Gate
 *
 * The status zone: what lies in it, and how a worker finds its part.
 *
 *     civic_status_zone_t
 *     names of services, names of routes      written by the master only
 *     slot 0: rings' heads, counters, entries  \
 *     slot 1: ...                               } one per worker
 *     ...                                      /
 *
 * The counters of a slot are one row of numbers, the same in all slots:
 *
 *     metrics | refusals | buckets | gate | requests | routes
 *
 * requests is a matrix of services and status codes, routes one of routes
 * and classes.  Whoever reads adds up the slots.
 */


#ifndef _CIVIC_STATUS_ZONE_H_INCLUDED_
#define _CIVIC_STATUS_ZONE_H_INCLUDED_


#include "civic.h"
#include "civic_status_metrics.h"
#include "civic_status_registry.h"
#include "civic_status_ring.h"
#include "civic_status_scale.h"


#define CIVIC_STATUS_AT_REFUSALS  CIVIC_METRIC_COUNT
#define CIVIC_STATUS_AT_BUCKETS   (CIVIC_STATUS_AT_REFUSALS                   \
                                   + CIVIC_PROBLEM_COUNT)
#define CIVIC_STATUS_AT_GATE      (CIVIC_STATUS_AT_BUCKETS                    \
                                   + CIVIC_STATUS_BUCKETS)
#define CIVIC_STATUS_AT_REQUESTS  (CIVIC_STATUS_AT_GATE + 1)


typedef struct {
    civic_status_ring_t        refused; /* by the gate, or status >= 400 */
    civic_status_ring_t        passed;
    uint64_t                  *counters;
} civic_status_slot_t;


typedef struct {
    uint64_t                   started; /* civic_now_ns(): of the machine */
    uint64_t                   reloads;
    ngx_uint_t                 nslots;
    size_t                     slot_size;
    u_char                    *slots;
    ngx_uint_t                 at_routes; /* in the row of counters */
    civic_status_registry_t    services;
    civic_status_registry_t    routes;
} civic_status_zone_t;


typedef struct {
    civic_status_zone_t       *zone;   /* NULL: the gate is not used */
    ngx_cycle_t               *cycle;
    ngx_array_t               *services; /* civic_service_t * */
    ngx_array_t               *routes; /* civic_route_t * */
    ngx_array_t               *redis;  /* civic_redis_t * */
    ngx_uint_t                 reused; /* the zone is older than this */
} civic_status_main_conf_t;


static ngx_inline civic_status_slot_t *
civic_status_slot(const civic_status_zone_t *zone, ngx_uint_t i)
{
    return (civic_status_slot_t *) (zone->slots + i * zone->slot_size);
}


static ngx_inline void
civic_status_add(civic_status_slot_t *slot, ngx_uint_t at, uint64_t n)
{
    (void) __atomic_fetch_add(&slot->counters[at], n, __ATOMIC_RELAXED);
}


extern ngx_module_t  ngx_http_civic_status_module;


/* over all slots */

uint64_t civic_status_sum(const civic_status_zone_t *zone, ngx_uint_t at);

/* this process counts in `zone` from now on; NULL: nowhere */

void civic_status_attach(civic_status_zone_t *zone);

/* where this process counts; NULL: nowhere */

civic_status_zone_t *civic_status_zone(void);
civic_status_slot_t *civic_status_own_slot(void);

/*
 * Gives services and those routes that are asked for their slots.  In the
 * master, once the configuration is in force and before workers start.
 */

void civic_status_zone_enlist(civic_status_main_conf_t *smcf,
    ngx_log_t *log);

/* civic_metrics_routes, where the route's service lies */

ngx_uint_t civic_status_route_wanted(const civic_route_t *route);


#endif /* _CIVIC_STATUS_ZONE_H_INCLUDED_ */
