
/*
 * Copyright (C) Civic Gate
 *
 * The finished tree of path patterns, in one block of memory: const, and
 * all that a lookup reads.
 */


#ifndef _CIVIC_ROUTE_PACKED_H_INCLUDED_
#define _CIVIC_ROUTE_PACKED_H_INCLUDED_


#include "civic_route_node.h"
#include "civic_pcre.h"
#include "civic_route_table.h"


typedef struct civic_route_packed_s  civic_route_packed_t;


/*
 * Copies the tree below `root`, which is not needed afterwards, but for its
 * segments.  NULL: no memory
 */

civic_route_packed_t *civic_route_packed_create(ngx_pool_t *pool,
    const civic_route_node_t *root);

/* as civic_route_radix_find() */

ngx_int_t civic_route_packed_find(const civic_route_packed_t *packed,
    const civic_pcre_t *pcre, const ngx_str_t *path, ngx_uint_t method,
    civic_route_match_t *match);


#endif /* _CIVIC_ROUTE_PACKED_H_INCLUDED_ */
