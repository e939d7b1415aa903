
/*
 * Copyright (C) Civic Gate
 *
 * The policies that hold in a location: what it inherits and, behind that,
 * what its own lines add.  A location without lines of its own shares the
 * set of the block around it.
 */


#include "civic_limit_set.h"
#include "civic_require.h"


static char *civic_limit_set_add(ngx_conf_t *cf, civic_limit_set_t *set,
    const civic_limit_set_t *parent, const civic_limit_use_t *use);
static char *civic_limit_set_check_early(ngx_conf_t *cf,
    const civic_limit_use_t *use);
static ngx_uint_t civic_limit_set_mentions(const ngx_str_t *text,
    const ngx_str_t *name);


/* what authentication fills */

static const ngx_str_t  civic_limit_set_identity[] = {
    ngx_string("civic_caller"),
    ngx_string("civic_subject"),
    ngx_string("civic_issuer"),
    ngx_string("civic_app"),
    ngx_string("civic_client"),
    ngx_string("civic_scope"),
    ngx_string("civic_roles"),
    ngx_string("civic_region"),
    ngx_string("civic_level"),
    ngx_string("civic_class"),
    ngx_string("civic_claim_"),
    ngx_string("civic_auth_status"),
    ngx_null_string
};


char *
civic_limit_set_merge(ngx_conf_t *cf, const civic_limit_set_t *parent,
    civic_limit_loc_conf_t *llcf)
{
    char               *rv;
    ngx_uint_t          i;
    civic_limit_use_t  *use;
    civic_limit_set_t  *set;

    if (llcf->merged) {
        return NGX_CONF_OK;
    }

    llcf->merged = 1;

    if (llcf->off) {
        parent = NULL;
    }

    llcf->set = parent;

    if (llcf->lines == NULL) {
        return NGX_CONF_OK;
    }

    set = ngx_pcalloc(cf->pool, sizeof(civic_limit_set_t));
    if (set == NULL) {
        return NGX_CONF_ERROR;
    }

    if (parent != NULL) {
        *set = *parent;
    }

    use = llcf->lines->elts;

    for (i = 0; i < llcf->lines->nelts; i++) {
        rv = civic_limit_set_add(cf, set, parent, &use[i]);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    llcf->set = set;

    return civic_limit_set_header(cf->pool, set) == NGX_OK ? NGX_CONF_OK
                                                           : NGX_CONF_ERROR;
}


static char *
civic_limit_set_add(ngx_conf_t *cf, civic_limit_set_t *set,
    const civic_limit_set_t *parent, const civic_limit_use_t *use)
{
    civic_limit_use_t         new;
    const civic_limit_use_t  *other;
    civic_limit_main_conf_t  *lmcf;

    lmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_civic_limit_module);
    new = *use;
    new.policy = civic_limit_policy_find(lmcf, &use->name);

    if (new.policy == NULL) {
        return civic_conf_error(cf, use->pos,
                                "civic_limit names the policy \"%V\", which "
                                "no civic_limit_policy defines", &use->name);
    }

    other = civic_limit_set_find(set, new.policy);

    if (other != NULL && other->early != new.early) {
        return civic_conf_error(cf, use->pos,
                                "civic_limit cannot change when the policy "
                                "\"%V\" runs (first in %V:%ui)", &use->name,
                                &other->pos->file, other->pos->line);
    }

    if (other != NULL
        && !civic_limit_set_same_classes(other->classes, new.classes))
    {
        return civic_conf_error(cf, use->pos,
                                "civic_limit cannot change whom the policy "
                                "\"%V\" concerns (first in %V:%ui)",
                                &use->name, &other->pos->file,
                                other->pos->line);
    }

    /* said again below where it holds already: the outer line counts */

    if (civic_limit_set_find(parent, new.policy) != NULL) {
        return NGX_CONF_OK;
    }

    if (other != NULL) {
        return civic_conf_error(cf, use->pos,
                                "civic_limit names the policy \"%V\" again "
                                "(first in %V:%ui)", &use->name,
                                &other->pos->file, other->pos->line);
    }

    if (set->n == CIVIC_LIMIT_MAX) {
        return civic_conf_error(cf, use->pos,
                                "more than %d policies would hold in one "
                                "location", CIVIC_LIMIT_MAX);
    }

    if (new.early && civic_limit_set_check_early(cf, &new) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    new.policy->used = 1;

    if (new.early) {
        ngx_memmove(&set->uses[set->nearly + 1], &set->uses[set->nearly],
                    (set->n - set->nearly) * sizeof(civic_limit_use_t));
        set->uses[set->nearly++] = new;

    } else {
        set->uses[set->n] = new;
    }

    set->n++;
    set->classed |= (new.classes != NULL);

    return NGX_CONF_OK;
}


ngx_uint_t
civic_limit_set_same_classes(const ngx_array_t *a, const ngx_array_t *b)
{
    ngx_str_t   *left, *right;
    ngx_uint_t   i;

    if (a == NULL || b == NULL || a->nelts != b->nelts) {
        return a == b;
    }

    left = a->elts;
    right = b->elts;

    for (i = 0; i < a->nelts; i++) {

        if (left[i].len != right[i].len
            || ngx_memcmp(left[i].data, right[i].data, left[i].len) != 0)
        {
            return 0;
        }
    }

    return 1;
}


const civic_limit_use_t *
civic_limit_set_find(const civic_limit_set_t *set,
    const civic_limit_policy_t *policy)
{
    ngx_uint_t  i;

    for (i = 0; set != NULL && i < set->n; i++) {

        if (set->uses[i].policy == policy) {
            return &set->uses[i];
        }
    }

    return NULL;
}


/*
 * Before authentication nobody is anybody: such a key would be empty for
 * everyone.  A key that reaches the identity by way of a map is not found.
 */

static char *
civic_limit_set_check_early(ngx_conf_t *cf, const civic_limit_use_t *use)
{
    ngx_uint_t          i, found;
    const ngx_str_t    *name;
    const ngx_array_t  *claims;

    found = 0;

    for (name = civic_limit_set_identity; name->len; name++) {
        found |= civic_limit_set_mentions(&use->policy->key_text, name);
    }

    claims = civic_require_claims(cf);
    name = claims->elts;

    for (i = 0; i < claims->nelts; i++) {
        found |= civic_limit_set_mentions(&use->policy->key_text, &name[i]);
    }

    if (!found) {
        return NGX_CONF_OK;
    }

    return civic_conf_error(cf, use->pos, "policy \"%V\" cannot be early: its "
                            "key \"%V\" is not known before authentication",
                            &use->name, &use->policy->key_text);
}


/*
 * $NAME or ${NAME; what ends in '_' goes on.  The words of the configuration
 * end with '\0'.
 */

static ngx_uint_t
civic_limit_set_mentions(const ngx_str_t *text, const ngx_str_t *name)
{
    u_char  *p, *last, ch;

    last = text->data + text->len;

    for (p = text->data; p < last; p++) {

        if (*p != '$') {
            continue;
        }

        p += 1 + (p[1] == '{');

        if (ngx_strncasecmp(p, name->data, name->len) != 0) {
            continue;
        }

        ch = ngx_tolower(p[name->len]);

        if (name->data[name->len - 1] == '_'
            || !((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9')
                 || ch == '_'))
        {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
civic_limit_set_header(ngx_pool_t *pool, civic_limit_set_t *set)
{
    size_t       len;
    u_char      *p;
    ngx_uint_t   i;

    len = 0;

    for (i = 0; i < set->n; i++) {
        len += set->uses[i].policy->header.len + 2;
    }

    p = ngx_pnalloc(pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    set->header.data = p;

    for (i = 0; i < set->n; i++) {

        if (i) {
            *p++ = ',';
            *p++ = ' ';
        }

        p = ngx_cpymem(p, set->uses[i].policy->header.data,
                       set->uses[i].policy->header.len);
    }

    set->header.len = p - set->header.data;

    return NGX_OK;
}
