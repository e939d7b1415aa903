
/*
 * Copyright (C) Civic Gate
 *
 * From manifests to routing tables.  What civic_route lines say once, a
 * manifest says for each route: its rules are made here, so that a request
 * finds them ready.  Routes for plugins only are in no table: to a client
 * they do not exist.
 */


#include "civic_auth.h"
#include "civic_limit.h"
#include "civic_plugin_hollow.h"
#include "civic_plugin_registry.h"
#include "civic_plugin_routes.h"
#include "civic_route_methods.h"


/* what the tables lead to: civic_route_t comes first */

typedef struct {
    civic_route_t                     route;
    civic_route_rules_t               rules;
    const civic_plugin_route_spec_t  *spec;
    civic_plugin_t                   *plugin;
    civic_plugin_view_t              *view;
} civic_plugin_way_t;


static ngx_int_t civic_plugin_routes_hollow(civic_route_table_t *table,
    civic_plugin_view_t *view, civic_plugin_server_t *server);
static ngx_int_t civic_plugin_routes_add(civic_route_table_t *table,
    civic_plugin_view_t *view, civic_plugin_server_t *server,
    civic_plugin_t *plugin, ngx_pool_t *pool, civic_plugin_errors_t *errors);
static civic_plugin_way_t *civic_plugin_routes_way(ngx_pool_t *pool,
    civic_plugin_mount_t *mount, civic_plugin_t *plugin,
    const civic_plugin_route_spec_t *spec, ngx_str_t *err);
static ngx_int_t civic_plugin_routes_pos(civic_pos_t *pos, ngx_pool_t *pool,
    const civic_plugin_t *plugin, const civic_plugin_route_spec_t *spec);
static civic_plugin_mount_t *civic_plugin_routes_mount(
    const civic_plugin_server_t *server, const civic_plugin_t *plugin);
static void civic_plugin_routes_static(civic_route_table_t *table,
    const civic_plugin_server_t *server, ngx_pool_t *pool);


const civic_route_table_t *
civic_plugin_routes_table(void *data)
{
    civic_plugin_server_t  *server = data;

    civic_plugin_view_t  *view;

    if (!ngx_exiting) {
        civic_plugin_view_refresh((ngx_cycle_t *) ngx_cycle);
    }

    view = civic_plugin_view();

    return view ? view->tables[server->index] : NULL;
}


ngx_int_t
civic_plugin_routes_hold(ngx_http_request_t *r, const civic_route_t *route)
{
    return civic_plugin_view_hold(((civic_plugin_way_t *) route)->view,
                                  r->pool);
}


const civic_plugin_route_spec_t *
civic_plugin_route(const civic_route_t *route, civic_plugin_t **plugin)
{
    civic_plugin_way_t  *way;

    if (route == NULL || route->rules == NULL) {
        return NULL;
    }

    way = (civic_plugin_way_t *) route;
    *plugin = way->plugin;

    return way->spec;
}


ngx_int_t
civic_plugin_routes_build(civic_plugin_view_t *view,
    const civic_plugin_main_conf_t *pmcf)
{
    ngx_str_t                err;
    ngx_uint_t               i, n;
    civic_plugin_t         **plugin;
    civic_plugin_server_t  **server;

    view->tables = ngx_pcalloc(view->pool, (pmcf->servers.nelts + 1)
                                           * sizeof(civic_route_table_t *));
    if (view->tables == NULL) {
        return NGX_ERROR;
    }

    server = pmcf->servers.elts;
    plugin = view->plugins.elts;

    for (i = 0; i < pmcf->servers.nelts; i++) {

        view->tables[i] = civic_route_table_create(view->pool);
        if (view->tables[i] == NULL) {
            return NGX_ERROR;
        }

        for (n = 0; n < view->plugins.nelts; n++) {

            if (civic_plugin_routes_add(view->tables[i], view, server[i],
                                        plugin[n], view->pool, NULL)
                != NGX_OK)
            {
                return NGX_ERROR;
            }
        }

        if (civic_plugin_routes_hollow(view->tables[i], view, server[i])
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (civic_route_table_compile(view->tables[i], &err) != NGX_OK) {
            ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                          "civic plugin: %V", &err);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* they come last and give way: what takes the same goes before them */

static ngx_int_t
civic_plugin_routes_hollow(civic_route_table_t *table,
    civic_plugin_view_t *view, civic_plugin_server_t *server)
{
    ngx_int_t               rc;
    ngx_uint_t              i;
    ngx_pool_t             *pool;
    civic_plugin_t        **plugin;
    civic_plugin_errors_t   taken;

    if (view->hollows.nelts == 0) {
        return NGX_OK;
    }

    pool = ngx_create_pool(1024, ngx_cycle->log);
    if (pool == NULL) {
        return NGX_ERROR;
    }

    rc = civic_plugin_errors_init(&taken, pool);
    plugin = view->hollows.elts;

    for (i = 0; rc == NGX_OK && i < view->hollows.nelts; i++) {

        if (civic_plugin_hollow_stands(plugin[i], server)) {
            rc = civic_plugin_routes_add(table, view, server, plugin[i],
                                         view->pool, &taken);
        }
    }

    ngx_destroy_pool(pool);

    return rc;
}


/* without `errors` what is wrong is logged, and that route left out */

static ngx_int_t
civic_plugin_routes_add(civic_route_table_t *table,
    civic_plugin_view_t *view, civic_plugin_server_t *server,
    civic_plugin_t *plugin, ngx_pool_t *pool, civic_plugin_errors_t *errors)
{
    ngx_str_t                   err, key;
    ngx_uint_t                  i;
    civic_plugin_way_t         *way;
    civic_plugin_mount_t       *mount;
    civic_plugin_route_spec_t  *spec;

    mount = civic_plugin_routes_mount(server, plugin);

    if (mount == NULL) {
        return NGX_OK;
    }

    spec = plugin->manifest->routes.elts;

    for (i = 0; i < plugin->manifest->routes.nelts; i++) {

        if (spec[i].plugins
            || (mount->prefix.len != 0
                && (spec[i].pattern.len < mount->prefix.len
                    || ngx_memcmp(spec[i].pattern.data, mount->prefix.data,
                                  mount->prefix.len)
                       != 0)))
        {
            continue;
        }

        ngx_str_null(&err);

        way = civic_plugin_routes_way(pool, mount, plugin, &spec[i], &err);

        if (way == NULL && err.len == 0) {
            return NGX_ERROR;
        }

        if (way != NULL) {
            way->view = view;

            if (civic_route_table_add(table, &way->route, NULL, &err)
                == NGX_OK)
            {
                continue;
            }
        }

        if (errors != NULL) {
            key = civic_plugin_routes_pointer(pool, &spec[i].key);
            civic_plugin_errors_add(errors, "/routes/%V: %V", &key, &err);
            continue;
        }

        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "civic plugin: \"%V\" of \"%V\" is left out: %V",
                      &spec[i].key, &plugin->name, &err);
    }

    return NGX_OK;
}


ngx_str_t
civic_plugin_routes_pointer(ngx_pool_t *pool, const ngx_str_t *name)
{
    u_char     *p;
    size_t      i;
    ngx_str_t   pointer;

    p = ngx_pnalloc(pool, 2 * name->len);
    if (p == NULL) {
        return *name;
    }

    pointer.data = p;

    for (i = 0; i < name->len; i++) {

        switch (name->data[i]) {

        case '~':
        case '/':
            *p++ = '~';
            *p++ = (name->data[i] == '~') ? '0' : '1';
            break;

        default:
            *p++ = name->data[i];
        }
    }

    pointer.len = p - pointer.data;

    return pointer;
}


/* NULL: no memory, or `err` */

static civic_plugin_way_t *
civic_plugin_routes_way(ngx_pool_t *pool, civic_plugin_mount_t *mount,
    civic_plugin_t *plugin, const civic_plugin_route_spec_t *spec,
    ngx_str_t *err)
{
    civic_plugin_way_t  *way;
    civic_auth_wish_t    wish;

    way = ngx_pcalloc(pool, sizeof(civic_plugin_way_t));
    if (way == NULL) {
        return NULL;
    }

    way->spec = spec;
    way->plugin = plugin;

    way->route.pattern = spec->pattern;
    way->route.name = spec->key;
    way->route.service = mount->service;
    way->route.rules = &way->rules;

    civic_route_methods_set(&way->route, spec->methods);

    if (civic_plugin_routes_pos(&way->route.pos, pool, plugin, spec)
        != NGX_OK)
    {
        return NULL;
    }

    wish.words = &spec->auth;
    wish.requires = &spec->require;
    wish.optional = spec->optional;
    wish.pos = way->route.pos;

    way->rules.auth = civic_auth_terms_create((ngx_cycle_t *) ngx_cycle,
                                              &wish, pool, err);
    if (way->rules.auth == NULL) {
        return NULL;
    }

    if (spec->limit.nelts != 0) {
        way->rules.limit = civic_limit_rules_create((ngx_cycle_t *) ngx_cycle,
                                        mount->service->loc_conf,
                                        &spec->limit, &way->route.pos, pool,
                                        err);
        if (way->rules.limit == NULL) {
            return NULL;
        }
    }

    return way;
}


/* what refuses by a manifest's word is named by the manifest */

static ngx_int_t
civic_plugin_routes_pos(civic_pos_t *pos, ngx_pool_t *pool,
    const civic_plugin_t *plugin, const civic_plugin_route_spec_t *spec)
{
    size_t  len;

    len = plugin->name.len + sizeof("/manifest.json") - 1;

    pos->file.data = ngx_pnalloc(pool, len);
    if (pos->file.data == NULL) {
        return NGX_ERROR;
    }

    pos->file.len = ngx_snprintf(pos->file.data, len, "%V/manifest.json",
                                 &plugin->name)
                    - pos->file.data;
    pos->line = civic_plugin_line(plugin, spec);

    return NGX_OK;
}


static civic_plugin_mount_t *
civic_plugin_routes_mount(const civic_plugin_server_t *server,
    const civic_plugin_t *plugin)
{
    ngx_uint_t              i;
    civic_plugin_mount_t  **mount;

    mount = server->mounts.elts;

    for (i = 0; i < server->mounts.nelts; i++) {

        if (civic_plugin_mount_takes(mount[i], plugin->department)) {
            return mount[i];
        }
    }

    return NULL;
}


void
civic_plugin_routes_try(const civic_plugin_t *plugin,
    const civic_plugin_view_t *view, const civic_plugin_main_conf_t *pmcf,
    civic_plugin_errors_t *errors)
{
    ngx_uint_t               i, n;
    civic_plugin_t         **other;
    civic_route_table_t     *table;
    civic_plugin_errors_t    old;
    civic_plugin_server_t  **server;

    server = pmcf->servers.elts;

    for (i = 0; i < pmcf->servers.nelts; i++) {

        table = civic_route_table_create(errors->pool);

        if (table == NULL
            || civic_plugin_errors_init(&old, errors->pool) != NGX_OK)
        {
            civic_plugin_errors_add(errors, "no memory");
            return;
        }

        if (view != NULL) {
            civic_plugin_routes_static(table, server[i], errors->pool);
        }

        other = view ? view->plugins.elts : NULL;

        for (n = 0; view && n < view->plugins.nelts; n++) {

            if (other[n]->name.len != plugin->name.len
                || ngx_memcmp(other[n]->name.data, plugin->name.data,
                              plugin->name.len)
                   != 0)
            {
                (void) civic_plugin_routes_add(table, NULL, server[i],
                                               other[n], errors->pool, &old);
            }
        }

        if (civic_plugin_routes_add(table, NULL, server[i],
                                    (civic_plugin_t *) plugin, errors->pool,
                                    errors)
            != NGX_OK)
        {
            civic_plugin_errors_add(errors, "no memory");
        }

        if (errors->list.nelts != 0) {
            return;
        }
    }
}


/* expressions are told apart from patterns by no one */

static void
civic_plugin_routes_static(civic_route_table_t *table,
    const civic_plugin_server_t *server, ngx_pool_t *pool)
{
    ngx_str_t        err;
    ngx_uint_t       i;
    ngx_array_t     *routes;
    civic_route_t  **route, *copy;

    routes = civic_route_cycle((ngx_cycle_t *) ngx_cycle);
    route = routes->elts;

    for (i = 0; i < routes->nelts; i++) {

        if (route[i]->service->srv_conf != server->srv_conf
            || route[i]->pattern.data[0] == '~')
        {
            continue;
        }

        copy = ngx_palloc(pool, sizeof(civic_route_t));
        if (copy == NULL) {
            return;
        }

        *copy = *route[i];

        (void) civic_route_table_add(table, copy, NULL, &err);
    }
}
