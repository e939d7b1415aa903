
/*
 * Copyright (C) Civic Gate
 *
 * The clock of plugins: what time it is, and what they want done when.
 * Durable, at least once, by one worker of the whole fleet at a time.
 *
 * This is the only header of clock/ that others may include.
 */


#ifndef _CIVIC_CLOCK_H_INCLUDED_
#define _CIVIC_CLOCK_H_INCLUDED_


#include "civic_plugin.h"


#define CIVIC_CLOCK_MAX_TIMERS  100000  /* of one plugin */
#define CIVIC_CLOCK_ID          128    /* bytes of a timer's id */


typedef enum {
    CIVIC_CLOCK_AT = 0,
    CIVIC_CLOCK_CANCEL,
    CIVIC_CLOCK_CLAIM,
    CIVIC_CLOCK_DONE,
    CIVIC_CLOCK_SCRIPTS
} civic_clock_script_e;


/*
 * Runs one of the scripts timers_*.lua over the timers of a plugin;
 * request->argv has room for its keys in front, CIVIC_CLOCK_KEYS of them,
 * which are filled in from `pool`.  NULL: no memory, or no such script.
 */

#define CIVIC_CLOCK_KEYS  4

civic_redis_command_t *civic_clock_eval(const civic_plugin_t *plugin,
    civic_clock_script_e script, ngx_str_t *argv, ngx_pool_t *pool,
    civic_redis_request_t *request);

/* seconds in this file are added to the time; empty: none is */

void civic_clock_set_file(const ngx_str_t *path);

/* this process runs timers and schedules from now on */

ngx_int_t civic_clock_start(ngx_cycle_t *cycle);


#endif /* _CIVIC_CLOCK_H_INCLUDED_ */
