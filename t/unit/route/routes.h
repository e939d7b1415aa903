
/*
 * Copyright (C) Civic Gate
 *
 * Unit tests only: a routing table that is asked and answers in text.
 */


#ifndef _ROUTES_H_INCLUDED_
#define _ROUTES_H_INCLUDED_


#include "civic_route_table.h"


typedef struct {
    ngx_pool_t           *pool;
    civic_route_table_t  *table;
    ngx_uint_t            line;        /* of the route added last */
    ngx_str_t             err;
    char                  error[4097]; /* err, with a zero */
    char                  answer[4096];
} routes_t;


void routes_open(routes_t *routes);
void routes_close(routes_t *routes);

/*
 * methods: "GET,POST" or "any"; the route's file is "routes.conf", its line
 * counts from 1.  What civic_route_table_add() returns.
 */

ngx_int_t routes_add(routes_t *routes, const char *methods,
    const char *pattern);
ngx_int_t routes_add_in(routes_t *routes, const char *prefix,
    const char *methods, const char *pattern);

void routes_compile(routes_t *routes);

/*
 * "PATTERN name=value name=value", "404", "405 GET,HEAD" or "limit".  The
 * text lasts until the next question.
 */

const char *routes_find(routes_t *routes, const char *method,
    const char *path);

/* "GET,POST" as bits */

ngx_uint_t routes_methods(const char *names);


#endif /* _ROUTES_H_INCLUDED_ */
