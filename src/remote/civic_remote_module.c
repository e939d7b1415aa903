
/*
 * Copyright (C) Civic Gate
 *
 * The directive civic_remote, and what begins and ends with a worker.
 */


#include "civic_remote_check.h"
#include "civic_remote_conf.h"


static void *civic_remote_create_main_conf(ngx_conf_t *cf);
static ngx_int_t civic_remote_init_process(ngx_cycle_t *cycle);
static void civic_remote_exit_process(ngx_cycle_t *cycle);


static ngx_command_t  civic_remote_commands[] = {

    { ngx_string("civic_remote"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      civic_remote_block,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  civic_remote_module_ctx = {
    NULL,                                  /* preconfiguration */
    NULL,                                  /* postconfiguration */

    civic_remote_create_main_conf,         /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    NULL,                                  /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_http_civic_remote_module = {
    NGX_MODULE_V1,
    &civic_remote_module_ctx,              /* module context */
    civic_remote_commands,                 /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    civic_remote_init_process,             /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    civic_remote_exit_process,             /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


civic_remote_t *
civic_remote_find(ngx_conf_t *cf, const ngx_str_t *name)
{
    ngx_uint_t                  i;
    civic_remote_t            **remote;
    civic_remote_main_conf_t   *rmcf;

    rmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_civic_remote_module);

    remote = rmcf->remotes.elts;

    for (i = 0; i < rmcf->remotes.nelts; i++) {

        if (remote[i]->name.len == name->len
            && ngx_strncmp(remote[i]->name.data, name->data, name->len) == 0)
        {
            return remote[i];
        }
    }

    return NULL;
}


const ngx_str_t *
civic_remote_name(const civic_remote_t *remote)
{
    return &remote->name;
}


ngx_msec_t
civic_remote_timeout(const civic_remote_t *remote)
{
    return remote->timeout;
}


ngx_int_t
civic_remote_place(const civic_remote_t *remote, ngx_pool_t *pool,
    ngx_str_t *place)
{
    const civic_remote_url_t  *url;

    url = &remote->url;

    place->data = ngx_pnalloc(pool, sizeof("https://unix::")
                                    + url->authority.len + url->socket.len
                                    + url->base.len);
    if (place->data == NULL) {
        return NGX_ERROR;
    }

    place->len = ngx_sprintf(place->data, "%s://%V%s%V%V",
                             url->tls ? "https" : "http", &url->authority,
                             url->socket.len ? "unix:" : "", &url->socket,
                             &url->base)
                 - place->data;

    return NGX_OK;
}


const char *
civic_remote_path_check(const ngx_str_t *path)
{
    return civic_remote_check_path(path);
}


static void *
civic_remote_create_main_conf(ngx_conf_t *cf)
{
    civic_remote_main_conf_t  *rmcf;

    rmcf = ngx_pcalloc(cf->pool, sizeof(civic_remote_main_conf_t));
    if (rmcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&rmcf->remotes, cf->pool, 4,
                       sizeof(civic_remote_t *))
        != NGX_OK)
    {
        return NULL;
    }

    return rmcf;
}


static ngx_int_t
civic_remote_init_process(ngx_cycle_t *cycle)
{
    civic_remote_main_conf_t  *rmcf;

    rmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_civic_remote_module);

    /* no http block, or nothing to call */

    if (rmcf == NULL || rmcf->remotes.nelts == 0) {
        return NGX_OK;
    }

    return civic_remote_worker_init(cycle, rmcf);
}


static void
civic_remote_exit_process(ngx_cycle_t *cycle)
{
    civic_remote_worker_exit();
}
