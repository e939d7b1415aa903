
/*
 * Copyright (C) Civic Gate
 *
 * What lua/civic/ cannot do in Lua.  Its files get these functions as their
 * second argument; a plugin is never handed the table.  It would gain
 * nothing by it: what is privileged is an operation, and the host checks.
 */


#include "civic_lua_object.h"
#include "civic_lua_run.h"
#include "civic_lua_sandbox.h"


static int civic_lua_native_fail(lua_State *L);
static int civic_lua_native_problem(lua_State *L);
static int civic_lua_native_readonly(lua_State *L);
static int civic_lua_native_open(lua_State *L);
static int civic_lua_native_module(lua_State *L);
static int civic_lua_native_array(lua_State *L);


const luaL_Reg  civic_lua_native_functions[] = {
    { "operation", civic_lua_run_operation },
    { "fail", civic_lua_native_fail },
    { "problem", civic_lua_native_problem },
    { "readonly", civic_lua_native_readonly },
    { "open", civic_lua_native_open },
    { "module", civic_lua_native_module },
    { "array", civic_lua_native_array },
    { NULL, NULL }
};


/* fail(message): an error at the plugin's own line */

static int
civic_lua_native_fail(lua_State *L)
{
    return civic_lua_sandbox_error(L, "%s", luaL_checkstring(L, 1));
}


/* problem(code, fields): the object to raise; a code must be known */

static int
civic_lua_native_problem(lua_State *L)
{
    civic_lua_vm_t  *vm;

    vm = civic_lua_vm_of(L);

    if (lua_type(L, 1) != LUA_TSTRING) {
        return civic_lua_sandbox_error(L, "civic.problem takes the code of a"
                                       " problem");
    }

    lua_settop(L, 2);

    civic_lua_vm_push(L, vm, CIVIC_LUA_PROBLEMS);
    lua_pushvalue(L, 1);
    lua_rawget(L, -2);

    if (lua_isnil(L, -1)) {
        return civic_lua_sandbox_error(L, "the manifest names no problem"
                                       " \"%s\"", lua_tostring(L, 1));
    }

    lua_settop(L, 2);
    civic_lua_object_problem(L, vm);

    return 1;
}


static int
civic_lua_native_readonly(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    civic_lua_object_readonly(L);

    return 1;
}


/* open(x): what is behind a read-only table, or nil */

static int
civic_lua_native_open(lua_State *L)
{
    return civic_lua_object_open(L, 1);
}


/* module(name): that module of lua/civic/, or nil */

static int
civic_lua_native_module(lua_State *L)
{
    size_t       len;
    const char  *name;

    name = luaL_checklstring(L, 1, &len);

    if (strcmp(name, "civic.base") == 0) {
        return 0;
    }

    return civic_lua_require_builtin(L, civic_lua_vm_of(L), name, len);
}


/* array(t): t, marked as a list for JSON */

static int
civic_lua_native_array(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);

    if (lua_getmetatable(L, 1)) {
        civic_lua_vm_push(L, civic_lua_vm_of(L), CIVIC_LUA_ARRAY_META);

        if (!lua_rawequal(L, -1, -2)) {
            return civic_lua_sandbox_error(L, "a table that has a metatable"
                                           " cannot become a list");
        }
    }

    civic_lua_vm_push(L, civic_lua_vm_of(L), CIVIC_LUA_ARRAY_META);
    (void) lua_setmetatable(L, 1);
    lua_settop(L, 1);

    return 1;
}
