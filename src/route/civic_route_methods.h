
/*
 * Copyright (C) Civic Gate
 *
 * The routes of one pattern, which share its paths by their methods.
 */


#ifndef _CIVIC_ROUTE_METHODS_H_INCLUDED_
#define _CIVIC_ROUTE_METHODS_H_INCLUDED_


#include "civic_route_table.h"


/* the route's service is here too: the jump to it need not read the route */

typedef struct {
    const civic_route_t    *route;
    const civic_service_t  *service;
} civic_route_taker_t;


/* zeroed: of no route */

typedef struct {
    civic_route_taker_t    *takers;    /* the one for any method is last */
    uint32_t                listed;    /* methods of the others */
    uint16_t                n;
    uint16_t                any;       /* is there one */
} civic_route_methods_t;


/* what a route may list, in the order in which Allow does; ends with "" */

extern const ngx_conf_bitmask_t  civic_route_method_names[];

/* the mask of "any": those that nginx does not know, too */

#define CIVIC_ROUTE_METHODS_ANY  0xffffffff

/*
 * The mask of "GET,POST" or "any".  Otherwise `name` is what is wrong with
 * the list: NGX_DECLINED, it is no method; NGX_BUSY, it comes twice.
 */

ngx_int_t civic_route_methods_parse(const ngx_str_t *list, uint32_t *mask,
    ngx_str_t *name);

void civic_route_methods_set(civic_route_t *route, uint32_t mask);

/* NGX_OK, or NGX_ERROR with `err`, which names the route in the way */

ngx_int_t civic_route_methods_add(civic_route_methods_t *methods,
    const civic_route_t *route, ngx_pool_t *pool, ngx_str_t *err);

/*
 * NGX_OK: match->route, match->service take the method; NGX_DECLINED: none
 * does, those that would be taken are added to match->allow
 */

ngx_int_t civic_route_methods_find(const civic_route_methods_t *methods,
    ngx_uint_t method, civic_route_match_t *match);


#endif /* _CIVIC_ROUTE_METHODS_H_INCLUDED_ */
