
/*
 * Copyright (C) Civic Gate
 *
 * The directive: where applications are known from.  There is one list of
 * them in all.
 */


#include "civic_app_conf.h"
#include "civic_conf_block.h"


#define CIVIC_APP_CACHE  (4 * 1024 * 1024)


static void *civic_app_create_main_conf(ngx_conf_t *cf);
static char *civic_app_init_main_conf(ngx_conf_t *cf, void *conf);
static ngx_int_t civic_app_init_process(ngx_cycle_t *cycle);
static char *civic_app_apps(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *civic_app_check(ngx_conf_t *cf, civic_app_main_conf_t *amcf);


static ngx_command_t  civic_app_commands[] = {

    { ngx_string("civic_apps"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_1MORE,
      civic_app_apps,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  civic_app_module_ctx = {
    NULL,                                  /* preconfiguration */
    NULL,                                  /* postconfiguration */

    civic_app_create_main_conf,            /* create main configuration */
    civic_app_init_main_conf,              /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    NULL,                                  /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_http_civic_app_module = {
    NGX_MODULE_V1,
    &civic_app_module_ctx,                 /* module context */
    civic_app_commands,                    /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    civic_app_init_process,                /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static const civic_conf_range_t  civic_app_cache = {
    256 * 1024, 1024 * 1024 * 1024, "a size from 256k to 1g"
};


static const civic_conf_word_t  civic_app_words[] = {

    { "redis=", 1, 1, civic_conf_block_text,
      offsetof(civic_app_main_conf_t, redis_name), NULL, 0 },

    { "cache=", 1, 1, civic_conf_block_size,
      offsetof(civic_app_main_conf_t, cache), &civic_app_cache, 0 },

    { "key_file=", 1, 1, civic_conf_block_file,
      offsetof(civic_app_main_conf_t, key_file), NULL, 0 },

    { "file=", 1, 1, civic_conf_block_file,
      offsetof(civic_app_main_conf_t, file), NULL, 0 },

    { NULL, 0, 0, NULL, 0, NULL, 0 }
};


ngx_uint_t
civic_app_configured(void **main_conf)
{
    civic_app_main_conf_t  *amcf;

    amcf = main_conf[ngx_http_civic_app_module.ctx_index];

    return amcf->pos != NULL;
}


static void *
civic_app_create_main_conf(ngx_conf_t *cf)
{
    civic_app_main_conf_t  *amcf;

    amcf = ngx_pcalloc(cf->pool, sizeof(civic_app_main_conf_t));
    if (amcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&amcf->records, cf->pool, 4,
                       sizeof(civic_app_record_t *))
        != NGX_OK)
    {
        return NULL;
    }

    civic_app_index_init(&amcf->index);

    return amcf;
}


/* all of the http block is read: a civic_redis may stand behind us */

static char *
civic_app_init_main_conf(ngx_conf_t *cf, void *conf)
{
    civic_app_main_conf_t  *amcf = conf;

    char  *rv;

    if (amcf->pos == NULL) {
        return NGX_CONF_OK;
    }

    if (amcf->file.len) {
        return civic_app_file_load(cf, amcf);
    }

    amcf->redis = civic_redis_find(cf, &amcf->redis_name);
    if (amcf->redis == NULL) {
        return civic_conf_error(cf, amcf->pos,
                                "civic_apps names an unknown civic_redis "
                                "\"%V\"", &amcf->redis_name);
    }

    if (amcf->key_file.len) {
        rv = civic_app_file_key(cf, amcf);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
civic_app_init_process(ngx_cycle_t *cycle)
{
    civic_app_main_conf_t  *amcf;

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    amcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_civic_app_module);

    if (amcf == NULL || amcf->redis == NULL) {
        return NGX_OK;
    }

    return civic_app_worker_start(amcf);
}


/* civic_apps redis=NAME [cache=SIZE] [key_file=FILE] | file=FILE */

static char *
civic_app_apps(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_app_main_conf_t  *amcf = conf;

    char                *rv;
    civic_conf_block_t   block;

    if (amcf->pos != NULL) {
        return "is duplicate";
    }

    civic_activate(cf);

    amcf->pos = civic_conf_pos(cf);
    if (amcf->pos == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&block, sizeof(civic_conf_block_t));

    block.directive = "civic_apps";
    block.words = civic_app_words;
    block.conf = amcf;

    rv = civic_conf_block_line(cf, &block, 1);

    return rv == NGX_CONF_OK ? civic_app_check(cf, amcf) : rv;
}


static char *
civic_app_check(ngx_conf_t *cf, civic_app_main_conf_t *amcf)
{
    if ((amcf->redis_name.len != 0) == (amcf->file.len != 0)) {
        return civic_conf_error(cf, NULL, "civic_apps wants redis=NAME or "
                                "file=FILE, and one of them");
    }

    if (amcf->file.len && (amcf->cache || amcf->key_file.len)) {
        return civic_conf_error(cf, NULL, "civic_apps file= takes neither "
                                "cache= nor key_file=: the file is read as "
                                "a whole, and nothing in it is sealed");
    }

    if (amcf->cache == 0) {
        amcf->cache = CIVIC_APP_CACHE;
    }

    return NGX_CONF_OK;
}
