
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


static char *civic_issuer_source_parse(ngx_conf_t *cf,
    civic_conf_block_t *block, const civic_conf_word_t *word,
    const civic_conf_word_t *pairs, ngx_str_t *value,
    civic_issuer_source_t *source);
static ngx_int_t civic_issuer_source_keys_open(ngx_conf_t *cf,
    civic_issuer_t *issuer);
static ngx_int_t civic_issuer_source_asks_open(ngx_conf_t *cf,
    civic_issuer_t *issuer);
static civic_remote_t *civic_issuer_source_remote(ngx_conf_t *cf,
    const civic_issuer_t *issuer, const civic_issuer_source_t *source);


static const civic_conf_range_t  civic_issuer_source_refresh = {
    1000, 86400000, "a time from 1s to 1d"
};

static const civic_conf_range_t  civic_issuer_source_cooldown = {
    1000, 3600000, "a time from 1s to 1h"
};

static const civic_conf_range_t  civic_issuer_source_cache = {
    0, 3600, "a time of at most 1h"
};


static const civic_conf_word_t  civic_issuer_source_keys_pairs[] = {

    { "remote=", 1, 1, civic_conf_block_text,
      offsetof(civic_issuer_t, keys_from.remote), NULL, CIVIC_CONF_MANDATORY },

    { "path=", 1, 1, civic_conf_block_text,
      offsetof(civic_issuer_t, keys_from.path), NULL, CIVIC_CONF_MANDATORY },

    { "refresh=", 1, 1, civic_conf_block_msec,
      offsetof(civic_issuer_t, keys_from.refresh),
      &civic_issuer_source_refresh, 0 },

    { "cooldown=", 1, 1, civic_conf_block_msec,
      offsetof(civic_issuer_t, keys_from.cooldown),
      &civic_issuer_source_cooldown, 0 },

    { NULL, 0, 0, NULL, 0, NULL, 0 }
};


static const civic_conf_word_t  civic_issuer_source_asks_pairs[] = {

    { "remote=", 1, 1, civic_conf_block_text,
      offsetof(civic_issuer_t, introspect.remote), NULL, CIVIC_CONF_MANDATORY },

    { "path=", 1, 1, civic_conf_block_text,
      offsetof(civic_issuer_t, introspect.path), NULL, CIVIC_CONF_MANDATORY },

    { "cache=", 1, 1, civic_conf_block_sec,
      offsetof(civic_issuer_t, introspect.cache),
      &civic_issuer_source_cache, 0 },

    { "always", 0, 0, civic_conf_block_said,
      offsetof(civic_issuer_t, introspect.always), NULL, 0 },

    { NULL, 0, 0, NULL, 0, NULL, 0 }
};


void
civic_issuer_source_init(civic_issuer_t *issuer)
{
    issuer->keys_from.refresh = CIVIC_ISSUER_SOURCE_REFRESH;
    issuer->keys_from.cooldown = CIVIC_ISSUER_SOURCE_COOLDOWN;
    issuer->introspect.cache = CIVIC_ISSUER_SOURCE_CACHE;
}


char *
civic_issuer_source_keys(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    civic_issuer_t  *issuer;

    issuer = block->conf;

    return civic_issuer_source_parse(cf, block, word,
                                     civic_issuer_source_keys_pairs, value,
                                     &issuer->keys_from);
}


char *
civic_issuer_source_introspect(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    civic_issuer_t  *issuer;

    issuer = block->conf;

    return civic_issuer_source_parse(cf, block, word,
                                     civic_issuer_source_asks_pairs, value,
                                     &issuer->introspect);
}


static char *
civic_issuer_source_parse(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, const civic_conf_word_t *pairs,
    ngx_str_t *value, civic_issuer_source_t *source)
{
    char               *rv;
    const char         *wrong;
    civic_pos_t        *pos;
    civic_conf_word_t   all;

    pos = civic_conf_pos(cf);
    if (pos == NULL) {
        return NGX_CONF_ERROR;
    }

    source->pos = *pos;

    all = *word;
    all.post = pairs;

    rv = civic_conf_block_pairs(cf, block, &all, value);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    wrong = civic_remote_path_check(&source->path);

    if (wrong != NULL) {
        return civic_conf_error(cf, NULL, "\"path=%V\" in %V: %s",
                                &source->path, &block->place, wrong);
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

        if ((issuer[i]->keys_from.remote.len
             && civic_issuer_source_keys_open(cf, issuer[i]) != NGX_OK)
            || (issuer[i]->introspect.remote.len
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

    conf.remote = civic_issuer_source_remote(cf, issuer, &issuer->keys_from);

    if (conf.remote == NULL) {
        return NGX_ERROR;
    }

    conf.name = issuer->name;
    conf.issuer = issuer->rules.issuer;
    conf.path = issuer->keys_from.path;
    conf.refresh = issuer->keys_from.refresh;
    conf.cooldown = issuer->keys_from.cooldown;
    conf.algorithms = issuer->algorithms;
    conf.generation = issuer->generation;

    issuer->live = civic_provider_keys_create(cf, &conf);

    return issuer->live ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
civic_issuer_source_asks_open(ngx_conf_t *cf, civic_issuer_t *issuer)
{
    civic_provider_asks_conf_t  conf;

    conf.remote = civic_issuer_source_remote(cf, issuer, &issuer->introspect);

    if (conf.remote == NULL) {
        return NGX_ERROR;
    }

    conf.name = issuer->name;
    conf.path = issuer->introspect.path;

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
civic_issuer_source_start(const civic_issuer_main_conf_t *imcf)
{
    ngx_uint_t        i;
    civic_issuer_t  **issuer;

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
