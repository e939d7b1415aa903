
/*
 * Copyright (C) Civic Gate
 *
 * How the files of the manifest's parser read JSON: each value knows where
 * it is, each object knows its fields, and whatever is wrong becomes one
 * more sentence while the reading goes on.
 */


#ifndef _CIVIC_PLUGIN_MANIFEST_READ_H_INCLUDED_
#define _CIVIC_PLUGIN_MANIFEST_READ_H_INCLUDED_


#include "civic_plugin_manifest.h"
#include "civic_route_methods.h"
#include "civic_route_table.h"


typedef struct civic_plugin_at_s  civic_plugin_at_t;


/* a value and the way to it, on the stack of whoever reads it */

struct civic_plugin_at_s {
    const civic_plugin_at_t  *up;      /* NULL: the whole document */
    ngx_str_t                 name;    /* in the value above */
    const civic_json_t       *json;
};


typedef struct {
    ngx_pool_t               *pool;
    civic_plugin_errors_t    *errors;
    civic_plugin_manifest_t  *manifest;
    civic_schema_set_t       *set;
    civic_route_table_t      *table;   /* where its own routes may collide */
    ngx_uint_t                schemas; /* that are in error */
} civic_plugin_reader_t;


typedef void (*civic_plugin_read_pt)(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);


typedef struct {
    const char               *name;
    ngx_uint_t                mandatory;
    civic_plugin_read_pt      read;
} civic_plugin_field_t;


/* what strings a list holds */

typedef struct {
    ngx_uint_t                min;
    ngx_uint_t                max;
    ngx_uint_t              (*check)(const ngx_str_t *text);
    const char               *what;    /* "it is the name of ..." */
} civic_plugin_list_t;


void civic_plugin_wrong(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, const char *fmt, ...);

/* NGX_OK, or NGX_DECLINED: it is no object, or has too many members */

ngx_int_t civic_plugin_object(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, ngx_uint_t max);

/* the next member of an object; `iter` begins as NULL.  0: no more */

ngx_uint_t civic_plugin_next(const civic_plugin_at_t *at, void **iter,
    civic_plugin_at_t *inner);

/* an object of these fields and no others */

void civic_plugin_fields(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, const civic_plugin_field_t *fields,
    void *target);

/* NGX_OK, or NGX_DECLINED: it is no string, empty, longer than `max` */

ngx_int_t civic_plugin_string(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, size_t max, ngx_str_t *text);

/* an array of different strings, put into `array` */

void civic_plugin_strings(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, const civic_plugin_list_t *list,
    ngx_array_t *array);

/* "30s", "200ms", "5m", "2h".  NGX_OK or NGX_DECLINED */

ngx_int_t civic_plugin_duration(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, ngx_msec_t min, ngx_msec_t max,
    ngx_msec_t *value);

/* NULL: it is in error */

civic_schema_t *civic_plugin_schema(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at);

/* the name of a function: target is an ngx_str_t */

void civic_plugin_function(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);

/* { "zh": ..., "en": ... }: target is a civic_plugin_text_t */

void civic_plugin_zh(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
void civic_plugin_en(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);

/* "citizens", "his-2", "sm_x": begins with a letter */

ngx_uint_t civic_plugin_is_word(const ngx_str_t *text);

/* "slot-taken" */

ngx_uint_t civic_plugin_is_kebab(const ngx_str_t *text);

/* readers of the parts */

void civic_plugin_read_routes(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
void civic_plugin_read_needs(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
void civic_plugin_read_config(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);


#endif /* _CIVIC_PLUGIN_MANIFEST_READ_H_INCLUDED_ */
