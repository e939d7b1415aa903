
/*
 * Copyright (C) Civic Gate
 *
 * What the files of lua/ share: the machine itself.  Nobody else includes
 * it, so that lua_State is seen by nobody else.
 *
 * Three kinds of places may call Lua, and no fourth: a coroutine that runs
 * the plugin's code under lua_resume(), a function under lua_cpcall()
 * (civic_lua_vm_protect) on the main state, and calls that by Lua's manual
 * raise no errors.
 */


#ifndef _CIVIC_LUA_VM_H_INCLUDED_
#define _CIVIC_LUA_VM_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <luajit-2.1/lua.h>
#include <luajit-2.1/lauxlib.h>

#include "civic_lua.h"


#define CIVIC_LUA_HOOK        1000     /* instructions between two looks */
#define CIVIC_LUA_CHARGE      (256 * 1024) /* bytes of work, likewise */
#define CIVIC_LUA_MAX_VALUES  16       /* arguments, results */
#define CIVIC_LUA_MAX_MESSAGE  1024
#define CIVIC_LUA_MAX_FILE    (256 * 1024)
#define CIVIC_LUA_MAX_JSON    (4 * 1024 * 1024)


/* tables that the host finds again, in the registry */

typedef enum {
    CIVIC_LUA_GLOBALS = 0,             /* what names in the code mean */
    CIVIC_LUA_ENVIRONMENT,             /* read-only door to them */
    CIVIC_LUA_LOADED,                  /* what require() gave */
    CIVIC_LUA_FUNCTIONS,               /* what plugin.lua returned */
    CIVIC_LUA_PROBLEMS,                /* codes that civic.problem knows */
    CIVIC_LUA_NATIVE,                  /* functions for lua/civic/ */
    CIVIC_LUA_PROBLEM_META,
    CIVIC_LUA_ARRAY_META,
    CIVIC_LUA_GUARD_META,
    CIVIC_LUA_CONFIG,
    CIVIC_LUA_NREFS
} civic_lua_ref_e;


typedef struct {
    size_t                   cap;
    size_t                   used;
    size_t                   soft;     /* beyond it garbage is collected */
    uint64_t                 allocated; /* ever; of these, */
    uint64_t                 counted;  /* those on some run's account */
    uint64_t                 collected; /* those before the last collection */
    unsigned                 collect:1;
} civic_lua_memory_t;


/* why the run that is running must end; nothing can undo it */

typedef enum {
    CIVIC_LUA_ALIVE = 0,
    CIVIC_LUA_KILLED_INSTRUCTIONS,
    CIVIC_LUA_KILLED_CPU,
    CIVIC_LUA_KILLED_STRETCH,
    CIVIC_LUA_KILLED_MEMORY
} civic_lua_kill_e;


struct civic_lua_vm_s {
    lua_State               *L;
    ngx_log_t               *log;
    civic_lua_run_t         *run;      /* whose code is running, or NULL */
    civic_lua_run_t         *gave_way; /* it goes on before any other does */
    civic_lua_budget_t       budget;
    civic_lua_memory_t       memory;
    char                    *stack;    /* of C, when it was resumed */
    uint64_t                 since;    /* ns: on the CPU's clock, */
    uint64_t                 wall;     /* and on the wall's: resumed */
    uint64_t                 inherited; /* ns: since then, of no run */
    size_t                   charged;  /* bytes of work since then */
    ngx_uint_t               kill;     /* civic_lua_kill_e */
    ngx_str_t                name;
    ngx_str_t                folder;
    int                      refs[CIVIC_LUA_NREFS];
    int                      idle_ref; /* in the registry: */
    lua_State               *idle;     /* a coroutine for the next run */
    char                     where[80]; /* it was killed */
    unsigned                 gives_way:1; /* it yielded for that */
    unsigned                 loaded:1;
    unsigned                 broken:1;
};


civic_lua_vm_t *civic_lua_vm_of(lua_State *L);
void civic_lua_vm_push(lua_State *L, civic_lua_vm_t *vm, ngx_uint_t ref);

/* sets what is on top of the stack, and pops it */

void civic_lua_vm_keep(lua_State *L, civic_lua_vm_t *vm, ngx_uint_t ref);

/*
 * Calls f(L) with `data` as light userdata at 1, on the main state, where
 * it may fail.  NGX_OK, or NGX_ERROR with kind and message of `failure`
 * set, whose text lies in `pool`.  It leaves the stack as it was.
 */

ngx_int_t civic_lua_vm_protect(civic_lua_vm_t *vm, lua_CFunction f,
    void *data, ngx_pool_t *pool, civic_lua_failure_t *failure);

/* formats like ngx_snprintf(); a message that finds no memory is empty */

void civic_lua_vm_fail(civic_lua_failure_t *failure, ngx_pool_t *pool,
    ngx_uint_t kind, const char *fmt, ...);


#endif /* _CIVIC_LUA_VM_H_INCLUDED_ */
