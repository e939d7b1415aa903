
/*
 * Copyright (C) Civic Gate
 *
 * An answer as plain values, for the plugins that filter it.
 */


#ifndef _CIVIC_HOST_FILTER_VALUE_H_INCLUDED_
#define _CIVIC_HOST_FILTER_VALUE_H_INCLUDED_


#include "civic.h"
#include "civic_value.h"


/*
 * { status, headers }, in the request's pool: names in lower case, repeated
 * ones as lists.  NGX_OK or NGX_ERROR.
 */

ngx_int_t civic_host_filter_response_value(ngx_http_request_t *r,
    civic_value_t *value);

/* adds raw, and body: decoded if it is JSON, nil if it only says so */

ngx_int_t civic_host_filter_body_value(ngx_http_request_t *r,
    const ngx_str_t *body, civic_value_t *value);


#endif /* _CIVIC_HOST_FILTER_VALUE_H_INCLUDED_ */
