
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_VARIABLES_H_INCLUDED_
#define _CIVIC_VARIABLES_H_INCLUDED_


#include "civic.h"


/* $civic_trace_id, $civic_code, $civic_refused_by */

ngx_int_t civic_variables_add(ngx_conf_t *cf);

/* for each subsystem's own: a table that ends in ngx_http_null_variable */

ngx_int_t civic_variables_add_table(ngx_conf_t *cf,
    ngx_http_variable_t *table);


#endif /* _CIVIC_VARIABLES_H_INCLUDED_ */
