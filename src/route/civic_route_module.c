
/*
 * Copyright (C) Civic Gate
 *
 * Directives of routing: civic_route makes the location that holds it a
 * service, and its server a routed one; civic_accel_redirect.
 */


#include "civic_conf_block.h"
#include "civic_conf_list.h"
#include "civic_route_conf.h"
#include "civic_route_methods.h"


#define CIVIC_ROUTE_LINE  64           /* bytes, of the cache */


static char *civic_route_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static civic_route_t *civic_route_create(ngx_conf_t *cf);
static char *civic_route_parameters(ngx_conf_t *cf, civic_route_t *route);
static char *civic_route_take_methods(ngx_conf_t *cf, civic_route_t *route,
    ngx_str_t *list);
static char *civic_route_service(ngx_conf_t *cf, const char *directive,
    civic_route_loc_conf_t *rlcf);
static char *civic_route_add(ngx_conf_t *cf, civic_route_t *route);
static char *civic_route_accel_redirect(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

static ngx_int_t civic_route_preconfiguration(ngx_conf_t *cf);
static void *civic_route_create_main_conf(ngx_conf_t *cf);
static void *civic_route_create_srv_conf(ngx_conf_t *cf);
static char *civic_route_merge_srv_conf(ngx_conf_t *cf, void *parent,
    void *child);
static void *civic_route_create_loc_conf(ngx_conf_t *cf);
static char *civic_route_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);


static civic_conf_setter_t  civic_route_scopes;


static const civic_conf_word_t  civic_route_words[] = {

    { "name=", 1, 1, civic_conf_block_text, offsetof(civic_route_t, name),
      NULL, 0 },

    { "scope=", 1, 1, civic_route_scopes, 0, NULL, 0 },

    { NULL, 0, 0, NULL, 0, NULL, 0 }
};


static ngx_command_t  civic_route_commands[] = {

    { ngx_string("civic_route"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE23|NGX_CONF_TAKE4,
      civic_route_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("civic_accel_redirect"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      civic_route_accel_redirect,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(civic_route_loc_conf_t, accel_redirect),
      NULL },

      ngx_null_command
};


static ngx_http_module_t  civic_route_module_ctx = {
    civic_route_preconfiguration,          /* preconfiguration */
    NULL,                                  /* postconfiguration */

    civic_route_create_main_conf,          /* create main configuration */
    NULL,                                  /* init main configuration */

    civic_route_create_srv_conf,           /* create server configuration */
    civic_route_merge_srv_conf,            /* merge server configuration */

    civic_route_create_loc_conf,           /* create location configuration */
    civic_route_merge_loc_conf             /* merge location configuration */
};


ngx_module_t  ngx_http_civic_route_module = {
    NGX_MODULE_V1,
    &civic_route_module_ctx,               /* module context */
    civic_route_commands,                  /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


ngx_uint_t
civic_route_server_routed(ngx_conf_t *cf)
{
    civic_route_srv_conf_t  *rscf;

    rscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_civic_route_module);

    return rscf->table != NULL;
}


ngx_array_t *
civic_route_services(ngx_conf_t *cf)
{
    civic_route_main_conf_t  *rmcf;

    rmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_civic_route_module);

    return rmcf->services;
}


ngx_array_t *
civic_route_all(ngx_conf_t *cf)
{
    civic_route_main_conf_t  *rmcf;

    rmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_civic_route_module);

    return rmcf->routes;
}


ngx_array_t *
civic_route_cycle(ngx_cycle_t *cycle)
{
    civic_route_main_conf_t  *rmcf;

    rmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_civic_route_module);

    return rmcf->routes;
}


/* civic_route METHODS "PATTERN" [name=NAME] [scope=SCOPE,...] */

static char *
civic_route_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_route_loc_conf_t  *rlcf = conf;

    char           *rv;
    ngx_str_t      *value;
    civic_pos_t    *pos;
    civic_route_t  *route;

    civic_activate(cf);

    value = cf->args->elts;

    route = civic_route_create(cf);
    pos = civic_conf_pos(cf);

    if (route == NULL || pos == NULL) {
        return NGX_CONF_ERROR;
    }

    route->pattern = value[2];
    route->name = value[2];
    route->pos = *pos;
    route->slot = NGX_CONF_UNSET_UINT;

    rv = civic_route_service(cf, "civic_route", rlcf);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    route->service = rlcf->service;

    rv = civic_route_take_methods(cf, route, &value[1]);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    rv = civic_route_parameters(cf, route);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    ngx_memcpy(route + 1, route->name.data, route->name.len);
    route->name.data = (u_char *) (route + 1);

    return civic_route_add(cf, route);
}


/*
 * A route that has room for its name behind it, whichever argument that will
 * be, and lies as civic_route.h says.
 */

static civic_route_t *
civic_route_create(ngx_conf_t *cf)
{
    size_t       len;
    u_char      *p;
    ngx_str_t   *value;
    ngx_uint_t   i;

    len = 0;
    value = cf->args->elts;

    for (i = 2; i < cf->args->nelts; i++) {
        len = ngx_max(len, value[i].len);
    }

    p = ngx_pcalloc(cf->pool, sizeof(civic_route_t) + CIVIC_ROUTE_LINE + len);
    if (p == NULL) {
        return NULL;
    }

    p = ngx_align_ptr(p + offsetof(civic_route_t, name), CIVIC_ROUTE_LINE);

    return (civic_route_t *) (p - offsetof(civic_route_t, name));
}


static char *
civic_route_parameters(ngx_conf_t *cf, civic_route_t *route)
{
    civic_conf_block_t  block;

    ngx_memzero(&block, sizeof(civic_conf_block_t));

    block.directive = "civic_route";
    block.words = civic_route_words;
    block.conf = route;

    return civic_conf_block_line(cf, &block, 3);
}


static char *
civic_route_scopes(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *list)
{
    ngx_str_t       rest, item, *scope;
    civic_route_t  *route;

    route = block->conf;
    route->scopes = ngx_array_create(cf->pool, 2, sizeof(ngx_str_t));
    if (route->scopes == NULL) {
        return NGX_CONF_ERROR;
    }

    rest = *list;

    while (civic_conf_list_next(&rest, &item)) {

        if (item.len == 0) {
            return civic_conf_error(cf, NULL,
                                    "empty scope in \"scope=%V\"", list);
        }

        scope = ngx_array_push(route->scopes);
        if (scope == NULL) {
            return NGX_CONF_ERROR;
        }

        *scope = item;
    }

    return NGX_CONF_OK;
}


static char *
civic_route_take_methods(ngx_conf_t *cf, civic_route_t *route,
    ngx_str_t *list)
{
    uint32_t   mask;
    ngx_str_t  name;

    switch (civic_route_methods_parse(list, &mask, &name)) {

    case NGX_OK:
        civic_route_methods_set(route, mask);
        return NGX_CONF_OK;

    case NGX_BUSY:
        return civic_conf_error(cf, NULL, "method \"%V\" of civic_route "
                                "comes twice", &name);

    default:
        return civic_conf_error(cf, NULL, "unknown method \"%V\" of "
                                "civic_route; write GET,POST,... or any",
                                &name);
    }
}


civic_service_t *
civic_route_mount(ngx_conf_t *cf, const char *directive,
    const civic_route_source_t *source)
{
    civic_route_srv_conf_t  *rscf;
    civic_route_loc_conf_t  *rlcf;

    civic_activate(cf);

    rscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_civic_route_module);
    rlcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_civic_route_module);

    if (civic_route_service(cf, directive, rlcf) != NGX_CONF_OK) {
        return NULL;
    }

    if (rscf->table == NULL) {
        rscf->table = civic_route_table_create(cf->pool);
    }

    if (rscf->table == NULL) {
        return NULL;
    }

    rscf->source = source;

    return rlcf->service;
}


/* the location becomes a service with its first route */

static char *
civic_route_service(ngx_conf_t *cf, const char *directive,
    civic_route_loc_conf_t *rlcf)
{
    civic_pos_t                *pos;
    civic_service_t            *service, **slot;
    ngx_http_conf_ctx_t        *ctx;
    civic_route_main_conf_t    *rmcf;
    ngx_http_core_loc_conf_t   *clcf;

    if (rlcf->service != NULL) {
        return NGX_CONF_OK;
    }

    ctx = cf->ctx;
    clcf = ctx->loc_conf[ngx_http_core_module.ctx_index];

#if (NGX_PCRE)
    if (clcf->regex != NULL) {
        return civic_conf_error(cf, NULL,
                                "%s is not for locations with a regular "
                                "expression; use a prefix or a named one",
                                directive);
    }
#endif

    rmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_civic_route_module);

    service = ngx_pcalloc(cf->pool, sizeof(civic_service_t));
    slot = ngx_array_push(rmcf->services);
    pos = civic_conf_pos(cf);

    if (service == NULL || slot == NULL || pos == NULL) {
        return NGX_CONF_ERROR;
    }

    *slot = service;

    service->name = clcf->name;
    service->srv_conf = ctx->srv_conf;
    service->loc_conf = ctx->loc_conf;
    service->pos = *pos;
    service->slot = NGX_CONF_UNSET_UINT;

    rlcf->service = service;

    return NGX_CONF_OK;
}


static char *
civic_route_add(ngx_conf_t *cf, civic_route_t *route)
{
    ngx_str_t                   err, *prefix;
    civic_route_t             **slot;
    civic_route_srv_conf_t     *rscf;
    civic_route_main_conf_t    *rmcf;
    ngx_http_core_loc_conf_t   *clcf;

    rmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_civic_route_module);
    rscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_civic_route_module);
    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (rscf->table == NULL) {
        rscf->table = civic_route_table_create(cf->pool);
    }

    slot = ngx_array_push(rmcf->routes);

    if (rscf->table == NULL || slot == NULL) {
        return NGX_CONF_ERROR;
    }

    *slot = route;

    prefix = clcf->named ? NULL : &clcf->name;

    switch (civic_route_table_add(rscf->table, route, prefix, &err)) {

    case NGX_OK:
        return NGX_CONF_OK;

    case NGX_DECLINED:
        civic_conf_warn(cf, NULL, "civic_route: %V", &err);
        return NGX_CONF_OK;
    }

    return civic_conf_error(cf, NULL, "civic_route: %V", &err);
}


static char *
civic_route_accel_redirect(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_activate(cf);

    return ngx_conf_set_flag_slot(cf, cmd, conf);
}


static ngx_int_t
civic_route_preconfiguration(ngx_conf_t *cf)
{
    return civic_route_variables_add(cf);
}


static void *
civic_route_create_main_conf(ngx_conf_t *cf)
{
    civic_route_main_conf_t  *rmcf;

    rmcf = ngx_pcalloc(cf->pool, sizeof(civic_route_main_conf_t));
    if (rmcf == NULL) {
        return NULL;
    }

    rmcf->services = ngx_array_create(cf->pool, 8,
                                      sizeof(civic_service_t *));
    rmcf->routes = ngx_array_create(cf->pool, 64, sizeof(civic_route_t *));

    if (rmcf->services == NULL || rmcf->routes == NULL) {
        return NULL;
    }

    return rmcf;
}


static void *
civic_route_create_srv_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(civic_route_srv_conf_t));
}


static char *
civic_route_merge_srv_conf(ngx_conf_t *cf, void *parent, void *child)
{
    civic_route_srv_conf_t  *conf = child;

    ngx_str_t  err;

    if (conf->table != NULL
        && civic_route_table_compile(conf->table, &err) != NGX_OK)
    {
        return civic_conf_error(cf, NULL, "civic_route: %V", &err);
    }

    return NGX_CONF_OK;
}


static void *
civic_route_create_loc_conf(ngx_conf_t *cf)
{
    civic_route_loc_conf_t  *rlcf;

    rlcf = ngx_pcalloc(cf->pool, sizeof(civic_route_loc_conf_t));
    if (rlcf == NULL) {
        return NULL;
    }

    rlcf->accel_redirect = NGX_CONF_UNSET;

    return rlcf;
}


static char *
civic_route_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    civic_route_loc_conf_t  *prev = parent;
    civic_route_loc_conf_t  *conf = child;

    ngx_http_core_loc_conf_t  *clcf;

    ngx_conf_merge_value(conf->accel_redirect, prev->accel_redirect, 0);

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    /* an `if` or limit_except block is its location, not another one */

    if (clcf->noname) {
        conf->service = prev->service;
    }

    return NGX_CONF_OK;
}
