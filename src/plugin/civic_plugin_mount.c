
/*
 * Copyright (C) Civic Gate
 *
 * civic_mount: the location through which departments' routes are reached.
 * It is a service like one with civic_route lines, only that its routes
 * come and go.  All mounts of a server share one table.
 */


#include "civic_plugin_conf.h"
#include "civic_auth.h"
#include "civic_limit.h"
#include "civic_plugin_routes.h"


static civic_plugin_server_t *civic_plugin_mount_server(ngx_conf_t *cf,
    civic_plugin_main_conf_t *pmcf);
static char *civic_plugin_mount_names(ngx_conf_t *cf,
    civic_plugin_mount_t *mount);
static char *civic_plugin_mount_location(ngx_conf_t *cf,
    civic_plugin_mount_t *mount);
static ngx_int_t civic_plugin_mount_check(ngx_conf_t *cf,
    civic_plugin_main_conf_t *pmcf, civic_plugin_server_t *server,
    civic_plugin_mount_t *mount);
static ngx_int_t civic_plugin_mount_tenants(ngx_conf_t *cf,
    civic_plugin_main_conf_t *pmcf, civic_plugin_server_t *server,
    civic_plugin_mount_t *mount);
static ngx_int_t civic_plugin_mount_take(ngx_conf_t *cf,
    civic_plugin_server_t *server, civic_plugin_mount_t *mount,
    civic_plugin_tenant_t *tenant);
static ngx_int_t civic_plugin_mount_tree(ngx_array_t *locations,
    const ngx_http_location_tree_node_t *node);
static ngx_int_t civic_plugin_mount_note(ngx_array_t *locations,
    const ngx_http_core_loc_conf_t *clcf);
static ngx_int_t civic_plugin_mount_handler(ngx_http_request_t *r);


/* civic_mount all | NAME ... */

char *
civic_plugin_mount_slot(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_plugin_loc_conf_t  *plcf = conf;

    char                       *rv;
    civic_pos_t                *pos;
    civic_plugin_mount_t       *mount, **slot;
    civic_plugin_server_t      *server;
    civic_plugin_main_conf_t   *pmcf;

    if (plcf->mount != NULL) {
        return "is duplicate";
    }

    pmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_civic_plugin_module);

    server = civic_plugin_mount_server(cf, pmcf);
    mount = ngx_pcalloc(cf->pool, sizeof(civic_plugin_mount_t));
    pos = civic_conf_pos(cf);

    if (server == NULL || mount == NULL || pos == NULL) {
        return NGX_CONF_ERROR;
    }

    slot = ngx_array_push(&server->mounts);

    if (slot == NULL
        || ngx_array_init(&mount->names, cf->pool, 4, sizeof(ngx_str_t))
           != NGX_OK
        || ngx_array_init(&mount->tenants, cf->pool, 4,
                          sizeof(civic_plugin_tenant_t *))
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    *slot = mount;

    mount->pos = *pos;
    plcf->mount = mount;

    rv = civic_plugin_mount_names(cf, mount);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    rv = civic_plugin_mount_location(cf, mount);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    mount->service = civic_route_mount(cf, "civic_mount", &server->source);

    return mount->service ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static civic_plugin_server_t *
civic_plugin_mount_server(ngx_conf_t *cf, civic_plugin_main_conf_t *pmcf)
{
    ngx_uint_t               i;
    ngx_http_conf_ctx_t     *ctx;
    civic_plugin_server_t  **server, *new;

    ctx = cf->ctx;
    server = pmcf->servers.elts;

    for (i = 0; i < pmcf->servers.nelts; i++) {

        if (server[i]->srv_conf == ctx->srv_conf) {
            return server[i];
        }
    }

    new = ngx_pcalloc(cf->pool, sizeof(civic_plugin_server_t));
    server = ngx_array_push(&pmcf->servers);

    if (new == NULL || server == NULL) {
        return NULL;
    }

    if (ngx_array_init(&new->mounts, cf->pool, 2,
                       sizeof(civic_plugin_mount_t *))
        != NGX_OK
        || ngx_array_init(&new->locations, cf->pool, 16, sizeof(ngx_str_t))
           != NGX_OK)
    {
        return NULL;
    }

    *server = new;

    new->index = pmcf->servers.nelts - 1;
    new->srv_conf = ctx->srv_conf;
    new->source.table = civic_plugin_routes_table;
    new->source.hold = civic_plugin_routes_hold;
    new->source.data = new;

    return new;
}


static char *
civic_plugin_mount_names(ngx_conf_t *cf, civic_plugin_mount_t *mount)
{
    ngx_str_t   *value, *name;
    ngx_uint_t   i;

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "all") == 0) {
        return NGX_CONF_OK;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_strcmp(value[i].data, "all") == 0) {
            return civic_conf_error(cf, NULL,
                                    "\"all\" of civic_mount stands alone");
        }

        if (civic_plugin_listed(&mount->names, &value[i])) {
            return civic_conf_error(cf, NULL, "civic_mount names \"%V\" "
                                    "twice", &value[i]);
        }

        name = ngx_array_push(&mount->names);
        if (name == NULL) {
            return NGX_CONF_ERROR;
        }

        *name = value[i];
    }

    return NGX_CONF_OK;
}


static char *
civic_plugin_mount_location(ngx_conf_t *cf, civic_plugin_mount_t *mount)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->exact_match) {
        return civic_conf_error(cf, NULL, "civic_mount is not for a location "
                                "with \"=\"; use a prefix or a named one");
    }

    if (clcf->handler != NULL) {
        return civic_conf_error(cf, NULL, "civic_mount shares its location "
                                "with another content handler");
    }

    if (!clcf->named) {
        mount->prefix = clcf->name;
    }

    clcf->handler = civic_plugin_mount_handler;

    return NGX_CONF_OK;
}


/* an `if` block is part of the location around it */

char *
civic_plugin_mount_merge(ngx_conf_t *cf, void *parent, void *child)
{
    civic_plugin_loc_conf_t  *prev = parent;
    civic_plugin_loc_conf_t  *conf = child;

    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (conf->mount != NULL && clcf->handler != civic_plugin_mount_handler) {
        return civic_conf_error(cf, &conf->mount->pos,
                                "civic_mount shares its location with "
                                "another content handler");
    }

    if (conf->mount == NULL && clcf->noname) {
        conf->mount = prev->mount;
    }

    return NGX_CONF_OK;
}


ngx_int_t
civic_plugin_mount_resolve(ngx_conf_t *cf, civic_plugin_main_conf_t *pmcf)
{
    ngx_uint_t                 i, n;
    civic_plugin_mount_t     **mount;
    civic_plugin_server_t    **server;
    civic_plugin_tenant_t    **tenant;
    ngx_http_core_srv_conf_t  *cscf;
    ngx_http_core_loc_conf_t  *clcf;

    server = pmcf->servers.elts;

    for (i = 0; i < pmcf->servers.nelts; i++) {

        mount = server[i]->mounts.elts;

        for (n = 0; n < server[i]->mounts.nelts; n++) {

            if (civic_plugin_mount_check(cf, pmcf, server[i], mount[n])
                != NGX_OK)
            {
                return NGX_ERROR;
            }
        }

        cscf = server[i]->srv_conf[ngx_http_core_module.ctx_index];
        clcf = cscf->ctx->loc_conf[ngx_http_core_module.ctx_index];

        if (civic_plugin_mount_tree(&server[i]->locations,
                                    clcf->static_locations)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (pmcf->servers.nelts != 0) {
        civic_limit_rules_expect(cf);
    }

    tenant = pmcf->tenants.elts;

    for (i = 0; i < pmcf->tenants.nelts; i++) {

        if (!tenant[i]->mounted && !tenant[i]->department.off) {
            civic_conf_warn(cf, &tenant[i]->department.pos,
                            "civic_department \"%V\" is mounted nowhere: no "
                            "client reaches its routes",
                            &tenant[i]->department.name);
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_plugin_mount_check(ngx_conf_t *cf, civic_plugin_main_conf_t *pmcf,
    civic_plugin_server_t *server, civic_plugin_mount_t *mount)
{
    ngx_uint_t       i;
    ngx_array_t     *routes;
    civic_route_t  **route;

    if (!civic_auth_off(mount->service->loc_conf)) {
        (void) civic_conf_error(cf, &mount->pos,
                                "civic_mount is in location \"%V\", where "
                                "civic_auth is not off: there the manifests "
                                "say for each route who may call it; state "
                                "civic_auth off", &mount->service->name);
        return NGX_ERROR;
    }

    routes = civic_route_all(cf);
    route = routes->elts;

    for (i = 0; i < routes->nelts; i++) {

        if (route[i]->service == mount->service) {
            (void) civic_conf_error(cf, &route[i]->pos,
                                    "civic_route and civic_mount share a "
                                    "location");
            return NGX_ERROR;
        }
    }

    return civic_plugin_mount_tenants(cf, pmcf, server, mount);
}


static ngx_int_t
civic_plugin_mount_tenants(ngx_conf_t *cf, civic_plugin_main_conf_t *pmcf,
    civic_plugin_server_t *server, civic_plugin_mount_t *mount)
{
    ngx_str_t               *name;
    ngx_uint_t               i;
    civic_plugin_tenant_t  **all, *tenant;

    all = pmcf->tenants.elts;
    name = mount->names.elts;

    if (mount->names.nelts == 0) {

        for (i = 0; i < pmcf->tenants.nelts; i++) {

            if (civic_plugin_mount_take(cf, server, mount, all[i]) != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    for (i = 0; i < mount->names.nelts; i++) {

        tenant = civic_plugin_department_find(pmcf, &name[i]);

        if (tenant == NULL) {
            (void) civic_conf_error(cf, &mount->pos,
                                    "civic_mount names \"%V\", which no "
                                    "civic_department defines", &name[i]);
            return NGX_ERROR;
        }

        if (civic_plugin_mount_take(cf, server, mount, tenant) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (mount->tenants.nelts == 0) {
        (void) civic_conf_error(cf, &mount->pos, "civic_mount has nothing to "
                                "mount: there is no civic_department");
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* within a server a department has one mount */

static ngx_int_t
civic_plugin_mount_take(ngx_conf_t *cf, civic_plugin_server_t *server,
    civic_plugin_mount_t *mount, civic_plugin_tenant_t *tenant)
{
    ngx_uint_t               i;
    civic_plugin_mount_t   **other;
    civic_plugin_tenant_t  **slot;

    other = server->mounts.elts;

    for (i = 0; i < server->mounts.nelts; i++) {

        if (civic_plugin_mount_takes(other[i], &tenant->department)) {
            (void) civic_conf_error(cf, &mount->pos,
                                    "civic_department \"%V\" is mounted in "
                                    "this server already (%V:%ui)",
                                    &tenant->department.name,
                                    &other[i]->pos.file, other[i]->pos.line);
            return NGX_ERROR;
        }
    }

    slot = ngx_array_push(&mount->tenants);
    if (slot == NULL) {
        return NGX_ERROR;
    }

    *slot = tenant;
    tenant->mounted = 1;

    return NGX_OK;
}


ngx_uint_t
civic_plugin_mount_takes(const civic_plugin_mount_t *mount,
    const civic_department_t *department)
{
    ngx_uint_t               i;
    civic_plugin_tenant_t  **tenant;

    tenant = mount->tenants.elts;

    for (i = 0; i < mount->tenants.nelts; i++) {

        if (&tenant[i]->department == department) {
            return 1;
        }
    }

    return 0;
}


/*
 * The names of all prefix locations of a server, for the watcher: a plugin
 * does not take a path from one.  nginx has made its tree of them by now.
 */

static ngx_int_t
civic_plugin_mount_tree(ngx_array_t *locations,
    const ngx_http_location_tree_node_t *node)
{
    if (node == NULL) {
        return NGX_OK;
    }

    if (civic_plugin_mount_note(locations, node->exact) != NGX_OK
        || civic_plugin_mount_note(locations, node->inclusive) != NGX_OK
        || civic_plugin_mount_tree(locations, node->left) != NGX_OK
        || civic_plugin_mount_tree(locations, node->right) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return civic_plugin_mount_tree(locations, node->tree);
}


static ngx_int_t
civic_plugin_mount_note(ngx_array_t *locations,
    const ngx_http_core_loc_conf_t *clcf)
{
    ngx_str_t                *name;
    civic_plugin_loc_conf_t  *plcf;

    if (clcf == NULL) {
        return NGX_OK;
    }

    plcf = clcf->loc_conf[ngx_http_civic_plugin_module.ctx_index];

    if (plcf->mount == NULL) {
        name = ngx_array_push(locations);
        if (name == NULL) {
            return NGX_ERROR;
        }

        *name = clcf->name;
    }

    return civic_plugin_mount_tree(locations, clcf->static_locations);
}


/* only requests that a route has sent come through the location's door */

static ngx_int_t
civic_plugin_mount_handler(ngx_http_request_t *r)
{
    if (civic_plugin_content_handler == NULL) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "civic plugin: this module was built without the part "
                      "that runs plugins");
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return civic_plugin_content_handler(r);
}
