/* sources: src/redis/civic_redis_format.c */

/*
 * Copyright (C) Civic Gate
 *
 * Commands as RESP, byte by byte, and within the size that was foretold.
 */


#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "civic_redis_format.h"


static void
a_command_is_an_array_of_bulk_strings(void **state)
{
    u_char     *p, *buf;
    size_t      size;
    ngx_str_t   argv[4];

    static const char  wire[] =
        "*4\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\n\r\n$9\r\n$3\r\n\0\xff*\r\n";

    ngx_str_set(&argv[0], "SET");
    ngx_str_null(&argv[1]);
    ngx_str_set(&argv[2], "\r\n$9");
    ngx_str_set(&argv[3], "\0\xff*");

    size = CIVIC_REDIS_HEADER + civic_redis_format_size(argv, 4, 1000);
    buf = malloc(size);

    p = civic_redis_format_header(buf, 4);
    p = civic_redis_format(p, argv, 4);

    assert_int_equal(p - buf, sizeof(wire) - 1);
    assert_memory_equal(buf, wire, sizeof(wire) - 1);
    assert_true((size_t) (p - buf) <= size);

    free(buf);
}


static void
a_size_beyond_the_bound_is_none(void **state)
{
    size_t      size;
    ngx_str_t   argv[2];

    ngx_str_set(&argv[0], "GET");
    ngx_str_set(&argv[1], "key");

    size = civic_redis_format_size(argv, 2, 1000);

    assert_int_equal(civic_redis_format_size(argv, 2, size), size);
    assert_int_equal(civic_redis_format_size(argv, 2, size - 1), 0);
    assert_int_equal(civic_redis_format_size(argv, 0, 1000), 0);

    argv[0].len = (size_t) -10;
    assert_int_equal(civic_redis_format_size(argv, 2, 1000), 0);

    argv[0].len = 990;
    argv[1].len = (size_t) -990;
    assert_int_equal(civic_redis_format_size(argv, 2, 1000), 0);
}


static void
what_changes_a_connection_is_not_shared(void **state)
{
    ngx_uint_t  i;
    ngx_str_t   word;

    static const char  *not[] = {
        "SUBSCRIBE", "subscribe", "Multi", "EXEC", "blpop", "WAIT", "client",
        "select", "auth", "quit", "monitor", "hello", "reset"
    };

    static const char  *may[] = {
        "GET", "set", "EVALSHA", "multiply", "aut", "wai", ""
    };

    for (i = 0; i < sizeof(not) / sizeof(not[0]); i++) {
        word.data = (u_char *) not[i];
        word.len = strlen(not[i]);
        assert_int_equal(civic_redis_format_shared(&word), 0);
    }

    for (i = 0; i < sizeof(may) / sizeof(may[0]); i++) {
        word.data = (u_char *) may[i];
        word.len = strlen(may[i]);
        assert_int_equal(civic_redis_format_shared(&word), 1);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_command_is_an_array_of_bulk_strings),
        cmocka_unit_test(a_size_beyond_the_bound_is_none),
        cmocka_unit_test(what_changes_a_connection_is_not_shared)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
