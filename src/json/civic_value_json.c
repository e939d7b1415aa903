
/*
 * Copyright (C) Civic Gate
 *
 * Plain values as JSON, and JSON as plain values.  What JSON cannot say is
 * refused rather than bent: a number that is not finite, bytes that are no
 * UTF-8, a key that is no string.  A whole number that a double cannot hold
 * is refused on the way in: an identifier must not change in silence.
 *
 * The text is written in two passes of one function, the first of which
 * only counts, so that it takes one allocation.  Numbers are counted as long
 * as they can be.
 */


#include "civic_value.h"
#include "civic_value_number.h"


#define CIVIC_VALUE_JSON_LARGE  "it is too large"


typedef struct {
    u_char                  *last;     /* NULL: only count */
    size_t                   len;
    size_t                   spare;    /* what numbers may take */
    size_t                   max;
    const char              *err;
} civic_value_json_out_t;


static ngx_int_t civic_value_json_write(civic_value_json_out_t *out,
    const civic_value_t *value, ngx_uint_t depth);
static ngx_int_t civic_value_json_number(civic_value_json_out_t *out,
    double number);
static ngx_int_t civic_value_json_string(civic_value_json_out_t *out,
    const ngx_str_t *string);
static ngx_int_t civic_value_json_array(civic_value_json_out_t *out,
    const civic_table_t *table, ngx_uint_t depth);
static ngx_int_t civic_value_json_object(civic_value_json_out_t *out,
    const civic_table_t *table, ngx_uint_t depth);
static ngx_int_t civic_value_json_put(civic_value_json_out_t *out,
    const char *text, size_t len);
static ngx_int_t civic_value_json_fail(civic_value_json_out_t *out,
    const char *err);
static ngx_int_t civic_value_json_read(civic_value_t *value,
    ngx_pool_t *pool, const civic_json_t *json);
static ngx_int_t civic_value_json_copy(ngx_str_t *dst, ngx_pool_t *pool,
    const ngx_str_t *src);
static ngx_int_t civic_value_json_items(civic_value_t *value,
    ngx_pool_t *pool, const civic_json_t *json);
static ngx_int_t civic_value_json_members(civic_value_t *value,
    ngx_pool_t *pool, const civic_json_t *json);


ngx_int_t
civic_value_to_json(const civic_value_t *value, ngx_pool_t *pool, size_t max,
    ngx_str_t *text, const char **err)
{
    civic_value_json_out_t  out;

    ngx_memzero(&out, sizeof(civic_value_json_out_t));
    out.max = max;

    if (civic_value_json_write(&out, value, 0) != NGX_OK) {
        *err = out.err;
        return NGX_DECLINED;
    }

    text->data = ngx_pnalloc(pool, out.len + out.spare);
    if (text->data == NULL) {
        return NGX_ERROR;
    }

    out.last = text->data;

    (void) civic_value_json_write(&out, value, 0);

    text->len = out.last - text->data;

    if (text->len > max) {
        *err = CIVIC_VALUE_JSON_LARGE;
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static ngx_int_t
civic_value_json_write(civic_value_json_out_t *out,
    const civic_value_t *value, ngx_uint_t depth)
{
    const civic_table_t  *table;

    switch (value->type) {

    case CIVIC_VALUE_BOOLEAN:
        return value->u.boolean ? civic_value_json_put(out, "true", 4)
                                : civic_value_json_put(out, "false", 5);

    case CIVIC_VALUE_NUMBER:
        return civic_value_json_number(out, value->u.number);

    case CIVIC_VALUE_STRING:
        return civic_value_json_string(out, &value->u.string);

    case CIVIC_VALUE_TABLE:
        if (depth == CIVIC_VALUE_MAX_DEPTH) {
            return civic_value_json_fail(out, "it is nested too deeply");
        }

        table = value->u.table;

        if (table->npairs == 0
            && table->shape != CIVIC_VALUE_OBJECT
            && (table->nitems || table->shape == CIVIC_VALUE_ARRAY))
        {
            return civic_value_json_array(out, table, depth + 1);
        }

        return civic_value_json_object(out, table, depth + 1);

    default:
        return civic_value_json_put(out, "null", 4);
    }
}


static ngx_int_t
civic_value_json_number(civic_value_json_out_t *out, double number)
{
    if (number - number != 0) {
        return civic_value_json_fail(out, "a number in it is not finite");
    }

    if (out->last) {
        out->last = civic_value_number_write(out->last, number);

    } else {
        out->spare += CIVIC_VALUE_NUMBER_LEN;
    }

    return NGX_OK;
}


static ngx_int_t
civic_value_json_string(civic_value_json_out_t *out, const ngx_str_t *string)
{
    if (out->last) {
        *out->last++ = '"';
        out->last = civic_json_escape(out->last, string);
        *out->last++ = '"';

        return NGX_OK;
    }

    if (!civic_json_is_utf8(string)) {
        return civic_value_json_fail(out, "a string in it is not UTF-8");
    }

    out->len += civic_json_escaped_len(string);

    return civic_value_json_put(out, "\"\"", 2);
}


static ngx_int_t
civic_value_json_array(civic_value_json_out_t *out,
    const civic_table_t *table, ngx_uint_t depth)
{
    uint32_t  i;

    for (i = 0; i < table->nitems; i++) {
        if (civic_value_json_put(out, i ? "," : "[", 1) != NGX_OK
            || civic_value_json_write(out, &table->items[i], depth) != NGX_OK)
        {
            return NGX_DECLINED;
        }
    }

    return civic_value_json_put(out, i ? "]" : "[]", i ? 1 : 2);
}


static ngx_int_t
civic_value_json_object(civic_value_json_out_t *out,
    const civic_table_t *table, ngx_uint_t depth)
{
    uint32_t             i;
    const civic_pair_t  *pair;

    if (table->nitems) {
        return civic_value_json_fail(out, "a table in it has both items"
                                          " and names");
    }

    for (i = 0; i < table->npairs; i++) {
        pair = &table->pairs[i];

        if (pair->key.type != CIVIC_VALUE_STRING) {
            return civic_value_json_fail(out, "a key in it is no string, or"
                                              " a list has gaps");
        }

        if (civic_value_json_put(out, i ? "," : "{", 1) != NGX_OK
            || civic_value_json_string(out, &pair->key.u.string) != NGX_OK
            || civic_value_json_put(out, ":", 1) != NGX_OK
            || civic_value_json_write(out, &pair->value, depth) != NGX_OK)
        {
            return NGX_DECLINED;
        }
    }

    return civic_value_json_put(out, i ? "}" : "{}", i ? 1 : 2);
}


static ngx_int_t
civic_value_json_put(civic_value_json_out_t *out, const char *text,
    size_t len)
{
    if (out->last) {
        out->last = ngx_cpymem(out->last, text, len);
        return NGX_OK;
    }

    out->len += len;

    if (out->len > out->max) {
        return civic_value_json_fail(out, CIVIC_VALUE_JSON_LARGE);
    }

    return NGX_OK;
}


static ngx_int_t
civic_value_json_fail(civic_value_json_out_t *out, const char *err)
{
    out->err = err;
    return NGX_DECLINED;
}


ngx_int_t
civic_value_from_json(civic_value_t *value, ngx_pool_t *pool,
    const civic_json_t *json)
{
    return civic_value_json_read(value, pool, json);
}


/* no deeper than CIVIC_JSON_MAX_DEPTH: civic_json_parse() sees to it */

static ngx_int_t
civic_value_json_read(civic_value_t *value, ngx_pool_t *pool,
    const civic_json_t *json)
{
    double     number;
    ngx_str_t  string;

    switch (civic_json_type(json)) {

    case CIVIC_JSON_BOOLEAN:
        civic_value_set_boolean(value, civic_json_is_true(json));
        return NGX_OK;

    case CIVIC_JSON_INTEGER:
    case CIVIC_JSON_REAL:
        if (civic_json_exact_number(json, &number) != NGX_OK) {
            return NGX_DECLINED;
        }

        civic_value_set_number(value, number);
        return NGX_OK;

    case CIVIC_JSON_STRING:
        (void) civic_json_string(json, &string);

        value->type = CIVIC_VALUE_STRING;
        return civic_value_json_copy(&value->u.string, pool, &string);

    case CIVIC_JSON_ARRAY:
        return civic_value_json_items(value, pool, json);

    case CIVIC_JSON_OBJECT:
        return civic_value_json_members(value, pool, json);

    default:
        civic_value_set_null(value);
        return NGX_OK;
    }
}


static ngx_int_t
civic_value_json_copy(ngx_str_t *dst, ngx_pool_t *pool, const ngx_str_t *src)
{
    dst->data = ngx_pnalloc(pool, src->len ? src->len : 1);
    if (dst->data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(dst->data, src->data, src->len);
    dst->len = src->len;

    return NGX_OK;
}


static ngx_int_t
civic_value_json_items(civic_value_t *value, ngx_pool_t *pool,
    const civic_json_t *json)
{
    ngx_int_t       rc;
    ngx_uint_t      i, n;
    civic_value_t  *item;

    n = civic_json_length(json);

    if (civic_value_set_table(value, pool, n, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    value->u.table->shape = CIVIC_VALUE_ARRAY;

    for (i = 0; i < n; i++) {
        item = civic_value_add_item(value, pool);
        if (item == NULL) {
            return NGX_ERROR;
        }

        rc = civic_value_json_read(item, pool, civic_json_element(json, i));
        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_value_json_members(civic_value_t *value, ngx_pool_t *pool,
    const civic_json_t *json)
{
    void                *iter;
    ngx_int_t            rc;
    ngx_str_t            name, key;
    civic_value_t       *member;
    const civic_json_t  *child;

    if (civic_value_set_table(value, pool, 0, civic_json_length(json))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    value->u.table->shape = CIVIC_VALUE_OBJECT;

    iter = NULL;

    while ((child = civic_json_next(json, &iter, &name)) != NULL) {

        if (civic_value_json_copy(&key, pool, &name) != NGX_OK) {
            return NGX_ERROR;
        }

        member = civic_value_add_member(value, pool, &key);
        if (member == NULL) {
            return NGX_ERROR;
        }

        rc = civic_value_json_read(member, pool, child);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}
