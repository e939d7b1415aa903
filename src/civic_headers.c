
/*
 * Copyright (C) Civic Gate
 *
 * Changes lists of headers without moving an element: r->headers_in.host
 * and its like point into them.  To take one out of the middle of a part,
 * the part is split behind it.  No part but the first is ever left empty:
 * nginx's own loops would read the element that is not there.
 */


#include "civic.h"


static ngx_int_t civic_headers_detach(ngx_http_request_t *r);
static ngx_int_t civic_headers_part_remove(ngx_pool_t *pool,
    ngx_list_t *list, ngx_list_part_t *part, ngx_uint_t i);
static ngx_list_part_t *civic_headers_part_unlink(ngx_list_t *list,
    ngx_list_part_t *part);


ngx_uint_t
civic_headers_in_named(ngx_table_elt_t *h, void *name)
{
    ngx_str_t  *wanted = name;

    return h->key.len == wanted->len
           && ngx_memcmp(h->lowcase_key, wanted->data, wanted->len) == 0;
}


/* nginx's own pointers tell of one header only, in some versions */

ngx_int_t
civic_headers_in_find(ngx_http_request_t *r, civic_header_match_pt match,
    void *data, ngx_str_t *value)
{
    ngx_int_t         rc;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    rc = NGX_DECLINED;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (!match(&h[i], data)) {
                continue;
            }

            if (rc == NGX_OK) {
                return NGX_BUSY;
            }

            *value = h[i].value;
            rc = NGX_OK;
        }
    }

    return rc;
}


ngx_int_t
civic_headers_in_remove(ngx_http_request_t *r, civic_header_match_pt match,
    void *data)
{
    ngx_uint_t        i;
    ngx_list_t       *list;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    if (civic_headers_detach(r) != NGX_OK) {
        return NGX_ERROR;
    }

    list = &r->headers_in.headers;

    for (part = &list->part; part; part = part->next) {
        i = 0;

        while (i < part->nelts) {
            h = (ngx_table_elt_t *) part->elts + i;

            if (!match(h, data)) {
                i++;
                continue;
            }

            if (h == r->headers_in.authorization) {
                r->headers_in.authorization = NULL;
            }

            if (civic_headers_part_remove(r->pool, list, part, i)
                != NGX_OK)
            {
                return NGX_ERROR;
            }
        }

        if (part->nelts == 0 && part != &list->part) {
            part = civic_headers_part_unlink(list, part);
        }
    }

    return NGX_OK;
}


ngx_int_t
civic_headers_in_add(ngx_http_request_t *r, civic_header_name_t *name,
    const ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    if (name->hash == 0) {
        name->hash = ngx_hash_key(name->lowcase, name->key.len);
    }

    if (civic_headers_detach(r) != NGX_OK) {
        return NGX_ERROR;
    }

    h = ngx_list_push(&r->headers_in.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->hash = name->hash;
    h->key = name->key;
    h->lowcase_key = name->lowcase;
    h->value = *value;

    return NGX_OK;
}


ngx_table_elt_t *
civic_headers_out_add(ngx_http_request_t *r, const char *key,
    ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NULL;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->hash = 1;
    h->key.len = ngx_strlen(key);
    h->key.data = (u_char *) key;
    h->value = *value;

    return h;
}


/*
 * A subrequest begins with a copy of its parent's list head: both would
 * write to the same parts.
 */

static ngx_int_t
civic_headers_detach(ngx_http_request_t *r)
{
    ngx_list_t        copy, *list;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h, *from;

    list = &r->headers_in.headers;

    if (r == r->main
        || list->part.elts != r->parent->headers_in.headers.part.elts)
    {
        return NGX_OK;
    }

    if (ngx_list_init(&copy, r->pool, 20, sizeof(ngx_table_elt_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (part = &list->part; part; part = part->next) {
        from = part->elts;

        for (i = 0; i < part->nelts; i++) {

            h = ngx_list_push(&copy);
            if (h == NULL) {
                return NGX_ERROR;
            }

            *h = from[i];
        }
    }

    *list = copy;

    if (copy.last == &copy.part) {
        list->last = &list->part;
    }

    return NGX_OK;
}


static ngx_int_t
civic_headers_part_remove(ngx_pool_t *pool, ngx_list_t *list,
    ngx_list_part_t *part, ngx_uint_t i)
{
    ngx_table_elt_t  *h;
    ngx_list_part_t  *tail;

    h = part->elts;

    if (i == part->nelts - 1) {
        part->nelts--;
        return NGX_OK;
    }

    if (i == 0) {
        part->elts = &h[1];
        part->nelts--;

        if (list->last == part) {
            list->nalloc--;
        }

        return NGX_OK;
    }

    tail = ngx_palloc(pool, sizeof(ngx_list_part_t));
    if (tail == NULL) {
        return NGX_ERROR;
    }

    tail->elts = &h[i + 1];
    tail->nelts = part->nelts - i - 1;
    tail->next = part->next;

    part->nelts = i;
    part->next = tail;

    if (list->last == part) {
        list->last = tail;
        list->nalloc -= i + 1;
    }

    return NGX_OK;
}


/* returns the part before */

static ngx_list_part_t *
civic_headers_part_unlink(ngx_list_t *list, ngx_list_part_t *part)
{
    ngx_list_part_t  *prev;

    for (prev = &list->part; prev->next != part; prev = prev->next) {
        /* void */
    }

    prev->next = part->next;

    if (list->last == part) {
        list->last = prev;

        /* what is left of its room is not known: the next push asks anew */

        list->nalloc = ngx_max(prev->nelts, 1);
    }

    return prev;
}
