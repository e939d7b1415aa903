
/*
 * Copyright (C) Civic Gate
 *
 * The civic_require directive and its inheritance: lines add up.
 */


#include "civic_require_conf.h"
#include "civic_route.h"


static ngx_int_t civic_require_postconfiguration(ngx_conf_t *cf);
static void *civic_require_create_loc_conf(ngx_conf_t *cf);
static char *civic_require_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *civic_require_merge_sets(ngx_conf_t *cf,
    civic_require_loc_conf_t *prev, civic_require_loc_conf_t *conf);
static char *civic_require_slot(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static ngx_int_t civic_require_check_route(ngx_conf_t *cf,
    civic_route_t *route);


static ngx_command_t  civic_require_commands[] = {

    { ngx_string("civic_require"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      civic_require_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  civic_require_module_ctx = {
    NULL,                                  /* preconfiguration */
    civic_require_postconfiguration,       /* postconfiguration */

    NULL,                                  /* create main configuration */
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


static void *
civic_require_create_loc_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(civic_require_loc_conf_t));
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

    ngx_http_conf_ctx_t        *ctx;
    civic_require_rule_t      **rule;
    ngx_http_core_loc_conf_t   *clcf;
    ngx_http_core_srv_conf_t   *cscf;

    if (civic_require_merge_sets(cf, prev, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    ctx = cf->ctx;
    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    cscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module);

    if (conf->set == NULL
        || ctx->loc_conf == cscf->ctx->loc_conf
        || civic_auth_asked(ctx->loc_conf))
    {
        return NGX_CONF_OK;
    }

    rule = conf->set->rules.elts;

    return civic_conf_error(cf, &rule[0]->pos,
                            "civic_require is in force in location \"%V\", "
                            "where civic_auth is %s: nobody is known there",
                            &clcf->name,
                            civic_auth_off(ctx->loc_conf) ? "off"
                                                          : "not stated");
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

    all = ngx_palloc(cf->pool, sizeof(civic_require_set_t));

    if (all == NULL
        || ngx_array_init(&all->rules, cf->pool, n,
                          sizeof(civic_require_rule_t *))
           != NGX_OK)
    {
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


/* civic_require scope=SCOPE,... | off */

static char *
civic_require_slot(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_require_loc_conf_t  *rlcf = conf;

    ngx_str_t              *value, err;
    civic_pos_t            *pos;
    civic_require_rule_t   *rule, **slot;

    civic_activate(cf);

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {

        if (rlcf->off) {
            return "is duplicate";
        }

        rlcf->off = 1;
        return NGX_CONF_OK;
    }

    if (rlcf->set == NULL) {
        rlcf->set = ngx_palloc(cf->pool, sizeof(civic_require_set_t));

        if (rlcf->set == NULL
            || ngx_array_init(&rlcf->set->rules, cf->pool, 2,
                              sizeof(civic_require_rule_t *))
               != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    rule = civic_require_parse(&value[1], cf->pool, &err);

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


/* do the scopes of routes stand where somebody is authenticated? */

static ngx_int_t
civic_require_postconfiguration(ngx_conf_t *cf)
{
    ngx_uint_t       i;
    ngx_array_t     *routes;
    civic_route_t  **route;

    routes = civic_route_all(cf);
    route = routes->elts;

    for (i = 0; i < routes->nelts; i++) {

        if (route[i]->scopes != NULL
            && civic_require_check_route(cf, route[i]) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_require_check_route(ngx_conf_t *cf, civic_route_t *route)
{
    ngx_str_t   *scope;
    ngx_uint_t   n;

    if (!civic_auth_asked(route->service->loc_conf)) {
        (void) civic_conf_error(cf, &route->pos,
                                "civic_route has a scope=, but civic_auth is "
                                "off in its location");
        return NGX_ERROR;
    }

    scope = route->scopes->elts;

    for (n = 0; n < route->scopes->nelts; n++) {

        if (!civic_require_scope_valid(&scope[n])) {
            (void) civic_conf_error(cf, &route->pos,
                                    "\"%V\" in scope= of civic_route is not "
                                    "a scope", &scope[n]);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_uint_t
civic_require_stated(void **loc_conf)
{
    civic_require_loc_conf_t  *rlcf;

    rlcf = loc_conf[ngx_http_civic_require_module.ctx_index];

    return rlcf->set != NULL;
}


civic_require_set_t *
civic_require_create(const ngx_array_t *lines, const civic_pos_t *pos,
    ngx_uint_t known, ngx_pool_t *pool, ngx_str_t *err)
{
    ngx_str_t              *line;
    ngx_uint_t              i;
    civic_require_set_t    *set;
    civic_require_rule_t  **slot;

    ngx_str_null(err);
    line = lines->elts;

    if (!known) {
        ngx_str_set(err, "something is required where nobody is known");
        return NULL;
    }

    set = ngx_palloc(pool, sizeof(civic_require_set_t));

    if (set == NULL
        || ngx_array_init(&set->rules, pool, lines->nelts,
                          sizeof(civic_require_rule_t *))
           != NGX_OK)
    {
        return NULL;
    }

    for (i = 0; i < lines->nelts; i++) {
        slot = ngx_array_push(&set->rules);

        *slot = civic_require_parse(&line[i], pool, err);
        if (*slot == NULL) {
            return NULL;
        }

        (*slot)->pos = *pos;
    }

    return set;
}
