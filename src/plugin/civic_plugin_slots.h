
/*
 * Copyright (C) Civic Gate
 *
 * Room for what the routes of plugins count, so much for all of them.  A
 * route has its slot as long as its plugin's version in force has its key;
 * afterwards it keeps the numbers until somebody else needs the room.
 *
 * Who knows a slot knows the tag under which he got it: by another tag it is
 * another's.  Pure: whoever writes, or follows a chain, holds a lock, which
 * may be broken by his death at any instruction; counting needs none.
 */


#ifndef _CIVIC_PLUGIN_SLOTS_H_INCLUDED_
#define _CIVIC_PLUGIN_SLOTS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#include "civic_plugin_trouble.h"


#define CIVIC_PLUGIN_MAX        512    /* plugins */
#define CIVIC_PLUGIN_SLOTS      4096   /* routes of all plugins */
#define CIVIC_PLUGIN_SLOT_LEN   164    /* bytes of a route's key */
#define CIVIC_PLUGIN_OUTCOMES   5      /* civic_plugin_outcome_e */


/* what most runs change is one line of the cache */

typedef struct {
    uint64_t                 outcomes[CIVIC_PLUGIN_OUTCOMES];
    uint64_t                 cpu;      /* ns in Lua */
    uint64_t                 wall;     /* ns from begin to end */
    uint64_t                 allocated; /* bytes of Lua's memory */
    uint64_t                 largest;  /* bytes, likewise, of one run */
    uint64_t                 deaths;   /* workers that the watchdog ended */
} civic_plugin_tally_t;


typedef struct {
    civic_plugin_tally_t     tally;
    uint32_t                 tag;      /* 0: never used */
    uint16_t                 owner;
    uint16_t                 next;     /* of the same owner, + 1; 0: none */
    uint16_t                 kept;     /* 0: whoever needs it may have it */
    uint16_t                 len;
    u_char                   key[CIVIC_PLUGIN_SLOT_LEN];
} civic_plugin_slot_t;


typedef struct {
    civic_plugin_slot_t      slots[CIVIC_PLUGIN_SLOTS];
    uint32_t                 n;        /* ever used */
    uint16_t                 heads[CIVIC_PLUGIN_MAX]; /* + 1, by owner */
    civic_plugin_trouble_t   troubles[CIVIC_PLUGIN_SLOTS]; /* by slot */
} civic_plugin_slots_t;


/* where a route is counted */

typedef struct {
    uint32_t                 slot;
    uint32_t                 tag;      /* 0: it has no slot */
} civic_plugin_place_t;


/* a route that wants to be counted */

typedef struct {
    ngx_str_t                key;
    civic_plugin_place_t     place;
} civic_plugin_counted_t;


/*
 * Finds or makes the slots of all routes that the owner has now.  Returns
 * how many found no room.
 */

ngx_uint_t civic_plugin_slots_enlist(civic_plugin_slots_t *slots,
    ngx_uint_t owner, civic_plugin_counted_t *routes, ngx_uint_t n);

/* finds those that are there */

void civic_plugin_slots_find(const civic_plugin_slots_t *slots,
    ngx_uint_t owner, civic_plugin_counted_t *routes, ngx_uint_t n);

/* the owner is gone, and may return; it is another from now on */

void civic_plugin_slots_leave(civic_plugin_slots_t *slots, ngx_uint_t owner);
void civic_plugin_slots_drop(civic_plugin_slots_t *slots, ngx_uint_t owner);

/* NULL: it is not the route's any more */

civic_plugin_tally_t *civic_plugin_slots_tally(civic_plugin_slots_t *slots,
    const civic_plugin_place_t *place);
civic_plugin_trouble_t *civic_plugin_slots_trouble(
    civic_plugin_slots_t *slots, const civic_plugin_place_t *place);

/* a new version: no route rests any more, and no run was large */

void civic_plugin_slots_renew(civic_plugin_slots_t *slots, ngx_uint_t owner);

/* the owner's slots in turn: 0 begins, and ends */

ngx_uint_t civic_plugin_slots_next(const civic_plugin_slots_t *slots,
    ngx_uint_t owner, ngx_uint_t i);


#endif /* _CIVIC_PLUGIN_SLOTS_H_INCLUDED_ */
