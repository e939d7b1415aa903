
/*
 * Copyright (C) Civic Gate
 *
 * The generic cell rate algorithm:
 *
 *                 now                latest       full
 *     ------|------|--------x----------|-----------|------> time
 *           |               |          |<-interval>|
 *           `-- tat: moved  `-- tat    |
 *               up to now       |<---->| room for (latest - tat)
 *                                        / interval + 1 more requests
 *
 * A request passes while tat <= latest = now + tolerance, and moves it by
 * one interval.  This file knows nothing of clocks, keys and memory.
 */


#include "civic_limit_gcra.h"


/* products of two 64-bit numbers, before they are divided again */

typedef unsigned __int128  civic_limit_wide_t;


static civic_limit_time_t civic_limit_gcra_add(const civic_limit_gcra_t *gcra,
    const civic_limit_time_t *t1, const civic_limit_time_t *t2);
static ngx_uint_t civic_limit_gcra_after(const civic_limit_time_t *t1,
    const civic_limit_time_t *t2);
static civic_limit_time_t civic_limit_gcra_latest(
    const civic_limit_gcra_t *gcra, uint64_t now);
static uint64_t civic_limit_gcra_seconds(const civic_limit_gcra_t *gcra,
    const civic_limit_time_t *from, const civic_limit_time_t *to);


ngx_int_t
civic_limit_gcra_init(civic_limit_gcra_t *gcra, uint64_t count,
    uint64_t period, uint64_t burst)
{
    civic_limit_wide_t  debt;

    if (count == 0 || period / 1000 < count || burst > CIVIC_LIMIT_MAX_BURST)
    {
        return NGX_ERROR;
    }

    debt = (civic_limit_wide_t) burst * period;

    if (debt / count > CIVIC_LIMIT_MAX_DEBT
        || period > CIVIC_LIMIT_MAX_DEBT)
    {
        return NGX_ERROR;
    }

    gcra->count = count;
    gcra->period = period;
    gcra->burst = burst;

    gcra->interval.ns = period / count;
    gcra->interval.part = period % count;

    gcra->tolerance.ns = debt / count;
    gcra->tolerance.part = debt % count;

    return NGX_OK;
}


ngx_int_t
civic_limit_gcra_check(const civic_limit_gcra_t *gcra,
    civic_limit_time_t *tat, uint64_t now)
{
    civic_limit_time_t  latest, full;

    if (tat->ns < now) {
        tat->ns = now;
        tat->part = 0;
        return NGX_OK;
    }

    latest = civic_limit_gcra_latest(gcra, now);

    if (!civic_limit_gcra_after(tat, &latest)) {
        return NGX_OK;
    }

    full = civic_limit_gcra_add(gcra, &latest, &gcra->interval);

    if (civic_limit_gcra_after(tat, &full)) {
        *tat = full;
    }

    return NGX_BUSY;
}


void
civic_limit_gcra_commit(const civic_limit_gcra_t *gcra,
    civic_limit_time_t *tat)
{
    *tat = civic_limit_gcra_add(gcra, tat, &gcra->interval);
}


void
civic_limit_gcra_report(const civic_limit_gcra_t *gcra,
    const civic_limit_time_t *tat, uint64_t now,
    civic_limit_report_t *report)
{
    civic_limit_time_t  latest, start;
    civic_limit_wide_t  room;

    start.ns = now;
    start.part = 0;

    latest = civic_limit_gcra_latest(gcra, now);

    report->reset = civic_limit_gcra_seconds(gcra, &start, tat);
    report->retry_after = civic_limit_gcra_seconds(gcra, &latest, tat);
    report->remaining = 0;

    if (civic_limit_gcra_after(tat, &latest)) {
        return;
    }

    /* a smaller part of latest is made up for by its ns */

    room = (civic_limit_wide_t) (latest.ns - tat->ns) * gcra->count
           + latest.part - tat->part;

    report->remaining = room / gcra->period + 1;
}


uint64_t
civic_limit_gcra_window(const civic_limit_gcra_t *gcra)
{
    civic_limit_time_t  start, full;

    start.ns = 0;
    start.part = 0;

    full = civic_limit_gcra_add(gcra, &gcra->tolerance, &gcra->interval);

    return civic_limit_gcra_seconds(gcra, &start, &full);
}


static civic_limit_time_t
civic_limit_gcra_add(const civic_limit_gcra_t *gcra,
    const civic_limit_time_t *t1, const civic_limit_time_t *t2)
{
    civic_limit_time_t  sum;

    sum.ns = t1->ns + t2->ns;
    sum.part = t1->part + t2->part;

    if (sum.part >= gcra->count) {
        sum.part -= gcra->count;
        sum.ns++;
    }

    return sum;
}


static ngx_uint_t
civic_limit_gcra_after(const civic_limit_time_t *t1,
    const civic_limit_time_t *t2)
{
    return t1->ns > t2->ns || (t1->ns == t2->ns && t1->part > t2->part);
}


/* a counter may be as far ahead as this and another request still pass */

static civic_limit_time_t
civic_limit_gcra_latest(const civic_limit_gcra_t *gcra, uint64_t now)
{
    civic_limit_time_t  latest;

    latest.ns = now + gcra->tolerance.ns;
    latest.part = gcra->tolerance.part;

    return latest;
}


/* rounded up, so that who waits them out has waited long enough */

static uint64_t
civic_limit_gcra_seconds(const civic_limit_gcra_t *gcra,
    const civic_limit_time_t *from, const civic_limit_time_t *to)
{
    uint64_t  ns;

    if (!civic_limit_gcra_after(to, from)) {
        return 0;
    }

    ns = to->ns - from->ns;

    /* where the part of `to` is smaller, ns is rounded up already */

    if (to->part > from->part) {
        ns++;
    }

    return ns / CIVIC_LIMIT_SECOND + (ns % CIVIC_LIMIT_SECOND != 0);
}
