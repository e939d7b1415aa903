
/*
 * Copyright (C) Civic Gate
 *
 * Lists of methods, and which route of a pattern takes one: one that lists
 * it; for HEAD one that lists GET; then the one for any method, those
 * unknown to nginx too.
 */


#include "civic_conf_list.h"
#include "civic_error.h"
#include "civic_route_methods.h"


static const civic_route_t *civic_route_methods_taken(
    const civic_route_methods_t *methods, const civic_route_t *route);


const ngx_conf_bitmask_t  civic_route_method_names[] = {
    { ngx_string("GET"), NGX_HTTP_GET },
    { ngx_string("HEAD"), NGX_HTTP_HEAD },
    { ngx_string("POST"), NGX_HTTP_POST },
    { ngx_string("PUT"), NGX_HTTP_PUT },
    { ngx_string("PATCH"), NGX_HTTP_PATCH },
    { ngx_string("DELETE"), NGX_HTTP_DELETE },
    { ngx_string("OPTIONS"), NGX_HTTP_OPTIONS },
    { ngx_string("MKCOL"), NGX_HTTP_MKCOL },
    { ngx_string("COPY"), NGX_HTTP_COPY },
    { ngx_string("MOVE"), NGX_HTTP_MOVE },
    { ngx_string("PROPFIND"), NGX_HTTP_PROPFIND },
    { ngx_string("PROPPATCH"), NGX_HTTP_PROPPATCH },
    { ngx_string("LOCK"), NGX_HTTP_LOCK },
    { ngx_string("UNLOCK"), NGX_HTTP_UNLOCK },
    { ngx_null_string, 0 }
};


ngx_int_t
civic_route_methods_parse(const ngx_str_t *list, uint32_t *mask,
    ngx_str_t *name)
{
    ngx_str_t   rest;
    ngx_uint_t  method;

    if (list->len == 3 && ngx_strncmp(list->data, "any", 3) == 0) {
        *mask = CIVIC_ROUTE_METHODS_ANY;
        return NGX_OK;
    }

    *mask = 0;
    rest = *list;

    while (civic_conf_list_next(&rest, name)) {

        method = civic_route_methods_mask(name);

        if (method == 0) {
            return NGX_DECLINED;
        }

        if (*mask & method) {
            return NGX_BUSY;
        }

        *mask |= method;
    }

    return NGX_OK;
}


ngx_uint_t
civic_route_methods_mask(const ngx_str_t *name)
{
    const ngx_conf_bitmask_t  *m;

    for (m = civic_route_method_names; m->name.len; m++) {

        if (m->name.len == name->len
            && ngx_strncmp(m->name.data, name->data, name->len) == 0)
        {
            return m->mask;
        }
    }

    return 0;
}


void
civic_route_methods_set(civic_route_t *route, uint32_t mask)
{
    route->any = (mask == CIVIC_ROUTE_METHODS_ANY);
    route->methods = route->any ? 0 : mask;
}


ngx_int_t
civic_route_methods_add(civic_route_methods_t *methods,
    const civic_route_t *route, ngx_pool_t *pool, ngx_str_t *err)
{
    ngx_uint_t            i;
    const civic_route_t  *other;
    civic_route_taker_t  *takers;

    other = civic_route_methods_taken(methods, route);

    if (other) {
        return civic_error_write(pool, err, "the route \"%V\" takes the same "
                                 "requests as \"%V\" (first in %V:%ui)",
                                 &route->pattern, &other->pattern,
                                 &other->pos.file, other->pos.line);
    }

    /* they are few: one for each method, at most */

    takers = ngx_palloc(pool, (methods->n + 1) * sizeof(civic_route_taker_t));
    if (takers == NULL) {
        return civic_error_no_memory(err);
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
