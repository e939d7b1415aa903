/* sources: t/unit/lua/plugin.c src/json/civic_value.c src/json/civic_value_json.c src/json/civic_value_number.c src/json/civic_json.c src/jose/civic_jose_base64url.c src/lua/civic_lua_alloc.c src/lua/civic_lua_budget.c src/lua/civic_lua_bytes.c src/lua/civic_lua_json.c src/lua/civic_lua_native.c src/lua/civic_lua_object.c src/lua/civic_lua_pattern.c src/lua/civic_lua_require.c src/lua/civic_lua_run.c src/lua/civic_lua_sandbox.c src/lua/civic_lua_sources.c src/lua/civic_lua_strings.c src/lua/civic_lua_text.c src/lua/civic_lua_value.c src/lua/civic_lua_vm.c */

/*
 * Copyright (C) Civic Gate
 *
 * Our string.find, match, gmatch and gsub next to LuaJIT's own, on patterns
 * and texts drawn at random: the same results, the same errors.  (A zero
 * byte in a pattern is not drawn: LuaJIT's ends there.)
 */


#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <ngx_config.h>

#include <luajit-2.1/lualib.h>

#include "civic_lua_sandbox.h"


static const char  strings_compare[] =
    "local ours, theirs, n = ours, string, ...\n"
    "local items = {}\n"
    "for item in ([=[a b . %a %d %s %w %D [ab] [^a] [a-c] []] [^]] [%a-] %%"
    " ( ) () %1 %2 %9 %0 %b() %bxx %f[%w] %f[^%z] ^ $ * + - ? % [ %z %x %p"
    " %g %U [%]a] [a-] ]=]):gmatch('%S+') do items[#items + 1] = item end\n"
    "local chars = { 'a', 'b', 'c', '(', ')', ' ', '1', '-', ']', '\\0',"
    " '%', 'x', '\\n', 'A' }\n"
    "local news = { 'x', '%0', '%1', '<%1%2>', '%%', 'a%', 7, function(...)"
    " return select('#', ...) > 1 and 'z' or nil end,"
    " { a = '1', b = false, ['1'] = 5 } }\n"
    "local function draw(t, n) local r = {} for i = 1, math.random(0, n) do"
    " r[i] = t[math.random(#t)] end return table.concat(r) end\n"
    "local function told(...) local r = {} for i = 1, select('#', ...) do"
    " r[i] = tostring((select(i, ...))):gsub('^.-:%d+: ', '') end"
    " return table.concat(r, '|') end\n"
    "local function all(lib, s, p) local r = {} for a, b in lib.gmatch(s, p)"
    " do r[#r + 1] = told(a, b) end return table.concat(r, ';') end\n"
    "local function same(what, s, p, a, b) if a ~= b then error(what .. ' '"
    " .. s .. ' ' .. p .. ': ' .. a .. ', ours ' .. b, 0) end end\n"
    "for i = 1, n do\n"
    "  local s, p = draw(chars, 12), draw(items, 6)\n"
    "  local init, new = math.random(-6, 8), news[math.random(#news)]\n"
    "  local most = math.random(4) == 1 and math.random(0, 3) or nil\n"
    "  for _, f in ipairs { 'find', 'match' } do\n"
    "    same(f, s, p, told(pcall(theirs[f], s, p, init)),"
    "         told(pcall(ours[f], s, p, init))) end\n"
    "  same('plain', s, p, told(theirs.find(s, p, init, true)),"
    "       told(ours.find(s, p, init, true)))\n"
    "  same('gsub', s, p, told(pcall(theirs.gsub, s, p, new, most)),"
    "       told(pcall(ours.gsub, s, p, new, most)))\n"
    "  same('gmatch', s, p, told(pcall(all, theirs, s, p)),"
    "       told(pcall(all, ours, s, p)))\n"
    "end";


static civic_lua_vm_t  strings_vm;     /* no run: nothing is paid for */


static void *
alloc(void *data, void *p, size_t osize, size_t nsize)
{
    if (nsize == 0) {
        free(p);
        return NULL;
    }

    return realloc(p, nsize);
}


static void
theirs(void **state)
{
    lua_State  *L;

    L = lua_newstate(alloc, &strings_vm);
    assert_non_null(L);

    strings_vm.L = L;
    strings_vm.stack = __builtin_frame_address(0);
    luaL_openlibs(L);

    lua_newtable(L);
    luaL_register(L, NULL, civic_lua_strings_functions);
    lua_setglobal(L, "ours");

    assert_int_equal(luaL_loadstring(L, strings_compare), 0);
    lua_pushinteger(L, 20000);

    if (lua_pcall(L, 1, 0, 0) != 0) {
        fail_msg("%s", lua_tostring(L, -1));
    }

    lua_close(L);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        { "strings are searched as LuaJIT does", theirs, NULL, NULL, NULL }
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
