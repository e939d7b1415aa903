
/*
 * Copyright (C) Civic Gate
 *
 * A store of fixed cells in shared memory: a hash table with a least
 * recently used list over a region that is laid out once.  An entry takes
 * one cell or a chain of them, so that nothing fragments and making room
 * always succeeds.  Pure: works on any region of memory.
 *
 * The caller holds the region's lock around every call.  A process that is
 * killed inside a call leaves the store marked; the next civic_shm_enter()
 * finds the mark and empties the store, rather than walk broken chains.
 */


#ifndef _CIVIC_SHM_H_INCLUDED_
#define _CIVIC_SHM_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define CIVIC_SHM_KEY_LEN  16


typedef struct civic_shm_s  civic_shm_t;     /* lies in the region */


/*
 * Lays the store out over `size` bytes at `region` (aligned to 16), with
 * cells of `cell` bytes, all included.  NULL: too small for 8 cells.
 */

civic_shm_t *civic_shm_init(void *region, size_t size, size_t cell);

/*
 * enter/leave frame every critical section.  civic_shm_enter() returns
 * NGX_OK, or NGX_DECLINED when it had to empty the store.
 */

ngx_int_t civic_shm_enter(civic_shm_t *shm);
void civic_shm_leave(civic_shm_t *shm);

/* bytes of payload in the first cell: reachable through one pointer */

size_t civic_shm_payload(const civic_shm_t *shm);

/*
 * The payload of the first cell, and the entry becomes the most recently
 * used; NULL: not there.  Valid until civic_shm_leave().
 */

void *civic_shm_find(civic_shm_t *shm, const u_char *key);

/* the same, but the entry stays as old as it is */

const void *civic_shm_peek(civic_shm_t *shm, const u_char *key);

/*
 * Makes an entry of `len` bytes, replacing one of the same key, dropping
 * least recently used ones as needed; `*evicted` gets how many.  The first
 * cell is zeroed.  NULL: larger than the store will ever hold
 * (a quarter of it).
 */

void *civic_shm_insert(civic_shm_t *shm, const u_char *key, size_t len,
    ngx_uint_t *evicted);

/* the key of the entry that the next insert would drop first, or NULL */

void *civic_shm_oldest(civic_shm_t *shm);

void civic_shm_remove(civic_shm_t *shm, const u_char *key);

/*
 * Copy `len` bytes at `offset` of an entry's data; the entry as found.
 * Nothing is copied beyond the entry's cells.
 */

void civic_shm_write(civic_shm_t *shm, void *entry, size_t offset,
    const void *src, size_t len);
void civic_shm_read(civic_shm_t *shm, const void *entry, size_t offset,
    void *dst, size_t len);

ngx_uint_t civic_shm_entries(const civic_shm_t *shm);
ngx_uint_t civic_shm_cells(const civic_shm_t *shm);


#endif /* _CIVIC_SHM_H_INCLUDED_ */
