
/*
 * Copyright (C) Civic Gate
 *
 * Decides which route of a pattern takes a method: one that lists it; for
 * HEAD one that lists GET; then the one for any method, those unknown to
 * nginx too.
 */


#include "civic_route_methods.h"
#include "civic_route_error.h"


static const civic_route_t *civic_route_methods_taken(
    const civic_route_methods_t *methods, const civic_route_t *route);


ngx_int_t
civic_route_methods_add(civic_route_methods_t *methods,
    const civic_route_t *route, ngx_pool_t *pool, ngx_str_t *err)
{
    ngx_uint_t            i;
    const civic_route_t  *other;
    civic_route_taker_t  *takers;

    other = civic_route_methods_taken(methods, route);

    if (other) {
        return civic_route_error(pool, err, "the route \"%V\" takes the same "
                                 "requests as \"%V\" (first in %V:%ui)",
                                 &route->pattern, &other->pattern,
                                 &other->pos.file, other->pos.line);
    }

    /* they are few: one for each method, at most */

    takers = ngx_palloc(pool, (methods->n + 1) * sizeof(civic_route_taker_t));
    if (takers == NULL) {
        return civic_route_no_memory(err);
    }

    i = route->any ? methods->n : 0;

    if (methods->n) {
        ngx_memcpy(&takers[route->any ? 0 : 1], methods->takers,
                   methods->n * sizeof(civic_route_taker_t));
    }

    takers[i].route = route;
    takers[i].service = route->service;

    methods->takers = takers;
    methods->n++;

    if (route->any) {
        methods->any = 1;

    } else {
        methods->listed |= (uint32_t) route->methods;
    }

    return NGX_OK;
}


static const civic_route_t *
civic_route_methods_taken(const civic_route_methods_t *methods,
    const civic_route_t *route)
{
    ngx_uint_t            i;
    const civic_route_t  *other;

    for (i = 0; i < methods->n; i++) {
        other = methods->takers[i].route;

        if (route->any ? other->any : (other->methods & route->methods) != 0) {
            return other;
        }
    }

    return NULL;
}


ngx_int_t
civic_route_methods_find(const civic_route_methods_t *methods,
    ngx_uint_t method, civic_route_match_t *match)
{
    ngx_uint_t  i, last;

    if (method == NGX_HTTP_HEAD && !(methods->listed & NGX_HTTP_HEAD)) {
        method |= NGX_HTTP_GET;
    }

    if (methods->listed & method) {

        /* if none before takes it, the last does: it need not be read */

        last = methods->n - methods->any - 1;

        for (i = 0; i < last; i++) {
            if (methods->takers[i].route->methods & method) {
                break;
            }
        }

    } else if (methods->any) {
        i = methods->n - 1;

    } else {
        match->allow |= methods->listed;

        if (methods->listed & NGX_HTTP_GET) {
            match->allow |= NGX_HTTP_HEAD;
        }

        return NGX_DECLINED;
    }

    match->route = methods->takers[i].route;
    match->service = methods->takers[i].service;

    return NGX_OK;
}
