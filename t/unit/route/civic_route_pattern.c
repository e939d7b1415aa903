/* sources: t/unit/route/routes.c src/route/civic_route_table.c
 * src/route/civic_route_radix.c src/route/civic_route_regex.c
 * src/route/civic_route_segment.c src/route/civic_route_pattern.c
 * src/route/civic_route_methods.c src/pcre/civic_pcre.c
 * src/route/civic_route_syntax.c src/civic_error.c
 * src/route/civic_route_packed.c */

/*
 * Copyright (C) Civic Gate
 *
 * What is refused, or warned of, when a route is added.
 */


#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "routes.h"


typedef struct {
    const char  *pattern;
    const char  *error;                /* a part of it */
} case_t;


/* each pattern alone in a table: `rc`, and a sentence with these words */

static void
check(const case_t *cases, const char *prefix, ngx_int_t rc)
{
    routes_t  routes;

    for ( /* void */ ; cases->pattern; cases++) {
        routes_open(&routes);

        if (routes_add_in(&routes, prefix, "GET", cases->pattern) != rc) {
            fail_msg("%s: another code than %d", cases->pattern, (int) rc);
        }

        if (strstr(routes.error, cases->error) == NULL) {
            fail_msg("%s: \"%s\" lacks \"%s\"", cases->pattern, routes.error,
                     cases->error);
        }

        routes_close(&routes);
    }
}


static void
invalid_patterns_are_refused_with_a_sentence(void **state)
{
    static const case_t  cases[] = {
        { "", "must begin with \"/\" or \"~^\"" },
        { "a", "must begin with \"/\" or \"~^\"" },
        { "{a}", "must begin with \"/\" or \"~^\"" },
        { "/a}", "has a \"}\" without \"{\"" },
        { "/{a}}", "has a \"}\" without \"{\"" },
        { "/{", "has an invalid parameter at \"{\"" },
        { "/{}", "has an invalid parameter at \"{}\"" },
        { "/{a", "has an invalid parameter at \"{a\"" },
        { "/{a:}", "has an invalid parameter at \"{a:}\"" },
        { "/{1a}", "has an invalid parameter at \"{1a}\"" },
        { "/{-a}", "has an invalid parameter at \"{-a}\"" },
        { "/{a b}/c", "has an invalid parameter at \"{a b}/c\"" },
        { "/{...}", "has an invalid parameter at \"{...}\"" },
        { "/{a..}", "has an invalid parameter at \"{a..}\"" },
        { "/{a...", "has an invalid parameter at \"{a...\"" },
        { "/{a}{b}", "no text between them" },
        { "/x{a:b}{c}", "no text between them" },
        { "/{a}-{a}", "two parameters of the name \"a\"" },
        { "/{a}/{a...}", "two parameters of the name \"a\"" },
        { "/x{a...}", "\"{a...}\" must follow a \"/\" and end" },
        { "/{a...}/x", "\"{a...}\" must follow a \"/\" and end" },
        { "/{a...}x", "\"{a...}\" must follow a \"/\" and end" },
        { "/{a:b", "does not end: it has no closing brace" },
        { "/{a:[0-9}", "does not end: a character class is not closed" },
        { "/{a:x{2}", "does not end: it has no closing brace" },
        { "/{a:\\Qx}", "does not end: \"\\Q\" has no \"\\E\"" },
        { "/{a:x\\}", "does not end: it has no closing brace" },
        { "/{a:x\\", "does not end: it ends with an unfinished \"\\\"" },
        { "/{a:(?#}", "does not end: a comment is not closed" },
        { "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}/{j}/{k}/{l}/{m}/{n}/{o}"
          "/{p}/{q}", "more than 16 parameters" },
        { "/x{a}x/x{b}x/x{c}x/x{d}x/x{e}x/x{f}x/x{g}x/x{h}x/x{i}x/x{j}x"
          "/x{k}x/x{l}x/x{m}x/x{n}x/x{o}x/x{p}x/x{q}x",
          "more than 16 parameters" },
        { NULL, NULL }
    };

    check(cases, NULL, NGX_ERROR);
}


static void
constraints_that_could_break_out_are_refused(void **state)
{
    static const case_t  cases[] = {
        { "/{a:(}", "missing closing parenthesis at byte 1" },
        { "/{a:)}", "unmatched closing parenthesis" },
        { "/{a:x)|(?:y}", "unmatched closing parenthesis" },
        { "/{a:*}", "quantifier does not follow a repeatable item" },
        { "/{a:(?<n>x)}", "its groups may not capture" },
        { "/{a:(?-n)(x)}", "its groups may not capture" },
        { "/{a}-{b:\\k<p0>}", "is invalid: " },
        { "/{a:(*ACCEPT)}", "verbs" },
        { "/{a:(*UTF)x}", "verbs" },
        { "/{a:x\\E}", "\"\\E\" has no \"\\Q\"" },
        { "/{a:[x\\Q]\\E]}", "not supported in a class" },
        { "/{a:(?x)b #}", "extended mode" },
        { "/{a:(?i-sx:b)}", "extended mode" },
        { "/{a:(?R)?}", "recursion" },
        { "/{a:(?0)?}", "recursion" },
        { "/{a:(?-1)?}", "recursion" },
        { "/{a:(?&p0)}", "recursion" },
        { "/{a:(?P>p0)}", "calls of groups" },
        { "/{a:\\g<0>?}", "calls of groups" },
        { "/{a:(x)\\1}", "references by number" },
        { "/{a:(x)\\g{-1}}", "references by number" },
        { "/{a:(x)\\g1}", "references by number" },
        { "/{a:(?|(x)|(y))}", "groups that share numbers" },
        { "/{a:(?(DEFINE)x)}", "conditions" },
        { "/{a:(?C1)x}", "callouts" },
        { NULL, NULL }
    };

    check(cases, NULL, NGX_ERROR);
}


static void
braces_and_slashes_inside_a_constraint_are_its_own(void **state)
{
    routes_t     routes;
    ngx_uint_t   i;

    static const struct {
        const char  *pattern;
        const char  *path;
        const char  *value;
    } cases[] = {
        { "/{a:[0-9]{4}}", "/2024", "2024" },
        { "/{a:[^}]+x}", "/bx", "bx" },
        { "/{a:[]}]+}", "/]}", "]}" },
        { "/{a:[[:digit:]}]+}", "/1}", "1}" },
        { "/{a:\\}+}", "/}}", "}}" },
        { "/{a:\\Q}{\\E}", "/}{", "}{" },
        { "/{a:[^/]{2}}", "/xy", "xy" },
        { "/{a:(?:x/|y)+}", "/yy", "yy" },
        { "/{a:\\x{41}}", "/A", "A" },
        { "/{a:(?#}{)x}", "/x", "x" },
        { "/{a:[(*]+}", "/(*", "(*" },
        { "/{a:\\(\\*+}", "/(**", "(**" },
        { "/{a:(x|y)z}", "/yz", "yz" },
        { NULL, NULL, NULL }
    };

    for (i = 0; cases[i].pattern; i++) {
        routes_open(&routes);

        if (routes_add(&routes, "GET", cases[i].pattern) != NGX_OK) {
            fail_msg("%s: %s", cases[i].pattern, routes.error);
        }

        routes_compile(&routes);

        assert_string_equal(strstr(routes_find(&routes, "GET",
                                               cases[i].path), " a=") + 3,
                            cases[i].value);
        routes_close(&routes);
    }
}


static void
patterns_that_can_never_match_are_warned_of(void **state)
{
    static const case_t  cases[] = {
        { "//", "nginx merges \"//\"" },
        { "/a//b", "nginx merges \"//\"" },
        { "/a//{b}", "nginx merges \"//\"" },
        { "/{a}//{b...}", "nginx merges \"//\"" },
        { "/.", "nginx resolves" },
        { "/a/./b", "nginx resolves" },
        { "/a/../{b}", "nginx resolves" },
        { "/{b}/..", "nginx resolves" },
        { "/a\tb", "a control byte" },
        { "/a\x7f", "a control byte" },
        { "/{a}\\x", "a control byte or \"\\\"" },
        { NULL, NULL }
    };

    static const case_t  sound[] = {
        { "/", "" },
        { "/a/", "" },
        { "/{a}/", "" },
        { "/a/...", "" },
        { "/.well-known/{a}", "" },
        { "/a/.{b}", "" },
        { "/a/{b}..", "" },
        { "/..a/b..", "" },
        { "/a%2Fb", "" },
        { "/\xe7\xa6\x8f\xe5\xbb\xba", "" },
        { NULL, NULL }
    };

    check(cases, NULL, NGX_DECLINED);
    check(sound, NULL, NGX_OK);
}


static void
a_pattern_begins_with_its_locations_name(void **state)
{
    static const case_t  refused[] = {
        { "/v1.0", "must begin with its location's name, \"/v1.0/\"" },
        { "/v1/x", "as plain text" },
        { "/{a}/x", "as plain text" },
        { "/v{a}/x", "as plain text" },
        { "~^/v1.0/x", "as plain text after \"~^\"" },
        { "~^/v1\\.0", "as plain text after \"~^\"" },
        { "~^/v1\\.0/?x", "as plain text after \"~^\"" },
        { "~^/v1\\.0/{2}", "as plain text after \"~^\"" },
        { "~^(?:/v1\\.0/)x", "as plain text after \"~^\"" },
        { "~^(?i)/v1\\.0/x", "as plain text after \"~^\"" },
        { "~^/\\v1\\.0/x", "as plain text after \"~^\"" },
        { "~^/v[1]\\.0/x", "as plain text after \"~^\"" },
        { NULL, NULL }
    };

    static const case_t  taken[] = {
        { "/v1.0/", "" },
        { "/v1.0/{a}", "" },
        { "/v1.0/x{a}", "" },
        { "~^/v1\\.0/", "" },
        { "~^\\/v1\\.0\\/(?<a>x)", "" },
        { NULL, NULL }
    };

    check(refused, "/v1.0/", NGX_ERROR);
    check(taken, "/v1.0/", NGX_OK);
}


static void
expressions_that_cannot_share_a_pattern_are_refused(void **state)
{
    static const case_t  cases[] = {
        { "~", "must begin with \"~^\"" },
        { "~/a", "must begin with \"~^\"" },
        { "~*^/a", "must begin with \"~^\"" },
        { "~^/(", "missing closing parenthesis" },
        { "~^/a)|(?:b", "unmatched closing parenthesis" },
        { "~^/[", "a character class is not closed" },
        { "~^/\\", "unfinished \"\\\"" },
        { "~^/\\Qa", "\"\\Q\" has no \"\\E\"" },
        { "~^/(?<a>x)\\1", "references by number" },
        { "~^/(?<a>x)\\g{1}", "references by number" },
        { "~^/(?1)(?<a>x)", "recursion" },
        { "~^/(?+1)(?<a>x)", "recursion" },
        { "~^/(?R)?", "recursion" },
        { "~^/(?<a>x)(?&a)", "recursion" },
        { "~^/(?<a>x)(?P>a)", "calls of groups" },
        { "~^/(?<a>x)\\g'a'", "calls of groups" },
        { "~^/(*COMMIT)a", "verbs" },
        { "~^/(*MARK:1)a", "verbs" },
        { "~^/a(?C)", "callouts" },
        { "~^/(?<a>x)?(?(<a>)y)", "conditions" },
        { "~^/(?J)(?<a>x)|(?<a>y)", "several groups of one name" },
        { "~^/(?<a>x)|(?<a>y)", "two named subpatterns have the same name" },
        { "~^/(?<a>)(?<b>)(?<c>)(?<d>)(?<e>)(?<f>)(?<g>)(?<h>)(?<i>)(?<j>)"
          "(?<k>)(?<l>)(?<m>)(?<n>)(?<o>)(?<p>)(?<q>)",
          "more than 16 groups" },
        { NULL, NULL }
    };

    check(cases, NULL, NGX_ERROR);
}


static void
patterns_longer_than_1024_bytes_are_refused(void **state)
{
    char    pattern[1026];
    case_t  cases[2];

    memset(cases, 0, sizeof(cases));
    memset(pattern, 'a', 1025);
    pattern[0] = '/';
    pattern[1025] = '\0';

    cases[0].pattern = pattern;
    cases[0].error = "longer than 1024 bytes";

    check(cases, NULL, NGX_ERROR);

    pattern[0] = '~';
    pattern[1] = '^';

    check(cases, NULL, NGX_ERROR);

    pattern[1024] = '\0';
    cases[0].error = "";

    check(cases, NULL, NGX_OK);

    pattern[0] = '/';

    check(cases, NULL, NGX_OK);
}


static void
a_refused_route_leaves_the_table_as_it_was(void **state)
{
    routes_t  routes;

    routes_open(&routes);

    assert_int_equal(routes_add(&routes, "GET", "/a/{b}/{c:(}"), NGX_ERROR);
    assert_int_equal(routes_add(&routes, "GET", "~^/("), NGX_ERROR);
    assert_int_equal(routes_add(&routes, "GET", "/a/{x...}"), NGX_OK);
    routes_compile(&routes);

    assert_string_equal(routes_find(&routes, "GET", "/a/b/("),
                        "/a/{x...} x=b/(");

    routes_close(&routes);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(invalid_patterns_are_refused_with_a_sentence),
        cmocka_unit_test(constraints_that_could_break_out_are_refused),
        cmocka_unit_test(braces_and_slashes_inside_a_constraint_are_its_own),
        cmocka_unit_test(patterns_that_can_never_match_are_warned_of),
        cmocka_unit_test(a_pattern_begins_with_its_locations_name),
        cmocka_unit_test(expressions_that_cannot_share_a_pattern_are_refused),
        cmocka_unit_test(patterns_longer_than_1024_bytes_are_refused),
        cmocka_unit_test(a_refused_route_leaves_the_table_as_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
