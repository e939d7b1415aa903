/* sources: t/unit/lua/plugin.c src/json/civic_value.c src/json/civic_value_json.c src/json/civic_value_number.c src/json/civic_json.c src/jose/civic_jose_base64url.c src/lua/civic_lua_alloc.c src/lua/civic_lua_budget.c src/lua/civic_lua_bytes.c src/lua/civic_lua_json.c src/lua/civic_lua_native.c src/lua/civic_lua_object.c src/lua/civic_lua_pattern.c src/lua/civic_lua_require.c src/lua/civic_lua_run.c src/lua/civic_lua_sandbox.c src/lua/civic_lua_sources.c src/lua/civic_lua_strings.c src/lua/civic_lua_text.c src/lua/civic_lua_value.c src/lua/civic_lua_vm.c */

/*
 * Copyright (C) Civic Gate
 *
 * Runs: values in and out, operations, problems, errors, and their ends.
 */


#include "plugin.h"


static void
check(const char *body, const char *results)
{
    if (plugin_do(body) != NGX_OK) {
        fail_msg("%s: %s", body, plugin_message());
    }

    assert_string_equal(plugin_results(), results);
}


static void
check_error(const char *body, ngx_uint_t kind, const char *text)
{
    if (plugin_do(body) != NGX_ERROR || plugin_run.failure.kind != kind
        || strstr(plugin_message(), text) == NULL)
    {
        fail_msg("%s: %d %s", body, (int) plugin_run.failure.kind,
                 plugin_message());
    }
}


static void
check_operation(ngx_int_t rc, const char *operation)
{
    if (rc != NGX_AGAIN) {
        fail_msg("%s: %s", operation, plugin_message());
    }

    assert_string_equal(plugin_operation(), operation);
}


static ngx_str_t
string(const char *text)
{
    ngx_str_t  s;

    s.data = (u_char *) text;
    s.len = strlen(text);

    return s;
}


static void
results(void **state)
{
    check("", "");
    check("return nil, true, 1.5, 'x'", "null true 1.5 \"x\"");
    check("return {}, { 1, 2 }, { a = { b = {} } }",
          "{} [1,2] {\"a\":{\"b\":{}}}");
    check("return civic.json.null, civic.json.array()", "null []");
    check("return #{ 'a\\0b' }, #'a\\0b'", "1 3");

    assert_int_equal(plugin_do("return 'a\\0b', { [1] = 1, [3] = 3,"
                               " [2.5] = 4, [true] = 5 }"), NGX_OK);
    assert_int_equal(plugin_run.results[0].u.string.len, 3);
    assert_int_equal(plugin_run.results[1].u.table->nitems, 1);
    assert_int_equal(plugin_run.results[1].u.table->npairs, 3);
}


static void
arguments(void **state)
{
    const char           *err;
    ngx_str_t             name, text;
    civic_json_t         *json;
    civic_value_t         args[2];

    assert_true(plugin_load("return { f = function(r, n) r.body.list[3] = n"
        " r.body.empty[1] = nil return r.body, r.none == civic.json.null,"
        " #r.bytes end }"));

    text = string("{\"body\":{\"list\":[1,2],\"empty\":[],\"o\":{}},"
                  "\"none\":null,\"bytes\":\"\\u00e9\"}");
    json = civic_json_parse(&text, 1000, NULL, 0);
    assert_non_null(json);
    assert_int_equal(civic_value_from_json(&args[0], plugin_pool, json),
                     NGX_OK);
    civic_json_free(json);
    civic_value_set_number(&args[1], 3);

    name = string("f");
    assert_int_equal(civic_lua_run_start(&plugin_run, plugin_vm, plugin_pool,
                                         &name, args, 2), NGX_OK);
    assert_int_equal(civic_value_to_json(
        civic_value_member(&plugin_run.results[0], "empty"), plugin_pool, 100,
        &text, &err), NGX_OK);
    assert_int_equal(text.len, 2);
    assert_memory_equal(text.data, "[]", 2);
    assert_int_equal(civic_value_to_json(
        civic_value_member(&plugin_run.results[0], "list"), plugin_pool, 100,
        &text, &err), NGX_OK);
    assert_memory_equal(text.data, "[1,2,3]", 7);
    assert_int_equal(plugin_run.results[1].u.boolean, 1);
    civic_lua_run_end(&plugin_run);
}


static void
refused_results(void **state)
{
    check_error("return print, function() end", CIVIC_LUA_VALUE,
                "result 2 holds a function");
    check_error("local t = {} t.t = t return t", CIVIC_LUA_VALUE,
                "nested too deeply, or contains itself");
    check_error("local t = {} t[1], t[2], t[3] = t, t, t return t",
                CIVIC_LUA_VALUE, "result 1");
    check_error("local t = {} for i = 1, 40 do t = { t } end return t",
                CIVIC_LUA_VALUE, "nested too deeply");
    check_error("local t = {} for i = 1, 70000 do t[i] = 1 end return t",
                CIVIC_LUA_VALUE, "too many parts");
    check_error("local s, t = ('x'):rep(1e6), {} for i = 1, 20 do t[i] = s"
                " end return t", CIVIC_LUA_VALUE, "too large");
    check_error("return { [{}] = 1 }", CIVIC_LUA_VALUE, "has a key that");
    check("return setmetatable({ a = 1 }, { __index = function() while true"
          " do end end, __pairs = error, __len = error })", "{\"a\":1}");
}


static void
operations(void **state)
{
    ngx_int_t  rc;

    rc = plugin_do("local s = civic.store.at('slot:1')"
                   " local a = s:get('taken')"
                   " local b = s:hset('who', 'k', a)"
                   " s:run('hold', { 'a' }, { 1 }, { durable = true })"
                   " return a + b");
    check_operation(rc, "store.command \"slot:1\" \"get\" [\"taken\"]");
    rc = plugin_resume_number(7);
    check_operation(rc, "store.command \"slot:1\" \"hset\""
                        " [\"who\",\"k\",7]");
    rc = plugin_resume_number(8);
    check_operation(rc, "store.run \"slot:1\" \"hold\" [\"a\"] [1]"
                        " {\"durable\":true}");
    assert_int_equal(plugin_resume_number(0), NGX_OK);
    assert_string_equal(plugin_results(), "15");

    rc = plugin_do("return pcall(function() return civic.time.now() end)");
    check_operation(rc, "time.now");
    assert_int_equal(plugin_resume_number(9), NGX_OK);
    assert_string_equal(plugin_results(), "true 9");

    rc = plugin_do("local t = setmetatable({}, { __index = function(_, k)"
                   " return civic.secret(k) end }) return t.key");
    check_operation(rc, "secret \"key\"");
    assert_int_equal(plugin_resume_number(9), NGX_OK);
}


static void
refused_operations(void **state)
{
    check_error("('x'):gsub('.', function() civic.log.info('x') end)",
                CIVIC_LUA_ERROR, "plugin.lua:1: log cannot be used in a"
                " function that string.gsub");
    check_error("civic.http('his', { body = print, x = error })",
                CIVIC_LUA_ERROR, "http.request: argument 2 holds a function");
    check_error("local t = {} t.t = t civic.call('a/b:GET /', t)",
                CIVIC_LUA_ERROR, "plugin.lua:1: call: argument 2 is nested");
    check_error("civic.events.publish('x')", CIVIC_LUA_ERROR,
                "attempt to index field 'events' (a nil value)");
    check_error("civic.http(5)", CIVIC_LUA_ERROR,
                "plugin.lua:1: civic.http takes the name of a remote");
    check_error("civic.store.at('x'):set('k', nil, 2)", CIVIC_LUA_ERROR,
                "plugin.lua:1: set: argument 2 is nil");
}


static void
raised(void **state)
{
    ngx_int_t      rc;
    ngx_str_t      code;
    civic_value_t  fields;

    code = string("store-unavailable");

    rc = plugin_do("civic.time.now()");
    check_operation(rc, "time.now");
    assert_int_equal(civic_lua_run_raise(&plugin_run, &code, NULL),
                     NGX_ERROR);
    assert_int_equal(plugin_run.failure.kind, CIVIC_LUA_PROBLEM);
    assert_memory_equal(plugin_run.failure.code.data, code.data, code.len);
    assert_int_equal(plugin_run.failure.fields.type, CIVIC_VALUE_NIL);

    rc = plugin_do("local ok, e = pcall(civic.time.now)"
                   " return ok, e.code, e.fields, tostring(e),"
                   " (pcall(function() e.code = 'x' end))");
    check_operation(rc, "time.now");
    civic_value_set_number(&fields, 5);
    assert_int_equal(civic_lua_run_raise(&plugin_run, &code, &fields),
                     NGX_OK);
    assert_string_equal(plugin_results(), "false \"store-unavailable\" 5"
                        " \"problem store-unavailable\" false");

    code = string("no such operation");
    rc = plugin_do("\n\ncivic.time.now()");
    check_operation(rc, "time.now");
    assert_int_equal(civic_lua_run_fail(&plugin_run, &code), NGX_ERROR);
    assert_int_equal(plugin_run.failure.kind, CIVIC_LUA_ERROR);
    assert_string_equal(plugin_message(), "plugin.lua:3: no such operation"
                                          " [plugin.lua:3]");
}


static void
problems(void **state)
{
    ngx_str_t      name;
    civic_value_t  value;

    name = string("slot-taken");
    (void) civic_value_set_table(&value, plugin_pool, 0, 0);
    civic_value_set_string(civic_value_add_item(&value, plugin_pool), &name);
    plugin_conf.problems = &value;

    assert_int_equal(plugin_do("civic.problem('slot-taken', { slot = 4 })"),
                     NGX_ERROR);
    assert_int_equal(plugin_run.failure.kind, CIVIC_LUA_PROBLEM);
    assert_int_equal(plugin_run.failure.code.len, name.len);
    assert_int_equal(civic_value_member(&plugin_run.failure.fields,
                                        "slot")->u.number, 4);

    check("local ok, e = pcall(civic.problem, 'slot-taken')"
          " return ok, e.code", "false \"slot-taken\"");
    check_error("local ok, e = pcall(civic.problem, 'slot-taken') error(e)",
                CIVIC_LUA_PROBLEM, "slot-taken");
    check_error("civic.problem('slot-tekan')", CIVIC_LUA_ERROR,
                "plugin.lua:1: the manifest names no problem \"slot-tekan\"");
    check_error("civic.problem({})", CIVIC_LUA_ERROR, "takes the code");
    check_error("civic.problem('slot-taken', { f = print, g = error })",
                CIVIC_LUA_VALUE, "holds a function");
}


static void
errors(void **state)
{
    check_error("local t\nlocal function g() return t.x + 1 end\n"
                "local x = g()", CIVIC_LUA_ERROR, "plugin.lua:2: attempt to"
                " index upvalue 't' (a nil value) [plugin.lua:3]");
    check_error("error()", CIVIC_LUA_ERROR, "error object is a nil value");
    check_error("error({ code = 'slot-taken' })", CIVIC_LUA_ERROR,
                "error object is a table value");
    check_error("error(setmetatable({}, { __tostring = function() while true"
                " do end end, __index = error, __metatable = error }))",
                CIVIC_LUA_ERROR, "error object is a table value");
    check_error("error(('x'):rep(100000))", CIVIC_LUA_ERROR, "xxxx");
    check("return xpcall(error, function(e) return 'handled ' .. e end, 'x')",
          "false \"handled x\"");
    check("return xpcall(function(...) return ... end, error, 1, 2)",
          "true 1 2");
    check("return select(2, xpcall(error, error, 'twice'))", "\"twice\"");

    assert_int_equal(plugin_start("none"), NGX_ERROR);
    assert_non_null(strstr(plugin_message(), "returns no function \"none\""));
}


static void
no_coroutines(void **state)
{
    check("return coroutine, (pcall(function() coroutine.wrap(error) end))",
          "null false");
}


static void
faces(void **state)
{
    check("local t = civic.time return t.format(1795705477.25),"
          " t.format(0, 'date'), t.parse('1970-01-01'),"
          " t.parse('2026-11-26T15:04:37.5Z'), t.parse('2026-02-29'),"
          " t.parse('2024-02-29T23:59:59+08:00'), t.parse('x'),"
          " t.at({ year = 2026, month = 14, day = 0 })"
          " == t.parse('2027-01-31'), t.parts(0).weekday",
          "\"2026-11-26T23:04:37+08:00\" \"1970-01-01\" -28800"
          " 1795705477.5 null 1709222399 null true 4");
    check("for d = -200000, 200000, 997 do local s = d * 86400 - 28800"
          " local t = civic.time assert(t.parse(t.format(s)) == s or d <"
          " -719162) end", "");
    check("local c = civic.crypto return c.hex('\\0\\255a'),"
          " c.unhex('00FF61') == '\\0\\255a', c.unhex('0'), c.unhex('0g'),"
          " c.base64url('\\251\\255'), c.unbase64url('-_8') == '\\251\\255',"
          " c.unbase64url('-_9'), c.equal('a', 'a'), c.equal('a', 'b')",
          "\"00ff61\" true null null \"-_8\" true null true false");
    check("local t = civic.text return t.length('\xe4\xb8\xad\xe6\x96\x87'),"
          " t.sub('\xe4\xb8\xad\xe6\x96\x87x', 2, 2), t.sub('abc', -2),"
          " t.sub('abc', 2, 1), t.length('\\255'), t.valid('\\255'),"
          " t.trim(' \xe3\x80\x80x ')",
          "2 \"\xe6\x96\x87\" \"bc\" \"\" null false \"x\"");
    check("local t = {} for i = 1, 500 do t[i] = i * 7919 % 503 end"
          " table.sort(t) for i = 2, 500 do assert(t[i - 1] <= t[i]) end"
          " local u = { 'b', 'a', 'c' } table.sort(u, function(a, b)"
          " return a > b end) return u", "[\"c\",\"b\",\"a\"]");
}


static void
json(void **state)
{
    check("local j = civic.json return j.decode('{\"a\":[null,1]}'),"
          " j.encode({ a = 1 }), j.encode(j.array()), j.encode('\\n')",
          "{\"a\":[null,1]} \"{\\\"a\\\":1}\" \"[]\" \"\\\"\\\\u000a\\\"\"");
    check("return civic.json.decode('[1,2')",
          "null \"JSON: ']' expected in line 1\"");
    check("return civic.json.decode('[9007199254740993]')",
          "null \"JSON: an integer has more than 53 bits\"");
    check("return civic.json.decode('{\"a\":1,\"a\":2}')",
          "null \"JSON: duplicate object key in line 1\"");
    check_error("civic.json.encode({ 1, a = 2 })", CIVIC_LUA_ERROR,
                "plugin.lua:1: JSON: a table in it has both");
    check_error("civic.json.encode({ 0 / 0 })", CIVIC_LUA_ERROR, "finite");
    check_error("civic.json.encode('\\255')", CIVIC_LUA_ERROR, "UTF-8");
    check_error("civic.json.encode(print or error)", CIVIC_LUA_ERROR,
                "holds a function");
}


static void
abandoned(void **state)
{
    size_t           before;
    ngx_str_t        name;
    ngx_uint_t       i;
    civic_lua_run_t  runs[20];

    assert_true(plugin_load("return { f = function() local s = ('x'):rep(1e4"
        ") civic.time.now() return s end, gc = function() for i = 1, 1e5 do"
        " local t = {} end end }"));

    name = string("gc");
    assert_int_equal(plugin_start("gc"), NGX_OK);
    before = civic_lua_vm_memory(plugin_vm);
    name = string("f");

    for (i = 0; i < 20; i++) {
        assert_int_equal(civic_lua_run_start(&runs[i], plugin_vm, plugin_pool,
                                             &name, NULL, 0), NGX_AGAIN);
    }

    for (i = 0; i < 20; i++) {
        civic_lua_run_end(&runs[i]);
    }

    assert_int_equal(plugin_start("gc"), NGX_OK);
    assert_true(civic_lua_vm_memory(plugin_vm) < before + 100000);
}


static void
many_runs(void **state)
{
    size_t           used;
    ngx_str_t        name;
    ngx_uint_t       i;
    ngx_pool_t      *pool;
    civic_lua_run_t  run;
    civic_value_t    value;

    assert_true(plugin_load("local n = 0 return { f = function()"
        " n = n + 1 local x = civic.time.now() return { n = n, x = x } end"
        " }"));

    name = string("f");
    used = 0;
    civic_value_set_number(&value, 1);

    for (i = 0; i < 10000; i++) {
        pool = ngx_create_pool(4096, NULL);

        assert_int_equal(civic_lua_run_start(&run, plugin_vm, pool, &name,
                                             NULL, 0), NGX_AGAIN);

        if (i % 3) {
            assert_int_equal(civic_lua_run_resume(&run, &value, 1), NGX_OK);
        }

        civic_lua_run_end(&run);
        ngx_destroy_pool(pool);

        if (i == 2000) {
            used = civic_lua_vm_memory(plugin_vm);
        }
    }

    assert_true(civic_lua_vm_memory(plugin_vm) < 2 * used);
}


/* runs that wait for one another share the VM, not the account */

static void
allocated(void **state)
{
    ngx_str_t        name = string("small");
    civic_value_t    value;
    civic_lua_run_t  small;

    assert_true(plugin_load("return { large = function()"
                            " local s = ('x'):rep(1e5) civic.time.now()"
                            " s = s .. ('y'):rep(1e5) civic.time.now() end,"
                            " small = function(s) civic.time.now()"
                            " return s end }"));

    civic_value_set_number(&value, 1);

    assert_int_equal(plugin_start("large"), NGX_AGAIN);
    assert_int_equal(civic_lua_run_start(&small, plugin_vm, plugin_pool,
                                         &name, &value, 1), NGX_AGAIN);
    assert_true(plugin_run.allocated > 1e5 && plugin_run.allocated < 3e5);

    assert_int_equal(plugin_resume_number(1), NGX_AGAIN);
    assert_int_equal(civic_lua_run_resume(&small, &value, 1), NGX_OK);
    assert_int_equal(plugin_resume_number(1), NGX_OK);

    assert_true(plugin_run.allocated > 4e5 && plugin_run.allocated < 2e6);
    assert_true(small.allocated > 0 && small.allocated < 5e4);

    civic_lua_run_end(&small);

    /* what it is given is its own, in a VM whose parts are all loaded */

    value.type = CIVIC_VALUE_STRING;
    value.u.string.len = 300000;
    value.u.string.data = ngx_pcalloc(plugin_pool, value.u.string.len);

    assert_int_equal(civic_lua_run_start(&small, plugin_vm, plugin_pool,
                                         &name, &value, 1), NGX_AGAIN);
    assert_true(small.allocated > 300000 && small.allocated < 350000);
    civic_lua_run_end(&small);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        { "results are plain values", results, plugin_setup, plugin_teardown,
          NULL },
        { "arguments arrive as they were, lists as lists", arguments,
          plugin_setup, plugin_teardown, NULL },
        { "what cannot cross is refused, without running its metamethods",
          refused_results, plugin_setup, plugin_teardown, NULL },
        { "an operation parks the run until it is answered", operations,
          plugin_setup, plugin_teardown, NULL },
        { "an operation that cannot be is an error at its line",
          refused_operations, plugin_setup, plugin_teardown, NULL },
        { "the host can raise problems and errors", raised, plugin_setup,
          plugin_teardown, NULL },
        { "civic.problem knows the manifest's problems only", problems,
          plugin_setup, plugin_teardown, NULL },
        { "errors carry file and line, whatever is thrown", errors,
          plugin_setup, plugin_teardown, NULL },
        { "there are no coroutines", no_coroutines, plugin_setup,
          plugin_teardown, NULL },
        { "time, crypto, text and sort do as they say", faces, plugin_setup,
          plugin_teardown, NULL },
        { "JSON is strict in both directions", json, plugin_setup,
          plugin_teardown, NULL },
        { "what each run has allocated is known", allocated, plugin_setup,
          plugin_teardown, NULL },
        { "runs that wait can be abandoned", abandoned, plugin_setup,
          plugin_teardown, NULL },
        { "ten thousand runs leave nothing behind", many_runs, plugin_setup,
          plugin_teardown, NULL }
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
