
/*
 * Copyright (C) Civic Gate
 *
 * Requests and answers as plain values.  A plugin that filters another
 * service sees of the request what plugins always see, and of the answer no
 * Set-Cookie: the service's sessions are none of its business.
 */


#include "civic_filter_value.h"
#include "civic_host_request.h"


static ngx_int_t civic_filter_value_header(civic_value_t *headers,
    ngx_pool_t *pool, const ngx_str_t *key, const ngx_str_t *value);
static civic_value_t *civic_filter_value_find(civic_value_t *headers,
    const ngx_str_t *name);


ngx_int_t
civic_filter_value_request(civic_filter_ctx_t *f,
    const civic_plugin_t *plugin, ngx_pool_t *pool, civic_value_t *value)
{
    ngx_int_t  rc;

    rc = civic_host_request_value(f->request, f->ctx, plugin, pool, value);

    return rc == NGX_DECLINED
           ? civic_refuse(f->ctx, CIVIC_QUERY_INVALID, NULL)
           : rc;
}


ngx_int_t
civic_filter_value_response(ngx_http_request_t *r, ngx_pool_t *pool,
    civic_value_t *value)
{
    ngx_uint_t        i, status;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;
    civic_value_t    *headers;

    static const ngx_str_t  name = ngx_string("headers");
    static const ngx_str_t  type = ngx_string("content-type");

    status = r->err_status ? r->err_status : r->headers_out.status;

    if (civic_value_set_table(value, pool, 0, 4) != NGX_OK
        || civic_value_add_number(value, pool, "status", status) != NGX_OK)
    {
        return NGX_ERROR;
    }

    headers = civic_value_add_member(value, pool, &name);

    if (headers == NULL
        || civic_value_set_table(headers, pool, 0, 8) != NGX_OK)
    {
        return NGX_ERROR;
    }

    headers->u.table->shape = CIVIC_VALUE_OBJECT;

    if (r->headers_out.content_type.len
        && civic_filter_value_header(headers, pool, &type,
                                     &r->headers_out.content_type)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (part = &r->headers_out.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (h[i].hash != 0
                && civic_filter_value_header(headers, pool, &h[i].key,
                                             &h[i].value)
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
civic_filter_value_header(civic_value_t *headers, ngx_pool_t *pool,
    const ngx_str_t *key, const ngx_str_t *value)
{
    ngx_str_t       name;
    civic_value_t   first, *place;

    static const ngx_str_t  cookie = ngx_string("set-cookie");

    name.len = key->len;
    name.data = ngx_pnalloc(pool, key->len);
    if (name.data == NULL) {
        return NGX_ERROR;
    }

    ngx_strlow(name.data, key->data, key->len);

    if (name.len == cookie.len
        && ngx_memcmp(name.data, cookie.data, cookie.len) == 0)
    {
        return NGX_OK;
    }

    place = civic_filter_value_find(headers, &name);

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
civic_filter_value_find(civic_value_t *headers, const ngx_str_t *name)
{
    ngx_str_t      *key;
    ngx_uint_t      i;
    civic_pair_t   *pair;

    pair = headers->u.table->pairs;

    for (i = 0; i < headers->u.table->npairs; i++) {
        key = &pair[i].key.u.string;

        if (key->len == name->len
            && ngx_memcmp(key->data, name->data, name->len) == 0)
        {
            return &pair[i].value;
        }
    }

    return NULL;
}


ngx_int_t
civic_filter_value_body(ngx_http_request_t *r, const ngx_str_t *body,
    ngx_pool_t *pool, civic_value_t *value, char *err, size_t errlen)
{
    ngx_int_t       rc;
    civic_json_t   *json;
    civic_value_t  *member;

    static const ngx_str_t  name = ngx_string("body");

    if (civic_value_add_string(value, pool, "raw", body) != NGX_OK) {
        return NGX_ERROR;
    }

    if (!civic_filter_value_is_json(&r->headers_out.content_type)) {
        return civic_value_add_string(value, pool, "body", body);
    }

    if (body->len == 0) {
        return NGX_OK;
    }

    json = civic_json_parse(body, body->len, err, errlen);
    if (json == NULL) {
        return NGX_DECLINED;
    }

    member = civic_value_add_member(value, pool, &name);

    if (member == NULL) {
        civic_json_free(json);
        return NGX_ERROR;
    }

    rc = civic_value_from_json(member, pool, json);

    if (rc == NGX_DECLINED) {
        ngx_snprintf((u_char *) err, errlen, "a number is too large%Z");
    }

    civic_json_free(json);

    return rc;
}


ngx_uint_t
civic_filter_value_is_json(const ngx_str_t *type)
{
    size_t   len;
    u_char  *p;

    for (len = 0; len < type->len; len++) {
        if (type->data[len] == ';' || type->data[len] == ' ') {
            break;
        }
    }

    p = type->data + len - (sizeof("/json") - 1);

    return len > sizeof("/json") - 1
           && (ngx_strncasecmp(p, (u_char *) "/json", 5) == 0
               || ngx_strncasecmp(p, (u_char *) "+json", 5) == 0);
}
