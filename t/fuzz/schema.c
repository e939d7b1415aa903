/* sources: src/schema/civic_schema_argument.c
 * src/schema/civic_schema_array.c src/schema/civic_schema_check.c
 * src/schema/civic_schema_compile.c src/schema/civic_schema_format.c
 * src/schema/civic_schema_keyword.c src/schema/civic_schema_logic.c
 * src/schema/civic_schema_object.c src/schema/civic_schema_scalar.c
 * src/pcre/civic_pcre.c src/json/civic_json.c */

/*
 * Copyright (C) Civic Gate
 *
 * Any JSON as a schema for any JSON: the first line is the schema, the rest
 * the value.  A refusal has a sentence, and a keyword where it is one of
 * the value's; asked twice, the answer is the same.
 */


#include "civic_schema.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
schema_check(const civic_json_t *json, const ngx_str_t *text,
    ngx_pool_t *pool)
{
    ngx_int_t              rc;
    civic_json_t          *value;
    civic_schema_t        *schema;
    civic_schema_error_t   err;

    schema = civic_schema_compile(json, json, pool, &err);

    if (schema == NULL) {
        if (err.message[0] == '\0') {
            abort();
        }

        return;
    }

    value = civic_json_parse(text, 4096, NULL, 0);
    if (value == NULL) {
        return;
    }

    rc = civic_schema_check(schema, value, &err);

    if (rc == NGX_DECLINED
        && (err.message[0] == '\0' || err.keyword[0] == '\0'))
    {
        abort();
    }

    if (civic_schema_check(schema, value, &err) != rc) {
        abort();
    }

    civic_json_free(value);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ngx_str_t      first, rest;
    const u_char  *end;
    ngx_pool_t    *pool;
    civic_json_t  *json;

    end = memchr(data, LF, size);
    if (end == NULL) {
        return 0;
    }

    first.data = (u_char *) data;
    first.len = end - data;
    rest.data = (u_char *) end + 1;
    rest.len = size - first.len - 1;

    json = civic_json_parse(&first, 4096, NULL, 0);
    if (json == NULL) {
        return 0;
    }

    pool = ngx_create_pool(4096, NULL);
    if (pool == NULL) {
        abort();
    }

    schema_check(json, &rest, pool);

    ngx_destroy_pool(pool);
    civic_json_free(json);

    return 0;
}
