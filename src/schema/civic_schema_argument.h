
/*
 * Copyright (C) Civic Gate
 *
 * Compiling: the set of a document's schemas, and what stands behind a
 * keyword.
 */


#ifndef _CIVIC_SCHEMA_ARGUMENT_H_INCLUDED_
#define _CIVIC_SCHEMA_ARGUMENT_H_INCLUDED_


#include "civic_schema_node.h"


struct civic_schema_set_s {
    const civic_json_t     *root;
    ngx_pool_t             *pool;
    civic_pcre_t           *pcre;      /* made for the first pattern */
    size_t                  patterns;  /* bytes of those compiled */
    civic_schema_t        **table;     /* by address of their JSON */
    ngx_uint_t              n;
    ngx_uint_t              room;
    civic_schema_t         *queue;     /* nodes without rules yet */

    const civic_json_t     *at;        /* the schema being compiled */
    const ngx_str_t        *name;      /* its keyword, or NULL */
    civic_schema_error_t   *err;
    const char             *refs;      /* how they begin, or NULL */
    unsigned                broken:1;
};


/* NULL: refused */

civic_schema_t *civic_schema_set_node(civic_schema_set_t *set,
    const civic_json_t *json);

/* NULL: no memory */

civic_pcre_t *civic_schema_set_pcre(civic_schema_set_t *set);

/* reads rule->json as its keyword wants it.  NGX_OK, NGX_ERROR: refused */

ngx_int_t civic_schema_argument(civic_schema_set_t *set,
    civic_schema_rule_t *rule);

/* notes what is wrong; returns NGX_ERROR */

ngx_int_t civic_schema_refuse(civic_schema_set_t *set, const char *fmt, ...);


#endif /* _CIVIC_SCHEMA_ARGUMENT_H_INCLUDED_ */
