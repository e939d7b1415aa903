
/*
 * Copyright (C) Civic Gate
 *
 * Comparisons of text, of claims, and of one with the other.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <math.h>

#include "civic_require_value.h"


#define CIVIC_REQUIRE_NUMBER_LEN  32
#define CIVIC_REQUIRE_EXACT       9007199254740992.0 /* 2^53 */


static u_char *civic_require_value_digits(u_char *p, u_char *last);
static ngx_int_t civic_require_value_scalar(const civic_json_t *json,
    u_char *buf, ngx_str_t *text);
static ngx_int_t civic_require_value_scalar_in(const civic_json_t *json,
    const ngx_array_t *values, const double *numbers);
static ngx_int_t civic_require_value_scalar_is(const civic_json_t *json,
    const ngx_str_t *text);


ngx_int_t
civic_require_value_number(const ngx_str_t *text, double *number)
{
    u_char       *p, *last, *digits;
    ngx_uint_t    whole;
    char          buf[CIVIC_REQUIRE_NUMBER_LEN + 1];

    if (text->len > CIVIC_REQUIRE_NUMBER_LEN) {
        return NGX_DECLINED;
    }

    p = text->data;
    last = p + text->len;
    p += (p < last && *p == '-');

    digits = p;
    p = civic_require_value_digits(p, last);

    if (p == digits || (*digits == '0' && p - digits > 1)) {
        return NGX_DECLINED;
    }

    whole = (p == last);

    if (p < last && *p == '.') {
        digits = ++p;
        p = civic_require_value_digits(p, last);

        if (p == digits) {
            return NGX_DECLINED;
        }
    }

    if (p < last && (*p | 0x20) == 'e') {
        p++;
        p += (p < last && (*p == '+' || *p == '-'));

        digits = p;
        p = civic_require_value_digits(p, last);

        if (p == digits) {
            return NGX_DECLINED;
        }
    }

    if (p != last) {
        return NGX_DECLINED;
    }

    (void) ngx_cpystrn((u_char *) buf, text->data, text->len + 1);

    *number = strtod(buf, NULL);

    return (isfinite(*number)
            && !(whole && fabs(*number) >= CIVIC_REQUIRE_EXACT))
           ? NGX_OK : NGX_DECLINED;
}


static u_char *
civic_require_value_digits(u_char *p, u_char *last)
{
    while (p < last && *p >= '0' && *p <= '9') {
        p++;
    }

    return p;
}


ngx_int_t
civic_require_value_json_number(const civic_json_t *json, double *number)
{
    ngx_str_t  text;

    if (civic_json_string(json, &text) == NGX_OK) {
        return civic_require_value_number(&text, number);
    }

    return civic_json_exact_number(json, number);
}


ngx_int_t
civic_require_value_in(const ngx_str_t *text, const ngx_array_t *values)
{
    ngx_str_t   *value;
    ngx_uint_t   i;

    value = values->elts;

    for (i = 0; i < values->nelts; i++) {

        if (value[i].len == text->len
            && ngx_memcmp(value[i].data, text->data, text->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
civic_require_value_json_in(const civic_json_t *json,
    const ngx_array_t *values, const double *numbers)
{
    ngx_int_t            rc, all;
    ngx_uint_t           i;
    const civic_json_t  *element;

    if (civic_json_type(json) != CIVIC_JSON_ARRAY) {
        return civic_require_value_scalar_in(json, values, numbers);
    }

    all = 0;

    for (i = 0; (element = civic_json_element(json, i)); i++) {
        rc = civic_require_value_scalar_in(element, values, numbers);

        if (rc == 1) {
            return 1;
        }

        all = (rc == NGX_DECLINED) ? NGX_DECLINED : all;
    }

    return all;
}


static ngx_int_t
civic_require_value_scalar_in(const civic_json_t *json,
    const ngx_array_t *values, const double *numbers)
{
    double      number;
    u_char      buf[NGX_INT64_LEN + 1];
    ngx_int_t   rc;
    ngx_str_t   text;
    ngx_uint_t  i;

    rc = civic_require_value_scalar(json, buf, &text);

    if (rc == NGX_OK && civic_require_value_in(&text, values)) {
        return 1;
    }

    if (civic_json_exact_number(json, &number) != NGX_OK) {
        return (rc == NGX_OK) ? 0 : NGX_DECLINED;
    }

    for (i = 0; i < values->nelts; i++) {

        if (numbers[i] == number) {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
civic_require_value_json_is(const civic_json_t *json, const ngx_str_t *text)
{
    ngx_int_t            rc, all;
    ngx_uint_t           i;
    const civic_json_t  *element;

    if (civic_json_type(json) != CIVIC_JSON_ARRAY) {
        return civic_require_value_scalar_is(json, text);
    }

    all = 0;

    for (i = 0; (element = civic_json_element(json, i)); i++) {
        rc = civic_require_value_scalar_is(element, text);

        if (rc == 1) {
            return 1;
        }

        all = (rc == NGX_DECLINED) ? NGX_DECLINED : all;
    }

    return all;
}


static ngx_int_t
civic_require_value_scalar_is(const civic_json_t *json, const ngx_str_t *text)
{
    u_char     buf[NGX_INT64_LEN + 1];
    ngx_str_t  value;

    if (civic_require_value_scalar(json, buf, &value) != NGX_OK) {
        return NGX_DECLINED;
    }

    return value.len == text->len
           && ngx_memcmp(value.data, text->data, text->len) == 0;
}


ngx_int_t
civic_require_value_json_meets(const civic_json_t *json,
    const civic_json_t *other)
{
    u_char               buf[NGX_INT64_LEN + 1];
    ngx_int_t            rc, all;
    ngx_str_t            text;
    ngx_uint_t           i, n;
    const civic_json_t  *element;

    n = (civic_json_type(json) == CIVIC_JSON_ARRAY) ? civic_json_length(json)
                                                    : 1;
    all = 0;

    for (i = 0; i < n; i++) {
        element = (civic_json_type(json) == CIVIC_JSON_ARRAY)
                  ? civic_json_element(json, i) : json;

        rc = civic_require_value_scalar(element, buf, &text);

        if (rc == NGX_OK) {
            rc = civic_require_value_json_is(other, &text);
        }

        if (rc == 1) {
            return 1;
        }

        all = (rc == NGX_DECLINED) ? NGX_DECLINED : all;
    }

    return all;
}


/* the one spelling of a text, an integer or a boolean; `buf` may hold it */

static ngx_int_t
civic_require_value_scalar(const civic_json_t *json, u_char *buf,
    ngx_str_t *text)
{
    int64_t     integer;
    ngx_uint_t  yes;

    if (civic_json_string(json, text) == NGX_OK) {
        return text->len ? NGX_OK : NGX_DECLINED;
    }

    if (civic_json_integer(json, &integer) == NGX_OK) {
        text->data = buf;
        text->len = ngx_sprintf(buf, "%L", integer) - buf;
        return NGX_OK;
    }

    if (civic_json_boolean(json, &yes) != NGX_OK) {
        return NGX_DECLINED;
    }

    if (yes) {
        ngx_str_set(text, "true");

    } else {
        ngx_str_set(text, "false");
    }

    return NGX_OK;
}
