
/*
 * Copyright (C) Civic Gate
 *
 * The body is read in REWRITE, into memory or nginx's temporary file as its
 * directives say, and digested as it arrives: nothing is read back.  While
 * it is read, nginx's own handlers have the request; whoever comes here
 * again then comes because reading failed, to show an error page.
 */


#include "civic_sign.h"
#include "civic_wait.h"


static ngx_int_t civic_sign_body_start(ngx_http_request_t *r,
    civic_sign_state_t *state);
static void civic_sign_body_cleanup(void *data);
static ngx_int_t civic_sign_body_wait(ngx_http_request_t *r,
    civic_sign_state_t *state);
static void civic_sign_body_handler(ngx_http_request_t *r);
static ngx_int_t civic_sign_body_known(ngx_http_request_t *r,
    civic_sign_state_t *state);
static ngx_int_t civic_sign_body_take(civic_sign_state_t *state,
    ngx_chain_t *in);
static ngx_int_t civic_sign_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static ngx_int_t civic_sign_body_refuse(civic_sign_state_t *state,
    civic_problem_e problem);


static ngx_http_request_body_filter_pt  civic_sign_body_next;


ngx_int_t
civic_sign_body_init(ngx_conf_t *cf)
{
    civic_sign_body_next = ngx_http_top_request_body_filter;
    ngx_http_top_request_body_filter = civic_sign_body_filter;

    return NGX_OK;
}


ngx_int_t
civic_sign_body_read(ngx_http_request_t *r, civic_sign_state_t *state)
{
    ngx_int_t  rc;

    if (state->read || (!state->claim.form && state->digest.n == 0)) {
        return NGX_OK;
    }

    if (state->reading) {
        return civic_sign_body_refuse(state, CIVIC_BODY_MALFORMED);
    }

    rc = civic_sign_body_start(r->main, state);

    if (rc != NGX_OK || !state->message.body) {
        return rc;
    }

    if (r->main->request_body != NULL) {
        return civic_sign_body_known(r->main, state);
    }

    if (r != r->main) {
        return civic_sign_body_refuse(state, CIVIC_BODY_UNSEEN);
    }

    return civic_sign_body_wait(r, state);
}


static ngx_int_t
civic_sign_body_start(ngx_http_request_t *r, civic_sign_state_t *state)
{
    size_t               room;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = civic_sign_body_cleanup;
    cln->data = state;

    if (civic_sign_digest_start(&state->digest) != NGX_OK) {
        return NGX_ERROR;
    }

    if (!state->claim.form) {
        return NGX_OK;
    }

    room = CIVIC_SIGN_MAX_FORM;

    if (!r->headers_in.chunked) {

        if (r->headers_in.content_length_n > CIVIC_SIGN_MAX_FORM) {
            return civic_sign_body_refuse(state, CIVIC_BODY_TOO_LARGE);
        }

        room = (size_t) r->headers_in.content_length_n;
    }

    state->form.data = ngx_pnalloc(r->pool, room);

    return state->form.data ? NGX_OK : NGX_ERROR;
}


static void
civic_sign_body_cleanup(void *data)
{
    civic_sign_state_t  *state = data;

    civic_sign_digest_free(&state->digest);
}


/* the reference that reading takes is given back: parked, nobody counts */

static ngx_int_t
civic_sign_body_wait(ngx_http_request_t *r, civic_sign_state_t *state)
{
    ngx_int_t  rc;

    ngx_http_set_ctx(r, state, ngx_http_civic_sign_module);

    state->reading = 1;

    rc = ngx_http_read_client_request_body(r, civic_sign_body_handler);

    switch (rc) {

    case NGX_HTTP_REQUEST_ENTITY_TOO_LARGE:
        return civic_sign_body_refuse(state, CIVIC_BODY_TOO_LARGE);

    case NGX_HTTP_BAD_REQUEST:
        return civic_sign_body_refuse(state, CIVIC_BODY_MALFORMED);
    }

    if (rc == NGX_ERROR || rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return NGX_ERROR;
    }

    r->main->count--;

    if (state->read) {
        return NGX_OK;
    }

    state->request = r;

    return NGX_AGAIN;
}


static void
civic_sign_body_handler(ngx_http_request_t *r)
{
    civic_sign_state_t  *state;

    state = ngx_http_get_module_ctx(r, ngx_http_civic_sign_module);

    state->reading = 0;
    state->read = 1;

    ngx_http_set_ctx(r, NULL, ngx_http_civic_sign_module);

    if (state->request == NULL) {
        return;
    }

    state->request = NULL;

    r->write_event_handler = ngx_http_core_run_phases;

    civic_wait_wake(r);
}


/*
 * Somebody read it before us, at a location that did not ask for a
 * signature.  What lies in a file cannot be read without blocking.
 */

static ngx_int_t
civic_sign_body_known(ngx_http_request_t *r, civic_sign_state_t *state)
{
    if (r->reading_body || r->request_body->temp_file != NULL) {
        return civic_sign_body_refuse(state, CIVIC_BODY_UNSEEN);
    }

    switch (civic_sign_body_take(state, r->request_body->bufs)) {

    case NGX_OK:
        state->read = 1;
        return NGX_OK;

    case NGX_HTTP_REQUEST_ENTITY_TOO_LARGE:
        return civic_sign_body_refuse(state, CIVIC_BODY_TOO_LARGE);
    }

    return NGX_ERROR;
}


static ngx_int_t
civic_sign_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_int_t            rc;
    civic_sign_state_t  *state;

    state = ngx_http_get_module_ctx(r, ngx_http_civic_sign_module);

    if (state != NULL && in != NULL) {

        rc = civic_sign_body_take(state, in);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return civic_sign_body_next(r, in);
}


/* NGX_OK, 413, or 500 */

static ngx_int_t
civic_sign_body_take(civic_sign_state_t *state, ngx_chain_t *in)
{
    size_t        size;
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    for (cl = in; cl; cl = cl->next) {
        b = cl->buf;

        if (!ngx_buf_in_memory(b)) {

            if (ngx_buf_special(b)) {
                continue;
            }

            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        size = b->last - b->pos;

        if (civic_sign_digest_update(&state->digest, b->pos, size) != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        if (!state->claim.form) {
            continue;
        }

        if (size > CIVIC_SIGN_MAX_FORM - state->form.len) {
            return NGX_HTTP_REQUEST_ENTITY_TOO_LARGE;
        }

        ngx_memcpy(state->form.data + state->form.len, b->pos, size);
        state->form.len += size;
    }

    return NGX_OK;
}


static ngx_int_t
civic_sign_body_refuse(civic_sign_state_t *state, civic_problem_e problem)
{
    state->problem = problem;

    return NGX_DECLINED;
}
