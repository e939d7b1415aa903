
/*
 * Copyright (C) Civic Gate
 *
 * Directives of signed requests.
 */


#include "civic_sign.h"


#define CIVIC_SIGN_ZONE_DEFAULT  (8 * 1024 * 1024)
#define CIVIC_SIGN_ZONE_MIN      (64 * 1024)
#define CIVIC_SIGN_WINDOW_MAX    3600
#define CIVIC_SIGN_AHEAD         5


static void *civic_sign_create_main_conf(ngx_conf_t *cf);
static char *civic_sign_init_main_conf(ngx_conf_t *cf, void *conf);
static ngx_int_t civic_sign_postconfiguration(ngx_conf_t *cf);
static void *civic_sign_create_loc_conf(ngx_conf_t *cf);
static char *civic_sign_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static void civic_sign_longest(ngx_conf_t *cf,
    const civic_sign_rules_t *rules);
static char *civic_sign_nonces(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *civic_sign_signature(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *civic_sign_word(ngx_conf_t *cf, civic_sign_rules_t *rules,
    ngx_str_t *word);
static char *civic_sign_window(ngx_conf_t *cf, civic_sign_rules_t *rules,
    ngx_str_t *value);
static char *civic_sign_ahead(ngx_conf_t *cf, civic_sign_rules_t *rules,
    ngx_str_t *value);
static char *civic_sign_cover(ngx_conf_t *cf, civic_sign_rules_t *rules,
    ngx_str_t *value);
static char *civic_sign_label(ngx_conf_t *cf, civic_sign_rules_t *rules,
    ngx_str_t *value);
static char *civic_sign_https(ngx_conf_t *cf, civic_sign_rules_t *rules,
    ngx_str_t *value);
static char *civic_sign_clear(ngx_conf_t *cf, civic_sign_rules_t *rules,
    ngx_str_t *value);
static char *civic_sign_debug(ngx_conf_t *cf, civic_sign_rules_t *rules,
    ngx_str_t *value);


static ngx_command_t  civic_sign_commands[] = {

    { ngx_string("civic_signature"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      civic_sign_signature,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("civic_signature_nonces"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      civic_sign_nonces,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  civic_sign_module_ctx = {
    NULL,                                  /* preconfiguration */
    civic_sign_postconfiguration,          /* postconfiguration */

    civic_sign_create_main_conf,           /* create main configuration */
    civic_sign_init_main_conf,             /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    civic_sign_create_loc_conf,            /* create location configuration */
    civic_sign_merge_loc_conf              /* merge location configuration */
};


ngx_module_t  ngx_http_civic_sign_module = {
    NGX_MODULE_V1,
    &civic_sign_module_ctx,                /* module context */
    civic_sign_commands,                   /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static const struct {
    ngx_str_t    name;                     /* with its "=" */
    char      *(*set)(ngx_conf_t *cf, civic_sign_rules_t *rules,
                      ngx_str_t *value);
} civic_sign_words[] = {
    { ngx_string("window="), civic_sign_window },
    { ngx_string("ahead="), civic_sign_ahead },
    { ngx_string("cover="), civic_sign_cover },
    { ngx_string("label="), civic_sign_label },
    { ngx_string("scheme="), civic_sign_https },
    { ngx_string("cleartext="), civic_sign_clear },
    { ngx_string("debug="), civic_sign_debug },
    { ngx_null_string, NULL }
};


static civic_sign_rules_t  civic_sign_default = {
    CIVIC_SIGN_RFC9421, 0, CIVIC_SIGN_AHEAD, ngx_null_string, NULL,
    ngx_null_string, 0, 0
};


const civic_sign_rules_t *
civic_sign_rules(ngx_http_request_t *r)
{
    civic_sign_loc_conf_t  *slcf;

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_civic_sign_module);

    return slcf->rules;
}


static void *
civic_sign_create_main_conf(ngx_conf_t *cf)
{
    civic_sign_main_conf_t  *smcf;

    smcf = ngx_pcalloc(cf->pool, sizeof(civic_sign_main_conf_t));
    if (smcf == NULL) {
        return NULL;
    }

    smcf->size = CIVIC_SIGN_ZONE_DEFAULT;

    return smcf;
}


static char *
civic_sign_init_main_conf(ngx_conf_t *cf, void *conf)
{
    civic_sign_main_conf_t  *smcf = conf;

    if (smcf->redis_name.len == 0) {
        return NGX_CONF_OK;
    }

    smcf->redis = civic_redis_find(cf, &smcf->redis_name);

    if (smcf->redis == NULL) {
        return civic_conf_error(cf, smcf->pos,
                                "civic_signature_nonces names an unknown "
                                "civic_redis \"%V\"", &smcf->redis_name);
    }

    return NGX_CONF_OK;
}


/* the zone is there wherever somebody may be asked for a signature */

static ngx_int_t
civic_sign_postconfiguration(ngx_conf_t *cf)
{
    ngx_http_conf_ctx_t     *ctx;
    civic_sign_main_conf_t  *smcf;

    ctx = cf->ctx;

    if (!civic_app_configured(ctx->main_conf)) {
        return NGX_OK;
    }

    smcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_civic_sign_module);

    civic_sign_nonce_inherit(cf, smcf);

    if (smcf->redis == NULL && civic_sign_zone_add(cf, smcf) != NGX_OK) {
        return NGX_ERROR;
    }

    return civic_sign_body_init(cf);
}


static void *
civic_sign_create_loc_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(civic_sign_loc_conf_t));
}


static char *
civic_sign_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    civic_sign_loc_conf_t  *prev = parent;
    civic_sign_loc_conf_t  *conf = child;

    if (prev->rules == NULL) {
        prev->rules = &civic_sign_default;
    }

    if (conf->rules == NULL) {
        conf->rules = prev->rules;
    }

    civic_sign_longest(cf, conf->rules);

    return NGX_CONF_OK;
}


static void
civic_sign_longest(ngx_conf_t *cf, const civic_sign_rules_t *rules)
{
    civic_sign_longest_t        *longest;
    civic_sign_main_conf_t      *smcf;
    const civic_sign_scheme_t  **scheme;

    smcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_civic_sign_module);

    for (scheme = civic_sign_schemes; *scheme; scheme++) {

        if (!(rules->schemes & (*scheme)->bit)) {
            continue;
        }

        longest = &smcf->longest[(*scheme)->bit];

        longest->window = ngx_max(longest->window,
                                  civic_sign_scheme_window(*scheme, rules));
        longest->ahead = ngx_max(longest->ahead, rules->ahead);
    }
}


/* zone, zone=SIZE or redis=NAME */

static char *
civic_sign_nonces(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_sign_main_conf_t  *smcf = conf;

    ssize_t     size;
    ngx_str_t  *value, text;

    value = cf->args->elts;

    if (smcf->pos != NULL) {
        return "is duplicate";
    }

    civic_activate(cf);

    smcf->pos = civic_conf_pos(cf);
    if (smcf->pos == NULL) {
        return NGX_CONF_ERROR;
    }

    if (ngx_strncmp(value[1].data, "redis=", 6) == 0 && value[1].len > 6) {
        smcf->redis_name.data = value[1].data + 6;
        smcf->redis_name.len = value[1].len - 6;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[1].data, "zone") == 0) {
        return NGX_CONF_OK;
    }

    if (ngx_strncmp(value[1].data, "zone=", 5) != 0) {
        return civic_conf_error(cf, NULL,
                                "civic_signature_nonces \"%V\" is neither "
                                "zone, zone=SIZE nor redis=NAME", &value[1]);
    }

    text.data = value[1].data + 5;
    text.len = value[1].len - 5;

    size = ngx_parse_size(&text);

    if (size == NGX_ERROR || size < CIVIC_SIGN_ZONE_MIN) {
        return civic_conf_error(cf, NULL,
                                "civic_signature_nonces \"%V\" is not a size "
                                "of at least 64k", &value[1]);
    }

    smcf->size = size;

    return NGX_CONF_OK;
}


static char *
civic_sign_signature(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_sign_loc_conf_t  *slcf = conf;

    char                *rv;
    ngx_str_t           *value;
    ngx_uint_t           i;
    civic_sign_rules_t  *rules;

    if (slcf->rules != NULL) {
        return "is duplicate";
    }

    civic_activate(cf);

    rules = ngx_pcalloc(cf->pool, sizeof(civic_sign_rules_t));
    if (rules == NULL) {
        return NGX_CONF_ERROR;
    }

    rules->ahead = CIVIC_SIGN_AHEAD;
    slcf->rules = rules;
    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {
        rv = civic_sign_word(cf, rules, &value[i]);

        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    if (rules->schemes == 0) {
        return civic_conf_error(cf, NULL,
                                "civic_signature names no scheme: rfc9421, "
                                "x-ca or x-tif");
    }

    return NGX_CONF_OK;
}


static char *
civic_sign_word(ngx_conf_t *cf, civic_sign_rules_t *rules, ngx_str_t *word)
{
    ngx_str_t                    value;
    ngx_uint_t                   i;
    const civic_sign_scheme_t  **scheme;

    for (scheme = civic_sign_schemes; *scheme; scheme++) {

        if ((*scheme)->name.len != word->len
            || ngx_strncmp((*scheme)->name.data, word->data, word->len) != 0)
        {
            continue;
        }

        if (rules->schemes & (*scheme)->bit) {
            return civic_conf_error(cf, NULL,
                                    "\"%V\" comes twice in civic_signature",
                                    word);
        }

        rules->schemes |= (*scheme)->bit;

        return NGX_CONF_OK;
    }

    for (i = 0; civic_sign_words[i].set; i++) {

        if (word->len > civic_sign_words[i].name.len
            && ngx_strncmp(word->data, civic_sign_words[i].name.data,
                           civic_sign_words[i].name.len)
               == 0)
        {
            value.data = word->data + civic_sign_words[i].name.len;
            value.len = word->len - civic_sign_words[i].name.len;

            return civic_sign_words[i].set(cf, rules, &value);
        }
    }

    return civic_conf_error(cf, NULL, "unknown word \"%V\" in "
                            "civic_signature", word);
}


static char *
civic_sign_window(ngx_conf_t *cf, civic_sign_rules_t *rules,
    ngx_str_t *value)
{
    rules->window = ngx_parse_time(value, 1);

    if (rules->window == (time_t) NGX_ERROR || rules->window == 0
        || rules->window > CIVIC_SIGN_WINDOW_MAX)
    {
        return civic_conf_error(cf, NULL,
                                "\"window=%V\" in civic_signature is not a "
                                "time from 1s to 1h", value);
    }

    return NGX_CONF_OK;
}


static char *
civic_sign_ahead(ngx_conf_t *cf, civic_sign_rules_t *rules,
    ngx_str_t *value)
{
    rules->ahead = ngx_parse_time(value, 1);

    if (rules->ahead == (time_t) NGX_ERROR
        || rules->ahead > CIVIC_SIGN_WINDOW_MAX)
    {
        return civic_conf_error(cf, NULL,
                                "\"ahead=%V\" in civic_signature is not a "
                                "time of at most 1h", value);
    }

    return NGX_CONF_OK;
}


/* names of headers, in lower case, with commas between */

static char *
civic_sign_cover(ngx_conf_t *cf, civic_sign_rules_t *rules, ngx_str_t *value)
{
    u_char     *p, *last, *end;
    ngx_str_t  *name;

    if (rules->cover == NULL) {
        rules->cover = ngx_array_create(cf->pool, 4, sizeof(ngx_str_t));

        if (rules->cover == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    ngx_strlow(value->data, value->data, value->len);
    last = value->data + value->len;

    for (p = value->data; p <= last; p = end + 1) {

        end = ngx_strlchr(p, last, ',');
        end = end ? end : last;

        if (end == p) {
            return civic_conf_error(cf, NULL,
                                    "\"cover=%V\" in civic_signature has an "
                                    "empty name", value);
        }

        name = ngx_array_push(rules->cover);
        if (name == NULL) {
            return NGX_CONF_ERROR;
        }

        name->data = p;
        name->len = end - p;
    }

    return NGX_CONF_OK;
}


static char *
civic_sign_label(ngx_conf_t *cf, civic_sign_rules_t *rules, ngx_str_t *value)
{
    rules->label = *value;

    return NGX_CONF_OK;
}


static char *
civic_sign_https(ngx_conf_t *cf, civic_sign_rules_t *rules, ngx_str_t *value)
{
    if (ngx_strcmp(value->data, "https") != 0) {
        return civic_conf_error(cf, NULL,
                                "\"scheme=%V\" in civic_signature is not "
                                "scheme=https", value);
    }

    rules->scheme = *value;

    return NGX_CONF_OK;
}


static char *
civic_sign_clear(ngx_conf_t *cf, civic_sign_rules_t *rules, ngx_str_t *value)
{
    if (ngx_strcmp(value->data, "x-tif") != 0) {
        return civic_conf_error(cf, NULL,
                                "\"cleartext=%V\" in civic_signature is not "
                                "cleartext=x-tif", value);
    }

    rules->clear = 1;

    return NGX_CONF_OK;
}


static char *
civic_sign_debug(ngx_conf_t *cf, civic_sign_rules_t *rules, ngx_str_t *value)
{
    if (ngx_strcmp(value->data, "x-ca") != 0) {
        return civic_conf_error(cf, NULL,
                                "\"debug=%V\" in civic_signature is not "
                                "debug=x-ca", value);
    }

    rules->debug = 1;

    return NGX_CONF_OK;
}
