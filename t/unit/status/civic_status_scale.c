/* sources: src/status/civic_status_scale.c */

/*
 * Copyright (C) Civic Gate
 *
 * Status codes and times find their place on the scales, and nothing falls
 * off an end.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "civic_status_scale.h"


static void
test_known_codes_ascend_and_find_themselves(void **state)
{
    ngx_uint_t  i, last;

    last = 0;

    for (i = 0; i < CIVIC_STATUS_CODES - 1; i++) {
        assert_true(civic_status_code(i) > last);
        last = civic_status_code(i);

        assert_int_equal(civic_status_code_index(last), i);
    }
}


static void
test_every_other_status_is_other(void **state)
{
    ngx_uint_t  i, known;

    known = 0;

    for (i = 0; i < 70000; i++) {
        if (civic_status_code_index(i) == CIVIC_STATUS_CODES - 1) {
            continue;
        }

        assert_int_equal(civic_status_code(civic_status_code_index(i)), i);
        known++;
    }

    assert_int_equal(known, CIVIC_STATUS_CODES - 1);
    assert_int_equal(civic_status_code(CIVIC_STATUS_CODES - 1), 0);
}


static void
test_classes(void **state)
{
    assert_int_equal(civic_status_class_index(0), 0);
    assert_int_equal(civic_status_class_index(9), 0);
    assert_int_equal(civic_status_class_index(99), 0);
    assert_int_equal(civic_status_class_index(100), 1);
    assert_int_equal(civic_status_class_index(204), 2);
    assert_int_equal(civic_status_class_index(599), 5);
    assert_int_equal(civic_status_class_index(600), 0);
    assert_string_equal(civic_status_classes[2].data, "2xx");
}


static void
test_a_bound_belongs_to_its_own_bucket(void **state)
{
    ngx_uint_t  i;

    assert_int_equal(civic_status_bucket_index(0), 0);

    for (i = 0; i < CIVIC_STATUS_BUCKETS - 1; i++) {
        assert_int_equal(civic_status_bucket_index(civic_status_buckets[i].ns),
                         i);
        assert_int_equal(
            civic_status_bucket_index(civic_status_buckets[i].ns + 1), i + 1);
    }

    assert_int_equal(civic_status_bucket_index((uint64_t) -1),
                     CIVIC_STATUS_BUCKETS - 1);
}


static void
test_labels_of_buckets_say_their_bounds(void **state)
{
    double      seconds;
    ngx_uint_t  i;

    for (i = 0; i < CIVIC_STATUS_BUCKETS - 1; i++) {
        seconds = strtod((char *) civic_status_buckets[i].label.data, NULL);
        assert_int_equal((uint64_t) (seconds * 1e9 + 0.5),
                         civic_status_buckets[i].ns);
    }

    assert_string_equal(civic_status_buckets[i].label.data, "+Inf");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_known_codes_ascend_and_find_themselves),
        cmocka_unit_test(test_every_other_status_is_other),
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_a_bound_belongs_to_its_own_bucket),
        cmocka_unit_test(test_labels_of_buckets_say_their_bounds)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
