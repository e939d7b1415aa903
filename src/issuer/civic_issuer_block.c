
/*
 * Copyright (C) Civic Gate
 *
 * The civic_issuer block: who signs tokens, with which keys, and what a
 * token of his must say.  Nothing is assumed that a mistake could hide in:
 * what is mandatory has no default, and no word comes twice.
 */


#include "civic_issuer.h"


#define CIVIC_ISSUER_LEEWAY      30      /* s */
#define CIVIC_ISSUER_LEEWAY_MAX  300


typedef struct {
    const char   *name;
    ngx_uint_t    min;                 /* arguments */
    ngx_uint_t    max;
    char       *(*set)(ngx_conf_t *cf, civic_issuer_t *issuer);
    size_t        offset;              /* in the rules */
    unsigned      mandatory:1;
} civic_issuer_word_t;


static ngx_int_t civic_issuer_add(ngx_conf_t *cf,
    civic_issuer_t *issuer);
static char *civic_issuer_name(ngx_conf_t *cf, const ngx_str_t *name);
static char *civic_issuer_word(ngx_conf_t *cf, ngx_command_t *dummy,
    void *conf);
static char *civic_issuer_take(ngx_conf_t *cf,
    civic_issuer_t *issuer, const civic_issuer_word_t *word);
static char *civic_issuer_list(ngx_conf_t *cf, ngx_array_t **list);
static char *civic_issuer_audience(ngx_conf_t *cf,
    civic_issuer_t *issuer);
static char *civic_issuer_required(ngx_conf_t *cf,
    civic_issuer_t *issuer);
static char *civic_issuer_keys(ngx_conf_t *cf,
    civic_issuer_t *issuer);
static char *civic_issuer_algorithms(ngx_conf_t *cf,
    civic_issuer_t *issuer);
static char *civic_issuer_leeway(ngx_conf_t *cf,
    civic_issuer_t *issuer);
static char *civic_issuer_lifetime(ngx_conf_t *cf,
    civic_issuer_t *issuer);
static char *civic_issuer_places(ngx_conf_t *cf, civic_issuer_t *issuer);
static ngx_int_t civic_issuer_place(civic_issuer_t *issuer, ngx_uint_t kind,
    const ngx_str_t *name);
static ngx_int_t civic_issuer_query(ngx_conf_t *cf, const ngx_str_t *name);
static char *civic_issuer_close(ngx_conf_t *cf,
    civic_issuer_t *issuer);
static char *civic_issuer_close_keys(ngx_conf_t *cf,
    const civic_issuer_t *issuer);


static civic_issuer_word_t  civic_issuer_words[] = {

    { "issuer", 1, 1, NULL, offsetof(civic_issuer_rules_t, issuer), 1 },
    { "audience", 1, 64, civic_issuer_audience, 0, 1 },
    { "keys", 1, 4, civic_issuer_keys, 0, 0 },
    { "algorithms", 1, 64, civic_issuer_algorithms, 0, 0 },
    { "introspect", 1, 4, civic_issuer_source_introspect, 0, 0 },
    { "leeway", 1, 1, civic_issuer_leeway, 0, 0 },
    { "lifetime", 1, 1, civic_issuer_lifetime, 0, 0 },
    { "type", 1, 1, NULL, offsetof(civic_issuer_rules_t, type), 0 },
    { "subject", 1, 1, NULL, offsetof(civic_issuer_rules_t, subject), 0 },
    { "scope", 1, 1, NULL, offsetof(civic_issuer_rules_t, scope), 0 },
    { "region", 1, 1, NULL, offsetof(civic_issuer_rules_t, region), 0 },
    { "roles", 1, 1, NULL, offsetof(civic_issuer_rules_t, roles), 0 },
    { "level", 1, 1, NULL, offsetof(civic_issuer_rules_t, level), 0 },
    { "client", 1, 1, NULL, offsetof(civic_issuer_rules_t, client), 0 },
    { "require_claims", 1, 64, civic_issuer_required, 0, 0 },
    { "token", 1, 4, civic_issuer_places, 0, 0 },
    { NULL, 0, 0, NULL, 0, 0 }
};


/* civic_issuer NAME { ... } */

char *
civic_issuer_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char                 *rv;
    ngx_str_t            *value;
    ngx_conf_t            save;
    civic_pos_t          *pos;
    civic_issuer_t  *issuer;

    value = cf->args->elts;

    rv = civic_issuer_name(cf, &value[1]);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    issuer = ngx_pcalloc(cf->pool, sizeof(civic_issuer_t));
    pos = civic_conf_pos(cf);

    if (issuer == NULL || pos == NULL) {
        return NGX_CONF_ERROR;
    }

    issuer->name = value[1];
    issuer->pos = *pos;
    issuer->rules.leeway = CIVIC_ISSUER_LEEWAY;

    ngx_str_set(&issuer->rules.subject, "sub");
    ngx_str_set(&issuer->rules.scope, "scope");
    ngx_str_set(&issuer->rules.region, "region");
    ngx_str_set(&issuer->rules.client, "client_id");

    issuer->places = ngx_array_create(cf->pool, 1,
                                      sizeof(civic_issuer_place_t));
    if (issuer->places == NULL) {
        return NGX_CONF_ERROR;
    }

    if (civic_issuer_add(cf, issuer) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    save = *cf;
    cf->handler = civic_issuer_word;
    cf->handler_conf = (void *) issuer;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return civic_issuer_close(cf, issuer);
}


static ngx_int_t
civic_issuer_add(ngx_conf_t *cf, civic_issuer_t *issuer)
{
    ngx_uint_t                i;
    civic_issuer_t     **slot;
    civic_issuer_main_conf_t  *imcf;

    imcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_civic_issuer_module);

    slot = imcf->issuers.elts;

    for (i = 0; i < imcf->issuers.nelts; i++) {

        if (ngx_strcmp(slot[i]->name.data, issuer->name.data) == 0) {
            (void) civic_conf_error(cf, NULL,
                                    "civic_issuer \"%V\" is defined already "
                                    "in %V:%ui,", &issuer->name,
                                    &slot[i]->pos.file, slot[i]->pos.line);
            return NGX_ERROR;
        }
    }

    slot = ngx_array_push(&imcf->issuers);
    if (slot == NULL) {
        return NGX_ERROR;
    }

    *slot = issuer;

    return NGX_OK;
}


/* the name is the first part of "ISSUER:SUBJECT": it has no colon */

static char *
civic_issuer_name(ngx_conf_t *cf, const ngx_str_t *name)
{
    u_char  ch;
    size_t  i;

    for (i = 0; i < name->len; i++) {
        ch = name->data[i];

        if ((ch >= 'a' && ch <= 'z')
            || (ch >= 'A' && ch <= 'Z')
            || (ch >= '0' && ch <= '9')
            || ch == '_' || ch == '-')
        {
            continue;
        }

        break;
    }

    if (i == 0 || i < name->len
        || ngx_strcmp(name->data, "off") == 0
        || ngx_strcmp(name->data, "optional") == 0
        || ngx_strcmp(name->data, "app") == 0)
    {
        return civic_conf_error(cf, NULL,
                                "\"%V\" cannot name a civic_issuer: a name "
                                "has letters, digits, \"_\" and \"-\", and "
                                "is none of \"off\", \"optional\", \"app\"",
                                name);
    }

    return NGX_CONF_OK;
}


static char *
civic_issuer_word(ngx_conf_t *cf, ngx_command_t *dummy, void *conf)
{
    civic_issuer_t  *issuer = conf;

    ngx_str_t            *value;
    civic_issuer_word_t  *word;

    value = cf->args->elts;

    for (word = civic_issuer_words; word->name; word++) {

        if (ngx_strcmp(value[0].data, word->name) == 0) {
            return civic_issuer_take(cf, issuer, word);
        }
    }

    return civic_conf_error(cf, NULL, "unknown word \"%V\" in civic_issuer "
                            "\"%V\"", &value[0], &issuer->name);
}


static char *
civic_issuer_take(ngx_conf_t *cf, civic_issuer_t *issuer,
    const civic_issuer_word_t *word)
{
    ngx_str_t   *value, *field;
    ngx_uint_t   i, bit;

    value = cf->args->elts;
    bit = (ngx_uint_t) 1 << (word - civic_issuer_words);

    if (issuer->words & bit) {
        return civic_conf_error(cf, NULL, "\"%s\" comes twice in "
                                "civic_issuer \"%V\"", word->name,
                                &issuer->name);
    }

    issuer->words |= bit;

    if (cf->args->nelts - 1 < word->min || cf->args->nelts - 1 > word->max) {
        return civic_conf_error(cf, NULL, "\"%s\" in civic_issuer \"%V\" "
                                "takes %s", word->name, &issuer->name,
                                word->max == 1 ? "one value"
                                               : "one value or more");
    }

    for (i = 1; i < cf->args->nelts; i++) {

        if (value[i].len == 0) {
            return civic_conf_error(cf, NULL, "\"%s\" in civic_issuer "
                                    "\"%V\" has an empty value", word->name,
                                    &issuer->name);
        }
    }

    if (word->set != NULL) {
        return word->set(cf, issuer);
    }

    field = (ngx_str_t *) ((u_char *) &issuer->rules + word->offset);
    *field = value[1];

    return NGX_CONF_OK;
}


static char *
civic_issuer_audience(ngx_conf_t *cf, civic_issuer_t *issuer)
{
    return civic_issuer_list(cf, &issuer->rules.audiences);
}


static char *
civic_issuer_required(ngx_conf_t *cf, civic_issuer_t *issuer)
{
    return civic_issuer_list(cf, &issuer->rules.required);
}


static char *
civic_issuer_list(ngx_conf_t *cf, ngx_array_t **list)
{
    ngx_str_t   *value, *item;
    ngx_uint_t   i;

    value = cf->args->elts;

    *list = ngx_array_create(cf->pool, cf->args->nelts, sizeof(ngx_str_t));
    if (*list == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        item = ngx_array_push(*list);
        if (item == NULL) {
            return NGX_CONF_ERROR;
        }

        *item = value[i];
    }

    return NGX_CONF_OK;
}


static char *
civic_issuer_keys(ngx_conf_t *cf, civic_issuer_t *issuer)
{
    ngx_str_t    *value;
    civic_pos_t  *pos;

    value = cf->args->elts;

    if (cf->args->nelts > 2
        || ngx_strncmp(value[1].data, "remote=", 7) == 0)
    {
        return civic_issuer_source_keys(cf, issuer);
    }

    pos = civic_conf_pos(cf);
    if (pos == NULL) {
        return NGX_CONF_ERROR;
    }

    issuer->keys_file = value[1];
    issuer->keys_pos = *pos;

    if (ngx_conf_full_name(cf->cycle, &issuer->keys_file, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
civic_issuer_algorithms(ngx_conf_t *cf, civic_issuer_t *issuer)
{
    ngx_str_t   *value;
    ngx_uint_t   i, alg;

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

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


static char *
civic_issuer_leeway(ngx_conf_t *cf, civic_issuer_t *issuer)
{
    ngx_int_t   sec;
    ngx_str_t  *value;

    value = cf->args->elts;

    sec = ngx_parse_time(&value[1], 1);

    if (sec == NGX_ERROR || sec > CIVIC_ISSUER_LEEWAY_MAX) {
        return civic_conf_error(cf, NULL,
                                "\"leeway %V\" in civic_issuer \"%V\" is "
                                "not a time of at most 5m", &value[1],
                                &issuer->name);
    }

    issuer->rules.leeway = sec;

    return NGX_CONF_OK;
}


static char *
civic_issuer_lifetime(ngx_conf_t *cf, civic_issuer_t *issuer)
{
    ngx_int_t   sec;
    ngx_str_t  *value;

    value = cf->args->elts;

    sec = ngx_parse_time(&value[1], 1);

    if (sec == NGX_ERROR || sec == 0) {
        return civic_conf_error(cf, NULL,
                                "\"lifetime %V\" in civic_issuer \"%V\" is "
                                "not a time", &value[1], &issuer->name);
    }

    issuer->rules.lifetime = sec;

    return NGX_CONF_OK;
}


/* token header | cookie=NAME | query=NAME ... */

static char *
civic_issuer_places(ngx_conf_t *cf, civic_issuer_t *issuer)
{
    ngx_int_t    rc;
    ngx_str_t   *value, name;
    ngx_uint_t   i;

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_strcmp(value[i].data, "header") == 0) {
            rc = civic_issuer_place(issuer, CIVIC_ISSUER_HEADER, NULL);

        } else if (ngx_strncmp(value[i].data, "cookie=", 7) == 0
                   && value[i].len > 7)
        {
            name.data = value[i].data + 7;
            name.len = value[i].len - 7;
            rc = civic_issuer_place(issuer, CIVIC_ISSUER_COOKIE, &name);

        } else if (ngx_strncmp(value[i].data, "query=", 6) == 0
                   && value[i].len > 6)
        {
            name.data = value[i].data + 6;
            name.len = value[i].len - 6;
            rc = civic_issuer_place(issuer, CIVIC_ISSUER_QUERY, &name);

            if (rc == NGX_OK && civic_issuer_query(cf, &name) != NGX_OK) {
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
civic_issuer_place(civic_issuer_t *issuer, ngx_uint_t kind,
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
civic_issuer_query(ngx_conf_t *cf, const ngx_str_t *name)
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
civic_issuer_close(ngx_conf_t *cf, civic_issuer_t *issuer)
{
    char        *rv;
    ngx_uint_t   i;

    for (i = 0; civic_issuer_words[i].name; i++) {

        if (civic_issuer_words[i].mandatory
            && !(issuer->words & ((ngx_uint_t) 1 << i)))
        {
            return civic_conf_error(cf, &issuer->pos,
                                    "civic_issuer \"%V\" does not say \"%s\"",
                                    &issuer->name,
                                    civic_issuer_words[i].name);
        }
    }

    rv = civic_issuer_close_keys(cf, issuer);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (issuer->places->nelts == 0
        && civic_issuer_place(issuer, CIVIC_ISSUER_HEADER, NULL) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return civic_issuer_load(cf, issuer);
}


/* keys and what they are for; an issuer that is asked may go without */

static char *
civic_issuer_close_keys(ngx_conf_t *cf, const civic_issuer_t *issuer)
{
    ngx_uint_t  keys;

    keys = (issuer->keys_file.len || issuer->keys_from);

    if (!keys && (issuer->algorithms || issuer->introspect == NULL)) {
        return civic_conf_error(cf, &issuer->pos,
                                "civic_issuer \"%V\" does not say \"keys\"",
                                &issuer->name);
    }

    if (keys && !issuer->algorithms) {
        return civic_conf_error(cf, &issuer->pos, "civic_issuer \"%V\" does "
                                "not say \"algorithms\"", &issuer->name);
    }

    if (issuer->keys_from && (issuer->algorithms & CIVIC_ALG_HMAC)) {
        return civic_conf_error(cf, &issuer->keys_from->pos,
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
