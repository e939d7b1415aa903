/* sources: src/host/civic_host_commands.c */

/*
 * Copyright (C) Civic Gate
 *
 * Which commands may be sent, and that every key in them gets the prefix,
 * wherever it stands.
 */


#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "civic_host_commands.h"
#include "stub_nginx.h"


#define MAX  16


static ngx_pool_t  *pool;
static char         text[1024];


/* what a line of words becomes, with "P" as the prefix; or the error */

static const char *
prepared(const char *line)
{
    char        *copy, *word, *p;
    ngx_int_t    rc;
    ngx_str_t    argv[MAX], prefix = ngx_string("P:");
    ngx_uint_t   i, argc;
    const char  *err;

    copy = strdup(line);
    argc = 0;

    for (word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
        argv[argc].data = (u_char *) word;
        argv[argc++].len = strlen(word);
    }

    err = NULL;
    rc = civic_host_commands_prepare(argv, argc, &prefix, pool, &err);

    p = text;

    if (rc != NGX_OK) {
        free(copy);
        return err;
    }

    for (i = 0; i < argc; i++) {
        p += sprintf(p, "%s%.*s", i ? " " : "", (int) argv[i].len,
                     (char *) argv[i].data);
    }

    free(copy);

    return text;
}


static void
a_key_gets_the_prefix(void **state)
{
    assert_string_equal(prepared("get a"), "GET P:a");
    assert_string_equal(prepared("HSET a b c"), "HSET P:a b c");
    assert_string_equal(prepared("set a b EX 5"), "SET P:a b EX 5");
    assert_string_equal(prepared("zadd a NX 1 b"), "ZADD P:a NX 1 b");
    assert_string_equal(prepared("GeoAdd a 1 2 b"), "GEOADD P:a 1 2 b");
}


static void
all_keys_of_many_get_it(void **state)
{
    assert_string_equal(prepared("del a b c"), "DEL P:a P:b P:c");
    assert_string_equal(prepared("mset a 1 b 2"), "MSET P:a 1 P:b 2");
    assert_string_equal(prepared("rename a b"), "RENAME P:a P:b");
    assert_string_equal(prepared("smove a b c"), "SMOVE P:a P:b c");
    assert_string_equal(prepared("bitop and a b c"),
                        "BITOP and P:a P:b P:c");
    assert_string_equal(prepared("lmove a b left right"),
                        "LMOVE P:a P:b left right");
}


static void
counted_keys_get_it_and_nothing_else(void **state)
{
    assert_string_equal(prepared("zunionstore d 2 a b weights 1 2"),
                        "ZUNIONSTORE P:d 2 P:a P:b weights 1 2");
    assert_string_equal(prepared("zinter 2 a b withscores"),
                        "ZINTER 2 P:a P:b withscores");
    assert_string_equal(prepared("sintercard 1 a limit 3"),
                        "SINTERCARD 1 P:a limit 3");
    assert_string_equal(prepared("lmpop 1 a left"), "LMPOP 1 P:a left");
}


static void
a_number_of_keys_that_does_not_fit_is_refused(void **state)
{
    assert_string_equal(prepared("zinter 3 a b"),
                        "the number of keys does not fit");
    assert_string_equal(prepared("zinter 0 a"),
                        "the number of keys does not fit");
    assert_string_equal(prepared("zinter x a"),
                        "the number of keys does not fit");
    assert_string_equal(prepared("zinter 99999999999999999999 a"),
                        "the number of keys does not fit");
    assert_string_equal(prepared("zunionstore d 2 a"),
                        "the number of keys does not fit");
    assert_string_equal(prepared("mset a 1 b"),
                        "keys and values do not come in pairs");
    assert_string_equal(prepared("get"), "too few arguments");
}


static void
streams_get_it_before_their_ids(void **state)
{
    assert_string_equal(prepared("xread count 2 streams a b 0 0"),
                        "XREAD count 2 streams P:a P:b 0 0");
    assert_string_equal(prepared("xreadgroup group streams c streams a >"),
                        "XREADGROUP group streams c streams P:a >");
    assert_string_equal(prepared("xgroup create a g $"),
                        "XGROUP create P:a g $");
    assert_string_equal(prepared("xread block 0 streams a 0"),
                        "nothing that blocks may be sent");
    assert_string_equal(prepared("xreadgroup group g c block 0 streams a >"),
                        "nothing that blocks may be sent");
    assert_string_equal(prepared("xreadgroup block 0 group g c streams a >"),
                        "GROUP comes first");
    assert_string_equal(prepared("xread count 1 streams a b 0"),
                        "STREAMS needs as many keys as ids");
}


static void
what_is_not_in_the_list_is_not_there(void **state)
{
    ngx_uint_t    i;
    static char  *lines[] = {
        "keys *", "scan 0", "flushall", "config get *", "eval x 0",
        "blpop a 0", "subscribe a", "publish a b", "select 1", "move a 1",
        "wait 1 1", "multi", "sort a", "dump a", "restore a 0 b",
        "object freq a", "debug sleep 1", "shutdown", "client list",
        "migrate a", "swapdb 0 1", "getx a", "script flush", "monitor",
        "georadius a 1 2 3 km store b", "bitfield a", "randomkey", NULL
    };

    for (i = 0; lines[i]; i++) {
        assert_string_equal(prepared(lines[i]),
                            "no command that plugins may send");
    }
}


static void
nothing_leaves_the_database_or_grows_without_end(void **state)
{
    assert_string_equal(prepared("copy a b"), "COPY P:a P:b");
    assert_string_equal(prepared("copy a b db 1"),
                        "nothing may be copied to another database");
    assert_string_equal(prepared("setbit a 1000000 1"),
                        "SETBIT P:a 1000000 1");
    assert_string_equal(prepared("setbit a 4294967295 1"),
                        "the offset is too large");
    assert_string_equal(prepared("setrange a 536870911 x"),
                        "the offset is too large");
    assert_string_equal(prepared("srandmember a"), "SRANDMEMBER P:a");
    assert_string_equal(prepared("hrandfield a -9999 withvalues"),
                        "HRANDFIELD P:a -9999 withvalues");
    assert_string_equal(prepared("srandmember a 1000000"),
                        "SRANDMEMBER P:a 1000000");
    assert_string_equal(prepared("srandmember a -1000000000"),
                        "the count is too large");
    assert_string_equal(prepared("hrandfield a -10000"),
                        "the count is too large");
    assert_string_equal(prepared("zrandmember a -10000 withscores"),
                        "the count is too large");
}


static void
the_prefix_names_plugin_and_aggregate(void **state)
{
    const char  *err;
    ngx_str_t    plugin = ngx_string("health/booking");
    ngx_str_t    slot = ngx_string("slot:42"), prefix;
    ngx_str_t    bad[] = { ngx_string(""), ngx_string("a}b"),
                           ngx_string("a{b"), ngx_string("a b"),
                           ngx_string("a\n") };
    ngx_uint_t   i;

    assert_int_equal(civic_host_commands_prefix(&plugin, &slot, pool,
                                                &prefix, &err), NGX_OK);
    assert_int_equal(prefix.len, strlen("civic:{health/booking:slot:42}:"));
    assert_memory_equal(prefix.data, "civic:{health/booking:slot:42}:",
                        prefix.len);

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(civic_host_commands_prefix(&plugin, &bad[i], pool,
                                                    &prefix, &err),
                         NGX_DECLINED);
    }
}


static void
without_memory_nothing_is_sent(void **state)
{
    ngx_str_t    argv[] = { ngx_string("GET"), ngx_string("a") };
    ngx_str_t    prefix = ngx_string("P:");
    const char  *err;

    stub_nginx_allocations = 0;

    assert_int_equal(civic_host_commands_prepare(argv, 2, &prefix, pool,
                                                 &err), NGX_ERROR);

    stub_nginx_allocations = -1;
}


static int
setup(void **state)
{
    pool = ngx_create_pool(1024, NULL);

    return pool == NULL;
}


static int
teardown(void **state)
{
    ngx_destroy_pool(pool);

    return 0;
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        { "a key gets the prefix",
          a_key_gets_the_prefix, NULL, NULL, NULL },
        { "all keys of many get it",
          all_keys_of_many_get_it, NULL, NULL, NULL },
        { "counted keys get it and nothing else",
          counted_keys_get_it_and_nothing_else, NULL, NULL, NULL },
        { "a number of keys that does not fit is refused",
          a_number_of_keys_that_does_not_fit_is_refused, NULL, NULL, NULL },
        { "streams get it before their ids",
          streams_get_it_before_their_ids, NULL, NULL, NULL },
        { "what is not in the list is not there",
          what_is_not_in_the_list_is_not_there, NULL, NULL, NULL },
        { "nothing leaves the database or grows without end",
          nothing_leaves_the_database_or_grows_without_end, NULL, NULL, NULL },
        { "the prefix names plugin and aggregate",
          the_prefix_names_plugin_and_aggregate, NULL, NULL, NULL },
        { "without memory nothing is sent",
          without_memory_nothing_is_sent, NULL, NULL, NULL }
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
