
/*
 * Copyright (C) Civic Gate
 *
 * civic.json.  Text that a plugin reads goes through the same strict reader
 * as everything else; what is built outside of the VM's memory on the way
 * is held by guards, because Lua's errors pass C by.
 */


#include "civic_lua_budget.h"
#include "civic_lua_object.h"
#include "civic_lua_sandbox.h"
#include "civic_lua_value.h"


#define CIVIC_LUA_JSON_POOL  4096


static int civic_lua_json_encode(lua_State *L);
static int civic_lua_json_decode(lua_State *L);
static ngx_uint_t civic_lua_json_exact(const civic_json_t *json);
static void civic_lua_json_push(lua_State *L, civic_lua_vm_t *vm,
    const civic_json_t *json);
static void civic_lua_json_push_array(lua_State *L, civic_lua_vm_t *vm,
    const civic_json_t *json);
static void civic_lua_json_push_object(lua_State *L, civic_lua_vm_t *vm,
    const civic_json_t *json);
static void civic_lua_json_free_pool(void *data);
static void civic_lua_json_free(void *data);


const luaL_Reg  civic_lua_json_functions[] = {
    { "encode", civic_lua_json_encode },
    { "decode", civic_lua_json_decode },
    { NULL, NULL }
};


/* encode(value): text, or nil and why not */

static int
civic_lua_json_encode(lua_State *L)
{
    ngx_int_t               rc;
    ngx_str_t               text;
    const char             *err;
    ngx_pool_t             *pool;
    civic_value_t           value;
    civic_lua_vm_t         *vm;
    civic_lua_object_t     *guard;
    civic_lua_value_ctx_t   ctx;

    vm = civic_lua_vm_of(L);

    lua_settop(L, 1);
    luaL_checkstack(L, CIVIC_LUA_VALUE_STACK, "json");

    guard = civic_lua_object_guard(L, vm);
    guard->release = civic_lua_json_free_pool;

    pool = ngx_create_pool(CIVIC_LUA_JSON_POOL, vm->log);
    if (pool == NULL) {
        return luaL_error(L, "no memory");
    }

    guard->data = pool;
    err = NULL;

    civic_lua_value_init(&ctx, pool);
    rc = civic_lua_value_pull(L, 1, &value, &ctx);

    if (rc == NGX_DECLINED) {
        err = ctx.err;

    } else if (rc == NGX_OK) {
        rc = civic_value_to_json(&value, pool, CIVIC_LUA_MAX_JSON, &text,
                                 &err);
    }

    if (rc == NGX_ERROR) {
        return luaL_error(L, "no memory");
    }

    if (rc == NGX_OK) {
        civic_lua_budget_charge(vm, 16 * text.len);
        lua_pushlstring(L, (char *) text.data, text.len);
        civic_lua_object_release(guard);
        return 1;
    }

    civic_lua_object_release(guard);

    lua_pushnil(L);
    lua_pushfstring(L, "JSON: %s", err);

    return 2;
}


/* decode(text): value, or nil and why not */

static int
civic_lua_json_decode(lua_State *L)
{
    char                 err[256];
    ngx_str_t            text;
    civic_json_t        *json;
    civic_lua_vm_t      *vm;
    civic_lua_object_t  *guard;

    vm = civic_lua_vm_of(L);

    text.data = (u_char *) luaL_checklstring(L, 1, &text.len);

    civic_lua_budget_charge(vm, 16 * text.len);

    guard = civic_lua_object_guard(L, vm);
    guard->release = civic_lua_json_free;

    json = civic_json_parse(&text, CIVIC_LUA_MAX_JSON, err, sizeof(err));

    if (json == NULL) {
        lua_pushnil(L);
        lua_pushstring(L, err);
        return 2;
    }

    guard->data = json;

    if (!civic_lua_json_exact(json)) {
        civic_lua_object_release(guard);
        lua_pushnil(L);
        lua_pushliteral(L, "JSON: an integer has more than 53 bits");
        return 2;
    }

    luaL_checkstack(L, CIVIC_LUA_VALUE_STACK, "json");
    civic_lua_json_push(L, vm, json);
    civic_lua_object_release(guard);

    return 1;
}


/* an identifier must not change in silence */

static ngx_uint_t
civic_lua_json_exact(const civic_json_t *json)
{
    void                *iter;
    double               number;
    ngx_str_t            name;
    ngx_uint_t           i;
    const civic_json_t  *child;

    switch (civic_json_type(json)) {

    case CIVIC_JSON_INTEGER:
        return civic_json_exact_number(json, &number) == NGX_OK;

    case CIVIC_JSON_ARRAY:
        for (i = 0; i < civic_json_length(json); i++) {
            if (!civic_lua_json_exact(civic_json_element(json, i))) {
                return 0;
            }
        }

        return 1;

    case CIVIC_JSON_OBJECT:
        iter = NULL;

        while ((child = civic_json_next(json, &iter, &name)) != NULL) {
            if (!civic_lua_json_exact(child)) {
                return 0;
            }
        }

        return 1;

    default:
        return 1;
    }
}


static void
civic_lua_json_push(lua_State *L, civic_lua_vm_t *vm,
    const civic_json_t *json)
{
    double     number;
    ngx_str_t  string;

    switch (civic_json_type(json)) {

    case CIVIC_JSON_BOOLEAN:
        lua_pushboolean(L, civic_json_is_true(json));
        break;

    case CIVIC_JSON_INTEGER:
    case CIVIC_JSON_REAL:
        (void) civic_json_exact_number(json, &number);
        lua_pushnumber(L, number);
        break;

    case CIVIC_JSON_STRING:
        (void) civic_json_string(json, &string);
        lua_pushlstring(L, (char *) string.data, string.len);
        break;

    case CIVIC_JSON_ARRAY:
        civic_lua_json_push_array(L, vm, json);
        break;

    case CIVIC_JSON_OBJECT:
        civic_lua_json_push_object(L, vm, json);
        break;

    default:
        lua_pushlightuserdata(L, NULL);
    }
}


static void
civic_lua_json_push_array(lua_State *L, civic_lua_vm_t *vm,
    const civic_json_t *json)
{
    ngx_uint_t  i, n;

    n = civic_json_length(json);
    lua_createtable(L, n, 0);

    for (i = 0; i < n; i++) {
        civic_lua_json_push(L, vm, civic_json_element(json, i));
        lua_rawseti(L, -2, i + 1);
    }

    civic_lua_vm_push(L, vm, CIVIC_LUA_ARRAY_META);
    (void) lua_setmetatable(L, -2);
}


static void
civic_lua_json_push_object(lua_State *L, civic_lua_vm_t *vm,
    const civic_json_t *json)
{
    void                *iter;
    ngx_str_t            name;
    const civic_json_t  *member;

    lua_createtable(L, 0, civic_json_length(json));
    iter = NULL;

    while ((member = civic_json_next(json, &iter, &name)) != NULL) {
        lua_pushlstring(L, (char *) name.data, name.len);
        civic_lua_json_push(L, vm, member);
        lua_rawset(L, -3);
    }
}


static void
civic_lua_json_free_pool(void *data)
{
    ngx_destroy_pool(data);
}


static void
civic_lua_json_free(void *data)
{
    civic_json_free(data);
}
