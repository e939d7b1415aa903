/* sources: src/source/civic_source_text.c */

/*
 * Copyright (C) Civic Gate
 *
 * Attacks: what one service reads and another does not.
 */


#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "civic_source_text.h"
#include "stub_nginx.h"


typedef struct {
    const char  *text;
    ngx_int_t    verdict;
    const char  *value;                /* NGX_OK */
} text_case_t;


static ngx_pool_t  *text_pool;


static int
text_setup(void **state)
{
    text_pool = ngx_create_pool(4096, NULL);

    return text_pool ? 0 : -1;
}


static int
text_teardown(void **state)
{
    ngx_destroy_pool(text_pool);

    return 0;
}


/* an allocation of its own, for the sanitizer */

static ngx_str_t
str(const char *text)
{
    ngx_str_t  value;

    value.len = ngx_strlen(text);
    value.data = ngx_pnalloc(text_pool, value.len);
    ngx_memcpy(value.data, text, value.len);

    return value;
}


static ngx_int_t
query(const char *text, ngx_str_t *value)
{
    ngx_int_t             rc;
    ngx_str_t             args;
    civic_source_found_t  found;

    ngx_memzero(&found, sizeof(found));
    ngx_str_set(&found.name, "my_id");
    args = str(text);

    civic_source_text_query(&found, &args);
    rc = civic_source_text_verdict(&found);

    return (rc == NGX_OK)
           ? civic_source_text_decode(&found.value, text_pool, value) : rc;
}


static void
assert_cases(ngx_int_t (*get)(const char *text, ngx_str_t *value),
    const text_case_t *cases, ngx_uint_t n)
{
    ngx_int_t   rc;
    ngx_str_t   value;
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {
        rc = get(cases[i].text, &value);

        if (rc != cases[i].verdict) {
            fail_msg("\"%s\": %d, not %d", cases[i].text, (int) rc,
                     (int) cases[i].verdict);
        }

        if (rc == NGX_OK) {
            assert_int_equal(value.len, ngx_strlen(cases[i].value));
            assert_memory_equal(value.data, cases[i].value, value.len);
        }
    }
}


static void
query_strings_are_decoded_once(void **state)
{
    static const text_case_t  cases[] = {
        { "my_id=35", NGX_OK, "35" },
        { "a=1&my_id=35&b=2", NGX_OK, "35" },
        { "my_id=%33%35", NGX_OK, "35" },
        { "my_id=a%2Bb", NGX_OK, "a+b" },
        { "my_id=a+b", NGX_OK, "a b" },
        { "my_id=a%2520b", NGX_OK, "a%20b" },
        { "my_id=a=b", NGX_OK, "a=b" },
        { "my_id=%26my_id%3d1", NGX_OK, "&my_id=1" },
        { "my_id=%e7%a6%8f", NGX_OK, "\xe7\xa6\x8f" },
        { "%6dy_id=35", NGX_OK, "35" },
        { "my%5fid=35", NGX_OK, "35" },
        { "", NGX_DECLINED, NULL },
        { "my_id", NGX_DECLINED, NULL },
        { "my_id=", NGX_DECLINED, NULL },
        { "my_id=&x", NGX_DECLINED, NULL },
        { "my_idx=1&xmy_id=2", NGX_DECLINED, NULL },
        { "my_i=1", NGX_DECLINED, NULL },
        { "=my_id", NGX_DECLINED, NULL }
    };

    assert_cases(query, cases, sizeof(cases) / sizeof(cases[0]));
}


static void
two_are_one_too_many(void **state)
{
    static const text_case_t  cases[] = {
        { "my_id=1&my_id=1", NGX_BUSY, NULL },
        { "my_id=1&my_id", NGX_BUSY, NULL },
        { "my_id=&my_id=1", NGX_BUSY, NULL },
        { "my_id=1&%6dy_id=2", NGX_BUSY, NULL },
        { "my_id=1&My_ID=2", NGX_BUSY, NULL },
        { "my_id=1&my.id=2", NGX_BUSY, NULL },
        { "my_id=1&my%20id=2", NGX_BUSY, NULL },
        { "my_id=1&my+id=2", NGX_BUSY, NULL },
        { "my_id=1&my[id=2", NGX_BUSY, NULL },
        { "my_id=1&my_id[]=2", NGX_BUSY, NULL },
        { "my_id=1&my_id%5B%5D=2", NGX_BUSY, NULL },
        { "my_id=1&my_id[x]=2", NGX_BUSY, NULL },
        { "my_id=1&+my_id=2", NGX_BUSY, NULL },
        { "my_id=1&%20%20my_id=2", NGX_BUSY, NULL },
        { "my_id=1&x=2&y=3&my_id=4", NGX_BUSY, NULL },
        { "My_Id=1", NGX_DECLINED, NULL },
        { "my_id[]=1", NGX_DECLINED, NULL },
        { "my.id=1", NGX_DECLINED, NULL }
    };

    assert_cases(query, cases, sizeof(cases) / sizeof(cases[0]));
}


static void
what_is_unclear_is_malformed(void **state)
{
    static const text_case_t  cases[] = {
        { "my_id=1;x=2", NGX_ABORT, NULL },
        { "x=1;my_id=2", NGX_ABORT, NULL },
        { "my_id=1&x=2;my_id=3", NGX_ABORT, NULL },
        { "a=1;b=2&my_id=3", NGX_OK, "3" },
        { "my_id=3&a=1;b=2", NGX_OK, "3" },
        { "my_id=%3b", NGX_OK, ";" },
        { "my_id=%", NGX_ABORT, NULL },
        { "my_id=%3", NGX_ABORT, NULL },
        { "my_id=%zz", NGX_ABORT, NULL },
        { "my_id=%u0033", NGX_ABORT, NULL },
        { "my_id=35%00", NGX_ABORT, NULL },
        { "my_id=35%0a", NGX_ABORT, NULL },
        { "my_id=%7f", NGX_ABORT, NULL },
        { "my_id=1&my_id%00x=2", NGX_ABORT, NULL },
        { "my_id=1&my_id%=2", NGX_ABORT, NULL },
        { "my_id=1&x=%zz", NGX_OK, "1" }
    };

    assert_cases(query, cases, sizeof(cases) / sizeof(cases[0]));
}


static ngx_int_t
cookie(const char *text, ngx_str_t *value)
{
    ngx_int_t             rc;
    ngx_str_t             header;
    civic_source_found_t  found;

    ngx_memzero(&found, sizeof(found));
    ngx_str_set(&found.name, "my_id");
    header = str(text);

    civic_source_text_cookie(&found, &header);
    rc = civic_source_text_verdict(&found);
    *value = found.value;

    return (rc == NGX_OK) ? civic_source_text_octets(value) : rc;
}


static void
cookies_are_as_they_are(void **state)
{
    static const text_case_t  cases[] = {
        { "my_id=35", NGX_OK, "35" },
        { "a=1; my_id=35; b=2", NGX_OK, "35" },
        { "a=1;my_id=35;b=2", NGX_OK, "35" },
        { "my_id=%33", NGX_OK, "%33" },
        { "my_id=a=b", NGX_OK, "a=b" },
        { "my_id=a+b", NGX_OK, "a+b" },
        { "a=%zz; my_id=1", NGX_OK, "1" },
        { "a=1,2; my_id=1", NGX_OK, "1" },
        { "my_id", NGX_DECLINED, NULL },
        { "my_id=", NGX_DECLINED, NULL },
        { "", NGX_DECLINED, NULL },
        { "MY_ID=1", NGX_DECLINED, NULL },
        { "my_id=1; my_id=2", NGX_BUSY, NULL },
        { "my_id=1; MY_ID=2", NGX_BUSY, NULL },
        { "my_id=1; %6dy_id=2", NGX_BUSY, NULL },
        { "my_id=1; my_id[x]=2", NGX_BUSY, NULL },
        { "my_id=1; my.id=2", NGX_BUSY, NULL },
        { "my_id=1; my_id", NGX_BUSY, NULL },
        { "a=1,my_id=2", NGX_ABORT, NULL },
        { "my_id=1,2", NGX_ABORT, NULL },
        { "my_id=\"35\"", NGX_ABORT, NULL },
        { "my_id=3 5", NGX_ABORT, NULL },
        { "my_id=35 ", NGX_ABORT, NULL },
        { "my_id=\\35", NGX_ABORT, NULL }
    };

    assert_cases(cookie, cases, sizeof(cases) / sizeof(cases[0]));
}


static void
headers_have_one_spelling(void **state)
{
    ngx_str_t             name, value;
    ngx_uint_t            i;
    civic_source_found_t  found;

    static const struct {
        const char  *other;
        ngx_int_t    verdict;
    } cases[] = {
        { "X-My-Other", NGX_OK },
        { "X-My-I", NGX_OK },
        { "X-My-Id", NGX_BUSY },
        { "x-MY-ID", NGX_BUSY },
        { "X_My_Id", NGX_BUSY },
        { "X.My.Id", NGX_BUSY }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ngx_memzero(&found, sizeof(found));
        ngx_str_set(&found.name, "x-my-id");

        name = str("X-My-Id");
        value = str("a,b ");
        civic_source_text_header(&found, &name, &value);

        name = str(cases[i].other);
        value = str("2");
        civic_source_text_header(&found, &name, &value);

        assert_int_equal(civic_source_text_verdict(&found),
                         cases[i].verdict);
        assert_int_equal(cases[i].verdict != NGX_OK
                         || found.value.len == 4, 1);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        { "query strings are decoded once",
          query_strings_are_decoded_once, NULL, NULL, NULL },
        { "two are one too many", two_are_one_too_many, NULL, NULL, NULL },
        { "what is unclear is malformed",
          what_is_unclear_is_malformed, NULL, NULL, NULL },
        { "cookies are as they are",
          cookies_are_as_they_are, NULL, NULL, NULL },
        { "headers have one spelling",
          headers_have_one_spelling, NULL, NULL, NULL },
    };

    return cmocka_run_group_tests(tests, text_setup, text_teardown);
}
