
/*
 * Copyright (C) Civic Gate
 *
 * civic_revocations: the directive, and the start of what reads the list.
 */


#include "civic_conf_block.h"
#include "civic_revoke_conf.h"


#define CIVIC_REVOKE_INTERVAL  250
#define CIVIC_REVOKE_SIZE      (4 * 1024 * 1024)


static ngx_int_t civic_revoke_module_postconfiguration(ngx_conf_t *cf);
static ngx_int_t civic_revoke_module_init(ngx_cycle_t *cycle);
static ngx_int_t civic_revoke_module_init_process(ngx_cycle_t *cycle);
static void *civic_revoke_module_create_main_conf(ngx_conf_t *cf);
static char *civic_revoke_module_directive(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);


static const civic_conf_range_t  civic_revoke_module_interval = {
    20, 10000, "a time from 20ms to 10s"
};

static const civic_conf_range_t  civic_revoke_module_size = {
    64 * 1024, NGX_MAX_INT_T_VALUE, "a size of at least 64k"
};

static const ngx_conf_enum_t  civic_revoke_module_unknown[] = {
    { ngx_string("refuse"), 0 },
    { ngx_string("pass"), 1 },
    { ngx_null_string, 0 }
};


static const civic_conf_word_t  civic_revoke_module_words[] = {

    { "redis=", 1, 1, civic_conf_block_text,
      offsetof(civic_revoke_main_conf_t, name), NULL, CIVIC_CONF_MANDATORY },

    { "interval=", 1, 1, civic_conf_block_msec,
      offsetof(civic_revoke_main_conf_t, interval),
      &civic_revoke_module_interval, 0 },

    { "unknown=", 1, 1, civic_conf_block_choice,
      offsetof(civic_revoke_main_conf_t, pass), civic_revoke_module_unknown,
      0 },

    { "size=", 1, 1, civic_conf_block_size,
      offsetof(civic_revoke_main_conf_t, size), &civic_revoke_module_size,
      0 },

    { NULL, 0, 0, NULL, 0, NULL, 0 }
};


static ngx_command_t  civic_revoke_commands[] = {

    { ngx_string("civic_revocations"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_1MORE,
      civic_revoke_module_directive,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  civic_revoke_module_ctx = {
    NULL,                                  /* preconfiguration */
    civic_revoke_module_postconfiguration, /* postconfiguration */

    civic_revoke_module_create_main_conf,  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    NULL,                                  /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_http_civic_revoke_module = {
    NGX_MODULE_V1,
    &civic_revoke_module_ctx,              /* module context */
    civic_revoke_commands,                 /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    civic_revoke_module_init,              /* init module */
    civic_revoke_module_init_process,      /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static void *
civic_revoke_module_create_main_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(civic_revoke_main_conf_t));
}


/* civic_revocations redis=NAME [interval=] [unknown=] [size=] */

static char *
civic_revoke_module_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_revoke_main_conf_t  *rmcf = conf;

    civic_conf_block_t  block;

    if (rmcf->pos != NULL) {
        return "is duplicate";
    }

    rmcf->pos = civic_conf_pos(cf);
    if (rmcf->pos == NULL) {
        return NGX_CONF_ERROR;
    }

    rmcf->interval = CIVIC_REVOKE_INTERVAL;
    rmcf->size = CIVIC_REVOKE_SIZE;

    civic_activate(cf);

    ngx_memzero(&block, sizeof(civic_conf_block_t));

    block.directive = "civic_revocations";
    block.words = civic_revoke_module_words;
    block.conf = rmcf;

    return civic_conf_block_line(cf, &block, 1);
}


/* which Redis there are is known when all is read */

static ngx_int_t
civic_revoke_module_postconfiguration(ngx_conf_t *cf)
{
    civic_revoke_main_conf_t  *rmcf;

    rmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_civic_revoke_module);
    if (rmcf->pos == NULL) {
        return NGX_OK;
    }

    rmcf->redis = civic_redis_find(cf, &rmcf->name);

    if (rmcf->redis == NULL) {
        (void) civic_conf_error(cf, rmcf->pos, "civic_revocations names "
                                "\"%V\", and there is no civic_redis of "
                                "that name", &rmcf->name);
        return NGX_ERROR;
    }

    return civic_revoke_zone_add(cf, rmcf);
}


/* nothing that can still fail comes after: the configuration is in force */

static ngx_int_t
civic_revoke_module_init(ngx_cycle_t *cycle)
{
    civic_revoke_main_conf_t  *rmcf;

    rmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_civic_revoke_module);

    civic_revoke_status_init(rmcf);

    return NGX_OK;
}


static ngx_int_t
civic_revoke_module_init_process(ngx_cycle_t *cycle)
{
    civic_revoke_main_conf_t  *rmcf;

    rmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_civic_revoke_module);

    if (rmcf == NULL
        || rmcf->shm == NULL
        || (ngx_process != NGX_PROCESS_WORKER
            && ngx_process != NGX_PROCESS_SINGLE))
    {
        return NGX_OK;
    }

    civic_revoke_poll_start(cycle, rmcf);

    return NGX_OK;
}
