
/*
 * Copyright (C) Civic Gate
 *
 * The watcher: sees changed folders of departments, checks and copies them,
 * and publishes what is good.  Runs in nginx's cache manager process, as
 * the workers' user; nobody else reads a department's files.
 *
 * This is the only header of watch/ that others may include.
 */


#ifndef _CIVIC_WATCH_H_INCLUDED_
#define _CIVIC_WATCH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* for ngx_path_t: one pass; returns when to come again (ms) */

ngx_msec_t civic_watch_manager(void *data);

/* publishes the versions that served last, from the state folder */

void civic_watch_restore(ngx_cycle_t *cycle);


#endif /* _CIVIC_WATCH_H_INCLUDED_ */
