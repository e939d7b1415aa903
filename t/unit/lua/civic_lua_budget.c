/* sources: t/unit/lua/plugin.c src/json/civic_value.c src/json/civic_value_json.c src/json/civic_value_number.c src/json/civic_json.c src/jose/civic_jose_base64url.c src/lua/civic_lua_alloc.c src/lua/civic_lua_budget.c src/lua/civic_lua_bytes.c src/lua/civic_lua_json.c src/lua/civic_lua_native.c src/lua/civic_lua_object.c src/lua/civic_lua_pattern.c src/lua/civic_lua_require.c src/lua/civic_lua_run.c src/lua/civic_lua_sandbox.c src/lua/civic_lua_sources.c src/lua/civic_lua_strings.c src/lua/civic_lua_text.c src/lua/civic_lua_value.c src/lua/civic_lua_vm.c */

/*
 * Copyright (C) Civic Gate
 *
 * Plugins that will not end.  Each must be ended, by its own budget, and the
 * VM must serve the next request.
 */


#include "plugin.h"


#define FOREVER  "while true do end"


static uint64_t  killed_cpu;           /* of the run that was killed last */


static void
check_killed_as(const char *body, ngx_uint_t kind)
{
    char  text[2048];

    (void) snprintf(text, sizeof(text),
                    "local M = {} function M.f() %s\nend\n"
                    "function M.g() return 'alive' end return M", body);

    if (!plugin_load(text)) {
        fail_msg("not loaded: %s", body);
    }

    if (plugin_start("f") != NGX_ERROR || plugin_run.failure.kind != kind) {
        fail_msg("%s: %d %s", body, (int) plugin_run.failure.kind,
                 plugin_message());
    }

    killed_cpu = plugin_run.cpu;

    if (plugin_start("g") != NGX_OK) {
        fail_msg("%s, then: %d %s", body, (int) plugin_run.failure.kind,
                 plugin_message());
    }

    assert_string_equal(plugin_results(), "\"alive\"");
}


static void
check_killed(const char *body)
{
    check_killed_as(body, CIVIC_LUA_INSTRUCTIONS);
}


/* it fails, or it returns if there is no text: it does not crash */

static void
check_error(const char *body, const char *text)
{
    ngx_int_t  rc;

    rc = plugin_do(body);

    while (rc == NGX_AGAIN) {
        rc = plugin_resume_number(1);
    }

    if (text == NULL) {
        return;
    }

    if (rc != NGX_ERROR || strstr(plugin_message(), text) == NULL) {
        fail_msg("%s: %d %s", body, (int) rc, plugin_message());
    }
}


static void
loops(void **state)
{
    check_killed(FOREVER);
    check_killed("repeat until false");
    check_killed("for i = 1, math.huge do end");
    check_killed("::again:: goto again");
    check_killed("local function f() return f() end return f()");
    check_killed("local f, g function f() return g() end"
                 " function g() return f() end f()");
    check_killed("local t = {} while true do t.x = 1 end");
    check_killed("for c in function() return 1 end do end");
}


static void
caught_loops(void **state)
{
    check_killed("pcall(function() " FOREVER " end)");
    check_killed("while true do pcall(function() " FOREVER " end) end");
    check_killed("while true do pcall(error) end");
    check_killed("local function f() return pcall(f) end"
                 " while true do f() end");
    check_killed("while true do pcall(pcall, pcall, error) end");
    check_killed("while true do pcall(string.rep) end");
}


static void
handlers(void **state)
{
    check_killed("xpcall(error, function() " FOREVER " end)");
    check_killed("xpcall(function() " FOREVER " end,"
                 " function() " FOREVER " end)");
    check_killed("while true do xpcall(function() " FOREVER " end,"
                 " function() xpcall(error, function() " FOREVER
                 " end) end) end");
    check_killed("local function h() xpcall(h, h) end h() " FOREVER);
}


static void
metamethods(void **state)
{
    check_killed("local t = setmetatable({}, { __index = function() " FOREVER
                 " end }) return t.x");
    check_killed("local t = setmetatable({}, { __eq = function() " FOREVER
                 " end }) return t == setmetatable({}, getmetatable(t))");
    check_killed("local t = setmetatable({}, { __concat = function() "
                 FOREVER " end }) return t .. 'x'");
    check_killed("local t = setmetatable({}, { __tostring = function() "
                 FOREVER " end }) return tostring(t)");
    check_killed("local t = setmetatable({}, { __tostring = function() while"
                 " true do pcall(function() " FOREVER " end) end end })"
                 " while true do pcall(tostring, t) end");
}


static void
callbacks(void **state)
{
    check_killed("('x'):gsub('.', function() " FOREVER " end)");
    check_killed("('x'):gsub('.', function() while true do"
                 " pcall(function() " FOREVER " end) end end)");
    check_killed("while true do pcall(function() ('x'):gsub('.', function()"
                 " while true do pcall(error) end end) end) end");
    check_killed("table.sort({ 1, 2, 3 }, function() " FOREVER " end)");
    check_killed("while true do ('xxxx'):gsub('.', { x = 'y' }) end");
}


/* work that C does for one instruction */

static void
long_instructions(void **state)
{
    plugin_conf.budget.instructions = 100000000;
    plugin_conf.budget.cpu = 50;

    check_killed_as("while true do ('x'):rep(1e6) end", CIVIC_LUA_CPU);
    check_killed_as("local s = ('x'):rep(1e6)"
                    " while true do s:find('[yz]') end", CIVIC_LUA_CPU);
    check_killed_as("local s = ('x'):rep(1e6)"
                    " while true do civic.text.length(s) end", CIVIC_LUA_CPU);
    check_killed_as("local s = '[' .. ('1,'):rep(1e4) .. '1]'"
                    " while true do civic.json.decode(s) end",
                    CIVIC_LUA_CPU);

    plugin_conf.budget.memory = 16 * 1024 * 1024;

    check_killed_as("local s = ('1'):rep(4e6) local same ="
                    " civic.crypto.equal while true do same(s, s) end",
                    CIVIC_LUA_CPU);
    assert_true(killed_cpu < 500 * 1000000);
}


/* whoever would see the hook has no room for it on the stack */

static void
full_stack(void **state)
{
    plugin_conf.budget.cpu = 20;

    check_killed_as("local function f() pcall(f) return f() end return f()",
                    CIVIC_LUA_CPU);
    assert_true(plugin_run.cpu < 500 * 1000000);
}


/* a run that is long gives way, and is none the worse for it */

static void
turns(void **state)
{
    ngx_int_t   rc;
    ngx_uint_t  n;

    plugin_conf.budget.instructions = 100000000;
    plugin_conf.budget.cpu = 2000;
    plugin_conf.budget.slice = 1;

    rc = plugin_do("local function many(n, ...) if n == 0 then"
                   " return select('#', ...) end return many(n - 1, n, ...)"
                   " end local t = setmetatable({}, { __index = function(_, k)"
                   " return many(k % 10) end }) local sum = 0"
                   " for i = 1, 2e5 do sum = sum + t[i] end return sum");

    for (n = 0; rc == NGX_BUSY; n++) {
        rc = civic_lua_run_go_on(&plugin_run);
    }

    assert_int_equal(rc, NGX_OK);
    assert_string_equal(plugin_results(), "900000");
    assert_true(n > 2);

    rc = plugin_do(FOREVER);

    while (rc == NGX_BUSY) {
        rc = civic_lua_run_go_on(&plugin_run);
    }

    assert_int_equal(rc, NGX_ERROR);
    assert_int_equal(plugin_run.failure.kind, CIVIC_LUA_INSTRUCTIONS);
}


/* everybody waits while it is in C, or below it */

static void
stretches(void **state)
{
    ngx_uint_t  i;

    static const char  *bodies[] = {
        "return (('a'):rep(1e5):find(('.-'):rep(20) .. 'b'))",
        "while true do pcall(string.gsub, ('a'):rep(1e5),"
        " ('a*'):rep(20) .. 'b', '') end",
        "return (('x'):gsub('.', function() while true do end end))"
    };

    plugin_conf.budget.instructions = 1000000000;
    plugin_conf.budget.cpu = 300;
    plugin_conf.budget.slice = 2;

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        check_killed_as(bodies[i], CIVIC_LUA_CPU);
        assert_true(killed_cpu < 200 * 1000000);
    }

    assert_int_equal(plugin_do("\nreturn (('a'):rep(1e5):find(('.-'):rep(20)"
                               " .. 'b'))"),
                     NGX_ERROR);
    assert_non_null(strstr(plugin_message(), "plugin.lua:2: ended in a call "
                           "that did not give way for 100 ms"));
}


/* no other run sees what it has left half done */

static void
turns_of_others(void **state)
{
    ngx_int_t        rc;
    ngx_str_t        name = ngx_string("g");
    civic_lua_run_t  other;

    plugin_conf.budget.instructions = 100000000;
    plugin_conf.budget.cpu = 2000;
    plugin_conf.budget.slice = 1;

    assert_true(plugin_load("local n = 0 return {"
        " f = function() n = 1 for i = 1, 2e6 do end n = 2 return 'f' end,"
        " g = function() return n end }"));
    assert_int_equal(plugin_start("f"), NGX_BUSY);

    assert_int_equal(civic_lua_run_start(&other, plugin_vm, plugin_pool,
                                         &name, NULL, 0), NGX_BUSY);
    assert_int_equal(civic_lua_run_go_on(&other), NGX_BUSY);

    do {
        rc = civic_lua_run_go_on(&plugin_run);
    } while (rc == NGX_BUSY);

    assert_int_equal(rc, NGX_OK);
    assert_int_equal(civic_lua_run_go_on(&other), NGX_OK);
    assert_true(other.results[0].u.number == 2);
    civic_lua_run_end(&other);

    /* nor waits for one that was given up */

    assert_int_equal(plugin_start("f"), NGX_BUSY);
    assert_int_equal(plugin_start("g"), NGX_OK);
    assert_string_equal(plugin_results(), "1");
}


/* patterns that LuaJIT's own matcher would try for hours */

static void
patterns(void **state)
{
    check_killed("return (('a'):rep(1e5)):find(('.-'):rep(9) .. 'b')");
    check_killed("return (('a'):rep(1e5)):match(('a*'):rep(9) .. 'b')");
    check_killed("while true do pcall(string.gsub, ('a'):rep(1e5),"
                 " ('a?'):rep(90) .. 'b', '') end");
    check_killed("for _ in ('a'):rep(1e5):gmatch(('.*'):rep(9) .. 'b') do"
                 " end");
    check_killed("return ('('):rep(1e6):gsub('%b()', '')");
    check_killed("return ('a'):rep(1e6):find('(a*)%1%1b')");
    check_killed("return ('a'):rep(1e5):find('[' .. ('b-c'):rep(1e5) .. ']')");
    check_error("return ('a'):rep(1e5):find(('a?'):rep(1e5))", "too complex");
}


/* of what a client may have sent */

static void
blanks(void **state)
{
    assert_int_equal(plugin_do("local trim = civic.text.trim"
                               " local b = (' '):rep(3e5)"
                               " return #trim(b), trim(b .. 'x' .. b),"
                               " #trim('x' .. b .. 'x'),"
                               " trim('\\227\\128\\128 a b\\t'"
                               " .. '\\227\\128\\128')"),
                     NGX_OK);
    assert_string_equal(plugin_results(), "0 \"x\" 300002 \"a b\"");
    assert_true(plugin_run.cpu < 500 * 1000000);
}


static void
recursion(void **state)
{
    assert_int_equal(plugin_do("local function f() return 1 + f() end"
                               " return f()"), NGX_ERROR);
    assert_int_equal(plugin_run.failure.kind, CIVIC_LUA_ERROR);
    assert_non_null(strstr(plugin_message(), "stack overflow"));

    assert_int_equal(plugin_do("local function f() local ok = pcall(f)"
                               " return ok and f() end return f(), 1"),
                     NGX_ERROR);
}


/* through C, which has a stack of its own */

static void
deep_callbacks(void **state)
{
    check_error("local function f() return (('x'):gsub('.', f)) end"
                " return f()", "C stack overflow");
    check_error("local t = setmetatable({}, { __tostring = function(t)"
                " return ('%s'):format(t) end }) return tostring(t)",
                "C stack overflow");
    check_error("local t t = setmetatable({}, { __index = function()"
                " return (('x'):gsub('x', t)) end }) return t.x",
                "C stack overflow");
    check_error("return load(('('):rep(10000) .. ')')", NULL);
    check_error("return load('return ' .. ('{'):rep(10000))", NULL);
    check_error("return load('x = ' .. ('-'):rep(10000) .. '1')", NULL);
    check_error("return load('x = ' .. ('a.'):rep(10000) .. 'b')", NULL);
    check_error("return load('x = 1' .. ('^1'):rep(10000))", NULL);
    check_error("local d = 1 while true do local t = {} t[1] = d d = t"
                " civic.metric('x', 1) civic.timers.at('x', 1, 'f', d)"
                " end", "nested too deeply");
    check_error("return ('x'):rep(1e5):find(('(x'):rep(1e4))", NULL);
}


static void
memory(void **state)
{
    plugin_conf.budget.instructions = 100000000;

    check_killed_as("local s = 'x' while true do s = s .. s end",
                    CIVIC_LUA_MEMORY);
    assert_true(civic_lua_vm_broken(plugin_vm));
    check_killed_as("local s = 'x' while true do pcall(function()"
                    " s = s .. s end) end", CIVIC_LUA_MEMORY);
    check_killed_as("local t = {} for i = 1, 1e9 do t[i] = i end",
                    CIVIC_LUA_MEMORY);
    check_killed_as("local t = {} for i = 1, 1e9 do t['k' .. i] = i end",
                    CIVIC_LUA_MEMORY);
    check_killed_as("return ('x'):rep(1e9)", CIVIC_LUA_MEMORY);
    check_killed_as("while true do pcall(string.rep, 'x', 1e9) end",
                    CIVIC_LUA_MEMORY);
    check_killed_as("local t = {} xpcall(function() while true do"
                    " t[#t + 1] = {} end end, function() t = nil " FOREVER
                    " end)", CIVIC_LUA_MEMORY);
    check_killed_as("local f = 'x' while true do f = '(' .. f .. ')+' .. f"
                    " load('return ' .. f) end", CIVIC_LUA_MEMORY);
    check_killed_as("local t = { ('x'):rep(1e6), type }"
                    " for i = 1, 1e9 do pcall(civic.http, 'a', t) end",
                    CIVIC_LUA_MEMORY);
    assert_true(civic_lua_vm_memory(plugin_vm) <= plugin_conf.budget.memory);
}


/* it throws away far more than the cap, and never holds much */

static void
garbage(void **state)
{
    plugin_conf.budget.instructions = 100000000;
    plugin_conf.budget.memory = 2 * 1024 * 1024;

    assert_int_equal(plugin_do("local keep = ('k'):rep(5e5)"
                               " for i = 1, 300 do local s = ('x'):rep(4e5 +"
                               " i) end return #keep"), NGX_OK);
    assert_string_equal(plugin_results(), "500000");
    assert_false(civic_lua_vm_broken(plugin_vm));

    assert_int_equal(plugin_do("local t for i = 1, 3e5 do t = { i, { i } }"
                               " end return t[1]"), NGX_OK);
}


/* each run adds a little, until one has gone through all that is live */

static void
fill(ngx_msec_t cpu)
{
    size_t  most;

    plugin_conf.budget.memory = 128 * 1024 * 1024;
    plugin_conf.budget.cpu = cpu;

    assert_true(plugin_load("local keep return { fill = function()"
                            " for i = 1, 2000 do keep = { keep, i } end end,"
                            " drop = function() keep = nil"
                            " return #('x'):rep(83e5) end }"));

    most = plugin_conf.budget.memory / 4 * 3;

    while (civic_lua_vm_memory(plugin_vm) < most + 1024 * 1024) {
        if (plugin_start("fill") != NGX_OK) {
            fail_msg("at %d bytes: %s", (int) civic_lua_vm_memory(plugin_vm),
                     plugin_message());
        }
    }
}


/* that takes longer than it may run, and is not its doing */

static void
inherited(void **state)
{
    fill(10);

    /* nor is what goes now, and was live then */

    fill(30);

    if (plugin_start("drop") != NGX_OK) {
        fail_msg("%s", plugin_message());
    }

    /* one that makes its own garbage pays for it */

    assert_true(plugin_load("local keep for i = 1, 1e4 do"
                            " keep = { keep, i } end return { f = function()"
                            " while true do local s = ('x'):rep(1e6) end"
                            " end }"));
    assert_int_equal(plugin_start("f"), NGX_ERROR);
    assert_int_equal(plugin_run.failure.kind, CIVIC_LUA_CPU);
}


static void
many_stretches(void **state)
{
    ngx_int_t   rc;
    ngx_uint_t  n;

    rc = plugin_do("while true do civic.log.info('x') end");

    for (n = 0; rc == NGX_AGAIN && n < 100000; n++) {
        rc = plugin_resume_number(1);
    }

    assert_int_equal(rc, NGX_ERROR);
    assert_int_equal(plugin_run.failure.kind, CIVIC_LUA_INSTRUCTIONS);
    assert_true(n <= 1000);
}


static void
loading(void **state)
{
    assert_false(plugin_load(FOREVER));
    assert_int_equal(plugin_failure.kind, CIVIC_LUA_INSTRUCTIONS);

    assert_false(plugin_load("while true do pcall(function() " FOREVER
                             " end) end"));
    assert_int_equal(plugin_failure.kind, CIVIC_LUA_INSTRUCTIONS);

    plugin_file("lib/loop.lua", "while true do pcall(function() " FOREVER
                                " end) end");
    assert_false(plugin_load("while true do pcall(require, 'loop') end"));
    assert_int_equal(plugin_failure.kind, CIVIC_LUA_INSTRUCTIONS);

    assert_false(plugin_load("local s = 'x' while true do s = s .. s end"));
    assert_int_equal(plugin_failure.kind, CIVIC_LUA_MEMORY);

    plugin_conf.budget.memory = 65536;
    assert_false(plugin_load("return { ('x'):rep(65000) }"));
    assert_int_equal(plugin_failure.kind, CIVIC_LUA_MEMORY);

    plugin_conf.budget.memory = 20000;
    assert_false(plugin_load("return {}"));
    assert_int_equal(plugin_failure.kind, CIVIC_LUA_MEMORY);
}


/* the sanitizer's: what malloc() has given away */

size_t  __sanitizer_get_current_allocated_bytes(void)
            __attribute__((weak));


static void
memory_beside(void **state)
{
    size_t  before;

    if (__sanitizer_get_current_allocated_bytes == NULL) {
        skip();
    }

    assert_true(plugin_load("local text = '[' .. ('1,'):rep(1e4)"
                            " .. '9007199254740993]'"
                            " return { f = function()"
                            " civic.json.decode(text) end }"));
    assert_int_equal(plugin_start("f"), NGX_OK);

    before = __sanitizer_get_current_allocated_bytes();

    assert_int_equal(plugin_start("f"), NGX_OK);
    assert_int_equal(plugin_start("f"), NGX_OK);
    assert_true(__sanitizer_get_current_allocated_bytes() - before < 100000);
}


static void
every_small_cap(void **state)
{
    size_t  cap;

    plugin_file("plugin.lua", "local t = {} for i = 1, 100 do t[i] = {} end"
                              " return { f = function(...) return {...},"
                              " civic.json.encode({ 1, 2 }),"
                              " pcall(civic.http) end }");

    for (cap = 60000; cap < 160000; cap += 509) {
        plugin_conf.budget.memory = cap;

        if (plugin_load(NULL)) {
            (void) plugin_start("f");
            (void) plugin_start("f");
        }
    }

    assert_non_null(plugin_vm);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        { "loops of all kinds are ended by their instructions", loops,
          plugin_setup, plugin_teardown, NULL },
        { "pcall around a loop catches nothing", caught_loops, plugin_setup,
          plugin_teardown, NULL },
        { "a handler of errors that loops is ended", handlers, plugin_setup,
          plugin_teardown, NULL },
        { "metamethods that loop are ended", metamethods, plugin_setup,
          plugin_teardown, NULL },
        { "callbacks of C functions that loop are ended", callbacks,
          plugin_setup, plugin_teardown, NULL },
        { "instructions that are long are ended by their CPU time",
          long_instructions, plugin_setup, plugin_teardown, NULL },
        { "a stack kept full hides nothing", full_stack, plugin_setup,
          plugin_teardown, NULL },
        { "a run that is long gives way to others", turns, plugin_setup,
          plugin_teardown, NULL },
        { "what cannot give way has a third of the time", stretches,
          plugin_setup, plugin_teardown, NULL },
        { "a VM runs no other before one that gave way", turns_of_others,
          plugin_setup, plugin_teardown, NULL },
        { "patterns are matched within the budget", patterns, plugin_setup,
          plugin_teardown, NULL },
        { "trimming many blanks is linear", blanks, plugin_setup,
          plugin_teardown, NULL },
        { "recursion ends as an error", recursion, plugin_setup,
          plugin_teardown, NULL },
        { "recursion through C ends before its stack does", deep_callbacks,
          plugin_setup, plugin_teardown, NULL },
        { "the cap on memory ends a run whatever it catches", memory,
          plugin_setup, plugin_teardown, NULL },
        { "what was thrown away does not count against the cap", garbage,
          plugin_setup, plugin_teardown, NULL },
        { "a run is not ended for what others left to collect", inherited,
          plugin_setup, plugin_teardown, NULL },
        { "what C keeps for a run beside its memory goes with it",
          memory_beside, plugin_setup, plugin_teardown, NULL },
        { "operations in a loop spend the budget too", many_stretches,
          plugin_setup, plugin_teardown, NULL },
        { "plugin.lua and its modules have a budget while they are loaded",
          loading, plugin_setup, plugin_teardown, NULL },
        { "running out of memory at any byte harms nobody", every_small_cap,
          plugin_setup, plugin_teardown, NULL }
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
