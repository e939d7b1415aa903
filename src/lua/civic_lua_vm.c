
/*
 * Copyright (C) Civic Gate
 *
 * Makes and frees a VM.  The plugin's file runs like any other run, with
 * the same budget and in a coroutine, but may do no operation; what it
 * returns is kept, and from then on its globals are read-only.
 *
 * The JIT stays off: compiled code runs no hooks, so nothing could end it.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <luajit-2.1/luajit.h>

#include "civic_lua_budget.h"
#include "civic_lua_object.h"
#include "civic_lua_run.h"
#include "civic_lua_sandbox.h"
#include "civic_lua_value.h"


#define CIVIC_LUA_VM_MIN    65536
#define CIVIC_LUA_VM_SLACK  65536


typedef struct {
    civic_lua_vm_t          *vm;
    const civic_lua_conf_t  *conf;
} civic_lua_vm_load_t;


typedef struct {
    civic_lua_vm_t          *vm;
    lua_CFunction            f;
    void                    *data;
} civic_lua_vm_protect_t;


typedef struct {
    civic_lua_vm_t          *vm;
    const ngx_str_t         *name;
    ngx_uint_t               found;
} civic_lua_vm_find_t;


static civic_lua_vm_t *civic_lua_vm_alloc(const civic_lua_conf_t *conf,
    ngx_log_t *log);
static int civic_lua_vm_panic(lua_State *L);
static int civic_lua_vm_init(lua_State *L);
static void civic_lua_vm_conf(lua_State *L, civic_lua_vm_t *vm,
    const civic_lua_conf_t *conf);
static ngx_int_t civic_lua_vm_load(civic_lua_vm_t *vm, ngx_pool_t *pool,
    civic_lua_failure_t *failure);
static int civic_lua_vm_plugin(lua_State *L);
static int civic_lua_vm_returned(lua_State *L);
static int civic_lua_vm_find(lua_State *L);
static int civic_lua_vm_protected(lua_State *L);


civic_lua_vm_t *
civic_lua_vm_create(const civic_lua_conf_t *conf, ngx_pool_t *pool,
    ngx_log_t *log, civic_lua_failure_t *failure)
{
    ngx_int_t             rc;
    civic_lua_vm_t       *vm;
    civic_lua_vm_load_t   load;

    if (conf->budget.memory < CIVIC_LUA_VM_MIN) {
        civic_lua_vm_fail(failure, pool, CIVIC_LUA_MEMORY,
                          "a VM needs at least %d bytes of memory",
                          CIVIC_LUA_VM_MIN);
        return NULL;
    }

    vm = civic_lua_vm_alloc(conf, log);
    if (vm == NULL) {
        civic_lua_vm_fail(failure, pool, CIVIC_LUA_ERROR,
                          "no memory for a VM");
        return NULL;
    }

    civic_lua_budget_tick();

    load.vm = vm;
    load.conf = conf;

    rc = civic_lua_vm_protect(vm, civic_lua_vm_init, &load, pool, failure);

    if (rc == NGX_OK) {
        rc = civic_lua_vm_load(vm, pool, failure);
    }

    if (rc != NGX_OK) {
        civic_lua_vm_destroy(vm);
        return NULL;
    }

    return vm;
}


static civic_lua_vm_t *
civic_lua_vm_alloc(const civic_lua_conf_t *conf, ngx_log_t *log)
{
    u_char          *p;
    civic_lua_vm_t  *vm;

    /* lua_newstate() crashes if it gets some of its memory, but not all */

    p = ngx_alloc(CIVIC_LUA_VM_MIN, log);
    if (p == NULL) {
        return NULL;
    }

    ngx_free(p);

    vm = ngx_calloc(sizeof(civic_lua_vm_t) + conf->name.len
                    + conf->folder.len + 1, log);
    if (vm == NULL) {
        return NULL;
    }

    p = (u_char *) vm + sizeof(civic_lua_vm_t);

    vm->folder.data = p;
    vm->folder.len = conf->folder.len;
    p = ngx_cpymem(p, conf->folder.data, conf->folder.len);
    *p++ = '\0';

    vm->name.data = p;
    vm->name.len = conf->name.len;
    ngx_memcpy(p, conf->name.data, conf->name.len);

    vm->log = log;
    vm->budget = conf->budget;
    vm->memory.cap = conf->budget.memory;
    vm->memory.soft = conf->budget.memory / 4 * 3;

    vm->L = lua_newstate(civic_lua_alloc, vm);
    if (vm->L == NULL) {
        ngx_free(vm);
        return NULL;
    }

    (void) lua_atpanic(vm->L, civic_lua_vm_panic);

    return vm;
}


/* unreachable: everything that may fail is protected */

static int
civic_lua_vm_panic(lua_State *L)
{
    civic_lua_vm_t  *vm;

    vm = civic_lua_vm_of(L);

    ngx_log_error(NGX_LOG_EMERG, vm->log, 0,
                  "civic lua: error outside of protection in \"%V\"",
                  &vm->name);
    abort();
}


static int
civic_lua_vm_init(lua_State *L)
{
    civic_lua_vm_t       *vm;
    civic_lua_vm_load_t  *load;

    load = lua_touserdata(L, 1);
    vm = load->vm;

    if (luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE|LUAJIT_MODE_OFF) == 0) {
        return luaL_error(L, "the JIT cannot be turned off");
    }

    civic_lua_object_init(L, vm);
    civic_lua_vm_conf(L, vm, load->conf);
    civic_lua_sandbox_init(L, vm);

    return 0;
}


static void
civic_lua_vm_conf(lua_State *L, civic_lua_vm_t *vm,
    const civic_lua_conf_t *conf)
{
    uint32_t              i;
    civic_value_t         empty;
    civic_table_t         table;
    const civic_table_t  *problems;

    ngx_memzero(&table, sizeof(civic_table_t));
    empty.type = CIVIC_VALUE_TABLE;
    empty.u.table = &table;

    civic_lua_value_push(L, vm, conf->config ? conf->config : &empty, 1);
    civic_lua_vm_keep(L, vm, CIVIC_LUA_CONFIG);

    /* a list of names, or a table by name */

    lua_newtable(L);

    if (conf->problems && conf->problems->type == CIVIC_VALUE_TABLE) {
        problems = conf->problems->u.table;

        for (i = 0; i < problems->nitems; i++) {
            civic_lua_value_push(L, vm, &problems->items[i], 0);
            lua_pushboolean(L, 1);
            lua_rawset(L, -3);
        }

        for (i = 0; i < problems->npairs; i++) {
            civic_lua_value_push(L, vm, &problems->pairs[i].key, 0);
            lua_pushboolean(L, 1);
            lua_rawset(L, -3);
        }
    }

    civic_lua_vm_keep(L, vm, CIVIC_LUA_PROBLEMS);
}


/* plugin.lua as a run: its one result is kept where it lies */

static ngx_int_t
civic_lua_vm_load(civic_lua_vm_t *vm, ngx_pool_t *pool,
    civic_lua_failure_t *failure)
{
    ngx_int_t        rc;
    civic_lua_run_t  run;

    rc = civic_lua_run_init(&run, vm, pool);

    if (rc == NGX_OK) {
        rc = civic_lua_vm_protect(vm, civic_lua_vm_plugin, &run, pool,
                                  &run.failure);
    }

    if (rc == NGX_OK) {
        rc = civic_lua_run_go(&run, 0);
    }

    if (rc == NGX_OK) {
        rc = civic_lua_vm_protect(vm, civic_lua_vm_returned, &run, pool,
                                  &run.failure);
    }

    if (rc != NGX_OK) {
        *failure = run.failure;
    }

    civic_lua_budget_count(vm, &run);
    civic_lua_run_end(&run);
    vm->loaded = 1;

    return (rc == NGX_OK) ? NGX_OK : NGX_ERROR;
}


static int
civic_lua_vm_plugin(lua_State *L)
{
    lua_State        *co;
    civic_lua_run_t  *run;

    run = lua_touserdata(L, 1);

    co = civic_lua_run_thread(L, run);
    civic_lua_require_file(L, run->vm, "plugin.lua");
    lua_xmove(L, co, 1);

    return 0;
}


static int
civic_lua_vm_returned(lua_State *L)
{
    lua_State        *co;
    civic_lua_run_t  *run;

    run = lua_touserdata(L, 1);
    co = civic_lua_run_thread(L, run);

    if (lua_gettop(co) == 0 || lua_type(co, 1) != LUA_TTABLE) {
        return luaL_error(L, "plugin.lua: it must return a table of"
                          " functions");
    }

    lua_settop(co, 1);
    lua_xmove(co, L, 1);
    civic_lua_vm_keep(L, run->vm, CIVIC_LUA_FUNCTIONS);

    return 0;
}


void
civic_lua_vm_destroy(civic_lua_vm_t *vm)
{
    lua_close(vm->L);
    ngx_free(vm);
}


ngx_uint_t
civic_lua_vm_has(const civic_lua_vm_t *vm, const ngx_str_t *name)
{
    civic_lua_vm_find_t  find;

    find.vm = (civic_lua_vm_t *) vm;
    find.name = name;
    find.found = 0;

    (void) civic_lua_vm_protect(find.vm, civic_lua_vm_find, &find, NULL,
                                NULL);

    return find.found;
}


static int
civic_lua_vm_find(lua_State *L)
{
    civic_lua_vm_find_t  *find;

    find = lua_touserdata(L, 1);

    civic_lua_vm_push(L, find->vm, CIVIC_LUA_FUNCTIONS);
    lua_pushlstring(L, (char *) find->name->data, find->name->len);
    lua_rawget(L, -2);

    find->found = (lua_type(L, -1) == LUA_TFUNCTION);

    return 0;
}


size_t
civic_lua_vm_memory(const civic_lua_vm_t *vm)
{
    return vm->memory.used;
}


ngx_uint_t
civic_lua_vm_broken(const civic_lua_vm_t *vm)
{
    return vm->broken;
}


civic_lua_vm_t *
civic_lua_vm_of(lua_State *L)
{
    void  *vm;

    (void) lua_getallocf(L, &vm);

    return vm;
}


void
civic_lua_vm_push(lua_State *L, civic_lua_vm_t *vm, ngx_uint_t ref)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, vm->refs[ref]);
}


void
civic_lua_vm_keep(lua_State *L, civic_lua_vm_t *vm, ngx_uint_t ref)
{
    vm->refs[ref] = luaL_ref(L, LUA_REGISTRYINDEX);
}


ngx_int_t
civic_lua_vm_protect(civic_lua_vm_t *vm, lua_CFunction f, void *data,
    ngx_pool_t *pool, civic_lua_failure_t *failure)
{
    int                     rc;
    ngx_str_t               text;
    civic_lua_vm_protect_t  protect;

    protect.vm = vm;
    protect.f = f;
    protect.data = data;

    /* the call itself takes a few bytes, which a full VM does not have */

    vm->memory.cap = vm->budget.memory + CIVIC_LUA_VM_SLACK;
    rc = lua_cpcall(vm->L, civic_lua_vm_protected, &protect);
    vm->memory.cap = vm->budget.memory;

    if (rc == 0) {
        return NGX_OK;
    }

    text.data = (u_char *) "error object";
    text.len = sizeof("error object") - 1;

    if (lua_type(vm->L, -1) == LUA_TSTRING) {
        text.data = (u_char *) lua_tolstring(vm->L, -1, &text.len);
    }

    if (failure) {
        if (rc == LUA_ERRMEM || vm->kill == CIVIC_LUA_KILLED_MEMORY) {
            vm->kill = CIVIC_LUA_KILLED_MEMORY;
            (void) civic_lua_budget_killed(vm, pool, failure);

        } else {
            civic_lua_vm_fail(failure, pool, CIVIC_LUA_ERROR, "%V", &text);
        }
    }

    lua_pop(vm->L, 1);
    vm->kill = CIVIC_LUA_ALIVE;

    return NGX_ERROR;
}


static int
civic_lua_vm_protected(lua_State *L)
{
    civic_lua_memory_t      *memory;
    civic_lua_vm_protect_t  *protect;

    protect = lua_touserdata(L, 1);
    memory = &protect->vm->memory;

    if (memory->used > memory->soft) {
        civic_lua_budget_collect(L, protect->vm);
    }

    memory->cap = protect->vm->budget.memory;

    lua_pushlightuserdata(L, protect->data);
    lua_replace(L, 1);

    return protect->f(L);
}


void
civic_lua_vm_fail(civic_lua_failure_t *failure, ngx_pool_t *pool,
    ngx_uint_t kind, const char *fmt, ...)
{
    u_char   *p, *last;
    va_list   args;

    ngx_memzero(failure, sizeof(civic_lua_failure_t));
    failure->kind = kind;

    p = ngx_pnalloc(pool, CIVIC_LUA_MAX_MESSAGE);
    if (p == NULL) {
        return;
    }

    va_start(args, fmt);
    last = ngx_vslprintf(p, p + CIVIC_LUA_MAX_MESSAGE, fmt, args);
    va_end(args);

    failure->message.data = p;
    failure->message.len = last - p;
}
