
/*
 * Copyright (C) Civic Gate
 *
 * The directive civic_limit_policy: one policy, complete and countable, or
 * an error.  Where policies hold is none of its business.
 */


#include "civic_limit_conf.h"
#include "civic_limit_policy_value.h"


#define CIVIC_LIMIT_MAX_NAME  64


typedef char *(*civic_limit_policy_set_pt)(ngx_conf_t *cf,
    civic_limit_policy_t *policy, ngx_str_t *value);


static char *civic_limit_policy_name(ngx_conf_t *cf,
    civic_limit_main_conf_t *lmcf, civic_limit_policy_t *policy);
static char *civic_limit_policy_parameter(ngx_conf_t *cf,
    civic_limit_policy_t *policy, ngx_str_t *text, ngx_uint_t *seen);
static char *civic_limit_policy_key(ngx_conf_t *cf,
    civic_limit_policy_t *policy, ngx_str_t *value);
static char *civic_limit_policy_rate(ngx_conf_t *cf,
    civic_limit_policy_t *policy, ngx_str_t *value);
static char *civic_limit_policy_burst(ngx_conf_t *cf,
    civic_limit_policy_t *policy, ngx_str_t *value);
static char *civic_limit_policy_anonymous(ngx_conf_t *cf,
    civic_limit_policy_t *policy, ngx_str_t *value);
static ngx_uint_t civic_limit_policy_is_later(ngx_str_t *text);
static char *civic_limit_policy_complete(ngx_conf_t *cf,
    civic_limit_policy_t *policy);


static const struct {
    ngx_str_t                  name;
    civic_limit_policy_set_pt  set;
} civic_limit_policy_parameters[] = {
    { ngx_string("key="), civic_limit_policy_key },
    { ngx_string("rate="), civic_limit_policy_rate },
    { ngx_string("burst="), civic_limit_policy_burst },
    { ngx_string("anonymous="), civic_limit_policy_anonymous },
    { ngx_null_string, NULL }
};


/* words of the design that no code stands behind yet */

static const ngx_str_t  civic_limit_policy_later[] = {
    ngx_string("quota="),
    ngx_string("concurrency="),
    ngx_string("redis="),
    ngx_string("on_error="),
    ngx_string("gates="),
    ngx_string("lease"),
    ngx_null_string
};


/* in the order of civic_limit_anonymous_e */

static const ngx_str_t  civic_limit_policy_anonymous_words[] = {
    ngx_string("address"),
    ngx_string("skip"),
    ngx_string("deny"),
    ngx_null_string
};


/* civic_limit_policy NAME key=EXPR rate=RATE [burst=N] [anonymous=WORD] */

char *
civic_limit_policy(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_limit_main_conf_t  *lmcf = conf;

    char                   *rv;
    ngx_str_t              *value;
    ngx_uint_t              i, seen;
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

    seen = 0;

    for (i = 2; i < cf->args->nelts; i++) {
        rv = civic_limit_policy_parameter(cf, policy, &value[i], &seen);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
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
    u_char                 c;
    ngx_str_t             *name;
    ngx_uint_t             i;
    civic_limit_policy_t  *other;

    name = &policy->name;

    for (i = 0; i < name->len; i++) {
        c = name->data[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z')
            && !(c >= '0' && c <= '9') && c != '_' && c != '-')
        {
            break;
        }
    }

    if (i != name->len || i == 0 || i > CIVIC_LIMIT_MAX_NAME) {
        return civic_conf_error(cf, NULL,
                                "\"%V\" cannot name a policy: write at most "
                                "%d letters, digits, \"_\" and \"-\"",
                                name, CIVIC_LIMIT_MAX_NAME);
    }

    if (ngx_strcmp(name->data, "off") == 0
        || ngx_strcmp(name->data, "early") == 0)
    {
        return civic_conf_error(cf, NULL,
                                "\"%V\" cannot name a policy: it is a word "
                                "of civic_limit", name);
    }

    other = civic_limit_policy_find(lmcf, name);

    if (other != NULL) {
        return civic_conf_error(cf, NULL,
                                "policy \"%V\" is already defined in %V:%ui",
                                name, &other->pos->file, other->pos->line);
    }

    return NGX_CONF_OK;
}


static char *
civic_limit_policy_parameter(ngx_conf_t *cf, civic_limit_policy_t *policy,
    ngx_str_t *text, ngx_uint_t *seen)
{
    ngx_str_t         value;
    ngx_uint_t        i;
    const ngx_str_t  *name;

    for (i = 0; civic_limit_policy_parameters[i].set; i++) {
        name = &civic_limit_policy_parameters[i].name;

        if (ngx_strncmp(text->data, name->data, name->len) != 0) {
            continue;
        }

        if (*seen & ((ngx_uint_t) 1 << i)) {
            return civic_conf_error(cf, NULL, "policy \"%V\" has more than "
                                    "one \"%V\"", &policy->name, name);
        }

        *seen |= (ngx_uint_t) 1 << i;

        value.data = text->data + name->len;
        value.len = text->len - name->len;

        return civic_limit_policy_parameters[i].set(cf, policy, &value);
    }

    if (civic_limit_policy_is_later(text)) {
        return civic_conf_error(cf, NULL,
                                "this version does not know \"%V\" of "
                                "civic_limit_policy yet; it counts by rate= "
                                "and burst=, in shared memory", text);
    }

    return civic_conf_error(cf, NULL,
                            "unknown parameter \"%V\" of civic_limit_policy; "
                            "it knows key=, rate=, burst= and anonymous=",
                            text);
}


static char *
civic_limit_policy_key(ngx_conf_t *cf, civic_limit_policy_t *policy,
    ngx_str_t *value)
{
    ngx_http_compile_complex_value_t  ccv;

    if (value->len == 0) {
        return civic_conf_error(cf, NULL, "key= of policy \"%V\" is empty",
                                &policy->name);
    }

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
civic_limit_policy_rate(ngx_conf_t *cf, civic_limit_policy_t *policy,
    ngx_str_t *value)
{
    const char  *err;

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
civic_limit_policy_burst(ngx_conf_t *cf, civic_limit_policy_t *policy,
    ngx_str_t *value)
{
    const char  *err;

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
civic_limit_policy_anonymous(ngx_conf_t *cf, civic_limit_policy_t *policy,
    ngx_str_t *value)
{
    ngx_uint_t        i;
    const ngx_str_t  *word;

    for (i = 0; civic_limit_policy_anonymous_words[i].len; i++) {
        word = &civic_limit_policy_anonymous_words[i];

        if (word->len == value->len
            && ngx_strncmp(word->data, value->data, word->len) == 0)
        {
            policy->anonymous = i;
            return NGX_CONF_OK;
        }
    }

    return civic_conf_error(cf, NULL,
                            "anonymous \"%V\" of policy \"%V\" is not "
                            "address, skip or deny", value, &policy->name);
}


static ngx_uint_t
civic_limit_policy_is_later(ngx_str_t *text)
{
    const ngx_str_t  *word;

    for (word = civic_limit_policy_later; word->len; word++) {

        if (ngx_strncmp(text->data, word->data, word->len) == 0) {
            return 1;
        }
    }

    return 0;
}


static char *
civic_limit_policy_complete(ngx_conf_t *cf, civic_limit_policy_t *policy)
{
    size_t               len;
    u_char              *p;
    civic_limit_gcra_t  *gcra;

    gcra = &policy->gcra;

    if (policy->key_text.len == 0) {
        return civic_conf_error(cf, NULL, "policy \"%V\" has no key=",
                                &policy->name);
    }

    if (gcra->count == 0) {
        return civic_conf_error(cf, NULL, "policy \"%V\" has no rate=",
                                &policy->name);
    }

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
