
/*
 * Copyright (C) Civic Gate
 *
 * Names that keep their number: services and routes get a slot once and
 * have it over every reload.  A registry lies in memory that the caller
 * gives; only one process writes, any number read without a lock.  Pure.
 */


#ifndef _CIVIC_STATUS_REGISTRY_H_INCLUDED_
#define _CIVIC_STATUS_REGISTRY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define CIVIC_STATUS_NONE        0     /* the slot of what has no name */
#define CIVIC_STATUS_OTHER       1     /* of what found no room */
#define CIVIC_STATUS_NAME_ROOM   64    /* bytes of a name, on average */


typedef struct {
    ngx_str_t              name;
    uint32_t               owner;      /* of a route: its service's slot */
    uint32_t               hash;
} civic_status_name_t;


typedef struct {
    ngx_uint_t             n;          /* published last */
    ngx_uint_t             max;
    civic_status_name_t   *names;
    u_char                *last;       /* where the next name's bytes go */
    u_char                *end;
} civic_status_registry_t;


#define CIVIC_STATUS_NAME_SIZE                                                \
    (sizeof(civic_status_name_t) + CIVIC_STATUS_NAME_ROOM)


/*
 * `mem` has max * CIVIC_STATUS_NAME_SIZE bytes, aligned as a pointer; `max`
 * is at least 2.  Slots 0 ("") and 1 ("other", of `owner`) are taken.
 */

void civic_status_registry_init(civic_status_registry_t *reg, void *mem,
    ngx_uint_t max, uint32_t owner);

/* the slot, an old or a new one; CIVIC_STATUS_OTHER: there is no room */

ngx_uint_t civic_status_registry_add(civic_status_registry_t *reg,
    uint32_t owner, const ngx_str_t *name);

/* slots 0 to n - 1 may be read */

ngx_uint_t civic_status_registry_size(const civic_status_registry_t *reg);


#endif /* _CIVIC_STATUS_REGISTRY_H_INCLUDED_ */
