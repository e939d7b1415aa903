
/*
 * Copyright (C) Civic Gate
 *
 * Building and reading plain values.  Tables grow by doubling in their
 * pool, which never gives the old room back: whoever knows how many items
 * there will be says so.  Nothing here decides what a value may mean.
 */


#include "civic_value.h"


#define CIVIC_VALUE_EXACT  9007199254740992.0      /* 2^53 */


static void *civic_value_grow(ngx_pool_t *pool, void *old, uint32_t n,
    uint32_t *room, size_t size);
static const civic_value_t *civic_value_found(const civic_table_t *table,
    const char *name, size_t len);


void
civic_value_set_nil(civic_value_t *value)
{
    value->type = CIVIC_VALUE_NIL;
}


void
civic_value_set_null(civic_value_t *value)
{
    value->type = CIVIC_VALUE_NULL;
}


void
civic_value_set_boolean(civic_value_t *value, ngx_uint_t yes)
{
    value->type = CIVIC_VALUE_BOOLEAN;
    value->u.boolean = yes ? 1 : 0;
}


void
civic_value_set_number(civic_value_t *value, double number)
{
    value->type = CIVIC_VALUE_NUMBER;
    value->u.number = number;
}


void
civic_value_set_string(civic_value_t *value, const ngx_str_t *string)
{
    value->type = CIVIC_VALUE_STRING;
    value->u.string = *string;
}


ngx_int_t
civic_value_set_table(civic_value_t *value, ngx_pool_t *pool,
    ngx_uint_t nitems, ngx_uint_t npairs)
{
    civic_table_t  *table;

    table = ngx_pcalloc(pool, sizeof(civic_table_t));
    if (table == NULL) {
        return NGX_ERROR;
    }

    if (nitems) {
        table->items = ngx_palloc(pool, nitems * sizeof(civic_value_t));
        if (table->items == NULL) {
            return NGX_ERROR;
        }
    }

    if (npairs) {
        table->pairs = ngx_palloc(pool, npairs * sizeof(civic_pair_t));
        if (table->pairs == NULL) {
            return NGX_ERROR;
        }
    }

    table->room = nitems;
    table->pair_room = npairs;

    value->type = CIVIC_VALUE_TABLE;
    value->u.table = table;

    return NGX_OK;
}


static void *
civic_value_grow(ngx_pool_t *pool, void *old, uint32_t n, uint32_t *room,
    size_t size)
{
    void      *p;
    uint32_t   wanted;

    if (n < *room) {
        return old;
    }

    if (n > NGX_MAX_INT32_VALUE / 2) {
        return NULL;
    }

    wanted = n ? 2 * n : 4;

    p = ngx_palloc(pool, wanted * size);
    if (p == NULL) {
        return NULL;
    }

    if (n) {
        ngx_memcpy(p, old, n * size);
    }

    *room = wanted;

    return p;
}


civic_value_t *
civic_value_add_item(civic_value_t *value, ngx_pool_t *pool)
{
    void           *items;
    civic_table_t  *table;

    table = value->u.table;

    items = civic_value_grow(pool, table->items, table->nitems, &table->room,
                             sizeof(civic_value_t));
    if (items == NULL) {
        return NULL;
    }

    table->items = items;
    value = &table->items[table->nitems++];
    civic_value_set_nil(value);

    return value;
}


civic_value_t *
civic_value_add_member(civic_value_t *value, ngx_pool_t *pool,
    const ngx_str_t *name)
{
    void           *pairs;
    civic_pair_t   *pair;
    civic_table_t  *table;

    table = value->u.table;

    pairs = civic_value_grow(pool, table->pairs, table->npairs,
                             &table->pair_room, sizeof(civic_pair_t));
    if (pairs == NULL) {
        return NULL;
    }

    table->pairs = pairs;
    pair = &table->pairs[table->npairs++];
    civic_value_set_string(&pair->key, name);
    civic_value_set_nil(&pair->value);

    return &pair->value;
}


civic_value_t *
civic_value_add_named(civic_value_t *table, ngx_pool_t *pool,
    const char *name)
{
    ngx_str_t  key;

    key.data = (u_char *) name;
    key.len = ngx_strlen(name);

    return civic_value_add_member(table, pool, &key);
}


ngx_int_t
civic_value_add_string(civic_value_t *table, ngx_pool_t *pool,
    const char *name, const ngx_str_t *string)
{
    civic_value_t  *value;

    value = civic_value_add_named(table, pool, name);
    if (value == NULL) {
        return NGX_ERROR;
    }

    civic_value_set_string(value, string);

    return NGX_OK;
}


ngx_int_t
civic_value_add_number(civic_value_t *table, ngx_pool_t *pool,
    const char *name, double number)
{
    civic_value_t  *value;

    value = civic_value_add_named(table, pool, name);
    if (value == NULL) {
        return NGX_ERROR;
    }

    civic_value_set_number(value, number);

    return NGX_OK;
}


static const civic_value_t *
civic_value_found(const civic_table_t *table, const char *name, size_t len)
{
    uint32_t             i;
    const civic_value_t  *key;

    for (i = 0; i < table->npairs; i++) {
        key = &table->pairs[i].key;

        if (key->type == CIVIC_VALUE_STRING
            && key->u.string.len == len
            && ngx_memcmp(key->u.string.data, name, len) == 0)
        {
            return &table->pairs[i].value;
        }
    }

    return NULL;
}


const civic_value_t *
civic_value_member(const civic_value_t *value, const char *name)
{
    if (value == NULL || value->type != CIVIC_VALUE_TABLE) {
        return NULL;
    }

    return civic_value_found(value->u.table, name, ngx_strlen(name));
}


const civic_value_t *
civic_value_item(const civic_value_t *value, ngx_uint_t i)
{
    if (value == NULL || value->type != CIVIC_VALUE_TABLE
        || i >= value->u.table->nitems)
    {
        return NULL;
    }

    return &value->u.table->items[i];
}


ngx_int_t
civic_value_string(const civic_value_t *value, ngx_str_t *string)
{
    if (value == NULL || value->type != CIVIC_VALUE_STRING) {
        return NGX_DECLINED;
    }

    *string = value->u.string;

    return NGX_OK;
}


ngx_int_t
civic_value_number(const civic_value_t *value, double *number)
{
    if (value == NULL || value->type != CIVIC_VALUE_NUMBER) {
        return NGX_DECLINED;
    }

    *number = value->u.number;

    return NGX_OK;
}


ngx_int_t
civic_value_integer(const civic_value_t *value, int64_t *integer)
{
    double  number;

    if (civic_value_number(value, &number) != NGX_OK
        || !(number >= -CIVIC_VALUE_EXACT && number <= CIVIC_VALUE_EXACT)
        || number != (double) (int64_t) number)
    {
        return NGX_DECLINED;
    }

    *integer = (int64_t) number;

    return NGX_OK;
}


ngx_int_t
civic_value_text(const civic_value_t *value, ngx_pool_t *pool,
    ngx_str_t *text)
{
    int     n;
    char    buf[32];
    double  number;

    if (civic_value_string(value, text) == NGX_OK) {
        return NGX_OK;
    }

    if (civic_value_number(value, &number) != NGX_OK) {
        return NGX_DECLINED;
    }

    n = snprintf(buf, sizeof(buf), "%.14g", number);

    text->data = ngx_pnalloc(pool, n);
    if (text->data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(text->data, buf, n);
    text->len = n;

    return NGX_OK;
}
