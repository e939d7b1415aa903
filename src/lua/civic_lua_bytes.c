
/*
 * Copyright (C) Civic Gate
 *
 * Bytes as text and back, for civic.crypto.  What is not exactly such text
 * gives nil, not something near it.
 */


#include "civic_jose_base64url.h"
#include "civic_lua_budget.h"
#include "civic_lua_object.h"
#include "civic_lua_sandbox.h"


static int civic_lua_bytes_hex(lua_State *L);
static int civic_lua_bytes_unhex(lua_State *L);
static int civic_lua_bytes_base64url(lua_State *L);
static int civic_lua_bytes_unbase64url(lua_State *L);
static int civic_lua_bytes_equal(lua_State *L);


const luaL_Reg  civic_lua_bytes_functions[] = {
    { "hex", civic_lua_bytes_hex },
    { "unhex", civic_lua_bytes_unhex },
    { "base64url", civic_lua_bytes_base64url },
    { "unbase64url", civic_lua_bytes_unbase64url },
    { "equal", civic_lua_bytes_equal },
    { NULL, NULL }
};


static int
civic_lua_bytes_hex(lua_State *L)
{
    size_t         i, len;
    u_char        *dst;
    const u_char  *src;

    static u_char  digits[] = "0123456789abcdef";

    src = (u_char *) luaL_checklstring(L, 1, &len);
    dst = civic_lua_object_buffer(L, 2 * len);

    for (i = 0; i < len; i++) {
        dst[2 * i] = digits[src[i] >> 4];
        dst[2 * i + 1] = digits[src[i] & 0xf];
    }

    lua_pushlstring(L, (char *) dst, 2 * len);

    return 1;
}


static int
civic_lua_bytes_unhex(lua_State *L)
{
    size_t      i, len;
    u_char     *src, *dst;
    ngx_int_t   n;

    src = (u_char *) luaL_checklstring(L, 1, &len);

    if (len % 2) {
        return 0;
    }

    dst = civic_lua_object_buffer(L, len / 2);

    for (i = 0; i < len; i += 2) {
        n = ngx_hextoi(src + i, 2);

        if (n == NGX_ERROR) {
            return 0;
        }

        dst[i / 2] = (u_char) n;
    }

    lua_pushlstring(L, (char *) dst, len / 2);

    return 1;
}


static int
civic_lua_bytes_base64url(lua_State *L)
{
    size_t         n, len;
    u_char        *dst, *d;
    uint32_t       bits;
    const u_char  *s;

    static u_char  digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "abcdefghijklmnopqrstuvwxyz0123456789-_";

    s = (u_char *) luaL_checklstring(L, 1, &len);
    dst = civic_lua_object_buffer(L, len / 3 * 4 + 4);
    d = dst;

    for (n = len; n; s += ngx_min(n, 3), n -= ngx_min(n, 3)) {
        bits = s[0] << 16 | (n > 1 ? s[1] : 0) << 8 | (n > 2 ? s[2] : 0);

        *d++ = digits[bits >> 18];
        *d++ = digits[bits >> 12 & 0x3f];

        if (n > 1) {
            *d++ = digits[bits >> 6 & 0x3f];
        }

        if (n > 2) {
            *d++ = digits[bits & 0x3f];
        }
    }

    lua_pushlstring(L, (char *) dst, d - dst);

    return 1;
}


static int
civic_lua_bytes_unbase64url(lua_State *L)
{
    ngx_str_t  src, dst;

    src.data = (u_char *) luaL_checklstring(L, 1, &src.len);
    dst.data = civic_lua_object_buffer(L, src.len);

    if (civic_jose_base64url_decode(&dst, &src) != NGX_OK) {
        return 0;
    }

    lua_pushlstring(L, (char *) dst.data, dst.len);

    return 1;
}


static int
civic_lua_bytes_equal(lua_State *L)
{
    size_t            i, len, len2;
    const char       *a, *b;
    volatile u_char   differs;

    a = luaL_checklstring(L, 1, &len);
    b = luaL_checklstring(L, 2, &len2);

    if (len != len2) {
        lua_pushboolean(L, 0);
        return 1;
    }

    civic_lua_budget_charge(civic_lua_vm_of(L), 4 * len);

    differs = 0;

    for (i = 0; i < len; i++) {
        differs |= a[i] ^ b[i];
    }

    lua_pushboolean(L, differs == 0);

    return 1;
}
