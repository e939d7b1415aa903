
/*
 * Copyright (C) Civic Gate
 *
 * What a VM and a run may spend.
 */


#ifndef _CIVIC_LUA_BUDGET_H_INCLUDED_
#define _CIVIC_LUA_BUDGET_H_INCLUDED_


#include "civic_lua_vm.h"


/* civic_lua_alloc.c */

void *civic_lua_alloc(void *data, void *p, size_t osize, size_t nsize);


/* from now on time ticks in this process whenever Lua runs */

void civic_lua_budget_tick(void);

void civic_lua_budget_enter(civic_lua_vm_t *vm, civic_lua_run_t *run);
void civic_lua_budget_leave(civic_lua_vm_t *vm);

/* what the VM has allocated since anybody counted is the run's */

void civic_lua_budget_count(civic_lua_vm_t *vm, civic_lua_run_t *run);

/* the hook looks at the next instruction, not only after CIVIC_LUA_HOOK */

void civic_lua_budget_hurry(civic_lua_vm_t *vm);

/*
 * One instruction can be work for a C function that is as long as the data:
 * `bytes` of it are paid for like instructions.
 */

void civic_lua_budget_charge(civic_lua_vm_t *vm, size_t bytes);

/*
 * `work` as if it were so many instructions, from within a C function;
 * raises an error if the budget is spent, and it cannot be caught for long
 */

void civic_lua_budget_pay(lua_State *L, ngx_uint_t work);

/* collects garbage, and decides when to do so again */

void civic_lua_budget_collect(lua_State *L, civic_lua_vm_t *vm);

/* replaces the function on top by one that charges for its first argument */

void civic_lua_budget_meter(lua_State *L);

/* did it die?  Sets `failure` if so */

ngx_uint_t civic_lua_budget_killed(civic_lua_vm_t *vm, ngx_pool_t *pool,
    civic_lua_failure_t *failure);


#endif /* _CIVIC_LUA_BUDGET_H_INCLUDED_ */
