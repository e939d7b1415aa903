
/*
 * Copyright (C) Civic Gate
 *
 * The directive of CORS, and where it is in force.
 */


#include "civic_cors_conf.h"
#include "civic_route.h"


static char *civic_cors_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static ngx_int_t civic_cors_postconfiguration(ngx_conf_t *cf);
static void *civic_cors_create_loc_conf(ngx_conf_t *cf);
static char *civic_cors_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);


static ngx_command_t  civic_cors_commands[] = {

    { ngx_string("civic_cors"),
      NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      civic_cors_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  civic_cors_module_ctx = {
    NULL,                                  /* preconfiguration */
    civic_cors_postconfiguration,          /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    civic_cors_create_loc_conf,            /* create location configuration */
    civic_cors_merge_loc_conf              /* merge location configuration */
};


ngx_module_t  ngx_http_civic_cors_module = {
    NGX_MODULE_V1,
    &civic_cors_module_ctx,                /* module context */
    civic_cors_commands,                   /* module directives */
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


static char *
civic_cors_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_cors_loc_conf_t  *clcf = conf;

    ngx_str_t     *value;
    civic_cors_t  *cors;

    if (clcf->cors != NULL) {
        return "is duplicate";
    }

    civic_activate(cf);

    cors = ngx_pcalloc(cf->pool, sizeof(civic_cors_t));
    if (cors == NULL) {
        return NGX_CONF_ERROR;
    }

    clcf->cors = cors;
    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        cors->off = 1;
        return NGX_CONF_OK;
    }

    return civic_cors_line_parse(cf, cors);
}


/* locations are merged by now */

static ngx_int_t
civic_cors_postconfiguration(ngx_conf_t *cf)
{
    ngx_uint_t               i;
    ngx_array_t             *services;
    civic_service_t        **service;
    civic_cors_loc_conf_t   *clcf;

    services = civic_route_services(cf);
    service = services->elts;

    for (i = 0; i < services->nelts; i++) {
        clcf = service[i]->loc_conf[ngx_http_civic_cors_module.ctx_index];

        service[i]->cors = clcf->cors != NULL && !clcf->cors->off;
    }

    return NGX_OK;
}


static void *
civic_cors_create_loc_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(civic_cors_loc_conf_t));
}


static char *
civic_cors_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    civic_cors_loc_conf_t  *prev = parent;
    civic_cors_loc_conf_t  *conf = child;

    if (conf->cors == NULL) {
        conf->cors = prev->cors;
    }

    return NGX_CONF_OK;
}
