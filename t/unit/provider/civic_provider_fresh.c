/* sources: src/provider/civic_provider_fresh.c */

/*
 * Copyright (C) Civic Gate
 */


#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_provider_fresh.h"


typedef struct {
    const char  *title;
    const char  *cache_control;
    const char  *age;
    int64_t      fresh;
} fresh_row_t;


static const fresh_row_t  fresh_rows[] = {
    { "max-age says how long", "max-age=300", "", 300 },
    { "in any case, among others", "public, MAX-AGE=60 , immutable", "", 60 },
    { "in quotes", "max-age=\"60\"", "", 60 },
    { "nothing is said", "", "", -1 },
    { "no-cache says nothing of time", "no-cache", "", -1 },
    { "another word is no max-age", "s-maxage=60,xmax-age=5", "", -1 },
    { "a negative age is none", "max-age=-5", "", -1 },
    { "no number is none", "max-age=", "", -1 },
    { "what it spent in a cache is gone", "max-age=300", "120", 180 },
    { "and may be all of it", "max-age=300", "500", 0 },
    { "an Age that is no number counts nothing", "max-age=300", "x", 300 },
    { "more than a year is a year",
      "max-age=99999999999999999999999999", "", 365 * 86400 }
};


static void
fresh_row(void **state)
{
    ngx_str_t           cache_control, age;
    const fresh_row_t  *row;

    row = *state;

    cache_control.data = (u_char *) row->cache_control;
    cache_control.len = strlen(row->cache_control);
    age.data = (u_char *) row->age;
    age.len = strlen(row->age);

    assert_int_equal(civic_provider_fresh_for(&cache_control, &age),
                     row->fresh);
}


static void
fresh_next(void **state)
{
    assert_int_equal(civic_provider_fresh_next(-1, 300000, 30000), 270000);
    assert_int_equal(civic_provider_fresh_next(100, 300000, 30000), 90000);
    assert_int_equal(civic_provider_fresh_next(86400, 300000, 30000), 270000);
    assert_int_equal(civic_provider_fresh_next(0, 300000, 30000), 30000);
    assert_int_equal(civic_provider_fresh_next(-1, 10000, 30000), 10000);
}


static void
fresh_retry(void **state)
{
    assert_int_equal(civic_provider_fresh_retry(1, 30000), 1000);
    assert_int_equal(civic_provider_fresh_retry(2, 30000), 2000);
    assert_int_equal(civic_provider_fresh_retry(5, 30000), 16000);
    assert_int_equal(civic_provider_fresh_retry(6, 30000), 30000);
    assert_int_equal(civic_provider_fresh_retry(1000000, 30000), 30000);
    assert_int_equal(civic_provider_fresh_retry(1, 500), 500);
}


int
main(void)
{
    size_t             i, n;
    struct CMUnitTest  tests[sizeof(fresh_rows) / sizeof(fresh_rows[0]) + 2];

    n = sizeof(fresh_rows) / sizeof(fresh_rows[0]);

    for (i = 0; i < n; i++) {
        tests[i] = (struct CMUnitTest) { fresh_rows[i].title, fresh_row,
                                         NULL, NULL,
                                         (void *) &fresh_rows[i] };
    }

    tests[n] = (struct CMUnitTest) { "fetched before it ages, within bounds",
                                     fresh_next, NULL, NULL, NULL };
    tests[n + 1] = (struct CMUnitTest) { "failures double the time",
                                         fresh_retry, NULL, NULL, NULL };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
