/* sources: src/json/civic_json.c */

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

#include "civic_json.h"


static civic_json_t *
parse(const char *text)
{
    ngx_str_t  s;

    s.data = (u_char *) text;
    s.len = strlen(text);

    return civic_json_parse(&s, 4096, NULL, 0);
}


static ngx_uint_t
accepts(const char *text)
{
    civic_json_t  *json;

    json = parse(text);

    if (json == NULL) {
        return 0;
    }

    civic_json_free(json);

    return 1;
}


static ngx_str_t
string(const char *text)
{
    ngx_str_t  s;

    s.data = (u_char *) text;
    s.len = strlen(text);

    return s;
}


static void
one_value(void **state)
{
    assert_true(accepts("{}"));
    assert_true(accepts(" [1, 2] \n"));
    assert_true(accepts("\"text\""));

    assert_false(accepts(""));
    assert_false(accepts("{} {}"));
    assert_false(accepts("{}x"));
    assert_false(accepts("{\"a\":1,}"));
    assert_false(accepts("{a:1}"));
    assert_false(accepts("\xef\xbb\xbf{}"));
}


static void
strictness(void **state)
{
    ngx_str_t  nul;

    assert_false(accepts("{\"a\":1,\"a\":2}"));
    assert_false(accepts("{\"a\":1,\"\\u0061\":2}"));
    assert_false(accepts("{\"x\":{\"b\":1,\"b\":1}}"));
    assert_false(accepts("\"a\\u0000b\""));
    assert_false(accepts("{\"a\\u0000b\":1}"));
    assert_false(accepts("\"\xff\""));
    assert_false(accepts("\"\xc0\xaf\""));
    assert_false(accepts("\"\\ud800\""));
    assert_false(accepts("1e400"));
    assert_false(accepts("99999999999999999999"));
    assert_false(accepts("NaN"));

    nul.data = (u_char *) "{}\0";
    nul.len = 3;

    assert_null(civic_json_parse(&nul, 4096, NULL, 0));
}


static void
size_and_depth(void **state)
{
    int        i;
    char       text[2 * CIVIC_JSON_MAX_DEPTH + 8];
    ngx_str_t  s;

    for (i = 0; i < CIVIC_JSON_MAX_DEPTH; i++) {
        text[i] = '[';
        text[CIVIC_JSON_MAX_DEPTH + i] = ']';
    }

    text[2 * CIVIC_JSON_MAX_DEPTH] = '\0';
    assert_true(accepts(text));

    memmove(text + 1, text, sizeof(text) - 1);
    text[2 * CIVIC_JSON_MAX_DEPTH + 1] = ']';
    text[2 * CIVIC_JSON_MAX_DEPTH + 2] = '\0';
    assert_false(accepts(text));

    /* brackets inside a string are no depth */

    assert_true(accepts("\"[[[[[[[[[[[[[[[[[[[[[["
                        "[[[[[[[[[[[[[[[[[[[[[[\\\"[\""));

    s = string("[1,2,3]");
    assert_null(civic_json_parse(&s, 6, NULL, 0));
}


static void
errors_name_the_line(void **state)
{
    char       err[128];
    ngx_str_t  s;

    s = string("{\n\"k\": \"verysecret\" x}");
    assert_null(civic_json_parse(&s, 4096, err, sizeof(err)));
    assert_non_null(strstr(err, "line 2"));

    s = string("{\"k\": \"verysecret\" \"other\"}");
    assert_null(civic_json_parse(&s, 4096, err, sizeof(err)));
    assert_null(strstr(err, "secret"));
    assert_null(strstr(err, "other"));

    s = string("[1,2,3]");
    assert_null(civic_json_parse(&s, 6, err, 8));
    assert_int_equal(strlen(err), 7);
}


static void
member_in_any_case(void **state)
{
    ngx_str_t      name;
    civic_json_t  *json;

    json = parse("{\"givenName\":1,\"a\":2,\"A\":3,\"bC\":4,\"Bc\":5}");
    assert_non_null(json);

    ngx_str_set(&name, "givenname");
    assert_ptr_equal(civic_json_member_any_case(json, &name),
                     civic_json_member(json, "givenName"));

    ngx_str_set(&name, "a");
    assert_ptr_equal(civic_json_member_any_case(json, &name),
                     civic_json_member(json, "a"));

    ngx_str_set(&name, "bc");
    assert_null(civic_json_member_any_case(json, &name));

    ngx_str_set(&name, "given");
    assert_null(civic_json_member_any_case(json, &name));

    civic_json_free(json);
}


static void
types_and_members(void **state)
{
    double               d;
    int64_t              n;
    ngx_str_t            s;
    civic_json_t        *json;
    const civic_json_t  *m;

    json = parse("{\"s\":\"t\",\"i\":-7,\"r\":1.5,\"a\":[1,2],\"n\":null,"
                 "\"b\":true,\"o\":{}}");
    assert_non_null(json);
    assert_int_equal(civic_json_type(json), CIVIC_JSON_OBJECT);
    assert_int_equal(civic_json_length(json), 7);
    assert_null(civic_json_member(json, "x"));
    assert_null(civic_json_element(json, 0));

    m = civic_json_member(json, "s");
    assert_int_equal(civic_json_type(m), CIVIC_JSON_STRING);
    assert_int_equal(civic_json_string(m, &s), NGX_OK);
    assert_int_equal(s.len, 1);
    assert_int_equal(civic_json_integer(m, &n), NGX_DECLINED);
    assert_int_equal(civic_json_number(m, &d), NGX_DECLINED);
    assert_null(civic_json_member(m, "s"));

    m = civic_json_member(json, "i");
    assert_int_equal(civic_json_integer(m, &n), NGX_OK);
    assert_int_equal(n, -7);
    assert_int_equal(civic_json_number(m, &d), NGX_OK);
    assert_int_equal(civic_json_string(m, &s), NGX_DECLINED);

    m = civic_json_member(json, "r");
    assert_int_equal(civic_json_type(m), CIVIC_JSON_REAL);
    assert_int_equal(civic_json_integer(m, &n), NGX_DECLINED);
    assert_int_equal(civic_json_number(m, &d), NGX_OK);
    assert_true(d == 1.5);

    m = civic_json_member(json, "a");
    assert_int_equal(civic_json_type(m), CIVIC_JSON_ARRAY);
    assert_int_equal(civic_json_length(m), 2);
    assert_non_null(civic_json_element(m, 1));
    assert_null(civic_json_element(m, 2));

    assert_int_equal(civic_json_type(civic_json_member(json, "n")),
                     CIVIC_JSON_NULL);
    assert_int_equal(civic_json_type(civic_json_member(json, "b")),
                     CIVIC_JSON_BOOLEAN);

    civic_json_free(json);
}


static void
check_path(const civic_json_t *json, const char *path, int64_t wanted)
{
    int64_t              n;
    ngx_str_t            p;
    const civic_json_t  *m;

    p = string(path);
    m = civic_json_path(json, &p);
    n = -1;

    if (m) {
        assert_int_equal(civic_json_integer(m, &n), NGX_OK);
    }

    assert_int_equal(n, wanted);
}


static void
paths(void **state)
{
    civic_json_t  *json;

    json = parse("{\"a\":{\"b\":{\"c\":1}},\"a.b\":{\"c\":2,\"d\":3},"
                 "\"https://x.y/z\":4,\"q\":5}");
    assert_non_null(json);

    check_path(json, "q", 5);
    check_path(json, "a.b.c", 2);
    check_path(json, "a.b.d", 3);
    check_path(json, "https://x.y/z", 4);
    check_path(json, "a.x", -1);
    check_path(json, "q.x", -1);
    check_path(json, "", -1);
    check_path(json, ".", -1);
    check_path(json, "q.", -1);

    civic_json_free(json);
}


static void
check_text(const char *text, const char *wanted)
{
    ngx_str_t      value;
    ngx_pool_t    *pool;
    civic_json_t  *json;

    pool = ngx_create_pool(1024, NULL);
    json = parse(text);
    assert_non_null(json);

    assert_int_equal(civic_json_text(json, pool, &value), NGX_OK);
    assert_int_equal(value.len, strlen(wanted));
    assert_memory_equal(value.data, wanted, value.len);

    civic_json_free(json);
    ngx_destroy_pool(pool);
}


static void
texts(void **state)
{
    check_text("\"plain \\\"text\\\"\"", "plain \"text\"");
    check_text("\"\"", "");
    check_text("17", "17");
    check_text("true", "true");
    check_text("null", "null");
    check_text("{ \"a\" : [ 1, \"x\" ] }", "{\"a\":[1,\"x\"]}");
}


static void
check_escape(const char *text, size_t len, const char *wanted)
{
    u_char         buf[64];
    ngx_str_t      s;
    civic_json_t  *json;

    s.data = (u_char *) text;
    s.len = len;

    assert_int_equal(civic_json_escaped_len(&s), strlen(wanted));
    assert_ptr_equal(civic_json_escape(buf + 1, &s),
                     buf + 1 + strlen(wanted));
    assert_memory_equal(buf + 1, wanted, strlen(wanted));

    /* a string of JSON, whatever it was; NUL apart, which we do not read */

    if (memchr(text, '\0', len) == NULL) {
        buf[0] = '"';
        buf[strlen(wanted) + 1] = '"';
        buf[strlen(wanted) + 2] = '\0';

        json = parse((char *) buf);
        assert_non_null(json);
        civic_json_free(json);
    }
}


static void
escapes(void **state)
{
    check_escape("plain", 5, "plain");
    check_escape("\"\\", 2, "\\\"\\\\");
    check_escape("a\nb\x7f", 4, "a\\u000ab\\u007f");
    check_escape("\0", 1, "\\u0000");
    check_escape("\xe7\xa6\x8f\xf0\x9f\x98\x80", 7,
                 "\xe7\xa6\x8f\xf0\x9f\x98\x80");
    check_escape("\xff", 1, "\\ufffd");
    check_escape("\xe7\xa6", 2, "\\ufffd\\ufffd");
    check_escape("\xc0\xaf", 2, "\\ufffd\\ufffd");
    check_escape("\xed\xa0\x80", 3, "\\ufffd\\ufffd\\ufffd");
    check_escape("\xf4\x90\x80\x80", 4, "\\ufffd\\ufffd\\ufffd\\ufffd");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        { "a text is exactly one JSON value", one_value, NULL, NULL, NULL },
        { "duplicates, NUL, bad UTF-8 and boundless numbers are refused",
          strictness, NULL, NULL, NULL },
        { "size and depth are capped", size_and_depth, NULL, NULL, NULL },
        { "an error names the line and never quotes the text",
          errors_name_the_line, NULL, NULL, NULL },
        { "a name in any case finds one member or none", member_in_any_case,
          NULL, NULL, NULL },
        { "values are read by their own type only", types_and_members, NULL,
          NULL, NULL },
        { "a path takes the longest name first", paths, NULL, NULL, NULL },
        { "any value has a text", texts, NULL, NULL, NULL },
        { "whatever is escaped can be read as JSON", escapes, NULL, NULL,
          NULL }
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
