
/*
 * Copyright (C) Civic Gate
 *
 * The civic_redis block: one server and how to use it.  Everything that a
 * worker would need files or names for happens here: the name is resolved,
 * the password read, and what is sent in greeting is made.
 */


#include "civic_conf_block.h"
#include "civic_conf_file.h"
#include "civic_redis_client.h"
#include "civic_redis_format.h"


#define CIVIC_REDIS_PORT          6379
#define CIVIC_REDIS_TIMEOUT       20
#define CIVIC_REDIS_PASSWORD_MAX  1024


static civic_conf_setter_t  civic_redis_conf_server;
static civic_conf_setter_t  civic_redis_conf_password;
static char *civic_redis_conf_close(ngx_conf_t *cf, civic_redis_t *redis);
static char *civic_redis_conf_greeting(ngx_conf_t *cf, civic_redis_t *redis);
static u_char *civic_redis_conf_command(u_char *p, const ngx_str_t *argv,
    ngx_uint_t argc);


static const civic_conf_range_t  civic_redis_conf_time = {
    1, 60000, "a time from 1ms to 60s"
};

static const civic_conf_range_t  civic_redis_conf_connections = {
    1, 16, "a number from 1 to 16"
};

static const civic_conf_range_t  civic_redis_conf_failures = {
    1, 1000, "a number from 1 to 1000"
};

static const civic_conf_range_t  civic_redis_conf_database = {
    0, 65535, "a number from 0 to 65535"
};

static const civic_conf_range_t  civic_redis_conf_replicas = {
    0, 1000, "a number from 0 to 1000"
};


static const civic_conf_word_t  civic_redis_conf_breaker[] = {

    { "failures=", 1, 1, civic_conf_block_number,
      offsetof(civic_redis_t, failures), &civic_redis_conf_failures, 0 },

    { "cooldown=", 1, 1, civic_conf_block_msec,
      offsetof(civic_redis_t, cooldown), &civic_redis_conf_time, 0 },

    { NULL, 0, 0, NULL, 0, NULL, 0 }
};


static const civic_conf_word_t  civic_redis_conf_durable[] = {

    { "replicas=", 1, 1, civic_conf_block_number,
      offsetof(civic_redis_t, replicas), &civic_redis_conf_replicas, 0 },

    { "timeout=", 1, 1, civic_conf_block_msec,
      offsetof(civic_redis_t, replicas_timeout), &civic_redis_conf_time, 0 },

    { NULL, 0, 0, NULL, 0, NULL, 0 }
};


static const char  civic_redis_conf_later[] =
    "it speaks to one server, in the clear";


static const civic_conf_word_t  civic_redis_conf_words[] = {

    { "server", 1, 1, civic_redis_conf_server, 0, NULL,
      CIVIC_CONF_MANDATORY },

    { "timeout", 1, 1, civic_conf_block_msec,
      offsetof(civic_redis_t, timeout), &civic_redis_conf_time, 0 },

    { "connections", 1, 1, civic_conf_block_number,
      offsetof(civic_redis_t, connections), &civic_redis_conf_connections,
      0 },

    { "breaker", 1, 2, civic_conf_block_pairs, 0, civic_redis_conf_breaker,
      0 },

    { "user", 1, 1, civic_conf_block_text, offsetof(civic_redis_t, user),
      NULL, 0 },

    { "password_file", 1, 1, civic_redis_conf_password, 0, NULL, 0 },

    { "database", 1, 1, civic_conf_block_number,
      offsetof(civic_redis_t, database), &civic_redis_conf_database, 0 },

    { "durable", 1, 2, civic_conf_block_pairs, 0, civic_redis_conf_durable,
      0 },

    { "sentinel", 0, 64, civic_conf_block_later, 0, civic_redis_conf_later,
      0 },
    { "cluster", 0, 64, civic_conf_block_later, 0, civic_redis_conf_later,
      0 },
    { "tls", 0, 64, civic_conf_block_later, 0, civic_redis_conf_later, 0 },

    { NULL, 0, 0, NULL, 0, NULL, 0 }
};


/* civic_redis NAME { ... } */

char *
civic_redis_conf_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_redis_main_conf_t  *rmcf = conf;

    char                *rv;
    ngx_str_t           *value;
    civic_redis_t       *redis, **slot;
    civic_conf_block_t   block;

    value = cf->args->elts;

    rv = civic_conf_block_name(cf, "civic_redis", &value[1]);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    redis = civic_redis_find(cf, &value[1]);

    if (redis != NULL) {
        return civic_conf_block_again(cf, "civic_redis", &value[1],
                                      redis->pos);
    }

    redis = ngx_pcalloc(cf->pool, sizeof(civic_redis_t));
    slot = ngx_array_push(&rmcf->redis);

    if (redis == NULL || slot == NULL) {
        return NGX_CONF_ERROR;
    }

    *slot = redis;

    redis->name = value[1];
    redis->pos = civic_conf_pos(cf);
    redis->client = ngx_pcalloc(cf->pool, sizeof(civic_redis_client_t));

    if (redis->pos == NULL || redis->client == NULL) {
        return NGX_CONF_ERROR;
    }

    redis->timeout = CIVIC_REDIS_TIMEOUT;
    redis->connections = 2;
    redis->failures = 5;
    redis->cooldown = 1000;
    redis->replicas_timeout = 50;

    ngx_memzero(&block, sizeof(civic_conf_block_t));

    block.directive = "civic_redis";
    block.name = &redis->name;
    block.pos = redis->pos;
    block.words = civic_redis_conf_words;
    block.conf = redis;

    rv = civic_conf_block_parse(cf, &block);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return civic_redis_conf_close(cf, redis);
}


static char *
civic_redis_conf_server(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    ngx_url_t       url;
    civic_redis_t  *redis;

    redis = block->conf;

    ngx_memzero(&url, sizeof(ngx_url_t));

    url.url = *value;
    url.default_port = CIVIC_REDIS_PORT;

    if (ngx_parse_url(cf->pool, &url) != NGX_OK) {
        return civic_conf_error(cf, NULL,
                                "server \"%V\" of civic_redis \"%V\": %s",
                                value, &redis->name,
                                url.err ? url.err : "no memory");
    }

    redis->server = *value;
    redis->addrs = url.addrs;
    redis->naddrs = url.naddrs;

    return NGX_CONF_OK;
}


static char *
civic_redis_conf_password(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    civic_redis_t      *redis;
    civic_conf_file_t   file;

    redis = block->conf;

    ngx_memzero(&file, sizeof(civic_conf_file_t));

    file.what = "password_file";
    file.pool = cf->pool;
    file.max = CIVIC_REDIS_PASSWORD_MAX;
    file.secret = 1;

    return civic_conf_file_line(cf, &file, value, &redis->password);
}


static char *
civic_redis_conf_close(ngx_conf_t *cf, civic_redis_t *redis)
{
    if (redis->user.len && redis->password.len == 0) {
        return civic_conf_error(cf, NULL, "civic_redis \"%V\" has a \"user\" "
                                "and no \"password_file\"", &redis->name);
    }

    return civic_redis_conf_greeting(cf, redis);
}


/* and the WAIT of durable writes: both are the same every time */

static char *
civic_redis_conf_greeting(ngx_conf_t *cf, civic_redis_t *redis)
{
    u_char     *p, n[NGX_INT_T_LEN], t[NGX_INT_T_LEN];
    ngx_str_t   argv[3];

    p = ngx_pnalloc(cf->pool, 512 + redis->user.len + redis->password.len);
    if (p == NULL) {
        return NGX_CONF_ERROR;
    }

    redis->greeting.data = p;

    if (redis->password.len) {
        ngx_str_set(&argv[0], "AUTH");
        argv[1] = redis->user.len ? redis->user : redis->password;
        argv[2] = redis->password;

        p = civic_redis_conf_command(p, argv, redis->user.len ? 3 : 2);
        redis->ngreetings++;
    }

    argv[1].data = n;
    argv[2].data = t;

    if (redis->database) {
        ngx_str_set(&argv[0], "SELECT");
        argv[1].len = ngx_sprintf(n, "%ui", redis->database) - n;

        p = civic_redis_conf_command(p, argv, 2);
        redis->ngreetings++;
    }

    ngx_str_set(&argv[0], "PING");
    p = civic_redis_conf_command(p, argv, 1);
    redis->ngreetings++;

    redis->greeting.len = p - redis->greeting.data;

    ngx_str_set(&argv[0], "WAIT");
    argv[1].len = ngx_sprintf(n, "%ui", redis->replicas) - n;
    argv[2].len = ngx_sprintf(t, "%M", redis->replicas_timeout) - t;

    redis->wait.data = p;
    redis->wait.len = civic_redis_conf_command(p, argv, 3) - p;

    return NGX_CONF_OK;
}


static u_char *
civic_redis_conf_command(u_char *p, const ngx_str_t *argv, ngx_uint_t argc)
{
    return civic_redis_format(civic_redis_format_header(p, argc), argv, argc);
}
