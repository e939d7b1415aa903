/* sources: src/require/civic_require_region.c */

/*
 * Copyright (C) Civic Gate
 *
 * Divisions of Fujian, GB/T 2260 and GB/T 10114.
 */


#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "civic_require.h"
#include "stub_nginx.h"


static ngx_uint_t
contains(const char *region, const char *other)
{
    ngx_str_t  a, b;

    a.data = (u_char *) region;
    a.len = ngx_strlen(region);
    b.data = (u_char *) other;
    b.len = ngx_strlen(other);

    return civic_require_region(&a, &b);
}


/* each contains itself and those that follow it, and none before it */

static const char  *chain[] = {
    "350000",                          /* Fujian */
    "350400",                          /* Sanming */
    "350404",                          /* Sanyuan district */
    "350404001",                       /* a street */
    "350404001001"                     /* a community */
};


static void
every_level_contains_those_below(void **state)
{
    ngx_uint_t  i, n;

    for (i = 0; i < 5; i++) {
        for (n = 0; n < 5; n++) {
            assert_int_equal(contains(chain[i], chain[n]), n >= i);
        }
    }
}


static void
codes_of_2_and_4_digits_are_those_of_6(void **state)
{
    assert_true(contains("35", "350404001001"));
    assert_true(contains("35", "35"));
    assert_true(contains("35", "350000"));
    assert_true(contains("350000", "35"));
    assert_true(contains("3504", "350400"));
    assert_true(contains("350400", "3504"));
    assert_true(contains("3504", "350481"));
    assert_false(contains("3504", "35"));
    assert_false(contains("3504", "350000"));
    assert_false(contains("3504", "350500"));
}


static void
zeros_behind_say_nothing(void **state)
{
    assert_true(contains("350000000000", "350404001001"));
    assert_true(contains("350404000000", "350404"));
    assert_true(contains("350404", "350404000000"));
    assert_true(contains("350404001000", "350404001"));
    assert_false(contains("350404001000", "350404"));
}


static void
neighbours_are_no_relatives(void **state)
{
    static const struct {
        const char  *region;
        const char  *other;
    } pairs[] = {
        { "350400", "350500" },        /* Sanming, Quanzhou */
        { "350400", "350505" },        /* Quangang of Quanzhou */
        { "350404", "350405" },        /* Sanyuan, Shaxian */
        { "350128", "350121" },        /* Pingtan, Minhou */
        { "350200", "350203" "1" },    /* no code has 7 digits */
        { "350000", "360000" },        /* Jiangxi */
        { "35", "36" },
        { "350404001", "350404002" },
        { "350404001001", "350404001002" },
        { "350404001001", "350404001" }
    };
    ngx_uint_t  i;

    for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        assert_false(contains(pairs[i].region, pairs[i].other));
    }
}


static void
what_is_no_code_contains_nothing(void **state)
{
    ngx_uint_t          i;
    static const char  *words[] = {
        "", "3", "350", "35040", "3504041", "35040400", "3504040010",
        "35040400100", "3504040010010", "35040a", "35 404", "350404 ",
        " 350404", "+50404", "-50404", "00", "0000", "000000",
        "000000000000", "35040\xef", "%33%35"
    };

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        assert_false(contains(words[i], "350404"));
        assert_false(contains(words[i], words[i]));
        assert_false(contains("35", words[i]));
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        { "every level contains those below",
          every_level_contains_those_below, NULL, NULL, NULL },
        { "codes of 2 and 4 digits are those of 6",
          codes_of_2_and_4_digits_are_those_of_6, NULL, NULL, NULL },
        { "zeros behind say nothing",
          zeros_behind_say_nothing, NULL, NULL, NULL },
        { "neighbours are no relatives",
          neighbours_are_no_relatives, NULL, NULL, NULL },
        { "what is no code contains nothing",
          what_is_no_code_contains_nothing, NULL, NULL, NULL },
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
