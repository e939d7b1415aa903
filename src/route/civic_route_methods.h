
/*
 * Copyright (C) Civic Gate
 *
 * The routes of one pattern, which share its paths by their methods.
 */


#ifndef _CIVIC_ROUTE_METHODS_H_INCLUDED_
#define _CIVIC_ROUTE_METHODS_H_INCLUDED_


#include "civic_route_table.h"


typedef struct {
    ngx_array_t             routes;    /* const civic_route_t * */
    const civic_route_t    *any;       /* takes what the others leave */
    ngx_uint_t              listed;    /* methods of the others */
} civic_route_methods_t;


ngx_int_t civic_route_methods_init(civic_route_methods_t *methods,
    ngx_pool_t *pool);

/* NGX_OK, or NGX_ERROR with `err`, which names the route in the way */

ngx_int_t civic_route_methods_add(civic_route_methods_t *methods,
    const civic_route_t *route, ngx_pool_t *pool, ngx_str_t *err);

/*
 * NGX_OK: match->route takes the method; NGX_DECLINED: none does, those
 * that would be taken are added to match->allow
 */

ngx_int_t civic_route_methods_find(const civic_route_methods_t *methods,
    ngx_uint_t method, civic_route_match_t *match);


#endif /* _CIVIC_ROUTE_METHODS_H_INCLUDED_ */
