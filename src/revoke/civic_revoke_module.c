
/*
 * Copyright (C) Civic Gate
 *
 * civic_revocations: the directive, and the start of what reads the list.
 */


#include "civic_revoke_conf.h"


#define CIVIC_REVOKE_INTERVAL      250
#define CIVIC_REVOKE_INTERVAL_MIN  20
#define CIVIC_REVOKE_INTERVAL_MAX  10000
#define CIVIC_REVOKE_SIZE          (4 * 1024 * 1024)
#define CIVIC_REVOKE_SIZE_MIN      (64 * 1024)


typedef char *(*civic_revoke_setter_pt)(ngx_conf_t *cf,
    civic_revoke_main_conf_t *rmcf, ngx_str_t *value);


static ngx_int_t civic_revoke_module_postconfiguration(ngx_conf_t *cf);
static ngx_int_t civic_revoke_module_init(ngx_cycle_t *cycle);
static ngx_int_t civic_revoke_module_init_process(ngx_cycle_t *cycle);
static void *civic_revoke_module_create_main_conf(ngx_conf_t *cf);
static char *civic_revoke_module_directive(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *civic_revoke_module_word(ngx_conf_t *cf,
    civic_revoke_main_conf_t *rmcf, ngx_str_t *word, ngx_uint_t *seen);
static char *civic_revoke_module_redis(ngx_conf_t *cf,
    civic_revoke_main_conf_t *rmcf, ngx_str_t *value);
static char *civic_revoke_module_interval(ngx_conf_t *cf,
    civic_revoke_main_conf_t *rmcf, ngx_str_t *value);
static char *civic_revoke_module_unknown(ngx_conf_t *cf,
    civic_revoke_main_conf_t *rmcf, ngx_str_t *value);
static char *civic_revoke_module_size(ngx_conf_t *cf,
    civic_revoke_main_conf_t *rmcf, ngx_str_t *value);


static const struct {
    ngx_str_t               name;      /* with its "=" */
    civic_revoke_setter_pt  set;
} civic_revoke_module_words[] = {
    { ngx_string("redis="), civic_revoke_module_redis },
    { ngx_string("interval="), civic_revoke_module_interval },
    { ngx_string("unknown="), civic_revoke_module_unknown },
    { ngx_string("size="), civic_revoke_module_size },
    { ngx_null_string, NULL }
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

    ngx_str_t   *value;
    ngx_uint_t   i, seen;

    if (rmcf->pos != NULL) {
        return "is duplicate";
    }

    rmcf->pos = civic_conf_pos(cf);
    if (rmcf->pos == NULL) {
        return NGX_CONF_ERROR;
    }

    rmcf->interval = CIVIC_REVOKE_INTERVAL;
    rmcf->size = CIVIC_REVOKE_SIZE;

    value = cf->args->elts;
    seen = 0;

    for (i = 1; i < cf->args->nelts; i++) {

        if (civic_revoke_module_word(cf, rmcf, &value[i], &seen)
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    if (rmcf->name.len == 0) {
        return civic_conf_error(cf, NULL, "civic_revocations does not say "
                                "redis=NAME");
    }

    civic_activate(cf);

    return NGX_CONF_OK;
}


static char *
civic_revoke_module_word(ngx_conf_t *cf, civic_revoke_main_conf_t *rmcf,
    ngx_str_t *word, ngx_uint_t *seen)
{
    ngx_str_t         value;
    ngx_uint_t        i;
    const ngx_str_t  *name;

    for (i = 0; civic_revoke_module_words[i].set; i++) {
        name = &civic_revoke_module_words[i].name;

        if (word->len <= name->len
            || ngx_strncmp(word->data, name->data, name->len) != 0)
        {
            continue;
        }

        if (*seen & (1 << i)) {
            return civic_conf_error(cf, NULL, "\"%V\" comes twice in "
                                    "civic_revocations", name);
        }

        *seen |= 1 << i;

        value.data = word->data + name->len;
        value.len = word->len - name->len;

        return civic_revoke_module_words[i].set(cf, rmcf, &value);
    }

    return civic_conf_error(cf, NULL, "unknown word \"%V\" in "
                            "civic_revocations; it knows redis=NAME, "
                            "interval=TIME, unknown=refuse|pass and "
                            "size=SIZE", word);
}


static char *
civic_revoke_module_redis(ngx_conf_t *cf, civic_revoke_main_conf_t *rmcf,
    ngx_str_t *value)
{
    rmcf->name = *value;

    return NGX_CONF_OK;
}


static char *
civic_revoke_module_interval(ngx_conf_t *cf, civic_revoke_main_conf_t *rmcf,
    ngx_str_t *value)
{
    ngx_int_t  interval;

    interval = ngx_parse_time(value, 0);

    if (interval < CIVIC_REVOKE_INTERVAL_MIN
        || interval > CIVIC_REVOKE_INTERVAL_MAX)
    {
        return civic_conf_error(cf, NULL, "interval=%V of civic_revocations "
                                "is not a time from 20ms to 10s", value);
    }

    rmcf->interval = interval;

    return NGX_CONF_OK;
}


static char *
civic_revoke_module_unknown(ngx_conf_t *cf, civic_revoke_main_conf_t *rmcf,
    ngx_str_t *value)
{
    if (ngx_strcmp(value->data, "pass") == 0) {
        rmcf->pass = 1;

    } else if (ngx_strcmp(value->data, "refuse") != 0) {
        return civic_conf_error(cf, NULL, "unknown=%V of civic_revocations "
                                "is neither refuse nor pass", value);
    }

    return NGX_CONF_OK;
}


static char *
civic_revoke_module_size(ngx_conf_t *cf, civic_revoke_main_conf_t *rmcf,
    ngx_str_t *value)
{
    ssize_t  size;

    size = ngx_parse_size(value);

    if (size == NGX_ERROR || size < CIVIC_REVOKE_SIZE_MIN) {
        return civic_conf_error(cf, NULL, "size=%V of civic_revocations is "
                                "not a size of at least 64k", value);
    }

    rmcf->size = size;

    return NGX_CONF_OK;
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
