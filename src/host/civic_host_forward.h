
/*
 * Copyright (C) Civic Gate
 *
 * The answer of a remote, streamed to a client.
 */


#ifndef _CIVIC_HOST_FORWARD_H_INCLUDED_
#define _CIVIC_HOST_FORWARD_H_INCLUDED_


#include "civic_host.h"


/*
 * Takes the request over: it is finalized when the answer has been sent, or
 * failed.  The caller has taken r->main->count up for it.  NGX_OK, or
 * NGX_ERROR: nothing was begun.
 */

ngx_int_t civic_host_forward_start(ngx_http_request_t *r,
    civic_remote_t *remote, const civic_remote_request_t *request);


#endif /* _CIVIC_HOST_FORWARD_H_INCLUDED_ */
