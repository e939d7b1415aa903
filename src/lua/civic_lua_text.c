
/*
 * Copyright (C) Civic Gate
 *
 * civic.text: strings as people count them, in characters of UTF-8.  What
 * is no UTF-8 has no length: nil.
 */


#include "civic_lua_budget.h"
#include "civic_lua_sandbox.h"


static int civic_lua_text_valid(lua_State *L);
static int civic_lua_text_length(lua_State *L);
static int civic_lua_text_sub(lua_State *L);
static int civic_lua_text_trim(lua_State *L);
static size_t civic_lua_text_blank(const char *p, size_t len);
static ngx_int_t civic_lua_text_count(lua_State *L, ngx_str_t *text);
static size_t civic_lua_text_offset(const ngx_str_t *text, ngx_int_t n);


const luaL_Reg  civic_lua_text_functions[] = {
    { "valid", civic_lua_text_valid },
    { "length", civic_lua_text_length },
    { "sub", civic_lua_text_sub },
    { "trim", civic_lua_text_trim },
    { NULL, NULL }
};


static int
civic_lua_text_valid(lua_State *L)
{
    ngx_str_t  text;

    lua_pushboolean(L, lua_type(L, 1) == LUA_TSTRING
                       && civic_lua_text_count(L, &text) != NGX_ERROR);

    return 1;
}


static int
civic_lua_text_length(lua_State *L)
{
    ngx_int_t  n;
    ngx_str_t  text;

    n = civic_lua_text_count(L, &text);

    if (n == NGX_ERROR) {
        return 0;
    }

    lua_pushinteger(L, n);

    return 1;
}


/* sub(s, from, to): like string.sub, in characters */

static int
civic_lua_text_sub(lua_State *L)
{
    size_t      start, end;
    ngx_int_t   n, from, to;
    ngx_str_t   text;

    n = civic_lua_text_count(L, &text);

    if (n == NGX_ERROR) {
        return 0;
    }

    from = luaL_checkinteger(L, 2);
    to = luaL_optinteger(L, 3, -1);

    if (from < 0) {
        from = ngx_max(n + from + 1, 1);
    }

    if (to < 0) {
        to = n + to + 1;
    }

    from = ngx_max(from, 1);
    to = ngx_min(to, n);

    if (from > to) {
        lua_pushliteral(L, "");
        return 1;
    }

    start = civic_lua_text_offset(&text, from - 1);
    end = civic_lua_text_offset(&text, to);

    lua_pushlstring(L, (char *) text.data + start, end - start);

    return 1;
}


/* trim(s): without white space at both ends */

static int
civic_lua_text_trim(lua_State *L)
{
    size_t       n, len;
    const char  *p;

    p = luaL_checklstring(L, 1, &len);

    civic_lua_budget_charge(civic_lua_vm_of(L), 4 * len);

    while ((n = civic_lua_text_blank(p, len)) != 0) {
        p += n;
        len -= n;
    }

    for ( ;; ) {

        if (len >= 1 && civic_lua_text_blank(p + len - 1, 1)) {
            len -= 1;

        } else if (len >= 3 && civic_lua_text_blank(p + len - 3, 3) == 3) {
            len -= 3;

        } else {
            break;
        }
    }

    lua_pushlstring(L, p, len);

    return 1;
}


/* bytes of the blank at p: ASCII's, or the ideographic space; 0: none */

static size_t
civic_lua_text_blank(const char *p, size_t len)
{
    if (len && (p[0] == ' ' || (p[0] >= '\t' && p[0] <= '\r'))) {
        return 1;
    }

    return len >= 3 && ngx_memcmp(p, "\xe3\x80\x80", 3) == 0 ? 3 : 0;
}


static ngx_int_t
civic_lua_text_count(lua_State *L, ngx_str_t *text)
{
    size_t     i;
    ngx_int_t  n;

    text->data = (u_char *) luaL_checklstring(L, 1, &text->len);

    civic_lua_budget_charge(civic_lua_vm_of(L), 4 * text->len);

    if (!civic_json_is_utf8(text)) {
        return NGX_ERROR;
    }

    n = 0;

    for (i = 0; i < text->len; i++) {
        n += (text->data[i] & 0xc0) != 0x80;
    }

    return n;
}


/* where the character begins that has n before it */

static size_t
civic_lua_text_offset(const ngx_str_t *text, ngx_int_t n)
{
    size_t  i;

    for (i = 0; i < text->len; i++) {
        if ((text->data[i] & 0xc0) != 0x80 && n-- == 0) {
            break;
        }
    }

    return i;
}
