
/*
 * Copyright (C) Civic Gate
 *
 * civic.forward: what a remote answers goes to the client as it comes.  At
 * most CIVIC_HOST_FORWARD_MAX bytes wait for the client; then the remote is
 * told to wait until they are sent.
 *
 *     remote --- data --> busy buffers --- output filter --> client
 *        ^                                                     |
 *        +------- go on, when they are sent <-- writer --------+
 *
 * Before the headers are sent a failure is a 502 or 504; afterwards the
 * connection is broken off, so that nobody takes half for the whole.
 */


#include "civic_host_forward.h"
#include "civic_host_module.h"
#include "civic_host_response.h"
#include "civic_reply.h"


#define CIVIC_HOST_FORWARD_MAX  65536


typedef struct {
    ngx_http_request_t     *request;
    civic_remote_call_t    *call;      /* NULL: over */
    ngx_chain_t            *busy;
    ngx_chain_t            *free;
    ngx_uint_t              error;     /* civic_remote_error_e */
    unsigned                sent:1;    /* the headers */
    unsigned                waits:1;   /* the remote does */
} civic_host_forward_t;


static void civic_host_forward_cleanup(void *data);
static void civic_host_forward_done(void *data, ngx_uint_t error,
    const civic_remote_response_t *response);
static ngx_int_t civic_host_forward_begin(void *data,
    const civic_remote_response_t *response);
static ngx_int_t civic_host_forward_headers(civic_host_forward_t *forward,
    const civic_remote_response_t *response);
static ngx_int_t civic_host_forward_data(void *data, const ngx_str_t *bytes);
static ngx_chain_t *civic_host_forward_link(civic_host_forward_t *forward,
    const ngx_str_t *bytes);
static ngx_int_t civic_host_forward_output(civic_host_forward_t *forward,
    ngx_chain_t *out);
static size_t civic_host_forward_waiting(civic_host_forward_t *forward);
static void civic_host_forward_writer(ngx_http_request_t *r);
static void civic_host_forward_finish(civic_host_forward_t *forward,
    ngx_int_t rc);
static void civic_host_forward_last(civic_host_forward_t *forward);
static ngx_int_t civic_host_forward_failed(civic_host_forward_t *forward);


static const civic_remote_handlers_t  civic_host_forward_handlers = {
    civic_host_forward_done,
    civic_host_forward_begin,
    civic_host_forward_data
};


ngx_int_t
civic_host_forward_start(ngx_http_request_t *r, civic_remote_t *remote,
    const civic_remote_request_t *request)
{
    ngx_http_cleanup_t    *cln;
    civic_host_forward_t  *forward;

    forward = ngx_pcalloc(r->pool, sizeof(civic_host_forward_t));
    if (forward == NULL) {
        return NGX_ERROR;
    }

    forward->request = r;

    cln = ngx_http_cleanup_add(r, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = civic_host_forward_cleanup;
    cln->data = forward;

    forward->call = civic_remote_start(remote, request,
                                       &civic_host_forward_handlers, forward);
    if (forward->call == NULL) {
        return NGX_ERROR;
    }

    ngx_http_set_ctx(r, forward, ngx_http_civic_host_module);

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    return ngx_handle_read_event(r->connection->read, 0);
}


static void
civic_host_forward_cleanup(void *data)
{
    civic_host_forward_t *forward = data;

    civic_remote_call_t  *call;

    call = forward->call;

    if (call) {
        forward->call = NULL;
        civic_remote_cancel(call);
    }
}


static ngx_int_t
civic_host_forward_begin(void *data, const civic_remote_response_t *response)
{
    civic_host_forward_t *forward = data;

    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = forward->request;

    ngx_http_set_log_request(r->connection->log, r);

    if (civic_host_forward_headers(forward, response) != NGX_OK) {
        return NGX_ERROR;
    }

    forward->sent = 1;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK) {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* what is not the gate's or the connection's goes on as it is */

static ngx_int_t
civic_host_forward_headers(civic_host_forward_t *forward,
    const civic_remote_response_t *response)
{
    off_t                length;
    ngx_uint_t           i;
    ngx_keyval_t        *header;
    ngx_http_request_t  *r;

    r = forward->request;

    r->headers_out.status = response->status;
    r->headers_out.content_length_n = -1;

    header = response->headers.elts;

    for (i = 0; i < response->headers.nelts; i++) {

        if (header[i].key.len == sizeof("Content-Length") - 1
            && ngx_strncasecmp(header[i].key.data,
                               (u_char *) "Content-Length",
                               sizeof("Content-Length") - 1) == 0)
        {
            length = ngx_atoof(header[i].value.data, header[i].value.len);

            if (length != NGX_ERROR) {
                r->headers_out.content_length_n = length;
            }

            continue;
        }

        if (civic_host_response_check(&header[i].key, &header[i].value)) {
            continue;
        }

        if (civic_host_response_header(r, &header[i].key, &header[i].value, 0)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (response->status == NGX_HTTP_NO_CONTENT
        || response->status == NGX_HTTP_NOT_MODIFIED)
    {
        r->header_only = 1;
    }

    return NGX_OK;
}


static ngx_int_t
civic_host_forward_data(void *data, const ngx_str_t *bytes)
{
    civic_host_forward_t *forward = data;

    ngx_int_t            rc;
    ngx_chain_t         *out;
    ngx_http_request_t  *r;

    r = forward->request;

    if (r->header_only) {
        return NGX_OK;
    }

    if (civic_host_forward_waiting(forward) > CIVIC_HOST_FORWARD_MAX) {
        forward->waits = 1;
        return NGX_AGAIN;
    }

    ngx_http_set_log_request(r->connection->log, r);

    out = civic_host_forward_link(forward, bytes);
    if (out == NULL) {
        return NGX_ERROR;
    }

    rc = civic_host_forward_output(forward, out);

    return rc == NGX_ERROR ? NGX_ERROR : NGX_OK;
}


/* a buffer that was sent is used again, if the bytes fit */

static ngx_chain_t *
civic_host_forward_link(civic_host_forward_t *forward,
    const ngx_str_t *bytes)
{
    size_t         size;
    ngx_buf_t     *b;
    ngx_pool_t    *pool;
    ngx_chain_t   *cl;

    pool = forward->request->pool;

    cl = ngx_chain_get_free_buf(pool, &forward->free);
    if (cl == NULL) {
        return NULL;
    }

    b = cl->buf;

    if ((size_t) (b->end - b->start) < bytes->len) {

        if (b->start) {
            ngx_pfree(pool, b->start);
        }

        size = ngx_max(bytes->len, ngx_pagesize * 4);

        b->start = ngx_palloc(pool, size);
        if (b->start == NULL) {
            return NULL;
        }

        b->end = b->start + size;
    }

    b->pos = b->start;
    b->last = ngx_cpymem(b->pos, bytes->data, bytes->len);
    b->temporary = 1;
    b->flush = 1;
    b->tag = (ngx_buf_tag_t) &ngx_http_civic_host_module;

    return cl;
}


/* NGX_OK: all of it was sent; NGX_AGAIN: the writer will go on */

static ngx_int_t
civic_host_forward_output(civic_host_forward_t *forward, ngx_chain_t *out)
{
    ngx_int_t                  rc;
    ngx_event_t               *wev;
    ngx_connection_t          *c;
    ngx_http_request_t        *r;
    ngx_http_core_loc_conf_t  *clcf;

    r = forward->request;
    c = r->connection;
    wev = c->write;

    rc = ngx_http_output_filter(r, out);

    ngx_chain_update_chains(r->pool, &forward->free, &forward->busy, &out,
                            (ngx_buf_tag_t) &ngx_http_civic_host_module);

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (!r->buffered && !c->buffered && forward->busy == NULL) {

        if (wev->timer_set && !wev->delayed) {
            ngx_del_timer(wev);
        }

        return NGX_OK;
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    r->write_event_handler = civic_host_forward_writer;

    if (!wev->delayed) {
        ngx_add_timer(wev, clcf->send_timeout);
    }

    if (ngx_handle_write_event(wev, clcf->send_lowat) != NGX_OK) {
        return NGX_ERROR;
    }

    return NGX_AGAIN;
}


static size_t
civic_host_forward_waiting(civic_host_forward_t *forward)
{
    size_t        size;
    ngx_chain_t  *cl;

    size = 0;

    for (cl = forward->busy; cl; cl = cl->next) {
        size += ngx_buf_size(cl->buf);
    }

    return size;
}


static void
civic_host_forward_writer(ngx_http_request_t *r)
{
    ngx_int_t              rc;
    ngx_event_t           *wev;
    civic_remote_call_t   *call;
    civic_host_forward_t  *forward;

    forward = ngx_http_get_module_ctx(r, ngx_http_civic_host_module);
    wev = r->connection->write;

    if (wev->timedout) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, NGX_ETIMEDOUT,
                      "client timed out");
        r->connection->timedout = 1;
        civic_host_forward_cleanup(forward);
        ngx_http_finalize_request(r, NGX_HTTP_REQUEST_TIME_OUT);
        return;
    }

    if (wev->delayed) {
        return;
    }

    rc = civic_host_forward_output(forward, NULL);

    if (rc == NGX_ERROR) {
        civic_host_forward_cleanup(forward);
        ngx_http_finalize_request(r, NGX_ERROR);
        return;
    }

    if (rc == NGX_OK) {
        r->write_event_handler = ngx_http_request_empty_handler;
    }

    if (forward->waits
        && civic_host_forward_waiting(forward) <= CIVIC_HOST_FORWARD_MAX / 2)
    {
        forward->waits = 0;
        call = forward->call;

        if (call) {
            civic_remote_go_on(call);
        }
    }
}


static void
civic_host_forward_done(void *data, ngx_uint_t error,
    const civic_remote_response_t *response)
{
    civic_host_forward_t *forward = data;

    ngx_int_t            rc;
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = forward->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    forward->call = NULL;
    forward->error = error;

    if (error != CIVIC_REMOTE_OK) {
        rc = civic_host_forward_failed(forward);
        civic_host_forward_finish(forward, rc);

    } else {

        /* what has not been sent yet is nginx's to send */

        civic_host_forward_last(forward);
    }

    ngx_http_run_posted_requests(c);
}


static void
civic_host_forward_last(civic_host_forward_t *forward)
{
    ngx_http_request_t  *r;

    r = forward->request;

    civic_host_forward_finish(forward, r->header_only
                              ? NGX_OK
                              : ngx_http_send_special(r, NGX_HTTP_LAST));
}


/* how the request ends: it may have been told off already */

static ngx_int_t
civic_host_forward_failed(civic_host_forward_t *forward)
{
    civic_ctx_t         *ctx;
    ngx_http_request_t  *r;

    r = forward->request;

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "civic plugin: what it forwards failed: %V",
                  civic_remote_code(forward->error));

    if (forward->sent) {
        return NGX_ERROR;
    }

    ctx = civic_ctx_get(r);

    if (ctx == NULL) {
        return NGX_HTTP_BAD_GATEWAY;
    }

    return civic_reply(r, ctx,
                       civic_refuse(ctx,
                                    forward->error == CIVIC_REMOTE_TIMEOUT
                                    ? CIVIC_GATEWAY_TIMEOUT
                                    : CIVIC_BAD_GATEWAY, NULL));
}


static void
civic_host_forward_finish(civic_host_forward_t *forward, ngx_int_t rc)
{
    /* civic_reply() has finalized it */

    if (rc != NGX_DONE) {
        ngx_http_finalize_request(forward->request, rc);
    }
}
