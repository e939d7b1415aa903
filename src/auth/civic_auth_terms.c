
/*
 * Copyright (C) Civic Gate
 *
 * What a route that was not in the configuration asks of its callers, in
 * the form in which the lines of a location ask it.  Everything is looked
 * up here, so that a request looks up nothing.
 */


#include "civic_auth_conf.h"
#include "civic_route.h"


static const civic_auth_terms_t *civic_auth_terms_get(ngx_http_request_t *r,
    const civic_ctx_t *ctx);


civic_auth_terms_t *
civic_auth_terms_create(ngx_cycle_t *cycle, const civic_auth_wish_t *wish,
    ngx_pool_t *pool, ngx_str_t *err)
{
    civic_auth_terms_t   *terms;
    civic_auth_policy_t  *policy;
    ngx_http_conf_ctx_t  *ctx;

    ngx_str_null(err);

    ctx = (ngx_http_conf_ctx_t *) ngx_get_conf(cycle->conf_ctx,
                                               ngx_http_module);

    terms = ngx_pcalloc(pool, sizeof(civic_auth_terms_t));
    policy = ngx_pcalloc(pool, sizeof(civic_auth_policy_t));

    if (terms == NULL || policy == NULL) {
        return NULL;
    }

    if (wish->words->nelts != 0) {

        policy->words = (ngx_array_t *) wish->words;
        policy->pos = wish->pos;
        policy->optional = wish->optional;

        if (civic_auth_policy_build(ctx->main_conf, policy, pool, err)
            != NGX_OK)
        {
            return NULL;
        }

        terms->policy = policy;
    }

    if (wish->requires->nelts != 0) {

        if (terms->policy == NULL) {
            ngx_str_set(err, "something is required where nobody is known");
            return NULL;
        }

        terms->require = civic_require_create(wish->requires, &wish->pos,
                                              ctx->main_conf, pool, err);
        if (terms->require == NULL) {
            return NULL;
        }
    }

    return terms;
}


static const civic_auth_terms_t *
civic_auth_terms_get(ngx_http_request_t *r, const civic_ctx_t *ctx)
{
    if (ctx->route == NULL
        || ctx->route->rules == NULL
        || !civic_route_arrived(r, ctx))
    {
        return NULL;
    }

    return ctx->route->rules->auth;
}


const civic_auth_policy_t *
civic_auth_terms_policy(ngx_http_request_t *r, const civic_ctx_t *ctx)
{
    const civic_auth_terms_t  *terms;

    terms = civic_auth_terms_get(r, ctx);

    return terms ? terms->policy : NULL;
}


const civic_require_set_t *
civic_auth_terms_require(ngx_http_request_t *r, const civic_ctx_t *ctx)
{
    const civic_auth_terms_t  *terms;

    terms = civic_auth_terms_get(r, ctx);

    return terms ? terms->require : NULL;
}


ngx_uint_t
civic_auth_off(void **loc_conf)
{
    civic_auth_loc_conf_t  *alcf;

    alcf = loc_conf[ngx_http_civic_auth_module.ctx_index];

    return alcf->policy != NULL && alcf->policy->off;
}


ngx_uint_t
civic_auth_asked(void **loc_conf)
{
    civic_auth_loc_conf_t  *alcf;

    alcf = loc_conf[ngx_http_civic_auth_module.ctx_index];

    return alcf->policy != NULL && !alcf->policy->off;
}


ngx_uint_t
civic_auth_optional(void **loc_conf)
{
    civic_auth_loc_conf_t  *alcf;

    alcf = loc_conf[ngx_http_civic_auth_module.ctx_index];

    return alcf->policy != NULL && alcf->policy->optional;
}
