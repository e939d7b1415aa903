
/*
 * Copyright (C) Civic Gate
 *
 * The words of a civic_issuer block that name a remote, and what of an
 * issuer comes from there.  Remotes may stand after the issuer, so they are
 * looked for once the http block is read.
 */


#include "civic_issuer.h"


#define CIVIC_ISSUER_SOURCE_REFRESH   300000     /* ms */
#define CIVIC_ISSUER_SOURCE_COOLDOWN  30000      /* ms */
#define CIVIC_ISSUER_SOURCE_CACHE     30         /* s */


typedef struct {
    ngx_str_t    name;                 /* with its "=" */
    size_t       offset;               /* in civic_issuer_source_t */
    ngx_uint_t   kind;                 /* civic_issuer_source_kind_e */
    ngx_int_t    min;
    ngx_int_t    max;
    const char  *range;
} civic_issuer_source_word_t;


typedef enum {
    CIVIC_ISSUER_SOURCE_TEXT = 0,
    CIVIC_ISSUER_SOURCE_MSEC,
    CIVIC_ISSUER_SOURCE_SEC
} civic_issuer_source_kind_e;


static civic_issuer_source_t *civic_issuer_source_parse(ngx_conf_t *cf,
    const civic_issuer_t *issuer, const civic_issuer_source_word_t *words,
    ngx_uint_t n);
static char *civic_issuer_source_word(ngx_conf_t *cf,
    const civic_issuer_t *issuer, civic_issuer_source_t *source,
    const civic_issuer_source_word_t *words, const ngx_str_t *value);
static char *civic_issuer_source_set(ngx_conf_t *cf,
    const civic_issuer_t *issuer, civic_issuer_source_t *source,
    const civic_issuer_source_word_t *word, const ngx_str_t *value);
static ngx_int_t civic_issuer_source_keys_open(ngx_conf_t *cf,
    civic_issuer_t *issuer);
static ngx_int_t civic_issuer_source_asks_open(ngx_conf_t *cf,
    civic_issuer_t *issuer);
static civic_remote_t *civic_issuer_source_remote(ngx_conf_t *cf,
    const civic_issuer_t *issuer, const civic_issuer_source_t *source);


static const civic_issuer_source_word_t  civic_issuer_source_keys_words[] = {

    { ngx_string("remote="), offsetof(civic_issuer_source_t, remote),
      CIVIC_ISSUER_SOURCE_TEXT, 0, 0, NULL },

    { ngx_string("path="), offsetof(civic_issuer_source_t, path),
      CIVIC_ISSUER_SOURCE_TEXT, 0, 0, NULL },

    { ngx_string("refresh="), offsetof(civic_issuer_source_t, refresh),
      CIVIC_ISSUER_SOURCE_MSEC, 1000, 86400000, "a time from 1s to 1d" },

    { ngx_string("cooldown="), offsetof(civic_issuer_source_t, cooldown),
      CIVIC_ISSUER_SOURCE_MSEC, 1000, 3600000, "a time from 1s to 1h" },

    { ngx_null_string, 0, 0, 0, 0, NULL }
};


static const civic_issuer_source_word_t  civic_issuer_source_asks_words[] = {

    { ngx_string("remote="), offsetof(civic_issuer_source_t, remote),
      CIVIC_ISSUER_SOURCE_TEXT, 0, 0, NULL },

    { ngx_string("path="), offsetof(civic_issuer_source_t, path),
      CIVIC_ISSUER_SOURCE_TEXT, 0, 0, NULL },

    { ngx_string("cache="), offsetof(civic_issuer_source_t, cache),
      CIVIC_ISSUER_SOURCE_SEC, 0, 3600, "a time of at most 1h" },

    { ngx_null_string, 0, 0, 0, 0, NULL }
};


char *
civic_issuer_source_keys(ngx_conf_t *cf, civic_issuer_t *issuer)
{
    issuer->keys_from = civic_issuer_source_parse(
                            cf, issuer, civic_issuer_source_keys_words,
                            cf->args->nelts);

    return issuer->keys_from ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* "always" may stand anywhere among the words: its place is filled up */

char *
civic_issuer_source_introspect(ngx_conf_t *cf, civic_issuer_t *issuer)
{
    ngx_str_t   *value;
    ngx_uint_t   i, n, always;

    value = cf->args->elts;
    always = 0;

    for (i = 1, n = 1; i < cf->args->nelts; i++) {

        if (ngx_strcmp(value[i].data, "always") == 0) {
            always++;

        } else {
            value[n++] = value[i];
        }
    }

    if (always > 1) {
        return civic_conf_error(cf, NULL,
                                "\"introspect\" in civic_issuer \"%V\" says "
                                "\"always\" twice", &issuer->name);
    }

    issuer->introspect = civic_issuer_source_parse(
                             cf, issuer, civic_issuer_source_asks_words, n);

    if (issuer->introspect == NULL) {
        return NGX_CONF_ERROR;
    }

    issuer->introspect->always = always;

    return NGX_CONF_OK;
}


static civic_issuer_source_t *
civic_issuer_source_parse(ngx_conf_t *cf, const civic_issuer_t *issuer,
    const civic_issuer_source_word_t *words, ngx_uint_t n)
{
    ngx_str_t              *value;
    ngx_uint_t              i;
    const char             *wrong;
    civic_pos_t            *pos;
    civic_issuer_source_t  *source;

    value = cf->args->elts;

    source = ngx_pcalloc(cf->pool, sizeof(civic_issuer_source_t));
    pos = civic_conf_pos(cf);

    if (source == NULL || pos == NULL) {
        return NULL;
    }

    source->pos = *pos;
    source->refresh = CIVIC_ISSUER_SOURCE_REFRESH;
    source->cooldown = CIVIC_ISSUER_SOURCE_COOLDOWN;
    source->cache = CIVIC_ISSUER_SOURCE_CACHE;

    for (i = 1; i < n; i++) {

        if (civic_issuer_source_word(cf, issuer, source, words, &value[i])
            != NGX_CONF_OK)
        {
            return NULL;
        }
    }

    if (source->remote.len == 0 || source->path.len == 0) {
        (void) civic_conf_error(cf, NULL, "\"%V\" in civic_issuer \"%V\" "
                                "does not say \"%s\"", &value[0],
                                &issuer->name,
                                source->remote.len ? "path=" : "remote=");
        return NULL;
    }

    wrong = civic_remote_path_check(&source->path);

    if (wrong != NULL) {
        (void) civic_conf_error(cf, NULL, "\"path=%V\" in civic_issuer "
                                "\"%V\": %s", &source->path, &issuer->name,
                                wrong);
        return NULL;
    }

    return source;
}


static char *
civic_issuer_source_word(ngx_conf_t *cf, const civic_issuer_t *issuer,
    civic_issuer_source_t *source, const civic_issuer_source_word_t *words,
    const ngx_str_t *value)
{
    ngx_str_t    rest;
    ngx_str_t   *keyword;

    for ( /* void */ ; words->name.len; words++) {

        if (value->len > words->name.len
            && ngx_strncmp(value->data, words->name.data, words->name.len)
               == 0)
        {
            rest.data = value->data + words->name.len;
            rest.len = value->len - words->name.len;

            return civic_issuer_source_set(cf, issuer, source, words, &rest);
        }
    }

    keyword = cf->args->elts;

    return civic_conf_error(cf, NULL, "unknown parameter \"%V\" of \"%V\" in "
                            "civic_issuer \"%V\"", value, keyword,
                            &issuer->name);
}


static char *
civic_issuer_source_set(ngx_conf_t *cf, const civic_issuer_t *issuer,
    civic_issuer_source_t *source, const civic_issuer_source_word_t *word,
    const ngx_str_t *value)
{
    u_char     *field;
    ngx_int_t   n;

    field = (u_char *) source + word->offset;

    if (word->kind == CIVIC_ISSUER_SOURCE_TEXT) {

        if (((ngx_str_t *) field)->len) {
            return civic_conf_error(cf, NULL, "\"%V\" comes twice in "
                                    "civic_issuer \"%V\"", &word->name,
                                    &issuer->name);
        }

        *(ngx_str_t *) field = *value;

        return NGX_CONF_OK;
    }

    n = ngx_parse_time((ngx_str_t *) value,
                       word->kind == CIVIC_ISSUER_SOURCE_SEC);

    if (n == NGX_ERROR || n < word->min || n > word->max) {
        return civic_conf_error(cf, NULL, "\"%V%V\" in civic_issuer \"%V\" "
                                "is not %s", &word->name, value,
                                &issuer->name, word->range);
    }

    if (word->kind == CIVIC_ISSUER_SOURCE_SEC) {
        *(time_t *) field = n;

    } else {
        *(ngx_msec_t *) field = n;
    }

    return NGX_CONF_OK;
}


ngx_int_t
civic_issuer_source_open(ngx_conf_t *cf)
{
    ngx_uint_t                  i;
    civic_issuer_t            **issuer;
    civic_issuer_main_conf_t   *imcf;

    imcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_civic_issuer_module);
    issuer = imcf->issuers.elts;

    for (i = 0; i < imcf->issuers.nelts; i++) {

        if ((issuer[i]->keys_from
             && civic_issuer_source_keys_open(cf, issuer[i]) != NGX_OK)
            || (issuer[i]->introspect
                && civic_issuer_source_asks_open(cf, issuer[i]) != NGX_OK))
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_issuer_source_keys_open(ngx_conf_t *cf, civic_issuer_t *issuer)
{
    civic_provider_keys_conf_t  conf;

    ngx_memzero(&conf, sizeof(civic_provider_keys_conf_t));

    conf.remote = civic_issuer_source_remote(cf, issuer, issuer->keys_from);

    if (conf.remote == NULL) {
        return NGX_ERROR;
    }

    conf.name = issuer->name;
    conf.issuer = issuer->rules.issuer;
    conf.path = issuer->keys_from->path;
    conf.refresh = issuer->keys_from->refresh;
    conf.cooldown = issuer->keys_from->cooldown;
    conf.algorithms = issuer->algorithms;
    conf.generation = issuer->generation;

    issuer->live = civic_provider_keys_create(cf, &conf);

    return issuer->live ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
civic_issuer_source_asks_open(ngx_conf_t *cf, civic_issuer_t *issuer)
{
    civic_provider_asks_conf_t  conf;

    conf.remote = civic_issuer_source_remote(cf, issuer, issuer->introspect);

    if (conf.remote == NULL) {
        return NGX_ERROR;
    }

    conf.name = issuer->name;
    conf.path = issuer->introspect->path;

    issuer->asks = civic_provider_asks_create(cf, &conf);

    return issuer->asks ? NGX_OK : NGX_ERROR;
}


static civic_remote_t *
civic_issuer_source_remote(ngx_conf_t *cf, const civic_issuer_t *issuer,
    const civic_issuer_source_t *source)
{
    civic_remote_t  *remote;

    remote = civic_remote_find(cf, &source->remote);

    if (remote == NULL) {
        (void) civic_conf_error(cf, &source->pos, "civic_issuer \"%V\" names "
                                "an unknown civic_remote \"%V\"",
                                &issuer->name, &source->remote);
    }

    return remote;
}


void
civic_issuer_source_start(ngx_cycle_t *cycle)
{
    ngx_uint_t                  i;
    civic_issuer_t            **issuer;
    civic_issuer_main_conf_t   *imcf;

    imcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_civic_issuer_module);
    if (imcf == NULL) {
        return;
    }

    issuer = imcf->issuers.elts;

    for (i = 0; i < imcf->issuers.nelts; i++) {

        if (issuer[i]->live != NULL) {
            civic_provider_keys_start(issuer[i]->live);
        }
    }
}


ngx_uint_t
civic_issuer_has_keys(const civic_issuer_t *issuer)
{
    return issuer->keys != NULL || issuer->live != NULL;
}


const civic_jose_keyset_t *
civic_issuer_keys_now(const civic_issuer_t *issuer)
{
    return issuer->live ? civic_provider_keys_get(issuer->live)
                        : issuer->keys;
}


const u_char *
civic_issuer_generation_now(const civic_issuer_t *issuer)
{
    return issuer->live ? civic_provider_keys_generation(issuer->live)
                        : issuer->generation;
}
