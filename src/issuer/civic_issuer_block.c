
/*
 * Copyright (C) Civic Gate
 *
 * The civic_issuer block: who signs tokens, with which keys, and what a
 * token of his must say.  Nothing is assumed that a mistake could hide in:
 * what is mandatory has no default, and no word comes twice.
 */


#include "civic_issuer.h"


#define CIVIC_ISSUER_LEEWAY  30          /* s */


static char *civic_issuer_block_name(ngx_conf_t *cf, const ngx_str_t *name);
static civic_issuer_t *civic_issuer_block_create(ngx_conf_t *cf,
    const ngx_str_t *name);
static char *civic_issuer_block_add(ngx_conf_t *cf, civic_issuer_t *issuer);
static civic_conf_setter_t  civic_issuer_block_keys;
static civic_conf_setter_t  civic_issuer_block_algorithms;
static civic_conf_setter_t  civic_issuer_block_places;
static ngx_int_t civic_issuer_block_place(civic_issuer_t *issuer,
    ngx_uint_t kind, const ngx_str_t *name);
static ngx_int_t civic_issuer_block_query(ngx_conf_t *cf,
    const ngx_str_t *name);
static char *civic_issuer_block_close(ngx_conf_t *cf, civic_issuer_t *issuer);
static char *civic_issuer_block_close_keys(ngx_conf_t *cf,
    const civic_issuer_t *issuer);


static const civic_conf_range_t  civic_issuer_block_leeway = {
    0, 300, "a time of at most 5m"
};

static const civic_conf_range_t  civic_issuer_block_lifetime = {
    1, NGX_MAX_INT_T_VALUE, "a time"
};


#define CIVIC_ISSUER_RULE(word)  offsetof(civic_issuer_t, rules.word)


static const civic_conf_word_t  civic_issuer_block_words[] = {

    { "issuer", 1, 1, civic_conf_block_text, CIVIC_ISSUER_RULE(issuer), NULL,
      CIVIC_CONF_MANDATORY },

    { "audience", 1, 64, civic_conf_block_list, CIVIC_ISSUER_RULE(audiences),
      NULL, CIVIC_CONF_MANDATORY },

    { "keys", 1, 4, civic_issuer_block_keys, 0, NULL, 0 },

    { "algorithms", 1, 64, civic_issuer_block_algorithms, 0, NULL, 0 },

    { "introspect", 1, 4, civic_issuer_source_introspect, 0, NULL, 0 },

    { "leeway", 1, 1, civic_conf_block_sec, CIVIC_ISSUER_RULE(leeway),
      &civic_issuer_block_leeway, 0 },

    { "lifetime", 1, 1, civic_conf_block_sec, CIVIC_ISSUER_RULE(lifetime),
      &civic_issuer_block_lifetime, 0 },

    { "type", 1, 1, civic_conf_block_text, CIVIC_ISSUER_RULE(type), NULL, 0 },

    { "subject", 1, 1, civic_conf_block_text, CIVIC_ISSUER_RULE(subject),
      NULL, 0 },

    { "scope", 1, 1, civic_conf_block_text, CIVIC_ISSUER_RULE(scope), NULL,
      0 },

    { "region", 1, 1, civic_conf_block_text, CIVIC_ISSUER_RULE(region), NULL,
      0 },

    { "roles", 1, 1, civic_conf_block_text, CIVIC_ISSUER_RULE(roles), NULL,
      0 },

    { "level", 1, 1, civic_conf_block_text, CIVIC_ISSUER_RULE(level), NULL,
      0 },

    { "client", 1, 1, civic_conf_block_text, CIVIC_ISSUER_RULE(client), NULL,
      0 },

    { "require_claims", 1, 64, civic_conf_block_list,
      CIVIC_ISSUER_RULE(required), NULL, 0 },

    { "token", 1, 4, civic_issuer_block_places, 0, NULL, 0 },

    { NULL, 0, 0, NULL, 0, NULL, 0 }
};


/* civic_issuer NAME { ... } */

char *
civic_issuer_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char                *rv;
    ngx_str_t           *value;
    civic_issuer_t      *issuer;
    civic_conf_block_t   block;

    value = cf->args->elts;

    rv = civic_issuer_block_name(cf, &value[1]);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    issuer = civic_issuer_block_create(cf, &value[1]);
    if (issuer == NULL) {
        return NGX_CONF_ERROR;
    }

    rv = civic_issuer_block_add(cf, issuer);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    ngx_memzero(&block, sizeof(civic_conf_block_t));

    block.directive = "civic_issuer";
    block.name = &issuer->name;
    block.pos = &issuer->pos;
    block.words = civic_issuer_block_words;
    block.conf = issuer;

    rv = civic_conf_block_parse(cf, &block);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return civic_issuer_block_close(cf, issuer);
}


/* the name is the first part of "ISSUER:SUBJECT", and a word of civic_auth */

static char *
civic_issuer_block_name(ngx_conf_t *cf, const ngx_str_t *name)
{
    if (ngx_strcmp(name->data, "off") == 0
        || ngx_strcmp(name->data, "optional") == 0
        || ngx_strcmp(name->data, "app") == 0)
    {
        return civic_conf_error(cf, NULL,
                                "\"%V\" cannot name a civic_issuer: it is a "
                                "word of civic_auth", name);
    }

    return civic_conf_block_name(cf, "civic_issuer", name);
}


static civic_issuer_t *
civic_issuer_block_create(ngx_conf_t *cf, const ngx_str_t *name)
{
    civic_pos_t     *pos;
    civic_issuer_t  *issuer;

    issuer = ngx_pcalloc(cf->pool, sizeof(civic_issuer_t));
    pos = civic_conf_pos(cf);

    if (issuer == NULL || pos == NULL) {
        return NULL;
    }

    issuer->name = *name;
    issuer->pos = *pos;
    issuer->rules.leeway = CIVIC_ISSUER_LEEWAY;

    ngx_str_set(&issuer->rules.subject, "sub");
    ngx_str_set(&issuer->rules.scope, "scope");
    ngx_str_set(&issuer->rules.region, "region");
    ngx_str_set(&issuer->rules.client, "client_id");

    civic_issuer_source_init(issuer);

    issuer->places = ngx_array_create(cf->pool, 1,
                                      sizeof(civic_issuer_place_t));

    return issuer->places ? issuer : NULL;
}


static char *
civic_issuer_block_add(ngx_conf_t *cf, civic_issuer_t *issuer)
{
    ngx_uint_t                  i;
    civic_issuer_t            **slot;
    civic_issuer_main_conf_t   *imcf;

    imcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_civic_issuer_module);

    slot = imcf->issuers.elts;

    for (i = 0; i < imcf->issuers.nelts; i++) {

        if (ngx_strcmp(slot[i]->name.data, issuer->name.data) == 0) {
            return civic_conf_block_again(cf, "civic_issuer", &issuer->name,
                                          &slot[i]->pos);
        }
    }

    slot = ngx_array_push(&imcf->issuers);
    if (slot == NULL) {
        return NGX_CONF_ERROR;
    }

    *slot = issuer;

    return NGX_CONF_OK;
}


static char *
civic_issuer_block_keys(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    civic_pos_t     *pos;
    civic_issuer_t  *issuer;

    issuer = block->conf;

    if (cf->args->nelts > 2 || ngx_strncmp(value->data, "remote=", 7) == 0) {
        return civic_issuer_source_keys(cf, block, word, value);
    }

    pos = civic_conf_pos(cf);
    if (pos == NULL) {
        return NGX_CONF_ERROR;
    }

    issuer->keys_file = *value;
    issuer->keys_pos = *pos;

    return ngx_conf_full_name(cf->cycle, &issuer->keys_file, 1) == NGX_OK
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static char *
civic_issuer_block_algorithms(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    ngx_uint_t       i, alg;
    civic_issuer_t  *issuer;

    issuer = block->conf;

    for (i = 0; i < cf->args->nelts - 1; i++) {

        alg = civic_jose_alg_parse(&value[i]);

        if (alg == 0) {
            return civic_conf_error(cf, NULL,
                                    "unknown algorithm \"%V\" in "
                                    "civic_issuer \"%V\"", &value[i],
                                    &issuer->name);
        }

        if (issuer->algorithms & alg) {
            return civic_conf_error(cf, NULL,
                                    "algorithm \"%V\" comes twice in "
                                    "civic_issuer \"%V\"", &value[i],
                                    &issuer->name);
        }

        issuer->algorithms |= alg;
    }

    return NGX_CONF_OK;
}


/* token header | cookie=NAME | query=NAME ... */

static char *
civic_issuer_block_places(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    ngx_int_t        rc;
    ngx_str_t        name;
    ngx_uint_t       i;
    civic_issuer_t  *issuer;

    issuer = block->conf;

    for (i = 0; i < cf->args->nelts - 1; i++) {

        if (ngx_strcmp(value[i].data, "header") == 0) {
            rc = civic_issuer_block_place(issuer, CIVIC_ISSUER_HEADER, NULL);

        } else if (ngx_strncmp(value[i].data, "cookie=", 7) == 0
                   && value[i].len > 7)
        {
            name.data = value[i].data + 7;
            name.len = value[i].len - 7;
            rc = civic_issuer_block_place(issuer, CIVIC_ISSUER_COOKIE, &name);

        } else if (ngx_strncmp(value[i].data, "query=", 6) == 0
                   && value[i].len > 6)
        {
            name.data = value[i].data + 6;
            name.len = value[i].len - 6;
            rc = civic_issuer_block_place(issuer, CIVIC_ISSUER_QUERY, &name);

            if (rc == NGX_OK && civic_issuer_block_query(cf, &name) != NGX_OK) {
                rc = NGX_ERROR;
            }

        } else {
            return civic_conf_error(cf, NULL,
                                    "\"token %V\" in civic_issuer \"%V\" is "
                                    "none of header, cookie=NAME, "
                                    "query=NAME", &value[i], &issuer->name);
        }

        if (rc == NGX_DECLINED) {
            return civic_conf_error(cf, NULL,
                                    "\"token %V\" comes twice in "
                                    "civic_issuer \"%V\"", &value[i],
                                    &issuer->name);
        }

        if (rc != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


/* NGX_OK, NGX_DECLINED: there already, or NGX_ERROR */

static ngx_int_t
civic_issuer_block_place(civic_issuer_t *issuer, ngx_uint_t kind,
    const ngx_str_t *name)
{
    ngx_uint_t             i;
    civic_issuer_place_t  *place;

    place = issuer->places->elts;

    for (i = 0; i < issuer->places->nelts; i++) {

        if (place[i].kind == kind
            && (name == NULL
                || ngx_strcmp(place[i].name.data, name->data) == 0))
        {
            return NGX_DECLINED;
        }
    }

    place = ngx_array_push(issuer->places);
    if (place == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(place, sizeof(civic_issuer_place_t));

    place->kind = kind;

    if (name != NULL) {
        place->name = *name;
    }

    return NGX_OK;
}


/* what every request's address is searched for */

static ngx_int_t
civic_issuer_block_query(ngx_conf_t *cf, const ngx_str_t *name)
{
    ngx_str_t                 *slot;
    civic_issuer_main_conf_t  *imcf;

    imcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_civic_issuer_module);

    slot = ngx_array_push(&imcf->queries);
    if (slot == NULL) {
        return NGX_ERROR;
    }

    *slot = *name;

    return NGX_OK;
}


static char *
civic_issuer_block_close(ngx_conf_t *cf, civic_issuer_t *issuer)
{
    char  *rv;

    rv = civic_issuer_block_close_keys(cf, issuer);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (issuer->places->nelts == 0
        && civic_issuer_block_place(issuer, CIVIC_ISSUER_HEADER, NULL)
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return civic_issuer_load(cf, issuer);
}


/* keys and what they are for; an issuer that is asked may go without */

static char *
civic_issuer_block_close_keys(ngx_conf_t *cf, const civic_issuer_t *issuer)
{
    ngx_uint_t  keys;

    keys = (issuer->keys_file.len || issuer->keys_from.remote.len);

    if (!keys && (issuer->algorithms || issuer->introspect.remote.len == 0)) {
        return civic_conf_error(cf, &issuer->pos,
                                "civic_issuer \"%V\" does not say \"keys\"",
                                &issuer->name);
    }

    if (keys && !issuer->algorithms) {
        return civic_conf_error(cf, &issuer->pos, "civic_issuer \"%V\" does "
                                "not say \"algorithms\"", &issuer->name);
    }

    if (issuer->keys_from.remote.len
        && (issuer->algorithms & CIVIC_ALG_HMAC)) {
        return civic_conf_error(cf, &issuer->keys_from.pos,
                                "civic_issuer \"%V\" has HS algorithms, but "
                                "symmetric keys are not taken from a remote",
                                &issuer->name);
    }

    return NGX_CONF_OK;
}


civic_issuer_t *
civic_issuer_find(void **main_conf, const ngx_str_t *name)
{
    ngx_uint_t                  i;
    civic_issuer_t            **issuer;
    civic_issuer_main_conf_t   *imcf;

    imcf = main_conf[ngx_http_civic_issuer_module.ctx_index];
    issuer = imcf->issuers.elts;

    for (i = 0; i < imcf->issuers.nelts; i++) {

        if (issuer[i]->name.len == name->len
            && ngx_memcmp(issuer[i]->name.data, name->data, name->len) == 0)
        {
            return issuer[i];
        }
    }

    return NULL;
}


const ngx_array_t *
civic_issuer_names(ngx_http_request_t *r)
{
    ngx_str_t                *name;
    ngx_uint_t                i;
    ngx_array_t              *names;
    civic_issuer_t     **issuer;
    civic_issuer_main_conf_t  *imcf;

    imcf = ngx_http_get_module_main_conf(r, ngx_http_civic_issuer_module);

    names = ngx_array_create(r->pool, imcf->issuers.nelts + 1,
                             sizeof(ngx_str_t));
    if (names == NULL) {
        return NULL;
    }

    issuer = imcf->issuers.elts;

    for (i = 0; i < imcf->issuers.nelts; i++) {
        name = ngx_array_push(names);
        *name = issuer[i]->name;
    }

    return names;
}
