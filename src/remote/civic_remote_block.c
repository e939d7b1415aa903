
/*
 * Copyright (C) Civic Gate
 *
 * The words of a civic_remote block.  No word comes twice but `header`;
 * what would have no effect (a ca for http://, or one that is not asked) is
 * an error too, since whoever wrote it believes otherwise.
 */


#include "civic_remote_conf.h"
#include "civic_conf_block.h"
#include "civic_remote_check.h"


#define CIVIC_REMOTE_HEADERS_MAX  32


static char *civic_remote_block_add(ngx_conf_t *cf, civic_remote_t *remote);
static civic_conf_setter_t  civic_remote_block_url;
static civic_conf_setter_t  civic_remote_block_pem;
static civic_conf_setter_t  civic_remote_block_header;
static char *civic_remote_block_close(ngx_conf_t *cf,
    civic_remote_t *remote, const civic_conf_block_t *block);
static char *civic_remote_block_idle(ngx_conf_t *cf, civic_remote_t *remote,
    const civic_conf_block_t *block);


static const civic_conf_range_t  civic_remote_block_time = {
    1, 300000, "a time from 1ms to 5m"
};

static const civic_conf_range_t  civic_remote_block_body = {
    1, 64 * 1024 * 1024, "a size of 1 to 64m"
};

static const civic_conf_range_t  civic_remote_block_connections = {
    1, 1024, "a number from 1 to 1024"
};


static const civic_conf_word_t  civic_remote_words[] = {

    { "url", 1, 1, civic_remote_block_url, 0, NULL, CIVIC_CONF_MANDATORY },

    { "timeout", 1, 1, civic_conf_block_msec,
      offsetof(civic_remote_t, timeout), &civic_remote_block_time, 0 },

    { "connect_timeout", 1, 1, civic_conf_block_msec,
      offsetof(civic_remote_t, connect_timeout), &civic_remote_block_time,
      0 },

    { "ca", 1, 1, civic_remote_block_pem, offsetof(civic_remote_t, ca),
      NULL, 0 },

    { "certificate", 1, 1, civic_remote_block_pem,
      offsetof(civic_remote_t, certificate), NULL, 0 },

    { "certificate_key", 1, 1, civic_remote_block_pem,
      offsetof(civic_remote_t, key), NULL, 0 },

    { "verify", 1, 1, civic_conf_block_flag,
      offsetof(civic_remote_t, verify), NULL, 0 },

    { "max_body", 1, 1, civic_conf_block_size,
      offsetof(civic_remote_t, max_body), &civic_remote_block_body, 0 },

    { "connections", 1, 1, civic_conf_block_number,
      offsetof(civic_remote_t, connections),
      &civic_remote_block_connections, 0 },

    { "header", 2, 2, civic_remote_block_header, 0, NULL, CIVIC_CONF_MANY },

    { NULL, 0, 0, NULL, 0, NULL, 0 }
};


/* civic_remote NAME { ... } */

char *
civic_remote_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char                *rv;
    ngx_str_t           *value;
    civic_pos_t         *pos;
    civic_remote_t      *remote;
    civic_conf_block_t   block;

    value = cf->args->elts;

    remote = ngx_pcalloc(cf->pool, sizeof(civic_remote_t));
    pos = civic_conf_pos(cf);

    if (remote == NULL || pos == NULL
        || ngx_array_init(&remote->headers, cf->pool, 2,
                          sizeof(ngx_keyval_t))
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    remote->name = value[1];
    remote->pos = *pos;
    remote->timeout = 2000;
    remote->connect_timeout = 1000;
    remote->max_body = 1024 * 1024;
    remote->connections = 16;
    remote->verify = 1;

    rv = civic_remote_block_add(cf, remote);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    ngx_memzero(&block, sizeof(civic_conf_block_t));

    block.directive = "civic_remote";
    block.name = &remote->name;
    block.pos = &remote->pos;
    block.words = civic_remote_words;
    block.conf = remote;

    rv = civic_conf_block_parse(cf, &block);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return civic_remote_block_close(cf, remote, &block);
}


static char *
civic_remote_block_add(ngx_conf_t *cf, civic_remote_t *remote)
{
    char                       *rv;
    civic_remote_t            **slot, *other;
    civic_remote_main_conf_t   *rmcf;

    rv = civic_conf_block_name(cf, "civic_remote", &remote->name);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    other = civic_remote_find(cf, &remote->name);
    if (other != NULL) {
        return civic_conf_block_again(cf, "civic_remote", &remote->name,
                                      &other->pos);
    }

    rmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_civic_remote_module);

    slot = ngx_array_push(&rmcf->remotes);
    if (slot == NULL) {
        return NGX_CONF_ERROR;
    }

    *slot = remote;
    remote->index = rmcf->remotes.nelts - 1;

    return NGX_CONF_OK;
}


static char *
civic_remote_block_url(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    const char      *wrong;
    civic_remote_t  *remote;

    remote = block->conf;

    wrong = civic_remote_url_parse(value, &remote->url);

    /* the text may hold a password: it is not said again */

    if (wrong != NULL) {
        return civic_conf_error(cf, NULL, "url of civic_remote \"%V\" %s",
                                &remote->name, wrong);
    }

    return NGX_CONF_OK;
}


static char *
civic_remote_block_pem(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    civic_remote_t  *remote;

    remote = block->conf;

    return civic_remote_file_pem(cf, remote, value,
                                 (ngx_str_t *) ((u_char *) remote
                                                + word->offset));
}


/* header NAME VALUE, header NAME file=FILE; a value is never logged */

static char *
civic_remote_block_header(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    char            *rv;
    ngx_str_t        file, text;
    const char      *wrong;
    ngx_keyval_t    *header;
    civic_remote_t  *remote;

    remote = block->conf;
    text = value[1];

    if (text.len >= 5 && ngx_strncmp(text.data, "file=", 5) == 0) {
        file.data = text.data + 5;
        file.len = text.len - 5;

        rv = civic_remote_file_secret(cf, &file, &text);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    wrong = civic_remote_check_header(&value[0], &text);

    if (wrong != NULL) {
        return civic_conf_error(cf, NULL, "header \"%V\" in civic_remote "
                                "\"%V\": %s", &value[0], &remote->name,
                                wrong);
    }

    if (remote->headers.nelts == CIVIC_REMOTE_HEADERS_MAX) {
        return civic_conf_error(cf, NULL, "civic_remote \"%V\" has more "
                                "than 32 headers", &remote->name);
    }

    header = ngx_array_push(&remote->headers);
    if (header == NULL) {
        return NGX_CONF_ERROR;
    }

    header->key = value[0];
    header->value = text;

    return NGX_CONF_OK;
}


static char *
civic_remote_block_close(ngx_conf_t *cf, civic_remote_t *remote,
    const civic_conf_block_t *block)
{
    char  *rv;

    rv = civic_remote_block_idle(cf, remote, block);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if ((remote->certificate.len == 0) != (remote->key.len == 0)) {
        return civic_conf_error(cf, &remote->pos, "civic_remote \"%V\" has "
                                "one of \"certificate\" and "
                                "\"certificate_key\", and not the other",
                                &remote->name);
    }

    if (civic_conf_block_has(block, "connect_timeout")
        && remote->connect_timeout > remote->timeout)
    {
        return civic_conf_error(cf, &remote->pos, "connect_timeout of "
                                "civic_remote \"%V\" is longer than its "
                                "timeout", &remote->name);
    }

    if (remote->url.tls && !remote->verify) {
        civic_conf_warn(cf, &remote->pos, "civic_remote \"%V\" does not "
                        "verify whom it talks to", &remote->name);
    }

    return civic_remote_file_check(cf, remote);
}


/* words that would do nothing */

static char *
civic_remote_block_idle(ngx_conf_t *cf, civic_remote_t *remote,
    const civic_conf_block_t *block)
{
    ngx_uint_t                 i;
    static const char  *const  tls[] = { "ca", "certificate",
                                         "certificate_key", "verify" };

    for (i = 0; i < 4; i++) {

        if (!remote->url.tls && civic_conf_block_has(block, tls[i])) {
            return civic_conf_error(cf, &remote->pos, "\"%s\" in "
                                    "civic_remote \"%V\" has no effect: its "
                                    "url is not https", tls[i],
                                    &remote->name);
        }
    }

    if (remote->ca.len && !remote->verify) {
        return civic_conf_error(cf, &remote->pos, "\"ca\" in civic_remote "
                                "\"%V\" has no effect: verify is off",
                                &remote->name);
    }

    return NGX_CONF_OK;
}
