/* sources: src/limit/civic_limit_policy_value.c */

/*
 * Copyright (C) Civic Gate
 *
 * Rates and bursts as operators write them, and as they should not.
 */


#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "civic_limit_policy_value.h"


#define SECOND  1000000000ULL


static const struct {
    ngx_str_t    text;
    uint64_t     count;
    uint64_t     period;
} rates[] = {
    { ngx_string("1r/s"), 1, SECOND },
    { ngx_string("50r/m"), 50, 60 * SECOND },
    { ngx_string("007r/h"), 7, 3600 * SECOND },
    { ngx_string("1r/d"), 1, 86400 * SECOND },
    { ngx_string("1000000r/s"), 1000000, SECOND },
    { ngx_string("86400000000r/d"), 86400000000ULL, 86400 * SECOND }
};


static const struct {
    ngx_str_t    text;
    const char  *err;
} wrong_rates[] = {
    { ngx_string(""), "is not a rate" },
    { ngx_string("r/s"), "is not a rate" },
    { ngx_string("10"), "is not a rate" },
    { ngx_string("10r"), "is not a rate" },
    { ngx_string("10r/"), "is not a rate" },
    { ngx_string("10r/ss"), "is not a rate" },
    { ngx_string("-1r/s"), "is not a rate" },
    { ngx_string("+1r/s"), "is not a rate" },
    { ngx_string(" 1r/s"), "is not a rate" },
    { ngx_string("1.5r/s"), "is not a rate" },
    { ngx_string("10R/s"), "is not a rate" },
    { ngx_string("10r/w"), "has an unknown unit" },
    { ngx_string("0r/s"), "lets nothing through" },
    { ngx_string("1000001r/s"), "is more than" },
    { ngx_string("18446744073709551617r/s"), "is more than" },
    { ngx_string("99999999999999999999999999999999r/d"), "is more than" }
};


static const struct {
    ngx_str_t    text;
    uint64_t     burst;
    const char  *err;
} bursts[] = {
    { ngx_string("0"), 0, NULL },
    { ngx_string("20"), 20, NULL },
    { ngx_string("1000000000"), 1000000000, NULL },
    { ngx_string("1000000001"), 0, "is more than" },
    { ngx_string("18446744073709551617"), 0, "is more than" },
    { ngx_string(""), 0, "is not a whole number" },
    { ngx_string("-1"), 0, "is not a whole number" },
    { ngx_string("1k"), 0, "is not a whole number" },
    { ngx_string("1.5"), 0, "is not a whole number" }
};


/* a copy of its own, so that a sanitizer sees one byte too far */

static ngx_str_t
copy(const ngx_str_t *text)
{
    ngx_str_t  s;

    s.len = text->len;
    s.data = test_malloc(text->len);
    ngx_memcpy(s.data, text->data, text->len);

    return s;
}


static void
assert_begins(const char *text, const char *with)
{
    assert_non_null(text);

    if (strncmp(text, with, strlen(with)) != 0) {
        fail_msg("\"%s\" does not begin with \"%s\"", text, with);
    }
}


static void
rates_are_read(void **state)
{
    uint64_t     count, period;
    ngx_str_t    text;
    ngx_uint_t   i;
    const char  *err;

    for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        text = copy(&rates[i].text);

        assert_int_equal(civic_limit_policy_value_rate(&text, &count,
                                                       &period, &err),
                         NGX_OK);
        assert_int_equal(count, rates[i].count);
        assert_int_equal(period, rates[i].period);

        test_free(text.data);
    }
}


static void
wrong_rates_are_refused(void **state)
{
    uint64_t     count, period;
    ngx_str_t    text;
    ngx_uint_t   i;
    const char  *err;

    for (i = 0; i < sizeof(wrong_rates) / sizeof(wrong_rates[0]); i++) {
        text = copy(&wrong_rates[i].text);
        err = NULL;

        assert_int_equal(civic_limit_policy_value_rate(&text, &count,
                                                       &period, &err),
                         NGX_ERROR);
        assert_begins(err, wrong_rates[i].err);

        test_free(text.data);
    }
}


static void
bursts_are_read_or_refused(void **state)
{
    uint64_t     burst;
    ngx_int_t    rc;
    ngx_str_t    text;
    ngx_uint_t   i;
    const char  *err;

    for (i = 0; i < sizeof(bursts) / sizeof(bursts[0]); i++) {
        text = copy(&bursts[i].text);
        err = NULL;

        rc = civic_limit_policy_value_burst(&text, &burst, &err);

        if (bursts[i].err) {
            assert_int_equal(rc, NGX_ERROR);
            assert_begins(err, bursts[i].err);

        } else {
            assert_int_equal(rc, NGX_OK);
            assert_int_equal(burst, bursts[i].burst);
        }

        test_free(text.data);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(rates_are_read),
        cmocka_unit_test(wrong_rates_are_refused),
        cmocka_unit_test(bursts_are_read_or_refused)
    };

    return cmocka_run_group_tests_name("limit_policy_value", tests, NULL,
                                       NULL);
}
