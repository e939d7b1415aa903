
/*
 * Copyright (C) Civic Gate
 *
 * The civic_auth line: whose tokens a location takes.  An issuer may be
 * defined after the line that names it, so names are looked up when the
 * http block has been read.
 */


#include "civic_auth_conf.h"


static char *civic_auth_policy_word(ngx_conf_t *cf,
    civic_auth_policy_t *policy, ngx_str_t *word);
static char *civic_auth_policy_find(ngx_conf_t *cf,
    civic_auth_main_conf_t *amcf, civic_auth_policy_t *policy,
    ngx_str_t *name);


/* civic_auth ISSUER ... | optional ISSUER ... | off */

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

    policy->names = ngx_array_create(cf->pool, 2, sizeof(ngx_str_t));
    policy->issuers = ngx_array_create(cf->pool, 2,
                                       sizeof(civic_auth_issuer_t *));

    if (policy->names == NULL || policy->issuers == NULL) {
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
        return civic_conf_error(cf, NULL,
                                "civic_auth off stands alone");
    }

    if (!policy->off && policy->names->nelts == 0) {
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

    if (ngx_strlchr(word->data, word->data + word->len, ':')
        || ngx_strlchr(word->data, word->data + word->len, '+'))
    {
        return civic_conf_error(cf, NULL,
                                "civic_auth \"%V\": this version knows only "
                                "names of issuers, \"optional\" and \"off\"",
                                word);
    }

    name = policy->names->elts;

    for (i = 0; i < policy->names->nelts; i++) {

        if (ngx_strcmp(name[i].data, word->data) == 0) {
            return civic_conf_error(cf, NULL,
                                    "civic_auth names issuer \"%V\" twice",
                                    word);
        }
    }

    name = ngx_array_push(policy->names);
    if (name == NULL) {
        return NGX_CONF_ERROR;
    }

    *name = *word;

    return NGX_CONF_OK;
}


char *
civic_auth_policy_resolve(ngx_conf_t *cf, civic_auth_main_conf_t *amcf)
{
    char                  *rv;
    ngx_str_t             *name;
    ngx_uint_t             i, n;
    civic_auth_policy_t  **policy;

    policy = amcf->policies->elts;

    for (i = 0; i < amcf->policies->nelts; i++) {

        name = policy[i]->names->elts;

        for (n = 0; n < policy[i]->names->nelts; n++) {

            rv = civic_auth_policy_find(cf, amcf, policy[i], &name[n]);
            if (rv != NGX_CONF_OK) {
                return rv;
            }
        }
    }

    return NGX_CONF_OK;
}


static char *
civic_auth_policy_find(ngx_conf_t *cf, civic_auth_main_conf_t *amcf,
    civic_auth_policy_t *policy, ngx_str_t *name)
{
    ngx_uint_t             i;
    civic_auth_issuer_t  **issuer, **slot;

    issuer = amcf->issuers->elts;

    for (i = 0; i < amcf->issuers->nelts; i++) {

        if (issuer[i]->name.len != name->len
            || ngx_strncmp(issuer[i]->name.data, name->data, name->len) != 0)
        {
            continue;
        }

        slot = ngx_array_push(policy->issuers);
        if (slot == NULL) {
            return NGX_CONF_ERROR;
        }

        *slot = issuer[i];

        return NGX_CONF_OK;
    }

    return civic_conf_error(cf, &policy->pos,
                            "civic_auth names an unknown issuer \"%V\"",
                            name);
}
