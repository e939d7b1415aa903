/* sources: src/route/civic_route_methods.c src/civic_error.c */

/*
 * Copyright (C) Civic Gate
 *
 * Lists of methods: what they mean, and what is wrong with them.
 */


#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "civic_route_methods.h"


typedef struct {
    ngx_str_t   list;
    ngx_int_t   rc;
    uint32_t    mask;
    ngx_str_t   wrong;
} list_t;


static const list_t  lists[] = {
    { ngx_string("GET"), NGX_OK, NGX_HTTP_GET, ngx_null_string },
    { ngx_string("POST,GET"), NGX_OK, NGX_HTTP_GET|NGX_HTTP_POST,
      ngx_null_string },
    { ngx_string("PATCH,PROPPATCH"), NGX_OK,
      NGX_HTTP_PATCH|NGX_HTTP_PROPPATCH, ngx_null_string },
    { ngx_string("any"), NGX_OK, CIVIC_ROUTE_METHODS_ANY, ngx_null_string },
    { ngx_string(""), NGX_DECLINED, 0, ngx_string("") },
    { ngx_string("get"), NGX_DECLINED, 0, ngx_string("get") },
    { ngx_string("GET,any"), NGX_DECLINED, 0, ngx_string("any") },
    { ngx_string("GET,"), NGX_DECLINED, 0, ngx_string("") },
    { ngx_string(",GET"), NGX_DECLINED, 0, ngx_string("") },
    { ngx_string("GET, POST"), NGX_DECLINED, 0, ngx_string(" POST") },
    { ngx_string("TRACE"), NGX_DECLINED, 0, ngx_string("TRACE") },
    { ngx_string("GET,PUT,GET"), NGX_BUSY, 0, ngx_string("GET") }
};


static void
lists_have_one_meaning(void **state)
{
    uint32_t    mask;
    ngx_str_t   wrong;
    ngx_uint_t  i;

    for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {

        assert_int_equal(civic_route_methods_parse(&lists[i].list, &mask,
                                                   &wrong),
                         lists[i].rc);

        if (lists[i].rc == NGX_OK) {
            assert_int_equal(mask, lists[i].mask);
            continue;
        }

        assert_int_equal(wrong.len, lists[i].wrong.len);
        assert_memory_equal(wrong.data, lists[i].wrong.data, wrong.len);
    }
}


static void
any_is_no_list(void **state)
{
    civic_route_t  route;

    ngx_memzero(&route, sizeof(civic_route_t));

    civic_route_methods_set(&route, NGX_HTTP_PUT);
    assert_false(route.any);
    assert_int_equal(route.methods, NGX_HTTP_PUT);

    civic_route_methods_set(&route, CIVIC_ROUTE_METHODS_ANY);
    assert_true(route.any);
    assert_int_equal(route.methods, 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(lists_have_one_meaning),
        cmocka_unit_test(any_is_no_list)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
