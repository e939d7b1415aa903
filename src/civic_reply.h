
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_REPLY_H_INCLUDED_
#define _CIVIC_REPLY_H_INCLUDED_


#include "civic.h"


typedef enum {
    CIVIC_REPLY_ZH = 0,
    CIVIC_REPLY_EN
} civic_reply_language_e;


/*
 * Leaves a phase handler with `status`: 204, what civic_refuse() noted, or a
 * redirect whose Location is set, of which nginx makes the answer.
 * Where the operator has an error_page for it, and in a subrequest, nginx
 * gets the status; otherwise the gate answers itself.  Returns what the
 * phase handler is to return; the request may be gone then.
 */

ngx_int_t civic_reply(ngx_http_request_t *r, civic_ctx_t *ctx,
    ngx_int_t status);

/*
 * The page for `status`: problem+json, or HTML where the client asks for
 * it; sets content type, length and the headers that go with them.  NULL:
 * no memory.
 */

ngx_chain_t *civic_reply_page(ngx_http_request_t *r, civic_ctx_t *ctx,
    ngx_uint_t status, const civic_problem_t *problem);

/* the language in which the client is told so */

civic_reply_language_e civic_reply_language(ngx_http_request_t *r);

/* what a client is told that `problem` is; const, outlives all requests */

const ngx_str_t *civic_reply_title(const civic_problem_t *problem,
    civic_reply_language_e language);


#endif /* _CIVIC_REPLY_H_INCLUDED_ */
