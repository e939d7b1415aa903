
/*
 * Copyright (C) Civic Gate
 *
 * Cookies of a request: "a=1; b=2", in one header or in several (HTTP/2).
 */


#include "civic_issuer_cookie.h"


typedef struct {
    ngx_str_t               name;
    ngx_str_t               value;
    u_char                 *start;     /* of the pair, with what leads to it */
    u_char                 *end;
} civic_issuer_pair_t;


typedef ngx_int_t (*civic_issuer_cookie_pt)(ngx_table_elt_t *h,
    const ngx_str_t *name, void *data);


static ngx_int_t civic_issuer_cookie_each(ngx_http_request_t *r,
    const ngx_str_t *name, civic_issuer_cookie_pt handler, void *data);
static ngx_int_t civic_issuer_cookie_match(ngx_table_elt_t *h,
    const ngx_str_t *name, void *data);
static ngx_int_t civic_issuer_cookie_cut(ngx_table_elt_t *h,
    const ngx_str_t *name, void *data);
static ngx_uint_t civic_issuer_cookie_next(u_char **p, u_char *last,
    civic_issuer_pair_t *pair);


ngx_int_t
civic_issuer_cookie_find(ngx_http_request_t *r, const ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_int_t  rc;

    ngx_str_null(value);

    rc = civic_issuer_cookie_each(r, name, civic_issuer_cookie_match, value);

    if (rc != NGX_OK) {
        return rc;
    }

    return value->data ? NGX_OK : NGX_DECLINED;
}


ngx_int_t
civic_issuer_cookie_remove(ngx_http_request_t *r, const ngx_str_t *name)
{
    return civic_issuer_cookie_each(r, name, civic_issuer_cookie_cut,
                                    r->pool);
}


/* each Cookie header; what a handler returns but NGX_OK ends it */

static ngx_int_t
civic_issuer_cookie_each(ngx_http_request_t *r, const ngx_str_t *name,
    civic_issuer_cookie_pt handler, void *data)
{
    ngx_int_t         rc;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (h[i].key.len != 6
                || ngx_memcmp(h[i].lowcase_key, "cookie", 6) != 0)
            {
                continue;
            }

            rc = handler(&h[i], name, data);

            if (rc != NGX_OK) {
                return rc;
            }
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_issuer_cookie_match(ngx_table_elt_t *h, const ngx_str_t *name,
    void *data)
{
    ngx_str_t *value = data;

    u_char               *p, *last;
    civic_issuer_pair_t   pair;

    p = h->value.data;
    last = p + h->value.len;

    while (civic_issuer_cookie_next(&p, last, &pair)) {

        if (pair.name.len != name->len
            || ngx_memcmp(pair.name.data, name->data, name->len) != 0)
        {
            continue;
        }

        if (value->data != NULL) {
            return NGX_ABORT;
        }

        *value = pair.value;
    }

    return NGX_OK;
}


/* the header's element stays, so that no pointer of nginx's is stale */

static ngx_int_t
civic_issuer_cookie_cut(ngx_table_elt_t *h, const ngx_str_t *name,
    void *data)
{
    ngx_pool_t *pool = data;

    u_char               *p, *q, *last;
    ngx_str_t             rest;
    civic_issuer_pair_t   pair;

    rest.data = ngx_pnalloc(pool, h->value.len + 1);
    if (rest.data == NULL) {
        return NGX_ERROR;
    }

    q = rest.data;
    p = h->value.data;
    last = p + h->value.len;

    while (civic_issuer_cookie_next(&p, last, &pair)) {

        if (pair.name.len == name->len
            && ngx_memcmp(pair.name.data, name->data, name->len) == 0)
        {
            continue;
        }

        if (q != rest.data) {
            *q++ = ';';
            *q++ = ' ';
        }

        q = ngx_cpymem(q, pair.start, pair.end - pair.start);
    }

    *q = '\0';
    rest.len = q - rest.data;
    h->value = rest;

    return NGX_OK;
}


/* without '=' the whole is a name, as browsers would send a nameless one */

static ngx_uint_t
civic_issuer_cookie_next(u_char **p, u_char *last, civic_issuer_pair_t *pair)
{
    u_char  *end, *equals;

    while (*p < last && (**p == ' ' || **p == '\t' || **p == ';')) {
        (*p)++;
    }

    if (*p == last) {
        return 0;
    }

    end = ngx_strlchr(*p, last, ';');
    if (end == NULL) {
        end = last;
    }

    pair->start = *p;
    *p = end;

    while (end[-1] == ' ' || end[-1] == '\t') {
        end--;
    }

    pair->end = end;

    equals = ngx_strlchr(pair->start, end, '=');
    if (equals == NULL) {
        equals = end;
    }

    pair->name.data = pair->start;
    pair->name.len = equals - pair->start;
    pair->value.data = (equals == end) ? end : equals + 1;
    pair->value.len = end - pair->value.data;

    if (pair->value.len >= 2
        && pair->value.data[0] == '"' && end[-1] == '"')
    {
        pair->value.data++;
        pair->value.len -= 2;
    }

    return 1;
}
