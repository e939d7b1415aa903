/* sources: src/json/civic_json_arena.c src/json/civic_json.c */

/*
 * Copyright (C) Civic Gate
 */


#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "civic_json.h"
#include "civic_json_arena.h"


static civic_json_t *
parse(const char *text)
{
    ngx_str_t  json;

    json.len = strlen(text);
    json.data = (u_char *) text;

    return civic_json_parse(&json, 1 << 20, NULL, 0);
}


static int64_t
number(const civic_json_t *json, const char *name)
{
    int64_t  value = -1;

    assert_int_equal(civic_json_integer(civic_json_member(json, name),
                                        &value), NGX_OK);
    return value;
}


static void
documents_may_overlap_in_time(void **state)
{
    ngx_uint_t     i;
    civic_json_t  *one, *two;

    for (i = 0; i < 1000; i++) {
        civic_json_arena_enter();

        one = parse("{\"x\":1,\"y\":\"first\"}");
        two = parse("{\"x\":2,\"y\":\"second\",\"z\":[[[]]]}");

        assert_int_equal(number(one, "x"), 1);
        civic_json_free(one);

        one = parse("{\"x\":3}");
        assert_int_equal(number(two, "x"), 2);
        assert_int_equal(number(one, "x"), 3);

        civic_json_free(two);
        civic_json_free(one);

        civic_json_arena_leave();
    }
}


/* the sanitizer would see what is freed by the wrong hand, or not at all */

static void
what_lies_outside_is_left_to_malloc(void **state)
{
    civic_json_t  *before, *inside;

    before = parse("{\"x\":1}");

    civic_json_arena_enter();

    inside = parse("{\"x\":2}");
    assert_int_equal(number(before, "x"), 1);
    assert_int_equal(number(inside, "x"), 2);
    civic_json_free(inside);

    civic_json_arena_leave();

    assert_int_equal(number(before, "x"), 1);
    civic_json_free(before);
}


static void
what_does_not_fit_comes_from_malloc(void **state)
{
    char          *text, *p;
    ngx_uint_t     i;
    civic_json_t  *large, *small;

    text = malloc(200000);
    p = text;
    *p++ = '[';

    for (i = 0; i < 20000; i++) {
        p += sprintf(p, "%s\"%05u\"", i ? "," : "", (unsigned) i);
    }

    *p++ = ']';
    *p = '\0';

    civic_json_arena_enter();

    large = parse(text);
    small = parse("{\"x\":4}");

    assert_int_equal(civic_json_length(large), 20000);
    assert_int_equal(number(small, "x"), 4);

    civic_json_free(large);
    assert_int_equal(number(small, "x"), 4);
    civic_json_free(small);

    civic_json_arena_leave();

    free(text);
}


static void
a_refused_document_leaves_nothing_behind(void **state)
{
    ngx_uint_t     i;
    civic_json_t  *json;

    civic_json_arena_enter();

    for (i = 0; i < 1000; i++) {
        assert_null(parse("{\"a\":[1,2,3,{\"b\":\"c\"},\"open"));
    }

    json = parse("{\"x\":5}");
    assert_int_equal(number(json, "x"), 5);
    civic_json_free(json);

    civic_json_arena_leave();
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(documents_may_overlap_in_time),
        cmocka_unit_test(what_lies_outside_is_left_to_malloc),
        cmocka_unit_test(what_does_not_fit_comes_from_malloc),
        cmocka_unit_test(a_refused_document_leaves_nothing_behind)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
