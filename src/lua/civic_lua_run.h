
/*
 * Copyright (C) Civic Gate
 *
 * Runs from the inside: what vm.c needs to run plugin.lua.
 */


#ifndef _CIVIC_LUA_RUN_H_INCLUDED_
#define _CIVIC_LUA_RUN_H_INCLUDED_


#include "civic_lua_vm.h"


ngx_int_t civic_lua_run_init(civic_lua_run_t *run, civic_lua_vm_t *vm,
    ngx_pool_t *pool);

/* the run's coroutine, made if there is none: under protection */

lua_State *civic_lua_run_thread(lua_State *L, civic_lua_run_t *run);

/* what civic_lua_run_start() returns; results stay on the coroutine */

ngx_int_t civic_lua_run_go(civic_lua_run_t *run, int nargs);

/* native: operation(name, ...) */

int civic_lua_run_operation(lua_State *L);


#endif /* _CIVIC_LUA_RUN_H_INCLUDED_ */
