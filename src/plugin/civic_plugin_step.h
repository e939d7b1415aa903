
/*
 * Copyright (C) Civic Gate
 *
 * The step of the pipeline that answers for a plugin which cannot.
 */


#ifndef _CIVIC_PLUGIN_STEP_H_INCLUDED_
#define _CIVIC_PLUGIN_STEP_H_INCLUDED_


#include "civic.h"


/* after early limits, before anybody is authenticated */

ngx_int_t civic_plugin_check(ngx_http_request_t *r, civic_ctx_t *ctx);


#endif /* _CIVIC_PLUGIN_STEP_H_INCLUDED_ */
