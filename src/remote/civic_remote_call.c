
/*
 * Copyright (C) Civic Gate
 *
 * The life of one call: start, news, the end; cancel at any moment.  Owns
 * the call, its pool and its easy handle.
 *
 *     start -> running -> finished -> done() -> destroyed
 *                  \_ news: begin(), data() of a stream
 *
 * Handlers are called from the event `event` and from the deadline only,
 * where no function of libcurl is on the stack: so they may start, go on
 * and cancel as they like, and libcurl's rule that no easy handle goes away
 * under its own callbacks holds by itself.  A handler's own call stays until
 * the handler has returned.
 */


#include "civic_remote_conf.h"
#include "civic_status.h"


static void civic_remote_call_open(civic_remote_call_t *call,
    const civic_remote_request_t *request);
static void civic_remote_call_refuse(civic_remote_call_t *call,
    ngx_uint_t error, const char *why);
static void civic_remote_call_end(civic_remote_call_t *call,
    ngx_uint_t error);
static void civic_remote_call_stop(civic_remote_call_t *call);
static void civic_remote_call_wind(civic_remote_call_t *call);
static void civic_remote_call_event(ngx_event_t *ev);
static void civic_remote_call_timer(ngx_event_t *ev);
static void civic_remote_call_tell(civic_remote_call_t *call);
static ngx_int_t civic_remote_call_tell_stream(civic_remote_call_t *call);
static ngx_int_t civic_remote_call_tell_begin(civic_remote_call_t *call);
static ngx_int_t civic_remote_call_tell_data(civic_remote_call_t *call);
static void civic_remote_call_tell_done(civic_remote_call_t *call);
static void civic_remote_call_response(civic_remote_call_t *call,
    civic_remote_response_t *response);
static void civic_remote_call_log(civic_remote_call_t *call);


/* in the order of civic_remote_error_e */

static const civic_metric_e  civic_remote_call_metrics[] = {
    CIVIC_METRIC_REMOTE_OK,
    CIVIC_METRIC_REMOTE_UNREACHABLE,
    CIVIC_METRIC_REMOTE_TIMEOUT,
    CIVIC_METRIC_REMOTE_TLS,
    CIVIC_METRIC_REMOTE_TOO_LARGE,
    CIVIC_METRIC_REMOTE_PROTOCOL,
    CIVIC_METRIC_REMOTE_REQUEST
};


civic_remote_call_t *
civic_remote_start(civic_remote_t *remote,
    const civic_remote_request_t *request,
    const civic_remote_handlers_t *handlers, void *data)
{
    ngx_log_t            *log;
    ngx_pool_t           *pool;
    civic_remote_call_t  *call;

    log = ngx_cycle->log;

    if (civic_remote_worker_multi() == NULL) {
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "civic remote: libcurl cannot be started");
        return NULL;
    }

    pool = ngx_create_pool(2048, log);
    if (pool == NULL) {
        return NULL;
    }

    call = ngx_pcalloc(pool, sizeof(civic_remote_call_t));

    if (call == NULL
        || civic_remote_head_init(&call->head, pool) != NGX_OK)
    {
        ngx_destroy_pool(pool);
        return NULL;
    }

    call->data = data;
    call->remote = remote;
    call->log = log;
    call->ident = -1;
    call->handlers = *handlers;
    call->stream = (handlers->data != NULL);
    call->pool = pool;
    call->timeout = remote->timeout;

    if (request->timeout && request->timeout < remote->timeout) {
        call->timeout = request->timeout;
    }

    call->event.handler = civic_remote_call_event;
    call->event.data = call;
    call->event.log = log;
    call->timer.handler = civic_remote_call_timer;
    call->timer.data = call;
    call->timer.log = log;

    ngx_queue_insert_tail(civic_remote_worker_calls(), &call->queue);

    civic_remote_call_open(call, request);

    return call;
}


static void
civic_remote_call_open(civic_remote_call_t *call,
    const civic_remote_request_t *request)
{
    ngx_uint_t  *in_flight;
    const char  *wrong;

    wrong = civic_remote_easy_check(request);

    if (wrong != NULL) {
        civic_remote_call_refuse(call, CIVIC_REMOTE_REQUEST, wrong);
        return;
    }

    in_flight = civic_remote_worker_in_flight(call->remote);

    if (*in_flight >= call->remote->connections) {
        civic_remote_call_refuse(call, CIVIC_REMOTE_UNREACHABLE,
                                 "all its connections are busy");
        return;
    }

    (*in_flight)++;
    call->in_flight = in_flight;

    if (civic_remote_easy_create(call, request) != NGX_OK
        || curl_multi_add_handle(civic_remote_worker_multi(), call->easy)
           != CURLM_OK)
    {
        civic_remote_call_refuse(call, CIVIC_REMOTE_UNREACHABLE,
                                 "libcurl did not take it");
        return;
    }

    call->running = 1;

    ngx_add_timer(&call->timer, call->timeout);
}


/* told in the next turn of the event loop, which comes at once */

static void
civic_remote_call_refuse(civic_remote_call_t *call, ngx_uint_t error,
    const char *why)
{
    ngx_cpystrn((u_char *) call->message, (u_char *) why, CURL_ERROR_SIZE);

    civic_remote_call_end(call, error);

    ngx_delete_posted_event(&call->event);
    ngx_post_event(&call->event, &ngx_posted_next_events);
}


void
civic_remote_go_on(civic_remote_call_t *call)
{
    if (civic_remote_worker_exited()) {
        return;
    }

    call->went_on = 1;

    if (!call->waiting) {
        return;
    }

    call->waiting = 0;

    if (call->running) {
        civic_remote_call_wind(call);
    }

    civic_remote_call_news(call);
}


void
civic_remote_cancel(civic_remote_call_t *call)
{
    if (civic_remote_worker_exited() || call->cancelled) {
        return;
    }

    if (call->entered) {
        call->cancelled = 1;
        return;
    }

    civic_status_count(CIVIC_METRIC_REMOTE_CANCELLED, 1);

    civic_remote_call_destroy(call);
}


void
civic_remote_call_destroy(civic_remote_call_t *call)
{
    civic_remote_call_stop(call);

    if (call->event.posted) {
        ngx_delete_posted_event(&call->event);
    }

    if (call->easy != NULL) {
        curl_easy_cleanup(call->easy);
    }

    curl_slist_free_all(call->lines);

    ngx_queue_remove(&call->queue);

    ngx_destroy_pool(call->pool);
}


/* libcurl lets go of it, and others may have its place */

static void
civic_remote_call_stop(civic_remote_call_t *call)
{
    if (call->timer.timer_set) {
        ngx_del_timer(&call->timer);
    }

    if (call->running) {
        call->running = 0;
        (void) curl_multi_remove_handle(civic_remote_worker_multi(),
                                        call->easy);
        civic_remote_worker_clean();
    }

    if (call->in_flight != NULL) {
        (*call->in_flight)--;
        call->in_flight = NULL;
    }
}


/* anew: ngx_add_timer() alone may leave a timer as it was set */

static void
civic_remote_call_wind(civic_remote_call_t *call)
{
    if (call->timer.timer_set) {
        ngx_del_timer(&call->timer);
    }

    ngx_add_timer(&call->timer, call->timeout);
}


void
civic_remote_call_news(civic_remote_call_t *call)
{
    if (!call->event.posted) {
        ngx_post_event(&call->event, &ngx_posted_events);
    }
}


void
civic_remote_call_fail(civic_remote_call_t *call, ngx_uint_t error)
{
    if (call->error == CIVIC_REMOTE_OK) {
        call->error = error;
    }

    call->failed = 1;
    civic_remote_call_news(call);
}


void
civic_remote_call_finished(civic_remote_call_t *call, CURLcode rc)
{
    /* libcurl only knows that a callback of ours gave up */

    if (call->error != CIVIC_REMOTE_OK) {
        call->message[0] = '\0';
    }

    civic_remote_call_end(call, civic_remote_error(call, rc));
}


/* not from within libcurl */

static void
civic_remote_call_end(civic_remote_call_t *call, ngx_uint_t error)
{
    if (call->finished) {
        return;
    }

    civic_remote_call_stop(call);

    call->finished = 1;
    call->error = error;

    civic_remote_call_news(call);
}


static void
civic_remote_call_event(ngx_event_t *ev)
{
    civic_remote_call_tell(ev->data);
}


static void
civic_remote_call_timer(ngx_event_t *ev)
{
    civic_remote_call_t  *call = ev->data;

    ngx_cpystrn((u_char *) call->message,
                (u_char *) (call->begun ? "nothing came for as long as it has"
                                        : "no answer in the time it has"),
                CURL_ERROR_SIZE);

    civic_remote_call_end(call, CIVIC_REMOTE_TIMEOUT);
    civic_remote_call_tell(call);
}


/* the one place where handlers are called from */

static void
civic_remote_call_tell(civic_remote_call_t *call)
{
    ngx_int_t  rc;

    if (call->failed) {
        civic_remote_call_end(call, call->error);
    }

    rc = NGX_OK;
    call->entered = 1;

    if (call->stream
        && !(call->finished && call->error != CIVIC_REMOTE_OK))
    {
        rc = civic_remote_call_tell_stream(call);
    }

    if (rc == NGX_ERROR) {
        civic_remote_call_stop(call);
        call->finished = 1;
        call->error = CIVIC_REMOTE_REQUEST;
        call->unwanted = 1;
    }

    if (call->finished && !call->cancelled && rc != NGX_AGAIN) {
        civic_remote_call_tell_done(call);
        civic_remote_call_destroy(call);
        return;
    }

    call->entered = 0;

    if (call->cancelled) {
        civic_status_count(CIVIC_METRIC_REMOTE_CANCELLED, 1);
        civic_remote_call_destroy(call);
    }
}


/* NGX_AGAIN: there are bytes left, or there will be */

static ngx_int_t
civic_remote_call_tell_stream(civic_remote_call_t *call)
{
    ngx_int_t  rc;

    rc = civic_remote_call_tell_begin(call);

    if (rc != NGX_OK || call->cancelled || call->waiting) {
        return rc == NGX_OK ? NGX_AGAIN : rc;
    }

    rc = civic_remote_call_tell_data(call);

    if (rc != NGX_OK || call->cancelled) {
        return rc;
    }

    call->len = 0;

    if (!call->running) {
        return NGX_OK;
    }

    civic_remote_call_wind(call);

    if (!call->paused) {
        return NGX_OK;
    }

    /* libcurl hands over what it held back in here, and posts the event */

    call->paused = 0;

    if (curl_easy_pause(call->easy, CURLPAUSE_CONT) != CURLE_OK) {
        civic_remote_call_end(call, call->error ? call->error
                                                : CIVIC_REMOTE_PROTOCOL);
    }

    civic_remote_worker_clean();

    return NGX_AGAIN;
}


static ngx_int_t
civic_remote_call_tell_begin(civic_remote_call_t *call)
{
    civic_remote_response_t  response;

    if (call->begun || !call->head.done) {
        return NGX_OK;
    }

    call->begun = 1;

    if (call->handlers.begin == NULL) {
        return NGX_OK;
    }

    civic_remote_call_response(call, &response);

    return call->handlers.begin(call->data, &response) == NGX_OK ? NGX_OK
                                                                 : NGX_ERROR;
}


static ngx_int_t
civic_remote_call_tell_data(civic_remote_call_t *call)
{
    ngx_int_t  rc;
    ngx_str_t  bytes;

    if (call->len == 0) {
        return NGX_OK;
    }

    bytes.data = call->body;
    bytes.len = call->len;

    call->went_on = 0;

    rc = call->handlers.data(call->data, &bytes);

    if (rc != NGX_AGAIN || call->cancelled) {
        return rc == NGX_OK || call->cancelled ? NGX_OK : NGX_ERROR;
    }

    /* room came while it was looking for some */

    if (call->went_on) {
        civic_remote_call_news(call);
        return NGX_AGAIN;
    }

    /* how long this takes is not the remote's fault */

    call->waiting = 1;

    if (call->timer.timer_set) {
        ngx_del_timer(&call->timer);
    }

    return NGX_AGAIN;
}


static void
civic_remote_call_tell_done(civic_remote_call_t *call)
{
    civic_remote_response_t  response;

    /* who answered NGX_ERROR knows why: the remote did nothing wrong */

    if (call->unwanted) {
        civic_status_count(CIVIC_METRIC_REMOTE_CANCELLED, 1);
        call->handlers.done(call->data, call->error, NULL);
        return;
    }

    civic_status_count(civic_remote_call_metrics[call->error], 1);

    if (call->error != CIVIC_REMOTE_OK) {
        civic_remote_call_log(call);
        call->handlers.done(call->data, call->error, NULL);
        return;
    }

    civic_remote_call_response(call, &response);

    call->handlers.done(call->data, CIVIC_REMOTE_OK, &response);
}


static void
civic_remote_call_response(civic_remote_call_t *call,
    civic_remote_response_t *response)
{
    response->status = call->head.status;
    response->headers = call->head.headers;
    response->body.data = call->body;
    response->body.len = call->stream ? 0 : call->len;
}


/* libcurl's words name the host, never a header; the path is not logged */

static void
civic_remote_call_log(civic_remote_call_t *call)
{
    ngx_log_error(NGX_LOG_ERR, call->log, 0,
                  "civic remote: a call to \"%V\" failed: %V (%s)",
                  &call->remote->name, civic_remote_code(call->error),
                  civic_remote_error_text(call));
}
