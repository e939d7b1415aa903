
/*
 * Copyright (C) Civic Gate
 *
 * Headers of signatures, taken from what the service gets, and put back.
 * A service may read "_" as "-": so do we.
 */


#include "civic_sign.h"


static ngx_uint_t civic_sign_headers_match(ngx_table_elt_t *h, void *data);
static ngx_int_t civic_sign_headers_keep(ngx_http_request_t *r,
    civic_sign_state_t *state);
static ngx_int_t civic_sign_headers_back(ngx_http_request_t *r,
    const civic_sign_header_t *header);


/* a gateway sets them for its services: nobody else is believed */

static const ngx_str_t  civic_sign_headers_xtif[] = {
    ngx_string("x-tif-uid"),
    ngx_string("x-tif-uinfo"),
    ngx_string("x-tif-ext"),
    ngx_null_string
};


ngx_int_t
civic_sign_headers_strip(ngx_http_request_t *r,
    const civic_sign_rules_t *rules)
{
    if (!(rules->schemes & CIVIC_SIGN_XTIF)) {
        return NGX_OK;
    }

    return civic_headers_in_remove(r, civic_sign_headers_match,
                                   (void *) civic_sign_headers_xtif);
}


ngx_int_t
civic_sign_headers_remove(ngx_http_request_t *r, civic_sign_state_t *state)
{
    if (state->taken == NULL && civic_sign_headers_keep(r, state) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return civic_headers_in_remove(r, civic_sign_headers_match,
                                   (void *) state->claim.scheme->headers);
}


static ngx_uint_t
civic_sign_headers_match(ngx_table_elt_t *h, void *data)
{
    u_char            ch;
    size_t            i;
    const ngx_str_t  *name;

    for (name = data; name->len; name++) {

        if (name->len != h->key.len) {
            continue;
        }

        for (i = 0; i < name->len; i++) {
            ch = ngx_tolower(h->key.data[i]);

            if (name->data[i] != (ch == '_' ? '-' : ch)) {
                break;
            }
        }

        if (i == name->len) {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
civic_sign_headers_keep(ngx_http_request_t *r, civic_sign_state_t *state)
{
    ngx_uint_t            i;
    ngx_list_part_t      *part;
    ngx_table_elt_t      *h;
    civic_sign_header_t  *header;

    state->taken = ngx_array_create(r->main->pool, 6,
                                    sizeof(civic_sign_header_t));
    if (state->taken == NULL) {
        return NGX_ERROR;
    }

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (!civic_sign_headers_match(&h[i],
                                  (void *) state->claim.scheme->headers))
            {
                continue;
            }

            header = ngx_array_push(state->taken);
            if (header == NULL) {
                return NGX_ERROR;
            }

            header->name = h[i].key;
            header->value = h[i].value;
        }
    }

    return NGX_OK;
}


/* an earlier location took them, or nobody did */

ngx_int_t
civic_sign_headers_pass(ngx_http_request_t *r, civic_sign_state_t *state)
{
    ngx_uint_t            i;
    ngx_list_part_t      *part;
    ngx_table_elt_t      *h;
    civic_sign_header_t  *header;

    if (state->taken == NULL) {
        return NGX_OK;
    }

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (civic_sign_headers_match(&h[i],
                                  (void *) state->claim.scheme->headers))
            {
                return NGX_OK;
            }
        }
    }

    header = state->taken->elts;

    for (i = 0; i < state->taken->nelts; i++) {
        if (civic_sign_headers_back(r, &header[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_sign_headers_back(ngx_http_request_t *r,
    const civic_sign_header_t *header)
{
    civic_header_name_t  name;

    ngx_memzero(&name, sizeof(civic_header_name_t));

    name.key = header->name;
    name.lowcase = ngx_pnalloc(r->pool, header->name.len);

    if (name.lowcase == NULL) {
        return NGX_ERROR;
    }

    ngx_strlow(name.lowcase, header->name.data, header->name.len);

    return civic_headers_in_add(r, &name, &header->value);
}


/* as Aliyun's gateway says it; a line's end, or worse, reads "#" */

ngx_int_t
civic_sign_headers_debug(ngx_http_request_t *r, const ngx_str_t *text)
{
    u_char     *p;
    size_t      i;
    ngx_str_t   value;

    static ngx_str_t  lead =
        ngx_string("Invalid Signature, Server StringToSign:");

    value.len = lead.len + text->len;
    value.data = ngx_pnalloc(r->pool, value.len);

    if (value.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(value.data, lead.data, lead.len);

    for (i = 0; i < text->len; i++) {
        *p++ = (text->data[i] < 0x20 || text->data[i] == 0x7f)
               ? '#' : text->data[i];
    }

    return civic_headers_out_add(r, "X-Ca-Error-Message", &value)
           ? NGX_OK : NGX_ERROR;
}
