
/*
 * Copyright (C) Civic Gate
 *
 * What a plugin did in this process, written where all processes see it;
 * and the seat of this process, by which the watchdog knows that it is
 * inside some plugin's Lua.
 */


#ifndef _CIVIC_PLUGIN_ACCOUNT_H_INCLUDED_
#define _CIVIC_PLUGIN_ACCOUNT_H_INCLUDED_


#include "civic_plugin_conf.h"


/* a worker that stays inside for longer is ended */

#define CIVIC_PLUGIN_WATCHDOG  2000    /* ms */


/* takes a seat; gives it back.  Without one there is no watchdog */

void civic_plugin_account_sit(ngx_log_t *log);
void civic_plugin_account_rise(void);

/* bytes in use by VMs of that entry, in this process */

void civic_plugin_account_memory(ngx_uint_t entry, size_t size);

/* in the watcher: ends the workers that stay inside */

void civic_plugin_account_watch(ngx_log_t *log);


#endif /* _CIVIC_PLUGIN_ACCOUNT_H_INCLUDED_ */
