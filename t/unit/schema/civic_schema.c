/* sources: src/schema/civic_schema_argument.c
 * src/schema/civic_schema_array.c src/schema/civic_schema_check.c
 * src/schema/civic_schema_compile.c src/schema/civic_schema_format.c
 * src/schema/civic_schema_keyword.c src/schema/civic_schema_logic.c
 * src/schema/civic_schema_object.c src/schema/civic_schema_scalar.c
 * src/pcre/civic_pcre.c src/civic_json.c */

/*
 * Copyright (C) Civic Gate
 */


#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "civic_schema.h"
#include "stub_nginx.h"


static civic_json_t *
schema_json(const char *text)
{
    char           err[256];
    ngx_str_t      json;
    civic_json_t  *value;

    json.data = (u_char *) text;
    json.len = ngx_strlen(text);

    value = civic_json_parse(&json, 1024 * 1024, err, sizeof(err));

    if (value == NULL) {
        fail_msg("%s: %s", err, text);
    }

    return value;
}


/* what is wrong: "POINTER KEYWORD SENTENCE", or "ok" */

static const char *
schema_judge(const char *schema, const char *value)
{
    ngx_pool_t            *pool;
    civic_json_t          *root, *json;
    civic_schema_t        *compiled;
    civic_schema_error_t   err;

    static char  text[1024];

    pool = ngx_create_pool(4096, NULL);
    root = schema_json(schema);
    json = schema_json(value);

    compiled = civic_schema_compile(root, root, pool, &err);

    if (compiled && civic_schema_check(compiled, json, &err) == NGX_OK) {
        (void) snprintf(text, sizeof(text), "ok");

    } else {
        (void) snprintf(text, sizeof(text), "%s%s %s %s",
                        compiled ? "" : "schema: ", err.pointer, err.keyword,
                        err.message);
    }

    civic_json_free(json);
    civic_json_free(root);
    ngx_destroy_pool(pool);

    return text;
}


static void
an_error_names_the_place_the_keyword_and_the_reason(void **state)
{
    const char  *schema;

    schema = "{\"type\":\"object\",\"required\":[\"a\"],\"properties\":"
             "{\"a/b\":{\"items\":{\"type\":\"integer\"}}},"
             "\"additionalProperties\":{\"maxLength\":2}}";

    assert_string_equal(schema_judge(schema, "{}"),
                        " required \"a\" is missing");
    assert_string_equal(schema_judge(schema, "{\"a\":1,\"a/b\":[1,\"x\"]}"),
                        "/a~1b/1 type must be of type integer, and is a "
                        "string");
    assert_string_equal(schema_judge(schema, "{\"a\":\"\u4e2d\u6587\u5b57\"}"),
                        "/a maxLength must have at most 2 characters");
    assert_string_equal(schema_judge(schema, "{\"a\":\"\u4e2d\u6587\"}"),
                        "ok");
}


static void
a_schema_that_is_not_understood_is_refused(void **state)
{
    assert_string_equal(schema_judge("{\"items\":{\"unevaluatedItems\":1}}",
                                     "1"),
                        "schema: /items/unevaluatedItems  "
                        "\"unevaluatedItems\" is not supported");
    assert_string_equal(schema_judge("{\"format\":\"iri\"}", "1"),
                        "schema: /format format the format \"iri\" is not "
                        "supported");
    assert_string_equal(schema_judge("{\"$ref\":\"#/$defs/a\"}", "1"),
                        "schema: /$ref $ref there is no \"#/$defs/a\"");
    assert_string_equal(schema_judge("{\"not\":1}", "1"),
                        "schema: /not not a schema is an object, true or "
                        "false");
}


static void
a_circle_of_references_ends(void **state)
{
    assert_string_equal(schema_judge("{\"$ref\":\"#\"}", "1"),
                        " $ref schemas are nested too deeply");
    assert_string_equal(schema_judge("{\"not\":{\"$ref\":\"#\"}}", "1"),
                        " $ref schemas are nested too deeply");
    assert_string_equal(schema_judge("{\"properties\":{\"a\":{\"$ref\":"
                                     "\"#\"}},\"type\":\"object\"}",
                                     "{\"a\":{\"a\":{\"a\":1}}}"),
                        "/a/a/a type must be of type object, and is an "
                        "integer");
}


static void
work_is_bounded_whatever_the_schema(void **state)
{
    char    text[8192], *p;
    size_t  i;

    p = text;
    *p++ = '"';

    for (i = 0; i < 4000; i++) {
        *p++ = 'a';
    }

    ngx_memcpy(p, "!\"", 3);

    assert_string_equal(schema_judge("{\"pattern\":\"^(a+)+$\"}", text),
                        " work the check took too many steps");
    assert_string_equal(schema_judge("{\"not\":{\"pattern\":\"^(a|a)*$\"}}",
                                     text),
                        " work the check took too many steps");
    assert_string_equal(schema_judge("{\"pattern\":\"^[a-z]+!$\"}", text),
                        "ok");

    assert_string_equal(schema_judge("{\"$defs\":{\"a\":{\"anyOf\":["
        "{\"$ref\":\"#/$defs/b\"},{\"$ref\":\"#/$defs/b\"},false]},"
        "\"b\":{\"allOf\":[{\"not\":{\"$ref\":\"#/$defs/a\"}},"
        "{\"not\":{\"$ref\":\"#/$defs/a\"}}]}},\"$ref\":\"#/$defs/a\"}", "1")
        + sizeof(" $ref ") - 1, "schemas are nested too deeply");
}


static void
a_long_pointer_is_cut(void **state)
{
    char         schema[2048], value[2048];
    ngx_uint_t   i;
    const char  *said;

    schema[0] = '\0';
    value[0] = '\0';

    for (i = 0; i < 12; i++) {
        strcat(value, "{\"a_name_that_is_rather_long\":");
    }

    strcat(value, "1");

    for (i = 0; i < 12; i++) {
        strcat(value, "}");
    }

    strcat(schema, "{\"additionalProperties\":{\"$ref\":\"#\"},"
                   "\"not\":{\"const\":1}}");

    said = schema_judge(schema, value);

    assert_non_null(strstr(said, "/... not is of a form"));
}


static void
each_allocation_that_fails_is_an_error(void **state)
{
    ngx_int_t              n;
    ngx_pool_t            *pool;
    civic_json_t          *root;
    civic_schema_t        *schema;
    civic_schema_error_t   err;

    root = schema_json("{\"properties\":{\"a\":{\"pattern\":\"x\"},"
                       "\"b\":{\"$ref\":\"#\"}},\"required\":[\"a\"]}");

    for (n = 0; ; n++) {

        pool = ngx_create_pool(4096, NULL);

        stub_nginx_allocations = n;
        schema = civic_schema_compile(root, root, pool, &err);
        stub_nginx_allocations = -1;

        ngx_destroy_pool(pool);

        if (schema) {
            break;
        }

        assert_int_not_equal(err.message[0], '\0');
    }

    assert_true(n > 5);

    civic_json_free(root);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(an_error_names_the_place_the_keyword_and_the_reason),
        cmocka_unit_test(a_schema_that_is_not_understood_is_refused),
        cmocka_unit_test(a_circle_of_references_ends),
        cmocka_unit_test(work_is_bounded_whatever_the_schema),
        cmocka_unit_test(a_long_pointer_is_cut),
        cmocka_unit_test(each_allocation_that_fails_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
