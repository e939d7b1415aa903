
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_WATCH_TRIAL_H_INCLUDED_
#define _CIVIC_WATCH_TRIAL_H_INCLUDED_


#include "civic_plugin_conf.h"


#define CIVIC_WATCH_TRIAL_TIME  3000   /* ms */


/*
 * Loads plugin.lua in a child and looks for the functions that the manifest
 * names.  NGX_OK, or NGX_ERROR: `errors`.  Takes CIVIC_WATCH_TRIAL_TIME at
 * most.
 */

ngx_int_t civic_watch_trial(const civic_plugin_t *plugin,
    civic_plugin_errors_t *errors, ngx_log_t *log);


#endif /* _CIVIC_WATCH_TRIAL_H_INCLUDED_ */
