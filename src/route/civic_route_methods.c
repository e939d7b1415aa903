
/*
 * Copyright (C) Civic Gate
 *
 * Decides which route of a pattern takes a method: one that lists it; for
 * HEAD one that lists GET; then the one for any method, those unknown to
 * nginx too.
 */


#include "civic_route_methods.h"
#include "civic_route_error.h"


ngx_int_t
civic_route_methods_init(civic_route_methods_t *methods, ngx_pool_t *pool)
{
    methods->any = NULL;
    methods->listed = 0;

    return ngx_array_init(&methods->routes, pool, 1,
                          sizeof(const civic_route_t *));
}


ngx_int_t
civic_route_methods_add(civic_route_methods_t *methods,
    const civic_route_t *route, ngx_pool_t *pool, ngx_str_t *err)
{
    ngx_uint_t             i;
    const civic_route_t   *other, **routes;

    other = NULL;

    if (route->any) {
        other = methods->any;

    } else if (methods->listed & route->methods) {

        routes = methods->routes.elts;

        for (i = 0; (routes[i]->methods & route->methods) == 0; i++) {
            /* void */
        }

        other = routes[i];
    }

    if (other) {
        return civic_route_error(pool, err, "the route \"%V\" takes the same "
                                 "requests as \"%V\" (first in %V:%ui)",
                                 &route->pattern, &other->pattern,
                                 &other->pos.file, other->pos.line);
    }

    if (route->any) {
        methods->any = route;
        return NGX_OK;
    }

    routes = ngx_array_push(&methods->routes);
    if (routes == NULL) {
        return civic_route_no_memory(err);
    }

    *routes = route;
    methods->listed |= route->methods;

    return NGX_OK;
}


ngx_int_t
civic_route_methods_find(const civic_route_methods_t *methods,
    ngx_uint_t method, civic_route_match_t *match)
{
    ngx_uint_t             i, last;
    const civic_route_t  **routes;

    if (method == NGX_HTTP_HEAD && !(methods->listed & NGX_HTTP_HEAD)) {
        method |= NGX_HTTP_GET;
    }

    if (methods->listed & method) {

        /* if none before takes it, the last does: it need not be read */

        routes = methods->routes.elts;
        last = methods->routes.nelts - 1;

        for (i = 0; i < last; i++) {
            if (routes[i]->methods & method) {
                break;
            }
        }

        match->route = routes[i];
        return NGX_OK;
    }

    if (methods->any) {
        match->route = methods->any;
        return NGX_OK;
    }

    match->allow |= methods->listed;

    if (methods->listed & NGX_HTTP_GET) {
        match->allow |= NGX_HTTP_HEAD;
    }

    return NGX_DECLINED;
}
