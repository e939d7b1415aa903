
/*
 * Copyright (C) Civic Gate
 *
 * What libcurl receives: lines of the head, bytes of the body.  These are
 * its callbacks, so they only keep what comes, within bounds, and post an
 * event; of a stream they keep little, and let libcurl wait.
 */


#include "civic_remote_conf.h"


#define CIVIC_REMOTE_STREAM  (2 * CURL_MAX_WRITE_SIZE)
#define CIVIC_REMOTE_FIRST   4096


static ngx_int_t civic_remote_answer_append(civic_remote_call_t *call,
    const char *p, size_t len);


/* less than all returned: libcurl ends the call with CURLE_WRITE_ERROR */

size_t
civic_remote_answer_head(char *p, size_t size, size_t n, void *data)
{
    civic_remote_call_t  *call = data;

    ngx_str_t  line;

    line.data = (u_char *) p;
    line.len = size * n;

    switch (civic_remote_head_line(&call->head, &line)) {

    case NGX_OK:
        return line.len;

    case NGX_DONE:
        if (call->stream) {
            civic_remote_call_news(call);
        }

        return line.len;

    case NGX_BUSY:
        call->error = CIVIC_REMOTE_TOO_LARGE;
        return 0;

    case NGX_DECLINED:
        call->error = CIVIC_REMOTE_PROTOCOL;
        return 0;

    default:
        call->error = CIVIC_REMOTE_UNREACHABLE;
        return 0;
    }
}


size_t
civic_remote_answer_body(char *p, size_t size, size_t n, void *data)
{
    size_t                len;
    civic_remote_call_t  *call = data;

    len = size * n;

    if (len == 0) {
        return 0;
    }

    if (!call->head.done) {
        call->error = CIVIC_REMOTE_PROTOCOL;
        return 0;
    }

    if (call->stream) {

        if (call->len && call->len + len > CIVIC_REMOTE_STREAM) {
            call->paused = 1;
            return CURL_WRITEFUNC_PAUSE;
        }

        civic_remote_call_news(call);

    } else if (len > call->remote->max_body - call->len) {
        call->error = CIVIC_REMOTE_TOO_LARGE;
        return 0;
    }

    if (civic_remote_answer_append(call, p, len) != NGX_OK) {
        call->error = CIVIC_REMOTE_UNREACHABLE;
        return 0;
    }

    return len;
}


static ngx_int_t
civic_remote_answer_append(civic_remote_call_t *call, const char *p,
    size_t len)
{
    size_t   size;
    u_char  *body;

    if (call->size - call->len < len) {
        size = ngx_max(call->size, CIVIC_REMOTE_FIRST);

        while (size < call->len + len) {
            size *= 2;
        }

        body = ngx_palloc(call->pool, size);
        if (body == NULL) {
            return NGX_ERROR;
        }

        if (call->body != NULL) {
            ngx_memcpy(body, call->body, call->len);
            (void) ngx_pfree(call->pool, call->body);
        }

        call->body = body;
        call->size = size;
    }

    ngx_memcpy(call->body + call->len, p, len);
    call->len += len;

    return NGX_OK;
}
