
/*
 * Copyright (C) Civic Gate
 *
 * Rules about a value as a whole, about numbers and strings.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <float.h>
#include <math.h>

#include "civic_schema_rules.h"


/* bytes of a text whose characters are counted in one step */

#define CIVIC_SCHEMA_COUNTED  512


static int civic_schema_number_cmp(const civic_json_t *a,
    const civic_json_t *b);
static ngx_int_t civic_schema_bound(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const char *words);
static void civic_schema_number_text(const civic_json_t *json, char *buf,
    size_t size);
static ngx_int_t civic_schema_length(civic_schema_check_t *check,
    const civic_json_t *value, size_t *n);


const char *
civic_schema_type_name(const civic_json_t *value)
{
    switch (civic_json_type(value)) {

    case CIVIC_JSON_NULL:
        return "null";

    case CIVIC_JSON_BOOLEAN:
        return "a boolean";

    case CIVIC_JSON_INTEGER:
        return "an integer";

    case CIVIC_JSON_REAL:
        return "a number";

    case CIVIC_JSON_STRING:
        return "a string";

    case CIVIC_JSON_ARRAY:
        return "an array";

    default:
        return "an object";
    }
}


ngx_int_t
civic_schema_rule_type(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    double               number;
    ngx_str_t            name;
    const civic_json_t  *json;

    if (rule->count & (1 << civic_json_type(value))) {
        return NGX_OK;
    }

    /* 1.0 is an integer */

    if (civic_json_type(value) == CIVIC_JSON_REAL
        && rule->count & (1 << CIVIC_JSON_INTEGER)
        && civic_json_number(value, &number) == NGX_OK
        && number == floor(number))
    {
        return NGX_OK;
    }

    json = rule->json;

    if (civic_json_length(json) == 1) {
        json = civic_json_element(json, 0);
    }

    if (civic_json_string(json, &name) != NGX_OK) {
        return civic_schema_fail(check, "type", "%s is not of an allowed "
                                 "type", civic_schema_type_name(value));
    }

    return civic_schema_fail(check, "type", "must be of type %V, and is %s",
                             &name, civic_schema_type_name(value));
}


ngx_int_t
civic_schema_rule_enum(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    ngx_int_t   rc;
    ngx_uint_t  i, n;

    n = civic_json_length(rule->json);

    for (i = 0; i < n; i++) {
        rc = civic_schema_equal(check, civic_json_element(rule->json, i),
                                value);

        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    return civic_schema_fail(check, "enum", "is none of the allowed values");
}


ngx_int_t
civic_schema_rule_const(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    ngx_int_t  rc;

    rc = civic_schema_equal(check, rule->json, value);

    if (rc == NGX_DECLINED) {
        return civic_schema_fail(check, "const", "is not the only allowed "
                                 "value");
    }

    return rc;
}


static int
civic_schema_number_cmp(const civic_json_t *a, const civic_json_t *b)
{
    double   x, y;
    int64_t  i, k;

    if (civic_json_integer(a, &i) == NGX_OK
        && civic_json_integer(b, &k) == NGX_OK)
    {
        return (i < k) ? -1 : i > k;
    }

    x = 0;
    y = 0;
    (void) civic_json_number(a, &x);
    (void) civic_json_number(b, &y);

    return (x < y) ? -1 : x > y;
}


static ngx_int_t
civic_schema_bound(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const char *words)
{
    char  buf[32];

    civic_schema_number_text(rule->json, buf, sizeof(buf));

    return civic_schema_fail(check, rule->keyword->name, "must be %s %s",
                             words, buf);
}


static void
civic_schema_number_text(const civic_json_t *json, char *buf, size_t size)
{
    double   number;
    int64_t  integer;

    if (civic_json_integer(json, &integer) == NGX_OK) {
        (void) snprintf(buf, size, "%lld", (long long) integer);
        return;
    }

    number = 0;
    (void) civic_json_number(json, &number);
    (void) snprintf(buf, size, "%.14g", number);
}


ngx_int_t
civic_schema_rule_minimum(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    return (civic_schema_number_cmp(value, rule->json) >= 0)
           ? NGX_OK : civic_schema_bound(check, rule, "at least");
}


ngx_int_t
civic_schema_rule_maximum(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    return (civic_schema_number_cmp(value, rule->json) <= 0)
           ? NGX_OK : civic_schema_bound(check, rule, "at most");
}


ngx_int_t
civic_schema_rule_exclusive_minimum(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    return (civic_schema_number_cmp(value, rule->json) > 0)
           ? NGX_OK : civic_schema_bound(check, rule, "more than");
}


ngx_int_t
civic_schema_rule_exclusive_maximum(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    return (civic_schema_number_cmp(value, rule->json) < 0)
           ? NGX_OK : civic_schema_bound(check, rule, "less than");
}


/* 0.0075 is a multiple of 0.0001, though not quite so in binary */

ngx_int_t
civic_schema_rule_multiple_of(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    double   x, step, times;
    int64_t  i, k;

    if (civic_json_integer(value, &i) == NGX_OK
        && civic_json_integer(rule->json, &k) == NGX_OK)
    {
        return (i % k == 0) ? NGX_OK
                            : civic_schema_bound(check, rule, "a multiple of");
    }

    x = 0;
    step = 1;
    (void) civic_json_number(value, &x);
    (void) civic_json_number(rule->json, &step);

    times = x / step;

    if (isfinite(times)
        ? fabs(times - nearbyint(times)) <= 2 * DBL_EPSILON * fabs(times)
        : fmod(x, step) == 0)
    {
        return NGX_OK;
    }

    return civic_schema_bound(check, rule, "a multiple of");
}


/* characters, as Unicode counts them; JSON's strings are good UTF-8 */

static ngx_int_t
civic_schema_length(civic_schema_check_t *check, const civic_json_t *value,
    size_t *n)
{
    size_t     i;
    ngx_str_t  text;

    (void) civic_json_string(value, &text);

    for (i = 0, *n = 0; i < text.len; i++) {
        *n += (text.data[i] & 0xc0) != 0x80;
    }

    return civic_schema_work(check, text.len / CIVIC_SCHEMA_COUNTED);
}


ngx_int_t
civic_schema_rule_min_length(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    size_t  n;

    if (civic_schema_length(check, value, &n) != NGX_OK) {
        return NGX_ERROR;
    }

    if (n >= rule->count) {
        return NGX_OK;
    }

    return civic_schema_fail(check, "minLength", "must have at least %ui "
                             "character%s", rule->count,
                             rule->count == 1 ? "" : "s");
}


ngx_int_t
civic_schema_rule_max_length(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    size_t  n;

    if (civic_schema_length(check, value, &n) != NGX_OK) {
        return NGX_ERROR;
    }

    if (n <= rule->count) {
        return NGX_OK;
    }

    return civic_schema_fail(check, "maxLength", "must have at most %ui "
                             "character%s", rule->count,
                             rule->count == 1 ? "" : "s");
}


ngx_int_t
civic_schema_rule_pattern(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    ngx_int_t  rc;
    ngx_str_t  text;

    (void) civic_json_string(value, &text);

    rc = civic_schema_match(check, rule, 0, &text);

    if (rc == NGX_DECLINED) {
        return civic_schema_fail(check, "pattern", "does not match \"%V\"",
                                 &rule->names[0]);
    }

    return rc;
}


ngx_int_t
civic_schema_rule_format(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    ngx_str_t  name, text;

    (void) civic_json_string(rule->json, &name);
    (void) civic_json_string(value, &text);

    if (civic_schema_work(check, text.len / CIVIC_SCHEMA_STRIDE) != NGX_OK) {
        return NGX_ERROR;
    }

    if (civic_schema_format_check(rule->count, &text)) {
        return NGX_OK;
    }

    return civic_schema_fail(check, "format", "is not of the format \"%V\"",
                             &name);
}
