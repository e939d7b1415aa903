
/*
 * Copyright (C) Civic Gate
 *
 * What a plugin's code can name.  The libraries of LuaJIT are opened into a
 * table that is thrown away; only what the lists below say is copied out of
 * it.  Not there, and why:
 *
 *     coroutine       a kill must reach the coroutine that the host holds
 *     getfenv, debug, newproxy, collectgarbage, string.dump
 *                     doors to the real globals, to other functions, to C
 *     io, os, package, ffi, jit
 *                     never opened
 *     xpcall, table.sort
 *                     base.lua's own: see there
 *     string.find, match, gmatch, gsub
 *                     civic_lua_strings.c: within the budget
 *     math.randomseed seeded here, so that no plugin can repeat numbers
 *
 * Globals are two tables: the names, and an empty one that is every
 * function's environment, reads through to the names and refuses writes.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <sys/random.h>

#include <luajit-2.1/lualib.h>

#include "civic_lua_budget.h"
#include "civic_lua_object.h"
#include "civic_lua_sandbox.h"


typedef struct {
    const char              *name;
    lua_CFunction            open;
    const char *const       *allowed;
} civic_lua_sandbox_library_t;


static void civic_lua_sandbox_open(lua_State *L, ngx_uint_t i);
static void civic_lua_sandbox_copy(lua_State *L, int from, int to,
    const char *const *names);
static void civic_lua_sandbox_bound(lua_State *L, int globals);
static int civic_lua_sandbox_insert(lua_State *L);
static void civic_lua_sandbox_meter(lua_State *L, int globals);
static void civic_lua_sandbox_strings(lua_State *L, int globals);
static void civic_lua_sandbox_seed(lua_State *L);
static void civic_lua_sandbox_forget(lua_State *L);
static void civic_lua_sandbox_native(lua_State *L, civic_lua_vm_t *vm,
    int globals);
static void civic_lua_sandbox_environment(lua_State *L, civic_lua_vm_t *vm,
    int globals);
static int civic_lua_sandbox_write(lua_State *L);
static int civic_lua_sandbox_load(lua_State *L);


static const char *const  civic_lua_sandbox_base[] = {
    "assert", "error", "getmetatable", "next", "pcall", "rawequal",
    "rawget", "rawset", "select", "setmetatable", "tonumber", "tostring",
    "type", "unpack", NULL
};


static const char *const  civic_lua_sandbox_string[] = {
    "byte", "char", "find", "format", "gmatch", "gsub", "len", "lower",
    "match", "rep", "reverse", "sub", "upper", NULL
};


static const char *const  civic_lua_sandbox_table[] = {
    "concat", "insert", "remove", NULL
};


static const char *const  civic_lua_sandbox_math[] = {
    "abs", "acos", "asin", "atan", "atan2", "ceil", "cos", "cosh", "deg",
    "exp", "floor", "fmod", "frexp", "huge", "ldexp", "log", "log10", "max",
    "min", "modf", "pi", "pow", "rad", "random", "sin", "sinh", "sqrt",
    "tan", "tanh", NULL
};


/* what takes as long as its first argument is, or calls back: see budget.c */

static const char *const  civic_lua_sandbox_metered[][2] = {
    { LUA_STRLIBNAME, "find" },
    { LUA_STRLIBNAME, "format" },
    { LUA_STRLIBNAME, "gsub" },
    { LUA_STRLIBNAME, "gmatch" },
    { LUA_STRLIBNAME, "match" },
    { LUA_TABLIBNAME, "concat" },
    { LUA_TABLIBNAME, "insert" },
    { LUA_TABLIBNAME, "remove" },
    { NULL, NULL }
};


static const civic_lua_sandbox_library_t  civic_lua_sandbox_libraries[] = {
    { "", luaopen_base, civic_lua_sandbox_base },
    { LUA_STRLIBNAME, luaopen_string, civic_lua_sandbox_string },
    { LUA_TABLIBNAME, luaopen_table, civic_lua_sandbox_table },
    { LUA_MATHLIBNAME, luaopen_math, civic_lua_sandbox_math },
    { NULL, NULL, NULL }
};


static const luaL_Reg  civic_lua_sandbox_own[] = {
    { "load", civic_lua_sandbox_load },
    { "loadstring", civic_lua_sandbox_load },
    { "require", civic_lua_require },
    { NULL, NULL }
};


void
civic_lua_sandbox_init(lua_State *L, civic_lua_vm_t *vm)
{
    int                                 globals;
    ngx_uint_t                          i;
    const civic_lua_sandbox_library_t  *library;

    luaL_checkstack(L, 32, "sandbox");

    lua_newtable(L);
    globals = lua_gettop(L);

    for (i = 0; civic_lua_sandbox_libraries[i].name; i++) {
        library = &civic_lua_sandbox_libraries[i];

        civic_lua_sandbox_open(L, i);

        if (library->name[0] == '\0') {
            civic_lua_sandbox_copy(L, LUA_GLOBALSINDEX, globals,
                                   library->allowed);
            continue;
        }

        lua_getglobal(L, library->name);
        lua_newtable(L);
        civic_lua_sandbox_copy(L, lua_gettop(L) - 1, lua_gettop(L),
                               library->allowed);
        lua_setfield(L, globals, library->name);
        lua_pop(L, 1);
    }

    civic_lua_sandbox_bound(L, globals);

    lua_getfield(L, globals, LUA_STRLIBNAME);
    luaL_register(L, NULL, civic_lua_strings_functions);
    lua_pop(L, 1);

    civic_lua_sandbox_meter(L, globals);
    civic_lua_sandbox_seed(L);
    civic_lua_sandbox_strings(L, globals);
    civic_lua_sandbox_forget(L);

    lua_pushvalue(L, globals);
    luaL_register(L, NULL, civic_lua_sandbox_own);
    civic_lua_vm_keep(L, vm, CIVIC_LUA_GLOBALS);

    lua_newtable(L);
    civic_lua_vm_keep(L, vm, CIVIC_LUA_LOADED);

    civic_lua_sandbox_environment(L, vm, globals);
    civic_lua_sandbox_native(L, vm, globals);
}


static void
civic_lua_sandbox_open(lua_State *L, ngx_uint_t i)
{
    lua_pushcfunction(L, civic_lua_sandbox_libraries[i].open);
    lua_pushstring(L, civic_lua_sandbox_libraries[i].name);
    lua_call(L, 1, 0);
}


static void
civic_lua_sandbox_copy(lua_State *L, int from, int to,
    const char *const *names)
{
    for ( /* void */ ; *names; names++) {
        lua_getfield(L, from, *names);

        if (lua_isnil(L, -1)) {
            (void) luaL_error(L, "this LuaJIT has no \"%s\"", *names);
        }

        lua_setfield(L, to, *names);
    }
}


static void
civic_lua_sandbox_bound(lua_State *L, int globals)
{
    lua_getfield(L, globals, LUA_TABLIBNAME);
    lua_getfield(L, -1, "insert");
    lua_pushcclosure(L, civic_lua_sandbox_insert, 1);
    lua_setfield(L, -2, "insert");
    lua_pop(L, 1);
}


/* LuaJIT's shifts all there could be, from position -2147483648 on */

static int
civic_lua_sandbox_insert(lua_State *L)
{
    lua_Number  position;

    if (lua_gettop(L) > 2 && lua_type(L, 1) == LUA_TTABLE
        && lua_isnumber(L, 2))
    {
        position = lua_tonumber(L, 2);

        if (!(position >= 1 && position <= lua_objlen(L, 1) + 1)) {
            return civic_lua_sandbox_error(L, "table.insert: the position is"
                                           " out of bounds");
        }
    }

    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);

    return lua_gettop(L);
}


static void
civic_lua_sandbox_meter(lua_State *L, int globals)
{
    ngx_uint_t          i;
    const char *const  *metered;

    for (i = 0; civic_lua_sandbox_metered[i][0]; i++) {
        metered = civic_lua_sandbox_metered[i];

        lua_getfield(L, globals, metered[0]);
        lua_getfield(L, -1, metered[1]);
        civic_lua_budget_meter(L);
        lua_setfield(L, -2, metered[1]);
        lua_pop(L, 1);
    }
}


/* ("x"):upper() finds the allowed functions, not LuaJIT's own table */

static void
civic_lua_sandbox_strings(lua_State *L, int globals)
{
    lua_pushliteral(L, "");

    if (!lua_getmetatable(L, -1)) {
        (void) luaL_error(L, "strings have no metatable");
    }

    lua_getfield(L, globals, LUA_STRLIBNAME);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 2);
}


static void
civic_lua_sandbox_seed(lua_State *L)
{
    uint64_t  seed;

    if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed)) {
        (void) luaL_error(L, "the system has no randomness yet");
    }

    lua_getglobal(L, LUA_MATHLIBNAME);
    lua_getfield(L, -1, "randomseed");
    lua_pushnumber(L, (lua_Number) (seed >> 11));
    lua_call(L, 1, 0);
    lua_pop(L, 1);
}


static void
civic_lua_sandbox_forget(lua_State *L)
{
    lua_pushnil(L);
    lua_setfield(L, LUA_REGISTRYINDEX, "_LOADED");

    lua_newtable(L);
    lua_replace(L, LUA_GLOBALSINDEX);
}


/* every function's environment: it stays empty */

static void
civic_lua_sandbox_environment(lua_State *L, civic_lua_vm_t *vm, int globals)
{
    lua_newtable(L);

    lua_createtable(L, 0, 3);
    lua_pushvalue(L, globals);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, civic_lua_sandbox_write);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    (void) lua_setmetatable(L, -2);

    civic_lua_vm_keep(L, vm, CIVIC_LUA_ENVIRONMENT);
}


static void
civic_lua_sandbox_native(lua_State *L, civic_lua_vm_t *vm, int globals)
{
    size_t                              i;
    const civic_lua_sandbox_library_t  *library;

    lua_newtable(L);
    luaL_register(L, NULL, civic_lua_native_functions);
    lua_newtable(L);
    luaL_register(L, NULL, civic_lua_bytes_functions);
    lua_setfield(L, -2, "bytes");
    lua_newtable(L);
    luaL_register(L, NULL, civic_lua_json_functions);
    lua_setfield(L, -2, "json");
    lua_newtable(L);
    luaL_register(L, NULL, civic_lua_text_functions);
    lua_setfield(L, -2, "text");
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
    civic_lua_vm_push(L, vm, CIVIC_LUA_CONFIG);
    lua_setfield(L, -2, "config");
    lua_pushvalue(L, globals);
    lua_setfield(L, -2, "globals");
    civic_lua_vm_keep(L, vm, CIVIC_LUA_NATIVE);

    /* adds to the globals what is written in Lua, the table civic too */

    if (!civic_lua_require_builtin(L, vm, "civic.base",
                                   sizeof("civic.base") - 1))
    {
        (void) luaL_error(L, "civic.base is missing");
    }

    lua_pop(L, 1);

    civic_lua_vm_push(L, vm, CIVIC_LUA_NATIVE);
    lua_pushnil(L);
    lua_setfield(L, -2, "globals");
    lua_pop(L, 1);

    for (i = 1; civic_lua_sandbox_libraries[i].name; i++) {
        library = &civic_lua_sandbox_libraries[i];

        lua_getfield(L, globals, library->name);
        civic_lua_object_readonly(L);
        lua_setfield(L, globals, library->name);
    }
}


/*
 * While the plugin is loaded, its files may set globals of their own, each
 * once; the names that were there before are nobody's to change.
 */

static int
civic_lua_sandbox_write(lua_State *L)
{
    civic_lua_vm_t  *vm;

    vm = civic_lua_vm_of(L);

    if (vm->loaded || lua_type(L, 2) != LUA_TSTRING) {
        return civic_lua_sandbox_error(L, "global \"%s\" cannot be set:"
                                       " globals are read-only",
                                       lua_tostring(L, 2));
    }

    civic_lua_vm_push(L, vm, CIVIC_LUA_GLOBALS);
    lua_pushvalue(L, 2);
    lua_rawget(L, -2);

    if (!lua_isnil(L, -1)) {
        return civic_lua_sandbox_error(L, "global \"%s\" is already set",
                                       lua_tostring(L, 2));
    }

    lua_pop(L, 1);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, 3);
    lua_rawset(L, -3);

    return 0;
}


/* load(text): text only, the plugin's own environment, no other name */

static int
civic_lua_sandbox_load(lua_State *L)
{
    size_t           len;
    const char      *text;
    civic_lua_vm_t  *vm;

    vm = civic_lua_vm_of(L);

    if (lua_type(L, 1) != LUA_TSTRING) {
        return civic_lua_sandbox_error(L, "load takes a string");
    }

    text = lua_tolstring(L, 1, &len);

    civic_lua_budget_charge(vm, 16 * len);

    if (luaL_loadbufferx(L, text, len, "=load", "t") != 0) {
        lua_pushnil(L);
        lua_insert(L, -2);
        return 2;
    }

    civic_lua_vm_push(L, vm, CIVIC_LUA_ENVIRONMENT);
    (void) lua_setfenv(L, -2);

    return 1;
}


int
civic_lua_sandbox_error(lua_State *L, const char *fmt, ...)
{
    int         level;
    va_list     args;
    lua_Debug   ar;

    lua_pushliteral(L, "");

    for (level = 1; lua_getstack(L, level, &ar); level++) {

        (void) lua_getinfo(L, "Sl", &ar);

        if (ar.source[0] == '@' && ar.currentline > 0) {
            lua_pushfstring(L, "%s:%d: ", ar.short_src, ar.currentline);
            lua_replace(L, -2);
            break;
        }
    }

    va_start(args, fmt);
    (void) lua_pushvfstring(L, fmt, args);
    va_end(args);

    lua_concat(L, 2);

    return lua_error(L);
}
