
/*
 * Copyright (C) Civic Gate
 *
 * civic_admin: where the administrators' API stands.  Nobody reaches it by
 * omission: its location asks who is calling and what he may, or it answers
 * this machine alone; anything else is an error of the configuration.
 */


#include "civic_admin_conf.h"
#include "civic_auth.h"


static void *civic_admin_module_create_loc_conf(ngx_conf_t *cf);
static char *civic_admin_module_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *civic_admin_module_check(ngx_conf_t *cf,
    civic_admin_loc_conf_t *conf);
static char *civic_admin_module_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


static ngx_command_t  civic_admin_commands[] = {

    { ngx_string("civic_admin"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS|NGX_CONF_TAKE1,
      civic_admin_module_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  civic_admin_module_ctx = {
    NULL,                                  /* preconfiguration */
    NULL,                                  /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    civic_admin_module_create_loc_conf,    /* create location configuration */
    civic_admin_module_merge_loc_conf      /* merge location configuration */
};


ngx_module_t  ngx_http_civic_admin_module = {
    NGX_MODULE_V1,
    &civic_admin_module_ctx,               /* module context */
    civic_admin_commands,                  /* module directives */
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


static void *
civic_admin_module_create_loc_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(civic_admin_loc_conf_t));
}


static char *
civic_admin_module_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    civic_admin_loc_conf_t  *prev = parent;
    civic_admin_loc_conf_t  *conf = child;

    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (conf->pos != NULL) {
        return civic_admin_module_check(cf, conf);
    }

    /* an "if" block has a configuration of its own, and the same handler */

    if (clcf->noname) {
        *conf = *prev;
    }

    return NGX_CONF_OK;
}


/* auth/ and require/ are merged before us: they come first in `config` */

static char *
civic_admin_module_check(ngx_conf_t *cf, civic_admin_loc_conf_t *conf)
{
    void                      **loc_conf;
    ngx_http_core_loc_conf_t   *clcf;

    loc_conf = ((ngx_http_conf_ctx_t *) cf->ctx)->loc_conf;
    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler != civic_admin_request_handler) {
        return civic_conf_error(cf, conf->pos,
                                "civic_admin shares its location with "
                                "another content handler");
    }

    if (conf->local) {
        return NGX_CONF_OK;
    }

    if (civic_auth_asked(loc_conf)
        && !civic_auth_optional(loc_conf)
        && civic_require_stated(loc_conf))
    {
        return NGX_CONF_OK;
    }

    return civic_conf_error(cf, conf->pos,
                            "civic_admin in location \"%V\" stands open: it "
                            "wants civic_auth (not optional) and a "
                            "civic_require that concerns all callers and is "
                            "no dry run, or \"civic_admin local\" for this "
                            "machine alone", &clcf->name);
}


/* civic_admin [local] */

static char *
civic_admin_module_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_admin_loc_conf_t  *alcf = conf;

    ngx_str_t                 *value;
    ngx_http_core_loc_conf_t  *clcf;

    value = cf->args->elts;
    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (alcf->pos != NULL) {
        return "is duplicate";
    }

    if (cf->args->nelts == 2) {

        if (ngx_strcmp(value[1].data, "local") != 0) {
            return civic_conf_error(cf, NULL, "civic_admin \"%V\" is not "
                                    "\"local\"", &value[1]);
        }

        alcf->local = 1;
    }

    if (clcf->handler != NULL) {
        return civic_conf_error(cf, NULL, "civic_admin shares its location "
                                "with another content handler");
    }

    if (clcf->exact_match || clcf->named
#if (NGX_PCRE)
        || clcf->regex != NULL
#endif
        || clcf->name.len == 0 || clcf->name.data[clcf->name.len - 1] != '/')
    {
        return civic_conf_error(cf, NULL, "civic_admin wants a location that "
                                "is a prefix and ends with \"/\", and "
                                "\"%V\" is none", &clcf->name);
    }

    alcf->pos = civic_conf_pos(cf);
    if (alcf->pos == NULL) {
        return NGX_CONF_ERROR;
    }

    clcf->handler = civic_admin_request_handler;

    civic_activate(cf);

    return NGX_CONF_OK;
}
