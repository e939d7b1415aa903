
/*
 * Copyright (C) Civic Gate
 *
 * What lines name is looked up when everything that can be named is read: a
 * rule about a parameter that no route has would refuse everybody, and so
 * would an issuer that is none.
 */


#include "civic_require_conf.h"
#include "civic_issuer.h"
#include "civic_route.h"


static ngx_int_t civic_require_place_check(ngx_conf_t *cf,
    const civic_require_place_t *place);
static const ngx_str_t *civic_require_place_lacks(ngx_conf_t *cf,
    const civic_require_place_t *place, const civic_require_rule_t *rule);
static ngx_uint_t civic_require_place_mounted(ngx_conf_t *cf,
    void **loc_conf);
static ngx_int_t civic_require_place_route(ngx_conf_t *cf,
    civic_route_t *route);


ngx_int_t
civic_require_places_check(ngx_conf_t *cf)
{
    ngx_uint_t                  i;
    ngx_array_t                *routes;
    civic_route_t             **route;
    civic_require_place_t      *place;
    civic_require_main_conf_t  *rmcf;

    rmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_civic_require_module);
    place = rmcf->places.elts;

    for (i = 0; i < rmcf->places.nelts; i++) {

        if (civic_require_place_check(cf, &place[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    routes = civic_route_all(cf);
    route = routes->elts;

    for (i = 0; i < routes->nelts; i++) {

        if (route[i]->scopes != NULL
            && civic_require_place_route(cf, route[i]) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_require_place_check(ngx_conf_t *cf, const civic_require_place_t *place)
{
    ngx_uint_t              i;
    const ngx_str_t        *name;
    ngx_http_conf_ctx_t    *ctx;
    civic_require_rule_t  **rule;

    ctx = cf->ctx;
    rule = place->set->rules.elts;

    for (i = 0; i < place->set->rules.nelts; i++) {

        name = civic_require_rule_unknown(rule[i], ctx->main_conf);

        if (name != NULL) {
            (void) civic_conf_error(cf, &rule[i]->pos, "civic_require names "
                                    "the issuer \"%V\", which no "
                                    "civic_issuer defines", name);
            return NGX_ERROR;
        }

        name = civic_require_place_lacks(cf, place, rule[i]);

        if (name != NULL) {
            (void) civic_conf_error(cf, &rule[i]->pos, "civic_require reads "
                                    "param.%V, which no route of location "
                                    "\"%V\" has", name, &place->name);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


const ngx_str_t *
civic_require_rule_unknown(const civic_require_rule_t *rule, void **main_conf)
{
    ngx_str_t   *name;
    ngx_uint_t   i;

    if (rule->what != CIVIC_REQUIRE_ISSUER) {
        return NULL;
    }

    name = rule->values->elts;

    for (i = 0; i < rule->values->nelts; i++) {

        if (civic_issuer_find(main_conf, &name[i]) == NULL) {
            return &name[i];
        }
    }

    return NULL;
}


static const ngx_str_t *
civic_require_place_lacks(ngx_conf_t *cf, const civic_require_place_t *place,
    const civic_require_rule_t *rule)
{
    ngx_uint_t         i;
    ngx_array_t       *routes;
    civic_route_t    **route;
    const ngx_str_t   *name;

    name = civic_require_rule_lacks(rule, NULL, 0);

    if (name == NULL || civic_require_place_mounted(cf, place->loc_conf)) {
        return NULL;
    }

    routes = civic_route_all(cf);
    route = routes->elts;

    for (i = 0; i < routes->nelts; i++) {

        if (route[i]->service->loc_conf == place->loc_conf
            && civic_require_rule_lacks(rule, route[i]->params,
                                        route[i]->nparams)
               == NULL)
        {
            return NULL;
        }
    }

    return name;
}


/* a service without lines of its own has the routes of plugins */

static ngx_uint_t
civic_require_place_mounted(ngx_conf_t *cf, void **loc_conf)
{
    ngx_uint_t         i;
    ngx_array_t       *list;
    civic_route_t    **route;
    civic_service_t  **service;

    list = civic_route_all(cf);
    route = list->elts;

    for (i = 0; i < list->nelts; i++) {

        if (route[i]->service->loc_conf == loc_conf) {
            return 0;
        }
    }

    list = civic_route_services(cf);
    service = list->elts;

    for (i = 0; i < list->nelts; i++) {

        if (service[i]->loc_conf == loc_conf) {
            return 1;
        }
    }

    return 0;
}


/* do the scopes of a route stand where somebody is authenticated? */

static ngx_int_t
civic_require_place_route(ngx_conf_t *cf, civic_route_t *route)
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

        if (!civic_require_rule_scope(&scope[n])) {
            (void) civic_conf_error(cf, &route->pos,
                                    "\"%V\" in scope= of civic_route is not "
                                    "a scope", &scope[n]);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}
