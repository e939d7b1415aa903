
/*
 * Copyright (C) Civic Gate
 *
 * A+B: several credentials, one identity.  Where two of them name a person,
 * or an application, it must be the same.  What each of them allows is
 * allowed: scopes are those that all have, the region is the narrower one.
 */


#include "civic_auth_conf.h"


static ngx_int_t civic_auth_merge_add(ngx_pool_t *pool,
    civic_identity_t *all, const civic_identity_t *one);
static ngx_uint_t civic_auth_merge_same(const ngx_str_t *a,
    const ngx_str_t *b);
static ngx_int_t civic_auth_merge_common(ngx_pool_t *pool, ngx_str_t *list,
    const ngx_str_t *other);
static ngx_uint_t civic_auth_merge_region(ngx_str_t *region,
    const ngx_str_t *other);
static void civic_auth_merge_person(civic_identity_t *all,
    const civic_identity_t *one);


/* what one has and the other lacks */

static const size_t  civic_auth_merge_fields[] = {
    offsetof(civic_identity_t, app),
    offsetof(civic_identity_t, client),
    offsetof(civic_identity_t, class)
};


ngx_int_t
civic_auth_merge(ngx_pool_t *pool, const civic_auth_choice_t *choice,
    const civic_auth_verdict_t *verdicts, civic_identity_t **identity)
{
    ngx_int_t          rc;
    ngx_uint_t         i;
    civic_identity_t  *all;

    *identity = verdicts[choice->terms[0].group].identity;

    if (choice->n == 1) {
        return NGX_OK;
    }

    all = ngx_palloc(pool, sizeof(civic_identity_t));
    if (all == NULL) {
        return NGX_ERROR;
    }

    *all = **identity;
    *identity = all;

    for (i = 1; i < choice->n; i++) {

        rc = civic_auth_merge_add(pool, all,
                               verdicts[choice->terms[i].group].identity);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_auth_merge_add(ngx_pool_t *pool, civic_identity_t *all,
    const civic_identity_t *one)
{
    ngx_str_t        *field;
    ngx_uint_t        i;
    const ngx_str_t  *other;

    /* a token's client is an application too, if both are known */

    if (!civic_auth_merge_same(&all->subject, &one->subject)
        || !civic_auth_merge_same(&all->issuer, &one->issuer)
        || !civic_auth_merge_same(&all->app, &one->app)
        || !civic_auth_merge_same(&all->client, &one->client)
        || !civic_auth_merge_same(&all->client, &one->app)
        || !civic_auth_merge_same(&all->app, &one->client)
        || !civic_auth_merge_region(&all->region, &one->region))
    {
        return NGX_DECLINED;
    }

    if (civic_auth_merge_common(pool, &all->scope, &one->scope) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0;
         i < sizeof(civic_auth_merge_fields)
             / sizeof(civic_auth_merge_fields[0]);
         i++)
    {
        field = (ngx_str_t *) ((u_char *) all + civic_auth_merge_fields[i]);
        other = (ngx_str_t *) ((u_char *) one + civic_auth_merge_fields[i]);

        if (field->len == 0) {
            *field = *other;
        }
    }

    if (all->expires == 0 || (one->expires && one->expires < all->expires)) {
        all->expires = one->expires;
    }

    civic_auth_merge_person(all, one);

    return NGX_OK;
}


/* the caller is the person, where there is one */

static void
civic_auth_merge_person(civic_identity_t *all, const civic_identity_t *one)
{
    if (all->subject.len != 0 || one->subject.len == 0) {
        return;
    }

    all->caller = one->caller;
    all->subject = one->subject;
    all->issuer = one->issuer;
    all->roles = one->roles;
    all->level = one->level;
    all->token = one->token;
    all->claims = one->claims;
    all->issued = one->issued;
    all->parsed = NULL;
}


/* one of them may be unknown */

static ngx_uint_t
civic_auth_merge_same(const ngx_str_t *a, const ngx_str_t *b)
{
    return a->len == 0
           || b->len == 0
           || (a->len == b->len && ngx_memcmp(a->data, b->data, a->len) == 0);
}


/* of the words of `list`, those that `other` has too */

static ngx_int_t
civic_auth_merge_common(ngx_pool_t *pool, ngx_str_t *list,
    const ngx_str_t *other)
{
    u_char     *p, *q, *last, *space;
    ngx_str_t   word;

    q = ngx_pnalloc(pool, list->len + 1);
    if (q == NULL) {
        return NGX_ERROR;
    }

    p = list->data;
    last = p + list->len;

    list->data = q;

    for ( /* void */ ; p < last; p = space + 1) {

        space = ngx_strlchr(p, last, ' ');
        if (space == NULL) {
            space = last;
        }

        word.data = p;
        word.len = space - p;

        if (civic_require_granted(&word, other)) {

            if (q != list->data) {
                *q++ = ' ';
            }

            q = ngx_cpymem(q, word.data, word.len);
        }
    }

    list->len = q - list->data;

    return NGX_OK;
}


/* 0: neither lies in the other */

static ngx_uint_t
civic_auth_merge_region(ngx_str_t *region, const ngx_str_t *other)
{
    if (region->len == 0 || civic_require_region(region, other)) {

        if (other->len) {
            *region = *other;
        }

        return 1;
    }

    return other->len == 0 || civic_require_region(other, region);
}
