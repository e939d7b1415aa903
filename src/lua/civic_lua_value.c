
/*
 * Copyright (C) Civic Gate
 *
 * Values over the border of a VM.  What comes out is copied, bounded in
 * depth, number and bytes, and read without metamethods: nothing of the
 * plugin runs while the host looks.  A table that contains itself is deeper
 * than any bound.
 */


#include "civic_lua_budget.h"
#include "civic_lua_object.h"
#include "civic_lua_value.h"


#define CIVIC_LUA_VALUE_NODES  65536
#define CIVIC_LUA_VALUE_BYTES  (8 * 1024 * 1024)
#define CIVIC_LUA_VALUE_DEEP   64


static ngx_int_t civic_lua_value_copy(lua_State *L, int index,
    civic_value_t *value, civic_lua_value_ctx_t *ctx, ngx_uint_t depth);
static ngx_int_t civic_lua_value_string(lua_State *L, int index,
    civic_value_t *value, civic_lua_value_ctx_t *ctx);
static ngx_int_t civic_lua_value_table(lua_State *L, civic_value_t *value,
    civic_lua_value_ctx_t *ctx, ngx_uint_t depth);
static ngx_int_t civic_lua_value_pairs(lua_State *L, civic_value_t *value,
    civic_lua_value_ctx_t *ctx, ngx_uint_t depth);
static ngx_uint_t civic_lua_value_is_item(lua_State *L, int index,
    uint32_t nitems);
static ngx_uint_t civic_lua_value_is_array(lua_State *L, int index);
static ngx_int_t civic_lua_value_refuse(civic_lua_value_ctx_t *ctx,
    const char *err);
static void civic_lua_value_push_deep(lua_State *L, civic_lua_vm_t *vm,
    const civic_value_t *value, ngx_uint_t readonly, ngx_uint_t depth);
static void civic_lua_value_push_table(lua_State *L, civic_lua_vm_t *vm,
    const civic_table_t *table, ngx_uint_t readonly, ngx_uint_t depth);


void
civic_lua_value_init(civic_lua_value_ctx_t *ctx, ngx_pool_t *pool)
{
    ctx->pool = pool;
    ctx->nodes = CIVIC_LUA_VALUE_NODES;
    ctx->bytes = CIVIC_LUA_VALUE_BYTES;
    ctx->err = NULL;
}


size_t
civic_lua_value_copied(const civic_lua_value_ctx_t *ctx)
{
    return CIVIC_LUA_VALUE_BYTES - ctx->bytes
           + (CIVIC_LUA_VALUE_NODES - ctx->nodes) * sizeof(civic_pair_t);
}


ngx_int_t
civic_lua_value_pull(lua_State *L, int index, civic_value_t *value,
    civic_lua_value_ctx_t *ctx)
{
    return civic_lua_value_copy(L, index, value, ctx, 0);
}


static ngx_int_t
civic_lua_value_copy(lua_State *L, int index, civic_value_t *value,
    civic_lua_value_ctx_t *ctx, ngx_uint_t depth)
{
    ngx_int_t  rc;

    if (ctx->nodes == 0) {
        return civic_lua_value_refuse(ctx, "has too many parts");
    }

    ctx->nodes--;

    switch (lua_type(L, index)) {

    case LUA_TNIL:
        civic_value_set_nil(value);
        return NGX_OK;

    case LUA_TBOOLEAN:
        civic_value_set_boolean(value, lua_toboolean(L, index));
        return NGX_OK;

    case LUA_TNUMBER:
        civic_value_set_number(value, lua_tonumber(L, index));
        return NGX_OK;

    case LUA_TSTRING:
        return civic_lua_value_string(L, index, value, ctx);

    case LUA_TTABLE:
        lua_pushvalue(L, index);
        break;

    case LUA_TLIGHTUSERDATA:
        civic_value_set_null(value);
        return NGX_OK;

    default:
        if (!civic_lua_object_open(L, index)) {
            return civic_lua_value_refuse(ctx, "holds a function or another"
                                               " thing that is no plain"
                                               " value");
        }
    }

    rc = civic_lua_value_table(L, value, ctx, depth + 1);
    lua_pop(L, 1);

    return rc;
}


static ngx_int_t
civic_lua_value_string(lua_State *L, int index, civic_value_t *value,
    civic_lua_value_ctx_t *ctx)
{
    size_t       len;
    const char  *text;

    text = lua_tolstring(L, index, &len);

    if (len > ctx->bytes) {
        return civic_lua_value_refuse(ctx, "is too large");
    }

    ctx->bytes -= len;
    civic_lua_budget_charge(civic_lua_vm_of(L), len);

    value->type = CIVIC_VALUE_STRING;
    value->u.string.len = len;
    value->u.string.data = ngx_pnalloc(ctx->pool, len ? len : 1);

    if (value->u.string.data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(value->u.string.data, text, len);

    return NGX_OK;
}


/* the table is on top, and stays there */

static ngx_int_t
civic_lua_value_table(lua_State *L, civic_value_t *value,
    civic_lua_value_ctx_t *ctx, ngx_uint_t depth)
{
    uint32_t         i, n;
    ngx_int_t        rc;
    civic_value_t   *item;

    if (depth > CIVIC_VALUE_MAX_DEPTH) {
        return civic_lua_value_refuse(ctx, "is nested too deeply, or"
                                           " contains itself");
    }

    n = ngx_min(lua_objlen(L, -1), ctx->nodes);

    if (civic_value_set_table(value, ctx->pool, n, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    if (civic_lua_value_is_array(L, -1)) {
        value->u.table->shape = CIVIC_VALUE_ARRAY;
    }

    for (i = 1; /* void */ ; i++) {
        lua_rawgeti(L, -1, i);

        if (lua_isnil(L, -1)) {
            lua_pop(L, 1);
            break;
        }

        item = civic_value_add_item(value, ctx->pool);
        if (item == NULL) {
            lua_pop(L, 1);
            return NGX_ERROR;
        }

        rc = civic_lua_value_copy(L, lua_gettop(L), item, ctx, depth);
        lua_pop(L, 1);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return civic_lua_value_pairs(L, value, ctx, depth);
}


static ngx_int_t
civic_lua_value_pairs(lua_State *L, civic_value_t *value,
    civic_lua_value_ctx_t *ctx, ngx_uint_t depth)
{
    int             top;
    ngx_int_t       rc;
    ngx_str_t       none;
    civic_pair_t   *pair;
    civic_table_t  *table;

    ngx_str_null(&none);
    table = value->u.table;
    top = lua_gettop(L);

    lua_pushnil(L);

    while (lua_next(L, top)) {

        if (civic_lua_value_is_item(L, top + 1, table->nitems)) {
            lua_pop(L, 1);
            continue;
        }

        if (civic_value_add_member(value, ctx->pool, &none) == NULL) {
            lua_settop(L, top);
            return NGX_ERROR;
        }

        pair = &table->pairs[table->npairs - 1];

        switch (lua_type(L, top + 1)) {

        case LUA_TSTRING:
        case LUA_TNUMBER:
        case LUA_TBOOLEAN:
            rc = civic_lua_value_copy(L, top + 1, &pair->key, ctx, depth);
            break;

        default:
            rc = civic_lua_value_refuse(ctx, "has a key that is no string,"
                                             " number or boolean");
        }

        if (rc == NGX_OK) {
            rc = civic_lua_value_copy(L, top + 2, &pair->value, ctx, depth);
        }

        if (rc != NGX_OK) {
            lua_settop(L, top);
            return rc;
        }

        lua_pop(L, 1);
    }

    return NGX_OK;
}


static ngx_uint_t
civic_lua_value_is_item(lua_State *L, int index, uint32_t nitems)
{
    lua_Number  n;

    if (lua_type(L, index) != LUA_TNUMBER) {
        return 0;
    }

    n = lua_tonumber(L, index);

    return n >= 1 && n <= nitems && n == (lua_Number) (uint32_t) n;
}


static ngx_uint_t
civic_lua_value_is_array(lua_State *L, int index)
{
    ngx_uint_t       is;
    civic_lua_vm_t  *vm;

    if (!lua_getmetatable(L, index)) {
        return 0;
    }

    vm = civic_lua_vm_of(L);
    civic_lua_vm_push(L, vm, CIVIC_LUA_ARRAY_META);
    is = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);

    return is;
}


static ngx_int_t
civic_lua_value_refuse(civic_lua_value_ctx_t *ctx, const char *err)
{
    ctx->err = err;
    return NGX_DECLINED;
}


void
civic_lua_value_push(lua_State *L, civic_lua_vm_t *vm,
    const civic_value_t *value, ngx_uint_t readonly)
{
    civic_lua_value_push_deep(L, vm, value, readonly, 0);
}


static void
civic_lua_value_push_deep(lua_State *L, civic_lua_vm_t *vm,
    const civic_value_t *value, ngx_uint_t readonly, ngx_uint_t depth)
{
    luaL_checkstack(L, 8, "value");

    switch (value->type) {

    case CIVIC_VALUE_NULL:
        lua_pushlightuserdata(L, NULL);
        break;

    case CIVIC_VALUE_BOOLEAN:
        lua_pushboolean(L, value->u.boolean ? 1 : 0);
        break;

    case CIVIC_VALUE_NUMBER:
        lua_pushnumber(L, value->u.number);
        break;

    case CIVIC_VALUE_STRING:
        lua_pushlstring(L, (char *) value->u.string.data,
                        value->u.string.len);
        break;

    case CIVIC_VALUE_TABLE:
        if (depth == CIVIC_LUA_VALUE_DEEP) {
            (void) luaL_error(L, "a value is nested too deeply");
        }

        civic_lua_value_push_table(L, vm, value->u.table, readonly,
                                   depth + 1);
        break;

    default:
        lua_pushnil(L);
    }
}


static void
civic_lua_value_push_table(lua_State *L, civic_lua_vm_t *vm,
    const civic_table_t *table, ngx_uint_t readonly, ngx_uint_t depth)
{
    uint32_t  i;

    lua_createtable(L, table->nitems, table->npairs);

    for (i = 0; i < table->nitems; i++) {
        civic_lua_value_push_deep(L, vm, &table->items[i], readonly, depth);
        lua_rawseti(L, -2, i + 1);
    }

    for (i = 0; i < table->npairs; i++) {
        civic_lua_value_push_deep(L, vm, &table->pairs[i].key, 0, depth);
        civic_lua_value_push_deep(L, vm, &table->pairs[i].value, readonly,
                                  depth);
        lua_rawset(L, -3);
    }

    if (table->shape == CIVIC_VALUE_ARRAY) {
        civic_lua_vm_push(L, vm, CIVIC_LUA_ARRAY_META);
        (void) lua_setmetatable(L, -2);
    }

    if (readonly) {
        civic_lua_object_readonly(L);
    }
}
