
/*
 * Copyright (C) Civic Gate
 *
 * Tests only: a location that makes the call which its query describes.
 *
 *     civic_probe_remote NAME;
 *
 *     m=METHOD p=PATH h=NAME:VALUE b=BODY t=MSEC     (percent-encoded)
 *     copies=N     the body, N times
 *     stream=1     the answer goes on as it comes, with back-pressure
 *     end=begin|data|done|start    who cancels, from within a handler
 *     refuse=begin|data            who answers NGX_ERROR
 *
 * What came is printed as "error CODE" or "status N", "Name: value" lines,
 * a blank line and the body.  A client that leaves cancels.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "civic_remote.h"


#define CIVIC_PROBE_HEADERS  80


typedef struct {
    civic_remote_t          *remote;
    ngx_str_t                name;
} civic_probe_conf_t;


typedef struct {
    ngx_http_request_t      *r;
    civic_remote_call_t     *call;     /* NULL: it is over */
    ngx_str_t                end;
    ngx_str_t                refuse;
    ngx_buf_t               *buf;      /* of a stream */
    ngx_keyval_t             headers[CIVIC_PROBE_HEADERS];
    unsigned                 busy:1;   /* buf is not sent yet */
    unsigned                 waits:1;  /* the call waits for us */
    unsigned                 inside:1; /* of civic_remote_start() and so on */
    unsigned                 parked:1;
} civic_probe_ctx_t;


static char *civic_probe_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static void *civic_probe_create_conf(ngx_conf_t *cf);
static char *civic_probe_merge_conf(ngx_conf_t *cf, void *parent,
    void *child);
static ngx_int_t civic_probe_handler(ngx_http_request_t *r);
static void civic_probe_request(civic_probe_ctx_t *ctx,
    civic_remote_request_t *request);
static ngx_str_t civic_probe_arg(ngx_http_request_t *r, const char *name);
static ngx_str_t civic_probe_decode(ngx_pool_t *pool, ngx_str_t text);
static ngx_uint_t civic_probe_is(const ngx_str_t *text, const char *word);
static void civic_probe_cancel(civic_probe_ctx_t *ctx);
static void civic_probe_cleanup(void *data);
static void civic_probe_done(void *data, ngx_uint_t error,
    const civic_remote_response_t *response);
static void civic_probe_print(civic_probe_ctx_t *ctx, ngx_uint_t error,
    const civic_remote_response_t *response);
static ngx_int_t civic_probe_begin(void *data,
    const civic_remote_response_t *response);
static ngx_int_t civic_probe_data(void *data, const ngx_str_t *bytes);
static void civic_probe_writer(ngx_http_request_t *r);


static ngx_command_t  civic_probe_commands[] = {

    { ngx_string("civic_probe_remote"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      civic_probe_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  civic_probe_module_ctx = {
    NULL,                                  /* preconfiguration */
    NULL,                                  /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    civic_probe_create_conf,               /* create location configuration */
    civic_probe_merge_conf                 /* merge location configuration */
};


ngx_module_t  ngx_http_civic_probe_remote_module = {
    NGX_MODULE_V1,
    &civic_probe_module_ctx,               /* module context */
    civic_probe_commands,                  /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


/* what nginx's configure writes for a module */

ngx_module_t  *ngx_modules[] = {
    &ngx_http_civic_probe_remote_module,
    NULL
};


char  *ngx_module_names[] = {
    "ngx_http_civic_probe_remote_module",
    NULL
};


char  *ngx_module_order[] = {
    NULL
};


static char *
civic_probe_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_probe_conf_t  *pcf = conf;

    ngx_str_t                 *value;
    ngx_http_core_loc_conf_t  *clcf;

    value = cf->args->elts;
    pcf->name = value[1];

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = civic_probe_handler;

    return NGX_CONF_OK;
}


static void *
civic_probe_create_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(civic_probe_conf_t));
}


static char *
civic_probe_merge_conf(ngx_conf_t *cf, void *parent, void *child)
{
    civic_probe_conf_t  *pcf = child;

    if (pcf->name.len == 0) {
        return NGX_CONF_OK;
    }

    pcf->remote = civic_remote_find(cf, &pcf->name);

    if (pcf->remote == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "no civic_remote \"%V\"",
                           &pcf->name);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
civic_probe_handler(ngx_http_request_t *r)
{
    ngx_str_t                 stream;
    civic_probe_ctx_t        *ctx;
    civic_probe_conf_t       *pcf;
    ngx_http_cleanup_t       *cln;
    civic_remote_request_t    request;
    civic_remote_handlers_t   handlers;

    pcf = ngx_http_get_module_loc_conf(r, ngx_http_civic_probe_remote_module);

    ctx = ngx_pcalloc(r->pool, sizeof(civic_probe_ctx_t));
    cln = ngx_http_cleanup_add(r, 0);

    if (ctx == NULL || cln == NULL) {
        return NGX_ERROR;
    }

    ctx->r = r;
    ctx->end = civic_probe_arg(r, "arg_end");
    ctx->refuse = civic_probe_arg(r, "arg_refuse");
    ngx_http_set_ctx(r, ctx, ngx_http_civic_probe_remote_module);

    cln->handler = civic_probe_cleanup;
    cln->data = ctx;

    civic_probe_request(ctx, &request);

    ngx_memzero(&handlers, sizeof(civic_remote_handlers_t));
    handlers.done = civic_probe_done;

    stream = civic_probe_arg(r, "arg_stream");

    if (stream.len) {
        handlers.begin = civic_probe_begin;
        handlers.data = civic_probe_data;
    }

    ctx->inside = 1;
    ctx->call = civic_remote_start(pcf->remote, &request, &handlers, ctx);
    ctx->inside = 0;

    if (ctx->call == NULL) {
        return NGX_ERROR;
    }

    if (civic_probe_is(&ctx->end, "start")) {
        civic_probe_cancel(ctx);
        return NGX_HTTP_NOT_FOUND;
    }

    r->main->count++;
    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;
    ctx->parked = 1;

    return NGX_DONE;
}


static void
civic_probe_request(civic_probe_ctx_t *ctx, civic_remote_request_t *request)
{
    u_char              *p, *last, *end;
    ngx_int_t            n, i;
    ngx_str_t            text, part;
    ngx_http_request_t  *r;

    r = ctx->r;

    ngx_memzero(request, sizeof(civic_remote_request_t));

    request->method = civic_probe_arg(r, "arg_m");

    if (request->method.len == 0) {
        ngx_str_set(&request->method, "GET");
    }

    request->path = civic_probe_arg(r, "arg_p");
    request->headers = ctx->headers;

    text = civic_probe_arg(r, "arg_t");
    n = ngx_atoi(text.data, text.len);
    request->timeout = n == NGX_ERROR ? 0 : n;

    text = civic_probe_arg(r, "arg_copies");
    part = civic_probe_arg(r, "arg_b");
    n = text.len ? ngx_atoi(text.data, text.len) : 1;

    request->body.data = ngx_pnalloc(r->pool, n * part.len + 1);
    request->body.len = n * part.len;

    for (i = 0, p = request->body.data; p && i < n; i++) {
        p = ngx_cpymem(p, part.data, part.len);
    }

    /* every h= of the query */

    last = r->args.data + r->args.len;

    for (p = r->args.data; p < last; p = end + 1) {
        end = ngx_strlchr(p, last, '&');
        end = end ? end : last;

        if (end - p < 2 || p[0] != 'h' || p[1] != '='
            || request->nheaders == CIVIC_PROBE_HEADERS)
        {
            continue;
        }

        part.data = p + 2;
        part.len = end - p - 2;
        part = civic_probe_decode(r->pool, part);

        text.data = ngx_strlchr(part.data, part.data + part.len, ':');

        if (text.data == NULL) {
            continue;
        }

        ctx->headers[request->nheaders].key.data = part.data;
        ctx->headers[request->nheaders].key.len = text.data - part.data;
        ctx->headers[request->nheaders].value.data = text.data + 1;
        ctx->headers[request->nheaders++].value.len
            = part.data + part.len - text.data - 1;
    }
}


static ngx_str_t
civic_probe_arg(ngx_http_request_t *r, const char *name)
{
    ngx_str_t  value;

    ngx_str_null(&value);

    if (ngx_http_arg(r, (u_char *) name + 4, ngx_strlen(name) - 4, &value)
        != NGX_OK)
    {
        ngx_str_set(&value, "");
        return value;
    }

    return civic_probe_decode(r->pool, value);
}


static ngx_str_t
civic_probe_decode(ngx_pool_t *pool, ngx_str_t text)
{
    u_char     *dst, *src;
    ngx_str_t   out;

    out.data = ngx_pnalloc(pool, text.len + 1);
    out.len = 0;

    if (out.data == NULL) {
        return out;
    }

    dst = out.data;
    src = text.data;

    ngx_unescape_uri(&dst, &src, text.len, 0);

    out.len = dst - out.data;

    return out;
}


static ngx_uint_t
civic_probe_is(const ngx_str_t *text, const char *word)
{
    return text->len == ngx_strlen(word)
           && ngx_strncmp(text->data, word, text->len) == 0;
}


static void
civic_probe_cancel(civic_probe_ctx_t *ctx)
{
    civic_remote_call_t  *call;

    call = ctx->call;
    ctx->call = NULL;

    if (call != NULL) {
        civic_remote_cancel(call);
    }
}


static void
civic_probe_cleanup(void *data)
{
    civic_probe_cancel(data);
}


static void
civic_probe_done(void *data, ngx_uint_t error,
    const civic_remote_response_t *response)
{
    civic_probe_ctx_t  *ctx = data;

    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = ctx->r;
    c = r->connection;

    if (ctx->inside || !ctx->parked) {
        ngx_log_error(NGX_LOG_ALERT, c->log, 0, "called from within");
    }

    if (civic_probe_is(&ctx->end, "done")) {
        civic_remote_cancel(ctx->call);
    }

    ctx->call = NULL;

    if (!r->header_sent) {
        civic_probe_print(ctx, error, response);

    } else if (error != CIVIC_REMOTE_OK) {
        ngx_http_finalize_request(r, NGX_ERROR);

    } else {
        ngx_http_finalize_request(r, ngx_http_send_special(r,
                                                           NGX_HTTP_LAST));
    }

    ngx_http_run_posted_requests(c);
}


static void
civic_probe_print(civic_probe_ctx_t *ctx, ngx_uint_t error,
    const civic_remote_response_t *response)
{
    size_t               size;
    ngx_buf_t           *b;
    ngx_uint_t           i;
    ngx_chain_t          out;
    ngx_keyval_t        *header;
    ngx_http_request_t  *r;

    r = ctx->r;
    size = 128;
    header = NULL;

    if (error == CIVIC_REMOTE_OK) {
        size += response->body.len;
        header = response->headers.elts;

        for (i = 0; i < response->headers.nelts; i++) {
            size += header[i].key.len + header[i].value.len + 4;
        }
    }

    b = ngx_create_temp_buf(r->pool, size);
    if (b == NULL) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    if (error != CIVIC_REMOTE_OK) {
        b->last = ngx_sprintf(b->last, "error %V" CRLF,
                              civic_remote_code(error));

    } else {
        b->last = ngx_sprintf(b->last, "status %ui" CRLF, response->status);

        for (i = 0; i < response->headers.nelts; i++) {
            b->last = ngx_sprintf(b->last, "%V: %V" CRLF, &header[i].key,
                                  &header[i].value);
        }

        b->last = ngx_sprintf(b->last, CRLF "%V", &response->body);
    }

    b->last_buf = 1;
    out.buf = b;
    out.next = NULL;

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = b->last - b->pos;

    (void) ngx_http_send_header(r);

    ngx_http_finalize_request(r, ngx_http_output_filter(r, &out));
}


static ngx_int_t
civic_probe_begin(void *data, const civic_remote_response_t *response)
{
    civic_probe_ctx_t  *ctx = data;

    ngx_table_elt_t     *h;
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = ctx->r;

    if (ctx->inside) {
        ngx_log_error(NGX_LOG_ALERT, r->connection->log, 0,
                      "called from within");
    }

    if (civic_probe_is(&ctx->refuse, "begin")) {
        return NGX_ERROR;
    }

    if (civic_probe_is(&ctx->end, "begin")) {
        c = r->connection;
        civic_probe_cancel(ctx);
        ngx_http_finalize_request(r, NGX_HTTP_NOT_FOUND);
        ngx_http_run_posted_requests(c);
        return NGX_OK;
    }

    r->headers_out.status = response->status;
    r->write_event_handler = civic_probe_writer;

    h = ngx_list_push(&r->headers_out.headers);

    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));
    h->hash = 1;
    ngx_str_set(&h->key, "X-Headers");
    h->value.data = ngx_pnalloc(r->pool, NGX_INT_T_LEN);

    if (h->value.data == NULL) {
        return NGX_ERROR;
    }

    h->value.len = ngx_sprintf(h->value.data, "%ui",
                               response->headers.nelts) - h->value.data;

    return ngx_http_send_header(r) == NGX_ERROR ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
civic_probe_data(void *data, const ngx_str_t *bytes)
{
    civic_probe_ctx_t  *ctx = data;

    size_t               size;
    ngx_int_t            rc;
    ngx_chain_t          out;
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = ctx->r;

    if (ctx->inside) {
        ngx_log_error(NGX_LOG_ALERT, r->connection->log, 0,
                      "called from within");
    }

    if (civic_probe_is(&ctx->refuse, "data")) {
        return NGX_ERROR;
    }

    if (civic_probe_is(&ctx->end, "data")) {
        c = r->connection;
        civic_probe_cancel(ctx);
        ngx_http_finalize_request(r, NGX_ERROR);
        ngx_http_run_posted_requests(c);
        return NGX_OK;
    }

    if (ctx->busy) {
        ctx->waits = 1;
        return NGX_AGAIN;
    }

    size = ctx->buf ? (size_t) (ctx->buf->end - ctx->buf->start) : 0;

    if (size < bytes->len) {
        ctx->buf = ngx_create_temp_buf(r->pool, bytes->len);
        if (ctx->buf == NULL) {
            return NGX_ERROR;
        }
    }

    ctx->buf->pos = ctx->buf->start;
    ctx->buf->last = ngx_cpymem(ctx->buf->start, bytes->data, bytes->len);
    ctx->buf->flush = 1;

    out.buf = ctx->buf;
    out.next = NULL;

    rc = ngx_http_output_filter(r, &out);

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (ctx->buf->pos != ctx->buf->last) {
        ctx->busy = 1;

        if (ngx_handle_write_event(r->connection->write, 0) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static void
civic_probe_writer(ngx_http_request_t *r)
{
    civic_probe_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_civic_probe_remote_module);

    if (!ctx->busy) {
        return;
    }

    if (ngx_http_output_filter(r, NULL) == NGX_ERROR) {
        civic_probe_cancel(ctx);
        ngx_http_finalize_request(r, NGX_ERROR);
        return;
    }

    if (ctx->buf->pos != ctx->buf->last) {
        (void) ngx_handle_write_event(r->connection->write, 0);
        return;
    }

    ctx->busy = 0;

    if (ctx->waits && ctx->call != NULL) {
        ctx->waits = 0;
        ctx->inside = 1;
        civic_remote_go_on(ctx->call);
        ctx->inside = 0;
    }
}
