
/*
 * Copyright (C) Civic Gate
 *
 * Values over the border of a VM.
 */


#ifndef _CIVIC_LUA_VALUE_H_INCLUDED_
#define _CIVIC_LUA_VALUE_H_INCLUDED_


#include "civic_lua_vm.h"


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

/* bytes that went to the pool since civic_lua_value_init(), about */

size_t civic_lua_value_copied(const civic_lua_value_ctx_t *ctx);

/* under protection */

void civic_lua_value_push(lua_State *L, civic_lua_vm_t *vm,
    const civic_value_t *value, ngx_uint_t readonly);


#endif /* _CIVIC_LUA_VALUE_H_INCLUDED_ */
