
/*
 * Copyright (C) Civic Gate
 *
 * Every byte of a VM is counted against its cap.  LuaJIT does not collect
 * garbage when it finds no memory, so a plugin whose live data is small
 * could still die of what it threw away: from three quarters of the cap on,
 * the next instruction collects first.
 *
 * A refusal is a death sentence: Lua turns it into an error that pcall can
 * catch, but the run has been marked, and the hook ends it.
 */


#include "civic_lua_budget.h"


void *
civic_lua_alloc(void *data, void *p, size_t osize, size_t nsize)
{
    civic_lua_vm_t *vm = data;

    void                *new;
    civic_lua_memory_t  *memory;

    memory = &vm->memory;

    if (nsize == 0) {
        memory->used -= osize;
        free(p);
        return NULL;
    }

    /* more may be in use than the cap: the host has a little slack */

    if (nsize > osize && memory->used + (nsize - osize) > memory->cap) {
        new = NULL;

    } else {
        new = realloc(p, nsize);
    }

    if (new == NULL) {
        vm->broken = 1;
        vm->kill = CIVIC_LUA_KILLED_MEMORY;
        civic_lua_budget_hurry(vm);
        return NULL;
    }

    memory->used = memory->used - osize + nsize;

    if (nsize > osize) {
        memory->allocated += nsize - osize;
        civic_lua_budget_charge(vm, nsize - osize);
    }

    if (memory->used > memory->soft && !memory->collect) {
        memory->collect = 1;
        civic_lua_budget_hurry(vm);
    }

    return new;
}
