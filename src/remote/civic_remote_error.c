
/*
 * Copyright (C) Civic Gate
 *
 * What went wrong, in the few words that plugins and operators see.  The
 * difference that matters to them: "unreachable" did not get there, while
 * after "timeout" and "protocol" the remote may have done what it was asked.
 */


#include "civic_remote_conf.h"


/* in the order of civic_remote_error_e */

static const ngx_str_t  civic_remote_codes[] = {
    ngx_string("ok"),
    ngx_string("remote-unreachable"),
    ngx_string("remote-timeout"),
    ngx_string("remote-tls"),
    ngx_string("remote-too-large"),
    ngx_string("remote-protocol"),
    ngx_string("remote-request")
};


/* where libcurl says nothing, or only that we gave up */

static const char  *const  civic_remote_texts[] = {
    "",
    "no memory, or no connection of the worker is free",
    "there was no time left",
    "the connection could not be secured",
    "the answer is larger than is allowed",
    "the answer is no whole answer of HTTP/1",
    "the request is malformed"
};


const ngx_str_t *
civic_remote_code(ngx_uint_t error)
{
    if (error > CIVIC_REMOTE_REQUEST) {
        error = CIVIC_REMOTE_PROTOCOL;
    }

    return &civic_remote_codes[error];
}


ngx_uint_t
civic_remote_error(civic_remote_call_t *call, CURLcode rc)
{
    /* ours was the reason that libcurl gave up */

    if (call->error != CIVIC_REMOTE_OK) {
        return call->error;
    }

    switch (rc) {

    case CURLE_OK:
        return call->head.done ? CIVIC_REMOTE_OK : CIVIC_REMOTE_PROTOCOL;

    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_FAILED_INIT:
        return CIVIC_REMOTE_UNREACHABLE;

    case CURLE_OPERATION_TIMEDOUT:
        return CIVIC_REMOTE_TIMEOUT;

    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_ISSUER_ERROR:
        return CIVIC_REMOTE_TLS;

    case CURLE_FILESIZE_EXCEEDED:
        return CIVIC_REMOTE_TOO_LARGE;

    case CURLE_OUT_OF_MEMORY:

        /* libcurl says so of a line that is longer than it takes, too */

        return call->sent ? CIVIC_REMOTE_TOO_LARGE
                          : CIVIC_REMOTE_UNREACHABLE;

    default:
        return CIVIC_REMOTE_PROTOCOL;
    }
}


const char *
civic_remote_error_text(civic_remote_call_t *call)
{
    return call->message[0] ? call->message : civic_remote_texts[call->error];
}
