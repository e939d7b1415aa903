
/*
 * Copyright (C) Civic Gate
 *
 * Directives of assertions and their inheritance.
 */


#include "civic_assertion_cache.h"
#include "civic_assertion_conf.h"


static char *civic_assertion_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static void *civic_assertion_create_main_conf(ngx_conf_t *cf);
static char *civic_assertion_init_main_conf(ngx_conf_t *cf, void *conf);
static void *civic_assertion_create_loc_conf(ngx_conf_t *cf);
static char *civic_assertion_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static void civic_assertion_exit(ngx_cycle_t *cycle);


static ngx_command_t  civic_assertion_commands[] = {

    { ngx_string("civic_assertion"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      civic_assertion_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("civic_assertion_key"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE123,
      civic_assertion_key_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("civic_jwks"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      civic_assertion_jwks_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  civic_assertion_module_ctx = {
    NULL,                                  /* preconfiguration */
    NULL,                                  /* postconfiguration */

    civic_assertion_create_main_conf,      /* create main configuration */
    civic_assertion_init_main_conf,        /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    civic_assertion_create_loc_conf,       /* create location configuration */
    civic_assertion_merge_loc_conf         /* merge location configuration */
};


ngx_module_t  ngx_http_civic_assertion_module = {
    NGX_MODULE_V1,
    &civic_assertion_module_ctx,           /* module context */
    civic_assertion_commands,              /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    civic_assertion_exit,                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static char *
civic_assertion_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_assertion_loc_conf_t  *alcf = conf;

    ngx_str_t          *value;
    civic_pos_t        *pos;
    civic_assertion_t  *line;

    if (alcf->assertion != NULL) {
        return "is duplicate";
    }

    civic_activate(cf);

    pos = civic_conf_pos(cf);
    line = ngx_pcalloc(cf->pool, sizeof(civic_assertion_t));

    if (pos == NULL || line == NULL) {
        return NGX_CONF_ERROR;
    }

    line->pos = *pos;
    alcf->assertion = line;
    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        line->off = 1;
        return NGX_CONF_OK;
    }

    return civic_assertion_line_parse(cf, line);
}


static void *
civic_assertion_create_main_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(civic_assertion_main_conf_t));
}


static char *
civic_assertion_init_main_conf(ngx_conf_t *cf, void *conf)
{
    civic_assertion_main_conf_t  *amcf = conf;

    if (amcf->nkeys == 0) {
        return amcf->jwks_pos == NULL
               ? NGX_CONF_OK
               : civic_conf_error(cf, amcf->jwks_pos, "civic_jwks needs a "
                                  "civic_assertion_key");
    }

    return civic_assertion_key_publish(cf, amcf) == NGX_OK
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static void *
civic_assertion_create_loc_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(civic_assertion_loc_conf_t));
}


static char *
civic_assertion_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    civic_assertion_loc_conf_t  *prev = parent;
    civic_assertion_loc_conf_t  *conf = child;

    civic_assertion_main_conf_t  *amcf;

    if (conf->assertion == NULL) {
        conf->assertion = prev->assertion;
    }

    amcf = ngx_http_conf_get_module_main_conf(cf,
                                            ngx_http_civic_assertion_module);

    if (conf->assertion == NULL || conf->assertion->off || amcf->nkeys) {
        return NGX_CONF_OK;
    }

    return civic_conf_error(cf, &conf->assertion->pos, "civic_assertion "
                            "needs a civic_assertion_key");
}


static void
civic_assertion_exit(ngx_cycle_t *cycle)
{
    civic_assertion_cache_free();
}
