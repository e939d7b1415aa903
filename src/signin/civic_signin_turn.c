
/*
 * Copyright (C) Civic Gate
 */


#include "civic_reply.h"
#include "civic_signin_turn.h"


static void civic_signin_turn_renewed(ngx_http_request_t *r);
static ngx_int_t civic_signin_turn_end(civic_signin_turn_t *turn,
    ngx_int_t rc);


static ngx_str_t  civic_signin_no_store = ngx_string("no-store");
static ngx_str_t  civic_signin_soon = ngx_string("1");


void
civic_signin_turn_go_on(civic_signin_turn_t *turn, ngx_int_t rc)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = turn->request;
    c = r->connection;

    if (rc == NGX_AGAIN) {

        r->write_event_handler = turn->keys ? civic_signin_turn_renewed
                                            : ngx_http_request_empty_handler;

        if (!turn->waited) {
            turn->waited = 1;
            r->read_event_handler = ngx_http_test_reading;

            if (ngx_handle_read_event(c->read, 0) != NGX_OK) {
                ngx_http_finalize_request(r, NGX_ERROR);
            }
        }

        return;
    }

    ngx_http_set_log_request(c->log, r);

    rc = civic_signin_turn_end(turn, rc);

    if (rc != NGX_DONE) {
        ngx_http_finalize_request(r, rc);
    }
}


void
civic_signin_turn_resume(civic_signin_turn_t *turn, ngx_int_t rc)
{
    ngx_connection_t  *c;

    c = turn->request->connection;

    civic_signin_turn_go_on(turn, rc);

    ngx_http_run_posted_requests(c);
}


/* woken, by the keys or by the client's socket */

static void
civic_signin_turn_renewed(ngx_http_request_t *r)
{
    civic_signin_turn_t  *turn;

    turn = ngx_http_get_module_ctx(r, ngx_http_civic_signin_module);

    if (turn->keys == NULL || turn->keys->waiting) {
        return;
    }

    turn->keys = NULL;

    civic_signin_turn_go_on(turn, turn->renewed(turn));
}


/* what to finalize with; NGX_DONE: it was */

static ngx_int_t
civic_signin_turn_end(civic_signin_turn_t *turn, ngx_int_t rc)
{
    if (rc == NGX_ERROR) {
        rc = civic_refuse(turn->ctx, CIVIC_INTERNAL, NULL);
    }

    return rc >= NGX_HTTP_BAD_REQUEST
           ? civic_reply(turn->request, turn->ctx, rc) : rc;
}


ngx_int_t
civic_signin_turn_refuse(civic_signin_turn_t *turn, civic_problem_e problem)
{
    civic_signin_loc_conf_t  *slcf;

    slcf = ngx_http_get_module_loc_conf(turn->request,
                                        ngx_http_civic_signin_module);

    ngx_log_error(NGX_LOG_INFO, turn->request->connection->log, 0,
                  "civic signin: \"%V\" refused: %V", &turn->signin->name,
                  &civic_problems[problem].code);

    if (civic_problems[problem].status == NGX_HTTP_SERVICE_UNAVAILABLE
        && civic_headers_out_add(turn->request, "Retry-After",
                                 &civic_signin_soon)
           == NULL)
    {
        return NGX_ERROR;
    }

    return civic_refuse(turn->ctx, problem, slcf->pos);
}


ngx_int_t
civic_signin_turn_redirect(civic_signin_turn_t *turn, ngx_str_t *address)
{
    return civic_signin_redirect(turn->request, address);
}


ngx_int_t
civic_signin_redirect(ngx_http_request_t *r, ngx_str_t *address)
{
    r->headers_out.location = civic_headers_out_add(r, "Location", address);

    if (r->headers_out.location == NULL
        || civic_headers_out_add(r, "Cache-Control", &civic_signin_no_store)
           == NULL)
    {
        return NGX_ERROR;
    }

    return NGX_HTTP_SEE_OTHER;
}


/* 200, and nothing to read or to keep */

ngx_int_t
civic_signin_turn_done(civic_signin_turn_t *turn)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = turn->request;

    if (civic_headers_out_add(r, "Cache-Control", &civic_signin_no_store)
        == NULL)
    {
        return NGX_ERROR;
    }

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = 0;
    r->header_only = 1;

    rc = ngx_http_send_header(r);

    return rc > NGX_OK ? NGX_OK : rc;
}


ngx_int_t
civic_signin_turn_keys(civic_signin_turn_t *turn, civic_problem_e problem,
    civic_signin_turn_pt step)
{
    ngx_int_t               rc;
    civic_provider_wait_t  *wait;
    const civic_issuer_t   *issuer;

    issuer = turn->signin->issuer;

    if ((problem != CIVIC_KEY_UNKNOWN && problem != CIVIC_KEYS_UNAVAILABLE)
        || issuer->live == NULL
        || turn->renewed != NULL)
    {
        return NGX_DECLINED;
    }

    wait = civic_provider_wait_create(turn->request);
    if (wait == NULL) {
        return NGX_ERROR;
    }

    rc = civic_provider_keys_wait(issuer->live, wait);

    if (rc == NGX_AGAIN) {
        turn->keys = wait;
        turn->renewed = step;
    }

    return rc;
}


ngx_int_t
civic_signin_turn_await(civic_signin_turn_t *turn,
    civic_redis_command_t *command)
{
    turn->command = command;

    return command ? NGX_AGAIN : NGX_ERROR;
}


ngx_int_t
civic_signin_turn_argument(const ngx_str_t *text, const char *name,
    ngx_pool_t *pool, ngx_str_t *value)
{
    u_char     *p, *q;
    size_t      i;
    ngx_int_t   rc;
    ngx_str_t   raw;

    rc = civic_signin_turn_find(text, name, &raw);
    if (rc != NGX_OK) {
        return rc;
    }

    value->data = ngx_pnalloc(pool, raw.len + 1);
    if (value->data == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < raw.len; i++) {
        value->data[i] = (raw.data[i] == '+') ? ' ' : raw.data[i];
    }

    p = value->data;
    q = value->data;

    ngx_unescape_uri(&q, &p, raw.len, 0);

    value->len = q - value->data;

    return NGX_OK;
}


ngx_int_t
civic_signin_turn_find(const ngx_str_t *text, const char *name,
    ngx_str_t *raw)
{
    size_t   len;
    u_char  *p, *end, *last;

    len = ngx_strlen(name);
    last = text->data + text->len;
    ngx_str_null(raw);

    for (p = text->data; p < last; p = end + 1) {

        end = ngx_strlchr(p, last, '&');
        if (end == NULL) {
            end = last;
        }

        if ((size_t) (end - p) <= len
            || ngx_memcmp(p, name, len) != 0
            || p[len] != '=')
        {
            continue;
        }

        if (raw->data) {
            return NGX_ABORT;
        }

        raw->data = p + len + 1;
        raw->len = end - raw->data;
    }

    return raw->data ? NGX_OK : NGX_DECLINED;
}
