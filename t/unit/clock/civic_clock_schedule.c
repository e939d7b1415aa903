/* sources: src/clock/civic_clock_schedule.c */

/*
 * Copyright (C) Civic Gate
 *
 * When something is due next: the same for whoever asks, never now.
 */


#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "civic_clock_schedule.h"


/* 2026-11-26 06:57:43 UTC is 14:57:43 in Shanghai */

#define NOW       INT64_C(1795676263000)
#define MIDNIGHT  INT64_C(1795622400000)   /* 2026-11-26 00:00 in Shanghai */
#define HOUR      INT64_C(3600000)


static void
an_interval_is_due_at_its_multiples(void **state)
{
    assert_int_equal(civic_clock_schedule_every(0, 1000), 1000);
    assert_int_equal(civic_clock_schedule_every(999, 1000), 1000);
    assert_int_equal(civic_clock_schedule_every(1000, 1000), 2000);
    assert_int_equal(civic_clock_schedule_every(NOW, 30000) % 30000, 0);
    assert_in_range(civic_clock_schedule_every(NOW, 30000) - NOW, 1, 30000);
}


static void
a_time_of_the_day_is_shanghais(void **state)
{
    assert_int_equal(civic_clock_schedule_at(MIDNIGHT - 1, 0), MIDNIGHT);
    assert_int_equal(civic_clock_schedule_at(NOW, 15 * 60),
                     MIDNIGHT + 15 * HOUR);
    assert_int_equal(civic_clock_schedule_at(NOW, 23 * 60 + 59),
                     MIDNIGHT + 24 * HOUR - 60000);
}


static void
a_time_that_has_passed_is_tomorrows(void **state)
{
    assert_int_equal(civic_clock_schedule_at(NOW, 14 * 60),
                     MIDNIGHT + 38 * HOUR);
    assert_int_equal(civic_clock_schedule_at(MIDNIGHT, 0),
                     MIDNIGHT + 24 * HOUR);
    assert_int_equal(civic_clock_schedule_at(MIDNIGHT + 390 * 60000, 390),
                     MIDNIGHT + 24 * HOUR + 390 * 60000);
}


static void
tries_come_later_and_later_up_to_ten_minutes(void **state)
{
    assert_int_equal(civic_clock_schedule_retry(1), 1000);
    assert_int_equal(civic_clock_schedule_retry(2), 2000);
    assert_int_equal(civic_clock_schedule_retry(9), 256000);
    assert_int_equal(civic_clock_schedule_retry(12), 600000);
    assert_int_equal(civic_clock_schedule_retry(1000), 600000);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        { "an interval is due at its multiples",
          an_interval_is_due_at_its_multiples, NULL, NULL, NULL },
        { "a time of the day is shanghais",
          a_time_of_the_day_is_shanghais, NULL, NULL, NULL },
        { "a time that has passed is tomorrows",
          a_time_that_has_passed_is_tomorrows, NULL, NULL, NULL },
        { "tries come later and later up to ten minutes",
          tries_come_later_and_later_up_to_ten_minutes, NULL, NULL, NULL }
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
