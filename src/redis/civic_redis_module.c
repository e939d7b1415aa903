
/*
 * Copyright (C) Civic Gate
 *
 * The module: its one directive, the list of what it defined, and the end
 * of a worker, which closes what is still open.
 */


#include "civic.h"
#include "civic_redis_client.h"


static void *civic_redis_module_create_main_conf(ngx_conf_t *cf);
static void civic_redis_module_exit_process(ngx_cycle_t *cycle);


static ngx_command_t  civic_redis_commands[] = {

    { ngx_string("civic_redis"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      civic_redis_conf_block,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  civic_redis_module_ctx = {
    NULL,                                  /* preconfiguration */
    NULL,                                  /* postconfiguration */

    civic_redis_module_create_main_conf,   /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    NULL,                                  /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_http_civic_redis_module = {
    NGX_MODULE_V1,
    &civic_redis_module_ctx,               /* module context */
    civic_redis_commands,                  /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    civic_redis_module_exit_process,       /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


civic_redis_t *
civic_redis_find(ngx_conf_t *cf, const ngx_str_t *name)
{
    ngx_uint_t       i;
    ngx_array_t     *all;
    civic_redis_t  **redis;

    all = civic_redis_all(cf);
    redis = all->elts;

    for (i = 0; i < all->nelts; i++) {

        if (redis[i]->name.len == name->len
            && ngx_strncmp(redis[i]->name.data, name->data, name->len) == 0)
        {
            return redis[i];
        }
    }

    return NULL;
}


ngx_array_t *
civic_redis_all(ngx_conf_t *cf)
{
    civic_redis_main_conf_t  *rmcf;

    rmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_civic_redis_module);

    return &rmcf->redis;
}


const ngx_str_t *
civic_redis_name(const civic_redis_t *redis)
{
    return &redis->name;
}


ngx_uint_t
civic_redis_down(const civic_redis_t *redis)
{
    ngx_uint_t                       i, kind;
    const civic_redis_client_t      *client;
    const civic_redis_connection_t  *rc;

    client = redis->client;

    if (civic_redis_breaker_bars(&client->breaker, ngx_current_msec)) {
        return 1;
    }

    /* who never tried does not know */

    if (!client->failing) {
        return 0;
    }

    for (kind = 0; kind < CIVIC_REDIS_KINDS; kind++) {

        for (i = 0; i < civic_redis_client_connections(redis, kind); i++) {
            rc = &client->connections[kind][i];

            if (rc->state == CIVIC_REDIS_READY) {
                return 0;
            }
        }
    }

    return 1;
}


static void *
civic_redis_module_create_main_conf(ngx_conf_t *cf)
{
    civic_redis_main_conf_t  *rmcf;

    rmcf = ngx_pcalloc(cf->pool, sizeof(civic_redis_main_conf_t));
    if (rmcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&rmcf->redis, cf->pool, 2, sizeof(civic_redis_t *))
        != NGX_OK)
    {
        return NULL;
    }

    return rmcf;
}


/* nobody is left who waits for an answer */

static void
civic_redis_module_exit_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                 i, j, kind;
    civic_redis_t            **redis;
    civic_redis_main_conf_t   *rmcf;

    rmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_civic_redis_module);
    if (rmcf == NULL) {
        return;
    }

    redis = rmcf->redis.elts;

    for (i = 0; i < rmcf->redis.nelts; i++) {

        if (!redis[i]->client->started) {
            continue;
        }

        for (kind = 0; kind < CIVIC_REDIS_KINDS; kind++) {
            j = civic_redis_client_connections(redis[i], kind);

            while (j--) {
                civic_redis_connection_drop(
                                 &redis[i]->client->connections[kind][j], NULL);
            }
        }
    }
}
