
/*
 * Copyright (C) Civic Gate
 *
 * One call of a plugin's function.  It runs in a coroutine:
 *
 *     start --> go --> OK: results
 *                |---> ERROR: failure
 *                |---> BUSY: gave way in the middle, goes on with go_on
 *                `---> AGAIN: parked in operation()
 *                        ^        |
 *                        `- go <--+--- resume, raise
 *
 * Others see a plugin's variables only as they are between two operations:
 * a VM whose run gave way runs no other until that one waits or ends.
 *
 * What operation() gets back begins with what it is to raise, nil as a
 * rule: Lua 5.1 cannot throw into a parked C function, so base.lua does.
 */


#include "civic_lua_budget.h"
#include "civic_lua_object.h"
#include "civic_lua_run.h"
#include "civic_lua_sandbox.h"
#include "civic_lua_value.h"


#define CIVIC_LUA_RUN_WASTE  (8 * 1024 * 1024)


typedef struct {
    lua_State               *co;       /* NULL: not yet, or no more */
    size_t                   wasted;   /* bytes of the run's pool */
    int                      ref;      /* keeps it, in the registry */
    int                      nargs;    /* on its stack, for go_on */
    unsigned                 done:1;   /* it may serve another run */
} civic_lua_run_state_t;


typedef struct {
    civic_lua_run_t         *run;
    const ngx_str_t         *name;     /* of a function, of a problem */
    const civic_value_t     *values;
    ngx_uint_t               nvalues;
} civic_lua_run_push_t;


static ngx_int_t civic_lua_run_refuse(civic_lua_run_t *run,
    const char *what);
static int civic_lua_run_push_call(lua_State *L);
static int civic_lua_run_push_results(lua_State *L);
static ngx_int_t civic_lua_run_throw(civic_lua_run_push_t *push);
static int civic_lua_run_push_thrown(lua_State *L);
static int civic_lua_run_results(lua_State *L);
static int civic_lua_run_failure(lua_State *L);
static void civic_lua_run_failure_problem(lua_State *L,
    civic_lua_run_t *run);
static size_t civic_lua_run_traceback(lua_State *co, char *buf, size_t size);
static int civic_lua_run_forget(lua_State *L);
static void civic_lua_run_waste(civic_lua_run_t *run,
    const civic_lua_value_ctx_t *ctx);


ngx_int_t
civic_lua_run_init(civic_lua_run_t *run, civic_lua_vm_t *vm,
    ngx_pool_t *pool)
{
    ngx_memzero(run, sizeof(civic_lua_run_t));

    run->vm = vm;
    run->pool = pool;

    run->state = ngx_pcalloc(pool, sizeof(civic_lua_run_state_t));
    if (run->state == NULL) {
        return civic_lua_run_refuse(run, "no memory");
    }

    return NGX_OK;
}


static ngx_int_t
civic_lua_run_refuse(civic_lua_run_t *run, const char *what)
{
    civic_lua_vm_fail(&run->failure, run->pool, CIVIC_LUA_ERROR, "%s", what);

    return NGX_ERROR;
}


ngx_int_t
civic_lua_run_start(civic_lua_run_t *run, civic_lua_vm_t *vm,
    ngx_pool_t *pool, const ngx_str_t *function, const civic_value_t *args,
    ngx_uint_t nargs)
{
    civic_lua_run_push_t  push;

    if (civic_lua_run_init(run, vm, pool) != NGX_OK) {
        return NGX_ERROR;
    }

    if (nargs > CIVIC_LUA_MAX_VALUES) {
        return civic_lua_run_refuse(run, "too many arguments");
    }

    push.run = run;
    push.name = function;
    push.values = args;
    push.nvalues = nargs;

    if (civic_lua_vm_protect(vm, civic_lua_run_push_call, &push, pool,
                             &run->failure)
        != NGX_OK)
    {
        civic_lua_budget_count(vm, run);
        return NGX_ERROR;
    }

    return civic_lua_run_go(run, nargs);
}


static int
civic_lua_run_push_call(lua_State *L)
{
    lua_State             *co;
    ngx_uint_t             i;
    civic_lua_vm_t        *vm;
    civic_lua_run_push_t  *push;

    push = lua_touserdata(L, 1);
    vm = push->run->vm;

    co = civic_lua_run_thread(L, push->run);

    civic_lua_vm_push(L, vm, CIVIC_LUA_FUNCTIONS);
    lua_pushlstring(L, (char *) push->name->data, push->name->len);
    lua_rawget(L, -2);

    if (lua_type(L, -1) != LUA_TFUNCTION) {
        lua_pushlstring(L, (char *) push->name->data, push->name->len);
        return luaL_error(L, "plugin.lua: it returns no function \"%s\"",
                          lua_tostring(L, -1));
    }

    luaL_checkstack(L, push->nvalues, "arguments");

    for (i = 0; i < push->nvalues; i++) {
        civic_lua_value_push(L, vm, &push->values[i], 0);
    }

    lua_xmove(L, co, push->nvalues + 1);

    return 0;
}


lua_State *
civic_lua_run_thread(lua_State *L, civic_lua_run_t *run)
{
    civic_lua_vm_t         *vm;
    civic_lua_run_state_t  *state;

    state = run->state;
    vm = run->vm;

    if (state->co) {
        return state->co;
    }

    if (vm->idle) {
        state->co = vm->idle;
        state->ref = vm->idle_ref;
        vm->idle = NULL;

        return state->co;
    }

    state->co = lua_newthread(L);
    state->ref = LUA_NOREF;
    state->ref = luaL_ref(L, LUA_REGISTRYINDEX);

    return state->co;
}


ngx_int_t
civic_lua_run_go(civic_lua_run_t *run, int nargs)
{
    int                     rc;
    civic_lua_vm_t         *vm;
    civic_lua_run_state_t  *state;

    vm = run->vm;
    state = run->state;

    if (vm->gave_way && vm->gave_way != run) {
        civic_lua_budget_count(vm, run);
        state->nargs = nargs;
        return NGX_BUSY;
    }

    vm->gave_way = NULL;
    run->operation.name.len = 0;

    civic_lua_budget_enter(vm, run);
    rc = lua_resume(state->co, nargs);
    civic_lua_budget_leave(vm);

    if (civic_lua_budget_killed(vm, run->pool, &run->failure)) {
        vm->kill = CIVIC_LUA_ALIVE;
        vm->where[0] = '\0';
        return NGX_ERROR;
    }

    if (vm->gives_way) {
        vm->gives_way = 0;
        vm->gave_way = run;
        state->nargs = 0;
        return NGX_BUSY;
    }

    if (rc == LUA_YIELD) {
        return NGX_AGAIN;
    }

    if (rc != 0) {
        (void) civic_lua_vm_protect(vm, civic_lua_run_failure, run,
                                    run->pool, &run->failure);
        return NGX_ERROR;
    }

    if (!vm->loaded) {
        return NGX_OK;
    }

    if (civic_lua_vm_protect(vm, civic_lua_run_results, run, run->pool,
                             &run->failure)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return run->results ? NGX_OK : NGX_ERROR;
}


ngx_int_t
civic_lua_run_go_on(civic_lua_run_t *run)
{
    civic_lua_run_state_t  *state;

    state = run->state;

    return civic_lua_run_go(run, state->nargs);
}


/* results stays NULL if they cannot cross */

static int
civic_lua_run_results(lua_State *L)
{
    lua_State              *co;
    ngx_int_t               rc;
    ngx_uint_t              i, n;
    civic_value_t          *values;
    civic_lua_run_t        *run;
    civic_lua_value_ctx_t   ctx;
    civic_lua_run_state_t  *state;

    run = lua_touserdata(L, 1);
    state = run->state;
    co = state->co;

    n = lua_gettop(co);
    if (n > CIVIC_LUA_MAX_VALUES) {
        n = CIVIC_LUA_MAX_VALUES;
        lua_settop(co, n);
    }

    luaL_checkstack(L, n + CIVIC_LUA_VALUE_STACK, "results");
    lua_xmove(co, L, n);
    state->done = 1;

    values = ngx_palloc(run->pool, (n + 1) * sizeof(civic_value_t));
    if (values == NULL) {
        return luaL_error(L, "no memory for results");
    }

    civic_lua_value_init(&ctx, run->pool);

    for (i = 0; i < n; i++) {
        rc = civic_lua_value_pull(L, i + 2, &values[i], &ctx);

        if (rc == NGX_DECLINED) {
            civic_lua_vm_fail(&run->failure, run->pool, CIVIC_LUA_VALUE,
                              "plugin.lua: result %ui %s", i + 1, ctx.err);
            return 0;
        }

        if (rc != NGX_OK) {
            return luaL_error(L, "no memory for results");
        }
    }

    run->results = values;
    run->nresults = n;

    return 0;
}


static int
civic_lua_run_failure(lua_State *L)
{
    char                    trace[256];
    size_t                  len;
    lua_State              *co;
    ngx_str_t               text;
    civic_lua_run_t        *run;
    civic_lua_run_state_t  *state;

    run = lua_touserdata(L, 1);
    state = run->state;
    co = state->co;

    luaL_checkstack(L, CIVIC_LUA_VALUE_STACK, "error");
    lua_xmove(co, L, 1);

    if (civic_lua_object(L, 2, CIVIC_LUA_PROBLEM_OBJECT)) {
        civic_lua_run_failure_problem(L, run);
        return 0;
    }

    len = civic_lua_run_traceback(co, trace, sizeof(trace));

    if (lua_type(L, 2) == LUA_TSTRING) {
        text.data = (u_char *) lua_tolstring(L, 2, &text.len);

    } else {
        lua_pushfstring(L, "error object is a %s value", luaL_typename(L, 2));
        text.data = (u_char *) lua_tolstring(L, -1, &text.len);
    }

    civic_lua_vm_fail(&run->failure, run->pool, CIVIC_LUA_ERROR, "%V%*s",
                      &text, len, trace);

    return 0;
}


static void
civic_lua_run_failure_problem(lua_State *L, civic_lua_run_t *run)
{
    civic_value_t           code;
    civic_lua_failure_t    *failure;
    civic_lua_value_ctx_t   ctx;

    failure = &run->failure;

    lua_getfenv(L, 2);
    lua_getfield(L, -1, "code");
    lua_getfield(L, -2, "fields");

    civic_lua_vm_fail(failure, run->pool, CIVIC_LUA_PROBLEM, "problem \"%s\"",
                      lua_tostring(L, -2));

    civic_lua_value_init(&ctx, run->pool);

    if (civic_lua_value_pull(L, lua_gettop(L) - 1, &code, &ctx) != NGX_OK) {
        (void) luaL_error(L, "no memory");
    }

    failure->code = code.u.string;

    if (civic_lua_value_pull(L, lua_gettop(L), &failure->fields, &ctx)
        != NGX_OK)
    {
        civic_lua_vm_fail(failure, run->pool, CIVIC_LUA_VALUE,
                          "fields of problem \"%V\": it %s",
                          &code.u.string, ctx.err ? ctx.err : "finds no"
                                                              " memory");
    }
}


/* where the plugin's own code was, innermost first: not what C was called */

static size_t
civic_lua_run_traceback(lua_State *co, char *buf, size_t size)
{
    int         level, n, places;
    size_t      len;
    lua_Debug   ar;

    len = 0;
    places = 0;

    for (level = 0; places < 5 && lua_getstack(co, level, &ar); level++) {

        (void) lua_getinfo(co, "Sl", &ar);

        if (ar.source[0] != '@' || ar.currentline <= 0) {
            continue;
        }

        n = snprintf(buf + len, size - len, "%s%s:%d",
                     places ? " < " : " [", ar.short_src, ar.currentline);

        if (n < 0 || (size_t) n + 1 >= size - len) {
            break;
        }

        len += n;
        places++;
    }

    if (places) {
        buf[len++] = ']';
    }

    return len;
}


ngx_int_t
civic_lua_run_resume(civic_lua_run_t *run, const civic_value_t *results,
    ngx_uint_t nresults)
{
    civic_lua_run_push_t  push;

    if (nresults > CIVIC_LUA_MAX_VALUES) {
        return civic_lua_run_refuse(run, "too many results");
    }

    push.run = run;
    push.values = results;
    push.nvalues = nresults;

    if (civic_lua_vm_protect(run->vm, civic_lua_run_push_results, &push,
                             run->pool, &run->failure)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return civic_lua_run_go(run, nresults + 1);
}


static int
civic_lua_run_push_results(lua_State *L)
{
    lua_State              *co;
    ngx_uint_t              i;
    civic_lua_run_t        *run;
    civic_lua_run_push_t   *push;

    push = lua_touserdata(L, 1);
    run = push->run;
    co = civic_lua_run_thread(L, run);

    luaL_checkstack(L, push->nvalues + 1, "results");

    lua_pushnil(L);

    for (i = 0; i < push->nvalues; i++) {
        civic_lua_value_push(L, run->vm, &push->values[i], 0);
    }

    lua_xmove(L, co, push->nvalues + 1);

    return 0;
}


ngx_int_t
civic_lua_run_raise(civic_lua_run_t *run, const ngx_str_t *code,
    const civic_value_t *fields)
{
    civic_lua_run_push_t  push;

    push.run = run;
    push.name = code;
    push.values = fields;
    push.nvalues = fields ? 1 : 0;

    return civic_lua_run_throw(&push);
}


ngx_int_t
civic_lua_run_fail(civic_lua_run_t *run, const ngx_str_t *message)
{
    civic_value_t         value;
    civic_lua_run_push_t  push;

    civic_value_set_string(&value, message);

    push.run = run;
    push.name = NULL;
    push.values = &value;
    push.nvalues = 1;

    return civic_lua_run_throw(&push);
}


static ngx_int_t
civic_lua_run_throw(civic_lua_run_push_t *push)
{
    civic_lua_run_t  *run;

    run = push->run;

    if (civic_lua_vm_protect(run->vm, civic_lua_run_push_thrown, push,
                             run->pool, &run->failure)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return civic_lua_run_go(run, 1);
}


static int
civic_lua_run_push_thrown(lua_State *L)
{
    lua_State              *co;
    civic_lua_run_t        *run;
    civic_lua_run_push_t   *push;

    push = lua_touserdata(L, 1);
    run = push->run;
    co = civic_lua_run_thread(L, run);

    if (push->name) {
        lua_pushlstring(L, (char *) push->name->data, push->name->len);
    }

    if (push->nvalues) {
        civic_lua_value_push(L, run->vm, push->values, 0);

    } else {
        lua_pushnil(L);
    }

    if (push->name) {
        civic_lua_object_problem(L, run->vm);
    }

    lua_xmove(L, co, 1);

    return 0;
}


void
civic_lua_run_end(civic_lua_run_t *run)
{
    civic_lua_vm_t         *vm;
    civic_lua_run_state_t  *state;

    vm = run->vm;
    state = run->state;

    if (vm->gave_way == run) {
        vm->gave_way = NULL;
    }

    if (state == NULL || state->co == NULL) {
        return;
    }

    if (state->done && vm->idle == NULL && state->ref != LUA_NOREF) {
        lua_settop(state->co, 0);
        vm->idle = state->co;
        vm->idle_ref = state->ref;

    } else {
        (void) civic_lua_vm_protect(vm, civic_lua_run_forget, state, NULL,
                                    NULL);
    }

    state->co = NULL;
}


static int
civic_lua_run_forget(lua_State *L)
{
    civic_lua_run_state_t  *state;

    state = lua_touserdata(L, 1);

    luaL_unref(L, LUA_REGISTRYINDEX, state->ref);

    return 0;
}


int
civic_lua_run_operation(lua_State *L)
{
    size_t                  len;
    ngx_int_t               rc;
    ngx_uint_t              i, n;
    const char             *name;
    civic_value_t          *args;
    civic_lua_vm_t         *vm;
    civic_lua_run_t        *run;
    civic_lua_value_ctx_t   ctx;

    vm = civic_lua_vm_of(L);
    run = vm->run;

    name = luaL_checklstring(L, 1, &len);
    n = lua_gettop(L) - 1;

    if (!vm->loaded) {
        return civic_lua_sandbox_error(L, "%s cannot be used while the"
                                       " plugin is loaded", name);
    }

    if (run == NULL || !lua_isyieldable(L)) {
        return civic_lua_sandbox_error(L, "%s cannot be used in a function"
                                       " that string.gsub, table.sort or"
                                       " tostring calls", name);
    }

    luaL_checkstack(L, CIVIC_LUA_VALUE_STACK, name);

    args = ngx_palloc(run->pool, (n + 1) * sizeof(civic_value_t));
    civic_lua_value_init(&ctx, run->pool);
    rc = args ? NGX_OK : NGX_ERROR;

    /* the name too: what is garbage in the VM may go while it waits */

    for (i = 0; rc == NGX_OK && i <= n; i++) {
        rc = civic_lua_value_pull(L, i + 1, &args[i], &ctx);
    }

    if (rc != NGX_OK) {
        civic_lua_run_waste(run, &ctx);

        return civic_lua_sandbox_error(L, "%s: argument %d %s", name,
                                       (int) i - 1, ctx.err ? ctx.err
                                       : "finds no memory");
    }

    run->operation.name = args[0].u.string;
    run->operation.args = args + 1;
    run->operation.nargs = n;

    return lua_yield(L, 0);
}


/*
 * What was copied before an argument was refused stays in the pool, and the
 * host never hears of it.  A run that catches the error and goes on like
 * that ends as one that takes too much memory.
 */

static void
civic_lua_run_waste(civic_lua_run_t *run, const civic_lua_value_ctx_t *ctx)
{
    civic_lua_run_state_t  *state;

    state = run->state;
    state->wasted += civic_lua_value_copied(ctx);

    if (state->wasted > CIVIC_LUA_RUN_WASTE) {
        run->vm->kill = CIVIC_LUA_KILLED_MEMORY;
        civic_lua_budget_hurry(run->vm);
    }
}
