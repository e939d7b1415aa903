
/*
 * Copyright (C) Civic Gate
 *
 * The directives of requirements and their inheritance: lines add up.
 */


#include "civic_require_conf.h"


static ngx_int_t civic_require_preconfiguration(ngx_conf_t *cf);
static ngx_int_t civic_require_postconfiguration(ngx_conf_t *cf);
static void *civic_require_create_main_conf(ngx_conf_t *cf);
static void *civic_require_create_loc_conf(ngx_conf_t *cf);
static char *civic_require_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *civic_require_merge_sets(ngx_conf_t *cf,
    civic_require_loc_conf_t *prev, civic_require_loc_conf_t *conf);
static char *civic_require_merge_place(ngx_conf_t *cf,
    civic_require_set_t *set);
static char *civic_require_slot(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static civic_require_set_t *civic_require_set_create(ngx_pool_t *pool,
    ngx_uint_t n);


static ngx_command_t  civic_require_commands[] = {

    { ngx_string("civic_require"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      civic_require_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("civic_require_dry_run"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(civic_require_loc_conf_t, dry_run),
      NULL },

    { ngx_string("civic_claim"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE2,
      civic_require_claim_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  civic_require_module_ctx = {
    civic_require_preconfiguration,        /* preconfiguration */
    civic_require_postconfiguration,       /* postconfiguration */

    civic_require_create_main_conf,        /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    civic_require_create_loc_conf,         /* create location configuration */
    civic_require_merge_loc_conf           /* merge location configuration */
};


ngx_module_t  ngx_http_civic_require_module = {
    NGX_MODULE_V1,
    &civic_require_module_ctx,             /* module context */
    civic_require_commands,                /* module directives */
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


static ngx_int_t
civic_require_preconfiguration(ngx_conf_t *cf)
{
    return civic_require_variables_add(cf);
}


static ngx_int_t
civic_require_postconfiguration(ngx_conf_t *cf)
{
    return civic_require_places_check(cf);
}


static void *
civic_require_create_main_conf(ngx_conf_t *cf)
{
    civic_require_main_conf_t  *rmcf;

    rmcf = ngx_palloc(cf->pool, sizeof(civic_require_main_conf_t));

    if (rmcf == NULL
        || ngx_array_init(&rmcf->places, cf->pool, 4,
                          sizeof(civic_require_place_t))
           != NGX_OK
        || ngx_array_init(&rmcf->claims, cf->pool, 4, sizeof(ngx_str_t))
           != NGX_OK)
    {
        return NULL;
    }

    return rmcf;
}


static void *
civic_require_create_loc_conf(ngx_conf_t *cf)
{
    civic_require_loc_conf_t  *rlcf;

    rlcf = ngx_pcalloc(cf->pool, sizeof(civic_require_loc_conf_t));

    if (rlcf != NULL) {
        rlcf->dry_run = NGX_CONF_UNSET;
    }

    return rlcf;
}


/*
 * Runs when all levels of auth/ are merged.  The server's own level is no
 * location: it passes its words on.
 */

static char *
civic_require_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    civic_require_loc_conf_t  *prev = parent;
    civic_require_loc_conf_t  *conf = child;

    ngx_http_conf_ctx_t       *ctx;
    ngx_http_core_srv_conf_t  *cscf;

    ngx_conf_merge_value(conf->dry_run, prev->dry_run, 0);

    if (civic_require_merge_sets(cf, prev, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    ctx = cf->ctx;
    cscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module);

    if (conf->set == NULL || ctx->loc_conf == cscf->ctx->loc_conf) {
        return NGX_CONF_OK;
    }

    return civic_require_merge_place(cf, conf->set);
}


static char *
civic_require_merge_place(ngx_conf_t *cf, civic_require_set_t *set)
{
    ngx_http_conf_ctx_t         *ctx;
    civic_require_rule_t       **rule;
    civic_require_place_t       *place;
    ngx_http_core_loc_conf_t    *clcf;
    civic_require_main_conf_t   *rmcf;

    ctx = cf->ctx;
    rule = set->rules.elts;
    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (!civic_auth_asked(ctx->loc_conf)) {
        return civic_conf_error(cf, &rule[0]->pos,
                                "civic_require is in force in location "
                                "\"%V\", where civic_auth is %s: nobody is "
                                "known there", &clcf->name,
                                civic_auth_off(ctx->loc_conf) ? "off"
                                                              : "not stated");
    }

    /* "if" and "limit_except" are their location's, where steps run */

    if (clcf->noname) {
        return NGX_CONF_OK;
    }

    rmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_civic_require_module);

    place = ngx_array_push(&rmcf->places);
    if (place == NULL) {
        return NGX_CONF_ERROR;
    }

    place->set = set;
    place->name = clcf->name;
    place->loc_conf = ctx->loc_conf;

    return NGX_CONF_OK;
}


static char *
civic_require_merge_sets(ngx_conf_t *cf, civic_require_loc_conf_t *prev,
    civic_require_loc_conf_t *conf)
{
    ngx_uint_t              n;
    civic_require_set_t    *all;
    civic_require_rule_t  **slot;

    if (conf->off || prev->set == NULL) {
        return NGX_CONF_OK;
    }

    if (conf->set == NULL) {
        conf->set = prev->set;
        return NGX_CONF_OK;
    }

    n = prev->set->rules.nelts + conf->set->rules.nelts;

    all = civic_require_set_create(cf->pool, n);
    if (all == NULL) {
        return NGX_CONF_ERROR;
    }

    slot = ngx_array_push_n(&all->rules, n);

    ngx_memcpy(slot, prev->set->rules.elts,
               prev->set->rules.nelts * sizeof(civic_require_rule_t *));
    ngx_memcpy(slot + prev->set->rules.nelts, conf->set->rules.elts,
               conf->set->rules.nelts * sizeof(civic_require_rule_t *));

    conf->set = all;

    return NGX_CONF_OK;
}


/* civic_require TEST [for=ROLE,...] | off */

static char *
civic_require_slot(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_require_loc_conf_t  *rlcf = conf;

    ngx_str_t              *value, err;
    ngx_uint_t              n;
    civic_pos_t            *pos;
    civic_require_rule_t   *rule, **slot;

    civic_activate(cf);

    value = cf->args->elts;
    n = cf->args->nelts;

    if (n == 2 && ngx_strcmp(value[1].data, "off") == 0) {

        if (rlcf->off) {
            return "is duplicate";
        }

        rlcf->off = 1;
        return NGX_CONF_OK;
    }

    if (rlcf->set == NULL) {
        rlcf->set = civic_require_set_create(cf->pool, 2);

        if (rlcf->set == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    rule = civic_require_rule_parse(&value[1], n - 1, cf->pool, &err);

    if (rule == NULL) {
        return err.len ? civic_conf_error(cf, NULL, "civic_require %V", &err)
                       : NGX_CONF_ERROR;
    }

    slot = ngx_array_push(&rlcf->set->rules);
    pos = civic_conf_pos(cf);

    if (slot == NULL || pos == NULL) {
        return NGX_CONF_ERROR;
    }

    *slot = rule;
    rule->pos = *pos;

    return NGX_CONF_OK;
}


static civic_require_set_t *
civic_require_set_create(ngx_pool_t *pool, ngx_uint_t n)
{
    civic_require_set_t  *set;

    set = ngx_palloc(pool, sizeof(civic_require_set_t));

    if (set == NULL
        || ngx_array_init(&set->rules, pool, n,
                          sizeof(civic_require_rule_t *))
           != NGX_OK)
    {
        return NULL;
    }

    return set;
}


civic_require_set_t *
civic_require_create(const ngx_array_t *lines, const civic_pos_t *pos,
    void **main_conf, ngx_pool_t *pool, ngx_str_t *err)
{
    ngx_str_t              *line;
    ngx_uint_t              i;
    const ngx_str_t        *name;
    civic_require_set_t    *set;
    civic_require_rule_t   *rule, **slot;

    ngx_str_null(err);
    line = lines->elts;

    set = civic_require_set_create(pool, lines->nelts);
    if (set == NULL) {
        return NULL;
    }

    for (i = 0; i < lines->nelts; i++) {

        rule = civic_require_rule_parse_text(&line[i], pool, err);
        if (rule == NULL) {
            return NULL;
        }

        name = civic_require_rule_unknown(rule, main_conf);

        if (name != NULL) {
            err->data = ngx_pnalloc(pool, name->len
                                    + sizeof("there is no civic_issuer \"\""));
            if (err->data != NULL) {
                err->len = ngx_sprintf(err->data, "there is no civic_issuer "
                                       "\"%V\"", name)
                           - err->data;
            }

            return NULL;
        }

        slot = ngx_array_push(&set->rules);
        if (slot == NULL) {
            return NULL;
        }

        *slot = rule;
        rule->pos = *pos;
    }

    return set;
}


ngx_uint_t
civic_require_stated(void **loc_conf)
{
    ngx_uint_t                 i;
    civic_require_rule_t     **rule;
    civic_require_loc_conf_t  *rlcf;

    rlcf = loc_conf[ngx_http_civic_require_module.ctx_index];

    if (rlcf->set == NULL || rlcf->dry_run) {
        return 0;
    }

    rule = rlcf->set->rules.elts;

    for (i = 0; i < rlcf->set->rules.nelts; i++) {

        if (rule[i]->roles == NULL) {
            return 1;
        }
    }

    return 0;
}
