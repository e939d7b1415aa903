/* sources: t/unit/lua/plugin.c src/json/civic_value.c src/json/civic_value_json.c src/json/civic_value_number.c src/json/civic_json.c src/jose/civic_jose_base64url.c src/lua/civic_lua_alloc.c src/lua/civic_lua_budget.c src/lua/civic_lua_bytes.c src/lua/civic_lua_json.c src/lua/civic_lua_native.c src/lua/civic_lua_object.c src/lua/civic_lua_pattern.c src/lua/civic_lua_require.c src/lua/civic_lua_run.c src/lua/civic_lua_sandbox.c src/lua/civic_lua_sources.c src/lua/civic_lua_strings.c src/lua/civic_lua_text.c src/lua/civic_lua_value.c src/lua/civic_lua_vm.c */

/*
 * Copyright (C) Civic Gate
 *
 * What a plugin's code can reach, and what it cannot.
 */


#include "plugin.h"


/*
 * Walks everything that is reachable from the environment, from a string
 * and from what the functions give, with what the plugin itself has: keys,
 * values, metatables.  Gives the names in order.
 */

#define WALK                                                                  \
    "local seen, names = {}, {} "                                             \
    "local function walk(x, path) "                                           \
    "  local kind = type(x) "                                                 \
    "  if kind ~= 'table' and kind ~= 'userdata' and kind ~= 'function' then" \
    "    return end "                                                         \
    "  names[#names + 1] = path "                                             \
    "  if seen[x] then return end "                                           \
    "  seen[x] = true "                                                       \
    "  local mt = getmetatable(x) "                                           \
    "  if mt then walk(mt, path .. '#meta') end "                             \
    "  if kind == 'function' then return end "                                \
    "  local ok, nxt, t = pcall(pairs, x) "                                   \
    "  if not ok then return end "                                            \
    "  for k, v in nxt, t do "                                                \
    "    walk(k, path .. '#key') "                                            \
    "    walk(v, path .. '.' .. tostring(k)) "                                \
    "  end "                                                                  \
    "end "


static const char  sandbox_globals[] =
    "assert civic error getmetatable ipairs load loadstring math next pairs "
    "pcall rawequal rawget rawset require select setmetatable string table "
    "tonumber tostring type unpack xpcall";


static const char  sandbox_reachable[] =
    "assert civic civic.config civic.problem error getmetatable ipairs load "
    "loadstring math math.abs math.acos math.asin math.atan math.atan2 "
    "math.ceil math.cos math.cosh math.deg math.exp math.floor math.fmod "
    "math.frexp math.ldexp math.log math.log10 math.max math.min math.modf "
    "math.pow math.rad math.random math.sin math.sinh math.sqrt math.tan "
    "math.tanh next pairs pcall rawequal rawget rawset require select "
    "setmetatable string string.byte string.char string.find string.format "
    "string.gmatch string.gsub string.len string.lower string.match "
    "string.rep string.reverse string.sub string.upper table table.concat "
    "table.insert table.remove table.sort tonumber tostring type unpack "
    "xpcall";


static const char  sandbox_faces[] =
    "call crypto crypto.base64url crypto.digest crypto.equal crypto.hex "
    "crypto.hmac crypto.random crypto.unbase64url crypto.unhex forward http "
    "json json.array json.decode json.encode json.null log log.debug "
    "log.error log.info log.warn metric problem secret store store.at text "
    "text.length text.sub text.trim text.valid time time.at time.format "
    "time.now time.parse time.parts timers timers.at timers.cancel";


static void
check(const char *body, const char *results)
{
    if (plugin_do(body) != NGX_OK) {
        fail_msg("%s: %s", body, plugin_message());
    }

    assert_string_equal(plugin_results(), results);
}


static void
check_error(const char *body, const char *text)
{
    if (plugin_do(body) != NGX_ERROR
        || strstr(plugin_message(), text) == NULL)
    {
        fail_msg("%s: %s", body, plugin_message());
    }
}


static void
globals(void **state)
{
    char  text[2048];

    /* every name that LuaJIT or a host has ever had */

    (void) snprintf(text, sizeof(text),
        "local found = {} for name in ('_G _ENV _VERSION arg assert bit civic"
        " collectgarbage coroutine debug dofile error ffi gcinfo getfenv"
        " getmetatable io ipairs jit load loadfile loadstring math module"
        " native newproxy next ngx operation os package pairs pcall print"
        " rawequal rawget rawlen rawset require select setfenv setmetatable"
        " string table tonumber tostring type unpack utf8 warn xpcall')"
        ":gmatch('%%S+') do if load('return ' .. name)() ~= nil then"
        " found[#found + 1] = name end end return table.concat(found, ' ')");

    (void) plugin_do(text);

    (void) snprintf(text, sizeof(text), "\"%s\"", sandbox_globals);
    assert_string_equal(plugin_results(), text);
}


static void
walk(void **state)
{
    char  text[4096], wanted[2048];

    (void) snprintf(text, sizeof(text),
        WALK "for name in ('%s'):gmatch('%%S+') do"
        " walk(load('return ' .. name)(), name) end"
        " walk('', 'string value') table.sort(names)"
        " return table.concat(names, ' ')", sandbox_globals);

    if (plugin_do(text) != NGX_OK) {
        fail_msg("%s", plugin_message());
    }

    (void) snprintf(wanted, sizeof(wanted), "\"%s\"", sandbox_reachable);
    assert_string_equal(plugin_results(), wanted);
}


static void
faces(void **state)
{
    char  text[4096], wanted[2048];

    (void) snprintf(text, sizeof(text),
        WALK "for name in ('audit base call capacityx config crypto events"
        " forward http json log metric native operation problem secret store"
        " test text time timers'):gmatch('%%S+') do if name ~= 'config' then"
        " walk(civic[name], name) end end table.sort(names)"
        " return table.concat(names, ' ')");

    if (plugin_do(text) != NGX_OK) {
        fail_msg("%s", plugin_message());
    }

    (void) snprintf(wanted, sizeof(wanted), "\"%s\"", sandbox_faces);
    assert_string_equal(plugin_results(), wanted);
}


static void
real_globals(void **state)
{
    check("return pcall(function() return getfenv(0) end)", "false \"plugin.l"
          "ua:1: attempt to call global 'getfenv' (a nil value)\"");
    check_error("return _G.x", "nil value");
    check("return ('').dump, string.dump", "null null");
    check("return getmetatable(''), getmetatable(string),"
          " getmetatable(civic)", "false false false");
    check("return pcall(setmetatable, string, {})", "false \"bad argument #1"
          " to '?' (table expected, got userdata)\"");
    check_error("getmetatable('').__index = {}", "attempt to index");
    check("return rawget({}, '_G'), next({})", "null null");
    check("return (load('return _G or getfenv or debug')())", "null");
    check("return load('\\27LJ\\2\\0')", "null \"attempt to load chunk with"
          " wrong mode\"");
    check("local ok, err = pcall(load, function() return nil end)"
          " return ok, err", "false \"plugin.lua:1: load takes a string\"");
    check("return load('return x', 'n', 't', { x = 1 })()", "null");
}


static void
bytecode(void **state)
{
    check("local ok, f, e = pcall(load, '\\27Lua') return ok, f",
          "true null");

    plugin_file("lib/code.lua", "\x1bLJ\x02");
    assert_false(plugin_load("require 'code'"));
    plugin_run.failure = plugin_failure;
    assert_non_null(strstr(plugin_message(), "wrong mode"));

    assert_false(plugin_load("\x1bLJ\x02"));
}


static void
writes(void **state)
{
    check_error("foo = 1", "global \"foo\" cannot be set");
    check_error("string = 1", "global \"string\" cannot be set");
    check_error("string.len = 1", "\"len\" cannot be set: it is read-only");
    check_error("civic.store = 1", "\"store\" cannot be set");
    check_error("civic.store.at = 1", "\"at\" cannot be set");
    check_error("rawset(string, 'len', 1)", "table expected");
    check_error("table.insert(string, 1)", "table expected");
    check_error("table.sort(civic)", "takes a table");
    check_error("table.insert({}, -2e9, 1)", "position is out of bounds");
    check_error("table.insert({}, 3, 1)", "position is out of bounds");
    check("local t = { 1 } table.insert(t, 1, 0) table.insert(t, 3, 2)"
          " table.insert(t, 3) return t", "[0,1,2,3]");
    check_error("civic.store.at('x').name = nil getmetatable(civic.store"
                ".at('x')).__index = 1", "attempt to index");
    check("civic.store.at('x').name = 'y' return civic.store.at('x').name",
          "\"x\"");

    assert_true(plugin_load("function helper() return 1 end"
                            " return { f = function() return helper() end }"));
    assert_int_equal(plugin_start("f"), NGX_OK);
    assert_string_equal(plugin_results(), "1");

    assert_false(plugin_load("string = nil return {}"));
    plugin_run.failure = plugin_failure;
    assert_non_null(strstr(plugin_message(), "plugin.lua:1: global "
                                             "\"string\" is already set"));
}


static void
config(void **state)
{
    civic_value_t   value, *list;
    ngx_str_t       name = ngx_string("list");

    assert_int_equal(civic_value_set_table(&value, plugin_pool, 0, 0),
                     NGX_OK);
    (void) civic_value_add_number(&value, plugin_pool, "minutes", 30);
    list = civic_value_add_member(&value, plugin_pool, &name);
    (void) civic_value_set_table(list, plugin_pool, 0, 0);
    civic_value_set_number(civic_value_add_item(list, plugin_pool), 7);
    civic_value_set_number(civic_value_add_item(list, plugin_pool), 8);
    plugin_conf.config = &value;

    check("local sum = 0 for _, x in ipairs(civic.config.list) do"
          " sum = sum + x end return civic.config.minutes,"
          " #civic.config.list, sum, civic.config.nothing", "30 2 15 null");
    check("local n = 0 for k, v in pairs(civic.config) do n = n + 1 end"
          " return n", "2");
    check("return civic.json.encode(civic.config.list)", "\"[7,8]\"");
    check("return civic.config.list", "[7,8]");
    check_error("civic.config.minutes = 1", "\"minutes\" cannot be set");
    check_error("civic.config.list[1] = 1", "it is read-only");
    check_error("local f, t = pairs(civic.config) t.minutes = 2",
                "cannot be set");
}


static void
require(void **state)
{
    plugin_file("lib/slots.lua", "local name = ... return { name = name }");
    plugin_file("lib/a.b.lua", "return 5");
    plugin_file("lib/loop.lua", "local x = require 'loop' return x");
    plugin_file("lib/wrong.lua", "local x =\n=");
    plugin_link("lib/link.lua", "/etc/hostname");
    plugin_link("lib/up.lua", "../plugin.lua");

    assert_true(plugin_load("local s = require 'slots' return { f = function()"
        " return s.name, require 'slots' == s, require('civic.store') =="
        " civic.store, (pcall(require, 'a.b')) end,"
        " g = function() require 'other' end }"));
    assert_int_equal(plugin_start("f"), NGX_OK);
    assert_string_equal(plugin_results(), "\"slots\" true true false");
    assert_int_equal(plugin_start("g"), NGX_ERROR);
    assert_non_null(strstr(plugin_message(), "at the top of a file"));
}


static void
check_require(const char *name, const char *text)
{
    char  plugin[256];

    (void) snprintf(plugin, sizeof(plugin), "require '%s' return {}", name);

    if (plugin_load(plugin)) {
        fail_msg("%s was loaded", name);
    }

    plugin_run.failure = plugin_failure;

    if (strstr(plugin_message(), text) == NULL) {
        fail_msg("%s: %s", name, plugin_message());
    }
}


static void
require_refused(void **state)
{
    plugin_file("lib/loop.lua", "local x = require 'loop' return x");
    plugin_file("lib/wrong.lua", "local x =\n=");
    plugin_link("lib/link.lua", "/etc/hostname");
    plugin_link("lib/up.lua", "../plugin.lua");

    check_require("loop", "lib/loop.lua:1: module \"loop\" requires itself");
    check_require("wrong", "lib/wrong.lua:2: unexpected symbol near '='");
    check_require("link", "\"lib/link.lua\" cannot be read");
    check_require("up", "\"lib/up.lua\" cannot be read");
    check_require("none", "plugin.lua:1: \"lib/none.lua\" cannot be read");
    check_require("../plugin", "no name of a module");
    check_require("..", "no name of a module");
    check_require("a..b", "no name of a module");
    check_require("/etc/passwd", "no name of a module");
    check_require("a\\0b", "no name of a module");
    check_require("", "no name of a module");
    check_require("civic.none", "there is no module \"civic.none\"");
    check_require("civic.base", "there is no module \"civic.base\"");
    check_require("civic.test", "there is no module \"civic.test\"");
    check_require("ffi", "cannot be read");
    check_require("os", "cannot be read");
}


static void
loading(void **state)
{
    assert_false(plugin_load("return 5"));
    plugin_run.failure = plugin_failure;
    assert_non_null(strstr(plugin_message(), "must return a table"));

    assert_false(plugin_load("local x\nlocal y = x.z\nreturn {}"));
    plugin_run.failure = plugin_failure;
    assert_non_null(strstr(plugin_message(), "plugin.lua:2: attempt to"));

    assert_false(plugin_load("civic.log.info('x') return {}"));
    plugin_run.failure = plugin_failure;
    assert_non_null(strstr(plugin_message(), "plugin.lua:1: log cannot be"
                                             " used while the plugin is"
                                             " loaded"));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        { "the globals are those of a list", globals, plugin_setup,
          plugin_teardown, NULL },
        { "everything reachable from the globals is on a list", walk,
          plugin_setup, plugin_teardown, NULL },
        { "everything in civic is on a list", faces, plugin_setup,
          plugin_teardown, NULL },
        { "no trick reaches the real globals", real_globals, plugin_setup,
          plugin_teardown, NULL },
        { "bytecode is loaded from nowhere", bytecode, plugin_setup,
          plugin_teardown, NULL },
        { "globals, libraries and civic are read-only", writes, plugin_setup,
          plugin_teardown, NULL },
        { "the configuration can be read only", config, plugin_setup,
          plugin_teardown, NULL },
        { "require finds the plugin's modules and civic's", require,
          plugin_setup, plugin_teardown, NULL },
        { "require leads out of the folder by no name", require_refused,
          plugin_setup, plugin_teardown, NULL },
        { "a plugin.lua that cannot be loaded says where and why", loading,
          plugin_setup, plugin_teardown, NULL }
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
