/* sources: src/manifest/civic_plugin_errors.c src/manifest/civic_plugin_manifest.c src/manifest/civic_plugin_manifest_config.c src/manifest/civic_plugin_manifest_needs.c src/manifest/civic_plugin_manifest_read.c src/manifest/civic_plugin_manifest_route.c src/manifest/civic_plugin_query.c src/openapi/civic_openapi.c src/openapi/civic_openapi_operation.c src/openapi/civic_openapi_schema.c src/openapi/civic_openapi_security.c src/schema/civic_schema_argument.c src/schema/civic_schema_array.c src/schema/civic_schema_check.c src/schema/civic_schema_compile.c src/schema/civic_schema_format.c src/schema/civic_schema_keyword.c src/schema/civic_schema_logic.c src/schema/civic_schema_object.c src/schema/civic_schema_scalar.c src/pcre/civic_pcre.c src/json/civic_json.c src/require/civic_require_rule.c src/require/civic_require_value.c src/source/civic_source_parse.c src/civic_error.c src/route/civic_route_methods.c src/route/civic_route_packed.c src/route/civic_route_pattern.c src/route/civic_route_radix.c src/route/civic_route_regex.c src/route/civic_route_segment.c src/route/civic_route_syntax.c src/route/civic_route_table.c src/json/civic_value.c src/json/civic_value_json.c src/json/civic_value_number.c */

/*
 * Copyright (C) Civic Gate
 */


#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "civic_openapi.h"
#include "civic_plugin_query.h"
#include "stub_nginx.h"


#define MANIFEST                                                              \
    "{\"title\":{\"zh\":\"x\",\"en\":\"y\"},\"version\":\"1.0.0\","           \
    "\"prefix\":[\"/a/v1\",\"/fhir\"],"                                       \
    "\"config\":{\"n\":{\"type\":\"integer\",\"default\":30},"                \
    "\"s\":{\"type\":\"string\"}},"                                           \
    "\"routes\":{\"GET /x\":{\"auth\":[\"c\",\"optional\"],\"run\":\"f\","    \
    "\"query\":{\"type\":\"object\",\"properties\":{"                         \
    "\"s\":{\"type\":\"string\",\"maxLength\":3},"                            \
    "\"n\":{\"type\":\"integer\"},\"r\":{\"type\":\"number\"},"               \
    "\"b\":{\"type\":\"boolean\"},"                                           \
    "\"l\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}}}},"         \
    "\"POST /fhir/{id}\":{\"auth\":[\"public\"],\"run\":\"g\","               \
    "\"once\":true,\"max_body\":\"2k\",\"timeout\":\"150ms\"}},"              \
    "\"schedule\":[{\"run\":\"h\",\"at\":\"06:30\"}]}"


static ngx_pool_t             *manifest_pool;
static civic_plugin_errors_t   manifest_errors;


static int
manifest_setup(void **state)
{
    manifest_pool = ngx_create_pool(4096, NULL);

    return civic_plugin_errors_init(&manifest_errors, manifest_pool) == NGX_OK
           ? 0 : -1;
}


static int
manifest_teardown(void **state)
{
    ngx_destroy_pool(manifest_pool);

    return 0;
}


static civic_plugin_manifest_t *
manifest_parse(const char *json)
{
    ngx_str_t  text;

    text.data = (u_char *) json;
    text.len = ngx_strlen(json);

    return civic_plugin_manifest_parse(&text, manifest_pool,
                                       &manifest_errors);
}


static void
routes_hang_below_the_first_prefix_unless_they_begin_with_one(void **state)
{
    civic_plugin_manifest_t    *manifest;
    civic_plugin_schedule_t    *schedule;
    civic_plugin_route_spec_t  *spec;

    manifest = manifest_parse(MANIFEST);
    assert_non_null(manifest);

    spec = manifest->routes.elts;

    assert_int_equal(manifest->routes.nelts, 2);
    assert_memory_equal(spec[0].pattern.data, "/a/v1/x", 7);
    assert_int_equal(spec[0].pattern.len, 7);
    assert_int_equal(spec[0].optional, 1);
    assert_int_equal(spec[0].auth.nelts, 1);
    assert_memory_equal(spec[1].pattern.data, "/fhir/{id}", 10);
    assert_int_equal(spec[1].pattern.len, 10);
    assert_int_equal(spec[1].pub, 1);
    assert_int_equal(spec[1].auth.nelts, 0);
    assert_int_equal(spec[1].max_body, 2048);
    assert_int_equal(spec[1].timeout, 150);

    schedule = manifest->schedule.elts;
    assert_int_equal(schedule->at, 390);
}


static const char *
manifest_query(const char *query)
{
    ngx_int_t                 rc;
    ngx_str_t                 args, text;
    const char               *why;
    civic_value_t             value;
    civic_schema_error_t      err;
    civic_plugin_manifest_t  *manifest;

    static char  buf[512];

    manifest = manifest_parse(MANIFEST);

    args.data = (u_char *) query;
    args.len = ngx_strlen(query);

    rc = civic_plugin_query(&args, manifest->routes.elts, manifest_pool,
                            &value, &err);

    if (rc == NGX_OK
        && civic_value_to_json(&value, manifest_pool, 512, &text, &why)
           == NGX_OK)
    {
        (void) snprintf(buf, sizeof(buf), "%.*s", (int) text.len, text.data);

    } else {
        (void) snprintf(buf, sizeof(buf), "%s %s", err.pointer, err.message);
    }

    return buf;
}


static void
a_query_has_the_types_that_are_declared(void **state)
{
    assert_string_equal(manifest_query("s=a%2Bb&"), "{\"s\":\"a+b\"}");
    assert_string_equal(manifest_query("s=1+2"), "{\"s\":\"1 2\"}");
    assert_string_equal(manifest_query("n=-12"), "{\"n\":-12}");
    assert_string_equal(manifest_query("r=1.5"), "{\"r\":1.5}");
    assert_string_equal(manifest_query("b=true"), "{\"b\":true}");
    assert_string_equal(manifest_query("l=1"), "{\"l\":[1]}");
    assert_string_equal(manifest_query("l=1&%6c=2"), "{\"l\":[1,2]}");
    assert_string_equal(manifest_query("s"), "{\"s\":\"\"}");
}


static void
a_query_that_is_not_declared_so_is_refused(void **state)
{
    assert_string_equal(manifest_query("t=1"), "/t is not known here");
    assert_string_equal(manifest_query("n=1&n=2"), "/n comes more than once");
    assert_string_equal(manifest_query("n=1.5"), "/n must be an integer");
    assert_string_equal(manifest_query("n=0x10"), "/n must be an integer");
    assert_string_equal(manifest_query("n=99999999999999999999"),
                        "/n is too large");
    assert_string_equal(manifest_query("n=9007199254740993"),
                        " a number is too large to be exact");
    assert_string_equal(manifest_query("r=inf"), "/r must be a number");
    assert_string_equal(manifest_query("r=1e999"), "/r is too large");
    assert_string_equal(manifest_query("b=1"), "/b must be true or false");
    assert_string_equal(manifest_query("l=1&l=x"), "/l must be an integer");
    assert_string_equal(manifest_query("s=abcd"),
                        "/s must have at most 3 characters");
    assert_string_equal(manifest_query("s=%4"), " is not properly encoded");
    assert_string_equal(manifest_query("s=%00"), " is not properly encoded");
    assert_string_equal(manifest_query("s=%ff"), " is not UTF-8");
}


static void
settings_are_filled_and_checked(void **state)
{
    double                    n;
    ngx_str_t                 text;
    civic_value_t             config;
    civic_plugin_manifest_t  *manifest;

    manifest = manifest_parse(MANIFEST);

    ngx_str_set(&text, "{\"s\":\"x\"}");
    assert_int_equal(civic_plugin_manifest_config(manifest, &text,
                                                  manifest_pool, &config,
                                                  &manifest_errors),
                     NGX_OK);
    assert_int_equal(civic_value_number(civic_value_member(&config, "n"),
                                        &n), NGX_OK);
    assert_true(n == 30);

    ngx_str_set(&text, "{\"s\":1,\"t\":2}");
    assert_int_equal(civic_plugin_manifest_config(manifest, &text,
                                                  manifest_pool, &config,
                                                  &manifest_errors),
                     NGX_ERROR);
    assert_int_equal(civic_plugin_manifest_config(manifest, NULL,
                                                  manifest_pool, &config,
                                                  &manifest_errors),
                     NGX_ERROR);
    assert_int_equal(manifest_errors.list.nelts, 2);
}


static void
each_allocation_that_fails_is_an_error(void **state)
{
    ngx_int_t                 n;
    ngx_str_t                 text;
    ngx_array_t               issuers;
    civic_openapi_plugin_t    plugin;
    civic_plugin_manifest_t  *manifest;

    for (n = 0; ; n++) {

        (void) manifest_teardown(NULL);
        (void) manifest_setup(NULL);

        stub_nginx_allocations = n;
        manifest = manifest_parse(MANIFEST);
        stub_nginx_allocations = -1;

        if (manifest) {
            break;
        }
    }

    assert_true(n > 20);

    (void) ngx_array_init(&issuers, manifest_pool, 1, sizeof(ngx_str_t));
    ngx_str_set(&plugin.name, "a/b");
    plugin.manifest = manifest;

    for (n = 0; n < 100; n++) {
        stub_nginx_allocations = n;

        if (civic_openapi(&plugin, 1, &issuers, manifest_pool, &text)
            == NGX_OK)
        {
            break;
        }
    }

    stub_nginx_allocations = -1;
    assert_true(n < 100);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(
            routes_hang_below_the_first_prefix_unless_they_begin_with_one,
            manifest_setup, manifest_teardown),
        cmocka_unit_test_setup_teardown(
            a_query_has_the_types_that_are_declared,
            manifest_setup, manifest_teardown),
        cmocka_unit_test_setup_teardown(
            a_query_that_is_not_declared_so_is_refused,
            manifest_setup, manifest_teardown),
        cmocka_unit_test_setup_teardown(
            settings_are_filled_and_checked,
            manifest_setup, manifest_teardown),
        cmocka_unit_test_setup_teardown(
            each_allocation_that_fails_is_an_error,
            manifest_setup, manifest_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
