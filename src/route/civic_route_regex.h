
/*
 * Copyright (C) Civic Gate
 *
 * The regular expressions of a table, "~^...", asked in one pass where no
 * path pattern took the request.
 */


#ifndef _CIVIC_ROUTE_REGEX_H_INCLUDED_
#define _CIVIC_ROUTE_REGEX_H_INCLUDED_


#include "civic_pcre.h"
#include "civic_route_table.h"


typedef struct civic_route_regex_s  civic_route_regex_t;


civic_route_regex_t *civic_route_regex_create(ngx_pool_t *pool,
    civic_pcre_t *pcre);

/* sets route->params too.  NGX_OK, or NGX_ERROR with `err` */

ngx_int_t civic_route_regex_add(civic_route_regex_t *regex,
    civic_route_t *route, const ngx_str_t *prefix, ngx_str_t *err);

/* after the last add.  NGX_OK, or NGX_ERROR with `err` */

ngx_int_t civic_route_regex_compile(civic_route_regex_t *regex,
    ngx_str_t *err);

/* as civic_route_radix_find() */

ngx_int_t civic_route_regex_find(const civic_route_regex_t *regex,
    const ngx_str_t *path, ngx_uint_t method, civic_route_match_t *match);


#endif /* _CIVIC_ROUTE_REGEX_H_INCLUDED_ */
