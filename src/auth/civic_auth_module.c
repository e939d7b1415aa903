
/*
 * Copyright (C) Civic Gate
 *
 * Directives of authentication, their inheritance, and the rule that in a
 * server with routes nothing stands open by omission.
 */


#include "civic_auth_conf.h"
#include "civic_cert.h"
#include "civic_route.h"


static ngx_int_t civic_auth_preconfiguration(ngx_conf_t *cf);
static ngx_int_t civic_auth_postconfiguration(ngx_conf_t *cf);
static void *civic_auth_create_main_conf(ngx_conf_t *cf);
static char *civic_auth_init_main_conf(ngx_conf_t *cf, void *conf);
static void *civic_auth_create_loc_conf(ngx_conf_t *cf);
static char *civic_auth_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *civic_auth_check_loc_conf(ngx_conf_t *cf,
    civic_auth_loc_conf_t *conf);
static char *civic_auth_enum_slot(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


static ngx_conf_enum_t  civic_auth_credentials[] = {
    { ngx_string("remove"), CIVIC_AUTH_CREDENTIALS_REMOVE },
    { ngx_string("pass"), CIVIC_AUTH_CREDENTIALS_PASS },
    { ngx_null_string, 0 }
};


static ngx_conf_enum_t  civic_auth_caches[] = {
    { ngx_string("private"), CIVIC_AUTH_CACHE_PRIVATE },
    { ngx_string("public"), CIVIC_AUTH_CACHE_PUBLIC },
    { ngx_null_string, 0 }
};


static ngx_command_t  civic_auth_commands[] = {

    { ngx_string("civic_auth"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      civic_auth_policy_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("civic_credentials"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      civic_auth_enum_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(civic_auth_loc_conf_t, credentials),
      &civic_auth_credentials },

    { ngx_string("civic_cache"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      civic_auth_enum_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(civic_auth_loc_conf_t, cache),
      &civic_auth_caches },

      ngx_null_command
};


static ngx_http_module_t  civic_auth_module_ctx = {
    civic_auth_preconfiguration,           /* preconfiguration */
    civic_auth_postconfiguration,          /* postconfiguration */

    civic_auth_create_main_conf,           /* create main configuration */
    civic_auth_init_main_conf,             /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    civic_auth_create_loc_conf,            /* create location configuration */
    civic_auth_merge_loc_conf              /* merge location configuration */
};


ngx_module_t  ngx_http_civic_auth_module = {
    NGX_MODULE_V1,
    &civic_auth_module_ctx,                /* module context */
    civic_auth_commands,                   /* module directives */
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


static ngx_int_t
civic_auth_preconfiguration(ngx_conf_t *cf)
{
    if (civic_auth_variables_add(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    return civic_auth_cache_guard_open(cf);
}


static ngx_int_t
civic_auth_postconfiguration(ngx_conf_t *cf)
{
    civic_auth_cache_guard_close(cf);

    return NGX_OK;
}


static void *
civic_auth_create_main_conf(ngx_conf_t *cf)
{
    civic_auth_main_conf_t  *amcf;

    amcf = ngx_pcalloc(cf->pool, sizeof(civic_auth_main_conf_t));
    if (amcf == NULL) {
        return NULL;
    }

    amcf->policies = ngx_array_create(cf->pool, 16,
                                      sizeof(civic_auth_policy_t *));

    if (amcf->policies == NULL) {
        return NULL;
    }

    return amcf;
}


/* runs when all is parsed, and before the first location is merged */

static char *
civic_auth_init_main_conf(ngx_conf_t *cf, void *conf)
{
    return civic_auth_policy_resolve(cf, conf);
}


static void *
civic_auth_create_loc_conf(ngx_conf_t *cf)
{
    civic_auth_loc_conf_t  *alcf;

    alcf = ngx_pcalloc(cf->pool, sizeof(civic_auth_loc_conf_t));
    if (alcf == NULL) {
        return NULL;
    }

    alcf->credentials = NGX_CONF_UNSET_UINT;
    alcf->cache = NGX_CONF_UNSET_UINT;

    civic_auth_cache_guard_init(alcf->guards);

    if (cf->conf_file != NULL) {
        alcf->pos.file = cf->conf_file->file.name;
        alcf->pos.line = cf->conf_file->line;
    }

    return alcf;
}


static char *
civic_auth_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    civic_auth_loc_conf_t  *prev = parent;
    civic_auth_loc_conf_t  *conf = child;

    if (conf->policy == NULL) {
        conf->policy = prev->policy;
    }

    ngx_conf_merge_uint_value(conf->credentials, prev->credentials,
                              CIVIC_AUTH_CREDENTIALS_REMOVE);
    ngx_conf_merge_uint_value(conf->cache, prev->cache,
                              CIVIC_AUTH_CACHE_PRIVATE);

    civic_auth_cache_guard_merge(prev->guards, conf->guards);

    conf->closed = (conf->policy == NULL && civic_route_server_routed(cf));

    return civic_auth_check_loc_conf(cf, conf);
}


/*
 * The server's own level is no location: it passes its words on, and where
 * it answers itself although nothing was stated, it answers 404.  An `if` or
 * limit_except block is part of the location around it.
 */

static char *
civic_auth_check_loc_conf(ngx_conf_t *cf, civic_auth_loc_conf_t *conf)
{
    const ngx_str_t            *family;
    ngx_http_conf_ctx_t        *ctx;
    ngx_http_core_loc_conf_t   *clcf;
    ngx_http_core_srv_conf_t   *cscf;

    ctx = cf->ctx;
    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    cscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module);

    if (ctx->loc_conf == cscf->ctx->loc_conf) {
        return NGX_CONF_OK;
    }

    if (conf->closed && !clcf->noname) {
        return civic_conf_error(cf, &conf->pos,
                                "location \"%V\" in a server with routes "
                                "states neither civic_auth ISSUER nor "
                                "civic_auth off", &clcf->name);
    }

    if (civic_auth_policy_names(conf->policy, CIVIC_AUTH_CERTIFICATE)
        && !civic_cert_verifies(cf))
    {
        return civic_conf_error(cf, &conf->policy->pos,
                                "civic_auth names app:certificate in a server "
                                "without ssl_verify_client");
    }

    if (conf->policy == NULL
        || conf->policy->off
        || conf->cache == CIVIC_AUTH_CACHE_PUBLIC)
    {
        return NGX_CONF_OK;
    }

    family = civic_auth_cache_guard_check(conf->guards);

    if (family != NULL) {
        return civic_conf_error(cf, &conf->pos,
                                "location \"%V\" has %V_cache under "
                                "civic_auth and would serve one caller's "
                                "answers to others: add $civic_caller to "
                                "%V_cache_key or state civic_cache public",
                                &clcf->name, family, family);
    }

    return NGX_CONF_OK;
}


static char *
civic_auth_enum_slot(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_activate(cf);

    return ngx_conf_set_enum_slot(cf, cmd, conf);
}
