/* sources: src/require/civic_require_rule.c src/require/civic_require_value.c src/source/civic_source_parse.c src/source/civic_source_text.c src/json/civic_json.c */

/*
 * Copyright (C) Civic Gate
 *
 * Requirements: the first line is one, the second a query string, the rest a
 * claim.  What is accepted is complete; a value that is found stands in the
 * query string, once.
 */


#include "civic_require_rule.h"
#include "civic_require_value.h"
#include "civic_source_text.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static ngx_str_t
require_line(const uint8_t **data, size_t *size)
{
    ngx_str_t       line;
    const uint8_t  *end;

    end = *size ? memchr(*data, '\n', *size) : NULL;

    line.data = (u_char *) *data;
    line.len = end ? (size_t) (end - *data) : *size;

    *data += line.len + (end != NULL);
    *size -= line.len + (end != NULL);

    return line;
}


static void
require_query(const civic_source_t *source, ngx_str_t *args,
    ngx_pool_t *pool)
{
    ngx_int_t             rc;
    ngx_str_t             value;
    civic_source_found_t  found;

    ngx_memzero(&found, sizeof(civic_source_found_t));
    found.name = source->name;

    civic_source_text_query(&found, args);
    rc = civic_source_text_verdict(&found);

    if (rc == NGX_OK) {

        if (found.exact != 1 || found.alike != 0 || found.value.len == 0
            || found.value.data < args->data + found.name.len
            || found.value.data + found.value.len > args->data + args->len)
        {
            abort();
        }

        rc = civic_source_text_decode(&found.value, pool, &value);

        if (rc == NGX_OK && (value.len == 0 || value.len > found.value.len)) {
            abort();
        }
    }

    ngx_memzero(&found, sizeof(civic_source_found_t));
    found.name = source->name;

    civic_source_text_cookie(&found, args);

    if (civic_source_text_verdict(&found) == NGX_OK) {
        (void) civic_source_text_octets(&found.value);
    }
}


static void
require_claim(const civic_require_rule_t *rule, ngx_str_t *text)
{
    ngx_int_t      rc;
    ngx_str_t     *value;
    civic_json_t  *claim;

    claim = civic_json_parse(text, 65536, NULL, 0);
    value = rule->values->elts;

    if (claim == NULL) {
        return;
    }

    rc = civic_require_value_json_in(claim, rule->values, rule->numbers);

    if (rc != 1 && civic_require_value_json_is(claim, value) == 1) {
        abort();
    }

    if (civic_require_value_json_meets(claim, claim) == 0
        && civic_json_type(claim) != CIVIC_JSON_ARRAY)
    {
        abort();
    }

    civic_json_free(claim);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ngx_str_t              line, args, claim, err;
    ngx_pool_t            *pool;
    civic_require_rule_t  *rule;

    line = require_line(&data, &size);
    args = require_line(&data, &size);

    claim.data = (u_char *) data;
    claim.len = size;

    pool = ngx_create_pool(4096, NULL);
    rule = civic_require_rule_parse_text(&line, pool, &err);

    if ((rule == NULL) == (err.len == 0)) {
        abort();
    }

    if (rule != NULL) {

        if (rule->values != NULL && rule->values->nelts == 0) {
            abort();
        }

        if (rule->source.name.len != 0) {
            require_query(&rule->source, &args, pool);
        }

        if (rule->what == CIVIC_REQUIRE_SOURCE && rule->values != NULL) {
            require_claim(rule, &claim);
        }
    }

    ngx_destroy_pool(pool);

    return 0;
}
