/* sources: src/limit/civic_limit_gcra.c */

/*
 * Copyright (C) Civic Gate
 *
 * GCRA against two oracles: all instants at which a request was let
 * through, by the definition; and one number in units of 1 / count of a
 * nanosecond, in which every rate is a whole one.
 */


#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "civic_limit_gcra.h"


#define SECOND  CIVIC_LIMIT_SECOND


typedef __int128  wide_t;


static const struct {
    uint64_t  count;
    uint64_t  period;
    uint64_t  burst;
} policies[] = {
    { 1, 86400 * SECOND, 0 },
    { 1, 86400 * SECOND, 30 },
    { 7, 86400 * SECOND, 3 },
    { 1000000000, 86400 * SECOND, 5 },
    { 11, 3600 * SECOND, 10 },
    { 10, SECOND, 20 },
    { 1, SECOND, 0 },
    { 3, SECOND, 0 },
    { 7, SECOND, 6 },
    { 999983, SECOND, 1000 },
    { 1000000, SECOND, 0 },
    { 59999999, 60 * SECOND, 100 }
};


#define POLICIES  (sizeof(policies) / sizeof(policies[0]))


static uint64_t  seed = 88172645463325252ULL;


static uint64_t
draw(uint64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;

    return seed % n;
}


static civic_limit_gcra_t
policy(ngx_uint_t i)
{
    civic_limit_gcra_t  gcra;

    assert_int_equal(civic_limit_gcra_init(&gcra, policies[i].count,
                                           policies[i].period,
                                           policies[i].burst),
                     NGX_OK);
    return gcra;
}


/* bunches, somewhat above the rate on the whole, and rare long silences */

static uint64_t
wait_a_while(const civic_limit_gcra_t *gcra)
{
    uint64_t  interval;

    interval = gcra->period / gcra->count;

    if (draw(4096) == 0) {
        return draw(interval * (gcra->burst + 2));
    }

    switch (draw(8)) {
    case 0:
        return 0;
    case 1:
        return draw(3);
    case 2:
        return interval + draw(3) - 1;
    case 3:
        return draw(3 * interval);
    default:
        return draw(2 * interval);
    }
}


static ngx_int_t
request(const civic_limit_gcra_t *gcra, civic_limit_time_t *tat, uint64_t now)
{
    ngx_int_t  rc;

    rc = civic_limit_gcra_check(gcra, tat, now);

    if (rc == NGX_OK) {
        civic_limit_gcra_commit(gcra, tat);
    }

    return rc;
}


/*
 * One more may pass if from no instant on more than burst + 1 requests, and
 * one for each interval since, would have passed.
 */

static ngx_int_t
oracle(const civic_limit_gcra_t *gcra, uint64_t *passed, ngx_uint_t n,
    uint64_t now)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {
        if (((wide_t) (n - i) - gcra->burst) * gcra->period
            > (wide_t) (now - passed[i]) * gcra->count)
        {
            return NGX_BUSY;
        }
    }

    return NGX_OK;
}


static void
it_follows_the_definition(void **state)
{
    uint64_t             now, passed[600];
    ngx_int_t            rc;
    ngx_uint_t           i, n;
    civic_limit_gcra_t   gcra;
    civic_limit_time_t   tat;

    for (i = 0; i < POLICIES; i++) {
        gcra = policy(i);
        ngx_memzero(&tat, sizeof(tat));
        now = 1 + draw(1000 * SECOND);

        for (n = 0; n < 600; now += wait_a_while(&gcra)) {
            rc = request(&gcra, &tat, now);
            assert_int_equal(rc, oracle(&gcra, passed, n, now));

            if (rc == NGX_OK) {
                passed[n++] = now;
            }
        }
    }
}


static void
it_is_exact_over_long_traces(void **state)
{
    wide_t               exact, scaled;
    uint64_t             now;
    ngx_int_t            rc;
    ngx_uint_t           i, n, passed;
    civic_limit_gcra_t   gcra;
    civic_limit_time_t   tat;

    for (i = 0; i < POLICIES; i++) {
        gcra = policy(i);
        ngx_memzero(&tat, sizeof(tat));
        exact = 0;
        passed = 0;
        now = 1 + draw(1000 * SECOND);

        /* a century or two of one request a day */

        for (n = 0; n < 100000 && now < (uint64_t) 1 << 62; n++) {
            rc = request(&gcra, &tat, now);

            scaled = (wide_t) now * gcra.count;
            exact = ngx_max(exact, scaled);

            if (exact - scaled <= (wide_t) gcra.burst * gcra.period) {
                exact += gcra.period;
                assert_int_equal(rc, NGX_OK);
                passed++;

            } else {
                assert_int_equal(rc, NGX_BUSY);
            }

            assert_true((wide_t) tat.ns * gcra.count + tat.part == exact);
            assert_true(tat.part < gcra.count);

            now += wait_a_while(&gcra);
        }

        assert_in_range(passed, 1000, 99999);
    }
}


/* who comes whenever one is due gets neither more nor less than the rate */

static void
the_rate_does_not_drift(void **state)
{
    uint64_t             now, start;
    ngx_uint_t           i, k;
    civic_limit_gcra_t   gcra;
    civic_limit_time_t   tat;

    for (i = 0; i < POLICIES; i++) {
        gcra = policy(i);
        assert_int_equal(civic_limit_gcra_init(&gcra, gcra.count,
                                               gcra.period, 0),
                         NGX_OK);
        ngx_memzero(&tat, sizeof(tat));
        start = 12345;
        now = start;
        assert_int_equal(request(&gcra, &tat, now), NGX_OK);

        for (k = 1; k < 50000; k++) {
            now = start + (uint64_t) (((wide_t) k * gcra.period
                                       + gcra.count - 1) / gcra.count);

            /* a ns earlier is too early, then it is due */

            assert_int_equal(request(&gcra, &tat, now - 1), NGX_BUSY);
            assert_int_equal(request(&gcra, &tat, now), NGX_OK);

            /* ... at the exact instant, as if there were fractions of ns */

            tat.ns = start + (uint64_t) ((wide_t) (k + 1) * gcra.period
                                         / gcra.count);
            tat.part = (uint64_t) ((wide_t) (k + 1) * gcra.period
                                   % gcra.count);
        }
    }
}


static void
the_report_tells_the_truth(void **state)
{
    uint64_t              now, then, n;
    ngx_uint_t            i, round;
    civic_limit_gcra_t    gcra;
    civic_limit_time_t    tat, copy;
    civic_limit_report_t  report;

    for (i = 0; i < POLICIES; i++) {
        gcra = policy(i);
        ngx_memzero(&tat, sizeof(tat));
        now = 1;

        for (round = 0; round < 200; round++) {
            now += wait_a_while(&gcra);

            (void) request(&gcra, &tat, now);
            civic_limit_gcra_report(&gcra, &tat, now, &report);

            copy = tat;

            for (n = 0; request(&gcra, &copy, now) == NGX_OK; n++) {
                /* void */
            }

            assert_int_equal(report.remaining, n);
            assert_int_equal(report.retry_after == 0, n != 0);

            then = now + report.retry_after * SECOND;
            copy = tat;
            assert_int_equal(civic_limit_gcra_check(&gcra, &copy, then),
                             NGX_OK);

            if (report.retry_after) {
                copy = tat;
                assert_int_equal(civic_limit_gcra_check(&gcra, &copy,
                                                        then - SECOND),
                                 NGX_BUSY);
            }

            /* tat is what reset is about: in the past, or not yet */

            then = now + report.reset * SECOND;
            assert_true(tat.ns < then || (tat.ns == then && tat.part == 0));
            assert_true(report.reset == 0 || tat.ns >= then - SECOND);
        }
    }
}


static void
a_clock_that_goes_back_costs_one_burst_at_most(void **state)
{
    uint64_t              now;
    ngx_uint_t            i;
    civic_limit_gcra_t    gcra;
    civic_limit_time_t    tat;
    civic_limit_report_t  report;

    for (i = 0; i < POLICIES; i++) {
        gcra = policy(i);
        ngx_memzero(&tat, sizeof(tat));

        now = CIVIC_LIMIT_YEAR;
        assert_int_equal(request(&gcra, &tat, now), NGX_OK);

        now = SECOND;
        assert_int_equal(request(&gcra, &tat, now), NGX_BUSY);

        civic_limit_gcra_report(&gcra, &tat, now, &report);
        assert_int_equal(report.remaining, 0);
        assert_int_equal(report.reset, civic_limit_gcra_window(&gcra));

        now += gcra.period / gcra.count;
        assert_int_equal(request(&gcra, &tat, now - 1), NGX_BUSY);
        assert_int_equal(request(&gcra, &tat, now + 1), NGX_OK);
        assert_int_equal(request(&gcra, &tat, now + 1), NGX_BUSY);
    }
}


static void
the_window_is_what_the_header_says(void **state)
{
    civic_limit_gcra_t  gcra;

    assert_int_equal(civic_limit_gcra_init(&gcra, 10, SECOND, 20), NGX_OK);
    assert_int_equal(civic_limit_gcra_window(&gcra), 3);

    assert_int_equal(civic_limit_gcra_init(&gcra, 10, SECOND, 19), NGX_OK);
    assert_int_equal(civic_limit_gcra_window(&gcra), 2);

    assert_int_equal(civic_limit_gcra_init(&gcra, 1000000, SECOND, 0),
                     NGX_OK);
    assert_int_equal(civic_limit_gcra_window(&gcra), 1);

    assert_int_equal(civic_limit_gcra_init(&gcra, 1, 86400 * SECOND, 0),
                     NGX_OK);
    assert_int_equal(civic_limit_gcra_window(&gcra), 86400);
}


static void
what_cannot_be_counted_is_refused(void **state)
{
    civic_limit_gcra_t  gcra;

    assert_int_equal(civic_limit_gcra_init(&gcra, 0, SECOND, 0), NGX_ERROR);
    assert_int_equal(civic_limit_gcra_init(&gcra, 1, 0, 0), NGX_ERROR);
    assert_int_equal(civic_limit_gcra_init(&gcra, 1000001, SECOND, 0),
                     NGX_ERROR);
    assert_int_equal(civic_limit_gcra_init(&gcra, (uint64_t) -1,
                                           (uint64_t) -1, 0),
                     NGX_ERROR);
    assert_int_equal(civic_limit_gcra_init(&gcra, 1, SECOND,
                                           CIVIC_LIMIT_MAX_BURST + 1),
                     NGX_ERROR);

    assert_int_equal(civic_limit_gcra_init(&gcra, 1, 86400 * SECOND, 36500),
                     NGX_OK);
    assert_int_equal(civic_limit_gcra_init(&gcra, 1, 86400 * SECOND, 36501),
                     NGX_ERROR);
    assert_int_equal(civic_limit_gcra_init(&gcra, 1000000, SECOND,
                                           CIVIC_LIMIT_MAX_BURST),
                     NGX_OK);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(it_follows_the_definition),
        cmocka_unit_test(it_is_exact_over_long_traces),
        cmocka_unit_test(the_rate_does_not_drift),
        cmocka_unit_test(the_report_tells_the_truth),
        cmocka_unit_test(a_clock_that_goes_back_costs_one_burst_at_most),
        cmocka_unit_test(the_window_is_what_the_header_says),
        cmocka_unit_test(what_cannot_be_counted_is_refused)
    };

    return cmocka_run_group_tests_name("limit_gcra", tests, NULL, NULL);
}
