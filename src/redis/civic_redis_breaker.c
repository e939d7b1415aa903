
/*
 * Copyright (C) Civic Gate
 *
 * When to leave Redis alone, and for how long.  A failure that comes in
 * while the breaker is open does not prolong it, nor does a late success
 * end it: only the probe, sent after the cool-down, decides.
 */


#include "civic_redis_breaker.h"


#define CIVIC_REDIS_BACKOFF      20    /* ms */
#define CIVIC_REDIS_BACKOFF_MAX  1280


ngx_int_t
civic_redis_breaker_pass(civic_redis_breaker_t *breaker, ngx_msec_t now)
{
    if (breaker->state == CIVIC_REDIS_CLOSED) {
        return NGX_OK;
    }

    /* unsigned: right also when the clock wraps */

    if (breaker->state == CIVIC_REDIS_HALF_OPEN
        || now - breaker->opened < breaker->cooldown)
    {
        return NGX_DECLINED;
    }

    breaker->state = CIVIC_REDIS_HALF_OPEN;

    return NGX_AGAIN;
}


ngx_uint_t
civic_redis_breaker_success(civic_redis_breaker_t *breaker)
{
    if (breaker->state == CIVIC_REDIS_OPEN) {
        return 0;
    }

    breaker->failures = 0;

    if (breaker->state == CIVIC_REDIS_CLOSED) {
        return 0;
    }

    breaker->state = CIVIC_REDIS_CLOSED;

    return 1;
}


ngx_uint_t
civic_redis_breaker_failure(civic_redis_breaker_t *breaker, ngx_msec_t now)
{
    if (breaker->state == CIVIC_REDIS_OPEN) {
        return 0;
    }

    if (breaker->state == CIVIC_REDIS_CLOSED
        && ++breaker->failures < breaker->limit)
    {
        return 0;
    }

    breaker->state = CIVIC_REDIS_OPEN;
    breaker->opened = now;

    return 1;
}


void
civic_redis_breaker_forget(civic_redis_breaker_t *breaker)
{
    if (breaker->state == CIVIC_REDIS_HALF_OPEN) {
        breaker->state = CIVIC_REDIS_OPEN;
    }
}


ngx_uint_t
civic_redis_breaker_bars(const civic_redis_breaker_t *breaker, ngx_msec_t now)
{
    switch (breaker->state) {

    case CIVIC_REDIS_CLOSED:
        return 0;

    case CIVIC_REDIS_OPEN:
        return now - breaker->opened < breaker->cooldown;

    default: /* CIVIC_REDIS_HALF_OPEN */
        return 1;
    }
}


ngx_msec_t
civic_redis_backoff(ngx_uint_t attempts, uint32_t random)
{
    ngx_msec_t  pause;

    pause = CIVIC_REDIS_BACKOFF;

    while (attempts > 1 && pause < CIVIC_REDIS_BACKOFF_MAX) {
        attempts--;
        pause *= 2;
    }

    return pause / 2 + random % (pause / 2 + 1);
}
