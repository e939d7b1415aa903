
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_VARIABLES_H_INCLUDED_
#define _CIVIC_VARIABLES_H_INCLUDED_


#include "civic.h"
#include "civic_json.h"


/* $civic_trace_id, $civic_code, $civic_refused_by */

ngx_int_t civic_variables_add(ngx_conf_t *cf);

/* for each subsystem's own: a table that ends in ngx_http_null_variable */

ngx_int_t civic_variables_add_table(ngx_conf_t *cf,
    ngx_http_variable_t *table);

/* the text is not copied */

void civic_variables_set(ngx_http_variable_value_t *v, const ngx_str_t *value);

/*
 * A claim, for a get_handler to return: not found where there is none, NULL,
 * or where it has control bytes.
 */

ngx_int_t civic_variables_claim(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, const civic_json_t *claim);


#endif /* _CIVIC_VARIABLES_H_INCLUDED_ */
