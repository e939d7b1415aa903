
/*
 * Copyright (C) Civic Gate
 *
 * Directives of plugins, $civic_plugin, the step that asks for a plugin's
 * state, and what each process does with the registry: workers follow it on
 * a timer, the watcher runs in nginx's cache manager.
 */


#include "civic_plugin_registry.h"
#include "civic_plugin_routes.h"
#include "civic_plugin_account.h"
#include "civic_plugin_step.h"
#include "civic_plugin_status.h"
#include "civic_variables.h"
#include "civic_watch.h"


#define CIVIC_PLUGIN_POLL   200        /* ms */
#define CIVIC_PLUGIN_RETRY  10         /* s: while somebody mends it */


static char *civic_plugin_module_state(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static ngx_int_t civic_plugin_module_state_add(ngx_conf_t *cf,
    civic_plugin_main_conf_t *pmcf, ngx_str_t *name);
static ngx_int_t civic_plugin_module_preconfiguration(ngx_conf_t *cf);
static ngx_int_t civic_plugin_module_postconfiguration(ngx_conf_t *cf);
static void *civic_plugin_module_create_main_conf(ngx_conf_t *cf);
static void *civic_plugin_module_create_loc_conf(ngx_conf_t *cf);
static ngx_int_t civic_plugin_module_init(ngx_cycle_t *cycle);
static ngx_int_t civic_plugin_module_init_process(ngx_cycle_t *cycle);
static void civic_plugin_module_exit_process(ngx_cycle_t *cycle);
static void civic_plugin_module_poll(ngx_event_t *ev);
static ngx_int_t civic_plugin_module_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


ngx_http_handler_pt  civic_plugin_content_handler;


static ngx_event_t  civic_plugin_module_timer;


static ngx_http_variable_t  civic_plugin_variables[] = {

    { ngx_string("civic_plugin"), NULL, civic_plugin_module_variable, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


static ngx_command_t  civic_plugin_commands[] = {

    { ngx_string("civic_department"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      civic_plugin_department_block,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("civic_state"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      civic_plugin_module_state,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("civic_mount"),
      NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      civic_plugin_mount_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  civic_plugin_module_ctx = {
    civic_plugin_module_preconfiguration,  /* preconfiguration */
    civic_plugin_module_postconfiguration, /* postconfiguration */

    civic_plugin_module_create_main_conf,  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    civic_plugin_module_create_loc_conf,   /* create location configuration */
    civic_plugin_mount_merge               /* merge location configuration */
};


ngx_module_t  ngx_http_civic_plugin_module = {
    NGX_MODULE_V1,
    &civic_plugin_module_ctx,              /* module context */
    civic_plugin_commands,                 /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    civic_plugin_module_init,              /* init module */
    civic_plugin_module_init_process,      /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    civic_plugin_module_exit_process,      /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static char *
civic_plugin_module_state(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_plugin_main_conf_t  *pmcf = conf;

    ngx_str_t    *value;
    civic_pos_t  *pos;

    if (pmcf->state != NULL) {
        return "is duplicate";
    }

    civic_activate(cf);

    value = cf->args->elts;
    pos = civic_conf_pos(cf);

    if (pos == NULL
        || civic_plugin_module_state_add(cf, pmcf, &value[1]) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    pmcf->state_pos = *pos;

    return NGX_CONF_OK;
}


/*
 * nginx makes the folders of all paths, gives them to the workers' user,
 * and calls their managers in its cache manager process.
 */

static ngx_int_t
civic_plugin_module_state_add(ngx_conf_t *cf, civic_plugin_main_conf_t *pmcf,
    ngx_str_t *name)
{
    ngx_path_t  *path;

    path = ngx_pcalloc(cf->pool, sizeof(ngx_path_t));
    if (path == NULL) {
        return NGX_ERROR;
    }

    path->name = *name;

    if (path->name.len > 1 && path->name.data[path->name.len - 1] == '/') {
        path->name.len--;
        path->name.data[path->name.len] = '\0';
    }

    if (ngx_conf_full_name(cf->cycle, &path->name, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    path->manager = civic_watch_manager;
    path->data = pmcf;

    if (cf->conf_file != NULL) {
        path->conf_file = cf->conf_file->file.name.data;
        path->line = cf->conf_file->line;
    }

    pmcf->state = path;

    return ngx_add_path(cf, &pmcf->state);
}


static ngx_int_t
civic_plugin_module_preconfiguration(ngx_conf_t *cf)
{
    civic_plugin_status_init();

    return civic_variables_add_table(cf, civic_plugin_variables);
}


static ngx_int_t
civic_plugin_module_postconfiguration(ngx_conf_t *cf)
{
    civic_plugin_main_conf_t  *pmcf;

    static ngx_str_t  state = ngx_string("state");

    pmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_civic_plugin_module);

    if (civic_plugin_grant_resolve(cf, pmcf) != NGX_OK
        || civic_plugin_mount_resolve(cf, pmcf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (pmcf->tenants.nelts == 0) {
        return NGX_OK;
    }

    if (pmcf->state == NULL
        && civic_plugin_module_state_add(cf, pmcf, &state) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return civic_plugin_zone_add(cf, pmcf);
}


static void *
civic_plugin_module_create_main_conf(ngx_conf_t *cf)
{
    civic_plugin_main_conf_t  *pmcf;

    pmcf = ngx_pcalloc(cf->pool, sizeof(civic_plugin_main_conf_t));
    if (pmcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&pmcf->tenants, cf->pool, 4,
                       sizeof(civic_plugin_tenant_t *))
        != NGX_OK
        || ngx_array_init(&pmcf->servers, cf->pool, 4,
                          sizeof(civic_plugin_server_t *))
           != NGX_OK)
    {
        return NULL;
    }

    return pmcf;
}


static void *
civic_plugin_module_create_loc_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(civic_plugin_loc_conf_t));
}


static ngx_int_t
civic_plugin_module_init(ngx_cycle_t *cycle)
{
    civic_plugin_main_conf_t  *pmcf;

    pmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_civic_plugin_module);

    civic_plugin_zone_attach(pmcf ? pmcf->zone : NULL);

    return NGX_OK;
}


/* before its first request a worker has what was published, or stored */

static ngx_int_t
civic_plugin_module_init_process(ngx_cycle_t *cycle)
{
    ngx_event_t  *ev;

    if (civic_plugin_zone() == NULL || ngx_process != NGX_PROCESS_WORKER) {
        return NGX_OK;
    }

    civic_plugin_account_sit(cycle->log);

    if (civic_plugin_zone_claim_restore()) {
        civic_watch_restore(cycle);
        civic_plugin_zone_restored();
    }

    civic_plugin_view_refresh(cycle);

    ev = &civic_plugin_module_timer;

    ngx_memzero(ev, sizeof(ngx_event_t));

    ev->handler = civic_plugin_module_poll;
    ev->data = cycle;
    ev->log = cycle->log;
    ev->cancelable = 1;

    ngx_add_timer(ev, CIVIC_PLUGIN_POLL);

    return NGX_OK;
}


static void
civic_plugin_module_exit_process(ngx_cycle_t *cycle)
{
    if (civic_plugin_zone() != NULL && ngx_process == NGX_PROCESS_WORKER) {
        civic_plugin_account_rise();
    }

    civic_lua_exit();
}


static void
civic_plugin_module_poll(ngx_event_t *ev)
{
    ngx_uint_t          i;
    civic_plugin_t    **plugin;
    const ngx_array_t  *all;

    if (ngx_exiting) {
        return;
    }

    civic_plugin_view_refresh(ev->data);

    all = civic_plugin_all();
    plugin = all->elts;

    for (i = 0; i < all->nelts; i++) {
        civic_plugin_note_memory(plugin[i]);
    }

    ngx_add_timer(ev, CIVIC_PLUGIN_POLL);
}


ngx_int_t
civic_plugin_check(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    ngx_str_t        value;
    ngx_uint_t       state, retry_after;
    civic_plugin_t  *plugin;

    const civic_plugin_route_spec_t  *spec;

    if (ctx->route == NULL
        || ctx->route->rules == NULL
        || !civic_route_arrived(r, ctx))
    {
        return NGX_DECLINED;
    }

    spec = civic_plugin_route(ctx->route, &plugin);
    state = civic_plugin_state(plugin, spec, &retry_after);

    if (state == CIVIC_PLUGIN_READY) {
        return NGX_DECLINED;
    }

    if (state != CIVIC_PLUGIN_QUARANTINED) {
        retry_after = CIVIC_PLUGIN_RETRY;
    }

    value.data = ngx_pnalloc(r->pool, NGX_INT_T_LEN);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    value.len = ngx_sprintf(value.data, "%ui", retry_after) - value.data;

    if (civic_headers_out_add(r, "Retry-After", &value) == NULL) {
        return NGX_ERROR;
    }

    return civic_refuse(ctx, civic_plugin_states[state], NULL);
}


static ngx_int_t
civic_plugin_module_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    civic_ctx_t     *ctx;
    civic_plugin_t  *plugin;

    ctx = civic_ctx_get(r);

    if (ctx == NULL || civic_plugin_route(ctx->route, &plugin) == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    civic_variables_set(v, &plugin->name);

    return NGX_OK;
}
