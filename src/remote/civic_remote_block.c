
/*
 * Copyright (C) Civic Gate
 *
 * The words of a civic_remote block.  No word comes twice but `header`;
 * what would have no effect (a ca for http://, or one that is not asked) is
 * an error too, since whoever wrote it believes otherwise.
 */


#include "civic_remote_conf.h"
#include "civic_remote_check.h"


#define CIVIC_REMOTE_TIMEOUT_MAX      300000   /* ms */
#define CIVIC_REMOTE_BODY_MAX         (64 * 1024 * 1024)
#define CIVIC_REMOTE_CONNECTIONS_MAX  1024
#define CIVIC_REMOTE_HEADERS_MAX      32


typedef struct {
    const char   *name;
    ngx_uint_t    args;
    char       *(*set)(ngx_conf_t *cf, civic_remote_t *remote);
    size_t        offset;
} civic_remote_word_t;


static char *civic_remote_block_add(ngx_conf_t *cf, civic_remote_t *remote);
static ngx_uint_t civic_remote_block_name(const ngx_str_t *name);
static char *civic_remote_block_word(ngx_conf_t *cf, ngx_command_t *dummy,
    void *conf);
static char *civic_remote_block_take(ngx_conf_t *cf, civic_remote_t *remote,
    const civic_remote_word_t *word);
static char *civic_remote_block_time(ngx_conf_t *cf, civic_remote_t *remote,
    ngx_msec_t *msec);
static char *civic_remote_block_url(ngx_conf_t *cf, civic_remote_t *remote);
static char *civic_remote_block_timeout(ngx_conf_t *cf,
    civic_remote_t *remote);
static char *civic_remote_block_connect(ngx_conf_t *cf,
    civic_remote_t *remote);
static char *civic_remote_block_verify(ngx_conf_t *cf,
    civic_remote_t *remote);
static char *civic_remote_block_max_body(ngx_conf_t *cf,
    civic_remote_t *remote);
static char *civic_remote_block_connections(ngx_conf_t *cf,
    civic_remote_t *remote);
static char *civic_remote_block_header(ngx_conf_t *cf,
    civic_remote_t *remote);
static char *civic_remote_block_close(ngx_conf_t *cf,
    civic_remote_t *remote);
static ngx_uint_t civic_remote_block_has(civic_remote_t *remote,
    const char *name);


static const civic_remote_word_t  civic_remote_words[] = {

    { "url", 1, civic_remote_block_url, 0 },
    { "timeout", 1, civic_remote_block_timeout, 0 },
    { "connect_timeout", 1, civic_remote_block_connect, 0 },
    { "ca", 1, NULL, offsetof(civic_remote_t, ca) },
    { "certificate", 1, NULL, offsetof(civic_remote_t, certificate) },
    { "certificate_key", 1, NULL, offsetof(civic_remote_t, key) },
    { "verify", 1, civic_remote_block_verify, 0 },
    { "max_body", 1, civic_remote_block_max_body, 0 },
    { "connections", 1, civic_remote_block_connections, 0 },
    { "header", 2, civic_remote_block_header, 0 },
    { NULL, 0, NULL, 0 }
};


/* civic_remote NAME { ... } */

char *
civic_remote_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char            *rv;
    ngx_str_t       *value;
    ngx_conf_t       save;
    civic_pos_t     *pos;
    civic_remote_t  *remote;

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

    save = *cf;
    cf->handler = civic_remote_block_word;
    cf->handler_conf = (void *) remote;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return civic_remote_block_close(cf, remote);
}


static char *
civic_remote_block_add(ngx_conf_t *cf, civic_remote_t *remote)
{
    civic_remote_t            **slot, *other;
    civic_remote_main_conf_t   *rmcf;

    if (!civic_remote_block_name(&remote->name)) {
        return civic_conf_error(cf, NULL, "\"%V\" cannot name a "
                                "civic_remote: a name has letters, digits, "
                                "\"_\" and \"-\"", &remote->name);
    }

    other = civic_remote_find(cf, &remote->name);
    if (other != NULL) {
        return civic_conf_error(cf, NULL, "civic_remote \"%V\" is defined "
                                "already in %V:%ui,", &remote->name,
                                &other->pos.file, other->pos.line);
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


static ngx_uint_t
civic_remote_block_name(const ngx_str_t *name)
{
    u_char  ch;
    size_t  i;

    for (i = 0; i < name->len; i++) {
        ch = name->data[i];

        if ((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z')
            || (ch >= '0' && ch <= '9') || ch == '_' || ch == '-')
        {
            continue;
        }

        return 0;
    }

    return i != 0 && i <= 64;
}


static char *
civic_remote_block_word(ngx_conf_t *cf, ngx_command_t *dummy, void *conf)
{
    civic_remote_t  *remote = conf;

    ngx_str_t                  *value;
    const civic_remote_word_t  *word;

    value = cf->args->elts;

    for (word = civic_remote_words; word->name; word++) {

        if (ngx_strcmp(value[0].data, word->name) == 0) {
            return civic_remote_block_take(cf, remote, word);
        }
    }

    return civic_conf_error(cf, NULL, "unknown word \"%V\" in civic_remote "
                            "\"%V\"", &value[0], &remote->name);
}


static char *
civic_remote_block_take(ngx_conf_t *cf, civic_remote_t *remote,
    const civic_remote_word_t *word)
{
    ngx_str_t   *value;
    ngx_uint_t   i, bit;

    value = cf->args->elts;
    bit = (ngx_uint_t) 1 << (word - civic_remote_words);

    if ((remote->words & bit) && word->set != civic_remote_block_header) {
        return civic_conf_error(cf, NULL, "\"%s\" comes twice in "
                                "civic_remote \"%V\"", word->name,
                                &remote->name);
    }

    remote->words |= bit;

    if (cf->args->nelts - 1 != word->args) {
        return civic_conf_error(cf, NULL, "\"%s\" in civic_remote \"%V\" "
                                "takes %s", word->name, &remote->name,
                                word->args == 1 ? "one value"
                                                : "a name and a value");
    }

    for (i = 1; i < cf->args->nelts; i++) {

        if (value[i].len == 0) {
            return civic_conf_error(cf, NULL, "\"%s\" in civic_remote "
                                    "\"%V\" has an empty value", word->name,
                                    &remote->name);
        }
    }

    if (word->set != NULL) {
        return word->set(cf, remote);
    }

    return civic_remote_file_pem(cf, remote, &value[1],
                                 (ngx_str_t *) ((u_char *) remote
                                                + word->offset));
}


static char *
civic_remote_block_url(ngx_conf_t *cf, civic_remote_t *remote)
{
    ngx_str_t   *value;
    const char  *wrong;

    value = cf->args->elts;

    wrong = civic_remote_url_parse(&value[1], &remote->url);

    /* the text may hold a password: it is not said again */

    if (wrong != NULL) {
        return civic_conf_error(cf, NULL, "url of civic_remote \"%V\" %s",
                                &remote->name, wrong);
    }

    return NGX_CONF_OK;
}


static char *
civic_remote_block_timeout(ngx_conf_t *cf, civic_remote_t *remote)
{
    return civic_remote_block_time(cf, remote, &remote->timeout);
}


static char *
civic_remote_block_connect(ngx_conf_t *cf, civic_remote_t *remote)
{
    return civic_remote_block_time(cf, remote, &remote->connect_timeout);
}


static char *
civic_remote_block_time(ngx_conf_t *cf, civic_remote_t *remote,
    ngx_msec_t *msec)
{
    ngx_int_t   n;
    ngx_str_t  *value;

    value = cf->args->elts;

    n = ngx_parse_time(&value[1], 0);

    if (n == NGX_ERROR || n == 0 || n > CIVIC_REMOTE_TIMEOUT_MAX) {
        return civic_conf_error(cf, NULL, "\"%V %V\" in civic_remote \"%V\" "
                                "is not a time of 1ms to 5m", &value[0],
                                &value[1], &remote->name);
    }

    *msec = (ngx_msec_t) n;

    return NGX_CONF_OK;
}


static char *
civic_remote_block_verify(ngx_conf_t *cf, civic_remote_t *remote)
{
    ngx_str_t  *value;

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "on") != 0
        && ngx_strcmp(value[1].data, "off") != 0)
    {
        return civic_conf_error(cf, NULL, "\"verify %V\" in civic_remote "
                                "\"%V\" is neither on nor off", &value[1],
                                &remote->name);
    }

    remote->verify = (value[1].len == 2);

    return NGX_CONF_OK;
}


static char *
civic_remote_block_max_body(ngx_conf_t *cf, civic_remote_t *remote)
{
    ssize_t     size;
    ngx_str_t  *value;

    value = cf->args->elts;

    size = ngx_parse_size(&value[1]);

    if (size < 1 || size > CIVIC_REMOTE_BODY_MAX) {
        return civic_conf_error(cf, NULL, "\"max_body %V\" in civic_remote "
                                "\"%V\" is not a size of 1 to 64m",
                                &value[1], &remote->name);
    }

    remote->max_body = size;

    return NGX_CONF_OK;
}


static char *
civic_remote_block_connections(ngx_conf_t *cf, civic_remote_t *remote)
{
    ngx_int_t   n;
    ngx_str_t  *value;

    value = cf->args->elts;

    n = ngx_atoi(value[1].data, value[1].len);

    if (n < 1 || n > CIVIC_REMOTE_CONNECTIONS_MAX) {
        return civic_conf_error(cf, NULL, "\"connections %V\" in "
                                "civic_remote \"%V\" is not 1 to 1024",
                                &value[1], &remote->name);
    }

    remote->connections = n;

    return NGX_CONF_OK;
}


/* header NAME VALUE, header NAME file=FILE; a value is never logged */

static char *
civic_remote_block_header(ngx_conf_t *cf, civic_remote_t *remote)
{
    char          *rv;
    ngx_str_t     *value, file, text;
    const char    *wrong;
    ngx_keyval_t  *header;

    value = cf->args->elts;
    text = value[2];

    if (text.len >= 5 && ngx_strncmp(text.data, "file=", 5) == 0) {
        file.data = text.data + 5;
        file.len = text.len - 5;

        rv = civic_remote_file_secret(cf, remote, &file, &text);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    wrong = civic_remote_check_header(&value[1], &text);

    if (wrong != NULL) {
        return civic_conf_error(cf, NULL, "header \"%V\" in civic_remote "
                                "\"%V\": %s", &value[1], &remote->name,
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

    header->key = value[1];
    header->value = text;

    return NGX_CONF_OK;
}


static char *
civic_remote_block_close(ngx_conf_t *cf, civic_remote_t *remote)
{
    ngx_uint_t                 i;
    static const char  *const  tls[] = { "ca", "certificate",
                                         "certificate_key", "verify" };

    if (!civic_remote_block_has(remote, "url")) {
        return civic_conf_error(cf, &remote->pos, "civic_remote \"%V\" does "
                                "not say \"url\"", &remote->name);
    }

    for (i = 0; i < 4; i++) {

        if (!remote->url.tls && civic_remote_block_has(remote, tls[i])) {
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

    if ((remote->certificate.len == 0) != (remote->key.len == 0)) {
        return civic_conf_error(cf, &remote->pos, "civic_remote \"%V\" has "
                                "one of \"certificate\" and "
                                "\"certificate_key\", and not the other",
                                &remote->name);
    }

    if (civic_remote_block_has(remote, "connect_timeout")
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


static ngx_uint_t
civic_remote_block_has(civic_remote_t *remote, const char *name)
{
    const civic_remote_word_t  *word;

    for (word = civic_remote_words; word->name; word++) {

        if (ngx_strcmp(word->name, name) == 0) {
            break;
        }
    }

    return (remote->words >> (word - civic_remote_words)) & 1;
}
