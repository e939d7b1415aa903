/* sources: src/status/civic_status_ring.c */

/*
 * Copyright (C) Civic Gate
 *
 * The ring of recent decisions: what is overwritten, what a reader gets to
 * see, and two processes that write one ring while a third reads it.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "civic_status_ring.h"


#define ENTRIES  8
#define WRITES   20000


static u_char  trace_a[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
static u_char  trace_b[] = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";


static void
record(civic_status_ring_t *ring, const u_char *trace, uint64_t msec)
{
    civic_status_entry_t  *entry;

    entry = civic_status_ring_open(ring);
    assert_non_null(entry);

    ngx_memcpy(entry->trace, trace, CIVIC_STATUS_TRACE_LEN);
    entry->msec = msec;

    civic_status_ring_close(entry);
}


static void
test_finds_what_was_written_in_order_of_time(void **state)
{
    civic_status_ring_t    ring;
    civic_status_found_t   found;
    civic_status_entry_t   entries[ENTRIES];

    ngx_memzero(entries, sizeof(entries));
    civic_status_ring_init(&ring, entries, ENTRIES);

    record(&ring, trace_a, 30);
    record(&ring, trace_b, 20);
    record(&ring, trace_a, 10);

    found.n = 0;
    civic_status_ring_find(&ring, trace_a, &found);

    assert_int_equal(found.n, 2);
    assert_int_equal(found.entries[0].msec, 10);
    assert_int_equal(found.entries[1].msec, 30);
}


static void
test_an_empty_ring_holds_nothing_even_for_zeros(void **state)
{
    u_char                 zeros[CIVIC_STATUS_TRACE_LEN];
    civic_status_ring_t    ring;
    civic_status_found_t   found;
    civic_status_entry_t   entries[ENTRIES];

    ngx_memzero(zeros, sizeof(zeros));
    ngx_memzero(entries, sizeof(entries));
    civic_status_ring_init(&ring, entries, ENTRIES);

    found.n = 0;
    civic_status_ring_find(&ring, zeros, &found);

    assert_int_equal(found.n, 0);
}


static void
test_the_oldest_is_overwritten_first(void **state)
{
    ngx_uint_t             i;
    civic_status_ring_t    ring;
    civic_status_found_t   found;
    civic_status_entry_t   entries[ENTRIES];

    ngx_memzero(entries, sizeof(entries));
    civic_status_ring_init(&ring, entries, ENTRIES);

    record(&ring, trace_b, 0);

    for (i = 1; i <= ENTRIES; i++) {
        record(&ring, trace_a, i);
    }

    found.n = 0;
    civic_status_ring_find(&ring, trace_b, &found);
    assert_int_equal(found.n, 0);

    civic_status_ring_find(&ring, trace_a, &found);
    assert_int_equal(found.n, ENTRIES);
    assert_int_equal(found.entries[0].msec, 1);
}


static void
test_an_entry_being_written_is_not_shown(void **state)
{
    civic_status_ring_t    ring;
    civic_status_found_t   found;
    civic_status_entry_t  *entry;
    civic_status_entry_t   entries[ENTRIES];

    ngx_memzero(entries, sizeof(entries));
    civic_status_ring_init(&ring, entries, ENTRIES);

    entry = civic_status_ring_open(&ring);
    ngx_memcpy(entry->trace, trace_a, CIVIC_STATUS_TRACE_LEN);

    found.n = 0;
    civic_status_ring_find(&ring, trace_a, &found);
    assert_int_equal(found.n, 0);

    civic_status_ring_close(entry);

    civic_status_ring_find(&ring, trace_a, &found);
    assert_int_equal(found.n, 1);
}


static void
test_a_dead_writer_costs_one_entry(void **state)
{
    ngx_uint_t             i;
    civic_status_ring_t    ring;
    civic_status_found_t   found;
    civic_status_entry_t   entries[ENTRIES];

    ngx_memzero(entries, sizeof(entries));
    civic_status_ring_init(&ring, entries, ENTRIES);

    assert_non_null(civic_status_ring_open(&ring));

    for (i = 0; i < 3 * ENTRIES; i++) {
        record(&ring, trace_a, i);
    }

    found.n = 0;
    civic_status_ring_find(&ring, trace_a, &found);
    assert_int_equal(found.n, ENTRIES - 1);
}


static void
test_a_full_ring_of_writers_gives_up_at_once(void **state)
{
    ngx_uint_t            i;
    civic_status_ring_t   ring;
    civic_status_entry_t  entries[ENTRIES];

    ngx_memzero(entries, sizeof(entries));
    civic_status_ring_init(&ring, entries, ENTRIES);

    for (i = 0; i < ENTRIES; i++) {
        assert_non_null(civic_status_ring_open(&ring));
    }

    assert_null(civic_status_ring_open(&ring));
}


static void
test_of_too_many_the_newest_are_kept(void **state)
{
    ngx_uint_t             i;
    civic_status_ring_t    ring;
    civic_status_found_t   found;
    civic_status_entry_t   entries[CIVIC_STATUS_MAX_FOUND + 5];

    ngx_memzero(entries, sizeof(entries));
    civic_status_ring_init(&ring, entries, CIVIC_STATUS_MAX_FOUND + 5);

    for (i = CIVIC_STATUS_MAX_FOUND + 5; i > 0; i--) {
        record(&ring, trace_a, i);
    }

    found.n = 0;
    civic_status_ring_find(&ring, trace_a, &found);

    assert_int_equal(found.n, CIVIC_STATUS_MAX_FOUND);
    assert_int_equal(found.entries[0].msec, 6);
    assert_int_equal(found.entries[CIVIC_STATUS_MAX_FOUND - 1].msec,
                     CIVIC_STATUS_MAX_FOUND + 5);
}


/* a whole entry says the same number in all its fields */

static void
write_many(civic_status_ring_t *ring, ngx_uint_t from)
{
    ngx_uint_t             i;
    civic_status_entry_t  *entry;

    for (i = from; i < from + WRITES; i++) {

        entry = civic_status_ring_open(ring);
        if (entry == NULL) {
            continue;
        }

        ngx_memcpy(entry->trace, trace_a, CIVIC_STATUS_TRACE_LEN);
        entry->msec = i;
        entry->gate_time = i;
        ngx_memset(entry->path, (int) (i & 0xff), sizeof(entry->path));
        ngx_memset(entry->route, (int) (i & 0xff), sizeof(entry->route));

        civic_status_ring_close(entry);
    }
}


static void
test_no_reader_sees_half_an_entry(void **state)
{
    int                    status;
    void                  *region;
    pid_t                  pid[2];
    ngx_uint_t             i, n, rounds;
    civic_status_ring_t   *ring;
    civic_status_found_t   found;
    civic_status_entry_t  *entry;

    region = mmap(NULL, 65536, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS,
                  -1, 0);
    assert_ptr_not_equal(region, MAP_FAILED);

    ring = region;
    civic_status_ring_init(ring, (void *) ((u_char *) region + 64), 2);

    for (i = 0; i < 2; i++) {
        pid[i] = fork();

        if (pid[i] == 0) {
            write_many(ring, i * WRITES);
            _exit(0);
        }
    }

    for (rounds = 0; rounds < WRITES; rounds++) {
        found.n = 0;
        civic_status_ring_find(ring, trace_a, &found);

        for (i = 0; i < found.n; i++) {
            entry = &found.entries[i];
            assert_int_equal(entry->gate_time, entry->msec);

            for (n = 0; n < sizeof(entry->path); n++) {
                assert_int_equal(entry->path[n], entry->msec & 0xff);
            }

            for (n = 0; n < sizeof(entry->route); n++) {
                assert_int_equal(entry->route[n], entry->msec & 0xff);
            }
        }
    }

    for (i = 0; i < 2; i++) {
        assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
        assert_int_equal(status, 0);
    }

    found.n = 0;
    civic_status_ring_find(ring, trace_a, &found);
    assert_int_equal(found.n, 2);

    munmap(region, 65536);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_finds_what_was_written_in_order_of_time),
        cmocka_unit_test(test_an_empty_ring_holds_nothing_even_for_zeros),
        cmocka_unit_test(test_the_oldest_is_overwritten_first),
        cmocka_unit_test(test_an_entry_being_written_is_not_shown),
        cmocka_unit_test(test_a_dead_writer_costs_one_entry),
        cmocka_unit_test(test_a_full_ring_of_writers_gives_up_at_once),
        cmocka_unit_test(test_of_too_many_the_newest_are_kept),
        cmocka_unit_test(test_no_reader_sees_half_an_entry)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
