
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_VARIABLES_H_INCLUDED_
#define _CIVIC_VARIABLES_H_INCLUDED_


#include "civic.h"


/* $civic_trace_id, $civic_code, $civic_refused_by */

ngx_int_t civic_variables_add(ngx_conf_t *cf);


#endif /* _CIVIC_VARIABLES_H_INCLUDED_ */
