
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_PIPELINE_H_INCLUDED_
#define _CIVIC_PIPELINE_H_INCLUDED_


#include "civic.h"


/* registers the phase handlers; called once a civic_ directive was read */

ngx_int_t civic_pipeline_init(ngx_conf_t *cf);

/* puts them in their places among other modules' handlers */

void civic_pipeline_order(ngx_cycle_t *cycle);


#endif /* _CIVIC_PIPELINE_H_INCLUDED_ */
