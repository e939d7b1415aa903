
/*
 * Copyright (C) Civic Gate
 *
 * civic_jwks: the public keys, a text that was made at start.
 */


#include "civic_assertion_conf.h"


static ngx_int_t civic_assertion_jwks_handler(ngx_http_request_t *r);
static ngx_int_t civic_assertion_jwks_send(ngx_http_request_t *r);


static ngx_str_t  civic_assertion_jwks_type =
    ngx_string("application/jwk-set+json");
static ngx_str_t  civic_assertion_jwks_methods = ngx_string("GET, HEAD");
static ngx_str_t  civic_assertion_jwks_age =
    ngx_string("public, max-age=300");


char *
civic_assertion_jwks_slot(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_assertion_main_conf_t  *amcf = conf;

    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler == civic_assertion_jwks_handler) {
        return "is duplicate";
    }

    if (clcf->handler != NULL) {
        return civic_conf_error(cf, NULL, "civic_jwks shares its location "
                                "with another content handler");
    }

    amcf->jwks_pos = civic_conf_pos(cf);
    if (amcf->jwks_pos == NULL) {
        return NGX_CONF_ERROR;
    }

    clcf->handler = civic_assertion_jwks_handler;

    civic_activate(cf);

    return NGX_CONF_OK;
}


static ngx_int_t
civic_assertion_jwks_handler(ngx_http_request_t *r)
{
    ngx_int_t  rc;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {

        return civic_headers_out_add(r, "Allow",
                                     &civic_assertion_jwks_methods)
               ? NGX_HTTP_NOT_ALLOWED : NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_discard_request_body(r);

    return rc == NGX_OK ? civic_assertion_jwks_send(r) : rc;
}


/* the configuration outlives the request: its text is not copied */

static ngx_int_t
civic_assertion_jwks_send(ngx_http_request_t *r)
{
    ngx_int_t                     rc;
    ngx_buf_t                    *b;
    ngx_chain_t                   out;
    civic_assertion_main_conf_t  *amcf;

    amcf = ngx_http_get_module_main_conf(r, ngx_http_civic_assertion_module);

    b = ngx_calloc_buf(r->pool);

    if (b == NULL
        || civic_headers_out_add(r, "Cache-Control",
                                 &civic_assertion_jwks_age)
           == NULL)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->pos = amcf->jwks.data;
    b->last = amcf->jwks.data + amcf->jwks.len;
    b->memory = 1;
    b->last_buf = (r == r->main) ? 1 : 0;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_type = civic_assertion_jwks_type;
    r->headers_out.content_type_len = civic_assertion_jwks_type.len;
    r->headers_out.content_length_n = amcf->jwks.len;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    return ngx_http_output_filter(r, &out);
}
