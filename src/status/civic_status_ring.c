
/*
 * Copyright (C) Civic Gate
 *
 * An entry's sequence number is even while it is at rest.  A writer makes
 * it odd by compare-and-swap, so that two of them never fill one entry,
 * and even again when it is done:
 *
 *     writer   seq 6 -> 7 | fields ... | seq 8
 *     reader   seq 6, copy of the fields, seq 6 again: the copy is whole
 *
 * A reader skips what changed under its hands.  A writer that finds an
 * entry taken steps over it, a few times, then lets its record go: nobody
 * waits for anybody.
 */


#include "civic_status_ring.h"


#define CIVIC_STATUS_RING_TRIES  4


static ngx_uint_t civic_status_ring_read(const civic_status_entry_t *entry,
    const u_char *trace, civic_status_entry_t *copy);
static void civic_status_ring_sort_in(civic_status_found_t *found,
    const civic_status_entry_t *entry);


void
civic_status_ring_init(civic_status_ring_t *ring,
    civic_status_entry_t *entries, ngx_uint_t n)
{
    ring->next = 0;
    ring->n = n;
    ring->entries = entries;
}


civic_status_entry_t *
civic_status_ring_open(civic_status_ring_t *ring)
{
    uint64_t               i, seq;
    ngx_uint_t             tries;
    civic_status_entry_t  *entry;

    for (tries = 0; tries < CIVIC_STATUS_RING_TRIES; tries++) {

        i = __atomic_fetch_add(&ring->next, 1, __ATOMIC_RELAXED);
        entry = &ring->entries[i % ring->n];

        seq = __atomic_load_n(&entry->seq, __ATOMIC_RELAXED);

        if (!(seq & 1)
            && __atomic_compare_exchange_n(&entry->seq, &seq, seq + 1, 0,
                                           __ATOMIC_ACQUIRE,
                                           __ATOMIC_RELAXED))
        {
            /* no field is written before the number is odd */
            __atomic_thread_fence(__ATOMIC_RELEASE);
            return entry;
        }
    }

    return NULL;
}


void
civic_status_ring_close(civic_status_entry_t *entry)
{
    __atomic_store_n(&entry->seq, entry->seq + 1, __ATOMIC_RELEASE);
}


void
civic_status_ring_find(const civic_status_ring_t *ring, const u_char *trace,
    civic_status_found_t *found)
{
    ngx_uint_t            i;
    civic_status_entry_t  copy;

    for (i = 0; i < ring->n; i++) {
        if (civic_status_ring_read(&ring->entries[i], trace, &copy)) {
            civic_status_ring_sort_in(found, &copy);
        }
    }
}


static ngx_uint_t
civic_status_ring_read(const civic_status_entry_t *entry, const u_char *trace,
    civic_status_entry_t *copy)
{
    uint64_t  seq;

    seq = __atomic_load_n(&entry->seq, __ATOMIC_ACQUIRE);

    if (seq == 0
        || (seq & 1)
        || ngx_memcmp(entry->trace, trace, CIVIC_STATUS_TRACE_LEN) != 0)
    {
        return 0;
    }

    *copy = *entry;

    __atomic_thread_fence(__ATOMIC_ACQUIRE);

    return seq == __atomic_load_n(&entry->seq, __ATOMIC_RELAXED);
}


static void
civic_status_ring_sort_in(civic_status_found_t *found,
    const civic_status_entry_t *entry)
{
    ngx_uint_t  i;

    if (found->n == CIVIC_STATUS_MAX_FOUND) {

        if (entry->msec <= found->entries[0].msec) {
            return;
        }

        found->n--;
        ngx_memmove(&found->entries[0], &found->entries[1],
                    found->n * sizeof(civic_status_entry_t));
    }

    for (i = found->n; i > 0; i--) {

        if (found->entries[i - 1].msec <= entry->msec) {
            break;
        }

        found->entries[i] = found->entries[i - 1];
    }

    found->entries[i] = *entry;
    found->n++;
}
