/* sources: src/require/civic_require_value.c src/json/civic_json.c */

/*
 * Copyright (C) Civic Gate
 */


#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>

#include "civic_require_value.h"
#include "stub_nginx.h"


static ngx_pool_t  *value_pool;


static int
value_setup(void **state)
{
    value_pool = ngx_create_pool(4096, NULL);

    return value_pool ? 0 : -1;
}


static int
value_teardown(void **state)
{
    ngx_destroy_pool(value_pool);

    return 0;
}


static ngx_str_t
str(const char *text)
{
    ngx_str_t  value;

    value.data = (u_char *) text;
    value.len = ngx_strlen(text);

    return value;
}


static void
numbers_are_spelled_as_json_has_them(void **state)
{
    double      number;
    ngx_str_t   text;
    ngx_uint_t  i;

    static const struct {
        const char  *text;
        double       number;
    } good[] = {
        { "0", 0 }, { "-0", 0 }, { "2", 2 }, { "-17", -17 }, { "2.50", 2.5 },
        { "1e3", 1000 }, { "1E-1", 0.1 }, { "9007199254740991", 0x1p53 - 1 },
        { "-9007199254740991", 1 - 0x1p53 }
    };
    static const char  *bad[] = {
        "", "-", "+1", " 1", "1 ", "01", "1.", ".5", "1e", "1e+", "0x10",
        "inf", "nan", "1,0", "1_0", "\xef\xbc\x91", "9007199254740992",
        "99999999999999999999", "1e999",
        "0.000000000000000000000000000000001"
    };

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        text = str(good[i].text);
        assert_int_equal(civic_require_value_number(&text, &number), NGX_OK);
        assert_true(number == good[i].number);
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        text = str(bad[i]);
        assert_int_equal(civic_require_value_number(&text, &number),
                         NGX_DECLINED);
    }
}


/* claim, what it is compared with, the answer */

typedef struct {
    const char  *claim;
    const char  *value;
    ngx_int_t    answer;
} value_case_t;


static const civic_json_t *
claim_of(const char *text, civic_json_t **root)
{
    u_char     buf[256];
    ngx_str_t  json;

    json.data = buf;
    json.len = ngx_snprintf(buf, sizeof(buf), "{\"c\":%s}", text) - buf;

    *root = civic_json_parse(&json, json.len, NULL, 0);
    assert_non_null(*root);

    return civic_json_member(*root, "c");
}


static void
claims_are_compared_with_values(void **state)
{
    double              number;
    ngx_str_t          *value;
    ngx_uint_t          i;
    ngx_array_t        *values;
    civic_json_t       *root;
    const civic_json_t *claim;

    static const value_case_t  cases[] = {
        { "\"gold\"", "gold", 1 },
        { "\"gold\"", "GOLD", 0 },
        { "\"gold\"", "gol", 0 },
        { "\"2\"", "2", 1 },
        { "\"2\"", "2.0", 0 },
        { "2", "2", 1 },
        { "2", "2.0", 1 },
        { "2.0", "2", 1 },
        { "2.5", "2.5", 1 },
        { "2.5", "gold", 0 },
        { "2", "3", 0 },
        { "2", "02", 0 },
        { "9007199254740993", "9007199254740993", 1 },
        { "9007199254740993", "9007199254740992", 0 },
        { "true", "true", 1 },
        { "true", "1", 0 },
        { "false", "true", 0 },
        { "[\"a\",\"b\"]", "b", 1 },
        { "[\"a\",\"b\"]", "c", 0 },
        { "[1,2]", "2", 1 },
        { "[]", "a", 0 },
        { "[null,\"a\"]", "a", 1 },
        { "[null,\"a\"]", "b", NGX_DECLINED },
        { "[[\"a\"]]", "a", NGX_DECLINED },
        { "{\"a\":1}", "a", NGX_DECLINED },
        { "null", "null", NGX_DECLINED },
        { "\"\"", "a", NGX_DECLINED }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        values = ngx_array_create(value_pool, 1, sizeof(ngx_str_t));
        value = ngx_array_push(values);
        *value = str(cases[i].value);

        if (civic_require_value_number(value, &number) != NGX_OK) {
            number = NAN;
        }

        claim = claim_of(cases[i].claim, &root);
        assert_int_equal(civic_require_value_json_in(claim, values, &number),
                         cases[i].answer);
        civic_json_free(root);
    }
}


static void
claims_are_compared_with_what_the_request_says(void **state)
{
    ngx_str_t            text;
    ngx_uint_t           i;
    civic_json_t        *root;
    const civic_json_t  *claim;

    static const value_case_t  cases[] = {
        { "\"p-17\"", "p-17", 1 },
        { "\"p-17\"", "p-1", 0 },
        { "17", "17", 1 },
        { "17", "17.0", 0 },
        { "17", "1.7e1", 0 },
        { "17", "017", 0 },
        { "true", "true", 1 },
        { "17.5", "17.5", NGX_DECLINED },
        { "[\"a\",17]", "17", 1 },
        { "[\"a\",17]", "b", 0 },
        { "[{},\"b\"]", "b", 1 },
        { "[{},\"b\"]", "c", NGX_DECLINED },
        { "null", "null", NGX_DECLINED },
        { "\"\"", "", NGX_DECLINED }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        text = str(cases[i].value);
        claim = claim_of(cases[i].claim, &root);
        assert_int_equal(civic_require_value_json_is(claim, &text),
                         cases[i].answer);
        civic_json_free(root);
    }
}


static void
claims_are_compared_with_claims(void **state)
{
    ngx_uint_t           i;
    civic_json_t        *root, *other_root;
    const civic_json_t  *claim, *other;

    static const value_case_t  cases[] = {
        { "\"a\"", "\"a\"", 1 },
        { "\"a\"", "\"b\"", 0 },
        { "[\"a\",\"b\"]", "[\"c\",\"b\"]", 1 },
        { "[\"a\",\"b\"]", "[\"c\",\"d\"]", 0 },
        { "\"a\"", "[\"b\",\"a\"]", 1 },
        { "7", "\"7\"", 1 },
        { "[]", "\"a\"", 0 },
        { "[]", "[]", 0 },
        { "null", "null", NGX_DECLINED },
        { "\"a\"", "{}", NGX_DECLINED },
        { "{}", "\"a\"", NGX_DECLINED }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        claim = claim_of(cases[i].claim, &root);
        other = claim_of(cases[i].value, &other_root);
        assert_int_equal(civic_require_value_json_meets(claim, other),
                         cases[i].answer);
        civic_json_free(root);
        civic_json_free(other_root);
    }
}


static void
numbers_of_claims_may_be_text(void **state)
{
    double               number;
    ngx_uint_t           i;
    civic_json_t        *root;
    const civic_json_t  *claim;

    static const char  *good[] = { "2", "2.0", "\"2\"", "\"2.0\"" };
    static const char  *bad[] = {
        "\"two\"", "\"\"", "null", "true", "[2]", "{}", "9007199254740993",
        "\" 2\""
    };

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        claim = claim_of(good[i], &root);
        assert_int_equal(civic_require_value_json_number(claim, &number),
                         NGX_OK);
        assert_true(number == 2);
        civic_json_free(root);
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        claim = claim_of(bad[i], &root);
        assert_int_equal(civic_require_value_json_number(claim, &number),
                         NGX_DECLINED);
        civic_json_free(root);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        { "numbers are spelled as json has them",
          numbers_are_spelled_as_json_has_them, NULL, NULL, NULL },
        { "claims are compared with values",
          claims_are_compared_with_values, NULL, NULL, NULL },
        { "claims are compared with what the request says",
          claims_are_compared_with_what_the_request_says, NULL, NULL, NULL },
        { "claims are compared with claims",
          claims_are_compared_with_claims, NULL, NULL, NULL },
        { "numbers of claims may be text",
          numbers_of_claims_may_be_text, NULL, NULL, NULL },
    };

    return cmocka_run_group_tests(tests, value_setup, value_teardown);
}
