/* sources: src/route/civic_route_table.c src/route/civic_route_radix.c
 * src/route/civic_route_regex.c src/route/civic_route_segment.c
 * src/route/civic_route_pattern.c src/route/civic_route_methods.c
 * src/pcre/civic_pcre.c src/route/civic_route_syntax.c
 * src/civic_error.c src/route/civic_route_packed.c */

/*
 * Copyright (C) Civic Gate
 *
 * Route patterns and matching: each line of the input is a pattern whose
 * first byte chooses its methods; the last line is a path.  Whatever the
 * patterns, nothing may crash, and a table that is filled the other way
 * round answers the same, with values that lie within the path.
 */


#include "civic_route_table.h"


#define ROUTE_MAX  32


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static const ngx_uint_t  route_methods[] = {
    NGX_HTTP_GET,
    NGX_HTTP_HEAD,
    NGX_HTTP_POST,
    NGX_HTTP_GET|NGX_HTTP_PUT,
    0                                  /* any */
};


/* the lines of `data`, without the last, which becomes the path */

static ngx_uint_t
route_split(const uint8_t *data, size_t size, ngx_str_t *lines,
    ngx_str_t *path)
{
    u_char      *p, *last, *next;
    ngx_uint_t   n;

    p = (u_char *) data;
    last = p + size;

    for (n = 0; n < ROUTE_MAX; n++) {

        next = ngx_strlchr(p, last, '\n');
        if (next == NULL) {
            break;
        }

        lines[n].data = p;
        lines[n].len = next - p;
        p = next + 1;
    }

    path->data = p;
    path->len = last - p;

    return n;
}


static ngx_int_t
route_add(ngx_pool_t *pool, civic_route_table_t *table, ngx_str_t *line,
    ngx_uint_t n)
{
    u_char          kind;
    ngx_int_t       rc;
    ngx_str_t       err;
    civic_route_t  *route;

    if (line->len == 0) {
        return NGX_ERROR;
    }

    route = ngx_pcalloc(pool, sizeof(civic_route_t));

    kind = line->data[0] % 5;

    route->pattern.data = line->data + 1;
    route->pattern.len = line->len - 1;
    route->methods = route_methods[kind];
    route->any = (kind == 4);
    route->pos.line = n;
    ngx_str_set(&route->pos.file, "fuzz");

    rc = civic_route_table_add(table, route, NULL, &err);

    if (rc != NGX_OK && err.len == 0) {
        abort();
    }

    return rc;
}


static ngx_int_t
route_find(civic_route_table_t *table, ngx_str_t *path, ngx_uint_t method,
    civic_route_match_t *match)
{
    ngx_int_t   rc;
    ngx_str_t  *value;
    ngx_uint_t  i;

    rc = civic_route_table_find(table, path, method, match);

    for (i = 0; rc == NGX_OK && i < match->route->nparams; i++) {
        value = &match->values[i];

        if (match->route->params[i].len == 0
            || value->data < path->data
            || value->data + value->len > path->data + path->len)
        {
            abort();
        }
    }

    return rc;
}


/* a match limit may be met on the way in one table and not in the other */

static void
route_compare(civic_route_table_t *one, civic_route_table_t *two,
    ngx_str_t *path, ngx_uint_t method)
{
    ngx_int_t            rc, other;
    civic_route_match_t  a, b;

    rc = route_find(one, path, method, &a);
    other = route_find(two, path, method, &b);

    if (rc == NGX_ERROR || other == NGX_ERROR) {
        return;
    }

    if (rc != other
        || (rc == NGX_OK && a.route->pos.line != b.route->pos.line)
        || (rc == NGX_HTTP_NOT_ALLOWED && a.allow != b.allow))
    {
        abort();
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ngx_str_t             lines[ROUTE_MAX], path, err;
    ngx_uint_t            i, n;
    ngx_pool_t           *pool;
    civic_route_table_t  *one, *two;

    n = route_split(data, size, lines, &path);

    pool = ngx_create_pool(4096, NULL);
    one = civic_route_table_create(pool);
    two = civic_route_table_create(pool);

    for (i = 0; i < n; i++) {
        if (route_add(pool, one, &lines[i], i) == NGX_ERROR) {
            lines[i].len = 0;
        }
    }

    for (i = n; i-- > 0; /* void */ ) {
        if (lines[i].len && route_add(pool, two, &lines[i], i) == NGX_ERROR) {
            abort();
        }
    }

    if (civic_route_table_compile(one, &err) == NGX_OK
        && civic_route_table_compile(two, &err) == NGX_OK)
    {
        route_compare(one, two, &path, NGX_HTTP_GET);
        route_compare(one, two, &path, NGX_HTTP_HEAD);
        route_compare(one, two, &path, NGX_HTTP_UNKNOWN);
    }

    ngx_destroy_pool(pool);

    return 0;
}
