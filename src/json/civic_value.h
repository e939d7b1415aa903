
/*
 * Copyright (C) Civic Gate
 *
 * Plain values: what crosses between plugins, Redis, JSON and the host.
 * Nil, booleans, numbers, strings of any bytes, tables; no functions, no
 * references to anything.  A value and all below it live in one pool and
 * are not changed once they are built.
 */


#ifndef _CIVIC_VALUE_H_INCLUDED_
#define _CIVIC_VALUE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_json.h"


#define CIVIC_VALUE_MAX_DEPTH  32


typedef struct civic_value_s  civic_value_t;
typedef struct civic_pair_s   civic_pair_t;


typedef enum {
    CIVIC_VALUE_NIL = 0,
    CIVIC_VALUE_NULL,                  /* JSON's null; json.null in Lua */
    CIVIC_VALUE_BOOLEAN,
    CIVIC_VALUE_NUMBER,
    CIVIC_VALUE_STRING,
    CIVIC_VALUE_TABLE
} civic_value_type_e;


/* how JSON writes a table that has nothing in it, or came from JSON */

typedef enum {
    CIVIC_VALUE_UNTOLD = 0,            /* an array if it has items */
    CIVIC_VALUE_ARRAY,
    CIVIC_VALUE_OBJECT
} civic_value_shape_e;


/* items are those at 1, 2, ... n; pairs have any other key, in no order */

typedef struct {
    civic_value_t           *items;
    civic_pair_t            *pairs;
    uint32_t                 nitems;
    uint32_t                 npairs;
    uint32_t                 room;     /* allocated: for whoever builds it */
    uint32_t                 pair_room;
    ngx_uint_t               shape;    /* civic_value_shape_e */
} civic_table_t;


struct civic_value_s {
    ngx_uint_t               type;     /* civic_value_type_e */
    union {
        ngx_uint_t           boolean;
        double               number;
        ngx_str_t            string;
        civic_table_t       *table;
    } u;
};


struct civic_pair_s {
    civic_value_t            key;      /* a string, number or boolean */
    civic_value_t            value;
};


/* in place; strings are borrowed, not copied */

void civic_value_set_nil(civic_value_t *value);
void civic_value_set_null(civic_value_t *value);
void civic_value_set_boolean(civic_value_t *value, ngx_uint_t yes);
void civic_value_set_number(civic_value_t *value, double number);
void civic_value_set_string(civic_value_t *value, const ngx_str_t *string);

/* an empty table with room to start with.  NGX_OK or NGX_ERROR: no memory */

ngx_int_t civic_value_set_table(civic_value_t *value, ngx_pool_t *pool,
    ngx_uint_t nitems, ngx_uint_t npairs);

/*
 * The place of a new item, or of a new member whose name is not there yet
 * (borrowed; nobody checks for duplicates), set to nil.  NULL: no memory.
 */

civic_value_t *civic_value_add_item(civic_value_t *table, ngx_pool_t *pool);
civic_value_t *civic_value_add_member(civic_value_t *table, ngx_pool_t *pool,
    const ngx_str_t *name);

/* the same for a name of our own; with a value: NGX_OK or NGX_ERROR */

civic_value_t *civic_value_add_named(civic_value_t *table, ngx_pool_t *pool,
    const char *name);
ngx_int_t civic_value_add_string(civic_value_t *table, ngx_pool_t *pool,
    const char *name, const ngx_str_t *string);
ngx_int_t civic_value_add_number(civic_value_t *table, ngx_pool_t *pool,
    const char *name, double number);

/* NULL: no table, or no such member / item (from 0) */

const civic_value_t *civic_value_member(const civic_value_t *table,
    const char *name);
const civic_value_t *civic_value_item(const civic_value_t *table,
    ngx_uint_t i);

/* NGX_OK, or NGX_DECLINED: `value` is NULL or of another type */

ngx_int_t civic_value_string(const civic_value_t *value, ngx_str_t *string);
ngx_int_t civic_value_number(const civic_value_t *value, double *number);

/* a whole number within int64_t that a double holds exactly */

ngx_int_t civic_value_integer(const civic_value_t *value, int64_t *integer);

/* a string as it is, a number as Lua writes it (%.14g); else DECLINED */

ngx_int_t civic_value_text(const civic_value_t *value, ngx_pool_t *pool,
    ngx_str_t *text);

/*
 * JSON (civic_value_json.c).  Rendering refuses what JSON cannot say: keys
 * that are no strings, numbers that are not finite, strings that are not
 * UTF-8, deeper than CIVIC_VALUE_MAX_DEPTH, more than `max` bytes.
 * NGX_OK, NGX_DECLINED with a sentence in `err` (const), or NGX_ERROR.
 */

ngx_int_t civic_value_to_json(const civic_value_t *value, ngx_pool_t *pool,
    size_t max, ngx_str_t *text, const char **err);

/*
 * Copies everything into `pool`, so that `json` may be freed.  NGX_OK,
 * NGX_DECLINED: an integer that no double holds exactly, or NGX_ERROR.
 */

ngx_int_t civic_value_from_json(civic_value_t *value, ngx_pool_t *pool,
    const civic_json_t *json);


#endif /* _CIVIC_VALUE_H_INCLUDED_ */
