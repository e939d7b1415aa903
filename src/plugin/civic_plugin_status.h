
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_PLUGIN_STATUS_H_INCLUDED_
#define _CIVIC_PLUGIN_STATUS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* shows plugins among the metrics and in civic_status full */

void civic_plugin_status_init(void);


#endif /* _CIVIC_PLUGIN_STATUS_H_INCLUDED_ */
