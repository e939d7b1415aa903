
/*
 * Copyright (C) Civic Gate
 *
 * The civic_issuer directive.
 */


#include "civic_issuer_recent.h"
#include "civic_issuer_status.h"


static void *civic_issuer_create_main_conf(ngx_conf_t *cf);
static ngx_int_t civic_issuer_preconfiguration(ngx_conf_t *cf);
static ngx_int_t civic_issuer_init_process(ngx_cycle_t *cycle);


static ngx_command_t  civic_issuer_commands[] = {

    { ngx_string("civic_issuer"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      civic_issuer_block,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  civic_issuer_module_ctx = {
    civic_issuer_preconfiguration,         /* preconfiguration */
    civic_issuer_source_open,              /* postconfiguration */

    civic_issuer_create_main_conf,         /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    NULL,                                  /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_http_civic_issuer_module = {
    NGX_MODULE_V1,
    &civic_issuer_module_ctx,              /* module context */
    civic_issuer_commands,                 /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    civic_issuer_init_process,             /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
civic_issuer_preconfiguration(ngx_conf_t *cf)
{
    civic_issuer_status_init();

    return NGX_OK;
}


static ngx_int_t
civic_issuer_init_process(ngx_cycle_t *cycle)
{
    civic_issuer_main_conf_t  *imcf;

    imcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_civic_issuer_module);

    if (imcf == NULL || imcf->issuers.nelts == 0) {
        return NGX_OK;
    }

    imcf->recent = civic_issuer_recent_create(cycle->pool);
    if (imcf->recent == NULL) {
        return NGX_ERROR;
    }

    civic_issuer_source_start(imcf);

    return NGX_OK;
}


static void *
civic_issuer_create_main_conf(ngx_conf_t *cf)
{
    civic_issuer_main_conf_t  *imcf;

    imcf = ngx_pcalloc(cf->pool, sizeof(civic_issuer_main_conf_t));
    if (imcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&imcf->issuers, cf->pool, 4, sizeof(civic_issuer_t *))
        != NGX_OK
        || ngx_array_init(&imcf->queries, cf->pool, 2, sizeof(ngx_str_t))
           != NGX_OK)
    {
        return NULL;
    }

    return imcf;
}
