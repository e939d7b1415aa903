
/*
 * Copyright (C) Civic Gate
 *
 * How the gate's own answers are sent: as nginx sends its error pages, with
 * other contents.  What they say is in civic_reply_body.c.
 */


#include "civic_reply.h"


static ngx_uint_t civic_reply_has_error_page(ngx_http_request_t *r,
    ngx_uint_t status);
static void civic_reply_settle_connection(ngx_http_request_t *r,
    ngx_uint_t status);
static ngx_int_t civic_reply_options(ngx_http_request_t *r);
static ngx_int_t civic_reply_problem(ngx_http_request_t *r, civic_ctx_t *ctx,
    ngx_int_t status);


ngx_int_t
civic_reply(ngx_http_request_t *r, civic_ctx_t *ctx, ngx_int_t status)
{
    ngx_int_t  rc;

    if (r != r->main
        || status == NGX_HTTP_CLOSE
        || (status >= NGX_HTTP_SPECIAL_RESPONSE
            && status < NGX_HTTP_BAD_REQUEST)
        || civic_reply_has_error_page(r, status))
    {
        return status;
    }

    civic_reply_settle_connection(r, status);

    ctx->replied = 1;

    rc = (status == NGX_HTTP_NO_CONTENT)
         ? civic_reply_options(r)
         : civic_reply_problem(r, ctx, status);

    ngx_http_finalize_request(r, rc);

    return NGX_DONE;
}


static ngx_int_t
civic_reply_options(ngx_http_request_t *r)
{
    r->headers_out.status = NGX_HTTP_NO_CONTENT;
    r->header_only = 1;

    return ngx_http_send_header(r);
}


static ngx_int_t
civic_reply_problem(ngx_http_request_t *r, civic_ctx_t *ctx,
    ngx_int_t status)
{
    ngx_int_t     rc;
    ngx_chain_t  *page;

    r->err_status = status;

    page = civic_reply_page(r, ctx, status, ctx->main->problem);
    if (page == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    return ngx_http_output_filter(r, page);
}


/* the same question that ngx_http_special_response_handler() asks */

static ngx_uint_t
civic_reply_has_error_page(ngx_http_request_t *r, ngx_uint_t status)
{
    ngx_uint_t                 i;
    ngx_http_err_page_t       *page;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (r->error_page || clcf->error_pages == NULL || r->uri_changes == 0) {
        return 0;
    }

    page = clcf->error_pages->elts;

    for (i = 0; i < clcf->error_pages->nelts; i++) {
        if (page[i].status == (ngx_int_t) status) {
            return 1;
        }
    }

    return 0;
}


/* a body that nobody will read must not be taken for the next request */

static void
civic_reply_settle_connection(ngx_http_request_t *r, ngx_uint_t status)
{
    switch (status) {

    case NGX_HTTP_BAD_REQUEST:
        r->lingering_close = 0;
        r->keepalive = 0;
        break;

    case NGX_HTTP_REQUEST_ENTITY_TOO_LARGE:
    case NGX_HTTP_INTERNAL_SERVER_ERROR:
        r->keepalive = 0;
        break;
    }

    r->expect_tested = 1;

    if (ngx_http_discard_request_body(r) != NGX_OK) {
        r->keepalive = 0;
    }
}
