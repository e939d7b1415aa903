
/*
 * Copyright (C) Civic Gate
 *
 * The directive civic_limit_policy: one policy, complete and countable, or
 * an error.  Where policies hold is none of its business.
 */


#include "civic_conf_block.h"
#include "civic_limit_conf.h"
#include "civic_limit_policy_value.h"


static char *civic_limit_policy_name(ngx_conf_t *cf,
    civic_limit_main_conf_t *lmcf, civic_limit_policy_t *policy);
static char *civic_limit_policy_complete(ngx_conf_t *cf,
    civic_limit_policy_t *policy);


static civic_conf_setter_t  civic_limit_policy_key;
static civic_conf_setter_t  civic_limit_policy_rate;
static civic_conf_setter_t  civic_limit_policy_burst;


static const ngx_conf_enum_t  civic_limit_policy_anonymous[] = {
    { ngx_string("address"), CIVIC_LIMIT_ADDRESS },
    { ngx_string("skip"), CIVIC_LIMIT_SKIP },
    { ngx_string("deny"), CIVIC_LIMIT_DENY },
    { ngx_null_string, 0 }
};


/* for words of the design that no code stands behind yet */

static const char  civic_limit_policy_later[] =
    "it counts by rate= and burst=, in shared memory";


static const civic_conf_word_t  civic_limit_policy_words[] = {

    { "key=", 1, 1, civic_limit_policy_key, 0, NULL, CIVIC_CONF_MANDATORY },

    { "rate=", 1, 1, civic_limit_policy_rate, 0, NULL, CIVIC_CONF_MANDATORY },

    { "burst=", 1, 1, civic_limit_policy_burst, 0, NULL, 0 },

    { "anonymous=", 1, 1, civic_conf_block_choice,
      offsetof(civic_limit_policy_t, anonymous),
      civic_limit_policy_anonymous, 0 },

    { "quota=", 0, 1, civic_conf_block_later, 0, civic_limit_policy_later,
      0 },
    { "concurrency=", 0, 1, civic_conf_block_later, 0,
      civic_limit_policy_later, 0 },
    { "redis=", 0, 1, civic_conf_block_later, 0, civic_limit_policy_later,
      0 },
    { "on_error=", 0, 1, civic_conf_block_later, 0, civic_limit_policy_later,
      0 },
    { "gates=", 0, 1, civic_conf_block_later, 0, civic_limit_policy_later,
      0 },
    { "lease", 0, 0, civic_conf_block_later, 0, civic_limit_policy_later, 0 },

    { NULL, 0, 0, NULL, 0, NULL, 0 }
};


/* civic_limit_policy NAME key=EXPR rate=RATE [burst=N] [anonymous=WORD] */

char *
civic_limit_policy(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_limit_main_conf_t  *lmcf = conf;

    char                   *rv;
    ngx_str_t              *value;
    civic_conf_block_t      block;
    civic_limit_policy_t   *policy, **slot;

    value = cf->args->elts;

    policy = ngx_pcalloc(cf->pool, sizeof(civic_limit_policy_t));
    if (policy == NULL) {
        return NGX_CONF_ERROR;
    }

    policy->name = value[1];
    policy->pos = civic_conf_pos(cf);

    if (policy->pos == NULL) {
        return NGX_CONF_ERROR;
    }

    rv = civic_limit_policy_name(cf, lmcf, policy);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    ngx_memzero(&block, sizeof(civic_conf_block_t));

    block.directive = "civic_limit_policy";
    block.name = &policy->name;
    block.words = civic_limit_policy_words;
    block.conf = policy;

    rv = civic_conf_block_line(cf, &block, 2);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    rv = civic_limit_policy_complete(cf, policy);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    slot = ngx_array_push(&lmcf->policies);
    if (slot == NULL) {
        return NGX_CONF_ERROR;
    }

    *slot = policy;

    return NGX_CONF_OK;
}


civic_limit_policy_t *
civic_limit_policy_find(civic_limit_main_conf_t *lmcf, const ngx_str_t *name)
{
    ngx_uint_t              i;
    civic_limit_policy_t  **policy;

    policy = lmcf->policies.elts;

    for (i = 0; i < lmcf->policies.nelts; i++) {

        if (policy[i]->name.len == name->len
            && ngx_strncmp(policy[i]->name.data, name->data, name->len) == 0)
        {
            return policy[i];
        }
    }

    return NULL;
}


void
civic_limit_policy_warn_unused(ngx_conf_t *cf, civic_limit_main_conf_t *lmcf)
{
    ngx_uint_t              i;
    civic_limit_policy_t  **policy;

    policy = lmcf->policies.elts;

    for (i = 0; i < lmcf->policies.nelts; i++) {

        if (!policy[i]->used) {
            civic_conf_warn(cf, policy[i]->pos,
                            "no civic_limit uses the policy \"%V\"",
                            &policy[i]->name);
        }
    }
}


/* names stand in headers, in quotes: nothing that would need escaping */

static char *
civic_limit_policy_name(ngx_conf_t *cf, civic_limit_main_conf_t *lmcf,
    civic_limit_policy_t *policy)
{
    char                  *rv;
    ngx_str_t             *name;
    civic_limit_policy_t  *other;

    name = &policy->name;

    rv = civic_conf_block_name(cf, "civic_limit_policy", name);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (ngx_strcmp(name->data, "off") == 0
        || ngx_strcmp(name->data, "early") == 0)
    {
        return civic_conf_error(cf, NULL,
                                "\"%V\" cannot name a civic_limit_policy: it "
                                "is a word of civic_limit", name);
    }

    other = civic_limit_policy_find(lmcf, name);

    return other ? civic_conf_block_again(cf, "civic_limit_policy", name,
                                          other->pos)
                 : NGX_CONF_OK;
}


static char *
civic_limit_policy_key(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    civic_limit_policy_t              *policy;
    ngx_http_compile_complex_value_t   ccv;

    policy = block->conf;

    policy->key_text = *value;

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = &policy->key_text;
    ccv.complex_value = &policy->key;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
civic_limit_policy_rate(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    const char            *err;
    civic_limit_policy_t  *policy;

    policy = block->conf;

    if (civic_limit_policy_value_rate(value, &policy->gcra.count,
                                      &policy->gcra.period, &err)
        != NGX_OK)
    {
        return civic_conf_error(cf, NULL,
                                "rate \"%V\" of policy \"%V\" %s",
                                value, &policy->name, err);
    }

    return NGX_CONF_OK;
}


static char *
civic_limit_policy_burst(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    const char            *err;
    civic_limit_policy_t  *policy;

    policy = block->conf;

    if (civic_limit_policy_value_burst(value, &policy->gcra.burst, &err)
        != NGX_OK)
    {
        return civic_conf_error(cf, NULL,
                                "burst \"%V\" of policy \"%V\" %s",
                                value, &policy->name, err);
    }

    return NGX_CONF_OK;
}


static char *
civic_limit_policy_complete(ngx_conf_t *cf, civic_limit_policy_t *policy)
{
    size_t               len;
    u_char              *p;
    civic_limit_gcra_t  *gcra;

    gcra = &policy->gcra;

    if (civic_limit_gcra_init(gcra, gcra->count, gcra->period, gcra->burst)
        != NGX_OK)
    {
        return civic_conf_error(cf, NULL,
                                "burst of policy \"%V\" would take more "
                                "than 100 years at its rate", &policy->name);
    }

    len = sizeof("\"\";q=;w=") - 1 + policy->name.len + 2 * NGX_INT64_LEN;

    p = ngx_pnalloc(cf->pool, len);
    if (p == NULL) {
        return NGX_CONF_ERROR;
    }

    policy->header.data = p;
    policy->header.len = ngx_snprintf(p, len, "\"%V\";q=%uL;w=%uL",
                                      &policy->name, gcra->burst + 1,
                                      civic_limit_gcra_window(gcra))
                         - p;

    return NGX_CONF_OK;
}
