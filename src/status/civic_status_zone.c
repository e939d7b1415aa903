
/*
 * Copyright (C) Civic Gate
 *
 * Lays the status zone out when nginx makes it and finds it again after a
 * reload, with everything that was counted.  How much of each kind there
 * is follows from the zone's size and is fixed for its life: a quarter for
 * services, a sixth for routes, up to what anyone needs, the rest for
 * recent decisions.
 */


#include "civic_status.h"
#include "civic_status_zone.h"
#include "civic_route.h"


#define CIVIC_STATUS_MIN_SLOTS     8
#define CIVIC_STATUS_MIN_NAMES     8
#define CIVIC_STATUS_MAX_SERVICES  514 /* with "" and "other" */
#define CIVIC_STATUS_MAX_ROUTES    1002
#define CIVIC_STATUS_MIN_ENTRIES   8   /* of a ring */
#define CIVIC_STATUS_MAX_ENTRIES   2048
#define CIVIC_STATUS_MAX_PASSED    512 /* small, to stay in the cache */
#define CIVIC_STATUS_LINE          64  /* bytes: slots share no cache line */


typedef struct {
    ngx_uint_t     services;
    ngx_uint_t     routes;
    ngx_uint_t     entries;            /* of refused requests */
    ngx_uint_t     passed;             /* of the others */
    size_t         names_size;
    size_t         counters_size;      /* with the head of the slot */
    size_t         slot_size;
} civic_status_plan_t;


static ngx_int_t civic_status_zone_init(ngx_shm_zone_t *shm_zone, void *data);
static ngx_uint_t civic_status_zone_workers(ngx_cycle_t *cycle);
static ngx_int_t civic_status_zone_plan(size_t size, ngx_uint_t nslots,
    civic_status_plan_t *plan);
static void civic_status_zone_create(civic_status_zone_t *zone,
    ngx_uint_t nslots, const civic_status_plan_t *plan);
static void civic_status_zone_services(civic_status_main_conf_t *smcf,
    ngx_log_t *log);
static void civic_status_zone_routes(civic_status_main_conf_t *smcf,
    ngx_log_t *log);


ngx_int_t
civic_status_zone_add(ngx_conf_t *cf, size_t size)
{
    ngx_shm_zone_t            *shm_zone;
    civic_status_main_conf_t  *smcf;

    static ngx_str_t  name = ngx_string("civic_status");

    shm_zone = ngx_shared_memory_add(cf, &name, size,
                                     &ngx_http_civic_status_module);
    if (shm_zone == NULL) {
        return NGX_ERROR;
    }

    smcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_civic_status_module);
    smcf->cycle = cf->cycle;

    shm_zone->init = civic_status_zone_init;
    shm_zone->data = smcf;

    return NGX_OK;
}


static ngx_int_t
civic_status_zone_init(ngx_shm_zone_t *shm_zone, void *data)
{
    civic_status_main_conf_t  *old = data;

    size_t                     size;
    ngx_uint_t                 nslots;
    ngx_slab_pool_t           *shpool;
    civic_status_plan_t        plan;
    civic_status_zone_t       *zone;
    civic_status_main_conf_t  *smcf;

    smcf = shm_zone->data;
    shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    if (old != NULL || shm_zone->shm.exists) {
        smcf->zone = old ? old->zone : shpool->data;
        smcf->reused = 1;
        return NGX_OK;
    }

    /* one piece: nothing in it is ever given back */

    size = shpool->pfree * ngx_pagesize;
    nslots = civic_status_zone_workers(smcf->cycle);

    if (civic_status_zone_plan(size, nslots, &plan) != NGX_OK) {
        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "civic status: %uz bytes of shared memory are too few "
                      "for %ui workers, give \"civic_zone\" more",
                      shm_zone->shm.size, nslots);
        return NGX_ERROR;
    }

    zone = ngx_slab_alloc(shpool, size);
    if (zone == NULL) {
        return NGX_ERROR;
    }

    civic_status_zone_create(zone, nslots, &plan);

    shpool->data = zone;
    smcf->zone = zone;

    return NGX_OK;
}


static ngx_uint_t
civic_status_zone_workers(ngx_cycle_t *cycle)
{
    ngx_core_conf_t  *ccf;

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);

    return ngx_max(ccf->worker_processes, CIVIC_STATUS_MIN_SLOTS);
}


static ngx_int_t
civic_status_zone_plan(size_t size, ngx_uint_t nslots,
    civic_status_plan_t *plan)
{
    size_t  rest, fixed, service, route;

    service = nslots * CIVIC_STATUS_CODES * sizeof(uint64_t)
              + CIVIC_STATUS_NAME_SIZE;
    route = nslots * CIVIC_STATUS_CLASSES * sizeof(uint64_t)
            + CIVIC_STATUS_NAME_SIZE;

    /* twice a cache line in every slot: what aligning it may cost */

    fixed = sizeof(civic_status_zone_t) + CIVIC_STATUS_LINE
            + nslots * (sizeof(civic_status_slot_t)
                        + CIVIC_STATUS_AT_REQUESTS * sizeof(uint64_t)
                        + 2 * CIVIC_STATUS_LINE);

    if (size < fixed) {
        return NGX_ERROR;
    }

    rest = size - fixed;

    plan->services = ngx_min(rest / 4 / service, CIVIC_STATUS_MAX_SERVICES);
    plan->routes = ngx_min(rest / 6 / route, CIVIC_STATUS_MAX_ROUTES);

    rest -= plan->services * service + plan->routes * route;

    plan->entries = ngx_min(rest / nslots / 2 / sizeof(civic_status_entry_t),
                            CIVIC_STATUS_MAX_ENTRIES);

    if (plan->services < CIVIC_STATUS_MIN_NAMES
        || plan->routes < CIVIC_STATUS_MIN_NAMES
        || plan->entries < CIVIC_STATUS_MIN_ENTRIES)
    {
        return NGX_ERROR;
    }

    plan->passed = ngx_min(plan->entries, CIVIC_STATUS_MAX_PASSED);

    plan->names_size = (plan->services + plan->routes)
                       * CIVIC_STATUS_NAME_SIZE;

    plan->counters_size = ngx_align(sizeof(civic_status_slot_t)
                                    + (CIVIC_STATUS_AT_REQUESTS
                                       + plan->services * CIVIC_STATUS_CODES
                                       + plan->routes * CIVIC_STATUS_CLASSES)
                                      * sizeof(uint64_t),
                                    CIVIC_STATUS_LINE);

    plan->slot_size = plan->counters_size
                      + (plan->entries + plan->passed)
                        * sizeof(civic_status_entry_t);
    plan->slot_size = ngx_align(plan->slot_size, CIVIC_STATUS_LINE);

    return NGX_OK;
}


static void
civic_status_zone_create(civic_status_zone_t *zone, ngx_uint_t nslots,
    const civic_status_plan_t *plan)
{
    u_char                *p;
    ngx_uint_t             i;
    civic_status_slot_t   *slot;
    civic_status_entry_t  *entries;

    p = (u_char *) zone + sizeof(civic_status_zone_t);

    ngx_memzero(zone, sizeof(civic_status_zone_t));

    zone->started = civic_now_ns();
    zone->nslots = nslots;
    zone->slot_size = plan->slot_size;
    zone->slots = ngx_align_ptr(p + plan->names_size, CIVIC_STATUS_LINE);
    zone->at_routes = CIVIC_STATUS_AT_REQUESTS
                      + plan->services * CIVIC_STATUS_CODES;

    civic_status_registry_init(&zone->services, p, plan->services, 0);
    p += plan->services * CIVIC_STATUS_NAME_SIZE;
    civic_status_registry_init(&zone->routes, p, plan->routes,
                               CIVIC_STATUS_OTHER);

    ngx_memzero(zone->slots, nslots * plan->slot_size);

    for (i = 0; i < nslots; i++) {
        slot = civic_status_slot(zone, i);

        slot->counters = (uint64_t *) (slot + 1);
        entries = (civic_status_entry_t *) ((u_char *) slot
                                            + plan->counters_size);

        civic_status_ring_init(&slot->refused, entries, plan->entries);
        civic_status_ring_init(&slot->passed, entries + plan->entries,
                               plan->passed);
    }
}


uint64_t
civic_status_sum(const civic_status_zone_t *zone, ngx_uint_t at)
{
    uint64_t    sum;
    ngx_uint_t  i;

    sum = 0;

    for (i = 0; i < zone->nslots; i++) {
        sum += __atomic_load_n(&civic_status_slot(zone, i)->counters[at],
                               __ATOMIC_RELAXED);
    }

    return sum;
}


void
civic_status_zone_enlist(civic_status_main_conf_t *smcf, ngx_log_t *log)
{
    if (smcf->reused) {
        (void) __atomic_fetch_add(&smcf->zone->reloads, 1, __ATOMIC_RELAXED);
    }

    civic_status_zone_services(smcf, log);
    civic_status_zone_routes(smcf, log);
}


static void
civic_status_zone_services(civic_status_main_conf_t *smcf, ngx_log_t *log)
{
    ngx_uint_t         i, lost;
    civic_service_t  **service;

    lost = 0;
    service = smcf->services->elts;

    for (i = 0; i < smcf->services->nelts; i++) {

        service[i]->slot = civic_status_registry_add(&smcf->zone->services, 0,
                                                     &service[i]->name);

        lost += (service[i]->slot == CIVIC_STATUS_OTHER);
    }

    if (lost) {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "civic status: no room for the names of %ui services, "
                      "they are counted as \"other\"", lost);
    }
}


static void
civic_status_zone_routes(civic_status_main_conf_t *smcf, ngx_log_t *log)
{
    ngx_uint_t       i, lost;
    civic_route_t  **route;

    lost = 0;
    route = smcf->routes->elts;

    for (i = 0; i < smcf->routes->nelts; i++) {

        if (!civic_status_route_wanted(route[i])) {
            route[i]->slot = CIVIC_STATUS_NONE;
            continue;
        }

        route[i]->slot = civic_status_registry_add(&smcf->zone->routes,
                                                   route[i]->service->slot,
                                                   &route[i]->name);

        lost += (route[i]->slot == CIVIC_STATUS_OTHER);
    }

    if (lost) {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "civic status: no room for the names of %ui routes, "
                      "they are counted as \"other\"", lost);
    }
}
