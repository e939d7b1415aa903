
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


#include <luajit-2.1/lua.h>
#include <luajit-2.1/lauxlib.h>

#include "civic_lua.h"


#define CIVIC_LUA_HOOK        1000     /* instructions between two looks */
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
    unsigned                 collect:1;
} civic_lua_memory_t;


/* why the run that is running must end; nothing can undo it */

typedef enum {
    CIVIC_LUA_ALIVE = 0,
    CIVIC_LUA_KILLED_INSTRUCTIONS,
    CIVIC_LUA_KILLED_CPU,
    CIVIC_LUA_KILLED_MEMORY
} civic_lua_kill_e;


struct civic_lua_vm_s {
    lua_State               *L;
    ngx_log_t               *log;
    civic_lua_run_t         *run;      /* whose code is running, or NULL */
    civic_lua_budget_t       budget;
    civic_lua_memory_t       memory;
    uint64_t                 since;    /* ns: when it was resumed */
    uint64_t                 wall;
    ngx_uint_t               kill;     /* civic_lua_kill_e */
    ngx_str_t                name;
    ngx_str_t                folder;
    int                      refs[CIVIC_LUA_NREFS];
    int                      idle_ref; /* in the registry: */
    lua_State               *idle;     /* a coroutine for the next run */
    char                     where[80]; /* it was killed */
    unsigned                 loaded:1;
    unsigned                 broken:1;
    unsigned                 spec:1;
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


/* civic_lua_alloc.c */

void *civic_lua_alloc(void *data, void *p, size_t osize, size_t nsize);


/* civic_lua_budget.c */

void civic_lua_budget_enter(civic_lua_vm_t *vm, civic_lua_run_t *run);
void civic_lua_budget_leave(civic_lua_vm_t *vm);

/* the hook looks at the next instruction, not only after CIVIC_LUA_HOOK */

void civic_lua_budget_hurry(civic_lua_vm_t *vm);

/* did it die?  Sets `failure` if so */

ngx_uint_t civic_lua_budget_killed(civic_lua_vm_t *vm, ngx_pool_t *pool,
    civic_lua_failure_t *failure);


/* civic_lua_run.c: what vm.c needs to run plugin.lua */

ngx_int_t civic_lua_run_init(civic_lua_run_t *run, civic_lua_vm_t *vm,
    ngx_pool_t *pool);

/* the run's coroutine, made if there is none: under protection */

lua_State *civic_lua_run_thread(lua_State *L, civic_lua_run_t *run);

/* what civic_lua_run_start() returns; results stay on the coroutine */

ngx_int_t civic_lua_run_go(civic_lua_run_t *run, int nargs);

/* native: operation(name, ...) */

int civic_lua_run_operation(lua_State *L);


/* civic_lua_sandbox.c: under protection */

void civic_lua_sandbox_init(lua_State *L, civic_lua_vm_t *vm);

/*
 * Raises an error that begins with the place in the plugin's own files
 * where it happened, however deep in lua/civic/ that was noticed.
 */

int civic_lua_sandbox_error(lua_State *L, const char *fmt, ...);


/* civic_lua_object.c: the only userdata that there are */

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

/* frees `data` when it is released or collected, whatever comes first */

civic_lua_object_t *civic_lua_object_guard(lua_State *L,
    civic_lua_vm_t *vm);
void civic_lua_object_release(civic_lua_object_t *guard);


/* civic_lua_value.c */

typedef struct {
    ngx_pool_t              *pool;
    ngx_uint_t               nodes;    /* that may still cross */
    size_t                   bytes;
    const char              *err;      /* of NGX_DECLINED */
} civic_lua_value_ctx_t;


/*
 * Copies what is at `index` of L into the pool.  Raises no error: NGX_OK,
 * NGX_DECLINED with a sentence's rest in ctx->err, NGX_ERROR: no memory.
 * lua_checkstack(L, CIVIC_LUA_VALUE_STACK) comes before.
 */

#define CIVIC_LUA_VALUE_STACK  (4 * CIVIC_VALUE_MAX_DEPTH)

void civic_lua_value_init(civic_lua_value_ctx_t *ctx, ngx_pool_t *pool);
ngx_int_t civic_lua_value_pull(lua_State *L, int index,
    civic_value_t *value, civic_lua_value_ctx_t *ctx);

/* under protection */

void civic_lua_value_push(lua_State *L, civic_lua_vm_t *vm,
    const civic_value_t *value, ngx_uint_t readonly);


/* civic_lua_require.c */

int civic_lua_require(lua_State *L);

/* compiles a file of the folder and leaves the function; raises errors */

void civic_lua_require_file(lua_State *L, civic_lua_vm_t *vm,
    const char *path);

/* pushes what a module of lua/civic/ returns, loading it if need be: 1 */

ngx_uint_t civic_lua_require_builtin(lua_State *L, civic_lua_vm_t *vm,
    const char *name, size_t len);


/* civic_lua_native.c, _json.c, _text.c: functions that lua/civic/ uses */

extern const luaL_Reg  civic_lua_native_functions[];
extern const luaL_Reg  civic_lua_json_functions[];
extern const luaL_Reg  civic_lua_text_functions[];


/* civic_lua_sources.c */

const civic_lua_source_t *civic_lua_module(const ngx_str_t *name);


#endif /* _CIVIC_LUA_VM_H_INCLUDED_ */
