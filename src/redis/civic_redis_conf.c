
/*
 * Copyright (C) Civic Gate
 *
 * The civic_redis block: one server and how to use it.  Everything that a
 * worker would need files or names for happens here: the name is resolved,
 * the password read, and what is sent in greeting is made.
 */


#include "civic_redis_client.h"
#include "civic_redis_format.h"


#define CIVIC_REDIS_PORT          6379
#define CIVIC_REDIS_TIMEOUT       20
#define CIVIC_REDIS_MAX_TIME      60000
#define CIVIC_REDIS_PASSWORD_MAX  1024


typedef struct {
    const char   *name;
    ngx_uint_t    max;                 /* arguments; at least one */
    char       *(*set)(ngx_conf_t *cf, civic_redis_t *redis);
} civic_redis_conf_word_t;


static char *civic_redis_conf_name(ngx_conf_t *cf, const ngx_str_t *name);
static char *civic_redis_conf_word(ngx_conf_t *cf, ngx_command_t *dummy,
    void *conf);
static char *civic_redis_conf_take(ngx_conf_t *cf, civic_redis_t *redis,
    const civic_redis_conf_word_t *word);
static char *civic_redis_conf_server(ngx_conf_t *cf, civic_redis_t *redis);
static char *civic_redis_conf_timeout(ngx_conf_t *cf, civic_redis_t *redis);
static char *civic_redis_conf_connections(ngx_conf_t *cf,
    civic_redis_t *redis);
static char *civic_redis_conf_breaker(ngx_conf_t *cf, civic_redis_t *redis);
static char *civic_redis_conf_user(ngx_conf_t *cf, civic_redis_t *redis);
static char *civic_redis_conf_password(ngx_conf_t *cf, civic_redis_t *redis);
static char *civic_redis_conf_database(ngx_conf_t *cf, civic_redis_t *redis);
static char *civic_redis_conf_durable(ngx_conf_t *cf, civic_redis_t *redis);
static char *civic_redis_conf_pair(ngx_conf_t *cf, civic_redis_t *redis,
    const char *number, ngx_uint_t *n, ngx_int_t min, const char *time,
    ngx_msec_t *msec);
static char *civic_redis_conf_number(ngx_conf_t *cf, const ngx_str_t *text,
    const char *what, ngx_int_t min, ngx_int_t max, ngx_uint_t *n);
static char *civic_redis_conf_time(ngx_conf_t *cf, const ngx_str_t *text,
    const char *what, ngx_msec_t *msec);
static ngx_int_t civic_redis_conf_read(ngx_conf_t *cf, const ngx_str_t *name,
    ngx_str_t *text);
static char *civic_redis_conf_close(ngx_conf_t *cf, civic_redis_t *redis);
static char *civic_redis_conf_greeting(ngx_conf_t *cf, civic_redis_t *redis);
static u_char *civic_redis_conf_command(u_char *p, const ngx_str_t *argv,
    ngx_uint_t argc);


static const civic_redis_conf_word_t  civic_redis_conf_words[] = {

    { "server", 1, civic_redis_conf_server },
    { "timeout", 1, civic_redis_conf_timeout },
    { "connections", 1, civic_redis_conf_connections },
    { "breaker", 2, civic_redis_conf_breaker },
    { "user", 1, civic_redis_conf_user },
    { "password_file", 1, civic_redis_conf_password },
    { "database", 1, civic_redis_conf_database },
    { "durable", 2, civic_redis_conf_durable },
    { NULL, 0, NULL }
};


/* what the design has and this version has not */

static const char  *civic_redis_conf_later[] = {
    "sentinel", "cluster", "tls", NULL
};


/* civic_redis NAME { ... } */

char *
civic_redis_conf_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_redis_main_conf_t  *rmcf = conf;

    char           *rv;
    ngx_str_t      *value;
    ngx_conf_t      save;
    civic_redis_t  *redis, **slot;

    value = cf->args->elts;

    rv = civic_redis_conf_name(cf, &value[1]);
    if (rv != NGX_CONF_OK) {
        return rv;
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

    save = *cf;
    cf->handler = civic_redis_conf_word;
    cf->handler_conf = (void *) redis;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return civic_redis_conf_close(cf, redis);
}


static char *
civic_redis_conf_name(ngx_conf_t *cf, const ngx_str_t *name)
{
    u_char          ch;
    size_t          i;
    civic_redis_t  *other;

    for (i = 0; i < name->len; i++) {
        ch = name->data[i];

        if (!(ch >= 'a' && ch <= 'z') && !(ch >= 'A' && ch <= 'Z')
            && !(ch >= '0' && ch <= '9') && ch != '_' && ch != '-')
        {
            break;
        }
    }

    if (i == 0 || i < name->len) {
        return civic_conf_error(cf, NULL,
                                "\"%V\" cannot name a civic_redis: a name "
                                "has letters, digits, \"_\" and \"-\"", name);
    }

    other = civic_redis_find(cf, name);

    if (other != NULL) {
        return civic_conf_error(cf, NULL,
                                "civic_redis \"%V\" is defined already in "
                                "%V:%ui,", name, &other->pos->file,
                                other->pos->line);
    }

    return NGX_CONF_OK;
}


static char *
civic_redis_conf_word(ngx_conf_t *cf, ngx_command_t *dummy, void *conf)
{
    civic_redis_t  *redis = conf;

    ngx_str_t                      *value;
    const char                    **later;
    const civic_redis_conf_word_t  *word;

    value = cf->args->elts;

    for (word = civic_redis_conf_words; word->name; word++) {

        if (ngx_strcmp(value[0].data, word->name) == 0) {
            return civic_redis_conf_take(cf, redis, word);
        }
    }

    for (later = civic_redis_conf_later; *later; later++) {

        if (ngx_strcmp(value[0].data, *later) == 0) {
            return civic_conf_error(cf, NULL,
                                    "civic_redis \"%V\": this version does "
                                    "not have \"%V\" yet; it speaks to one "
                                    "server, in the clear", &redis->name,
                                    &value[0]);
        }
    }

    return civic_conf_error(cf, NULL, "unknown word \"%V\" in civic_redis "
                            "\"%V\"", &value[0], &redis->name);
}


static char *
civic_redis_conf_take(ngx_conf_t *cf, civic_redis_t *redis,
    const civic_redis_conf_word_t *word)
{
    ngx_str_t   *value;
    ngx_uint_t   i, bit;

    value = cf->args->elts;
    bit = (ngx_uint_t) 1 << (word - civic_redis_conf_words);

    if (redis->words & bit) {
        return civic_conf_error(cf, NULL, "\"%s\" comes twice in "
                                "civic_redis \"%V\"", word->name,
                                &redis->name);
    }

    redis->words |= bit;

    if (cf->args->nelts < 2 || cf->args->nelts - 1 > word->max) {
        return civic_conf_error(cf, NULL, "\"%s\" in civic_redis \"%V\" "
                                "takes %s", word->name, &redis->name,
                                word->max == 1 ? "one value"
                                               : "one value or two");
    }

    for (i = 1; i < cf->args->nelts; i++) {

        if (value[i].len == 0) {
            return civic_conf_error(cf, NULL, "\"%s\" in civic_redis \"%V\" "
                                    "has an empty value", word->name,
                                    &redis->name);
        }
    }

    return word->set(cf, redis);
}


static char *
civic_redis_conf_server(ngx_conf_t *cf, civic_redis_t *redis)
{
    ngx_url_t   url;
    ngx_str_t  *value;

    value = cf->args->elts;

    ngx_memzero(&url, sizeof(ngx_url_t));

    url.url = value[1];
    url.default_port = CIVIC_REDIS_PORT;

    if (ngx_parse_url(cf->pool, &url) != NGX_OK) {
        return civic_conf_error(cf, NULL,
                                "server \"%V\" of civic_redis \"%V\": %s",
                                &value[1], &redis->name,
                                url.err ? url.err : "no memory");
    }

    redis->server = value[1];
    redis->addrs = url.addrs;
    redis->naddrs = url.naddrs;

    return NGX_CONF_OK;
}


static char *
civic_redis_conf_timeout(ngx_conf_t *cf, civic_redis_t *redis)
{
    ngx_str_t  *value;

    value = cf->args->elts;

    return civic_redis_conf_time(cf, &value[1], "timeout ", &redis->timeout);
}


static char *
civic_redis_conf_connections(ngx_conf_t *cf, civic_redis_t *redis)
{
    ngx_str_t  *value;

    value = cf->args->elts;

    return civic_redis_conf_number(cf, &value[1], "connections ", 1, 16,
                                   &redis->connections);
}


static char *
civic_redis_conf_breaker(ngx_conf_t *cf, civic_redis_t *redis)
{
    return civic_redis_conf_pair(cf, redis, "failures=", &redis->failures, 1,
                                 "cooldown=", &redis->cooldown);
}


static char *
civic_redis_conf_user(ngx_conf_t *cf, civic_redis_t *redis)
{
    ngx_str_t  *value;

    value = cf->args->elts;
    redis->user = value[1];

    return NGX_CONF_OK;
}


static char *
civic_redis_conf_password(ngx_conf_t *cf, civic_redis_t *redis)
{
    ngx_str_t   name, *value;
    ngx_str_t  *text;

    value = cf->args->elts;
    name = value[1];
    text = &redis->password;

    if (ngx_conf_full_name(cf->cycle, &name, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (civic_redis_conf_read(cf, &name, text) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    while (text->len && (text->data[text->len - 1] == LF
                         || text->data[text->len - 1] == CR))
    {
        text->len--;
    }

    if (text->len == 0) {
        return civic_conf_error(cf, NULL, "password_file \"%V\" is empty",
                                &name);
    }

    return NGX_CONF_OK;
}


static char *
civic_redis_conf_database(ngx_conf_t *cf, civic_redis_t *redis)
{
    ngx_str_t  *value;

    value = cf->args->elts;

    return civic_redis_conf_number(cf, &value[1], "database ", 0, 65535,
                                   &redis->database);
}


static char *
civic_redis_conf_durable(ngx_conf_t *cf, civic_redis_t *redis)
{
    return civic_redis_conf_pair(cf, redis, "replicas=", &redis->replicas, 0,
                                 "timeout=", &redis->replicas_timeout);
}


/* a number and a time, each with its name, in any order */

static char *
civic_redis_conf_pair(ngx_conf_t *cf, civic_redis_t *redis,
    const char *number, ngx_uint_t *n, ngx_int_t min, const char *time,
    ngx_msec_t *msec)
{
    char        *rv;
    size_t       len;
    ngx_str_t    text, *value;
    ngx_uint_t   i, seen, which;

    value = cf->args->elts;
    seen = 0;

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, number, ngx_strlen(number)) == 0) {
            len = ngx_strlen(number);
            which = 1;

        } else if (ngx_strncmp(value[i].data, time, ngx_strlen(time)) == 0) {
            len = ngx_strlen(time);
            which = 2;

        } else {
            return civic_conf_error(cf, NULL,
                                    "unknown parameter \"%V\" of \"%V\" in "
                                    "civic_redis \"%V\"; it knows %s and %s",
                                    &value[i], &value[0], &redis->name,
                                    number, time);
        }

        if (seen & which) {
            return civic_conf_error(cf, NULL, "\"%V\" in civic_redis \"%V\" "
                                    "has more than one \"%s\"", &value[0],
                                    &redis->name,
                                    which == 1 ? number : time);
        }

        seen |= which;

        text.data = value[i].data + len;
        text.len = value[i].len - len;

        rv = which == 1
             ? civic_redis_conf_number(cf, &text, number, min, 1000, n)
             : civic_redis_conf_time(cf, &text, time, msec);

        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    return NGX_CONF_OK;
}


static char *
civic_redis_conf_number(ngx_conf_t *cf, const ngx_str_t *text,
    const char *what, ngx_int_t min, ngx_int_t max, ngx_uint_t *n)
{
    ngx_int_t  value;

    value = ngx_atoi(text->data, text->len);

    if (value == NGX_ERROR || value < min || value > max) {
        return civic_conf_error(cf, NULL, "%s\"%V\" is not a number from %i "
                                "to %i", what, text, min, max);
    }

    *n = value;

    return NGX_CONF_OK;
}


static char *
civic_redis_conf_time(ngx_conf_t *cf, const ngx_str_t *text,
    const char *what, ngx_msec_t *msec)
{
    ngx_int_t  value;

    value = ngx_parse_time((ngx_str_t *) text, 0);

    if (value == NGX_ERROR || value < 1 || value > CIVIC_REDIS_MAX_TIME) {
        return civic_conf_error(cf, NULL, "%s\"%V\" is not a time from 1ms "
                                "to 60s", what, text);
    }

    *msec = value;

    return NGX_CONF_OK;
}


static ngx_int_t
civic_redis_conf_read(ngx_conf_t *cf, const ngx_str_t *name, ngx_str_t *text)
{
    ssize_t   n;
    ngx_fd_t  fd;

    text->data = ngx_pnalloc(cf->pool, CIVIC_REDIS_PASSWORD_MAX + 1);
    if (text->data == NULL) {
        return NGX_ERROR;
    }

    fd = ngx_open_file(name->data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "cannot open password_file \"%V\"", name);
        return NGX_ERROR;
    }

    n = ngx_read_fd(fd, text->data, CIVIC_REDIS_PASSWORD_MAX + 1);

    if (n < 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "cannot read password_file \"%V\"", name);
    }

    if (n > CIVIC_REDIS_PASSWORD_MAX) {
        (void) civic_conf_error(cf, NULL, "password_file \"%V\" is longer "
                                "than %d bytes", name,
                                CIVIC_REDIS_PASSWORD_MAX);
        n = -1;
    }

    (void) ngx_close_file(fd);

    text->len = n < 0 ? 0 : n;

    return n < 0 ? NGX_ERROR : NGX_OK;
}


static char *
civic_redis_conf_close(ngx_conf_t *cf, civic_redis_t *redis)
{
    if (redis->server.len == 0) {
        return civic_conf_error(cf, NULL, "civic_redis \"%V\" has no "
                                "\"server\"", &redis->name);
    }

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
