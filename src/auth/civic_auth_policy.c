
/*
 * Copyright (C) Civic Gate
 *
 * The civic_auth line: whose credentials a location takes.  What it names
 * may be defined after it, so names are looked up when the http block has
 * been read; those of plugins' routes, which come and go, in the same way.
 */


#include "civic_auth_conf.h"
#include "civic_error.h"


static char *civic_auth_policy_word(ngx_conf_t *cf,
    civic_auth_policy_t *policy, ngx_str_t *word);
static ngx_int_t civic_auth_policy_choice(void **main_conf,
    civic_auth_policy_t *policy, const ngx_str_t *word, ngx_pool_t *pool,
    ngx_str_t *err);
static ngx_int_t civic_auth_policy_term(void **main_conf,
    civic_auth_policy_t *policy, civic_auth_choice_t *choice,
    const ngx_str_t *word, ngx_pool_t *pool, ngx_str_t *err);
static ngx_int_t civic_auth_policy_object(civic_auth_policy_t *policy,
    ngx_uint_t method, void *object, ngx_pool_t *pool, ngx_uint_t *n);


/* civic_auth [optional] WORD[+WORD] ... | off */

char *
civic_auth_policy_slot(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_auth_loc_conf_t  *alcf = conf;

    char                     *rv;
    ngx_str_t                *value;
    ngx_uint_t                i;
    civic_pos_t              *pos;
    civic_auth_policy_t      *policy, **slot;
    civic_auth_main_conf_t   *amcf;

    if (alcf->policy != NULL) {
        return "is duplicate";
    }

    civic_activate(cf);

    amcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_civic_auth_module);

    policy = ngx_pcalloc(cf->pool, sizeof(civic_auth_policy_t));
    slot = ngx_array_push(amcf->policies);
    pos = civic_conf_pos(cf);

    if (policy == NULL || slot == NULL || pos == NULL) {
        return NGX_CONF_ERROR;
    }

    *slot = policy;
    policy->pos = *pos;

    policy->words = ngx_array_create(cf->pool, 2, sizeof(ngx_str_t));
    if (policy->words == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        rv = civic_auth_policy_word(cf, policy, &value[i]);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    if (policy->off && cf->args->nelts > 2) {
        return civic_conf_error(cf, NULL, "civic_auth off stands alone");
    }

    if (!policy->off && policy->words->nelts == 0) {
        return civic_conf_error(cf, NULL,
                                "civic_auth optional names no issuer");
    }

    alcf->policy = policy;

    return NGX_CONF_OK;
}


static char *
civic_auth_policy_word(ngx_conf_t *cf, civic_auth_policy_t *policy,
    ngx_str_t *word)
{
    ngx_str_t   *name;
    ngx_uint_t   i;

    if (ngx_strcmp(word->data, "off") == 0) {
        policy->off = 1;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(word->data, "optional") == 0) {

        if (policy->optional) {
            return civic_conf_error(cf, NULL,
                                    "civic_auth says \"optional\" twice");
        }

        policy->optional = 1;
        return NGX_CONF_OK;
    }

    name = policy->words->elts;

    for (i = 0; i < policy->words->nelts; i++) {

        if (ngx_strcmp(name[i].data, word->data) == 0) {
            return civic_conf_error(cf, NULL, "civic_auth names \"%V\" twice",
                                    word);
        }
    }

    name = ngx_array_push(policy->words);
    if (name == NULL) {
        return NGX_CONF_ERROR;
    }

    *name = *word;

    return NGX_CONF_OK;
}


char *
civic_auth_policy_resolve(ngx_conf_t *cf, civic_auth_main_conf_t *amcf)
{
    ngx_str_t              err;
    ngx_uint_t             i;
    ngx_http_conf_ctx_t   *ctx;
    civic_auth_policy_t  **policy;

    ctx = cf->ctx;
    policy = amcf->policies->elts;

    for (i = 0; i < amcf->policies->nelts; i++) {

        if (policy[i]->off) {
            continue;
        }

        if (civic_auth_policy_build(ctx->main_conf, policy[i], cf->pool, &err)
            == NGX_OK)
        {
            continue;
        }

        return err.len ? civic_conf_error(cf, &policy[i]->pos,
                                          "civic_auth %V", &err)
                       : NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


ngx_int_t
civic_auth_policy_build(void **main_conf, civic_auth_policy_t *policy,
    ngx_pool_t *pool, ngx_str_t *err)
{
    ngx_str_t   *word;
    ngx_uint_t   i;

    ngx_str_null(err);

    policy->groups = ngx_array_create(pool, 2, sizeof(civic_auth_group_t));
    policy->choices = ngx_array_create(pool, policy->words->nelts,
                                       sizeof(civic_auth_choice_t));

    if (policy->groups == NULL || policy->choices == NULL) {
        return NGX_ERROR;
    }

    word = policy->words->elts;

    for (i = 0; i < policy->words->nelts; i++) {

        if (civic_auth_policy_choice(main_conf, policy, &word[i], pool, err)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_auth_policy_choice(void **main_conf, civic_auth_policy_t *policy,
    const ngx_str_t *word, ngx_pool_t *pool, ngx_str_t *err)
{
    u_char               *p, *last, *plus;
    ngx_str_t             term;
    civic_auth_choice_t  *choice;

    choice = ngx_array_push(policy->choices);
    if (choice == NULL) {
        return NGX_ERROR;
    }

    choice->n = 0;
    last = word->data + word->len;

    for (p = word->data; p <= last; p = plus + 1) {

        plus = ngx_strlchr(p, last, '+');
        if (plus == NULL) {
            plus = last;
        }

        term.data = p;
        term.len = plus - p;

        if (civic_auth_policy_term(main_conf, policy, choice, &term, pool,
                                   err)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_auth_policy_term(void **main_conf, civic_auth_policy_t *policy,
    civic_auth_choice_t *choice, const ngx_str_t *word, ngx_pool_t *pool,
    ngx_str_t *err)
{
    void                *object;
    ngx_uint_t           i, n, method;
    civic_auth_group_t  *group;

    object = NULL;

    for (method = 0; method < CIVIC_AUTH_METHODS; method++) {

        object = civic_auth_methods[method]->find(main_conf, word);
        if (object != NULL) {
            break;
        }
    }

    if (object == NULL) {
        return civic_error_write(pool, err, "names an unknown issuer \"%V\"",
                                 word);
    }

    if (civic_auth_policy_object(policy, method, object, pool, &n) != NGX_OK)
    {
        return NGX_ERROR;
    }

    group = policy->groups->elts;

    for (i = 0; i < choice->n; i++) {

        if (group[choice->terms[i].group].method == method) {
            return civic_error_write(pool, err, "asks for \"%V\" and "
                                     "another of its kind at once, of which "
                                     "a request has one", word);
        }
    }

    choice->terms[choice->n].group = n;
    choice->terms[choice->n].object = object;
    choice->n++;

    return NGX_OK;
}


static ngx_int_t
civic_auth_policy_object(civic_auth_policy_t *policy, ngx_uint_t method,
    void *object, ngx_pool_t *pool, ngx_uint_t *n)
{
    void                **slot;
    ngx_uint_t            i;
    civic_auth_group_t   *group;

    group = policy->groups->elts;

    for (*n = 0; *n < policy->groups->nelts; (*n)++) {

        if (group[*n].method == method) {
            break;
        }
    }

    if (*n == policy->groups->nelts) {

        group = ngx_array_push(policy->groups);
        if (group == NULL) {
            return NGX_ERROR;
        }

        group->method = method;

        if (ngx_array_init(&group->objects, pool, 2, sizeof(void *))
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        group = policy->groups->elts;
    }

    slot = group[*n].objects.elts;

    for (i = 0; i < group[*n].objects.nelts; i++) {

        if (slot[i] == object) {
            return NGX_OK;
        }
    }

    slot = ngx_array_push(&group[*n].objects);
    if (slot == NULL) {
        return NGX_ERROR;
    }

    *slot = object;

    return NGX_OK;
}


const civic_auth_policy_t *
civic_auth_policy_get(ngx_http_request_t *r, const civic_ctx_t *ctx)
{
    civic_auth_loc_conf_t  *alcf;

    alcf = ngx_http_get_module_loc_conf(r, ngx_http_civic_auth_module);

    if (alcf->policy != NULL && !alcf->policy->off) {
        return alcf->policy;
    }

    return civic_auth_terms_policy(r, ctx);
}


ngx_uint_t
civic_auth_policy_names(const civic_auth_policy_t *policy,
    civic_auth_method_e method)
{
    ngx_uint_t           i;
    civic_auth_group_t  *group;

    if (policy == NULL || policy->off) {
        return 0;
    }

    group = policy->groups->elts;

    for (i = 0; i < policy->groups->nelts; i++) {

        if (group[i].method == method) {
            return 1;
        }
    }

    return 0;
}
