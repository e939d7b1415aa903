/* sources: t/unit/route/routes.c src/route/civic_route_table.c
 * src/route/civic_route_radix.c src/route/civic_route_regex.c
 * src/route/civic_route_segment.c src/route/civic_route_pattern.c
 * src/route/civic_route_methods.c src/pcre/civic_pcre.c
 * src/route/civic_route_syntax.c src/civic_error.c
 * src/route/civic_route_packed.c */

/*
 * Copyright (C) Civic Gate
 *
 * Random small tables against a definition: of all patterns that match the
 * path and take the method, the first in the order of specificity wins.
 * The definition shares no code with the tree: it compares segments one by
 * one, with matchers written by hand, and sorts.
 */


#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "routes.h"


#define ORACLE_TABLES    1500
#define ORACLE_PATHS     40
#define ORACLE_ROUTES    12
#define ORACLE_SEGMENTS  4


typedef enum {
    LITERAL = 0,
    SEGMENT,
    FREE,
    TAIL
} rank_e;


typedef struct {
    const char  *text;                 /* %d: the parameter's number */
    rank_e       rank;
    int          order;                /* among SEGMENTs */
    int        (*match)(const char *s, size_t len);
} part_t;


typedef struct {
    char         text[128];
    const char  *methods;
    int          parts[ORACLE_SEGMENTS];
    int          nparts;
    int          regex;                /* -1: a path pattern */
    ngx_uint_t   line;
} rule_t;


static int
only_a(const char *s, size_t len)
{
    return len > 0 && strspn(s, "a") >= len;
}


static int
a_or_b(const char *s, size_t len)
{
    return len == 1 && (*s == 'a' || *s == 'b');
}


static int
begins_with_a(const char *s, size_t len)
{
    return len > 1 && *s == 'a';
}


static int
ends_with_b(const char *s, size_t len)
{
    return len > 1 && s[len - 1] == 'b';
}


static int
has_a_dash(const char *s, size_t len)
{
    return len > 2 && memchr(s + 1, '-', len - 2) != NULL;
}


static int
dash_after_a(const char *s, size_t len)
{
    size_t  n;

    n = strspn(s, "a");

    return n > 0 && n + 1 < len && s[n] == '-';
}


/* SEGMENTs: literal bytes first, then constraints, then by text */

static const part_t  parts[] = {
    { "a", LITERAL, 0, NULL },
    { "b", LITERAL, 0, NULL },
    { "ab", LITERAL, 0, NULL },
    { "{p%d:a+}-{q%d}", SEGMENT, 1, dash_after_a },
    { "a{p%d}", SEGMENT, 2, begins_with_a },
    { "{p%d}-{q%d}", SEGMENT, 3, has_a_dash },
    { "{p%d}b", SEGMENT, 4, ends_with_b },
    { "{p%d:[ab]}", SEGMENT, 5, a_or_b },
    { "{p%d:a+}", SEGMENT, 6, only_a },
    { "{p%d}", FREE, 0, NULL },
    { "{p%d...}", TAIL, 0, NULL },
    { "", LITERAL, 0, NULL }
};

#define NPARTS  (sizeof(parts) / sizeof(parts[0]))


/* longer text first, then by text */

static const char  *regexes[] = {
    "~^/[ab]/[ab]+$",
    "~^/[ab]+$",
    "~^/a",
    "~^/b"
};


static const char  *methods[] = {
    "GET", "POST", "GET,POST", "HEAD", "any"
};


static const char  *pieces[] = {
    "a", "b", "ab", "aa", "aab", "a-b", "a-", "-", "b-b-b", "x", ""
};


static uint32_t  seed = 1;


static int
choose(int n)
{
    seed = seed * 1103515245 + 12345;

    return (int) ((seed >> 10) % (uint32_t) n);
}


static void
make_rule(rule_t *rule, ngx_uint_t line)
{
    int            i, last, part;
    char          *p;

    rule->line = line;
    rule->methods = methods[choose(5)];
    rule->regex = (choose(6) == 0) ? choose(4) : -1;
    rule->nparts = 0;

    if (rule->regex >= 0) {
        strcpy(rule->text, regexes[rule->regex]);
        return;
    }

    last = choose(ORACLE_SEGMENTS - 1);
    p = rule->text;

    for (i = 0; i <= last; i++) {

        /* a tail and an empty segment are last */

        part = choose((int) NPARTS - ((i == last) ? 0 : 2));
        rule->parts[rule->nparts++] = part;

        *p++ = '/';
        p += sprintf(p, parts[part].text, i + (int) line * 10,
                     i + (int) line * 10);
    }
}


static int
regex_matches(int regex, const char *path)
{
    size_t  n;

    n = strspn(path + 1, "ab");

    switch (regex) {

    case 0:
        return n == 1 && path[2] == '/' && strspn(path + 3, "ab") > 0
               && path[3 + strspn(path + 3, "ab")] == '\0';

    case 1:
        return n > 0 && path[1 + n] == '\0';

    case 2:
        return path[1] == 'a';

    default:
        return path[1] == 'b';
    }
}


static int
rule_matches(const rule_t *rule, const char *path)
{
    int            i;
    size_t         len;
    const part_t  *part;

    if (rule->regex >= 0) {
        return regex_matches(rule->regex, path);
    }

    for (i = 0; i < rule->nparts; i++) {
        part = &parts[rule->parts[i]];

        if (*path++ != '/') {
            return 0;
        }

        len = strcspn(path, "/");

        if (part->rank == TAIL) {
            return 1;
        }

        if (part->rank == LITERAL
            && (len != strlen(part->text)
                || strncmp(path, part->text, len) != 0))
        {
            return 0;
        }

        if (part->rank == SEGMENT && !part->match(path, len)) {
            return 0;
        }

        if (part->rank == FREE && len == 0) {
            return 0;
        }

        path += len;
    }

    return *path == '\0';
}


/* of two rules that match one path; 0: the same pattern */

static int
rule_cmp(const rule_t *a, const rule_t *b)
{
    int            i;
    const part_t  *x, *y;

    if (a->regex >= 0 || b->regex >= 0) {
        return a->regex - b->regex;
    }

    for (i = 0; i < a->nparts && i < b->nparts; i++) {
        x = &parts[a->parts[i]];
        y = &parts[b->parts[i]];

        if (x->rank != y->rank) {
            return (int) x->rank - (int) y->rank;
        }

        if (x->order != y->order) {
            return x->order - y->order;
        }

        if (x != y) {
            return (x < y) ? -1 : 1;
        }
    }

    return a->nparts - b->nparts;
}


static int
lists(const rule_t *rule, const char *method)
{
    return strcmp(rule->methods, "any") != 0
           && (routes_methods(rule->methods) & routes_methods(method)) != 0;
}


static int
is_duplicate(const rule_t *rules, int n, const rule_t *rule)
{
    int  i, any;

    any = (strcmp(rule->methods, "any") == 0);

    for (i = 0; i < n; i++) {

        if (rule_cmp(&rules[i], rule) != 0) {
            continue;
        }

        if (any ? strcmp(rules[i].methods, "any") == 0
                : lists(&rules[i], rule->methods))
        {
            return 1;
        }
    }

    return 0;
}


/* how well a rule takes the method, of the rules of one pattern */

static int
fits(const rule_t *rule, const char *method)
{
    if (lists(rule, method)) {
        return 3;
    }

    if (strcmp(method, "HEAD") == 0 && lists(rule, "GET")) {
        return 2;
    }

    return strcmp(rule->methods, "any") == 0;
}


/* the line of the winner, 0 for 404; < 0: the methods of a 405 */

static int
judge(const rule_t *rules, int n, const char *method, const char *path)
{
    int            i, rc, allow;
    const rule_t  *best;

    best = NULL;
    allow = 0;

    for (i = 0; i < n; i++) {

        if (!rule_matches(&rules[i], path)) {
            continue;
        }

        if (fits(&rules[i], method) == 0) {
            allow |= (int) routes_methods(rules[i].methods);
            allow |= lists(&rules[i], "GET") ? NGX_HTTP_HEAD : 0;
            continue;
        }

        rc = best ? rule_cmp(&rules[i], best) : -1;

        if (rc < 0
            || (rc == 0 && fits(&rules[i], method) > fits(best, method)))
        {
            best = &rules[i];
        }
    }

    return best ? (int) best->line : -allow;
}


static int
ask(routes_t *routes, const char *method, const char *path)
{
    ngx_int_t            rc;
    ngx_str_t            uri;
    civic_route_match_t  match;

    uri.data = (u_char *) path;
    uri.len = strlen(path);

    rc = civic_route_table_find(routes->table, &uri, routes_methods(method),
                                &match);

    assert_int_not_equal(rc, NGX_ERROR);

    if (rc == NGX_OK) {
        return (int) match.route->pos.line;
    }

    return (rc == NGX_DECLINED) ? 0 : -(int) match.allow;
}


static void
check_path(routes_t *routes, routes_t *reversed, const rule_t *rules, int n)
{
    int          i, expected, found, line;
    char         path[64];
    const char  *method;

    static const char  *asked[] = { "GET", "POST", "HEAD", "PUT", "BREW" };

    path[0] = '\0';

    for (i = choose(ORACLE_SEGMENTS); i >= 0; i--) {
        strcat(path, "/");
        strcat(path, pieces[choose(i ? 10 : 11)]);
    }

    method = asked[choose(5)];

    expected = judge(rules, n, method, path);
    found = ask(routes, method, path);

    /* in the other table lines count from the end */

    line = ask(reversed, method, path);
    line = (line > 0) ? (int) rules[n - line].line : line;

    if (found == expected && line == expected) {
        return;
    }

    for (i = 0; i < n; i++) {
        print_error("%d: %s %s\n", (int) rules[i].line, rules[i].methods,
                    rules[i].text);
    }

    fail_msg("%s %s: %d, reversed %d, not %d", method, path, found, line,
             expected);
}


static void
a_random_table_answers_as_defined_in_any_order(void **state)
{
    int         i, n, table;
    rule_t      rules[ORACLE_ROUTES];
    routes_t    routes, reversed;
    ngx_int_t   rc;

    for (table = 0; table < ORACLE_TABLES; table++) {

        routes_open(&routes);
        routes_open(&reversed);

        n = 0;

        for (i = 0; i < ORACLE_ROUTES; i++) {
            make_rule(&rules[n], (ngx_uint_t) i + 1);

            rc = routes_add(&routes, rules[n].methods, rules[n].text);

            if (is_duplicate(rules, n, &rules[n])) {
                assert_int_equal(rc, NGX_ERROR);

            } else {
                assert_int_equal(rc, NGX_OK);
                n++;
            }
        }

        for (i = n - 1; i >= 0; i--) {
            assert_int_equal(routes_add(&reversed, rules[i].methods,
                                        rules[i].text),
                             NGX_OK);
        }

        routes_compile(&routes);
        routes_compile(&reversed);

        for (i = 0; i < ORACLE_PATHS; i++) {
            check_path(&routes, &reversed, rules, n);
        }

        routes_close(&routes);
        routes_close(&reversed);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_random_table_answers_as_defined_in_any_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
