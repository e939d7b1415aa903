
/*
 * Copyright (C) Civic Gate
 *
 * What a caller must be allowed to do: civic_require lines, and scope= of
 * the route he came by.  Any scope of a line will do; all lines count, the
 * inherited ones too.
 */


#include "civic_auth_conf.h"
#include "civic_auth_bearer.h"
#include "civic_auth_headers.h"
#include "civic_route.h"


static char *civic_auth_require_scopes(ngx_conf_t *cf,
    civic_auth_require_t *require, ngx_str_t *list);
static ngx_int_t civic_auth_require_all(ngx_http_request_t *r,
    civic_ctx_t *ctx, const ngx_array_t *requires, const ngx_str_t *granted);
static ngx_uint_t civic_auth_require_any(const ngx_array_t *scopes,
    const ngx_str_t *granted);
static ngx_uint_t civic_auth_require_granted(const ngx_str_t *scope,
    const ngx_str_t *granted);
static ngx_int_t civic_auth_require_refuse(ngx_http_request_t *r,
    civic_ctx_t *ctx, const ngx_array_t *scopes, const civic_pos_t *pos);


/* civic_require scope=SCOPE,... | off */

char *
civic_auth_require_slot(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_auth_loc_conf_t  *alcf = conf;

    ngx_str_t              *value, list;
    civic_pos_t            *pos;
    civic_auth_require_t   *require, **slot;

    civic_activate(cf);

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {

        if (alcf->require_off) {
            return "is duplicate";
        }

        alcf->require_off = 1;
        return NGX_CONF_OK;
    }

    if (ngx_strncmp(value[1].data, "scope=", 6) != 0) {
        return civic_conf_error(cf, NULL,
                                "civic_require \"%V\": this version knows "
                                "only scope=SCOPE,... and off", &value[1]);
    }

    if (alcf->requires == NULL) {
        alcf->requires = ngx_array_create(cf->pool, 2,
                                          sizeof(civic_auth_require_t *));
        if (alcf->requires == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    require = ngx_pcalloc(cf->pool, sizeof(civic_auth_require_t));
    slot = ngx_array_push(alcf->requires);
    pos = civic_conf_pos(cf);

    if (require == NULL || slot == NULL || pos == NULL) {
        return NGX_CONF_ERROR;
    }

    *slot = require;
    require->pos = *pos;

    list.data = value[1].data + 6;
    list.len = value[1].len - 6;

    return civic_auth_require_scopes(cf, require, &list);
}


static char *
civic_auth_require_scopes(ngx_conf_t *cf, civic_auth_require_t *require,
    ngx_str_t *list)
{
    u_char     *p, *last, *comma;
    ngx_str_t  *scope;

    require->scopes = ngx_array_create(cf->pool, 2, sizeof(ngx_str_t));
    if (require->scopes == NULL) {
        return NGX_CONF_ERROR;
    }

    last = list->data + list->len;

    for (p = list->data; p <= last; p = comma + 1) {

        comma = ngx_strlchr(p, last, ',');
        if (comma == NULL) {
            comma = last;
        }

        scope = ngx_array_push(require->scopes);
        if (scope == NULL) {
            return NGX_CONF_ERROR;
        }

        scope->data = p;
        scope->len = comma - p;

        if (!civic_auth_require_valid(scope)) {
            return civic_conf_error(cf, NULL,
                                    "\"%V\" in \"scope=%V\" is not a scope",
                                    scope, list);
        }
    }

    return NGX_CONF_OK;
}


/* scope-token of RFC 6749, which may stand in quotes in a header */

ngx_uint_t
civic_auth_require_valid(const ngx_str_t *scope)
{
    size_t  i;

    for (i = 0; i < scope->len; i++) {

        if (scope->data[i] <= 0x20
            || scope->data[i] >= 0x7f
            || scope->data[i] == '"'
            || scope->data[i] == '\\')
        {
            return 0;
        }
    }

    return scope->len != 0;
}


char *
civic_auth_require_merge(ngx_conf_t *cf, civic_auth_loc_conf_t *prev,
    civic_auth_loc_conf_t *conf)
{
    ngx_uint_t              n;
    ngx_array_t            *all;
    civic_auth_require_t  **slot;

    if (conf->require_off || prev->requires == NULL) {
        return NGX_CONF_OK;
    }

    if (conf->requires == NULL) {
        conf->requires = prev->requires;
        return NGX_CONF_OK;
    }

    n = prev->requires->nelts + conf->requires->nelts;

    all = ngx_array_create(cf->pool, n, sizeof(civic_auth_require_t *));
    if (all == NULL) {
        return NGX_CONF_ERROR;
    }

    slot = ngx_array_push_n(all, n);
    if (slot == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memcpy(slot, prev->requires->elts,
               prev->requires->nelts * sizeof(civic_auth_require_t *));
    ngx_memcpy(slot + prev->requires->nelts, conf->requires->elts,
               conf->requires->nelts * sizeof(civic_auth_require_t *));

    conf->requires = all;

    return NGX_CONF_OK;
}


ngx_int_t
civic_auth_require_check_routes(ngx_conf_t *cf)
{
    ngx_str_t              *scope;
    ngx_uint_t              i, n;
    ngx_array_t            *routes;
    civic_route_t         **route;
    civic_auth_loc_conf_t  *alcf;

    routes = civic_route_all(cf);
    route = routes->elts;

    for (i = 0; i < routes->nelts; i++) {

        if (route[i]->scopes == NULL) {
            continue;
        }

        alcf = route[i]->service->loc_conf[
                                       ngx_http_civic_auth_module.ctx_index];

        if (alcf->policy == NULL || alcf->policy->off) {
            (void) civic_conf_error(cf, &route[i]->pos,
                                    "civic_route has a scope=, but "
                                    "civic_auth is off in its location");
            return NGX_ERROR;
        }

        scope = route[i]->scopes->elts;

        for (n = 0; n < route[i]->scopes->nelts; n++) {

            if (!civic_auth_require_valid(&scope[n])) {
                (void) civic_conf_error(cf, &route[i]->pos,
                                        "\"%V\" in scope= of civic_route is "
                                        "not a scope", &scope[n]);
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


ngx_int_t
civic_auth_authorise(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    ngx_int_t                   rc;
    ngx_str_t                   granted;
    civic_auth_loc_conf_t      *alcf;
    const civic_route_rules_t  *rules;

    alcf = ngx_http_get_module_loc_conf(r, ngx_http_civic_auth_module);

    ngx_str_null(&granted);

    if (ctx->identity != NULL) {
        granted = ctx->identity->scope;
    }

    if (alcf->requires != NULL) {
        rc = civic_auth_require_all(r, ctx, alcf->requires, &granted);

        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    if (!civic_route_arrived(r, ctx)) {
        return NGX_DECLINED;
    }

    rules = ctx->route->rules;

    if (rules != NULL && rules->auth != NULL && rules->auth->requires != NULL)
    {
        return civic_auth_require_all(r, ctx, rules->auth->requires,
                                      &granted);
    }

    if (ctx->route->scopes != NULL
        && !civic_auth_require_any(ctx->route->scopes, &granted))
    {
        return civic_auth_require_refuse(r, ctx, ctx->route->scopes,
                                         &ctx->route->pos);
    }

    return NGX_DECLINED;
}


static ngx_int_t
civic_auth_require_all(ngx_http_request_t *r, civic_ctx_t *ctx,
    const ngx_array_t *requires, const ngx_str_t *granted)
{
    ngx_uint_t              i;
    civic_auth_require_t  **require;

    require = requires->elts;

    for (i = 0; i < requires->nelts; i++) {

        if (!civic_auth_require_any(require[i]->scopes, granted)) {
            return civic_auth_require_refuse(r, ctx, require[i]->scopes,
                                             &require[i]->pos);
        }
    }

    return NGX_DECLINED;
}


static ngx_uint_t
civic_auth_require_any(const ngx_array_t *scopes, const ngx_str_t *granted)
{
    ngx_str_t   *scope;
    ngx_uint_t   i;

    scope = scopes->elts;

    for (i = 0; i < scopes->nelts; i++) {

        if (civic_auth_require_granted(&scope[i], granted)) {
            return 1;
        }
    }

    return 0;
}


/* `granted` is a list separated by single spaces */

static ngx_uint_t
civic_auth_require_granted(const ngx_str_t *scope, const ngx_str_t *granted)
{
    u_char  *p, *last, *space;

    last = granted->data + granted->len;

    for (p = granted->data; p < last; p = space + 1) {

        space = ngx_strlchr(p, last, ' ');
        if (space == NULL) {
            space = last;
        }

        if ((size_t) (space - p) == scope->len
            && ngx_memcmp(p, scope->data, scope->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* somebody unknown is asked who he is, somebody known is told what lacks */

static ngx_int_t
civic_auth_require_refuse(ngx_http_request_t *r, civic_ctx_t *ctx,
    const ngx_array_t *scopes, const civic_pos_t *pos)
{
    size_t       len;
    u_char      *p;
    ngx_str_t   *scope, challenge;
    ngx_uint_t   i;

    static ngx_str_t  head =
                   ngx_string("Bearer error=\"insufficient_scope\", scope=\"");

    if (ctx->identity == NULL) {
        return civic_auth_bearer_ask(r, ctx, pos);
    }

    scope = scopes->elts;
    len = head.len + sizeof("\"") - 1;

    for (i = 0; i < scopes->nelts; i++) {
        len += scope[i].len + 1;
    }

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    challenge.data = p;

    p = ngx_cpymem(p, head.data, head.len);

    for (i = 0; i < scopes->nelts; i++) {

        if (i) {
            *p++ = ' ';
        }

        p = ngx_cpymem(p, scope[i].data, scope[i].len);
    }

    *p++ = '"';

    challenge.len = p - challenge.data;

    if (civic_auth_headers_challenge(r, &challenge) != NGX_OK) {
        return NGX_ERROR;
    }

    return civic_refuse(ctx, CIVIC_SCOPE_DENIED, pos);
}
