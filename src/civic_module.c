
/*
 * Copyright (C) Civic Gate
 *
 * The http-level glue: civic_zone, and the wiring of pipeline, variables
 * and shared memory once the http block is read.  A configuration without a
 * civic_ directive gets no handler and no memory.
 */


#include "civic.h"
#include "civic_pipeline.h"
#include "civic_variables.h"
#include "civic_issuer.h"
#include "civic_limit.h"
#include "civic_status.h"


#define CIVIC_ZONE_DEFAULT  (16 * 1024 * 1024)
#define CIVIC_ZONE_MIN      (2 * 1024 * 1024)


static ngx_int_t civic_module_preconfiguration(ngx_conf_t *cf);
static ngx_int_t civic_module_postconfiguration(ngx_conf_t *cf);
static ngx_int_t civic_module_init(ngx_cycle_t *cycle);
static void *civic_module_create_main_conf(ngx_conf_t *cf);
static void *civic_module_create_srv_conf(ngx_conf_t *cf);
static char *civic_module_merge_srv_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *civic_module_zone(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


static ngx_command_t  civic_module_commands[] = {

    { ngx_string("civic_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      civic_module_zone,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  civic_module_ctx = {
    civic_module_preconfiguration,         /* preconfiguration */
    civic_module_postconfiguration,        /* postconfiguration */

    civic_module_create_main_conf,         /* create main configuration */
    NULL,                                  /* init main configuration */

    civic_module_create_srv_conf,          /* create server configuration */
    civic_module_merge_srv_conf,           /* merge server configuration */

    NULL,                                  /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_http_civic_module = {
    NGX_MODULE_V1,
    &civic_module_ctx,                     /* module context */
    civic_module_commands,                 /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    civic_module_init,                     /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
civic_module_preconfiguration(ngx_conf_t *cf)
{
    return civic_variables_add(cf);
}


/* half for limits; a quarter each for tokens, and for status */

static ngx_int_t
civic_module_postconfiguration(ngx_conf_t *cf)
{
    size_t              size;
    civic_main_conf_t  *mcf;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_civic_module);

    if (!mcf->used) {
        return NGX_OK;
    }

    size = mcf->zone_size ? mcf->zone_size : CIVIC_ZONE_DEFAULT;

    if (civic_limit_zone_add(cf, size / 2) != NGX_OK
        || civic_issuer_zone_add(cf, size / 4) != NGX_OK
        || civic_status_zone_add(cf, size / 4) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return civic_pipeline_init(cf);
}


static ngx_int_t
civic_module_init(ngx_cycle_t *cycle)
{
    civic_pipeline_order(cycle);

    return NGX_OK;
}


static void *
civic_module_create_main_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(civic_main_conf_t));
}


static void *
civic_module_create_srv_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(civic_srv_conf_t));
}


static char *
civic_module_merge_srv_conf(ngx_conf_t *cf, void *parent, void *child)
{
    civic_srv_conf_t  *prev = parent;
    civic_srv_conf_t  *conf = child;

    conf->active |= prev->active;

    return NGX_CONF_OK;
}


static char *
civic_module_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_main_conf_t  *mcf = conf;

    ssize_t     size;
    ngx_str_t  *value;

    value = cf->args->elts;

    if (mcf->zone_size) {
        return "is duplicate";
    }

    size = ngx_parse_size(&value[1]);

    if (size == NGX_ERROR || size < CIVIC_ZONE_MIN) {
        return civic_conf_error(cf, NULL,
                                "civic_zone \"%V\" is not a size of at "
                                "least 2m", &value[1]);
    }

    mcf->zone_size = size;
    mcf->used = 1;

    return NGX_CONF_OK;
}
