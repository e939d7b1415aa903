
/*
 * Copyright (C) Civic Gate
 *
 * The only userdata in a VM; plugins can make none, so what is userdata is
 * one of these three.  Unlike tables they cannot be pierced by rawset(),
 * table.insert() or next(), and their environment, where each keeps its
 * table, is out of reach without getfenv() and debug.
 *
 *     read-only   a door to a table: reading, #, pairs and ipairs (base.lua)
 *     problem     what civic.problem raises: .code, .fields, tostring()
 *     guard       frees C memory if an error passes; never seen by a plugin
 */


#include "civic_lua_object.h"
#include "civic_lua_sandbox.h"


static civic_lua_object_t *civic_lua_object_create(lua_State *L,
    ngx_uint_t kind);
static int civic_lua_object_write(lua_State *L);
static int civic_lua_object_length(lua_State *L);
static int civic_lua_object_problem_index(lua_State *L);
static int civic_lua_object_problem_text(lua_State *L);
static int civic_lua_object_collect(lua_State *L);


static const luaL_Reg  civic_lua_object_problem_meta[] = {
    { "__index", civic_lua_object_problem_index },
    { "__newindex", civic_lua_object_write },
    { "__tostring", civic_lua_object_problem_text },
    { NULL, NULL }
};


void
civic_lua_object_init(lua_State *L, civic_lua_vm_t *vm)
{
    lua_newtable(L);
    luaL_register(L, NULL, civic_lua_object_problem_meta);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    civic_lua_vm_keep(L, vm, CIVIC_LUA_PROBLEM_META);

    lua_newtable(L);
    lua_pushcfunction(L, civic_lua_object_collect);
    lua_setfield(L, -2, "__gc");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    civic_lua_vm_keep(L, vm, CIVIC_LUA_GUARD_META);

    lua_newtable(L);
    lua_pushliteral(L, "array");
    lua_setfield(L, -2, "__metatable");
    civic_lua_vm_keep(L, vm, CIVIC_LUA_ARRAY_META);
}


static civic_lua_object_t *
civic_lua_object_create(lua_State *L, ngx_uint_t kind)
{
    civic_lua_object_t  *object;

    object = lua_newuserdata(L, sizeof(civic_lua_object_t));
    ngx_memzero(object, sizeof(civic_lua_object_t));
    object->kind = kind;

    return object;
}


civic_lua_object_t *
civic_lua_object(lua_State *L, int index, ngx_uint_t kind)
{
    civic_lua_object_t  *object;

    if (lua_type(L, index) != LUA_TUSERDATA) {
        return NULL;
    }

    object = lua_touserdata(L, index);

    return (object->kind == kind) ? object : NULL;
}


void
civic_lua_object_readonly(lua_State *L)
{
    (void) civic_lua_object_create(L, CIVIC_LUA_READONLY);

    lua_createtable(L, 0, 4);
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, civic_lua_object_write);
    lua_setfield(L, -2, "__newindex");
    lua_pushcfunction(L, civic_lua_object_length);
    lua_setfield(L, -2, "__len");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    (void) lua_setmetatable(L, -2);

    lua_insert(L, -2);
    (void) lua_setfenv(L, -2);
}


ngx_uint_t
civic_lua_object_open(lua_State *L, int index)
{
    if (civic_lua_object(L, index, CIVIC_LUA_READONLY) == NULL) {
        return 0;
    }

    lua_getfenv(L, index);

    return 1;
}


static int
civic_lua_object_write(lua_State *L)
{
    if (lua_type(L, 2) == LUA_TSTRING) {
        return civic_lua_sandbox_error(L, "\"%s\" cannot be set: it is"
                                       " read-only", lua_tostring(L, 2));
    }

    return civic_lua_sandbox_error(L, "it is read-only");
}


static int
civic_lua_object_length(lua_State *L)
{
    if (!civic_lua_object_open(L, 1)) {
        return 0;
    }

    lua_pushinteger(L, lua_objlen(L, -1));

    return 1;
}


void
civic_lua_object_problem(lua_State *L, civic_lua_vm_t *vm)
{
    lua_createtable(L, 0, 2);
    lua_insert(L, -2);
    lua_setfield(L, -2, "fields");
    lua_insert(L, -2);
    lua_setfield(L, -2, "code");

    (void) civic_lua_object_create(L, CIVIC_LUA_PROBLEM_OBJECT);
    civic_lua_vm_push(L, vm, CIVIC_LUA_PROBLEM_META);
    (void) lua_setmetatable(L, -2);

    lua_insert(L, -2);
    (void) lua_setfenv(L, -2);
}


static int
civic_lua_object_problem_index(lua_State *L)
{
    if (civic_lua_object(L, 1, CIVIC_LUA_PROBLEM_OBJECT) == NULL) {
        return 0;
    }

    lua_getfenv(L, 1);
    lua_pushvalue(L, 2);
    lua_rawget(L, -2);

    return 1;
}


static int
civic_lua_object_problem_text(lua_State *L)
{
    if (civic_lua_object(L, 1, CIVIC_LUA_PROBLEM_OBJECT) == NULL) {
        return 0;
    }

    lua_getfenv(L, 1);
    lua_pushliteral(L, "problem ");
    lua_getfield(L, -2, "code");
    lua_concat(L, 2);

    return 1;
}


u_char *
civic_lua_object_buffer(lua_State *L, size_t size)
{
    civic_lua_object_t  *buffer;

    buffer = lua_newuserdata(L, sizeof(civic_lua_object_t) + size);
    ngx_memzero(buffer, sizeof(civic_lua_object_t));

    return (u_char *) buffer + sizeof(civic_lua_object_t);
}


civic_lua_object_t *
civic_lua_object_guard(lua_State *L, civic_lua_vm_t *vm)
{
    civic_lua_object_t  *guard;

    guard = civic_lua_object_create(L, CIVIC_LUA_GUARD);
    civic_lua_vm_push(L, vm, CIVIC_LUA_GUARD_META);
    (void) lua_setmetatable(L, -2);

    return guard;
}


void
civic_lua_object_release(civic_lua_object_t *guard)
{
    if (guard->data) {
        guard->release(guard->data);
        guard->data = NULL;
    }
}


static int
civic_lua_object_collect(lua_State *L)
{
    civic_lua_object_t  *guard;

    guard = civic_lua_object(L, 1, CIVIC_LUA_GUARD);
    if (guard) {
        civic_lua_object_release(guard);
    }

    return 0;
}
