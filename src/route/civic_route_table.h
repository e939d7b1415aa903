
/*
 * Copyright (C) Civic Gate
 *
 * The routing table of one server: a radix tree for path patterns, one
 * PCRE2 pattern with MARKs for all regular expressions.  Built once from
 * the configuration; const and shared by all requests afterwards.
 *
 * Pure: no I/O, no request, no configuration parser.
 */


#ifndef _CIVIC_ROUTE_TABLE_H_INCLUDED_
#define _CIVIC_ROUTE_TABLE_H_INCLUDED_


#include "civic_route.h"


typedef struct civic_route_table_s  civic_route_table_t;


typedef struct {
    const civic_route_t    *route;
    const civic_service_t  *service;   /* the route's */
    ngx_uint_t              nvalues;   /* its nparams */
    ngx_str_t               values[CIVIC_MAX_PARAMS]; /* slices of the path */
    ngx_uint_t              allow;     /* methods that the path knows */
} civic_route_match_t;


/* everything comes from `pool` (PCRE2 code too, freed by its cleanup) */

civic_route_table_t *civic_route_table_create(ngx_pool_t *pool);

/*
 * Takes a route whose pattern, methods, any, pos and (if in a prefix
 * location) `prefix` are set; fills its params and nparams.
 *
 *     NGX_OK       added
 *     NGX_DECLINED added, but can never match: `err` says why (a warning)
 *     NGX_ERROR    refused: `err` is a sentence for the operator, in pool;
 *                  a duplicate names the other route's file and line
 */

ngx_int_t civic_route_table_add(civic_route_table_t *table,
    civic_route_t *route, const ngx_str_t *prefix, ngx_str_t *err);

/* after the last add.  NGX_OK, or NGX_ERROR with `err` */

ngx_int_t civic_route_table_compile(civic_route_table_t *table,
    ngx_str_t *err);

/*
 *     NGX_OK                    all of match but allow
 *     NGX_DECLINED              no route knows this path
 *     NGX_HTTP_NOT_ALLOWED      known path, other methods: match->allow
 *     NGX_ERROR                 a match limit was hit: refuse the request
 */

ngx_int_t civic_route_table_find(const civic_route_table_t *table,
    const ngx_str_t *path, ngx_uint_t method, civic_route_match_t *match);


#endif /* _CIVIC_ROUTE_TABLE_H_INCLUDED_ */
