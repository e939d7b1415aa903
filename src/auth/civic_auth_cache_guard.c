
/*
 * Copyright (C) Civic Gate
 *
 * Finds the caches that would serve one caller's page to another: a
 * proxy_cache (fastcgi_, uwsgi_, scgi_) whose key does not name the caller.
 *
 * Zone and key of a location lie in structs that are private to nginx's
 * modules and differ between versions.  Their tables of directives do not.
 * So while the http block is read, the setters of a few directives are
 * wrapped by one that calls the original and notes the words beside nginx's
 * configuration; the notes are merged as nginx merges.
 *
 * The tables belong to nginx and outlive this module, which a reload may
 * unload: the setters are put back when the block is read, and by a cleanup
 * of the configuration's pool if reading failed.  What was wrapped is
 * remembered per configuration, so that two of them never mix.
 */


#include "civic_auth_conf.h"


typedef enum {
    CIVIC_AUTH_GUARD_PASS,
    CIVIC_AUTH_GUARD_CACHE,
    CIVIC_AUTH_GUARD_KEY
} civic_auth_guard_word_e;


typedef struct {
    ngx_str_t                 name;
    ngx_uint_t                family;
    civic_auth_guard_word_e   word;
} civic_auth_guard_rule_t;


typedef struct {
    ngx_command_t            *cmd;
    char                    *(*set)(ngx_conf_t *cf, ngx_command_t *cmd,
                                    void *conf);
    civic_auth_guard_rule_t  *rule;
} civic_auth_guard_wrapped_t;


static ngx_int_t civic_auth_cache_guard_wrap(ngx_array_t *wrapped,
    ngx_command_t *cmd);
static char *civic_auth_cache_guard_set(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static void civic_auth_cache_guard_note(ngx_conf_t *cf,
    const civic_auth_guard_rule_t *rule);
static void civic_auth_cache_guard_restore(void *data);
static ngx_uint_t civic_auth_cache_guard_keyed(const ngx_str_t *key);


static ngx_str_t  civic_auth_guard_families[CIVIC_AUTH_GUARDS] = {
    ngx_string("proxy"),
    ngx_string("fastcgi"),
    ngx_string("uwsgi"),
    ngx_string("scgi")
};


static civic_auth_guard_rule_t  civic_auth_guard_rules[] = {
    { ngx_string("proxy_pass"), 0, CIVIC_AUTH_GUARD_PASS },
    { ngx_string("proxy_cache"), 0, CIVIC_AUTH_GUARD_CACHE },
    { ngx_string("proxy_cache_key"), 0, CIVIC_AUTH_GUARD_KEY },
    { ngx_string("fastcgi_pass"), 1, CIVIC_AUTH_GUARD_PASS },
    { ngx_string("fastcgi_cache"), 1, CIVIC_AUTH_GUARD_CACHE },
    { ngx_string("fastcgi_cache_key"), 1, CIVIC_AUTH_GUARD_KEY },
    { ngx_string("uwsgi_pass"), 2, CIVIC_AUTH_GUARD_PASS },
    { ngx_string("uwsgi_cache"), 2, CIVIC_AUTH_GUARD_CACHE },
    { ngx_string("uwsgi_cache_key"), 2, CIVIC_AUTH_GUARD_KEY },
    { ngx_string("scgi_pass"), 3, CIVIC_AUTH_GUARD_PASS },
    { ngx_string("scgi_cache"), 3, CIVIC_AUTH_GUARD_CACHE },
    { ngx_string("scgi_cache_key"), 3, CIVIC_AUTH_GUARD_KEY },
    { ngx_null_string, 0, 0 }
};


ngx_int_t
civic_auth_cache_guard_open(ngx_conf_t *cf)
{
    ngx_uint_t               i;
    ngx_array_t             *wrapped;
    ngx_command_t           *cmd;
    ngx_pool_cleanup_t      *cln;
    civic_auth_main_conf_t  *amcf;

    amcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_civic_auth_module);

    wrapped = ngx_array_create(cf->pool, 12,
                               sizeof(civic_auth_guard_wrapped_t));
    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (wrapped == NULL || cln == NULL) {
        return NGX_ERROR;
    }

    amcf->wrapped = wrapped;

    cln->handler = civic_auth_cache_guard_restore;
    cln->data = wrapped;

    for (i = 0; cf->cycle->modules[i]; i++) {

        if (cf->cycle->modules[i]->type != NGX_HTTP_MODULE
            || cf->cycle->modules[i]->commands == NULL)
        {
            continue;
        }

        for (cmd = cf->cycle->modules[i]->commands; cmd->name.len; cmd++) {

            if (civic_auth_cache_guard_wrap(wrapped, cmd) != NGX_OK) {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


void
civic_auth_cache_guard_close(ngx_conf_t *cf)
{
    civic_auth_main_conf_t  *amcf;

    amcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_civic_auth_module);

    civic_auth_cache_guard_restore(amcf->wrapped);
}


static ngx_int_t
civic_auth_cache_guard_wrap(ngx_array_t *wrapped, ngx_command_t *cmd)
{
    civic_auth_guard_rule_t     *rule;
    civic_auth_guard_wrapped_t  *w;

    for (rule = civic_auth_guard_rules; rule->name.len; rule++) {

        if (rule->name.len == cmd->name.len
            && ngx_strncmp(rule->name.data, cmd->name.data, cmd->name.len)
               == 0)
        {
            break;
        }
    }

    if (rule->name.len == 0) {
        return NGX_OK;
    }

    w = ngx_array_push(wrapped);
    if (w == NULL) {
        return NGX_ERROR;
    }

    w->cmd = cmd;
    w->set = cmd->set;
    w->rule = rule;

    cmd->set = civic_auth_cache_guard_set;

    return NGX_OK;
}


static char *
civic_auth_cache_guard_set(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char                        *rv;
    ngx_uint_t                   i;
    civic_auth_main_conf_t      *amcf;
    civic_auth_guard_wrapped_t  *w;

    amcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_civic_auth_module);

    w = amcf->wrapped->elts;

    for (i = 0; i < amcf->wrapped->nelts; i++) {

        if (w[i].cmd != cmd) {
            continue;
        }

        rv = w[i].set(cf, cmd, conf);

        if (rv == NGX_CONF_OK) {
            civic_auth_cache_guard_note(cf, w[i].rule);
        }

        return rv;
    }

    return NGX_CONF_ERROR;
}


static void
civic_auth_cache_guard_note(ngx_conf_t *cf,
    const civic_auth_guard_rule_t *rule)
{
    ngx_str_t              *value;
    civic_auth_guard_t     *guard;
    civic_auth_loc_conf_t  *alcf;

    value = cf->args->elts;

    alcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_civic_auth_module);
    guard = &alcf->guards[rule->family];

    switch (rule->word) {

    case CIVIC_AUTH_GUARD_PASS:
        guard->pass = 1;
        break;

    case CIVIC_AUTH_GUARD_CACHE:
        guard->on = (value[1].len != 3
                     || ngx_strncmp(value[1].data, "off", 3) != 0);
        break;

    case CIVIC_AUTH_GUARD_KEY:
        guard->key = value[1];
        break;
    }
}


/* a setter that somebody wrapped after us is not ours to put back */

static void
civic_auth_cache_guard_restore(void *data)
{
    ngx_array_t  *wrapped = data;

    ngx_uint_t                   i;
    civic_auth_guard_wrapped_t  *w;

    w = wrapped->elts;

    for (i = 0; i < wrapped->nelts; i++) {

        if (w[i].cmd->set == civic_auth_cache_guard_set) {
            w[i].cmd->set = w[i].set;
        }
    }

    wrapped->nelts = 0;
}


void
civic_auth_cache_guard_init(civic_auth_guard_t *guards)
{
    ngx_uint_t  i;

    for (i = 0; i < CIVIC_AUTH_GUARDS; i++) {
        guards[i].on = NGX_CONF_UNSET;
    }
}


void
civic_auth_cache_guard_merge(const civic_auth_guard_t *prev,
    civic_auth_guard_t *conf)
{
    ngx_uint_t  i;

    for (i = 0; i < CIVIC_AUTH_GUARDS; i++) {

        ngx_conf_merge_value(conf[i].on, prev[i].on, 0);

        if (conf[i].key.data == NULL) {
            conf[i].key = prev[i].key;
        }
    }
}


const ngx_str_t *
civic_auth_cache_guard_check(const civic_auth_guard_t *guards)
{
    ngx_uint_t  i;

    for (i = 0; i < CIVIC_AUTH_GUARDS; i++) {

        if (guards[i].pass
            && guards[i].on == 1
            && !civic_auth_cache_guard_keyed(&guards[i].key))
        {
            return &civic_auth_guard_families[i];
        }
    }

    return NULL;
}


/* has the key $civic_caller or ${civic_caller}, not $civic_caller_x? */

static ngx_uint_t
civic_auth_cache_guard_keyed(const ngx_str_t *key)
{
    u_char  *p, *last, c;

    static ngx_str_t  plain = ngx_string("$civic_caller");
    static ngx_str_t  braced = ngx_string("${civic_caller}");

    if (key->data == NULL) {
        return 0;
    }

    if (ngx_strnstr(key->data, (char *) braced.data, key->len)) {
        return 1;
    }

    last = key->data + key->len;

    for (p = key->data; p + plain.len <= last; p++) {

        if (ngx_strncmp(p, plain.data, plain.len) != 0) {
            continue;
        }

        p += plain.len;

        if (p == last) {
            return 1;
        }

        c = *p | 0x20;

        if (*p != '_' && (c < 'a' || c > 'z') && (*p < '0' || *p > '9')) {
            return 1;
        }
    }

    return 0;
}
