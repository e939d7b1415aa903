
/*
 * Copyright (C) Civic Gate
 */


#include "routes.h"


static const struct {
    const char  *name;
    ngx_uint_t   bit;
} routes_names[] = {
    { "GET", NGX_HTTP_GET },
    { "HEAD", NGX_HTTP_HEAD },
    { "POST", NGX_HTTP_POST },
    { "PUT", NGX_HTTP_PUT },
    { "DELETE", NGX_HTTP_DELETE },
    { "PATCH", NGX_HTTP_PATCH },
    { "OPTIONS", NGX_HTTP_OPTIONS },
    { "BREW", NGX_HTTP_UNKNOWN },
    { NULL, 0 }
};


ngx_uint_t
routes_methods(const char *names)
{
    size_t      len;
    ngx_uint_t  i, bits;

    for (bits = 0; *names; names += len + (names[len] == ',')) {
        len = strcspn(names, ",");

        for (i = 0; routes_names[i].name; i++) {
            if (strlen(routes_names[i].name) == len
                && memcmp(routes_names[i].name, names, len) == 0)
            {
                bits |= routes_names[i].bit;
                break;
            }
        }

        if (routes_names[i].name == NULL) {
            abort();
        }
    }

    return bits;
}


void
routes_open(routes_t *routes)
{
    memset(routes, 0, sizeof(routes_t));

    routes->pool = ngx_create_pool(4096, NULL);
    routes->table = civic_route_table_create(routes->pool);

    if (routes->table == NULL) {
        abort();
    }
}


void
routes_close(routes_t *routes)
{
    ngx_destroy_pool(routes->pool);
}


ngx_int_t
routes_add(routes_t *routes, const char *methods, const char *pattern)
{
    return routes_add_in(routes, NULL, methods, pattern);
}


ngx_int_t
routes_add_in(routes_t *routes, const char *prefix, const char *methods,
    const char *pattern)
{
    ngx_int_t       rc;
    ngx_str_t       name;
    civic_route_t  *route;

    route = ngx_pcalloc(routes->pool, sizeof(civic_route_t));

    /* no zero at the end: a byte too far is seen */

    route->pattern.len = strlen(pattern);
    route->pattern.data = ngx_pnalloc(routes->pool, route->pattern.len);
    memcpy(route->pattern.data, pattern, route->pattern.len);

    if (strcmp(methods, "any") == 0) {
        route->any = 1;

    } else {
        route->methods = routes_methods(methods);
    }

    ngx_str_set(&route->pos.file, "routes.conf");
    route->pos.line = ++routes->line;

    if (prefix) {
        name.data = (u_char *) prefix;
        name.len = strlen(prefix);
    }

    rc = civic_route_table_add(routes->table, route, prefix ? &name : NULL,
                               &routes->err);

    memcpy(routes->error, routes->err.data ? routes->err.data : (u_char *) "",
           routes->err.len);
    routes->error[routes->err.len] = '\0';

    return rc;
}


void
routes_compile(routes_t *routes)
{
    if (civic_route_table_compile(routes->table, &routes->err) != NGX_OK) {
        fprintf(stderr, "%.*s\n", (int) routes->err.len, routes->err.data);
        abort();
    }
}


static void
routes_append(routes_t *routes, const char *before, const ngx_str_t *text)
{
    size_t  len;

    len = strlen(routes->answer);

    snprintf(routes->answer + len, sizeof(routes->answer) - len, "%s%.*s",
             before, (int) text->len, text->data);
}


const char *
routes_find(routes_t *routes, const char *method, const char *path)
{
    ngx_int_t             rc;
    ngx_str_t             uri, name;
    ngx_uint_t            i;
    civic_route_match_t   match;

    uri.len = strlen(path);
    uri.data = malloc(uri.len + 1);
    memcpy(uri.data, path, uri.len);

    routes->answer[0] = '\0';

    rc = civic_route_table_find(routes->table, &uri, routes_methods(method),
                                &match);

    if (rc == NGX_OK) {
        routes_append(routes, "", &match.route->pattern);

        for (i = 0; i < match.route->nparams; i++) {
            routes_append(routes, " ", &match.route->params[i]);
            routes_append(routes, "=", &match.values[i]);
        }

    } else if (rc == NGX_HTTP_NOT_ALLOWED) {
        strcpy(routes->answer, "405");

        for (i = 0; routes_names[i].name; i++) {
            if (match.allow & routes_names[i].bit) {
                name.data = (u_char *) routes_names[i].name;
                name.len = strlen(routes_names[i].name);
                routes_append(routes,
                              strcmp(routes->answer, "405") ? "," : " ",
                              &name);
            }
        }

    } else {
        strcpy(routes->answer, (rc == NGX_DECLINED) ? "404" : "limit");
    }

    free(uri.data);

    return routes->answer;
}
