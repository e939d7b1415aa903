
/*
 * Copyright (C) Civic Gate
 *
 * The glue of host/: its handler becomes that of mounted locations, workers
 * start the clock, and $civic_plugin_time.
 */


#include "civic_clock.h"
#include "civic_host_module.h"
#include "civic_variables.h"


static ngx_int_t civic_host_preconfiguration(ngx_conf_t *cf);
static void *civic_host_create_main_conf(ngx_conf_t *cf);
static char *civic_host_clock_file_slot(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static ngx_int_t civic_host_init_process(ngx_cycle_t *cycle);
static ngx_int_t civic_host_variable_time(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


static ngx_command_t  civic_host_commands[] = {

    { ngx_string("civic_clock_file"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      civic_host_clock_file_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  civic_host_module_ctx = {
    civic_host_preconfiguration,           /* preconfiguration */
    NULL,                                  /* postconfiguration */

    civic_host_create_main_conf,           /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    NULL,                                  /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_http_civic_host_module = {
    NGX_MODULE_V1,
    &civic_host_module_ctx,                /* module context */
    civic_host_commands,                   /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    civic_host_init_process,               /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_http_variable_t  civic_host_variables[] = {

    { ngx_string("civic_plugin_time"), NULL, civic_host_variable_time, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


static ngx_int_t
civic_host_preconfiguration(ngx_conf_t *cf)
{
    civic_plugin_content_handler = civic_host_request_handler;

    return civic_variables_add_table(cf, civic_host_variables);
}


static void *
civic_host_create_main_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(civic_host_main_conf_t));
}


/* for tests: no province wants its clock to be in a file */

static char *
civic_host_clock_file_slot(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_host_main_conf_t  *hmcf = conf;

    ngx_str_t  *value;

    value = cf->args->elts;

    if (hmcf->clock_file.len) {
        return "is duplicate";
    }

    hmcf->clock_file = value[1];

    if (ngx_conf_full_name(cf->cycle, &hmcf->clock_file, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    civic_conf_warn(cf, NULL, "civic_clock_file moves the clock of plugins, "
                    "their timers and schedules: for tests only");

    return NGX_CONF_OK;
}


static ngx_int_t
civic_host_init_process(ngx_cycle_t *cycle)
{
    civic_main_conf_t       *mcf;
    civic_host_main_conf_t  *hmcf;

    mcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_civic_module);
    hmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_civic_host_module);
    if (mcf == NULL || hmcf == NULL || !mcf->used) {
        return NGX_OK;
    }

    civic_clock_set_file(&hmcf->clock_file);

    if (ngx_process != NGX_PROCESS_WORKER
        && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    return civic_clock_start(cycle);
}


/* seconds with microseconds, of all plugins that had part in the answer */

static ngx_int_t
civic_host_variable_time(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    uint64_t      us;
    civic_ctx_t  *ctx;

    ctx = civic_ctx_get(r);

    if (ctx == NULL || ctx->main->plugin_time == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    us = ctx->main->plugin_time / 1000;

    v->data = ngx_pnalloc(r->pool, NGX_INT64_LEN + 8);
    if (v->data == NULL) {
        return NGX_ERROR;
    }

    v->len = ngx_sprintf(v->data, "%uL.%06uL", us / 1000000, us % 1000000)
             - v->data;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}
