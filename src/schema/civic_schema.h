
/*
 * Copyright (C) Civic Gate
 *
 * JSON Schema, the common part of draft 2020-12: which keywords is in
 * docs/plugins/schema.md.  A schema is compiled once, with every unknown
 * keyword an error; checking a value allocates nothing and is bounded.
 * Pure.
 *
 * This is the only header of schema/ that others may include.
 */


#ifndef _CIVIC_SCHEMA_H_INCLUDED_
#define _CIVIC_SCHEMA_H_INCLUDED_


#include "civic_json.h"


typedef struct civic_schema_s  civic_schema_t;


/* what is wrong, and where: a JSON pointer into the value; both end in NUL */

typedef struct {
    u_char                   pointer[256];  /* cut short with "..." */
    u_char                   message[256];
    const char              *keyword;       /* "required", "type" ... */
} civic_schema_error_t;


/*
 * `root` is the document that "$ref": "#/..." points into; it and `schema`
 * must outlive the result.  NULL: `err` says why, its pointer into root.
 */

civic_schema_t *civic_schema_compile(const civic_json_t *schema,
    const civic_json_t *root, ngx_pool_t *pool, civic_schema_error_t *err);

/*
 * The same for many schemas of one document: what several of them refer to
 * is compiled once.
 */

typedef struct civic_schema_set_s  civic_schema_set_t;

civic_schema_set_t *civic_schema_set_create(const civic_json_t *root,
    ngx_pool_t *pool);

/* from now on only references that begin with `prefix` are taken */

void civic_schema_set_refs(civic_schema_set_t *set, const char *prefix);

civic_schema_t *civic_schema_set_compile(civic_schema_set_t *set,
    const civic_json_t *schema, civic_schema_error_t *err);

/* NGX_OK, or NGX_DECLINED with the first thing that is wrong */

ngx_int_t civic_schema_check(const civic_schema_t *schema,
    const civic_json_t *value, civic_schema_error_t *err);


#endif /* _CIVIC_SCHEMA_H_INCLUDED_ */
