
/*
 * Copyright (C) Civic Gate
 *
 * What the code in a VM can reach.  All of it raises Lua errors: it is called
 * by Lua, or under protection.
 */


#ifndef _CIVIC_LUA_SANDBOX_H_INCLUDED_
#define _CIVIC_LUA_SANDBOX_H_INCLUDED_


#include "civic_lua_vm.h"


/* civic_lua_sandbox.c */

void civic_lua_sandbox_init(lua_State *L, civic_lua_vm_t *vm);

/*
 * Raises an error that begins with the place in the plugin's own files
 * where it happened, however deep in lua/civic/ that was noticed.
 */

int civic_lua_sandbox_error(lua_State *L, const char *fmt, ...);


/* civic_lua_require.c */

int civic_lua_require(lua_State *L);

/* compiles a file of the folder and leaves the function; raises errors */

void civic_lua_require_file(lua_State *L, civic_lua_vm_t *vm,
    const char *path);

/* pushes what a module of lua/civic/ returns, loading it if need be: 1 */

ngx_uint_t civic_lua_require_builtin(lua_State *L, civic_lua_vm_t *vm,
    const char *name, size_t len);


/* civic_lua_native.c, _bytes.c, _json.c, _text.c: for lua/civic/ */

extern const luaL_Reg  civic_lua_native_functions[];
extern const luaL_Reg  civic_lua_bytes_functions[];
extern const luaL_Reg  civic_lua_json_functions[];
extern const luaL_Reg  civic_lua_text_functions[];
extern const luaL_Reg  civic_lua_strings_functions[];


/* civic_lua_sources.c */

const civic_lua_source_t *civic_lua_module(const ngx_str_t *name);


#endif /* _CIVIC_LUA_SANDBOX_H_INCLUDED_ */
