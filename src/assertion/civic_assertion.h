
/*
 * Copyright (C) Civic Gate
 *
 * Proof, for one service, of who is calling: a JWT that the gate signs, and
 * the keys to check it with.
 *
 * This is the only header of assertion/ that others may include.
 */


#ifndef _CIVIC_ASSERTION_H_INCLUDED_
#define _CIVIC_ASSERTION_H_INCLUDED_


#include "civic.h"


/* a step, once nobody will refuse: X-Civic-Assertion of this location */

ngx_int_t civic_assertion_step(ngx_http_request_t *r, civic_ctx_t *ctx);


#endif /* _CIVIC_ASSERTION_H_INCLUDED_ */
