
/*
 * Copyright (C) Civic Gate
 *
 * An answer as plain values.  Everything borrows from the request.
 */


#include "civic_host_filter_value.h"


static ngx_int_t civic_host_filter_header_value(civic_value_t *headers,
    ngx_pool_t *pool, const ngx_str_t *key, const ngx_str_t *value);
static civic_value_t *civic_host_filter_header_find(civic_value_t *headers,
    const ngx_str_t *name);
static ngx_uint_t civic_host_filter_json_type(const ngx_str_t *type);


ngx_int_t
civic_host_filter_response_value(ngx_http_request_t *r, civic_value_t *value)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;
    civic_value_t    *headers;

    static ngx_str_t  name = ngx_string("headers");
    static ngx_str_t  content_type = ngx_string("content-type");

    if (civic_value_set_table(value, r->pool, 0, 4) != NGX_OK
        || civic_value_add_number(value, r->pool, "status",
                                  r->headers_out.status)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    headers = civic_value_add_member(value, r->pool, &name);

    if (headers == NULL
        || civic_value_set_table(headers, r->pool, 0, 8) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (r->headers_out.content_type.len
        && civic_host_filter_header_value(headers, r->pool, &content_type,
                                          &r->headers_out.content_type)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (part = &r->headers_out.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (h[i].hash != 0
                && civic_host_filter_header_value(headers, r->pool,
                                                  &h[i].key, &h[i].value)
                   != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


/* the second of a name makes a list of the first */

static ngx_int_t
civic_host_filter_header_value(civic_value_t *headers, ngx_pool_t *pool,
    const ngx_str_t *key, const ngx_str_t *value)
{
    ngx_str_t       name;
    civic_value_t   first, *place;

    name.len = key->len;
    name.data = ngx_pnalloc(pool, key->len);
    if (name.data == NULL) {
        return NGX_ERROR;
    }

    ngx_strlow(name.data, key->data, key->len);

    place = civic_host_filter_header_find(headers, &name);

    if (place == NULL) {

        place = civic_value_add_member(headers, pool, &name);
        if (place == NULL) {
            return NGX_ERROR;
        }

        civic_value_set_string(place, value);
        return NGX_OK;
    }

    if (place->type == CIVIC_VALUE_STRING) {
        first = *place;

        if (civic_value_set_table(place, pool, 2, 0) != NGX_OK) {
            return NGX_ERROR;
        }

        *civic_value_add_item(place, pool) = first;
    }

    place = civic_value_add_item(place, pool);
    if (place == NULL) {
        return NGX_ERROR;
    }

    civic_value_set_string(place, value);

    return NGX_OK;
}


static civic_value_t *
civic_host_filter_header_find(civic_value_t *headers, const ngx_str_t *name)
{
    ngx_uint_t     i;
    civic_pair_t  *pair;

    pair = headers->u.table->pairs;

    for (i = 0; i < headers->u.table->npairs; i++) {

        if (pair[i].key.u.string.len == name->len
            && ngx_memcmp(pair[i].key.u.string.data, name->data, name->len)
               == 0)
        {
            return &pair[i].value;
        }
    }

    return NULL;
}


ngx_int_t
civic_host_filter_body_value(ngx_http_request_t *r, const ngx_str_t *body,
    civic_value_t *value)
{
    ngx_int_t       rc;
    civic_json_t   *json;
    civic_value_t  *member;

    static ngx_str_t  name = ngx_string("body");

    member = civic_value_add_member(value, r->pool, &name);

    if (member == NULL
        || civic_value_add_string(value, r->pool, "raw", body) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (!civic_host_filter_json_type(&r->headers_out.content_type)) {
        civic_value_set_string(member, body);
        return NGX_OK;
    }

    json = civic_json_parse(body, body->len, NULL, 0);
    if (json == NULL) {
        return NGX_OK;
    }

    rc = civic_value_from_json(member, r->pool, json);

    civic_json_free(json);

    return rc;
}


/* application/json, application/fhir+json; ...; parameters do not matter */

static ngx_uint_t
civic_host_filter_json_type(const ngx_str_t *type)
{
    size_t   len;
    u_char  *end;

    end = ngx_strlchr(type->data, type->data + type->len, ';');
    len = end ? (size_t) (end - type->data) : type->len;

    while (len && type->data[len - 1] == ' ') {
        len--;
    }

    return len >= 5
           && (ngx_strncasecmp(type->data + len - 5, (u_char *) "/json", 5)
               == 0
               || ngx_strncasecmp(type->data + len - 5, (u_char *) "+json", 5)
                  == 0);
}
