
/*
 * Copyright (C) Civic Gate
 *
 * Request headers that say who calls, and the answer's header that asks.
 * A service behind the gate believes X-Civic-*: so no spelling of such a
 * name that a service could read as ours gets past here.
 */


#include "civic_auth.h"
#include "civic_auth_headers.h"


typedef struct {
    civic_header_name_t   name;
    size_t                offset;
} civic_auth_header_t;


static ngx_uint_t civic_auth_headers_ours(ngx_table_elt_t *h, void *data);
static ngx_uint_t civic_auth_headers_authorization(ngx_table_elt_t *h,
    void *data);


static civic_auth_header_t  civic_auth_headers[] = {

    { civic_header_name("X-Civic-Caller", "x-civic-caller"),
      offsetof(civic_identity_t, caller) },

    { civic_header_name("X-Civic-Subject", "x-civic-subject"),
      offsetof(civic_identity_t, subject) },

    { civic_header_name("X-Civic-Issuer", "x-civic-issuer"),
      offsetof(civic_identity_t, issuer) },

    { civic_header_name("X-Civic-App", "x-civic-app"),
      offsetof(civic_identity_t, app) },

    { civic_header_name("X-Civic-Scope", "x-civic-scope"),
      offsetof(civic_identity_t, scope) },

    { civic_header_name("X-Civic-Region", "x-civic-region"),
      offsetof(civic_identity_t, region) },

    { civic_header_name("X-Civic-Roles", "x-civic-roles"),
      offsetof(civic_identity_t, roles) },

    { civic_header_name("X-Civic-Level", "x-civic-level"),
      offsetof(civic_identity_t, level) },

    { { ngx_null_string, NULL, 0 }, 0 }
};

static civic_header_name_t  civic_auth_header_authorization =
    civic_header_name("Authorization", "authorization");


ngx_int_t
civic_auth_strip_identity(ngx_http_request_t *r)
{
    return civic_headers_in_remove(r, civic_auth_headers_ours, NULL);
}


ngx_int_t
civic_auth_headers_find(ngx_http_request_t *r, ngx_str_t *value)
{
    return civic_headers_in_find(r, civic_auth_headers_authorization, NULL,
                                 value);
}


ngx_int_t
civic_auth_headers_credential_remove(ngx_http_request_t *r)
{
    if (r->headers_in.authorization == NULL) {
        return NGX_OK;
    }

    r->headers_in.authorization = NULL;

    return civic_headers_in_remove(r, civic_auth_headers_authorization, NULL);
}


ngx_int_t
civic_auth_headers_credential_pass(ngx_http_request_t *r,
    const ngx_str_t *token)
{
    u_char           *p;
    ngx_str_t         value;
    ngx_list_part_t  *last;
    ngx_table_elt_t  *h;

    if (r->headers_in.authorization != NULL) {
        return NGX_OK;
    }

    value.len = sizeof("Bearer ") - 1 + token->len;
    value.data = ngx_pnalloc(r->pool, value.len + 1);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(value.data, "Bearer ", sizeof("Bearer ") - 1);
    p = ngx_cpymem(p, token->data, token->len);
    *p = '\0';

    if (civic_headers_in_add(r, &civic_auth_header_authorization, &value)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    last = r->headers_in.headers.last;
    h = last->elts;

    r->headers_in.authorization = &h[last->nelts - 1];

    return NGX_OK;
}


/* no value has a control byte: civic_issuer_claims_check() has seen to it */

ngx_int_t
civic_auth_headers_identity(ngx_http_request_t *r,
    const civic_identity_t *identity)
{
    ngx_str_t            *value;
    civic_auth_header_t  *header;

    for (header = civic_auth_headers; header->name.key.len; header++) {

        value = (ngx_str_t *) ((u_char *) identity + header->offset);

        if (value->len == 0) {
            continue;
        }

        if (civic_headers_in_add(r, &header->name, value)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
civic_auth_headers_challenge(ngx_http_request_t *r, const ngx_str_t *value)
{
    u_char           *p;
    size_t            len;
    ngx_str_t         text;
    ngx_table_elt_t  *h;

    text = *value;
    h = r->headers_out.www_authenticate;

    if (h == NULL || h->hash == 0) {

        h = civic_headers_out_add(r, "WWW-Authenticate", &text);
        if (h == NULL) {
            return NGX_ERROR;
        }

        r->headers_out.www_authenticate = h;

        return NGX_OK;
    }

    len = h->value.len + sizeof(", ") - 1 + text.len;

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_sprintf(p, "%V, %V", &h->value, &text);

    h->value.data = p;
    h->value.len = len;

    return NGX_OK;
}


void
civic_auth_headers_unchallenge(ngx_http_request_t *r)
{
    if (r->headers_out.www_authenticate != NULL) {
        r->headers_out.www_authenticate->hash = 0;
    }
}


/*
 * Services see names as HTTP_X_CIVIC_CALLER, and what they turn into '_' is
 * not only '-': so whatever is no letter and no digit reads as '-' here.
 */

static ngx_uint_t
civic_auth_headers_ours(ngx_table_elt_t *h, void *data)
{
    u_char  ch, *p;
    size_t  i;

    static ngx_str_t  ours = ngx_string("x-civic-");

    p = h->key.data;

    if (h->key.len < ours.len || (p[0] | 0x20) != 'x') {
        return 0;
    }

    for (i = 1; i < ours.len; i++) {

        ch = ngx_tolower(p[i]);

        if ((ch < 'a' || ch > 'z') && (ch < '0' || ch > '9')) {
            ch = '-';
        }

        if (ch != ours.data[i]) {
            return 0;
        }
    }

    return 1;
}


static ngx_uint_t
civic_auth_headers_authorization(ngx_table_elt_t *h, void *data)
{
    static ngx_str_t  name = ngx_string("authorization");

    return h->key.len == name.len
           && ngx_memcmp(h->lowcase_key, name.data, name.len) == 0;
}
