
/*
 * Copyright (C) Civic Gate
 *
 * Holds an answer until it is whole and the "response" functions had their
 * turns: its header (nothing is sent before the verdict) and up to
 * civic_filter_max_body bytes.
 *
 *     header --> held --> body collected --> turns --> sent, or refused
 *
 * An answer that cannot be read is refused, never passed.  What the gate or
 * nginx itself says instead of a service passes, as do answers without a
 * body (204, 304).
 */


#include "civic_filter_conf.h"
#include "civic_host_response.h"
#include "civic_reply.h"


#define CIVIC_FILTER_BUFFERED  0x08    /* of r->buffered */
#define CIVIC_FILTER_ROOM      8192


static ngx_int_t civic_filter_unawaited(ngx_http_request_t *r);
static ngx_uint_t civic_filter_bodiless(ngx_http_request_t *r);
static const char *civic_filter_unreadable(ngx_http_request_t *r);
static void civic_filter_hold(civic_filter_ctx_t *f);
static void civic_filter_refusal(civic_filter_ctx_t *f,
    civic_problem_e problem, const char *why);
static ngx_int_t civic_filter_collect(civic_filter_ctx_t *f,
    ngx_chain_t *in);
static ngx_int_t civic_filter_append(civic_filter_ctx_t *f,
    const u_char *data, size_t len);
static ngx_uint_t civic_filter_broken(ngx_http_request_t *r, ngx_buf_t *b);
static ngx_int_t civic_filter_send(civic_filter_ctx_t *f, ngx_chain_t **out);
static ngx_int_t civic_filter_send_refusal(civic_filter_ctx_t *f,
    ngx_int_t status, ngx_chain_t **out);


ngx_int_t
civic_filter_plugins_header(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    const char               *why;
    civic_filter_ctx_t       *f;
    civic_filter_loc_conf_t  *flcf;

    flcf = ngx_http_get_module_loc_conf(r, ngx_http_civic_filters_module);

    if (flcf->uses == NULL) {
        return NGX_DECLINED;
    }

    f = ctx ? ctx->filter : NULL;

    if (f == NULL || f->left || !f->admitted) {
        return ctx && (ctx->replied || ctx->page)
               ? NGX_DECLINED : civic_filter_unawaited(r);
    }

    civic_filter_stop(f);
    civic_filter_asked(f);

    f->held = 0;
    r->buffered &= ~CIVIC_FILTER_BUFFERED;

    if (!f->responds
        || f->passed
        || ctx->replied
        || ctx->page != NULL
        || civic_filter_bodiless(r))
    {
        return NGX_DECLINED;
    }

    f->max_body = flcf->max_body;

    civic_filter_hold(f);

    why = civic_filter_unreadable(r);

    if (why != NULL) {
        civic_filter_refusal(f, CIVIC_FILTER_REFUSED, why);
    }

    return NGX_OK;
}


/*
 * An answer of a location whose checks the request has not passed: nginx's
 * own error or redirect before it came there, or the server's `return`.
 * Never that of a service: slices of a file and the like begin behind the
 * checks, and would pass by the answer that is held.
 */

static ngx_int_t
civic_filter_unawaited(ngx_http_request_t *r)
{
    if (r->err_status
        || r->header_only
        || (r == r->main && r->upstream == NULL))
    {
        return NGX_DECLINED;
    }

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "civic filter: an answer that no filter has asked for");

    return NGX_ERROR;
}


/* nginx's own page is one as well: nothing of a service is in it */

static ngx_uint_t
civic_filter_bodiless(ngx_http_request_t *r)
{
    return r->header_only
           || r->headers_out.status == NGX_HTTP_NO_CONTENT
           || r->headers_out.status == NGX_HTTP_NOT_MODIFIED
           || (r->err_status
               && r->err_status == r->headers_out.status
               && !r->internal);
}


static const char *
civic_filter_unreadable(ngx_http_request_t *r)
{
    if (r->headers_out.content_encoding != NULL
        && r->headers_out.content_encoding->value.len)
    {
        return "is encoded, though no encoding was accepted";
    }

    if (r->headers_out.status == NGX_HTTP_PARTIAL_CONTENT) {
        return "is partial, though no range was asked for";
    }

    if (r->headers_out.status == NGX_HTTP_SWITCHING_PROTOCOLS) {
        return "switches protocols, though nobody asked for it";
    }

    return NULL;
}


static void
civic_filter_hold(civic_filter_ctx_t *f)
{
    ngx_http_request_t  *r;

    r = f->request;

    f->held = 1;
    f->whole = 0;
    f->turn = 0;
    f->body.len = 0;
    f->refusal = CIVIC_OK;

    r->filter_need_in_memory = 1;

    ngx_http_clear_accept_ranges(r);
}


static void
civic_filter_refusal(civic_filter_ctx_t *f, civic_problem_e problem,
    const char *why)
{
    if (f->refusal == CIVIC_OK) {
        ngx_log_error(NGX_LOG_ERR, f->request->connection->log, 0,
                      "civic filter: the service's answer %s", why);
        f->refusal = problem;
    }
}


ngx_int_t
civic_filter_plugins_body(ngx_http_request_t *r, civic_ctx_t *ctx,
    ngx_chain_t *in, ngx_chain_t **out)
{
    ngx_int_t            rc;
    civic_filter_ctx_t  *f;

    f = ctx->filter;

    if (!f->held) {
        return f->cut ? NGX_ERROR : NGX_DECLINED;
    }

    if (!f->whole) {

        rc = civic_filter_collect(f, in);
        if (rc != NGX_OK) {
            return rc;
        }

        f->whole = 1;
    }

    rc = f->refusal != CIVIC_OK
         ? civic_refuse(ctx, f->refusal, NULL)
         : civic_filter_run(f, &civic_filter_response_stage);

    if (rc == NGX_DONE) {
        r->buffered |= CIVIC_FILTER_BUFFERED;
        return NGX_AGAIN;
    }

    f->held = 0;
    f->passed = 1;
    r->buffered &= ~CIVIC_FILTER_BUFFERED;

    switch (rc) {

    case NGX_DECLINED:
        return civic_filter_send(f, out);

    case NGX_ERROR:
        return NGX_ERROR;
    }

    return civic_filter_send_refusal(f, rc, out);
}


/*
 * NGX_OK: the last byte is there, or no more are wanted; NGX_AGAIN: not
 * yet; NGX_ERROR.
 */

static ngx_int_t
civic_filter_collect(civic_filter_ctx_t *f, ngx_chain_t *in)
{
    ngx_buf_t   *b;
    ngx_uint_t   last;

    last = 0;

    for ( /* void */ ; in; in = in->next) {
        b = in->buf;

        if (ngx_buf_in_memory(b)) {

            if (civic_filter_append(f, b->pos, b->last - b->pos) != NGX_OK) {
                return NGX_ERROR;
            }

            b->pos = b->last;
        }

        if (b->last_buf) {
            last = 1;

        } else if (civic_filter_broken(f->request, b)) {
            civic_filter_refusal(f, CIVIC_BAD_GATEWAY, "broke off");
            last = 1;
        }
    }

    if (last) {
        f->cut = 0;
        return NGX_OK;
    }

    return f->cut ? NGX_OK : NGX_AGAIN;
}


/* nginx only flushes what there is of an answer that broke off */

static ngx_uint_t
civic_filter_broken(ngx_http_request_t *r, ngx_buf_t *b)
{
    return b->flush
           && ngx_buf_special(b)
           && r->upstream != NULL
           && r->upstream->cleanup == NULL;
}


static ngx_int_t
civic_filter_append(civic_filter_ctx_t *f, const u_char *data, size_t len)
{
    if (len > f->max_body - f->body.len) {

        /* whoever makes it need not go on */

        civic_filter_refusal(f, CIVIC_FILTER_REFUSED,
                             "is larger than civic_filter_max_body");
        f->cut = 1;

        return NGX_OK;
    }

    if (f->refusal == CIVIC_OK) {

        if (civic_filter_room(f, len) != NGX_OK) {
            return NGX_ERROR;
        }

        ngx_memcpy(f->body.data + f->body.len, data, len);
    }

    f->body.len += len;

    return NGX_OK;
}


ngx_int_t
civic_filter_room(civic_filter_ctx_t *f, size_t len)
{
    size_t       room;
    u_char      *p;
    ngx_pool_t  *pool;

    if (f->body.data != NULL && f->body.len + len <= f->room) {
        return NGX_OK;
    }

    pool = f->request->pool;

    room = ngx_max(2 * f->room, CIVIC_FILTER_ROOM);
    room = ngx_max(room, f->body.len + len);

    p = ngx_palloc(pool, room);
    if (p == NULL) {
        return NGX_ERROR;
    }

    if (f->body.data != NULL) {
        ngx_memcpy(p, f->body.data, f->body.len);
        (void) ngx_pfree(pool, f->body.data);
    }

    f->body.data = p;
    f->room = room;

    return NGX_OK;
}


static ngx_int_t
civic_filter_send(civic_filter_ctx_t *f, ngx_chain_t **out)
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

    ngx_http_clear_content_length(r);

    r->headers_out.content_length_n = f->body.len;
    r->expect_trailers = 0;

    return NGX_OK;
}


/* nothing of the service's answer is left in the gate's page */

static ngx_int_t
civic_filter_send_refusal(civic_filter_ctx_t *f, ngx_int_t status,
    ngx_chain_t **out)
{
    civic_ctx_t         *ctx;
    ngx_http_request_t  *r;

    r = f->request;
    ctx = f->ctx;

    ngx_http_clean_header(r);

    r->headers_out.status = status;
    r->err_status = status;
    r->expect_trailers = 0;
    ctx->replied = 1;

    if (civic_host_response_retry_after(r, f->retry) != NGX_OK) {
        return NGX_ERROR;
    }

    *out = civic_reply_page(r, ctx, status, ctx->problem);

    if (*out == NULL) {
        return NGX_ERROR;
    }

    if (!f->cut) {
        return NGX_OK;
    }

    r->keepalive = 0;

    return NGX_DONE;
}
