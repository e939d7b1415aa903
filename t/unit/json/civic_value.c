/* sources: src/json/civic_value.c src/json/civic_value_json.c src/json/civic_value_number.c src/json/civic_json.c */

/*
 * Copyright (C) Civic Gate
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <math.h>
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include "stub_nginx.h"
#include "civic_value.h"


static ngx_pool_t  *pool;


static int
setup(void **state)
{
    pool = ngx_create_pool(4096, NULL);
    return 0;
}


static int
teardown(void **state)
{
    stub_nginx_allocations = -1;
    ngx_destroy_pool(pool);
    return 0;
}


static ngx_int_t
read_json(const char *text, civic_value_t *value)
{
    ngx_int_t      rc;
    ngx_str_t      s;
    civic_json_t  *json;

    s.data = (u_char *) text;
    s.len = strlen(text);

    json = civic_json_parse(&s, 100000, NULL, 0);
    assert_non_null(json);

    rc = civic_value_from_json(value, pool, json);
    civic_json_free(json);

    return rc;
}


static void
check_written(const civic_value_t *value, const char *text)
{
    ngx_str_t    out;
    const char  *err;

    assert_int_equal(civic_value_to_json(value, pool, 1000, &out, &err),
                     NGX_OK);
    assert_int_equal(out.len, strlen(text));
    assert_memory_equal(out.data, text, out.len);
}


static void
check_round(const char *text)
{
    civic_value_t  value;

    assert_int_equal(read_json(text, &value), NGX_OK);
    check_written(&value, text);
}


/* the shortest of 15 to 17 digits that reads back the same */

static void
check_fraction(double number)
{
    int            digits;
    char           text[32];
    civic_value_t  value;

    for (digits = 15; digits <= 17; digits++) {
        (void) snprintf(text, sizeof(text), "%.*g", digits, number);

        if (strtod(text, NULL) == number) {
            break;
        }
    }

    civic_value_set_number(&value, number);
    check_written(&value, text);
}


static void
check_refused(const civic_value_t *value, const char *sentence)
{
    ngx_str_t    out;
    const char  *err;

    assert_int_equal(civic_value_to_json(value, pool, 1000, &out, &err),
                     NGX_DECLINED);
    assert_string_equal(err, sentence);
}


static void
round_trips(void **state)
{
    check_round("null");
    check_round("[]");
    check_round("{}");
    check_round("[[],{},null,true,false,\"\"]");
    check_round("{\"a\":{\"b\":[1,2,3]}}");
    check_round("\"\xe4\xb8\xad\\\"\\\\\"");
    check_round("[0,-1,0.1,1e+300,9007199254740992,-9007199254740992,"
                "0.3333333333333333]");
}


static void
integers(void **state)
{
    int64_t        n;
    civic_value_t  value;

    assert_int_equal(read_json("9007199254740993", &value), NGX_DECLINED);
    assert_int_equal(read_json("[{\"a\":-9007199254740993}]", &value),
                     NGX_DECLINED);

    civic_value_set_number(&value, 42);
    assert_int_equal(civic_value_integer(&value, &n), NGX_OK);
    assert_int_equal(n, 42);

    civic_value_set_number(&value, 42.5);
    assert_int_equal(civic_value_integer(&value, &n), NGX_DECLINED);

    civic_value_set_number(&value, 1e300);
    assert_int_equal(civic_value_integer(&value, &n), NGX_DECLINED);

    civic_value_set_number(&value, NAN);
    assert_int_equal(civic_value_integer(&value, &n), NGX_DECLINED);
    assert_int_equal(civic_value_integer(NULL, &n), NGX_DECLINED);
}


static void
refusals(void **state)
{
    ngx_uint_t     i;
    ngx_str_t      bytes = ngx_string("\xff");
    civic_value_t  value, *inner, *next;

    civic_value_set_number(&value, INFINITY);
    check_refused(&value, "a number in it is not finite");

    civic_value_set_string(&value, &bytes);
    check_refused(&value, "a string in it is not UTF-8");

    (void) civic_value_set_table(&value, pool, 0, 0);
    (void) civic_value_add_number(&value, pool, "a", 1);
    value.u.table->pairs[0].key.type = CIVIC_VALUE_NUMBER;
    check_refused(&value, "a key in it is no string, or a list has gaps");

    value.u.table->pairs[0].key.type = CIVIC_VALUE_STRING;
    (void) civic_value_add_item(&value, pool);
    check_refused(&value, "a table in it has both items and names");

    (void) civic_value_set_table(&value, pool, 0, 0);
    inner = &value;

    for (i = 0; i < CIVIC_VALUE_MAX_DEPTH; i++) {
        next = civic_value_add_item(inner, pool);
        (void) civic_value_set_table(next, pool, 0, 0);
        inner = next;
    }

    check_refused(&value, "it is nested too deeply");

    (void) civic_value_set_table(&value, pool, 0, 0);

    for (i = 0; i < 1000; i++) {
        civic_value_set_number(civic_value_add_item(&value, pool), i);
    }

    check_refused(&value, "it is too large");
}


static void
members(void **state)
{
    double          number;
    ngx_str_t       text, name = ngx_string("name");
    civic_value_t   value;

    (void) civic_value_set_table(&value, pool, 0, 0);
    assert_int_equal(civic_value_add_string(&value, pool, "s", &name),
                     NGX_OK);
    assert_int_equal(civic_value_add_number(&value, pool, "n", 1.5), NGX_OK);
    civic_value_set_null(civic_value_add_item(&value, pool));

    assert_int_equal(civic_value_string(civic_value_member(&value, "s"),
                                        &text), NGX_OK);
    assert_int_equal(text.len, 4);
    assert_int_equal(civic_value_number(civic_value_member(&value, "n"),
                                        &number), NGX_OK);
    assert_true(number == 1.5);
    assert_int_equal(civic_value_number(civic_value_member(&value, "s"),
                                        &number), NGX_DECLINED);
    assert_null(civic_value_member(&value, "x"));
    assert_null(civic_value_member(NULL, "x"));
    assert_null(civic_value_member(civic_value_item(&value, 0), "x"));
    assert_null(civic_value_item(&value, 1));

    assert_int_equal(civic_value_text(civic_value_member(&value, "n"), pool,
                                      &text), NGX_OK);
    assert_memory_equal(text.data, "1.5", 3);
    assert_int_equal(civic_value_text(&value, pool, &text), NGX_DECLINED);
}


static void
no_memory(void **state)
{
    ngx_int_t      n, rc;
    civic_value_t  value;

    for (n = 0; /* void */ ; n++) {
        stub_nginx_allocations = n;
        rc = read_json("{\"a\":[1,\"x\",{\"b\":[]}],\"c\":\"d\"}", &value);

        if (rc == NGX_OK) {
            break;
        }

        assert_int_equal(rc, NGX_ERROR);
    }

    assert_true(n > 5);
}


static void
fractions(void **state)
{
    int     i;
    double  number;

    static const double  odd[] = {
        0.1, -0.1, 0.5, 1.5, 0.001, 0.00099, 1e-5, 0.30000000000000004,
        1.0 / 3, 2.0 / 3e5, 999999.99999999, 999999.999999999, 123456.75,
        1e6 + 0.5, 1e15 + 0.5, 2e15, 1e16, 9007199254740992,
        12345678901234568, 1e22, 1e23, 1.7976931348623157e308, 0.1 + 0.7,
        4.35, 4.349999999999999, -273.15, 9007199254740991.5
    };

    for (i = 0; i < (int) (sizeof(odd) / sizeof(odd[0])); i++) {
        check_fraction(odd[i]);
    }

    srandom(1);

    for (i = 0; i < 20000; i++) {
        number = (double) random() / 1000 + 0.0001 * (random() % 10);
        check_fraction(number);
        check_fraction(number / (1 + random() % 7));
    }
}


/* where the next number is nearer below than above, or has fewer bits */

static void
powers_of_two(void **state)
{
    int            i, exponent;
    double         number;
    ngx_str_t      out;
    const char    *err;
    civic_value_t  value;

    for (exponent = -1074; exponent < 1024; exponent++) {

        for (i = -1; i <= 1; i++) {
            number = ldexp(1, exponent);
            number = i ? nextafter(number, i * INFINITY) : number;

            civic_value_set_number(&value, number);
            assert_int_equal(civic_value_to_json(&value, pool, 1000, &out,
                                                 &err),
                             NGX_OK);
            assert_true(out.len <= 23);
            out.data[out.len] = '\0';
            assert_true(strtod((char *) out.data, NULL) == number);
        }
    }

    civic_value_set_number(&value, 5e-324);
    check_written(&value, "5e-324");
    civic_value_set_number(&value, -ldexp(1, -1017));
    check_written(&value, "-7.120236347223045e-307");
    civic_value_set_number(&value, -0.0);
    check_written(&value, "0");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        { "JSON comes out as it went in", round_trips, setup, teardown,
          NULL },
        { "a fraction is as short as it can be", fractions, setup, teardown,
          NULL },
        { "a number at a power of two reads back as itself", powers_of_two,
          setup, teardown, NULL },
        { "an integer that no double holds is refused", integers, setup,
          teardown, NULL },
        { "what JSON cannot say is refused with a sentence", refusals, setup,
          teardown, NULL },
        { "members and items are found, or NULL", members, setup, teardown,
          NULL },
        { "running out of memory is an error", no_memory, setup, teardown,
          NULL }
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
