
/*
 * Copyright (C) Civic Gate
 *
 * Unit tests only: a plugin in a folder of its own, and a VM for it.
 */


#ifndef _PLUGIN_H_INCLUDED_
#define _PLUGIN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include "civic_lua.h"


/* the conf of the next plugin_load(), set back by plugin_setup() */

extern civic_lua_conf_t     plugin_conf;
extern ngx_pool_t          *plugin_pool;
extern civic_lua_vm_t      *plugin_vm;
extern civic_lua_run_t      plugin_run;
extern civic_lua_failure_t  plugin_failure;


int plugin_setup(void **state);
int plugin_teardown(void **state);

void plugin_file(const char *path, const char *text);
void plugin_link(const char *path, const char *target);

/* plugin.lua's text; NULL: as it is.  1: it was loaded, else plugin_failure */

ngx_uint_t plugin_load(const char *text);

/* body of a function f(...); loads it and runs it: as civic_lua_run_start() */

ngx_int_t plugin_do(const char *body);

/* starts a function of the plugin that is loaded, without arguments */

ngx_int_t plugin_start(const char *function);
ngx_int_t plugin_resume_number(double number);

/* the results as JSON, with a blank between them; or the failure's message */

const char *plugin_results(void);
const char *plugin_message(void);

/* name and arguments of the operation it waits for, likewise */

const char *plugin_operation(void);


#endif /* _PLUGIN_H_INCLUDED_ */
