
/*
 * Copyright (C) Civic Gate
 *
 * The policies of a route that was not in the configuration: those of its
 * location and behind them its own, which run late.
 */


#include "civic_error.h"
#include "civic_limit_set.h"


static ngx_int_t civic_limit_rules_add(civic_limit_main_conf_t *lmcf,
    civic_limit_set_t *set, const ngx_str_t *name, const civic_pos_t *pos,
    ngx_pool_t *pool, ngx_str_t *err);


const civic_limit_set_t *
civic_limit_rules_create(ngx_cycle_t *cycle, void **loc_conf,
    const ngx_array_t *names, const civic_pos_t *pos, ngx_pool_t *pool,
    ngx_str_t *err)
{
    ngx_str_t                *name;
    ngx_uint_t                i;
    civic_limit_set_t        *set;
    civic_limit_loc_conf_t   *llcf;
    civic_limit_main_conf_t  *lmcf;

    ngx_str_null(err);

    lmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_civic_limit_module);
    llcf = loc_conf[ngx_http_civic_limit_module.ctx_index];

    set = ngx_pcalloc(pool, sizeof(civic_limit_set_t));
    if (set == NULL) {
        return NULL;
    }

    if (llcf->set != NULL) {
        *set = *llcf->set;
    }

    name = names->elts;

    for (i = 0; i < names->nelts; i++) {

        if (civic_limit_rules_add(lmcf, set, &name[i], pos, pool, err)
            != NGX_OK)
        {
            return NULL;
        }
    }

    if (civic_limit_set_header(pool, set) != NGX_OK) {
        return NULL;
    }

    return set;
}


static ngx_int_t
civic_limit_rules_add(civic_limit_main_conf_t *lmcf, civic_limit_set_t *set,
    const ngx_str_t *name, const civic_pos_t *pos, ngx_pool_t *pool,
    ngx_str_t *err)
{
    civic_limit_use_t        *use;
    civic_limit_policy_t     *policy;
    const civic_limit_use_t  *other;

    policy = civic_limit_policy_find(lmcf, name);

    if (policy == NULL) {
        return civic_error_write(pool, err, "no civic_limit_policy is named "
                                 "\"%V\"", name);
    }

    /* said again where it holds already: the outer line counts */

    other = civic_limit_set_find(set, policy);

    if (other != NULL && other->classes != NULL) {
        return civic_error_write(pool, err, "\"%V\" is there for some "
                                 "classes of callers only", name);
    }

    if (other != NULL) {
        return NGX_OK;
    }

    if (set->n == CIVIC_LIMIT_MAX) {
        return civic_error_write(pool, err, "\"%V\" would be one policy too "
                                 "many", name);
    }

    use = &set->uses[set->n++];

    use->name = policy->name;
    use->early = 0;
    use->classes = NULL;
    use->pos = pos;
    use->policy = policy;

    return NGX_OK;
}


void
civic_limit_rules_expect(ngx_conf_t *cf)
{
    civic_limit_main_conf_t  *lmcf;

    lmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_civic_limit_module);
    lmcf->ruled = 1;
}
