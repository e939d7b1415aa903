
/*
 * Copyright (C) Civic Gate
 *
 * The generic cell rate algorithm, exactly: at a rate of `count` requests in
 * `period` nanoseconds requests are due every period / count, which is kept
 * as nanoseconds and a fraction, so that no rounding adds up.
 *
 * Pure.  A counter is one point in time, the theoretical arrival time: when
 * all that was let through will have been paid for.  check and commit are
 * apart, so that several policies can agree before any is charged.
 */


#ifndef _CIVIC_LIMIT_GCRA_H_INCLUDED_
#define _CIVIC_LIMIT_GCRA_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define CIVIC_LIMIT_SECOND     1000000000ULL             /* ns */
#define CIVIC_LIMIT_YEAR       (CIVIC_LIMIT_SECOND * 86400 * 365)
#define CIVIC_LIMIT_MAX_DEBT   (CIVIC_LIMIT_YEAR * 100)
#define CIVIC_LIMIT_MAX_BURST  1000000000ULL


/* all zeros: long past, nothing owed */

typedef struct {
    uint64_t              ns;
    uint64_t              part;        /* of a ns, in 1 / count: < count */
} civic_limit_time_t;


typedef struct {
    uint64_t              count;
    uint64_t              period;      /* ns */
    uint64_t              burst;       /* beyond the one that is due */

    civic_limit_time_t    interval;    /* period / count */
    civic_limit_time_t    tolerance;   /* burst intervals */
} civic_limit_gcra_t;


typedef struct {
    uint64_t              remaining;   /* would pass now */
    uint64_t              reset;       /* seconds until nothing is owed */
    uint64_t              retry_after; /* seconds until one would pass */
} civic_limit_report_t;


/*
 * NGX_ERROR: a count or period of 0, requests due more often than every
 * microsecond, or a burst that takes more than 100 years to pay for.
 */

ngx_int_t civic_limit_gcra_init(civic_limit_gcra_t *gcra, uint64_t count,
    uint64_t period, uint64_t burst);

/*
 * NGX_OK: one more may pass at `now`; NGX_BUSY: not yet.  Moves *tat to an
 * equivalent point that commit can build upon, whatever the answer: out of
 * the past, and back from a future that this policy never reaches (then the
 * clock went back; what is owed is everything that can be).
 */

ngx_int_t civic_limit_gcra_check(const civic_limit_gcra_t *gcra,
    civic_limit_time_t *tat, uint64_t now);

/* charges the request that check, at the same time, let through */

void civic_limit_gcra_commit(const civic_limit_gcra_t *gcra,
    civic_limit_time_t *tat);

/* how things stand; *tat as check or commit left it at `now` */

void civic_limit_gcra_report(const civic_limit_gcra_t *gcra,
    const civic_limit_time_t *tat, uint64_t now,
    civic_limit_report_t *report);

/* seconds in which burst + 1 requests are paid for */

uint64_t civic_limit_gcra_window(const civic_limit_gcra_t *gcra);


#endif /* _CIVIC_LIMIT_GCRA_H_INCLUDED_ */
