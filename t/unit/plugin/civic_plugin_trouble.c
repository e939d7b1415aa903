/* sources: src/plugin/civic_plugin_trouble.c */

/*
 * Copyright (C) Civic Gate
 *
 * When a plugin that keeps failing is left alone, and for how long.
 */


#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "civic_plugin_trouble.h"


#define NOW  1000000ULL


/* fails until it rests; says for how long */

static uint64_t
failed(civic_plugin_trouble_t *trouble, uint64_t now, ngx_uint_t times)
{
    uint64_t    rest;
    ngx_uint_t  i;

    rest = 0;

    for (i = 0; i < times; i++) {
        assert_int_equal(rest, 0);
        rest = civic_plugin_trouble_failed(trouble, now);
    }

    return rest;
}


static void
five_failures_in_a_row_are_too_many(void **state)
{
    civic_plugin_trouble_t  trouble = { 0 };

    assert_int_equal(failed(&trouble, NOW, 4), 0);
    assert_int_equal(civic_plugin_trouble_left(&trouble, NOW), 0);
    assert_int_equal(failed(&trouble, NOW, 1), 1000);
    assert_int_equal(civic_plugin_trouble_left(&trouble, NOW), 1000);
    assert_int_equal(civic_plugin_trouble_left(&trouble, NOW + 999), 1);
    assert_int_equal(civic_plugin_trouble_left(&trouble, NOW + 1000), 0);
}


static void
a_success_forgets_them(void **state)
{
    civic_plugin_trouble_t  trouble = { 0 };

    assert_int_equal(failed(&trouble, NOW, 4), 0);
    civic_plugin_trouble_over(&trouble);
    assert_int_equal(failed(&trouble, NOW, 4), 0);
}


static void
a_minute_forgets_them(void **state)
{
    civic_plugin_trouble_t  trouble = { 0 };

    assert_int_equal(failed(&trouble, NOW, 4), 0);
    assert_int_equal(failed(&trouble, NOW + 60001, 4), 0);
    assert_int_equal(failed(&trouble, NOW + 60001, 1), 1000);
}


static void
who_goes_on_rests_for_longer(void **state)
{
    uint64_t                now;
    ngx_uint_t              i;
    civic_plugin_trouble_t  trouble = { 0 };

    static const uint64_t  rests[] = {
        2000, 4000, 8000, 16000, 32000, 64000, 128000, 256000, 300000,
        300000, 300000
    };

    now = NOW;
    assert_int_equal(failed(&trouble, now, 5), 1000);
    now += 1000;

    for (i = 0; i < sizeof(rests) / sizeof(rests[0]); i++) {
        assert_int_equal(failed(&trouble, now, 1), rests[i]);
        now += rests[i];
    }

    civic_plugin_trouble_over(&trouble);
    assert_int_equal(failed(&trouble, now, 5), 1000);
}


static void
failures_during_a_rest_change_nothing(void **state)
{
    civic_plugin_trouble_t  trouble = { 0 };

    assert_int_equal(failed(&trouble, NOW, 5), 1000);
    assert_int_equal(failed(&trouble, NOW + 500, 9), 0);
    assert_int_equal(civic_plugin_trouble_left(&trouble, NOW + 500), 500);
    assert_int_equal(failed(&trouble, NOW + 1000, 1), 2000);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(five_failures_in_a_row_are_too_many),
        cmocka_unit_test(a_success_forgets_them),
        cmocka_unit_test(a_minute_forgets_them),
        cmocka_unit_test(who_goes_on_rests_for_longer),
        cmocka_unit_test(failures_during_a_rest_change_nothing)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
