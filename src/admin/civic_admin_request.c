
/*
 * Copyright (C) Civic Gate
 *
 * The content handler of civic_admin: finds the resource, reads the body,
 * has the resource asked, and sends what it answered.
 *
 *     handler --> body read --> checks --> resource --> answer or refusal
 *
 * The request is counted up once, when its body is read, and finalized once,
 * where it is answered.  Whatever changes something leaves a line in the
 * log: who, what, and how it ended; bodies are in no log.
 */


#include "civic_admin_conf.h"
#include "civic_auth.h"
#include "civic_reply.h"


#define CIVIC_ADMIN_SENTENCE  512


/* `call` comes first: a resource knows nothing of the rest */

typedef struct {
    civic_admin_call_t      call;
    civic_ctx_t            *ctx;
    civic_problem_e         problem;   /* CIVIC_OK: an answer */
    ngx_uint_t              status;
    ngx_str_t               text;      /* of the answer; empty: none */
    civic_problem_own_t    *own;       /* what the problem adds, or NULL */
    unsigned                later:1;   /* the handler has returned */
    unsigned                over:1;
} civic_admin_exchange_t;


static ngx_int_t civic_admin_request_open(ngx_http_request_t *r,
    civic_ctx_t *ctx);
static ngx_int_t civic_admin_request_refuse(ngx_http_request_t *r,
    civic_ctx_t *ctx, civic_problem_e problem);
static void civic_admin_request_body(ngx_http_request_t *r);
static ngx_int_t civic_admin_request_start(ngx_http_request_t *r);
static const civic_admin_resource_t *civic_admin_request_find(
    civic_admin_exchange_t *ex);
static void civic_admin_request_allow(civic_admin_exchange_t *ex,
    ngx_uint_t methods);
static ngx_int_t civic_admin_request_ask(civic_admin_exchange_t *ex,
    const civic_admin_resource_t *resource);
static void civic_admin_request_left(void *data);
static void civic_admin_request_note(civic_admin_exchange_t *ex);
static void civic_admin_request_end(civic_admin_exchange_t *ex);
static ngx_int_t civic_admin_request_send(civic_admin_exchange_t *ex);
static void civic_admin_request_finish(ngx_http_request_t *r, ngx_int_t rc);


static ngx_str_t  civic_admin_type = ngx_string("application/json");
static ngx_str_t  civic_admin_no_store = ngx_string("no-store");


ngx_int_t
civic_admin_request_handler(ngx_http_request_t *r)
{
    ngx_int_t     rc;
    civic_ctx_t  *ctx;

    ctx = civic_ctx_get(r);

    if (ctx == NULL || r != r->main || r->internal) {
        return NGX_HTTP_NOT_FOUND;
    }

    rc = civic_admin_request_open(r, ctx);

    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_read_client_request_body(r, civic_admin_request_body);

    return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
}


/* what can be told before the body is read; NGX_DONE: refused */

static ngx_int_t
civic_admin_request_open(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    civic_admin_loc_conf_t  *alcf;

    alcf = ngx_http_get_module_loc_conf(r, ngx_http_civic_admin_module);

    if (alcf->local && !civic_admin_local(r)) {
        return civic_admin_request_refuse(r, ctx, CIVIC_ADMIN_NOT_LOCAL);
    }

    if (civic_auth_origin_foreign(r) != CIVIC_OK) {
        return civic_admin_request_refuse(r, ctx, CIVIC_ORIGIN_REFUSED);
    }

    if (r->headers_in.content_length_n > CIVIC_ADMIN_MAX_BODY) {
        return civic_admin_request_refuse(r, ctx, CIVIC_BODY_TOO_LARGE);
    }

    return NGX_OK;
}


static ngx_int_t
civic_admin_request_refuse(ngx_http_request_t *r, civic_ctx_t *ctx,
    civic_problem_e problem)
{
    ngx_int_t                rc;
    civic_admin_loc_conf_t  *alcf;

    alcf = ngx_http_get_module_loc_conf(r, ngx_http_civic_admin_module);

    r->main->count++;

    rc = civic_reply(r, ctx, civic_refuse(ctx, problem, alcf->pos));

    if (rc != NGX_DONE) {
        ngx_http_finalize_request(r, rc);
    }

    return NGX_DONE;
}


static void
civic_admin_request_body(ngx_http_request_t *r)
{
    civic_admin_request_finish(r, civic_admin_request_start(r));
}


/* NGX_AGAIN: a resource has it; NGX_DONE: finalized already */

static ngx_int_t
civic_admin_request_start(ngx_http_request_t *r)
{
    ngx_int_t                      rc;
    const char                    *err;
    civic_problem_e                problem;
    civic_admin_exchange_t        *ex;
    const civic_admin_resource_t  *resource;

    ex = ngx_pcalloc(r->pool, sizeof(civic_admin_exchange_t));
    if (ex == NULL) {
        return NGX_ERROR;
    }

    ex->call.request = r;
    ex->call.pool = r->pool;
    ex->ctx = civic_ctx_get(r);

    resource = civic_admin_request_find(ex);

    if (resource == NULL) {
        return civic_admin_request_send(ex);
    }

    rc = civic_admin_body(&ex->call, resource, &problem, &err);

    if (rc == NGX_DECLINED) {
        civic_admin_refuse(&ex->call, problem, err);
        return civic_admin_request_send(ex);
    }

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    return civic_admin_request_ask(ex, resource);
}


/* NULL: refused */

static const civic_admin_resource_t *
civic_admin_request_find(civic_admin_exchange_t *ex)
{
    ngx_str_t                      path;
    ngx_uint_t                     methods;
    ngx_http_request_t            *r;
    ngx_http_core_loc_conf_t      *clcf;
    const civic_admin_resource_t  *resource;

    r = ex->call.request;
    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    /* "rewrite ... break" may have made another path of it */

    if (r->uri.len < clcf->name.len
        || ngx_memcmp(r->uri.data, clcf->name.data, clcf->name.len) != 0)
    {
        civic_admin_refuse(&ex->call, CIVIC_ADMIN_NOT_FOUND, NULL);
        return NULL;
    }

    path.data = r->uri.data + clcf->name.len;
    path.len = r->uri.len - clcf->name.len;

    resource = civic_admin_find(&ex->call, &path, r->method, &methods);

    if (resource == NULL) {

        if (methods) {
            civic_admin_request_allow(ex, methods);

        } else {
            civic_admin_refuse(&ex->call, CIVIC_ADMIN_NOT_FOUND, NULL);
        }

        return NULL;
    }

    if (civic_admin_query_check(&r->args, resource->arguments) != NGX_OK) {
        civic_admin_refuse(&ex->call, CIVIC_ADMIN_INVALID,
                           "the query has an argument that is not known");
        return NULL;
    }

    return resource;
}


static void
civic_admin_request_allow(civic_admin_exchange_t *ex, ngx_uint_t methods)
{
    u_char      *p;
    ngx_str_t   *allow;
    ngx_uint_t   i;

    static const struct {
        ngx_uint_t   bit;
        const char  *name;
    } names[] = {
        { NGX_HTTP_GET, "GET" },
        { NGX_HTTP_POST, "POST" },
        { NGX_HTTP_PUT, "PUT" },
        { NGX_HTTP_PATCH, "PATCH" },
        { NGX_HTTP_DELETE, "DELETE" }
    };

    allow = ngx_palloc(ex->call.pool, sizeof(ngx_str_t));
    p = ngx_pnalloc(ex->call.pool, sizeof("GET, POST, PUT, PATCH, DELETE"));

    if (allow == NULL || p == NULL) {
        civic_admin_refuse(&ex->call, CIVIC_INTERNAL, NULL);
        return;
    }

    allow->data = p;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {

        if (methods & names[i].bit) {
            p = ngx_sprintf(p, "%s%s", p == allow->data ? "" : ", ",
                            names[i].name);
        }
    }

    allow->len = p - allow->data;

    (void) civic_headers_out_add(ex->call.request, "Allow", allow);

    civic_admin_refuse(&ex->call, CIVIC_METHOD_NOT_ALLOWED, NULL);
}


static ngx_int_t
civic_admin_request_ask(civic_admin_exchange_t *ex,
    const civic_admin_resource_t *resource)
{
    ngx_http_request_t  *r;
    ngx_pool_cleanup_t  *cln;

    r = ex->call.request;

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    resource->handler(&ex->call);

    if (ex->over) {
        return civic_admin_request_send(ex);
    }

    ex->later = 1;

    cln->handler = civic_admin_request_left;
    cln->data = ex;

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    if (ngx_handle_read_event(r->connection->read, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    return NGX_AGAIN;
}


/* the value may lie on the resource's stack: it becomes text here */

void
civic_admin_answer(civic_admin_call_t *call, ngx_uint_t status,
    const civic_value_t *value)
{
    civic_admin_exchange_t  *ex = (civic_admin_exchange_t *) call;

    const char  *err;

    ex->status = status;
    ex->problem = CIVIC_OK;

    if (value != NULL
        && civic_value_to_json(value, call->pool, CIVIC_ADMIN_MAX_ANSWER,
                               &ex->text, &err)
           != NGX_OK)
    {
        ngx_log_error(NGX_LOG_ERR, call->request->connection->log, 0,
                      "civic admin: an answer could not be written");

        ex->problem = CIVIC_INTERNAL;
        ex->status = NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    civic_admin_request_end(ex);
}


void
civic_admin_refuse(civic_admin_call_t *call, civic_problem_e problem,
    const char *sentence)
{
    civic_admin_exchange_t  *ex = (civic_admin_exchange_t *) call;

    u_char               *p, *last;
    civic_problem_own_t  *own;

    ex->problem = problem;
    ex->status = civic_problems[problem].status;

    if (sentence != NULL) {
        own = ngx_pcalloc(call->pool, sizeof(civic_problem_own_t));
        p = ngx_pnalloc(call->pool, CIVIC_ADMIN_SENTENCE);

        if (own != NULL && p != NULL) {
            own->detail.data = p;
            last = ngx_snprintf(p, CIVIC_ADMIN_SENTENCE, "%s", sentence);
            own->detail.len = last - p;

            for ( /* void */ ; p < last; p++) {

                if (*p < 0x20 || *p == 0x7f) {
                    *p = '?';
                }
            }

            ex->own = own;
        }
    }

    civic_admin_request_end(ex);
}


/* one that answers later does so from an event that is not the client's */

static void
civic_admin_request_end(civic_admin_exchange_t *ex)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    ex->over = 1;

    civic_admin_request_note(ex);

    if (!ex->later) {
        return;
    }

    r = ex->call.request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    civic_admin_request_finish(r, civic_admin_request_send(ex));

    ngx_http_run_posted_requests(c);
}


/* the change may be made all the same, and nobody shall make it unseen */

static void
civic_admin_request_left(void *data)
{
    civic_admin_exchange_t  *ex = data;

    if (!ex->over) {
        civic_admin_request_note(ex);
    }
}


static void
civic_admin_request_note(civic_admin_exchange_t *ex)
{
    u_char              *args, status[NGX_INT_T_LEN];
    ngx_str_t            who, uri, end;
    ngx_http_request_t  *r;

    r = ex->call.request;

    if (r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD|NGX_HTTP_OPTIONS)) {
        return;
    }

    if (ex->ctx->identity != NULL) {
        who = ex->ctx->identity->caller;

    } else {
        ngx_str_set(&who, "this machine");
    }

    /* as it was written: decoded it may have line feeds */

    uri = r->unparsed_uri;
    args = ngx_strlchr(uri.data, uri.data + uri.len, '?');

    if (args != NULL) {
        uri.len = args - uri.data;
    }

    ngx_str_set(&end, "he left before it was answered");

    if (ex->over) {
        end.data = status;
        end.len = ngx_sprintf(status, "%ui", ex->status) - status;
    }

    ngx_log_error(NGX_LOG_NOTICE, r->connection->log, 0,
                  "civic admin: \"%V\" asked for %V \"%V\": %V", &who,
                  &r->method_name, &uri, &end);
}


/* the exchange may be gone when it returns */

static ngx_int_t
civic_admin_request_send(civic_admin_exchange_t *ex)
{
    ngx_int_t                rc;
    ngx_buf_t               *b;
    ngx_chain_t              out;
    ngx_http_request_t      *r;
    civic_admin_loc_conf_t  *alcf;

    r = ex->call.request;
    alcf = ngx_http_get_module_loc_conf(r, ngx_http_civic_admin_module);

    if (ex->problem == CIVIC_INTERNAL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ex->problem != CIVIC_OK) {
        rc = civic_refuse(ex->ctx, ex->problem, alcf->pos);
        ex->ctx->own = ex->own;

        return civic_reply(r, ex->ctx, rc);
    }

    b = ngx_create_temp_buf(r->pool, ex->text.len + 1);

    if (b == NULL
        || civic_headers_out_add(r, "Cache-Control", &civic_admin_no_store)
           == NULL)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.status = ex->status;

    if (ex->text.len == 0) {
        r->header_only = 1;

    } else {
        r->headers_out.content_type = civic_admin_type;
        r->headers_out.content_type_len = civic_admin_type.len;
        r->headers_out.content_length_n = ex->text.len + 1;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b->last = ngx_cpymem(b->last, ex->text.data, ex->text.len);
    *b->last++ = '\n';
    b->last_buf = 1;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


static void
civic_admin_request_finish(ngx_http_request_t *r, ngx_int_t rc)
{
    if (rc == NGX_DONE || rc == NGX_AGAIN) {
        return;
    }

    if (rc == NGX_ERROR && !r->header_sent) {
        rc = NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_finalize_request(r, rc);
}


ngx_int_t
civic_admin_members(civic_admin_call_t *call, const civic_value_t *table,
    const char **members)
{
    u_char            text[CIVIC_ADMIN_SENTENCE];
    const ngx_str_t  *name;

    name = civic_admin_stranger(table, members);

    if (name == NULL) {
        return NGX_OK;
    }

    *ngx_snprintf(text, sizeof(text) - 1, "unknown member \"%V\"", name)
        = '\0';

    civic_admin_refuse(call, CIVIC_ADMIN_INVALID, (char *) text);

    return NGX_DECLINED;
}
