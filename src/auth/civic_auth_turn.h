
/*
 * Copyright (C) Civic Gate
 *
 * Verifying a signature takes up to half a millisecond, in which a worker
 * does nothing else.  Whoever sends forgeries gets them verified last: one
 * in each pass of the event loop, when all other requests that came were
 * served, and of one address after the other.  Nobody is refused for his
 * address, which many may share.
 */


#ifndef _CIVIC_AUTH_TURN_H_INCLUDED_
#define _CIVIC_AUTH_TURN_H_INCLUDED_


#include "civic.h"


typedef struct civic_auth_turn_s  civic_auth_turn_t;


/*
 * From a method's judge, before it verifies.  NGX_OK: it is this request's
 * turn; NGX_AGAIN: it waits, and judge is called again; NGX_ERROR.
 */

ngx_int_t civic_auth_turn_take(ngx_http_request_t *r, civic_ctx_t *ctx);

/* a credential was refused, whatever kind it was */

void civic_auth_turn_failed(ngx_http_request_t *r);


#endif /* _CIVIC_AUTH_TURN_H_INCLUDED_ */
