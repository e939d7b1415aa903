
/*
 * Copyright (C) Civic Gate
 *
 * What a route that was not in the configuration asks of its callers, in
 * the form in which the lines of a location ask it.  Everything is looked
 * up here, so that a request looks up nothing.
 */


#include "civic_auth_conf.h"
#include "civic_route.h"


static ngx_int_t civic_auth_terms_issuers(civic_auth_main_conf_t *amcf,
    const civic_auth_wish_t *wish, civic_auth_policy_t *policy,
    ngx_pool_t *pool, ngx_str_t *err);
static civic_auth_issuer_t *civic_auth_terms_issuer(
    civic_auth_main_conf_t *amcf, const ngx_str_t *name);
static ngx_int_t civic_auth_terms_requires(const civic_auth_wish_t *wish,
    civic_auth_terms_t *terms, ngx_pool_t *pool, ngx_str_t *err);
static ngx_int_t civic_auth_terms_scopes(const ngx_str_t *text,
    ngx_array_t *scopes, ngx_pool_t *pool, ngx_str_t *err);
static ngx_int_t civic_auth_terms_error(ngx_pool_t *pool, ngx_str_t *err,
    const char *fmt, const ngx_str_t *word);


civic_auth_terms_t *
civic_auth_terms_create(ngx_cycle_t *cycle, const civic_auth_wish_t *wish,
    ngx_pool_t *pool, ngx_str_t *err)
{
    civic_auth_terms_t      *terms;
    civic_auth_policy_t     *policy;
    civic_auth_main_conf_t  *amcf;

    ngx_str_null(err);

    amcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_civic_auth_module);

    terms = ngx_pcalloc(pool, sizeof(civic_auth_terms_t));
    policy = ngx_pcalloc(pool, sizeof(civic_auth_policy_t));

    if (terms == NULL || policy == NULL) {
        return NULL;
    }

    if (wish->issuers->nelts != 0) {

        if (civic_auth_terms_issuers(amcf, wish, policy, pool, err) != NGX_OK)
        {
            return NULL;
        }

        terms->policy = policy;

    } else if (wish->requires->nelts != 0) {
        (void) civic_auth_terms_error(pool, err, "\"%V\" is required where "
                                      "nobody is known", wish->requires->elts);
        return NULL;
    }

    if (civic_auth_terms_requires(wish, terms, pool, err) != NGX_OK) {
        return NULL;
    }

    return terms;
}


static ngx_int_t
civic_auth_terms_issuers(civic_auth_main_conf_t *amcf,
    const civic_auth_wish_t *wish, civic_auth_policy_t *policy,
    ngx_pool_t *pool, ngx_str_t *err)
{
    ngx_str_t             *name;
    ngx_uint_t             i;
    civic_auth_issuer_t  **issuer;

    policy->pos = wish->pos;
    policy->optional = wish->optional;
    policy->issuers = ngx_array_create(pool, wish->issuers->nelts,
                                       sizeof(civic_auth_issuer_t *));
    if (policy->issuers == NULL) {
        return NGX_ERROR;
    }

    name = wish->issuers->elts;

    for (i = 0; i < wish->issuers->nelts; i++) {

        issuer = ngx_array_push(policy->issuers);
        if (issuer == NULL) {
            return NGX_ERROR;
        }

        *issuer = civic_auth_terms_issuer(amcf, &name[i]);

        if (*issuer == NULL) {
            return civic_auth_terms_error(pool, err, "no civic_issuer is "
                                          "named \"%V\"", &name[i]);
        }
    }

    return NGX_OK;
}


static civic_auth_issuer_t *
civic_auth_terms_issuer(civic_auth_main_conf_t *amcf, const ngx_str_t *name)
{
    ngx_uint_t             i;
    civic_auth_issuer_t  **issuer;

    issuer = amcf->issuers->elts;

    for (i = 0; i < amcf->issuers->nelts; i++) {

        if (issuer[i]->name.len == name->len
            && ngx_memcmp(issuer[i]->name.data, name->data, name->len) == 0)
        {
            return issuer[i];
        }
    }

    return NULL;
}


static ngx_int_t
civic_auth_terms_requires(const civic_auth_wish_t *wish,
    civic_auth_terms_t *terms, ngx_pool_t *pool, ngx_str_t *err)
{
    ngx_str_t              *text;
    ngx_uint_t              i;
    civic_auth_require_t   *require, **slot;

    if (wish->requires->nelts == 0) {
        return NGX_OK;
    }

    terms->requires = ngx_array_create(pool, wish->requires->nelts,
                                       sizeof(civic_auth_require_t *));
    if (terms->requires == NULL) {
        return NGX_ERROR;
    }

    text = wish->requires->elts;

    for (i = 0; i < wish->requires->nelts; i++) {

        require = ngx_pcalloc(pool, sizeof(civic_auth_require_t));
        slot = ngx_array_push(terms->requires);

        if (require == NULL || slot == NULL) {
            return NGX_ERROR;
        }

        *slot = require;

        require->pos = wish->pos;
        require->scopes = ngx_array_create(pool, 2, sizeof(ngx_str_t));

        if (require->scopes == NULL) {
            return NGX_ERROR;
        }

        if (civic_auth_terms_scopes(&text[i], require->scopes, pool, err)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* "scope=a,b" */

static ngx_int_t
civic_auth_terms_scopes(const ngx_str_t *text, ngx_array_t *scopes,
    ngx_pool_t *pool, ngx_str_t *err)
{
    u_char     *p, *last, *comma;
    ngx_str_t  *scope;

    static const ngx_str_t  word = ngx_string("scope=");

    if (text->len < word.len
        || ngx_memcmp(text->data, word.data, word.len) != 0)
    {
        return civic_auth_terms_error(pool, err, "\"%V\" is not "
                                      "scope=SCOPE,...: this version knows "
                                      "no other requirement", text);
    }

    last = text->data + text->len;

    for (p = text->data + word.len; p <= last; p = comma + 1) {

        comma = ngx_strlchr(p, last, ',');
        if (comma == NULL) {
            comma = last;
        }

        scope = ngx_array_push(scopes);
        if (scope == NULL) {
            return NGX_ERROR;
        }

        scope->data = p;
        scope->len = comma - p;

        if (!civic_auth_require_valid(scope)) {
            return civic_auth_terms_error(pool, err, "\"%V\" names no valid "
                                          "scope", text);
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_auth_terms_error(ngx_pool_t *pool, ngx_str_t *err, const char *fmt,
    const ngx_str_t *word)
{
    size_t  len;

    len = ngx_strlen(fmt) + word->len;

    err->data = ngx_pnalloc(pool, len);

    if (err->data != NULL) {
        err->len = ngx_snprintf(err->data, len, fmt, word) - err->data;
    }

    return NGX_ERROR;
}


const civic_auth_policy_t *
civic_auth_terms_policy(ngx_http_request_t *r, const civic_ctx_t *ctx)
{
    if (ctx->route == NULL
        || ctx->route->rules == NULL
        || ctx->route->rules->auth == NULL
        || !civic_route_arrived(r, ctx))
    {
        return NULL;
    }

    return ctx->route->rules->auth->policy;
}


ngx_uint_t
civic_auth_off(void **loc_conf)
{
    civic_auth_loc_conf_t  *alcf;

    alcf = loc_conf[ngx_http_civic_auth_module.ctx_index];

    return alcf->policy != NULL && alcf->policy->off;
}
