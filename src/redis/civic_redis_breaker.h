
/*
 * Copyright (C) Civic Gate
 *
 * The breaker of one Redis in one worker, and the pause between attempts to
 * connect.  Plain values; the caller brings the clock.
 *
 *     closed --- N failures in a row ---> open
 *     open   --- cool-down is over -----> half open: one probe may go
 *     half open -- success --> closed,  -- failure --> open
 */


#ifndef _CIVIC_REDIS_BREAKER_H_INCLUDED_
#define _CIVIC_REDIS_BREAKER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef enum {
    CIVIC_REDIS_CLOSED = 0,
    CIVIC_REDIS_OPEN,
    CIVIC_REDIS_HALF_OPEN
} civic_redis_breaker_e;


typedef struct {
    ngx_uint_t               state;    /* civic_redis_breaker_e */
    ngx_uint_t               limit;    /* failures */
    ngx_uint_t               failures; /* in a row */
    ngx_msec_t               cooldown;
    ngx_msec_t               opened;   /* when */
} civic_redis_breaker_t;


/* NGX_OK: go; NGX_AGAIN: go, as the probe; NGX_DECLINED: not now */

ngx_int_t civic_redis_breaker_pass(civic_redis_breaker_t *breaker,
    ngx_msec_t now);

/* 1: it has closed, or opened, by this */

ngx_uint_t civic_redis_breaker_success(civic_redis_breaker_t *breaker);
ngx_uint_t civic_redis_breaker_failure(civic_redis_breaker_t *breaker,
    ngx_msec_t now);

/* the probe came to nothing, neither good nor bad: another may go */

void civic_redis_breaker_forget(civic_redis_breaker_t *breaker);

/* 1: it lets nothing pass, or waits for its probe */

ngx_uint_t civic_redis_breaker_bars(const civic_redis_breaker_t *breaker,
    ngx_msec_t now);

/*
 * The pause before the next attempt, after `attempts` failed: it doubles,
 * and lies anywhere in its upper half, so that workers do not come together.
 */

ngx_msec_t civic_redis_backoff(ngx_uint_t attempts, uint32_t random);


#endif /* _CIVIC_REDIS_BREAKER_H_INCLUDED_ */
