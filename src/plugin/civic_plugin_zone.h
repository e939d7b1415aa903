
/*
 * Copyright (C) Civic Gate
 *
 * What all processes know of the plugins, in shared memory: which version
 * is published, why a newer one is not, how requests to it ended; and which
 * worker is inside whose Lua.
 *
 * The watcher alone publishes; workers notice by one number, the
 * generation.  An entry keeps its place as long as the memory lives.
 */


#ifndef _CIVIC_PLUGIN_ZONE_H_INCLUDED_
#define _CIVIC_PLUGIN_ZONE_H_INCLUDED_


#include "civic_plugin.h"
#include "civic_plugin_slots.h"
#include "civic_plugin_trouble.h"


#define CIVIC_PLUGIN_SEATS         128 /* workers, old ones included */
#define CIVIC_PLUGIN_NAME_LEN      96
#define CIVIC_PLUGIN_HASH_LEN      32
#define CIVIC_PLUGIN_VERSION_LEN   32
#define CIVIC_PLUGIN_REASON_LEN    1000
#define CIVIC_PLUGIN_CLAIM_LEN     256
#define CIVIC_PLUGIN_METRICS       16  /* of one plugin */
#define CIVIC_PLUGIN_METRIC_LEN    48
#define CIVIC_PLUGIN_NONE          ((ngx_uint_t) -1)


/* an entry's facts, copied out as a whole */

typedef struct {
    uint32_t                 used;     /* 0: withdrawn */
    uint32_t                 state;    /* READY, NOT_LOADED or STOPPED */
    uint16_t                 name_len;
    uint16_t                 hash_len; /* 0: there is no copy of it */
    uint16_t                 version_len;
    uint16_t                 reason_len; /* 0: the folder is what serves */
    uint16_t                 claim_len;
    u_char                   name[CIVIC_PLUGIN_NAME_LEN];
    u_char                   hash[CIVIC_PLUGIN_HASH_LEN];
    u_char                   version[CIVIC_PLUGIN_VERSION_LEN];
    u_char                   reason[CIVIC_PLUGIN_REASON_LEN];
    u_char                   claim[CIVIC_PLUGIN_CLAIM_LEN]; /* its prefixes,
                                          a line each, if none is good */
} civic_plugin_record_t;


/* a counter of the plugin's own: its name is published last */

typedef struct {
    uint64_t                 value;
    uint32_t                 len;      /* 0: free */
    u_char                   name[CIVIC_PLUGIN_METRIC_LEN];
} civic_plugin_metric_t;


typedef struct {
    civic_plugin_record_t    record;
    civic_plugin_trouble_t   trouble;
    uint64_t                 loads;    /* versions published */
    uint64_t                 rests;    /* quarantines */
    uint64_t                 deaths;   /* workers that the watchdog ended */
    uint64_t                 cpu;      /* ns in Lua */
    uint64_t                 outcomes[CIVIC_PLUGIN_OUTCOMES];
    civic_plugin_tally_t     none;     /* of runs without a route */
    civic_plugin_tally_t     other;    /* of routes without a slot */
    uint64_t                 lost;     /* routes without one, as was said */
    uint32_t                 memory[CIVIC_PLUGIN_SEATS]; /* KB of its VMs */
    civic_plugin_metric_t    metrics[CIVIC_PLUGIN_METRICS];
} civic_plugin_entry_t;


/* a process that may run Lua */

typedef struct {
    int64_t                  pid;      /* 0: nobody's */
    uint64_t                 since;    /* ns: inside since; 0: outside */
    uint64_t                 entry;
    civic_plugin_place_t     place;    /* of the route */
} civic_plugin_seat_t;


/* the slots come first: each begins a line of the cache */

typedef struct {
    civic_plugin_slots_t     slots;
    uint64_t                 generation;
    uint32_t                 n;        /* entries ever used */
    uint32_t                 restored; /* what state/ has: 1 is being, 2 was
                                          published */
    civic_plugin_seat_t      seats[CIVIC_PLUGIN_SEATS];
    civic_plugin_entry_t     entries[CIVIC_PLUGIN_MAX];
} civic_plugin_sh_t;


typedef struct {
    civic_plugin_sh_t       *sh;
    ngx_slab_pool_t         *shpool;
} civic_plugin_zone_t;


/* at start-up; the zone in force in this process from now on, or NULL */

ngx_int_t civic_plugin_zone_add(ngx_conf_t *cf, void *main_conf);
void civic_plugin_zone_attach(civic_plugin_zone_t *zone);
civic_plugin_zone_t *civic_plugin_zone(void);

uint64_t civic_plugin_zone_generation(void);

/* how many entries there are, and a copy of one */

ngx_uint_t civic_plugin_zone_size(void);
void civic_plugin_zone_read(ngx_uint_t i, civic_plugin_record_t *record);
civic_plugin_entry_t *civic_plugin_zone_entry(ngx_uint_t i);

/* the entry of that name, or CIVIC_PLUGIN_NONE */

ngx_uint_t civic_plugin_zone_find(const ngx_str_t *name);

/*
 * Sets the record of that name, a new one if need be.  A new hash begins
 * anew: no quarantine, one load more.  Whatever workers have to know of
 * raises the generation.  NGX_OK, or NGX_BUSY: the table is full.
 */

ngx_int_t civic_plugin_zone_publish(const civic_plugin_record_t *record);

/*
 * True in one process only, once in the life of the memory: it restores,
 * and says when it is done.  Others wait for that, but not for long.
 */

ngx_uint_t civic_plugin_zone_claim_restore(void);
void civic_plugin_zone_restored(void);

/* quarantine, by entry: how long it rests now, if it does (ms) */

uint64_t civic_plugin_zone_failed(ngx_uint_t i);
void civic_plugin_zone_succeeded(ngx_uint_t i);
uint64_t civic_plugin_zone_rests(ngx_uint_t i);


#endif /* _CIVIC_PLUGIN_ZONE_H_INCLUDED_ */
