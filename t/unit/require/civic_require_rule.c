/* sources: src/require/civic_require_rule.c src/require/civic_require_value.c src/source/civic_source_parse.c src/json/civic_json.c */

/*
 * Copyright (C) Civic Gate
 */


#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>

#include "civic_require_rule.h"
#include "stub_nginx.h"


static ngx_pool_t  *rule_pool;
static ngx_str_t    rule_err;


static int
rule_setup(void **state)
{
    rule_pool = ngx_create_pool(4096, NULL);

    return rule_pool ? 0 : -1;
}


static int
rule_teardown(void **state)
{
    ngx_destroy_pool(rule_pool);

    return 0;
}


static civic_require_rule_t *
parse(const char *text)
{
    ngx_str_t  line;

    line.data = (u_char *) text;
    line.len = ngx_strlen(text);

    return civic_require_rule_parse_text(&line, rule_pool, &rule_err);
}


static void
assert_str(const ngx_str_t *value, const char *text)
{
    assert_int_equal(value->len, ngx_strlen(text));
    assert_memory_equal(value->data, text, value->len);
}


static void
a_line_is_one_test(void **state)
{
    ngx_uint_t             i;
    civic_require_rule_t  *rule;

    static const struct {
        const char  *text;
        ngx_uint_t   what;
        ngx_uint_t   op;
        ngx_uint_t   values;
    } lines[] = {
        { "scope=a", CIVIC_REQUIRE_SCOPE, CIVIC_REQUIRE_EQ, 1 },
        { "scope=a:b,c", CIVIC_REQUIRE_SCOPE, CIVIC_REQUIRE_EQ, 2 },
        { "scope=claim.read", CIVIC_REQUIRE_SCOPE, CIVIC_REQUIRE_EQ, 1 },
        { "role=officer,\xe5\x8c\xbb\xe7\x94\x9f", CIVIC_REQUIRE_ROLE,
          CIVIC_REQUIRE_EQ, 2 },
        { "level>=2", CIVIC_REQUIRE_LEVEL, CIVIC_REQUIRE_GE, 1 },
        { "level=urn:loa:2,urn:loa:3", CIVIC_REQUIRE_LEVEL,
          CIVIC_REQUIRE_EQ, 2 },
        { "app=his-2,lab", CIVIC_REQUIRE_APP, CIVIC_REQUIRE_EQ, 2 },
        { "issuer=citizens", CIVIC_REQUIRE_ISSUER, CIVIC_REQUIRE_EQ, 1 },
        { "claim.a=x,y,z", CIVIC_REQUIRE_SOURCE, CIVIC_REQUIRE_EQ, 3 },
        { "claim.a!=x", CIVIC_REQUIRE_SOURCE, CIVIC_REQUIRE_NE, 1 },
        { "claim.a>=2", CIVIC_REQUIRE_SOURCE, CIVIC_REQUIRE_GE, 1 },
        { "claim.a<=-2.5", CIVIC_REQUIRE_SOURCE, CIVIC_REQUIRE_LE, 1 },
        { "claim.a>2", CIVIC_REQUIRE_SOURCE, CIVIC_REQUIRE_GT, 1 },
        { "claim.a<2", CIVIC_REQUIRE_SOURCE, CIVIC_REQUIRE_LT, 1 },
        { "query.kind=open", CIVIC_REQUIRE_SOURCE, CIVIC_REQUIRE_EQ, 1 },
    };

    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        rule = parse(lines[i].text);
        assert_non_null(rule);
        assert_int_equal(rule->what, lines[i].what);
        assert_int_equal(rule->op, lines[i].op);
        assert_int_equal(rule->values->nelts, lines[i].values);
        assert_null(rule->roles);
    }
}


static void
sources_stand_where_they_belong(void **state)
{
    civic_require_rule_t  *rule;

    rule = parse("region=query.region");
    assert_non_null(rule);
    assert_int_equal(rule->what, CIVIC_REQUIRE_REGION);
    assert_int_equal(rule->source.from, CIVIC_SOURCE_QUERY);
    assert_str(&rule->source.name, "region");

    rule = parse("param.patient=claim.sub");
    assert_non_null(rule);
    assert_int_equal(rule->source.from, CIVIC_SOURCE_PARAM);
    assert_str(&rule->source.name, "patient");
    assert_str(&rule->claim.name, "sub");
    assert_null(rule->values);

    rule = parse("claim.https://id.cn/c.level>=2");
    assert_non_null(rule);
    assert_str(&rule->source.name, "https://id.cn/c.level");
    assert_true(rule->numbers[0] == 2);

    rule = parse("claim.a=2,x");
    assert_non_null(rule);
    assert_true(rule->numbers[0] == 2);
    assert_true(isnan(rule->numbers[1]));
}


static void
for_says_whom_it_concerns(void **state)
{
    civic_require_rule_t  *rule;

    rule = parse("for=officers,heads region=query.region");
    assert_non_null(rule);
    assert_int_equal(rule->what, CIVIC_REQUIRE_REGION);
    assert_int_equal(rule->roles->nelts, 2);
    assert_str(rule->roles->elts, "officers");

    rule = parse("scope=a for=officers");
    assert_non_null(rule);
    assert_int_equal(rule->roles->nelts, 1);
}


static void
challenges_are_ready(void **state)
{
    civic_require_rule_t  *rule;

    rule = parse("scope=a,b:c");
    assert_str(&rule->challenge,
               "Bearer error=\"insufficient_scope\", scope=\"a b:c\"");

    rule = parse("level>=2");
    assert_str(&rule->challenge,
               "Bearer error=\"insufficient_user_authentication\", "
               "acr_values=\"2\"");

    rule = parse("role=a");
    assert_int_equal(rule->challenge.len, 0);
}


static void
whatever_else_is_an_error(void **state)
{
    ngx_uint_t          i;
    static const char  *lines[] = {
        "", " ", "scope", "scope=", "scope=,", "scope=a,", "scope=,a",
        "scope=a,,b", "scope!=a", "scope>=a", "scope=a\"", "scope=a\\",
        "scope=\xe5\x8c\xbb", "=a", "!=a", ">=2",
        "role=", "role=a,", "role!=a", "role=\x01", "role=\xff",
        "level>2", "level<2", "level!=2", "level<=2", "level>=two",
        "level>=2,3", "level=", "level=a\"",
        "app=a b", "app=a.b", "app!=a", "issuer=a/b", "issuer>=1",
        "region=350400", "region=", "region!=query.a", "region=query.",
        "region=query.a,query.b", "region=body.a",
        "claim.=a", "claim=a", "claim..a=1", "claim.a.=1", "claim.a",
        "claim.a=", "claim.a>=x", "claim.a>=", "claim.a>=1,2",
        "claim.a=query.b", "claim.a=param.b", "claim.a=header.b",
        "claim.a=cookie.b", "claim.a=claim.", "claim.a>=01",
        "query.=a", "query.a[]=b", "query.a%5b=b", "query.a+b=c",
        "header.X_Y=a", "header.=a", "cookie.a;b=c", "param.a.b=c",
        "body.a=b", "Scope=a", "scope=a scope=b", "scope=a role=b",
        "for=a", "for=a for=b scope=c", "for= scope=a", "for!=a scope=b",
        "scope=a  for=b", "scope=a for=b x", " scope=a", "scope=a ",
        "off", "on", "a b c d e f"
    };

    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        rule_err.len = 0;

        if (parse(lines[i]) != NULL) {
            fail_msg("accepted: \"%s\"", lines[i]);
        }

        assert_int_not_equal(rule_err.len, 0);
    }
}


static void
a_parameter_that_a_route_lacks(void **state)
{
    civic_require_rule_t  *rule;

    static const ngx_str_t  params[] = {
        ngx_string("study"), ngx_string("region")
    };

    rule = parse("region=param.region");
    assert_null(civic_require_rule_lacks(rule, params, 2));
    assert_str(civic_require_rule_lacks(rule, params, 1), "region");

    rule = parse("param.study=claim.study");
    assert_null(civic_require_rule_lacks(rule, params, 2));
    assert_str(civic_require_rule_lacks(rule, params, 0), "study");

    rule = parse("query.region=1");
    assert_null(civic_require_rule_lacks(rule, params, 0));

    rule = parse("scope=a");
    assert_null(civic_require_rule_lacks(rule, params, 0));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        { "a line is one test", a_line_is_one_test, NULL, NULL, NULL },
        { "sources stand where they belong",
          sources_stand_where_they_belong, NULL, NULL, NULL },
        { "for says whom it concerns",
          for_says_whom_it_concerns, NULL, NULL, NULL },
        { "challenges are ready", challenges_are_ready, NULL, NULL, NULL },
        { "whatever else is an error",
          whatever_else_is_an_error, NULL, NULL, NULL },
        { "a parameter that a route lacks",
          a_parameter_that_a_route_lacks, NULL, NULL, NULL },
    };

    return cmocka_run_group_tests(tests, rule_setup, rule_teardown);
}
