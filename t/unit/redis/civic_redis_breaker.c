/* sources: src/redis/civic_redis_breaker.c */

/*
 * Copyright (C) Civic Gate
 *
 * The breaker through its states, over the end of the clock too; the pause
 * between attempts within its bounds.
 */


#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "civic_redis_breaker.h"


static const civic_redis_breaker_t  fresh = {
    CIVIC_REDIS_CLOSED, 3, 0, 1000, 0
};


static void
only_failures_in_a_row_open_it(void **state)
{
    ngx_uint_t             i;
    civic_redis_breaker_t  breaker = fresh;

    for (i = 0; i < 10; i++) {
        assert_int_equal(civic_redis_breaker_failure(&breaker, 5), 0);
        assert_int_equal(civic_redis_breaker_failure(&breaker, 5), 0);
        assert_int_equal(civic_redis_breaker_success(&breaker), 0);
    }

    assert_int_equal(civic_redis_breaker_pass(&breaker, 5), NGX_OK);

    assert_int_equal(civic_redis_breaker_failure(&breaker, 5), 0);
    assert_int_equal(civic_redis_breaker_failure(&breaker, 5), 0);
    assert_int_equal(civic_redis_breaker_failure(&breaker, 5), 1);
    assert_int_equal(civic_redis_breaker_pass(&breaker, 5), NGX_DECLINED);
}


static void
open_at(civic_redis_breaker_t *breaker, ngx_msec_t now)
{
    ngx_uint_t  i;

    *breaker = fresh;

    for (i = 0; i < 3; i++) {
        (void) civic_redis_breaker_failure(breaker, now);
    }
}


static void
after_the_cool_down_one_goes_first(void **state)
{
    ngx_msec_t             now;
    ngx_uint_t             i;
    civic_redis_breaker_t  breaker;

    static const ngx_msec_t  starts[] = { 0, 77, (ngx_msec_t) -500 };

    for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        now = starts[i];
        open_at(&breaker, now);

        assert_int_equal(civic_redis_breaker_pass(&breaker, now + 999),
                         NGX_DECLINED);
        assert_int_equal(civic_redis_breaker_bars(&breaker, now + 999), 1);
        assert_int_equal(civic_redis_breaker_bars(&breaker, now + 1000), 0);
        assert_int_equal(civic_redis_breaker_pass(&breaker, now + 1000),
                         NGX_AGAIN);
        assert_int_equal(civic_redis_breaker_pass(&breaker, now + 1000),
                         NGX_DECLINED);
        assert_int_equal(civic_redis_breaker_bars(&breaker, now + 1000), 1);
    }
}


static void
the_probe_decides(void **state)
{
    civic_redis_breaker_t  breaker;

    open_at(&breaker, 0);
    assert_int_equal(civic_redis_breaker_pass(&breaker, 1000), NGX_AGAIN);
    assert_int_equal(civic_redis_breaker_failure(&breaker, 1100), 1);
    assert_int_equal(civic_redis_breaker_pass(&breaker, 2099), NGX_DECLINED);
    assert_int_equal(civic_redis_breaker_pass(&breaker, 2100), NGX_AGAIN);
    assert_int_equal(civic_redis_breaker_success(&breaker), 1);
    assert_int_equal(civic_redis_breaker_pass(&breaker, 2100), NGX_OK);
    assert_int_equal(civic_redis_breaker_failure(&breaker, 2100), 0);
}


static void
what_comes_late_changes_nothing(void **state)
{
    civic_redis_breaker_t  breaker;

    open_at(&breaker, 0);
    assert_int_equal(civic_redis_breaker_failure(&breaker, 900), 0);
    assert_int_equal(civic_redis_breaker_success(&breaker), 0);
    assert_int_equal(civic_redis_breaker_pass(&breaker, 999), NGX_DECLINED);
    assert_int_equal(civic_redis_breaker_pass(&breaker, 1000), NGX_AGAIN);
}


static void
a_probe_that_was_given_up_makes_way_for_another(void **state)
{
    civic_redis_breaker_t  breaker;

    open_at(&breaker, 0);
    assert_int_equal(civic_redis_breaker_pass(&breaker, 1000), NGX_AGAIN);
    civic_redis_breaker_forget(&breaker);
    assert_int_equal(civic_redis_breaker_pass(&breaker, 1000), NGX_AGAIN);

    (void) civic_redis_breaker_success(&breaker);
    civic_redis_breaker_forget(&breaker);
    assert_int_equal(civic_redis_breaker_pass(&breaker, 1000), NGX_OK);
}


static void
the_pause_doubles_within_bounds(void **state)
{
    uint32_t    random;
    ngx_msec_t  pause, most;
    ngx_uint_t  attempts;

    most = 20;

    for (attempts = 1; attempts < 100; attempts++) {

        for (random = 0; random < 5000; random += 7) {
            pause = civic_redis_backoff(attempts, random);
            assert_in_range(pause, most / 2, most);
        }

        most = most * 2 > 1280 ? 1280 : most * 2;
    }

    assert_in_range(civic_redis_backoff(0, 0xffffffff), 10, 20);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(only_failures_in_a_row_open_it),
        cmocka_unit_test(after_the_cool_down_one_goes_first),
        cmocka_unit_test(the_probe_decides),
        cmocka_unit_test(what_comes_late_changes_nothing),
        cmocka_unit_test(a_probe_that_was_given_up_makes_way_for_another),
        cmocka_unit_test(the_pause_doubles_within_bounds)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
