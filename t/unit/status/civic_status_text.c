/* sources: src/status/civic_status_text.c */

/*
 * Copyright (C) Civic Gate
 *
 * Label values, trace ids in query strings, and strings cut to a field.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "civic_status_ring.h"
#include "civic_status_text.h"


#define HEX  "0123456789abcdef0123456789abcdef"


static ngx_str_t
str(const char *text)
{
    ngx_str_t  value;

    value.data = (u_char *) text;
    value.len = ngx_strlen(text);

    return value;
}


static void
test_labels_are_escaped(void **state)
{
    u_char     dst[64], *end;
    ngx_str_t  src;

    src = str("~\\d+\"\n{x}");
    end = civic_status_label_escape(dst, &src);

    assert_int_equal(end - dst, 12);
    assert_memory_equal(dst, "~\\\\d+\\\"\\n{x}", 12);

    src = str("");
    assert_ptr_equal(civic_status_label_escape(dst, &src), dst);
}


static ngx_int_t
parse(const char *args, u_char *trace)
{
    ngx_str_t  value;

    value = str(args);

    return civic_status_trace_parse(&value, trace);
}


static void
test_a_trace_id_is_found(void **state)
{
    u_char  trace[CIVIC_STATUS_TRACE_LEN];

    assert_int_equal(parse("trace=" HEX, trace), NGX_OK);
    assert_memory_equal(trace, HEX, sizeof(trace));

    assert_int_equal(parse("a=b&trace=" HEX "&c", trace), NGX_OK);
    assert_int_equal(parse("&&trace=" HEX "&", trace), NGX_OK);
    assert_int_equal(parse("xtrace=1&trace=" HEX, trace), NGX_OK);

    assert_int_equal(parse("trace=0123456789ABCDEF0123456789ABCDEF", trace),
                     NGX_OK);
    assert_memory_equal(trace, HEX, sizeof(trace));

    assert_int_equal(parse("trace=%30123456789abcde%660123456789abcdef",
                           trace), NGX_OK);
    assert_memory_equal(trace, HEX, sizeof(trace));
}


static void
test_anything_else_is_refused(void **state)
{
    u_char      trace[CIVIC_STATUS_TRACE_LEN];
    ngx_uint_t  i;

    static const char  *bad[] = {
        "", "&", "trace", "trace=", "TRACE=" HEX, "atrace=" HEX,
        "trace=" HEX "0", "trace=0123456789abcdef0123456789abcde",
        "trace=0123456789abcdef0123456789abcdeg",
        "trace=" HEX "&trace=" HEX,
        "trace=0123456789abcdef0123456789abcde%",
        "trace=0123456789abcdef0123456789abcde%6",
        "trace=0123456789abcdef0123456789abcde%6g",
        "trace=0123456789abcdef0123456789abcde%00",
        "trace=0123456789abcdef0123456789abcde%2566",
        "trace=" HEX "%00"
    };

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(parse(bad[i], trace), NGX_DECLINED);
    }
}


static void
test_a_cut_string_has_whole_characters(void **state)
{
    u_char     dst[8];
    ngx_str_t  src;

    src = str("abc");
    assert_int_equal(civic_status_copy_head(dst, 8, &src), 3);
    assert_int_equal(civic_status_copy_tail(dst, 8, &src), 3);
    assert_memory_equal(dst, "abc", 3);

    src = str("0123456789");
    assert_int_equal(civic_status_copy_head(dst, 8, &src), 8);
    assert_memory_equal(dst, "01234567", 8);
    assert_int_equal(civic_status_copy_tail(dst, 8, &src), 8);
    assert_memory_equal(dst, "23456789", 8);

    src = str("12\xe5\x8c\xbb\xe9\x99\xa2" "3");
    assert_int_equal(civic_status_copy_head(dst, 7, &src), 5);
    assert_memory_equal(dst, "12\xe5\x8c\xbb", 5);
    assert_int_equal(civic_status_copy_tail(dst, 6, &src), 4);
    assert_memory_equal(dst, "\xe9\x99\xa2" "3", 4);

    ngx_str_null(&src);
    assert_int_equal(civic_status_copy_head(dst, 8, &src), 0);
    assert_int_equal(civic_status_copy_tail(dst, 8, &src), 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_labels_are_escaped),
        cmocka_unit_test(test_a_trace_id_is_found),
        cmocka_unit_test(test_anything_else_is_refused),
        cmocka_unit_test(test_a_cut_string_has_whole_characters)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
