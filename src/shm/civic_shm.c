
/*
 * Copyright (C) Civic Gate
 *
 * The region, once laid out:
 *
 *     civic_shm_t | buckets (a power of two) | cells, all of one size
 *
 * A cell is in one of three places: never used so far (index >= `fresh`),
 * on the free list, or part of an entry.  `more` leads on from it in the
 * last two.  An entry is in one hash chain and in the LRU list, by its
 * first cell:
 *
 *     first     | more chain newer older | key | payload ...  |
 *     further   | more | data ...                             |
 *
 * Places are indices, not pointers, so that half as much is spent on them
 * and the region may lie anywhere.  Keys are digests: their first bytes are
 * taken for the hash as they are.
 *
 * This file takes no lock, and never looks into a payload.
 */


#include "civic_shm.h"


#define CIVIC_SHM_NONE       ((uint32_t) -1)
#define CIVIC_SHM_ALIGN      64        /* a cell of 64 bytes is one line */
#define CIVIC_SHM_MIN_CELLS  8
#define CIVIC_SHM_SHARE      4         /* an entry has at most 1/4 of all */


typedef struct {
    uint32_t             more;         /* further cell of the entry; free */
    uint32_t             chain;        /* next entry of the bucket */
    uint32_t             newer;
    uint32_t             older;
    u_char               key[CIVIC_SHM_KEY_LEN];
} civic_shm_cell_t;


#define CIVIC_SHM_FIRST    sizeof(civic_shm_cell_t)
#define CIVIC_SHM_FURTHER  sizeof(uint32_t)


struct civic_shm_s {
    volatile uint32_t    busy;         /* somebody is inside */
    uint32_t             mask;         /* of buckets */
    uint32_t             ncells;
    uint32_t             entries;
    uint32_t             fresh;        /* cells from here were never used */
    uint32_t             nfree;        /* on the free list, or never used */
    uint32_t             free;
    uint32_t             newest;
    uint32_t             oldest;
    size_t               cell;         /* bytes */
    size_t               cells;        /* offset in the region */
    uint32_t             buckets[1];
};


static void civic_shm_reset(civic_shm_t *shm);
static civic_shm_cell_t *civic_shm_cell(const civic_shm_t *shm, uint32_t i);
static uint32_t civic_shm_index(const civic_shm_t *shm, const void *payload);
static uint32_t *civic_shm_bucket(civic_shm_t *shm, const u_char *key);
static uint32_t civic_shm_lookup(civic_shm_t *shm, const u_char *key);
static size_t civic_shm_needed(const civic_shm_t *shm, size_t len);
static uint32_t civic_shm_take(civic_shm_t *shm);
static void civic_shm_drop(civic_shm_t *shm, uint32_t i);
static void civic_shm_link(civic_shm_t *shm, uint32_t i);
static void civic_shm_unlink(civic_shm_t *shm, uint32_t i);
static u_char *civic_shm_data(const civic_shm_t *shm, const void *entry,
    size_t *offset, size_t *room, uint32_t *next);


civic_shm_t *
civic_shm_init(void *region, size_t size, size_t cell)
{
    size_t        n, buckets, cells;
    civic_shm_t  *shm = region;

    cell = ngx_align(ngx_max(cell, CIVIC_SHM_FIRST + 16), 16);

    /* as many buckets as cells, or up to twice as many */

    n = size / (cell + sizeof(uint32_t));

    for (buckets = CIVIC_SHM_MIN_CELLS; buckets < n; buckets *= 2) {
        /* void */
    }

    cells = offsetof(civic_shm_t, buckets) + buckets * sizeof(uint32_t);
    cells = ngx_align(cells, CIVIC_SHM_ALIGN);

    if (size < cells || (size - cells) / cell < CIVIC_SHM_MIN_CELLS) {
        return NULL;
    }

    n = (size - cells) / cell;

    shm->busy = 0;
    shm->mask = buckets - 1;
    shm->ncells = ngx_min(n, CIVIC_SHM_NONE);
    shm->cell = cell;
    shm->cells = cells;

    civic_shm_reset(shm);

    return shm;
}


/*
 * The mark must be in memory before the first change and until after the
 * last.  A process that dies does so between two of its instructions, so
 * it is only the compiler that must keep the order.
 */

ngx_int_t
civic_shm_enter(civic_shm_t *shm)
{
    ngx_int_t  rc;

    rc = NGX_OK;

    if (shm->busy) {
        civic_shm_reset(shm);
        rc = NGX_DECLINED;
    }

    shm->busy = 1;

    __atomic_signal_fence(__ATOMIC_SEQ_CST);

    return rc;
}


void
civic_shm_leave(civic_shm_t *shm)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);

    shm->busy = 0;
}


size_t
civic_shm_payload(const civic_shm_t *shm)
{
    return shm->cell - CIVIC_SHM_FIRST;
}


void *
civic_shm_find(civic_shm_t *shm, const u_char *key)
{
    uint32_t  i;

    i = civic_shm_lookup(shm, key);

    if (i == CIVIC_SHM_NONE) {
        return NULL;
    }

    if (i != shm->newest) {
        civic_shm_unlink(shm, i);
        civic_shm_link(shm, i);
    }

    return (u_char *) civic_shm_cell(shm, i) + CIVIC_SHM_FIRST;
}


const void *
civic_shm_peek(civic_shm_t *shm, const u_char *key)
{
    uint32_t  i;

    i = civic_shm_lookup(shm, key);

    if (i == CIVIC_SHM_NONE) {
        return NULL;
    }

    return (u_char *) civic_shm_cell(shm, i) + CIVIC_SHM_FIRST;
}


void *
civic_shm_insert(civic_shm_t *shm, const u_char *key, size_t len,
    ngx_uint_t *evicted)
{
    size_t             needed;
    uint32_t           i, further, *bucket;
    civic_shm_cell_t  *cell;

    *evicted = 0;

    needed = civic_shm_needed(shm, len);

    if (needed > shm->ncells / CIVIC_SHM_SHARE) {
        return NULL;
    }

    civic_shm_remove(shm, key);

    while (shm->nfree < needed) {
        civic_shm_drop(shm, shm->oldest);
        (*evicted)++;
    }

    /* further cells first: the chain grows from its end */

    for (further = CIVIC_SHM_NONE; --needed; further = i) {
        i = civic_shm_take(shm);
        civic_shm_cell(shm, i)->more = further;
    }

    i = civic_shm_take(shm);
    cell = civic_shm_cell(shm, i);
    bucket = civic_shm_bucket(shm, key);

    cell->more = further;
    cell->chain = *bucket;
    ngx_memcpy(cell->key, key, CIVIC_SHM_KEY_LEN);
    ngx_memzero((u_char *) cell + CIVIC_SHM_FIRST, civic_shm_payload(shm));

    *bucket = i;
    civic_shm_link(shm, i);
    shm->entries++;

    return (u_char *) cell + CIVIC_SHM_FIRST;
}


void *
civic_shm_oldest(civic_shm_t *shm)
{
    if (shm->oldest == CIVIC_SHM_NONE) {
        return NULL;
    }

    return civic_shm_cell(shm, shm->oldest)->key;
}


void
civic_shm_remove(civic_shm_t *shm, const u_char *key)
{
    uint32_t  i;

    i = civic_shm_lookup(shm, key);

    if (i != CIVIC_SHM_NONE) {
        civic_shm_drop(shm, i);
    }
}


void
civic_shm_write(civic_shm_t *shm, void *entry, size_t offset,
    const void *src, size_t len)
{
    size_t         room;
    u_char        *dst;
    uint32_t       next;
    const u_char  *p = src;

    dst = civic_shm_data(shm, entry, &offset, &room, &next);

    while (dst != NULL && len != 0) {
        room = ngx_min(room, len);

        ngx_memcpy(dst, p, room);
        p += room;
        len -= room;

        dst = civic_shm_data(shm, NULL, NULL, &room, &next);
    }
}


void
civic_shm_read(civic_shm_t *shm, const void *entry, size_t offset, void *dst,
    size_t len)
{
    size_t     room;
    u_char    *src, *p = dst;
    uint32_t   next;

    src = civic_shm_data(shm, entry, &offset, &room, &next);

    while (src != NULL && len != 0) {
        room = ngx_min(room, len);

        p = ngx_cpymem(p, src, room);
        len -= room;

        src = civic_shm_data(shm, NULL, NULL, &room, &next);
    }
}


ngx_uint_t
civic_shm_entries(const civic_shm_t *shm)
{
    return shm->entries;
}


ngx_uint_t
civic_shm_cells(const civic_shm_t *shm)
{
    return shm->ncells;
}


static void
civic_shm_reset(civic_shm_t *shm)
{
    shm->entries = 0;
    shm->fresh = 0;
    shm->nfree = shm->ncells;
    shm->free = CIVIC_SHM_NONE;
    shm->newest = CIVIC_SHM_NONE;
    shm->oldest = CIVIC_SHM_NONE;

    /* all of them CIVIC_SHM_NONE */

    ngx_memset(shm->buckets, 0xff,
               ((size_t) shm->mask + 1) * sizeof(uint32_t));
}


static civic_shm_cell_t *
civic_shm_cell(const civic_shm_t *shm, uint32_t i)
{
    return (civic_shm_cell_t *) ((u_char *) shm + shm->cells
                                 + (size_t) i * shm->cell);
}


static uint32_t
civic_shm_index(const civic_shm_t *shm, const void *payload)
{
    return ((const u_char *) payload - (const u_char *) shm - shm->cells)
           / shm->cell;
}


static uint32_t *
civic_shm_bucket(civic_shm_t *shm, const u_char *key)
{
    uint32_t  hash;

    ngx_memcpy(&hash, key, sizeof(uint32_t));

    return &shm->buckets[hash & shm->mask];
}


static uint32_t
civic_shm_lookup(civic_shm_t *shm, const u_char *key)
{
    uint32_t           i;
    civic_shm_cell_t  *cell;

    for (i = *civic_shm_bucket(shm, key);
         i != CIVIC_SHM_NONE;
         i = cell->chain)
    {
        cell = civic_shm_cell(shm, i);

        if (ngx_memcmp(cell->key, key, CIVIC_SHM_KEY_LEN) == 0) {
            break;
        }
    }

    return i;
}


/* cells for `len` bytes */

static size_t
civic_shm_needed(const civic_shm_t *shm, size_t len)
{
    size_t  first, further;

    first = civic_shm_payload(shm);
    further = shm->cell - CIVIC_SHM_FURTHER;

    if (len <= first) {
        return 1;
    }

    len -= first;

    return 1 + len / further + (len % further != 0);
}


static uint32_t
civic_shm_take(civic_shm_t *shm)
{
    uint32_t  i;

    shm->nfree--;

    if (shm->free == CIVIC_SHM_NONE) {
        return shm->fresh++;
    }

    i = shm->free;
    shm->free = civic_shm_cell(shm, i)->more;

    return i;
}


static void
civic_shm_drop(civic_shm_t *shm, uint32_t i)
{
    uint32_t           next, *link;
    civic_shm_cell_t  *cell;

    cell = civic_shm_cell(shm, i);

    for (link = civic_shm_bucket(shm, cell->key);
         *link != i;
         link = &civic_shm_cell(shm, *link)->chain)
    {
        /* void */
    }

    *link = cell->chain;

    civic_shm_unlink(shm, i);
    shm->entries--;

    for ( /* void */ ; i != CIVIC_SHM_NONE; i = next) {
        cell = civic_shm_cell(shm, i);
        next = cell->more;

        cell->more = shm->free;
        shm->free = i;
        shm->nfree++;
    }
}


static void
civic_shm_link(civic_shm_t *shm, uint32_t i)
{
    civic_shm_cell_t  *cell;

    cell = civic_shm_cell(shm, i);

    cell->newer = CIVIC_SHM_NONE;
    cell->older = shm->newest;

    if (shm->newest == CIVIC_SHM_NONE) {
        shm->oldest = i;

    } else {
        civic_shm_cell(shm, shm->newest)->newer = i;
    }

    shm->newest = i;
}


static void
civic_shm_unlink(civic_shm_t *shm, uint32_t i)
{
    civic_shm_cell_t  *cell;

    cell = civic_shm_cell(shm, i);

    if (cell->newer == CIVIC_SHM_NONE) {
        shm->newest = cell->older;

    } else {
        civic_shm_cell(shm, cell->newer)->older = cell->older;
    }

    if (cell->older == CIVIC_SHM_NONE) {
        shm->oldest = cell->newer;

    } else {
        civic_shm_cell(shm, cell->older)->newer = cell->newer;
    }
}


/*
 * Where an entry's data at `*offset` lie, how many bytes they go on there,
 * and which cell is next; with entry NULL, the beginning of that cell.
 * NULL: behind the last cell.
 */

static u_char *
civic_shm_data(const civic_shm_t *shm, const void *entry, size_t *offset,
    size_t *room, uint32_t *next)
{
    size_t             skip, head;
    uint32_t           i;
    civic_shm_cell_t  *cell;

    head = entry ? CIVIC_SHM_FIRST : CIVIC_SHM_FURTHER;
    skip = entry ? *offset : 0;
    i = entry ? civic_shm_index(shm, entry) : *next;

    while (i != CIVIC_SHM_NONE) {
        cell = civic_shm_cell(shm, i);

        if (skip < shm->cell - head) {
            *next = cell->more;
            *room = shm->cell - head - skip;

            return (u_char *) cell + head + skip;
        }

        skip -= shm->cell - head;
        head = CIVIC_SHM_FURTHER;
        i = cell->more;
    }

    return NULL;
}
