/* sources: t/unit/route/routes.c src/route/civic_route_table.c
 * src/route/civic_route_radix.c src/route/civic_route_regex.c
 * src/route/civic_route_segment.c src/route/civic_route_pattern.c
 * src/route/civic_route_methods.c src/pcre/civic_pcre.c
 * src/route/civic_route_syntax.c src/civic_error.c
 * src/route/civic_route_packed.c */

/*
 * Copyright (C) Civic Gate
 */


#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "routes.h"
#include "stub_nginx.h"


static routes_t  routes;


static int
open_routes(void **state)
{
    routes_open(&routes);
    return 0;
}


static int
close_routes(void **state)
{
    routes_close(&routes);
    return 0;
}


static void
add(const char *methods, const char *pattern)
{
    if (routes_add(&routes, methods, pattern) != NGX_OK) {
        fail_msg("%s: %s", pattern, routes.error);
    }
}


static void
find(const char *method, const char *path, const char *expected)
{
    assert_string_equal(routes_find(&routes, method, path), expected);
}


static void
more_specific_patterns_win_whatever_their_order(void **state)
{
    add("GET", "~^/a/(?<re>.*)$");
    add("GET", "/a/{rest...}");
    add("GET", "/a/{id}");
    add("GET", "/a/{id:[0-9]+}");
    add("GET", "/a/{base}...{head}");
    add("GET", "/a/v{n:[0-9]+}.json");
    add("GET", "/a/42");
    routes_compile(&routes);

    find("GET", "/a/42", "/a/42");
    find("GET", "/a/43", "/a/{id:[0-9]+} id=43");
    find("GET", "/a/x", "/a/{id} id=x");
    find("GET", "/a/x...y", "/a/{base}...{head} base=x head=y");
    find("GET", "/a/v1.json", "/a/v{n:[0-9]+}.json n=1");
    find("GET", "/a/vx.json", "/a/{id} id=vx.json");
    find("GET", "/a/x/y", "/a/{rest...} rest=x/y");
    find("GET", "/a/", "/a/{rest...} rest=");
    find("GET", "/a", "404");
    find("GET", "/", "404");
    find("GET", "", "404");
    find("GET", "/b", "404");
}


static void
a_branch_that_leads_nowhere_is_left_again(void **state)
{
    add("GET", "/a/new/edit");
    add("GET", "/a/{id:[a-z]+}/show");
    add("GET", "/a/{id}/log");
    add("GET", "/{x}/new/{y}");
    add("GET", "/{rest...}");
    routes_compile(&routes);

    find("GET", "/a/new/edit", "/a/new/edit");
    find("GET", "/a/new/show", "/a/{id:[a-z]+}/show id=new");
    find("GET", "/a/new/log", "/a/{id}/log id=new");
    find("GET", "/a/new/else", "/{x}/new/{y} x=a y=else");
    find("GET", "/a/new/", "/{rest...} rest=a/new/");
    find("GET", "/a/newer/edit", "/{rest...} rest=a/newer/edit");
}


static void
edges_split_where_patterns_part(void **state)
{
    add("GET", "/docs/news");
    add("GET", "/docs/new");
    add("GET", "/do");
    add("GET", "/docs/{id}");
    add("GET", "/");
    routes_compile(&routes);

    find("GET", "/docs/news", "/docs/news");
    find("GET", "/docs/new", "/docs/new");
    find("GET", "/docs/ne", "/docs/{id} id=ne");
    find("GET", "/docs/newsy", "/docs/{id} id=newsy");
    find("GET", "/do", "/do");
    find("GET", "/doc", "404");
    find("GET", "/docs/", "404");
    find("GET", "/", "/");
}


static void
the_first_of_a_segment_is_shortest_and_the_last_takes_the_rest(void **state)
{
    add("GET", "/c/{base}...{head}");
    add("GET", "/t/{a}-{b}-{c}.txt");
    add("GET", "/n/{a:[0-9]*}-{b:[0-9]*}");
    add("GET", "/o/x{n:a|b}y");
    add("GET", "/p/{d:[0-9]{4}}-{m:[0-9]{2}}");
    routes_compile(&routes);

    find("GET", "/c/1...2...3", "/c/{base}...{head} base=1 head=2...3");
    find("GET", "/c/.......", "/c/{base}...{head} base=. head=...");
    find("GET", "/c/...x", "404");
    find("GET", "/c/x...", "404");
    find("GET", "/c/x...y/z", "404");
    find("GET", "/t/1-2-3-4.txt", "/t/{a}-{b}-{c}.txt a=1 b=2 c=3-4");
    find("GET", "/t/--1-.txt", "404");
    find("GET", "/t/-----.txt", "/t/{a}-{b}-{c}.txt a=- b=- c=-");
    find("GET", "/n/1-2", "/n/{a:[0-9]*}-{b:[0-9]*} a=1 b=2");
    find("GET", "/n/1-", "404");
    find("GET", "/n/-1", "404");
    find("GET", "/o/xby", "/o/x{n:a|b}y n=b");
    find("GET", "/o/xa", "404");
    find("GET", "/o/by", "404");
    find("GET", "/p/2024-05",
         "/p/{d:[0-9]{4}}-{m:[0-9]{2}} d=2024 m=05");
    find("GET", "/p/2024-5", "404");
}


static void
a_constraint_sees_its_segment_only(void **state)
{
    add("GET", "/a/{id:(?s:.)+x}/b");
    add("GET", "/l/{id:(?<!/)[a-z]+(?!/)}/c");
    add("GET", "/i/{id:(?i)[a-c]+}x");
    routes_compile(&routes);

    find("GET", "/a/1/x/b", "404");
    find("GET", "/a/1x/b", "/a/{id:(?s:.)+x}/b id=1x");
    find("GET", "/l/q/c", "/l/{id:(?<!/)[a-z]+(?!/)}/c id=q");
    find("GET", "/i/AbCx", "/i/{id:(?i)[a-c]+}x id=AbC");
    find("GET", "/i/AbCX", "404");
}


static void
the_order_among_segments_is_literal_bytes_then_constraints(void **state)
{
    add("GET", "/a/{x}-{y}");
    add("GET", "/a/{x:[a-z]+}-{y}");
    add("GET", "/a/{x:[a-z]+}-{y:[a-z]+}");
    add("GET", "/a/{x}--{y}");
    add("GET", "/a/{x:..*}");
    add("GET", "/b/{x:[b]+}");
    add("GET", "/b/{x:[a-b]+}");
    routes_compile(&routes);

    find("GET", "/a/a--b", "/a/{x}--{y} x=a y=b");
    find("GET", "/a/a-b", "/a/{x:[a-z]+}-{y:[a-z]+} x=a y=b");
    find("GET", "/a/a-1", "/a/{x:[a-z]+}-{y} x=a y=1");
    find("GET", "/a/1-1", "/a/{x}-{y} x=1 y=1");
    find("GET", "/a/1", "/a/{x:..*} x=1");
    find("GET", "/b/b", "/b/{x:[a-b]+} x=b");
}


static void
constraints_for_any_text_are_no_constraints(void **state)
{
    add("GET", "/a/{id:.+}");

    assert_int_equal(routes_add(&routes, "GET", "/a/{x}"), NGX_ERROR);
    assert_int_equal(routes_add(&routes, "GET", "/a/{x:.*}"), NGX_ERROR);
    assert_int_equal(routes_add(&routes, "GET", "/a/{x:[^/]+}"), NGX_ERROR);
    assert_int_equal(routes_add(&routes, "GET", "/a/{x:[a-z]+}"), NGX_OK);
    routes_compile(&routes);

    find("GET", "/a/1", "/a/{id:.+} id=1");
    find("GET", "/a/", "404");
}


static void
a_branch_that_lacks_the_method_is_left_again(void **state)
{
    add("POST", "/a/new");
    add("PUT", "/a/{id:[a-z]+}");
    add("GET", "/a/{id}");
    add("DELETE", "/a/{rest...}");
    add("PATCH", "~^/a/[a-z]+$");
    routes_compile(&routes);

    find("POST", "/a/new", "/a/new");
    find("PUT", "/a/new", "/a/{id:[a-z]+} id=new");
    find("GET", "/a/new", "/a/{id} id=new");
    find("DELETE", "/a/new", "/a/{rest...} rest=new");
    find("PATCH", "/a/new", "~^/a/[a-z]+$");
    find("OPTIONS", "/a/new", "405 GET,HEAD,POST,PUT,DELETE,PATCH");
    find("OPTIONS", "/a/1", "405 GET,HEAD,DELETE");
    find("OPTIONS", "/a/1/2", "405 DELETE");
    find("PATCH", "/a/1", "405 GET,HEAD,DELETE");
    find("OPTIONS", "/b", "404");
}


static void
head_is_answered_by_get_where_the_pattern_lists_no_head(void **state)
{
    add("GET", "/a");
    add("any", "/a");
    add("GET", "/b");
    add("HEAD,PUT", "/b");
    add("any", "/c");
    add("GET", "~^/d");
    add("GET", "~^/e$");
    add("HEAD", "~^/e$");
    add("any", "~^/e$");
    routes_compile(&routes);

    find("HEAD", "/a", "/a");
    find("BREW", "/a", "/a");
    find("HEAD", "/c", "/c");
    find("BREW", "/c", "/c");
    find("BREW", "/b", "405 GET,HEAD,PUT");
    find("HEAD", "/d", "~^/d");
    find("POST", "/d", "405 GET,HEAD");
    find("BREW", "/e", "~^/e$");
}


static void
which_route_of_a_pattern_answers(void **state)
{
    civic_route_match_t  match;
    ngx_str_t            path = ngx_string("/a");
    ngx_uint_t           i;

    static const struct {
        ngx_uint_t  method;
        ngx_uint_t  line;
    } cases[] = {
        { NGX_HTTP_GET, 2 },
        { NGX_HTTP_HEAD, 3 },
        { NGX_HTTP_POST, 1 },
        { NGX_HTTP_UNKNOWN, 1 },
        { 0, 0 }
    };

    add("any", "/a");
    add("GET", "/a");
    add("HEAD", "/a");
    routes_compile(&routes);

    for (i = 0; cases[i].line; i++) {
        assert_int_equal(civic_route_table_find(routes.table, &path,
                                                cases[i].method, &match),
                         NGX_OK);
        assert_int_equal(match.route->pos.line, cases[i].line);
    }
}


static void
duplicates_are_refused_and_name_the_other_line(void **state)
{
    ngx_uint_t  i;

    static const struct {
        const char  *methods;
        const char  *pattern;
        const char  *error;
    } cases[] = {
        { "GET", "/a/{y}", "the route \"/a/{y}\" takes the same requests as "
          "\"/a/{x}\" (first in routes.conf:1)" },
        { "PUT,POST", "/a/{y}", "the route \"/a/{y}\" takes the same requests "
          "as \"/a/{z}\" (first in routes.conf:2)" },
        { "any", "/b/{y:[0-9]}", "the route \"/b/{y:[0-9]}\" takes the same "
          "requests as \"/b/{x:[0-9]}\" (first in routes.conf:3)" },
        { "GET", "/c/{y...}", "the route \"/c/{y...}\" takes the same "
          "requests as \"/c/{x...}\" (first in routes.conf:4)" },
        { "GET", "~^/d/(?P<y>.)", "the route \"~^/d/(?P<y>.)\" takes the same "
          "requests as \"~^/d/(?<x>.)\" (first in routes.conf:5)" },
        { NULL, NULL, NULL }
    };

    add("GET", "/a/{x}");
    add("POST", "/a/{z}");
    add("any", "/b/{x:[0-9]}");
    add("GET", "/c/{x...}");
    add("GET", "~^/d/(?<x>.)");

    for (i = 0; cases[i].pattern; i++) {
        assert_int_equal(routes_add(&routes, cases[i].methods,
                                    cases[i].pattern),
                         NGX_ERROR);
        assert_string_equal(routes.error, cases[i].error);
    }

    add("GET", "/b/{y:[0-9]}");
    add("HEAD", "/a/{y}");
    add("any", "/a/{y}");
    add("POST", "~^/d/(?<y>.)");
}


static void
the_longer_expression_is_asked_first(void **state)
{
    add("GET", "~^/a/(?<any>.*)$");
    add("GET", "~^/a/(?<year>[0-9]{4})/(?<month>[0-9]+)$");
    add("POST", "~^/a/(?<year>[0-9]{4})/(?:[0-9]{2}|(?<rest>x))$");
    add("GET", "~^/b/(?<one>x)?(?<two>y)?");
    routes_compile(&routes);

    find("GET", "/a/2024/05",
         "~^/a/(?<year>[0-9]{4})/(?<month>[0-9]+)$ year=2024 month=05");
    find("POST", "/a/2024/05",
         "~^/a/(?<year>[0-9]{4})/(?:[0-9]{2}|(?<rest>x))$ year=2024 rest=");
    find("POST", "/a/2024/x",
         "~^/a/(?<year>[0-9]{4})/(?:[0-9]{2}|(?<rest>x))$ year=2024 rest=x");
    find("GET", "/a/x", "~^/a/(?<any>.*)$ any=x");
    find("POST", "/a/x", "405 GET,HEAD");
    find("GET", "/b/y", "~^/b/(?<one>x)?(?<two>y)? one= two=y");
    find("GET", "/a", "404");
}


static void
an_expression_stays_in_its_location_and_alternative(void **state)
{
    assert_int_equal(routes_add_in(&routes, "/a.b/", "GET",
                                   "~^/a\\.b/x|/c/y"),
                     NGX_OK);
    add("GET", "~^/c/x|/d/x");
    add("GET", "~^/e/(?<x>.)(?<y>.)\\k<x>$");
    add("GET", "~^/f/(?<x>.)\\k<x>$");
    routes_compile(&routes);

    find("GET", "/a.b/x", "~^/a\\.b/x|/c/y");
    find("GET", "/c/y", "404");
    find("GET", "/d/x", "~^/c/x|/d/x");
    find("GET", "/q/d/x", "404");
    find("GET", "/e/aba", "~^/e/(?<x>.)(?<y>.)\\k<x>$ x=a y=b");
    find("GET", "/e/abb", "404");
    find("GET", "/f/bb", "~^/f/(?<x>.)\\k<x>$ x=b");
}


static void
the_same_expression_in_two_locations_is_shared_by_methods(void **state)
{
    assert_int_equal(routes_add_in(&routes, "/a/", "GET", "~^/a/b/x|/a/c"),
                     NGX_OK);
    assert_int_equal(routes_add_in(&routes, "/a/b/", "POST",
                                   "~^/a/b/x|/a/c"),
                     NGX_OK);
    assert_int_equal(routes_add_in(&routes, "/a/b/", "GET",
                                   "~^/a/b/x|/a/c"),
                     NGX_ERROR);
    routes_compile(&routes);

    find("GET", "/a/c", "~^/a/b/x|/a/c");
    find("POST", "/a/b/x", "~^/a/b/x|/a/c");
    find("POST", "/a/c", "404");
}


static void
more_expressions_than_one_pattern_holds_are_split(void **state)
{
    char        pattern[64], path[64], expected[80];
    ngx_uint_t  i;

    for (i = 0; i < 3000; i++) {
        sprintf(pattern, "~^/re/%u/(?<id>[0-9]+)/(?:a|b|c|d)$", (u_int) i);
        add("GET", pattern);
    }

    routes_compile(&routes);

    for (i = 0; i < 3000; i += 499) {
        sprintf(path, "/re/%u/77/c", (u_int) i);
        sprintf(expected, "~^/re/%u/(?<id>[0-9]+)/(?:a|b|c|d)$ id=77",
                (u_int) i);
        find("GET", path, expected);
    }

    find("GET", "/re/3000/1/a", "404");
    find("POST", "/re/2999/1/a", "405 GET,HEAD");
}


static void
a_match_that_backtracks_too_much_is_given_up(void **state)
{
    char  path[4096];

    add("GET", "/s/{id:(?:a+)+[bc]}");
    add("GET", "/m/{a}-{b}-{c}-{d}.x");
    add("GET", "~^/r/(?:a+)+[bc]$");
    routes_compile(&routes);

    strcpy(path, "/s/");
    memset(path + 3, 'a', 60);
    strcpy(path + 63, "d");
    find("GET", path, "limit");

    path[1] = 'r';
    find("GET", path, "limit");

    /* the same patterns, and a path that needs no backtracking */

    find("GET", "/s/aab", "/s/{id:(?:a+)+[bc]} id=aab");
    find("GET", "/r/aab", "~^/r/(?:a+)+[bc]$");

    strcpy(path, "/m/");
    memset(path + 3, '-', 4000);
    strcpy(path + 4003, "y.x/");
    find("GET", path, "404");
}


static void
parameters_of_one_route_keep_their_places(void **state)
{
    add("GET", "/{a}/{b:[0-9]+}/{c}.{d}/e/{f...}");
    add("GET", "/{z}/1/{y}/e/f");
    routes_compile(&routes);

    find("GET", "/1/2/3.4/e/5/6", "/{a}/{b:[0-9]+}/{c}.{d}/e/{f...} "
         "a=1 b=2 c=3 d=4 f=5/6");
    find("GET", "/1/1/3.4/e/f", "/{z}/1/{y}/e/f z=1 y=3.4");
    find("GET", "/1/1/3.4/e/g", "/{a}/{b:[0-9]+}/{c}.{d}/e/{f...} "
         "a=1 b=1 c=3 d=4 f=g");
}


/* the result of filling a table when only `n` allocations succeed */

static ngx_int_t
fill_with_allocations(ngx_int_t n)
{
    ngx_int_t             rc;
    ngx_str_t             err;
    ngx_uint_t            i;
    ngx_pool_t           *pool;
    civic_route_t         added[4];
    civic_route_table_t  *table;

    static ngx_str_t  patterns[] = {
        ngx_string("/a/{b}/c"),
        ngx_string("/a/{b:[0-9]*}-{c}/d/{e...}"),
        ngx_string("/ab"),
        ngx_string("~^/a/(?<b>.)")
    };

    memset(added, 0, sizeof(added));

    pool = ngx_create_pool(4096, NULL);
    stub_nginx_allocations = n;

    table = civic_route_table_create(pool);
    rc = table ? NGX_OK : NGX_ERROR;

    for (i = 0; rc == NGX_OK && i < 4; i++) {
        added[i].pattern = patterns[i];
        added[i].methods = NGX_HTTP_GET;

        rc = civic_route_table_add(table, &added[i], NULL, &err);
    }

    if (rc == NGX_OK) {
        rc = civic_route_table_compile(table, &err);
    }

    stub_nginx_allocations = -1;
    ngx_destroy_pool(pool);

    return rc;
}


static void
each_allocation_that_fails_is_an_error(void **state)
{
    ngx_int_t  n;

    assert_int_equal(fill_with_allocations(-1), NGX_OK);

    for (n = 0; fill_with_allocations(n) != NGX_OK; n++) {
        assert_true(n < 1000);
    }

    assert_true(n > 20);
}


#define test(name)                                                            \
    cmocka_unit_test_setup_teardown(name, open_routes, close_routes)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test(more_specific_patterns_win_whatever_their_order),
        test(a_branch_that_leads_nowhere_is_left_again),
        test(edges_split_where_patterns_part),
        test(the_first_of_a_segment_is_shortest_and_the_last_takes_the_rest),
        test(a_constraint_sees_its_segment_only),
        test(the_order_among_segments_is_literal_bytes_then_constraints),
        test(constraints_for_any_text_are_no_constraints),
        test(a_branch_that_lacks_the_method_is_left_again),
        test(head_is_answered_by_get_where_the_pattern_lists_no_head),
        test(which_route_of_a_pattern_answers),
        test(duplicates_are_refused_and_name_the_other_line),
        test(the_longer_expression_is_asked_first),
        test(an_expression_stays_in_its_location_and_alternative),
        test(the_same_expression_in_two_locations_is_shared_by_methods),
        test(more_expressions_than_one_pattern_holds_are_split),
        test(a_match_that_backtracks_too_much_is_given_up),
        test(parameters_of_one_route_keep_their_places),
        test(each_allocation_that_fails_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
