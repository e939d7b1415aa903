/* sources: src/schema/civic_schema_argument.c
 * src/schema/civic_schema_array.c src/schema/civic_schema_check.c
 * src/schema/civic_schema_compile.c src/schema/civic_schema_format.c
 * src/schema/civic_schema_keyword.c src/schema/civic_schema_logic.c
 * src/schema/civic_schema_object.c src/schema/civic_schema_scalar.c
 * src/pcre/civic_pcre.c src/json/civic_json.c */

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


/* [one, one, ...]; the result is the caller's */

static char *
schema_list(const char *one, ngx_uint_t n)
{
    char        *text, *p;
    ngx_uint_t   i;

    text = malloc(n * (ngx_strlen(one) + 1) + 2);
    assert_non_null(text);

    p = text;

    for (i = 0; i < n; i++) {
        p += sprintf(p, "%c%s", i ? ',' : '[', one);
    }

    *p++ = ']';
    *p = '\0';

    return text;
}


/* `inner` is asked 216 times of the value */

static void
schema_hard(const char *inner, const char *value)
{
    size_t   len;
    char    *schema, *refs[3];

    refs[0] = schema_list("{\"$ref\":\"#/$defs/a\"}", 6);
    refs[1] = schema_list("{\"$ref\":\"#/$defs/b\"}", 6);
    refs[2] = schema_list("{\"$ref\":\"#/$defs/c\"}", 6);

    len = ngx_strlen(inner) + 1024;
    schema = malloc(len);
    assert_non_null(schema);

    (void) snprintf(schema, len, "{\"$defs\":{\"a\":%s,\"b\":{\"allOf\":%s},"
                    "\"c\":{\"allOf\":%s}},\"allOf\":%s}", inner, refs[0],
                    refs[1], refs[2]);

    assert_non_null(strstr(schema_judge(schema, value),
                           " work the check took too many steps"));

    free(schema);
    free(refs[0]);
    free(refs[1]);
    free(refs[2]);
}


/* without their bound, seconds in which the worker does nothing else */

static void
long_values_are_work_whatever_the_keyword(void **state)
{
    char        *list, *schema;
    size_t       len;
    ngx_uint_t   i;

    static const char  *const  few[] = {
        "{\"items\":true}",
        "{\"contains\":true}",
        "{\"uniqueItems\":false,\"prefixItems\":%s}",
        "{\"const\":%s}",
        "{\"enum\":[1,%s]}",
    };

    list = schema_list("true", 12000);
    len = ngx_strlen(list) + 64;
    schema = malloc(len);
    assert_non_null(schema);

    for (i = 0; i < sizeof(few) / sizeof(few[0]); i++) {
        (void) snprintf(schema, len, few[i], list);
        schema_hard(schema, list);
    }

    free(schema);
    free(list);
}


static void
long_texts_and_many_names_are_work(void **state)
{
    char        *text, *names, *p;
    ngx_uint_t   i;

    text = malloc(700 * 1024);
    names = malloc(64 * 1024);
    assert_non_null(text);
    assert_non_null(names);

    ngx_memset(text, 'a', 700 * 1024);
    text[0] = '"';
    ngx_memcpy(text + 650 * 1024, "\"", 2);

    schema_hard("{\"minLength\":1}", text);
    schema_hard("{\"maxLength\":2000000}", text);
    schema_hard("{\"not\":{\"format\":\"uri\"}}", text);

    p = names;

    for (i = 0; i < 5000; i++) {
        p += sprintf(p, "%c\"%lu\":1", i ? ',' : '{', (unsigned long) i);
    }

    (void) strcpy(p, "}");

    schema_hard("{\"propertyNames\":true}", names);

    p = text + sprintf(text, "{\"required\":");

    for (i = 0; i < 1000; i++) {
        p += sprintf(p, "%c\"%lu\"", i ? ',' : '[', (unsigned long) i);
    }

    (void) strcpy(p, "]}");

    p = schema_list(text, 5);
    (void) sprintf(text, "{\"allOf\":%s}", p);
    free(p);

    schema_hard(text, names);

    free(text);
    free(names);
}


/* a worker keeps what is compiled for as long as the plugin is there */

static void
patterns_that_grow_have_no_room(void **state)
{
    char  *list, *schema;

    list = schema_list("{\"pattern\":\"(ab|cd){1,300}\"}", 400);

    schema = malloc(ngx_strlen(list) + 64);
    assert_non_null(schema);

    (void) sprintf(schema, "{\"anyOf\":%s}", list);

    assert_non_null(strstr(schema_judge(schema, "1"),
                           " pattern the patterns of this document take "
                           "more than 2 MB"));
    free(schema);
    free(list);
}


/* [[[0,0,..,1]],[[0,0,..,2]],..]: alike but for the last */

static void
items_that_differ_deep_inside_are_work(void **state)
{
    char        *value, *p;
    ngx_uint_t   i, k;

    value = malloc(1024 * 1024);
    assert_non_null(value);

    p = value;

    for (i = 0; i < 240; i++) {
        p += sprintf(p, "%s[[", i ? "," : "[");

        for (k = 0; k < 260; k++) {
            p += sprintf(p, "0,");
        }

        p += sprintf(p, "%lu]]", (unsigned long) i);
    }

    (void) strcpy(p, "]");

    assert_string_equal(schema_judge("{\"uniqueItems\":true}", value),
                        " work the check took too many steps");

    free(value);
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
        cmocka_unit_test(long_values_are_work_whatever_the_keyword),
        cmocka_unit_test(long_texts_and_many_names_are_work),
        cmocka_unit_test(patterns_that_grow_have_no_room),
        cmocka_unit_test(items_that_differ_deep_inside_are_work),
        cmocka_unit_test(a_long_pointer_is_cut),
        cmocka_unit_test(each_allocation_that_fails_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
