
/*
 * Copyright (C) Civic Gate
 *
 * What a department is allowed: the word `allow` of its block, and what the
 * block names, found once everything is read.
 */


#include "civic_conf_list.h"
#include "civic_plugin_conf.h"


static char *civic_plugin_grant_word(ngx_conf_t *cf,
    civic_plugin_tenant_t *tenant, ngx_str_t *word);
static char *civic_plugin_grant_list(ngx_conf_t *cf, ngx_array_t *list,
    ngx_str_t *word, size_t skip);
static ngx_int_t civic_plugin_grant_remotes(ngx_conf_t *cf,
    civic_plugin_tenant_t *tenant);
static ngx_int_t civic_plugin_grant_store(ngx_conf_t *cf,
    civic_plugin_tenant_t *tenant);
static ngx_int_t civic_plugin_grant_overlap(ngx_conf_t *cf,
    const civic_department_t *a, const civic_department_t *b);


char *
civic_plugin_grant_allow(ngx_conf_t *cf, civic_plugin_tenant_t *tenant,
    ngx_str_t *value, ngx_uint_t n)
{
    char        *rv;
    ngx_uint_t   i;

    for (i = 0; i < n; i++) {

        rv = civic_plugin_grant_word(cf, tenant, &value[i]);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    return NGX_CONF_OK;
}


static char *
civic_plugin_grant_word(ngx_conf_t *cf, civic_plugin_tenant_t *tenant,
    ngx_str_t *word)
{
    civic_department_t  *d;

    d = &tenant->department;

    if (ngx_strcmp(word->data, "store") == 0) {

        if (tenant->store) {
            return civic_conf_error(cf, NULL, "\"store\" is granted twice");
        }

        tenant->store = 1;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(word->data, "scripts") == 0) {

        if (d->scripts) {
            return civic_conf_error(cf, NULL, "\"scripts\" is granted twice");
        }

        d->scripts = 1;
        return NGX_CONF_OK;
    }

    if (ngx_strncmp(word->data, "http=", 5) == 0) {
        return civic_plugin_grant_list(cf, &tenant->remotes, word,
                                                  5);
    }

    if (ngx_strncmp(word->data, "calls=", 6) == 0) {
        return civic_plugin_grant_list(cf, &d->calls, word, 6);
    }

    if (ngx_strncmp(word->data, "claims=", 7) == 0) {
        return civic_plugin_grant_list(cf, &d->claims, word, 7);
    }

    if (ngx_strncmp(word->data, "data=", 5) == 0) {

        if (d->data.len != 0) {
            return civic_conf_error(cf, NULL, "\"data\" is granted twice");
        }

        if (word->len != 7
            || word->data[5] != 'P'
            || word->data[6] < '0'
            || word->data[6] > '4')
        {
            return civic_conf_error(cf, NULL, "\"%V\" is none of data=P0 to "
                                    "data=P4", word);
        }

        d->data.data = word->data + 5;
        d->data.len = 2;

        return NGX_CONF_OK;
    }

    return civic_conf_error(cf, NULL,
                            "civic_department cannot allow \"%V\"; it knows "
                            "store, scripts, http=, calls=, claims= and "
                            "data=", word);
}


/* calls are DEPARTMENT/NAME: what has no slash could never be called */

static char *
civic_plugin_grant_list(ngx_conf_t *cf, ngx_array_t *list,
    ngx_str_t *word, size_t skip)
{
    u_char     *last, *slash;
    ngx_str_t  *item, rest, name;

    rest.data = word->data + skip;
    rest.len = word->len - skip;

    while (civic_conf_list_next(&rest, &name)) {

        if (name.len == 0) {
            return civic_conf_error(cf, NULL, "\"%V\" has an empty name in "
                                    "its list", word);
        }

        if (civic_plugin_listed(list, &name)) {
            return civic_conf_error(cf, NULL, "\"%V\" grants \"%V\" twice",
                                    word, &name);
        }

        last = name.data + name.len;
        slash = ngx_strlchr(name.data, last, '/');

        if (word->data[0] == 'c' && word->data[1] == 'a'
            && (slash == NULL || slash == name.data || slash + 1 == last
                || ngx_strlchr(slash + 1, last, '/') != NULL))
        {
            return civic_conf_error(cf, NULL, "\"%V\" in calls= is not "
                                    "DEPARTMENT/PLUGIN", &name);
        }

        item = ngx_array_push(list);
        if (item == NULL) {
            return NGX_CONF_ERROR;
        }

        *item = name;
    }

    return NGX_CONF_OK;
}


ngx_int_t
civic_plugin_grant_resolve(ngx_conf_t *cf,
    civic_plugin_main_conf_t *pmcf)
{
    ngx_uint_t               i, n;
    civic_plugin_tenant_t  **tenant;

    tenant = pmcf->tenants.elts;

    for (i = 0; i < pmcf->tenants.nelts; i++) {

        if (civic_plugin_grant_remotes(cf, tenant[i]) != NGX_OK
            || civic_plugin_grant_store(cf, tenant[i]) != NGX_OK)
        {
            return NGX_ERROR;
        }

        for (n = 0; n < i; n++) {

            if (civic_plugin_grant_overlap(cf, &tenant[i]->department,
                                                &tenant[n]->department)
                != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_plugin_grant_remotes(ngx_conf_t *cf,
    civic_plugin_tenant_t *tenant)
{
    ngx_str_t        *name;
    ngx_uint_t        i;
    civic_remote_t  **remote;

    name = tenant->remotes.elts;

    for (i = 0; i < tenant->remotes.nelts; i++) {

        remote = ngx_array_push(&tenant->department.http);
        if (remote == NULL) {
            return NGX_ERROR;
        }

        *remote = civic_remote_find(cf, &name[i]);

        if (*remote == NULL) {
            (void) civic_conf_error(cf, &tenant->department.pos,
                                    "civic_department \"%V\" allows "
                                    "http=%V, but no civic_remote is named "
                                    "so", &tenant->department.name, &name[i]);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_plugin_grant_store(ngx_conf_t *cf, civic_plugin_tenant_t *tenant)
{
    ngx_array_t         *all;
    civic_redis_t      **redis;
    civic_department_t  *d;

    d = &tenant->department;

    if (!tenant->store) {
        return NGX_OK;
    }

    if (tenant->redis.len != 0) {
        d->redis = civic_redis_find(cf, &tenant->redis);

        if (d->redis == NULL) {
            (void) civic_conf_error(cf, &d->pos,
                                    "civic_department \"%V\" names the redis "
                                    "\"%V\", which no civic_redis defines",
                                    &d->name, &tenant->redis);
            return NGX_ERROR;
        }

        return NGX_OK;
    }

    all = civic_redis_all(cf);

    if (all == NULL || all->nelts != 1) {
        (void) civic_conf_error(cf, &d->pos,
                                "civic_department \"%V\" is allowed the "
                                "store, but %s", &d->name,
                                all == NULL || all->nelts == 0
                                ? "there is no civic_redis"
                                : "does not say which redis: there are "
                                  "several");
        return NGX_ERROR;
    }

    redis = all->elts;
    d->redis = redis[0];

    return NGX_OK;
}


static ngx_int_t
civic_plugin_grant_overlap(ngx_conf_t *cf, const civic_department_t *a,
    const civic_department_t *b)
{
    ngx_str_t   *one, *two;
    ngx_uint_t   i, n;

    one = a->prefixes.elts;
    two = b->prefixes.elts;

    for (i = 0; i < a->prefixes.nelts; i++) {

        for (n = 0; n < b->prefixes.nelts; n++) {

            if (civic_plugin_within(&one[i], &two[n])
                || civic_plugin_within(&two[n], &one[i]))
            {
                (void) civic_conf_error(cf, &a->pos,
                                        "prefix \"%V\" of civic_department "
                                        "\"%V\" overlaps with \"%V\" of "
                                        "\"%V\" (%V:%ui)", &one[i], &a->name,
                                        &two[n], &b->name, &b->pos.file,
                                        b->pos.line);
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}
