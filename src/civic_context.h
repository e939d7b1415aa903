
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_CONTEXT_H_INCLUDED_
#define _CIVIC_CONTEXT_H_INCLUDED_


#include "civic.h"


/*
 * The context of a request, made where there is none yet.  NULL: no memory,
 * or a subrequest of a request that has none.
 */

civic_ctx_t *civic_ctx_open(ngx_http_request_t *r);


#endif /* _CIVIC_CONTEXT_H_INCLUDED_ */
