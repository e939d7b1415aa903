
/*
 * Copyright (C) Civic Gate
 *
 * The tree of path patterns: the most specific route that knows a path and
 * takes the method, in a time that does not depend on how many there are.
 */


#ifndef _CIVIC_ROUTE_RADIX_H_INCLUDED_
#define _CIVIC_ROUTE_RADIX_H_INCLUDED_


#include "civic_route_pattern.h"
#include "civic_pcre.h"
#include "civic_route_table.h"


typedef struct civic_route_radix_s  civic_route_radix_t;


civic_route_radix_t *civic_route_radix_create(ngx_pool_t *pool,
    civic_pcre_t *pcre);

/*
 * `pattern` is the route's; the text it slices must live as long as the
 * tree.  NGX_OK, or NGX_ERROR with `err`: the tree matches as before.
 */

ngx_int_t civic_route_radix_add(civic_route_radix_t *radix,
    civic_route_t *route, const civic_route_pattern_t *pattern,
    ngx_str_t *err);

/*
 * After the last add, before the first look: makes what lookups read.
 * NGX_OK, or NGX_ERROR (no memory)
 */

ngx_int_t civic_route_radix_pack(civic_route_radix_t *radix);

/*
 *     NGX_OK        all of match but allow
 *     NGX_DECLINED  match->allow has grown by the methods of the patterns
 *                   that match the path
 *     NGX_ERROR     a match limit was hit
 */

ngx_int_t civic_route_radix_find(const civic_route_radix_t *radix,
    const ngx_str_t *path, ngx_uint_t method, civic_route_match_t *match);


#endif /* _CIVIC_ROUTE_RADIX_H_INCLUDED_ */
