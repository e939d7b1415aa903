
/*
 * Copyright (C) Civic Gate
 *
 * What a run may spend, and how it dies.  A hook looks every thousand
 * instructions, and sooner after work that is long for its one instruction:
 * much memory, long strings searched, long tables moved.  When the budget is spent it does not raise an error, which
 * pcall would catch: it yields from within the hook, and the host never
 * resumes that coroutine.  Where Lua cannot yield (below a C function that
 * calls back: gsub, sort) it raises an error, and looks again at each
 * instruction, until there is a frame that can yield or none is left.
 *
 * xpcall is not LuaJIT's: its handler would run inside the hook, where no
 * hook runs.  See base.lua.
 */


#include <time.h>

#include "civic_lua_budget.h"


#define CIVIC_LUA_BUDGET_WEIGHT  8     /* of a byte or an item looked at */
#define CIVIC_LUA_BUDGET_SLOW    200000 /* ns between two looks */


static void civic_lua_budget_hook(lua_State *L, lua_Debug *ar);
static int civic_lua_budget_metered(lua_State *L);
static void civic_lua_budget_check(civic_lua_vm_t *vm);
static void civic_lua_budget_collect(lua_State *L, civic_lua_vm_t *vm);
static void civic_lua_budget_die(lua_State *L, civic_lua_vm_t *vm);
static uint64_t civic_lua_budget_clock(clockid_t clock);


void
civic_lua_budget_enter(civic_lua_vm_t *vm, civic_lua_run_t *run)
{
    vm->run = run;
    vm->since = civic_lua_budget_clock(CLOCK_THREAD_CPUTIME_ID);
    vm->wall = civic_lua_budget_clock(CLOCK_MONOTONIC);
    vm->looked = vm->wall;
    vm->charged = 0;

    /* the count begins anew: many short stretches are paid as whole ones */

    run->instructions += CIVIC_LUA_HOOK;

    (void) lua_sethook(vm->L, civic_lua_budget_hook, LUA_MASKCOUNT,
                       vm->memory.collect ? 1 : CIVIC_LUA_HOOK);
}


void
civic_lua_budget_leave(civic_lua_vm_t *vm)
{
    vm->run->cpu += civic_lua_budget_clock(CLOCK_THREAD_CPUTIME_ID)
                    - vm->since;
    vm->run = NULL;
}


void
civic_lua_budget_hurry(civic_lua_vm_t *vm)
{
    if (vm->run) {
        (void) lua_sethook(vm->L, civic_lua_budget_hook, LUA_MASKCOUNT, 1);
    }
}


void
civic_lua_budget_charge(civic_lua_vm_t *vm, size_t bytes)
{
    vm->charged += bytes;

    if (vm->charged >= CIVIC_LUA_CHARGE) {
        vm->charged = 0;
        civic_lua_budget_hurry(vm);
    }
}


void
civic_lua_budget_meter(lua_State *L)
{
    lua_pushcclosure(L, civic_lua_budget_metered, 1);
}


static int
civic_lua_budget_metered(lua_State *L)
{
    switch (lua_type(L, 1)) {

    case LUA_TSTRING:
    case LUA_TTABLE:
        civic_lua_budget_charge(civic_lua_vm_of(L), CIVIC_LUA_BUDGET_WEIGHT
                                                    * lua_objlen(L, 1));
    }

    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);

    return lua_gettop(L);
}


static void
civic_lua_budget_hook(lua_State *L, lua_Debug *ar)
{
    civic_lua_vm_t  *vm;

    vm = civic_lua_vm_of(L);

    if (vm->run == NULL) {
        return;
    }

    if (vm->kill == CIVIC_LUA_ALIVE && vm->memory.collect) {
        civic_lua_budget_collect(L, vm);
    }

    if (vm->kill == CIVIC_LUA_ALIVE) {
        civic_lua_budget_check(vm);
    }

    if (vm->kill != CIVIC_LUA_ALIVE) {
        civic_lua_budget_die(L, vm);
        return;
    }

    /* instructions that took long are followed closely */

    (void) lua_sethook(L, civic_lua_budget_hook, LUA_MASKCOUNT,
                       vm->slow ? CIVIC_LUA_HOOK / 50 : CIVIC_LUA_HOOK);
}


static void
civic_lua_budget_check(civic_lua_vm_t *vm)
{
    uint64_t          cpu, left, now;
    civic_lua_run_t  *run;

    run = vm->run;
    run->instructions += CIVIC_LUA_HOOK;
    vm->charged = 0;

    if (run->instructions > vm->budget.instructions) {
        vm->kill = CIVIC_LUA_KILLED_INSTRUCTIONS;
        return;
    }

    cpu = (uint64_t) vm->budget.cpu * 1000000;
    left = (cpu > run->cpu) ? cpu - run->cpu : 0;

    /* cheap, and never behind the other clock, which is a system call */

    now = civic_lua_budget_clock(CLOCK_MONOTONIC);
    vm->slow = (now - vm->looked > CIVIC_LUA_BUDGET_SLOW);
    vm->looked = now;

    if (now - vm->wall <= left) {
        return;
    }

    if (civic_lua_budget_clock(CLOCK_THREAD_CPUTIME_ID) - vm->since > left) {
        vm->kill = CIVIC_LUA_KILLED_CPU;
    }
}


/*
 * What is live may keep up to three quarters; more moves the line half way
 * to the cap, so that a full VM does not collect at every instruction.
 */

static void
civic_lua_budget_collect(lua_State *L, civic_lua_vm_t *vm)
{
    civic_lua_memory_t  *memory;

    memory = &vm->memory;

    (void) lua_gc(L, LUA_GCCOLLECT, 0);

    memory->soft = ngx_max(memory->cap / 4 * 3,
                           memory->used + (memory->cap - memory->used) / 2);
    memory->collect = 0;
}


static void
civic_lua_budget_die(lua_State *L, civic_lua_vm_t *vm)
{
    int        level;
    lua_Debug  ar;

    for (level = 0; vm->where[0] == '\0' && level < 20; level++) {

        if (lua_getstack(L, level, &ar) == 0) {
            break;
        }

        (void) lua_getinfo(L, "Sl", &ar);

        if (ar.source[0] == '@' && ar.currentline > 0) {
            (void) snprintf(vm->where, sizeof(vm->where), "%s:%d: ",
                            ar.short_src, ar.currentline);
        }
    }

    (void) lua_sethook(L, civic_lua_budget_hook, LUA_MASKCOUNT, 1);

    if (lua_isyieldable(L)) {
        (void) lua_yield(L, 0);
        return;
    }

    lua_pushnil(L);
    (void) lua_error(L);
}


ngx_uint_t
civic_lua_budget_killed(civic_lua_vm_t *vm, ngx_pool_t *pool,
    civic_lua_failure_t *failure)
{
    switch (vm->kill) {

    case CIVIC_LUA_KILLED_INSTRUCTIONS:
        civic_lua_vm_fail(failure, pool, CIVIC_LUA_INSTRUCTIONS,
                          "%sended after %uL instructions", vm->where,
                          vm->budget.instructions);
        return 1;

    case CIVIC_LUA_KILLED_CPU:
        civic_lua_vm_fail(failure, pool, CIVIC_LUA_CPU,
                          "%sended after %M ms of CPU time", vm->where,
                          vm->budget.cpu);
        return 1;

    case CIVIC_LUA_KILLED_MEMORY:
        civic_lua_vm_fail(failure, pool, CIVIC_LUA_MEMORY,
                          "%sended at %uz bytes of memory", vm->where,
                          vm->memory.cap);
        return 1;

    default:
        return 0;
    }
}


static uint64_t
civic_lua_budget_clock(clockid_t clock)
{
    struct timespec  ts;

    (void) clock_gettime(clock, &ts);

    return (uint64_t) ts.tv_sec * 1000000000 + ts.tv_nsec;
}
