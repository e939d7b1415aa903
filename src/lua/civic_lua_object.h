
/*
 * Copyright (C) Civic Gate
 *
 * The only userdata that there are in a VM.
 */


#ifndef _CIVIC_LUA_OBJECT_H_INCLUDED_
#define _CIVIC_LUA_OBJECT_H_INCLUDED_


#include "civic_lua_vm.h"


typedef enum {
    CIVIC_LUA_READONLY = 1,
    CIVIC_LUA_PROBLEM_OBJECT,
    CIVIC_LUA_GUARD
} civic_lua_object_e;


typedef struct {
    ngx_uint_t               kind;     /* civic_lua_object_e */
    void                    *data;     /* of a guard: */
    void                   (*release)(void *data);
} civic_lua_object_t;


void civic_lua_object_init(lua_State *L, civic_lua_vm_t *vm);

/* NULL: it is something else */

civic_lua_object_t *civic_lua_object(lua_State *L, int index,
    ngx_uint_t kind);

/* replaces the table on top by a door that can only be read through */

void civic_lua_object_readonly(lua_State *L);

/* pushes what is behind the door at `index`: 1, or 0 and pushes nothing */

ngx_uint_t civic_lua_object_open(lua_State *L, int index);

/* pops code (string) and fields; pushes what error() is to raise */

void civic_lua_object_problem(lua_State *L, civic_lua_vm_t *vm);

/*
 * Room on the stack, counted against the VM's cap and gone with its garbage.
 * Like a guard it is never seen by a plugin.
 */

u_char *civic_lua_object_buffer(lua_State *L, size_t size);

/* frees `data` when it is released or collected, whatever comes first */

civic_lua_object_t *civic_lua_object_guard(lua_State *L,
    civic_lua_vm_t *vm);
void civic_lua_object_release(civic_lua_object_t *guard);


#endif /* _CIVIC_LUA_OBJECT_H_INCLUDED_ */
