
/*
 * Copyright (C) Civic Gate
 *
 * The words of a civic_signin block, one by one.
 */


#include "civic_conf_block.h"
#include "civic_conf_file.h"
#include "civic_signin.h"


#define CIVIC_SIGNIN_SECRET_MAX  1024


static char *civic_signin_block_add(ngx_conf_t *cf, civic_signin_t *signin);
static char *civic_signin_block_defaults(ngx_conf_t *cf,
    civic_signin_t *signin);
static civic_conf_setter_t  civic_signin_block_origin;
static civic_conf_setter_t  civic_signin_block_url;
static civic_conf_setter_t  civic_signin_block_path;
static civic_conf_setter_t  civic_signin_block_secret;
static civic_conf_setter_t  civic_signin_block_cookie;
static ngx_uint_t civic_signin_block_clean(const ngx_str_t *text);
static char *civic_signin_block_close(ngx_conf_t *cf,
    civic_signin_t *signin, const civic_conf_block_t *block);
static ngx_uint_t civic_signin_block_plain(const civic_signin_t *signin);
static char *civic_signin_block_paths(ngx_conf_t *cf,
    civic_signin_t *signin);


static const civic_conf_range_t  civic_signin_block_life = {
    1, 30 * 86400, "a time from 1s to 30d"
};


static const ngx_conf_enum_t  civic_signin_block_client_auth[] = {
    { ngx_string("basic"), CIVIC_SIGNIN_AUTH_BASIC },
    { ngx_string("post"), CIVIC_SIGNIN_AUTH_POST },
    { ngx_null_string, 0 }
};


static const civic_conf_word_t  civic_signin_block_session[] = {

    { "redis=", 1, 1, civic_conf_block_text,
      offsetof(civic_signin_t, redis_name), NULL, CIVIC_CONF_MANDATORY },

    { "ttl=", 1, 1, civic_conf_block_sec, offsetof(civic_signin_t, ttl),
      &civic_signin_block_life, 0 },

    { "idle=", 1, 1, civic_conf_block_sec, offsetof(civic_signin_t, idle),
      &civic_signin_block_life, 0 },

    { "rotate=", 1, 1, civic_conf_block_sec, offsetof(civic_signin_t, rotate),
      &civic_signin_block_life, 0 },

    { "refresh=", 1, 1, civic_conf_block_sec,
      offsetof(civic_signin_t, refresh), &civic_signin_block_life, 0 },

    { NULL, 0, 0, NULL, 0, NULL, 0 }
};


static const civic_conf_word_t  civic_signin_words[] = {

    { "issuer", 1, 1, civic_conf_block_text,
      offsetof(civic_signin_t, issuer_name), NULL, CIVIC_CONF_MANDATORY },

    { "remote", 1, 1, civic_conf_block_text,
      offsetof(civic_signin_t, remote_name), NULL, CIVIC_CONF_MANDATORY },

    { "origin", 1, 1, civic_signin_block_origin, 0, NULL,
      CIVIC_CONF_MANDATORY },

    { "authorize", 1, 1, civic_signin_block_url,
      offsetof(civic_signin_t, authorize), NULL, CIVIC_CONF_MANDATORY },

    { "token", 1, 1, civic_signin_block_path,
      offsetof(civic_signin_t, token), NULL, CIVIC_CONF_MANDATORY },

    { "end_session", 1, 1, civic_signin_block_url,
      offsetof(civic_signin_t, end_session), NULL, 0 },

    { "client_id", 1, 1, civic_conf_block_text,
      offsetof(civic_signin_t, client_id), NULL, CIVIC_CONF_MANDATORY },

    { "client_secret_file", 1, 1, civic_signin_block_secret, 0, NULL,
      CIVIC_CONF_MANDATORY },

    { "client_auth", 1, 1, civic_conf_block_choice,
      offsetof(civic_signin_t, client_auth), civic_signin_block_client_auth,
      0 },

    { "scope", 1, 64, civic_conf_block_list,
      offsetof(civic_signin_t, scopes), NULL, 0 },

    { "start", 1, 1, civic_signin_block_path,
      offsetof(civic_signin_t, start), NULL, 0 },

    { "callback", 1, 1, civic_signin_block_path,
      offsetof(civic_signin_t, callback), NULL, 0 },

    { "logout", 1, 1, civic_signin_block_path,
      offsetof(civic_signin_t, logout), NULL, 0 },

    { "backchannel", 1, 1, civic_signin_block_path,
      offsetof(civic_signin_t, backchannel), NULL, 0 },

    { "frontchannel", 1, 1, civic_signin_block_path,
      offsetof(civic_signin_t, frontchannel), NULL, 0 },

    { "home", 1, 1, civic_signin_block_path,
      offsetof(civic_signin_t, home), NULL, 0 },

    { "session", 1, 5, civic_conf_block_pairs, 0, civic_signin_block_session,
      CIVIC_CONF_MANDATORY },

    { "cookie", 1, 1, civic_signin_block_cookie, 0, NULL, 0 },

    { NULL, 0, 0, NULL, 0, NULL, 0 }
};


/* civic_signin NAME { ... } */

char *
civic_signin_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char                *rv;
    ngx_str_t           *value;
    civic_signin_t      *signin;
    civic_conf_block_t   block;

    value = cf->args->elts;

    signin = ngx_pcalloc(cf->pool, sizeof(civic_signin_t));
    if (signin == NULL) {
        return NGX_CONF_ERROR;
    }

    signin->name = value[1];
    signin->pos = civic_conf_pos(cf);

    if (signin->pos == NULL) {
        return NGX_CONF_ERROR;
    }

    rv = civic_signin_block_add(cf, signin);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    ngx_memzero(&block, sizeof(civic_conf_block_t));

    block.directive = "civic_signin";
    block.name = &signin->name;
    block.pos = signin->pos;
    block.words = civic_signin_words;
    block.conf = signin;

    rv = civic_conf_block_parse(cf, &block);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return civic_signin_block_close(cf, signin, &block);
}


static char *
civic_signin_block_add(ngx_conf_t *cf, civic_signin_t *signin)
{
    char                       *rv;
    civic_signin_t             *other, **slot;
    ngx_http_conf_ctx_t        *ctx;
    civic_signin_main_conf_t   *smcf;

    rv = civic_conf_block_name(cf, "civic_signin", &signin->name);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (ngx_strcmp(signin->name.data, "off") == 0
        || ngx_strcmp(signin->name.data, "optional") == 0)
    {
        return civic_conf_error(cf, NULL, "\"%V\" cannot name a "
                                "civic_signin: it is a word of civic_auth",
                                &signin->name);
    }

    ctx = cf->ctx;

    other = civic_signin_find(ctx->main_conf, &signin->name);
    if (other != NULL) {
        return civic_conf_block_again(cf, "civic_signin", &signin->name,
                                      other->pos);
    }

    smcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_civic_signin_module);

    slot = ngx_array_push(&smcf->signins);
    if (slot == NULL) {
        return NGX_CONF_ERROR;
    }

    *slot = signin;

    return civic_signin_block_defaults(cf, signin);
}


static char *
civic_signin_block_defaults(ngx_conf_t *cf, civic_signin_t *signin)
{
    ngx_str_set(&signin->start, "/signin/start");
    ngx_str_set(&signin->callback, "/signin/callback");
    ngx_str_set(&signin->logout, "/signin/logout");
    ngx_str_set(&signin->backchannel, "/signin/backchannel");
    ngx_str_set(&signin->frontchannel, "/signin/frontchannel");
    ngx_str_set(&signin->home, "/");

    signin->ttl = 8 * 3600;
    signin->idle = 1800;
    signin->rotate = 300;

    return NGX_CONF_OK;
}


/* what is printable ASCII, and no quote */

static ngx_uint_t
civic_signin_block_clean(const ngx_str_t *text)
{
    size_t  i;

    for (i = 0; i < text->len; i++) {
        if (text->data[i] <= ' ' || text->data[i] >= 0x7f
            || text->data[i] == '"' || text->data[i] == '\\')
        {
            return 0;
        }
    }

    return 1;
}


/* http[s]://HOST[:PORT], and nothing behind it */

static char *
civic_signin_block_origin(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    size_t           len;
    civic_signin_t  *signin;

    signin = block->conf;

    len = ngx_strncmp(value->data, "https://", 8) == 0 ? 8
          : ngx_strncmp(value->data, "http://", 7) == 0 ? 7 : 0;

    if (len == 0
        || value->len == len
        || !civic_signin_block_clean(value)
        || strpbrk((char *) value->data + len, "/?#@") != NULL)
    {
        return civic_conf_error(cf, NULL, "\"origin %V\" in civic_signin "
                                "\"%V\" is not https://HOST[:PORT]", value,
                                &signin->name);
    }

    signin->origin = *value;

    return NGX_CONF_OK;
}


static char *
civic_signin_block_url(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    civic_signin_t  *signin;

    signin = block->conf;

    if ((ngx_strncmp(value->data, "https://", 8) != 0
         && ngx_strncmp(value->data, "http://", 7) != 0)
        || !civic_signin_block_clean(value)
        || ngx_strchr(value->data, '#') != NULL)
    {
        return civic_conf_error(cf, NULL, "\"%s %V\" in civic_signin \"%V\" "
                                "is no http[s]:// address", word->name,
                                value, &signin->name);
    }

    return civic_conf_block_text(cf, block, word, value);
}


static char *
civic_signin_block_path(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    civic_signin_t  *signin;

    signin = block->conf;

    if (!civic_signin_flow_is_path(value)
        || strpbrk((char *) value->data, "?#%\"") != NULL)
    {
        return civic_conf_error(cf, NULL, "\"%s %V\" in civic_signin \"%V\" "
                                "is no path", word->name, value,
                                &signin->name);
    }

    return civic_conf_block_text(cf, block, word, value);
}


static char *
civic_signin_block_secret(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    char               *rv;
    civic_signin_t     *signin;
    civic_conf_file_t   file;

    signin = block->conf;

    ngx_memzero(&file, sizeof(civic_conf_file_t));

    file.what = "client_secret_file";
    file.pool = cf->pool;
    file.max = CIVIC_SIGNIN_SECRET_MAX;
    file.secret = 1;

    rv = civic_conf_file_line(cf, &file, value, &signin->secret);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (signin->secret.len < 16) {
        return civic_conf_error(cf, NULL, "client_secret_file \"%V\" has "
                                "less than 16 bytes", value);
    }

    return NGX_CONF_OK;
}


static char *
civic_signin_block_cookie(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    civic_signin_t  *signin;

    signin = block->conf;

    if (ngx_strcmp(value->data, "insecure") != 0) {
        return civic_conf_error(cf, NULL, "\"cookie %V\" in civic_signin "
                                "\"%V\" is not \"cookie insecure\"", value,
                                &signin->name);
    }

    signin->insecure = 1;

    civic_conf_warn(cf, NULL, "civic_signin \"%V\" sends its cookies over "
                    "plain HTTP: whoever listens can take over sessions",
                    &signin->name);

    return NGX_CONF_OK;
}


static char *
civic_signin_block_close(ngx_conf_t *cf, civic_signin_t *signin,
    const civic_conf_block_t *block)
{
    if (civic_signin_block_plain(signin) && !signin->insecure) {
        return civic_conf_error(cf, signin->pos, "civic_signin \"%V\" is for "
                                "https: \"origin %V\" wants \"cookie "
                                "insecure\"", &signin->name,
                                &signin->origin);
    }

    if (signin->idle > signin->ttl) {
        signin->idle = signin->ttl;
    }

    return civic_signin_block_paths(cf, signin);
}


/* browsers take Secure cookies from this machine over http, too */

static ngx_uint_t
civic_signin_block_plain(const civic_signin_t *signin)
{
    u_char      *host;
    ngx_uint_t   i;

    static const char  *local[] = { "localhost", "127.0.0.1", "[::1]" };

    if (ngx_strncmp(signin->origin.data, "http://", 7) != 0) {
        return 0;
    }

    host = signin->origin.data + 7;

    for (i = 0; i < sizeof(local) / sizeof(local[0]); i++) {

        if (ngx_strncmp(host, local[i], ngx_strlen(local[i])) == 0
            && (host[ngx_strlen(local[i])] == '\0'
                || host[ngx_strlen(local[i])] == ':'))
        {
            return 0;
        }
    }

    return 1;
}


/* one page would hide another */

static char *
civic_signin_block_paths(ngx_conf_t *cf, civic_signin_t *signin)
{
    ngx_uint_t  i, n;

    const struct {
        const char       *word;
        const ngx_str_t  *path;
    } page[] = {
        { "start", &signin->start }, { "callback", &signin->callback },
        { "logout", &signin->logout },
        { "backchannel", &signin->backchannel },
        { "frontchannel", &signin->frontchannel }
    };

    for (i = 0; i < sizeof(page) / sizeof(page[0]); i++) {

        for (n = 0; n < i; n++) {

            if (page[i].path->len == page[n].path->len
                && ngx_memcmp(page[i].path->data, page[n].path->data,
                              page[n].path->len)
                   == 0)
            {
                return civic_conf_error(cf, signin->pos, "\"%s\" and \"%s\" "
                                        "in civic_signin \"%V\" are the "
                                        "same path", page[n].word,
                                        page[i].word, &signin->name);
            }
        }
    }

    return NGX_CONF_OK;
}
