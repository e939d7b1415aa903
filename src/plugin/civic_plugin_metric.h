
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_PLUGIN_METRIC_H_INCLUDED_
#define _CIVIC_PLUGIN_METRIC_H_INCLUDED_


#include "civic_plugin_zone.h"
#include "civic_status_families.h"


/* the samples of civic_plugin_counter_total */

void civic_plugin_metric_walk(const civic_status_walk_t *walk);


#endif /* _CIVIC_PLUGIN_METRIC_H_INCLUDED_ */
