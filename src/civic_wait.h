
/*
 * Copyright (C) Civic Gate
 *
 * Waiting in REWRITE.  A step that needs what is not there yet starts an
 * operation (Redis, a remote, the client's body), parks the request and
 * returns NGX_DONE; when the answer comes, the operation wakes the request
 * and the steps run anew, those that are done at no cost.
 *
 * The operation belongs to the step: a cleanup of r->pool cancels it where
 * the request dies first.  A step must bear to be called while it waits.
 */


#ifndef _CIVIC_WAIT_H_INCLUDED_
#define _CIVIC_WAIT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* from within a step: NGX_DONE to leave with, or NGX_ERROR */

ngx_int_t civic_wait_park(ngx_http_request_t *r);

/*
 * From a handler of the event loop, never from within a step: the request,
 * and all that its pool holds, may be gone when it returns.
 */

void civic_wait_wake(ngx_http_request_t *r);

/*
 * For an operation that serves a client's request and its subrequests alike,
 * who may come for it at once: parks the request behind those in `waiting`,
 * a list that is NULL where nobody waits.  NGX_DONE or NGX_ERROR.
 */

ngx_int_t civic_wait_join(ngx_http_request_t *r,
    ngx_http_posted_request_t **waiting);

/* wakes them all, as civic_wait_wake() does */

void civic_wait_wake_all(ngx_http_posted_request_t **waiting);

/* what parking left behind is undone: once the steps have passed */

void civic_wait_end(ngx_http_request_t *r);


#endif /* _CIVIC_WAIT_H_INCLUDED_ */
