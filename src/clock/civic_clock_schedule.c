
/*
 * Copyright (C) Civic Gate
 *
 * The arithmetic of schedules.  Shanghai is eight hours ahead of UTC, with
 * no summer time since 1991.
 */


#include "civic_clock_schedule.h"


#define CIVIC_CLOCK_DAY        ((int64_t) 24 * 60 * 60 * 1000)
#define CIVIC_CLOCK_SHANGHAI   ((int64_t) 8 * 60 * 60 * 1000)
#define CIVIC_CLOCK_RETRY_MAX  ((int64_t) 10 * 60 * 1000)


int64_t
civic_clock_schedule_every(int64_t now, ngx_msec_t every)
{
    return (now / (int64_t) every + 1) * (int64_t) every;
}


int64_t
civic_clock_schedule_at(int64_t now, ngx_uint_t minutes)
{
    int64_t  day, due;

    day = (now + CIVIC_CLOCK_SHANGHAI) / CIVIC_CLOCK_DAY;
    due = day * CIVIC_CLOCK_DAY - CIVIC_CLOCK_SHANGHAI
          + (int64_t) minutes * 60 * 1000;

    return due > now ? due : due + CIVIC_CLOCK_DAY;
}


int64_t
civic_clock_schedule_retry(ngx_uint_t attempts)
{
    int64_t  wait;

    wait = attempts > 16 ? CIVIC_CLOCK_RETRY_MAX
                         : (int64_t) 1000 << (attempts - 1);

    return ngx_min(wait, CIVIC_CLOCK_RETRY_MAX);
}
