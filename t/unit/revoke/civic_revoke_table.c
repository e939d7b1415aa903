/* sources: src/revoke/civic_revoke_table.c */

/*
 * Copyright (C) Civic Gate
 *
 * The list of what is revoked: what is found in it, what a writer that died
 * leaves behind, and a long random history against a list that is so simple
 * that it must be right.
 */


#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <sys/mman.h>
#include <sys/wait.h>

#include "civic_revoke_table.h"


#define MODEL  400


static uint64_t  region[16384];


static civic_revoke_entry_t
entry_of(uint64_t key, ngx_uint_t kind, uint32_t expires)
{
    civic_revoke_entry_t  entry;

    ngx_memzero(&entry, sizeof(civic_revoke_entry_t));
    ngx_memcpy(entry.key, &key, sizeof(uint64_t));

    entry.before = CIVIC_REVOKE_ALWAYS;
    entry.kind = kind;
    entry.expires = expires;

    return entry;
}


static ngx_int_t
find(civic_revoke_table_t *table, uint64_t key)
{
    civic_revoke_entry_t  wanted, found;

    wanted = entry_of(key, CIVIC_REVOKE_TOKEN, 0);

    return civic_revoke_table_find(table, wanted.key, &found);
}


static ngx_int_t
set(civic_revoke_table_t *table, uint64_t key, ngx_uint_t kind,
    uint32_t expires)
{
    civic_revoke_entry_t  entry;

    entry = entry_of(key, kind, expires);

    return civic_revoke_table_set(table, &entry);
}


static void
lift(civic_revoke_table_t *table, uint64_t key)
{
    civic_revoke_entry_t  entry;

    entry = entry_of(key, CIVIC_REVOKE_TOKEN, 0);
    civic_revoke_table_lift(table, entry.key);
}


static void
memory_that_is_too_small_is_refused(void **state)
{
    civic_revoke_table_t  *table;

    assert_null(civic_revoke_table_init(region, 0));
    assert_null(civic_revoke_table_init(region, 256));

    table = civic_revoke_table_init(region, 1024);
    assert_non_null(table);
    assert_int_equal(civic_revoke_table_room(table), 9);
}


static void
what_is_written_is_read_once_it_is_committed(void **state)
{
    civic_revoke_entry_t   wanted, found;
    civic_revoke_table_t  *table;

    table = civic_revoke_table_init(region, sizeof(region));

    civic_revoke_table_begin(table, 0, 0);
    assert_int_equal(set(table, 7, CIVIC_REVOKE_APP, 99), NGX_OK);
    assert_int_equal(find(table, 7), NGX_DECLINED);
    assert_int_equal(civic_revoke_table_size(table), 0);

    civic_revoke_table_commit(table);
    assert_int_equal(civic_revoke_table_size(table), 1);
    assert_int_equal(civic_revoke_table_count(table, CIVIC_REVOKE_APP), 1);
    assert_int_equal(civic_revoke_table_count(table, CIVIC_REVOKE_TOKEN), 0);

    wanted = entry_of(7, CIVIC_REVOKE_APP, 99);
    assert_int_equal(civic_revoke_table_find(table, wanted.key, &found),
                     NGX_OK);
    assert_memory_equal(&wanted, &found, sizeof(civic_revoke_entry_t));

    civic_revoke_table_begin(table, 0, 0);
    lift(table, 7);
    assert_int_equal(find(table, 7), NGX_OK);
    civic_revoke_table_commit(table);
    assert_int_equal(find(table, 7), NGX_DECLINED);
    assert_int_equal(civic_revoke_table_count(table, CIVIC_REVOKE_APP), 0);
}


static void
nothing_is_forgotten_where_there_is_no_room(void **state)
{
    uint64_t               i;
    ngx_uint_t             room;
    civic_revoke_table_t  *table;

    table = civic_revoke_table_init(region, 2048);
    room = civic_revoke_table_room(table);

    civic_revoke_table_begin(table, 0, 0);

    for (i = 0; i < room; i++) {
        assert_int_equal(set(table, i * 32, CIVIC_REVOKE_TOKEN, 0), NGX_OK);
    }

    assert_int_equal(set(table, 1, CIVIC_REVOKE_TOKEN, 0), NGX_DECLINED);
    assert_int_equal(set(table, 32, CIVIC_REVOKE_SUBJECT, 0), NGX_OK);
    civic_revoke_table_commit(table);

    for (i = 0; i < room; i++) {
        assert_int_equal(find(table, i * 32), NGX_OK);
    }

    assert_int_equal(find(table, 1), NGX_DECLINED);
    assert_int_equal(civic_revoke_table_count(table, CIVIC_REVOKE_SUBJECT),
                     1);
}


static void
what_has_expired_makes_room(void **state)
{
    civic_revoke_table_t  *table;

    table = civic_revoke_table_init(region, sizeof(region));

    civic_revoke_table_begin(table, 0, 0);
    (void) set(table, 1, CIVIC_REVOKE_TOKEN, 100);
    (void) set(table, 2, CIVIC_REVOKE_TOKEN, 101);
    (void) set(table, 3, CIVIC_REVOKE_TOKEN, 0);
    civic_revoke_table_commit(table);

    civic_revoke_table_begin(table, 1, 100);
    civic_revoke_table_commit(table);

    assert_int_equal(civic_revoke_table_size(table), 2);
    assert_int_equal(find(table, 1), NGX_DECLINED);
    assert_int_equal(find(table, 2), NGX_OK);
    assert_int_equal(find(table, 3), NGX_OK);
}


static void
a_writer_that_dies_changes_nothing(void **state)
{
    civic_revoke_table_t  *table;

    table = civic_revoke_table_init(region, sizeof(region));

    civic_revoke_table_begin(table, 0, 0);
    (void) set(table, 1, CIVIC_REVOKE_TOKEN, 0);
    civic_revoke_table_commit(table);

    civic_revoke_table_begin(table, 0, 0);
    (void) set(table, 2, CIVIC_REVOKE_TOKEN, 0);
    lift(table, 1);

    /* and here it dies; the next begins */

    civic_revoke_table_begin(table, 0, 0);
    (void) set(table, 3, CIVIC_REVOKE_TOKEN, 0);
    civic_revoke_table_commit(table);

    assert_int_equal(find(table, 1), NGX_OK);
    assert_int_equal(find(table, 2), NGX_DECLINED);
    assert_int_equal(find(table, 3), NGX_OK);
    assert_int_equal(civic_revoke_table_size(table), 2);
}


/* keys of few homes, so that they collide and wrap around the end */

static uint64_t
model_key(ngx_uint_t i)
{
    return (i % 7) * 73 + (uint64_t) i * 517 + (i % 3 ? 0 : 510);
}


static void
a_random_history_ends_as_a_simple_list_does(void **state)
{
    long                   n;
    ngx_uint_t             i, size, committed[MODEL], model[MODEL];
    civic_revoke_table_t  *table;

    table = civic_revoke_table_init(region, 512 * 64 + 512);
    assert_int_equal(civic_revoke_table_room(table), 387);

    ngx_memzero(model, sizeof(model));
    ngx_memzero(committed, sizeof(committed));
    srandom(42);

    for (n = 0; n < 4000; n++) {
        civic_revoke_table_begin(table, random() % 8 == 0, 50);

        ngx_memcpy(model, committed, sizeof(model));

        for (i = random() % 12; i; i--) {
            size = random() % MODEL;

            if (random() % 5 < 2) {
                lift(table, model_key(size));
                model[size] = 0;

            } else if (set(table, model_key(size),
                           1 + size % (CIVIC_REVOKE_KINDS - 1),
                           size % 9 ? 0 : 51)
                       == NGX_OK)
            {
                model[size] = 1;
            }
        }

        if (random() % 6 == 0) {
            continue;                  /* it dies */
        }

        civic_revoke_table_commit(table);
        ngx_memcpy(committed, model, sizeof(model));

        for (i = 0, size = 0; i < MODEL; i++) {
            assert_int_equal(find(table, model_key(i)),
                             model[i] ? NGX_OK : NGX_DECLINED);
            size += model[i];
        }

        assert_int_equal(civic_revoke_table_size(table), size);
    }
}


/* a key that is lifted and set again within every write */

static void
readers_see_one_state_or_the_next_while_another_writes(void **state)
{
    int                     status;
    pid_t                   pid;
    size_t                  size;
    ngx_uint_t              i;
    civic_revoke_entry_t    entry;
    civic_revoke_table_t   *table;

    size = 64 * 1024;
    table = civic_revoke_table_init(mmap(NULL, size, PROT_READ|PROT_WRITE,
                                         MAP_SHARED|MAP_ANONYMOUS, -1, 0),
                                    size);
    assert_non_null(table);

    entry = entry_of(5, CIVIC_REVOKE_TOKEN, 0);
    civic_revoke_table_begin(table, 0, 0);
    (void) civic_revoke_table_set(table, &entry);
    civic_revoke_table_commit(table);

    pid = fork();
    assert_int_not_equal(pid, -1);

    if (pid == 0) {

        for (i = 0; i < 20000; i++) {
            civic_revoke_table_begin(table, i & 1, 0);
            lift(table, 5);
            (void) set(table, 1000 + i % 50, CIVIC_REVOKE_TOKEN, 0);
            entry.before = i;
            (void) civic_revoke_table_set(table, &entry);
            civic_revoke_table_commit(table);
        }

        _exit(0);
    }

    while (waitpid(pid, &status, WNOHANG) == 0) {

        for (i = 0; i < 1000; i++) {
            assert_int_equal(find(table, 5), NGX_OK);
        }
    }

    assert_int_equal(status, 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(memory_that_is_too_small_is_refused),
        cmocka_unit_test(what_is_written_is_read_once_it_is_committed),
        cmocka_unit_test(nothing_is_forgotten_where_there_is_no_room),
        cmocka_unit_test(what_has_expired_makes_room),
        cmocka_unit_test(a_writer_that_dies_changes_nothing),
        cmocka_unit_test(a_random_history_ends_as_a_simple_list_does),
        cmocka_unit_test(
            readers_see_one_state_or_the_next_while_another_writes)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
