
/*
 * Copyright (C) Civic Gate
 *
 * Filters behind the service: the answer is held until it is whole, handed
 * to the "response" functions, and what they make of it goes on.
 *
 *     function (request, response)      status, headers, body, raw
 *         return                        the answer as it is
 *         return status, body, headers  another one
 *
 * Held are the header (nothing is sent before the verdict) and up to
 * civic_filter_max_body bytes.  An answer that cannot be read, encoded or
 * partial or too large, is refused, never passed.  The gate's own refusals
 * pass, as do answers without a body (204, 304).
 */


#include "civic_host_filter_conf.h"
#include "civic_host_filter_value.h"
#include "civic_host_request_value.h"
#include "civic_host_response.h"
#include "civic_reply.h"


#define CIVIC_HOST_FILTER_BUFFERED  0x08    /* of r->buffered */
#define CIVIC_HOST_FILTER_ROOM      8192


static const ngx_str_t *civic_host_filter_response_function(
    const civic_plugin_t *plugin);
static ngx_uint_t civic_host_filter_response_args(civic_host_filter_ctx_t *f,
    civic_ctx_t *ctx, const civic_plugin_t *plugin, civic_value_t *args);
static ngx_int_t civic_host_filter_response_results(
    civic_host_filter_ctx_t *f, civic_ctx_t *ctx,
    const civic_host_result_t *result);
static void civic_host_filter_response_wake(ngx_http_request_t *r);
static const char *civic_host_filter_unreadable(ngx_http_request_t *r);
static ngx_int_t civic_host_filter_collect(civic_host_filter_ctx_t *f,
    ngx_chain_t *in);
static ngx_int_t civic_host_filter_append(civic_host_filter_ctx_t *f,
    const u_char *data, size_t len);
static ngx_int_t civic_host_filter_release(civic_host_filter_ctx_t *f,
    ngx_chain_t **out);
static ngx_int_t civic_host_filter_refuse(civic_host_filter_ctx_t *f,
    civic_ctx_t *ctx, ngx_int_t status, ngx_chain_t **out);


static const civic_host_filter_stage_t  civic_host_filter_response_stage = {
    civic_host_filter_response_function,
    civic_host_filter_response_args,
    civic_host_filter_response_results,
    civic_host_filter_response_wake
};


ngx_int_t
civic_host_filter_header(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    const char                    *why;
    civic_host_filter_ctx_t       *f;
    civic_host_filter_loc_conf_t  *flcf;

    flcf = ngx_http_get_module_loc_conf(r, ngx_http_civic_filters_module);

    if (flcf->uses == NULL
        || ctx->replied
        || ctx->page != NULL
        || r->headers_out.status == NGX_HTTP_NO_CONTENT
        || r->headers_out.status == NGX_HTTP_NOT_MODIFIED)
    {
        return NGX_DECLINED;
    }

    f = ctx->filter;

    if (f == NULL || f->uses != flcf->uses || !f->admitted) {

        /* it came to this location past the checks */

        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "civic filter: an answer that no filter awaits");
        return NGX_ERROR;
    }

    if (!f->responds || f->passed) {
        return NGX_DECLINED;
    }

    why = civic_host_filter_unreadable(r);

    if (why != NULL) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "civic filter: the service's answer %s", why);
        f->unreadable = 1;
    }

    f->held = 1;
    f->max_body = flcf->max_body;

    r->filter_need_in_memory = 1;
    r->allow_ranges = 0;

    return NGX_OK;
}


static const char *
civic_host_filter_unreadable(ngx_http_request_t *r)
{
    if (r->headers_out.content_encoding != NULL
        && r->headers_out.content_encoding->value.len)
    {
        return "is encoded, though no encoding was accepted";
    }

    if (r->headers_out.status == NGX_HTTP_PARTIAL_CONTENT) {
        return "is partial, though no range was asked for";
    }

    return NULL;
}


ngx_int_t
civic_host_filter_body(ngx_http_request_t *r, civic_ctx_t *ctx,
    ngx_chain_t *in, ngx_chain_t **out)
{
    ngx_int_t                 rc;
    civic_host_filter_ctx_t  *f;

    f = ctx->filter;

    if (f == NULL || !f->held) {
        return NGX_DECLINED;
    }

    if (!f->whole) {

        rc = civic_host_filter_collect(f, in);
        if (rc != NGX_OK) {
            return rc;
        }

        f->whole = 1;
        f->next = 0;
    }

    rc = f->unreadable
         ? civic_refuse(ctx, CIVIC_FILTER_REFUSED, NULL)
         : civic_host_filter_run(f, ctx, &civic_host_filter_response_stage);

    if (rc == NGX_DONE) {
        r->buffered |= CIVIC_HOST_FILTER_BUFFERED;
        return NGX_AGAIN;
    }

    f->held = 0;
    f->passed = 1;
    r->buffered &= ~CIVIC_HOST_FILTER_BUFFERED;

    switch (rc) {

    case NGX_DECLINED:
        return civic_host_filter_release(f, out);

    case NGX_ERROR:
        return NGX_ERROR;
    }

    return civic_host_filter_refuse(f, ctx, rc, out);
}


/* NGX_OK: the last byte is there; NGX_AGAIN: not yet; NGX_ERROR */

static ngx_int_t
civic_host_filter_collect(civic_host_filter_ctx_t *f, ngx_chain_t *in)
{
    size_t      len;
    ngx_buf_t  *b;
    ngx_int_t   rc;

    rc = NGX_AGAIN;

    for ( /* void */ ; in; in = in->next) {
        b = in->buf;

        if (ngx_buf_in_memory(b)) {
            len = b->last - b->pos;

            if (civic_host_filter_append(f, b->pos, len) != NGX_OK) {
                return NGX_ERROR;
            }

            b->pos = b->last;
        }

        if (b->last_buf) {
            rc = NGX_OK;
        }
    }

    return rc;
}


/* more than max_body is counted, not kept: the answer is refused */

static ngx_int_t
civic_host_filter_append(civic_host_filter_ctx_t *f, const u_char *data,
    size_t len)
{
    size_t   room;
    u_char  *p;

    if (f->unreadable || len == 0) {
        return NGX_OK;
    }

    if (len > f->max_body - f->body.len) {
        ngx_log_error(NGX_LOG_ERR, f->request->connection->log, 0,
                      "civic filter: the service's answer is larger than "
                      "civic_filter_max_body (%uz bytes)", f->max_body);
        f->unreadable = 1;
        return NGX_OK;
    }

    if (f->body.len + len > f->room) {

        room = ngx_max(2 * f->room, CIVIC_HOST_FILTER_ROOM);
        room = ngx_max(room, f->body.len + len);

        p = ngx_palloc(f->request->pool, room);
        if (p == NULL) {
            return NGX_ERROR;
        }

        if (f->body.data != NULL) {
            ngx_memcpy(p, f->body.data, f->body.len);
            (void) ngx_pfree(f->request->pool, f->body.data);
        }

        f->body.data = p;
        f->room = room;
    }

    ngx_memcpy(f->body.data + f->body.len, data, len);
    f->body.len += len;

    return NGX_OK;
}


static const ngx_str_t *
civic_host_filter_response_function(const civic_plugin_t *plugin)
{
    return &plugin->manifest->filter_response;
}


static ngx_uint_t
civic_host_filter_response_args(civic_host_filter_ctx_t *f, civic_ctx_t *ctx,
    const civic_plugin_t *plugin, civic_value_t *args)
{
    ngx_http_request_t  *r;

    r = f->request;

    if (civic_host_request_value(r, ctx, plugin, r->pool, &args[0]) != NGX_OK
        || civic_host_filter_response_value(r, &args[1]) != NGX_OK
        || civic_host_filter_body_value(r, &f->body, &args[1]) != NGX_OK)
    {
        return 0;
    }

    return 2;
}


/* status, body, headers; what is made of them outlives the job */

static ngx_int_t
civic_host_filter_response_results(civic_host_filter_ctx_t *f,
    civic_ctx_t *ctx, const civic_host_result_t *result)
{
    ngx_int_t            rc;
    const char          *why;
    ngx_http_request_t  *r;

    r = f->request;

    if (result->nresults == 0 || result->results[0].type == CIVIC_VALUE_NIL) {
        return NGX_DECLINED;
    }

    rc = civic_host_response_set(r, result->results, result->nresults,
                                 &f->body, &why);

    switch (rc) {

    case NGX_OK:
        f->changed = 1;
        return NGX_DECLINED;

    case NGX_DECLINED:
        return civic_host_filter_misused(f, ctx, why);
    }

    return NGX_ERROR;
}


/*
 * Whoever made the answer has finalized the request, which waits in nginx's
 * writer for what is buffered.
 */

static void
civic_host_filter_response_wake(ngx_http_request_t *r)
{
    r->write_event_handler(r);
}


static ngx_int_t
civic_host_filter_release(civic_host_filter_ctx_t *f, ngx_chain_t **out)
{
    ngx_buf_t           *b;
    ngx_http_request_t  *r;

    r = f->request;

    b = ngx_calloc_buf(r->pool);
    *out = ngx_alloc_chain_link(r->pool);

    if (b == NULL || *out == NULL) {
        return NGX_ERROR;
    }

    b->pos = f->body.data;
    b->last = f->body.data + f->body.len;
    b->memory = f->body.len ? 1 : 0;
    b->last_buf = 1;
    b->last_in_chain = 1;

    (*out)->buf = b;
    (*out)->next = NULL;

    if (!f->changed) {
        return NGX_OK;
    }

    ngx_http_clear_content_length(r);
    ngx_http_clear_last_modified(r);
    ngx_http_clear_etag(r);

    r->headers_out.content_length_n = f->body.len;

    return NGX_OK;
}


/* nothing of the service's answer is left in the gate's page */

static ngx_int_t
civic_host_filter_refuse(civic_host_filter_ctx_t *f, civic_ctx_t *ctx,
    ngx_int_t status, ngx_chain_t **out)
{
    ngx_http_request_t  *r;

    r = f->request;

    ngx_http_clean_header(r);

    r->headers_out.status = status;
    r->headers_out.status_line.len = 0;
    r->err_status = status;
    ctx->replied = 1;

    *out = civic_reply_page(r, ctx, status, ctx->problem);

    return *out ? NGX_OK : NGX_ERROR;
}
