/* sources: t/unit/route/routes.c src/route/civic_route_table.c
 * src/route/civic_route_radix.c src/route/civic_route_regex.c
 * src/route/civic_route_segment.c src/route/civic_route_pattern.c
 * src/route/civic_route_methods.c src/pcre/civic_pcre.c
 * src/route/civic_route_syntax.c src/civic_error.c
 * src/route/civic_route_packed.c */

/*
 * Copyright (C) Civic Gate
 *
 * The 1,223 templates of a real API, in t/data/github-routes.txt: a request
 * made from each finds it again, whatever the order of the lines.
 */


#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "routes.h"


#define GITHUB_MAX  2000


typedef struct {
    char  method[16];
    char  pattern[256];
} template_t;


static template_t  templates[GITHUB_MAX];
static ngx_uint_t  ntemplates;


static int
read_templates(void **state)
{
    FILE        *file;
    template_t  *t;

    file = fopen("t/data/github-routes.txt", "r");
    if (file == NULL) {
        return -1;
    }

    for (t = templates;
         ntemplates < GITHUB_MAX
         && fscanf(file, "%15s %255s", t->method, t->pattern) == 2;
         t++)
    {
        ntemplates++;
    }

    fclose(file);

    return 0;
}


/* the path, and what the router should say: each parameter has a value */

static void
request(const template_t *t, char *path, char *expected)
{
    int          n;
    size_t       len;
    const char  *p;

    n = 0;
    expected += sprintf(expected, "%s", t->pattern);

    for (p = t->pattern; *p; p++) {

        if (*p != '{') {
            *path++ = *p;
            continue;
        }

        len = strcspn(++p, "}");

        path += sprintf(path, "%.*s-%d", (int) len, p, ++n);
        expected += sprintf(expected, " %.*s=%.*s-%d", (int) len, p,
                            (int) len, p, n);
        p += len;
    }

    *path = '\0';
}


static void
check_all(routes_t *routes)
{
    char        path[512], expected[1024];
    ngx_uint_t  i;

    routes_compile(routes);

    for (i = 0; i < ntemplates; i++) {
        request(&templates[i], path, expected);
        assert_string_equal(routes_find(routes, templates[i].method, path),
                            expected);
    }
}


static void
a_request_made_from_each_template_finds_it(void **state)
{
    routes_t    routes;
    ngx_uint_t  i;

    assert_int_equal(ntemplates, 1223);

    routes_open(&routes);

    for (i = 0; i < ntemplates; i++) {
        assert_int_equal(routes_add(&routes, templates[i].method,
                                    templates[i].pattern),
                         NGX_OK);
    }

    check_all(&routes);
    routes_close(&routes);
}


static void
the_order_of_the_templates_does_not_matter(void **state)
{
    routes_t    routes;
    uint32_t    seed;
    ngx_uint_t  i, k, turn, order[GITHUB_MAX], swap;

    seed = 1;

    for (turn = 0; turn < 3; turn++) {

        for (i = 0; i < ntemplates; i++) {
            order[i] = i;
        }

        for (i = ntemplates - 1; i > 0; i--) {
            seed = seed * 1103515245 + 12345;
            k = (seed >> 8) % (i + 1);
            swap = order[i];
            order[i] = order[k];
            order[k] = swap;
        }

        routes_open(&routes);

        for (i = 0; i < ntemplates; i++) {
            assert_int_equal(routes_add(&routes, templates[order[i]].method,
                                        templates[order[i]].pattern),
                             NGX_OK);
        }

        check_all(&routes);
        routes_close(&routes);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_request_made_from_each_template_finds_it),
        cmocka_unit_test(the_order_of_the_templates_does_not_matter),
    };

    return cmocka_run_group_tests(tests, read_templates, NULL);
}
