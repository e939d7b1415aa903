
/*
 * Copyright (C) Civic Gate
 *
 * Directives of signed requests.
 */


#include "civic_conf_block.h"
#include "civic_conf_list.h"
#include "civic_sign.h"


#define CIVIC_SIGN_ZONE_DEFAULT  (8 * 1024 * 1024)
#define CIVIC_SIGN_ZONE_MIN      (64 * 1024)
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


static civic_conf_setter_t  civic_sign_scheme;
static civic_conf_setter_t  civic_sign_cover;


static const civic_conf_range_t  civic_sign_window = {
    1, 3600, "a time from 1s to 1h"
};

static const civic_conf_range_t  civic_sign_ahead = {
    0, 3600, "a time of at most 1h"
};

static const ngx_conf_enum_t  civic_sign_https[] = {
    { ngx_string("https"), 1 },
    { ngx_null_string, 0 }
};

static const ngx_conf_enum_t  civic_sign_clear[] = {
    { ngx_string(CIVIC_SIGN_XTIF_NAME), 1 },
    { ngx_null_string, 0 }
};

static const ngx_conf_enum_t  civic_sign_debug[] = {
    { ngx_string(CIVIC_SIGN_XCA_NAME), 1 },
    { ngx_null_string, 0 }
};


static const civic_conf_word_t  civic_sign_words[] = {

    { CIVIC_SIGN_RFC9421_NAME, 0, 0, civic_sign_scheme, 0,
      &civic_sign_rfc9421, 0 },

    { CIVIC_SIGN_XCA_NAME, 0, 0, civic_sign_scheme, 0, &civic_sign_xca, 0 },

    { CIVIC_SIGN_XTIF_NAME, 0, 0, civic_sign_scheme, 0, &civic_sign_xtif, 0 },

    { "window=", 1, 1, civic_conf_block_sec,
      offsetof(civic_sign_rules_t, window), &civic_sign_window, 0 },

    { "ahead=", 1, 1, civic_conf_block_sec,
      offsetof(civic_sign_rules_t, ahead), &civic_sign_ahead, 0 },

    { "cover=", 1, 1, civic_sign_cover, 0, NULL, CIVIC_CONF_MANY },

    { "label=", 1, 1, civic_conf_block_text,
      offsetof(civic_sign_rules_t, label), NULL, 0 },

    { "scheme=", 1, 1, civic_conf_block_choice,
      offsetof(civic_sign_rules_t, https), civic_sign_https, 0 },

    { "cleartext=", 1, 1, civic_conf_block_choice,
      offsetof(civic_sign_rules_t, clear), civic_sign_clear, 0 },

    { "debug=", 1, 1, civic_conf_block_choice,
      offsetof(civic_sign_rules_t, debug), civic_sign_debug, 0 },

    { NULL, 0, 0, NULL, 0, NULL, 0 }
};


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


static civic_sign_rules_t  civic_sign_default = {
    CIVIC_SIGN_RFC9421, 0, CIVIC_SIGN_AHEAD, ngx_null_string, NULL,
    0, 0, 0
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

    smcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_civic_sign_module);

    civic_sign_nonce_inherit(cf, smcf);

    ctx = cf->ctx;

    if (!civic_app_configured(ctx->main_conf)) {
        return NGX_OK;
    }

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
    civic_conf_block_t   block;
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

    ngx_memzero(&block, sizeof(civic_conf_block_t));

    block.directive = "civic_signature";
    block.words = civic_sign_words;
    block.conf = rules;

    rv = civic_conf_block_line(cf, &block, 1);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (rules->schemes == 0) {
        return civic_conf_error(cf, NULL,
                                "civic_signature names no scheme: rfc9421, "
                                "x-ca or x-tif");
    }

    return NGX_CONF_OK;
}


static char *
civic_sign_scheme(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    civic_sign_rules_t         *rules;
    const civic_sign_scheme_t  *scheme;

    rules = block->conf;
    scheme = word->post;
    rules->schemes |= scheme->bit;

    return NGX_CONF_OK;
}


/* names of headers, in lower case, with commas between */

static char *
civic_sign_cover(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    ngx_str_t            rest, item, *name;
    civic_sign_rules_t  *rules;

    rules = block->conf;

    if (rules->cover == NULL) {
        rules->cover = ngx_array_create(cf->pool, 4, sizeof(ngx_str_t));

        if (rules->cover == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    ngx_strlow(value->data, value->data, value->len);
    rest = *value;

    while (civic_conf_list_next(&rest, &item)) {

        if (item.len == 0) {
            return civic_conf_error(cf, NULL,
                                    "\"cover=%V\" in civic_signature has an "
                                    "empty name", value);
        }

        name = ngx_array_push(rules->cover);
        if (name == NULL) {
            return NGX_CONF_ERROR;
        }

        *name = item;
    }

    return NGX_CONF_OK;
}
