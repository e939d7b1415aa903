
/*
 * Copyright (C) Civic Gate
 *
 * When something is due next.  Milliseconds since 1970.  Pure.
 */


#ifndef _CIVIC_CLOCK_SCHEDULE_H_INCLUDED_
#define _CIVIC_CLOCK_SCHEDULE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* the first multiple of `every` after now: the same for all workers */

int64_t civic_clock_schedule_every(int64_t now, ngx_msec_t every);

/* the first time after now that Shanghai's clocks show so many minutes */

int64_t civic_clock_schedule_at(int64_t now, ngx_uint_t minutes);

/* how long to wait before the next try, after `attempts` (>= 1) failed */

int64_t civic_clock_schedule_retry(ngx_uint_t attempts);


#endif /* _CIVIC_CLOCK_SCHEDULE_H_INCLUDED_ */
