
/*
 * Copyright (C) Civic Gate
 *
 * The content handler of plugins' routes: reads the body, has request and
 * body judged by the route's schemas, has the plugin asked, and sends what
 * it answered.
 *
 *     handler --> body read --> checks --> visit --> answer
 *
 * The request is counted up once, when its body is read, and finalized once,
 * where it is answered.  A client that leaves in between ends the visit
 * through the request's cleanup.
 */


#include "civic_body.h"
#include "civic_host_forward.h"
#include "civic_host_http.h"
#include "civic_host_once.h"
#include "civic_host_operations.h"
#include "civic_host_request.h"
#include "civic_plugin_query.h"
#include "civic_reply.h"
#include "civic_route.h"


#define CIVIC_HOST_DETAIL  640


typedef struct {
    ngx_http_request_t               *request;
    civic_ctx_t                      *ctx;
    civic_plugin_t                   *plugin;
    const civic_plugin_route_spec_t  *spec;
    civic_host_visit_t               *visit;   /* NULL: none, or not known */
    const civic_host_answered_t      *answer;
    ngx_str_t                         key;     /* Idempotency-Key */
    ngx_str_t                         body;
    civic_value_t                     value;
} civic_host_exchange_t;


static void civic_host_request_body(ngx_http_request_t *r);
static ngx_int_t civic_host_request_start(ngx_http_request_t *r);
static ngx_int_t civic_host_request_read(civic_host_exchange_t *ex);
static ngx_int_t civic_host_request_json(civic_host_exchange_t *ex);
static ngx_uint_t civic_host_request_is_json(ngx_http_request_t *r);
static ngx_int_t civic_host_request_check(civic_host_exchange_t *ex,
    const civic_json_t *json);
static ngx_int_t civic_host_request_query(civic_host_exchange_t *ex);
static ngx_int_t civic_host_request_once(civic_host_exchange_t *ex);
static ngx_int_t civic_host_request_refuse(civic_host_exchange_t *ex,
    civic_problem_e problem, const u_char *pointer, const u_char *message);
static ngx_int_t civic_host_request_visit(civic_host_exchange_t *ex);
static void civic_host_request_done(void *data,
    const civic_host_answered_t *answer);
static ngx_int_t civic_host_request_answer(civic_host_exchange_t *ex);
static ngx_int_t civic_host_request_problem(civic_host_exchange_t *ex);
static ngx_int_t civic_host_request_send(civic_host_exchange_t *ex);
static ngx_int_t civic_host_request_output(civic_host_exchange_t *ex,
    ngx_str_t *text);
static ngx_int_t civic_host_request_forward(civic_host_exchange_t *ex);
static void civic_host_request_finish(ngx_http_request_t *r, ngx_int_t rc);
static void civic_host_request_cleanup(void *data);


static ngx_str_t  civic_host_request_true = ngx_string("true");


ngx_int_t
civic_host_request_handler(ngx_http_request_t *r)
{
    ngx_int_t                         rc;
    civic_ctx_t                      *ctx;
    civic_plugin_t                   *plugin;
    const civic_plugin_route_spec_t  *spec;

    ctx = civic_ctx_get(r);
    spec = ctx && ctx->route ? civic_plugin_route(ctx->route, &plugin) : NULL;

    if (spec == NULL) {
        return NGX_HTTP_NOT_FOUND;
    }

    if (r->headers_in.content_length_n > 0
        && (size_t) r->headers_in.content_length_n > spec->max_body)
    {
        r->main->count++;

        rc = civic_reply(r, ctx, civic_refuse(ctx, CIVIC_BODY_TOO_LARGE,
                                              NULL));
        if (rc != NGX_DONE) {
            ngx_http_finalize_request(r, rc);
        }

        return NGX_DONE;
    }

    rc = ngx_http_read_client_request_body(r, civic_host_request_body);

    return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
}


static void
civic_host_request_body(ngx_http_request_t *r)
{
    civic_host_request_finish(r, civic_host_request_start(r));
}


/* NGX_AGAIN: a plugin has it; NGX_DONE: finalized already */

static ngx_int_t
civic_host_request_start(ngx_http_request_t *r)
{
    ngx_int_t               rc;
    ngx_http_cleanup_t     *cln;
    civic_host_exchange_t  *ex;

    ex = ngx_pcalloc(r->pool, sizeof(civic_host_exchange_t));
    cln = ngx_http_cleanup_add(r, 0);

    if (ex == NULL || cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = civic_host_request_cleanup;
    cln->data = ex;

    ex->request = r;
    ex->ctx = civic_ctx_get(r);
    ex->spec = civic_plugin_route(ex->ctx->route, &ex->plugin);

    rc = civic_host_request_value(r, ex->ctx, ex->plugin, r->pool,
                                  &ex->value);

    if (rc == NGX_DECLINED) {
        rc = civic_refuse(ex->ctx, CIVIC_QUERY_INVALID, NULL);
    }

    if (rc == NGX_OK) {
        rc = civic_host_request_query(ex);
    }

    if (rc == NGX_OK) {
        rc = civic_host_request_read(ex);
    }

    if (rc == NGX_OK) {
        rc = civic_host_request_once(ex);
    }

    if (rc == NGX_OK) {
        rc = civic_host_request_visit(ex);
    }

    return rc >= NGX_HTTP_BAD_REQUEST ? civic_reply(r, ex->ctx, rc) : rc;
}


/* steps: NGX_OK, the status of a refusal, or NGX_ERROR */

static ngx_int_t
civic_host_request_read(civic_host_exchange_t *ex)
{
    ngx_int_t  rc;

    rc = civic_body_read(ex->request, ex->request->pool, ex->spec->max_body,
                         &ex->body);

    if (rc == NGX_DECLINED) {
        return civic_refuse(ex->ctx, CIVIC_BODY_TOO_LARGE, NULL);
    }

    return rc == NGX_OK ? civic_host_request_json(ex) : rc;
}


static ngx_int_t
civic_host_request_json(civic_host_exchange_t *ex)
{
    char                 err[128];
    ngx_int_t            rc;
    civic_json_t        *json;
    civic_value_t        raw;
    ngx_http_request_t  *r;

    r = ex->request;

    if (ex->spec->raw
        || (ex->spec->body == NULL && !civic_host_request_is_json(r)))
    {
        if (ex->body.len == 0) {
            return NGX_OK;
        }

        civic_value_set_string(&raw, &ex->body);

        return civic_host_request_set(&ex->value, r->pool, "raw", &raw);
    }

    if (ex->spec->body && !civic_host_request_is_json(r)) {
        return ex->body.len == 0 && r->headers_in.content_type == NULL
               ? civic_host_request_refuse(ex, CIVIC_BODY_MALFORMED,
                                           (u_char *) "",
                                           (u_char *) "there is no body")
               : civic_refuse(ex->ctx, CIVIC_MEDIA_TYPE, NULL);
    }

    if (ex->spec->body == NULL && ex->body.len == 0) {
        return NGX_OK;
    }

    json = civic_json_parse(&ex->body, ex->spec->max_body, err, sizeof(err));

    if (json == NULL) {
        return civic_host_request_refuse(ex, CIVIC_BODY_MALFORMED,
                                         (u_char *) "", (u_char *) err);
    }

    rc = civic_host_request_check(ex, json);

    civic_json_free(json);

    return rc;
}


static ngx_int_t
civic_host_request_check(civic_host_exchange_t *ex, const civic_json_t *json)
{
    ngx_int_t             rc;
    civic_value_t         body;
    civic_schema_error_t  err;

    if (ex->spec->body
        && civic_schema_check(ex->spec->body, json, &err) != NGX_OK)
    {
        return civic_host_request_refuse(ex, CIVIC_BODY_INVALID, err.pointer,
                                         err.message);
    }

    rc = civic_value_from_json(&body, ex->request->pool, json);

    if (rc == NGX_DECLINED) {
        return civic_host_request_refuse(ex, CIVIC_BODY_MALFORMED,
                                         (u_char *) "",
                                         (u_char *) "a number is too large");
    }

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    /* a client must not be able to have the plugin killed by its cap */

    if (civic_host_request_size(&body)
        > ex->plugin->department->budget.memory / 2)
    {
        return civic_host_request_refuse(ex, CIVIC_BODY_TOO_LARGE,
                                         (u_char *) "",
                                         (u_char *) "it has too many parts");
    }

    return civic_host_request_set(&ex->value, ex->request->pool, "body",
                                  &body);
}


/* application/json and application/...+json, with any parameters */

static ngx_uint_t
civic_host_request_is_json(ngx_http_request_t *r)
{
    size_t      len;
    u_char     *p;
    ngx_str_t   type;

    if (r->headers_in.content_type == NULL) {
        return 0;
    }

    type = r->headers_in.content_type->value;

    for (len = 0; len < type.len; len++) {
        if (type.data[len] == ';' || type.data[len] == ' ') {
            break;
        }
    }

    p = type.data;

    if (len == sizeof("application/json") - 1
        && ngx_strncasecmp(p, (u_char *) "application/json", len) == 0)
    {
        return 1;
    }

    return len > sizeof("application/+json") - 1
           && ngx_strncasecmp(p, (u_char *) "application/", 12) == 0
           && ngx_strncasecmp(p + len - 5, (u_char *) "+json", 5) == 0;
}


static ngx_int_t
civic_host_request_query(civic_host_exchange_t *ex)
{
    ngx_int_t              rc;
    civic_value_t          query;
    ngx_http_request_t    *r;
    civic_schema_error_t   err;

    r = ex->request;

    rc = civic_plugin_query(&r->args, ex->spec, r->pool, &query, &err);

    if (rc == NGX_DECLINED) {
        return civic_host_request_refuse(ex, CIVIC_QUERY_INVALID,
                                         err.pointer, err.message);
    }

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    return civic_host_request_set(&ex->value, r->pool, "query", &query);
}


/* the key of a request that is to be done once; two of them are none */

static ngx_int_t
civic_host_request_once(civic_host_exchange_t *ex)
{
    const civic_value_t  *key;

    if (!ex->spec->once) {
        return NGX_OK;
    }

    key = civic_value_member(civic_value_member(&ex->value, "headers"),
                             "idempotency-key");

    if (key == NULL) {
        return NGX_OK;
    }

    ex->key = key->u.string;

    if (!civic_host_once_valid(&ex->key)) {
        return civic_refuse(ex->ctx, CIVIC_ONCE_KEY_MALFORMED, NULL);
    }

    return NGX_OK;
}


static ngx_int_t
civic_host_request_refuse(civic_host_exchange_t *ex, civic_problem_e problem,
    const u_char *pointer, const u_char *message)
{
    u_char               *p;
    ngx_int_t             status;
    civic_problem_own_t  *own;

    status = civic_refuse(ex->ctx, problem, NULL);

    own = ngx_pcalloc(ex->request->pool, sizeof(civic_problem_own_t));
    p = ngx_pnalloc(ex->request->pool, CIVIC_HOST_DETAIL);

    if (own == NULL || p == NULL) {
        return NGX_ERROR;
    }

    own->detail.data = p;
    own->detail.len = ngx_snprintf(p, CIVIC_HOST_DETAIL, "%s%s%s", pointer,
                                   *pointer ? ": " : "", message)
                      - p;

    if (ex->ctx == ex->ctx->main) {
        ex->ctx->own = own;
    }

    return status;
}


static ngx_int_t
civic_host_request_visit(civic_host_exchange_t *ex)
{
    ngx_http_request_t        *r;
    civic_host_visit_order_t   order;

    r = ex->request;

    ngx_memzero(&order, sizeof(civic_host_visit_order_t));

    order.plugin = ex->plugin;
    order.spec = ex->spec;
    order.request = &ex->value;
    order.trace.data = ex->ctx->main->trace_id;
    order.trace.len = ex->ctx->main->trace_id[0] ? CIVIC_TRACE_ID_LEN : 0;
    order.language = civic_reply_language(r);
    order.timeout = ex->spec->timeout ? ex->spec->timeout
                                      : ex->plugin->department->timeout;
    order.log = r->connection->log;
    order.key = ex->key;
    order.path = r->uri;
    order.query = r->args;
    order.body = ex->body;
    order.done = civic_host_request_done;
    order.data = ex;
    order.forward = r == r->main;

    if (ex->ctx->identity) {
        order.caller = ex->ctx->identity->caller;
    }

    ex->visit = civic_host_visit_start(&order);

    if (ex->visit == NULL) {
        return NGX_ERROR;
    }

    if (ex->answer) {
        return civic_host_request_answer(ex);
    }

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    if (ngx_handle_read_event(r->connection->read, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    return NGX_AGAIN;
}


/* from an event that is not the client's */

static void
civic_host_request_done(void *data, const civic_host_answered_t *answer)
{
    civic_host_exchange_t *ex = data;

    ngx_int_t            rc;
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    ex->answer = answer;

    if (ex->visit == NULL) {
        return;
    }

    r = ex->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    rc = civic_host_request_answer(ex);

    if (rc >= NGX_HTTP_BAD_REQUEST) {
        rc = civic_reply(r, ex->ctx, rc);
    }

    civic_host_request_finish(r, rc);

    ngx_http_run_posted_requests(c);
}


/*
 * NGX_OK or what the output filters said: to be finalized with; a status >=
 * 400: a refusal that was noted; NGX_AGAIN: it is being forwarded.
 */

static ngx_int_t
civic_host_request_answer(civic_host_exchange_t *ex)
{
    ngx_int_t                     rc;
    civic_host_visit_t           *visit;
    const civic_host_answered_t  *answer;

    answer = ex->answer;

    ex->ctx->main->plugin_time += answer->cpu;

    switch (answer->outcome) {

    case CIVIC_HOST_DONE:
        rc = civic_host_request_send(ex);
        break;

    case CIVIC_HOST_FORWARD:
        rc = civic_host_request_forward(ex);
        break;

    default:
        rc = civic_host_request_problem(ex);
        break;
    }

    /* all that is sent has been copied */

    visit = ex->visit;
    ex->visit = NULL;
    civic_host_visit_end(visit);

    return rc;
}


static ngx_int_t
civic_host_request_problem(civic_host_exchange_t *ex)
{
    ngx_int_t                     status;
    ngx_uint_t                    retry;
    const civic_host_answered_t  *answer;

    answer = ex->answer;
    retry = answer->retry_after;

    if (answer->replayed
        && civic_headers_out_add(ex->request, "Idempotency-Replayed",
                                 &civic_host_request_true) == NULL)
    {
        return NGX_ERROR;
    }

    if (answer->outcome == CIVIC_HOST_PROBLEM) {
        status = civic_host_problem_note(ex->ctx, ex->plugin, &answer->code,
                                         &answer->fields);
        retry = civic_host_response_retry(&answer->fields);

    } else {
        status = civic_refuse(ex->ctx, answer->problem, NULL);
    }

    if (status == NGX_HTTP_SERVICE_UNAVAILABLE && retry == 0) {
        retry = 1;
    }

    if (civic_host_response_retry_after(ex->request, retry) != NGX_OK) {
        return NGX_ERROR;
    }

    return status;
}


static ngx_int_t
civic_host_request_send(civic_host_exchange_t *ex)
{
    ngx_int_t                     rc;
    ngx_str_t                     text, type;
    const char                   *err;
    ngx_http_request_t           *r;
    const civic_host_answered_t  *answer;

    r = ex->request;
    answer = ex->answer;
    rc = NGX_OK;

    ngx_str_null(&text);
    ngx_str_null(&type);

    if (answer->response.body) {
        rc = civic_host_response_body(answer->response.body, r->pool, &text,
                                      &type, &err);
    }

    if (rc == NGX_OK && type.len) {
        r->headers_out.content_type = type;
        r->headers_out.content_type_len = type.len;
    }

    if (rc == NGX_OK) {
        rc = civic_host_response_headers(r, answer->response.headers, &err);
    }

    if (rc == NGX_DECLINED) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "civic plugin: \"%V\" gave no answer in \"%V\": %s",
                      &ex->plugin->name, &ex->spec->key, err);

        return civic_refuse(ex->ctx, CIVIC_RUN_FAILED, NULL);
    }

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    if (answer->replayed
        && civic_headers_out_add(r, "Idempotency-Replayed",
                                 &civic_host_request_true) == NULL)
    {
        return NGX_ERROR;
    }

    r->headers_out.status = answer->response.status;

    return civic_host_request_output(ex, &text);
}


/* a status that was sent is no refusal: NGX_OK or an error finalizes */

static ngx_int_t
civic_host_request_output(civic_host_exchange_t *ex, ngx_str_t *text)
{
    ngx_int_t            rc;
    ngx_buf_t           *b;
    ngx_chain_t          out;
    ngx_http_request_t  *r;

    r = ex->request;

    r->headers_out.content_length_n = text->len;

    if (r->headers_out.status == NGX_HTTP_NO_CONTENT
        || r->headers_out.status == NGX_HTTP_NOT_MODIFIED)
    {
        r->headers_out.content_length_n = -1;
        r->header_only = 1;
    }

    b = ngx_create_temp_buf(r->pool, text->len + 1);
    if (b == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc > NGX_OK ? NGX_ERROR : rc;
    }

    b->last = ngx_cpymem(b->last, text->data, text->len);
    b->last_buf = (r == r->main);
    b->last_in_chain = 1;
    b->temporary = text->len > 0;

    out.buf = b;
    out.next = NULL;

    /* what does not go now is nginx's to send, once it is finalized */

    return ngx_http_output_filter(r, &out) == NGX_ERROR ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
civic_host_request_forward(civic_host_exchange_t *ex)
{
    ngx_str_t                     name;
    const char                   *err;
    civic_remote_t               *remote;
    const civic_value_t          *options;
    civic_remote_request_t        request;
    const civic_host_answered_t  *answer;

    answer = ex->answer;
    options = answer->nresults > 1 ? &answer->results[1] : NULL;

    if (civic_value_string(&answer->results[0], &name) != NGX_OK) {
        return NGX_ERROR;
    }

    remote = civic_host_remote(ex->plugin->department, &name);

    if (remote == NULL
        || civic_host_http_build(options, ex->request->pool, &request, &err)
           != NGX_OK
        || civic_host_forward_start(ex->request, remote, &request) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_AGAIN;
}


/* NGX_AGAIN: somebody else will; NGX_DONE: it is already */

static void
civic_host_request_finish(ngx_http_request_t *r, ngx_int_t rc)
{
    if (rc == NGX_DONE || rc == NGX_AGAIN) {
        return;
    }

    if (rc == NGX_ERROR && !r->header_sent) {
        rc = NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_finalize_request(r, rc);
}


static void
civic_host_request_cleanup(void *data)
{
    civic_host_exchange_t *ex = data;

    civic_host_visit_t  *visit;

    visit = ex->visit;

    if (visit) {
        ex->visit = NULL;
        civic_host_visit_end(visit);
    }
}
