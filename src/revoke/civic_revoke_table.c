
/*
 * Copyright (C) Civic Gate
 *
 * Open addressing with linear probing, at most three quarters full; a lifted
 * entry closes the gap behind it, so that no marks of the dead pile up.
 * Keys are keyed digests: nobody outside chooses where they fall.
 */


#include "civic_revoke_table.h"


/* one side: what is read, or what is written */

typedef struct {
    uint64_t               seq;        /* odd: being written */
    uint64_t               n;
    uint64_t               counts[CIVIC_REVOKE_KINDS];
    civic_revoke_entry_t  *slots;
} civic_revoke_side_t;


struct civic_revoke_table_s {
    uint64_t               active;     /* the side that is read */
    uint64_t               nslots;     /* of a side */
    civic_revoke_side_t    sides[2];
};


static const civic_revoke_side_t *civic_revoke_table_active(
    const civic_revoke_table_t *table);
static civic_revoke_side_t *civic_revoke_table_other(
    civic_revoke_table_t *table);
static uint64_t civic_revoke_table_home(const u_char *key, uint64_t nslots);
static civic_revoke_entry_t *civic_revoke_table_place(
    const civic_revoke_side_t *side, uint64_t nslots, const u_char *key);


civic_revoke_table_t *
civic_revoke_table_init(void *region, size_t size)
{
    size_t                 room;
    uint64_t               nslots;
    civic_revoke_entry_t  *entries;
    civic_revoke_table_t  *table;

    room = ngx_align(sizeof(civic_revoke_table_t), 16);

    if (size < room + 2 * 8 * sizeof(civic_revoke_entry_t)) {
        return NULL;
    }

    nslots = (size - room) / (2 * sizeof(civic_revoke_entry_t));

    table = region;
    entries = (civic_revoke_entry_t *) ((u_char *) region + room);

    ngx_memzero(region, room + 2 * nslots * sizeof(civic_revoke_entry_t));

    table->nslots = nslots;
    table->sides[0].slots = entries;
    table->sides[1].slots = entries + nslots;

    return table;
}


ngx_uint_t
civic_revoke_table_room(const civic_revoke_table_t *table)
{
    return table->nslots / 4 * 3;
}


ngx_uint_t
civic_revoke_table_size(const civic_revoke_table_t *table)
{
    return __atomic_load_n(&civic_revoke_table_active(table)->n,
                           __ATOMIC_RELAXED);
}


ngx_uint_t
civic_revoke_table_count(const civic_revoke_table_t *table, ngx_uint_t kind)
{
    return __atomic_load_n(&civic_revoke_table_active(table)->counts[kind],
                           __ATOMIC_RELAXED);
}


static const civic_revoke_side_t *
civic_revoke_table_active(const civic_revoke_table_t *table)
{
    return &table->sides[__atomic_load_n(&table->active, __ATOMIC_ACQUIRE)];
}


ngx_int_t
civic_revoke_table_find(const civic_revoke_table_t *table, const u_char *key,
    civic_revoke_entry_t *entry)
{
    uint64_t                    seq;
    const civic_revoke_side_t  *side;

    for ( ;; ) {
        side = civic_revoke_table_active(table);
        seq = __atomic_load_n(&side->seq, __ATOMIC_ACQUIRE);

        *entry = *civic_revoke_table_place(side, table->nslots, key);

        __atomic_thread_fence(__ATOMIC_ACQUIRE);

        if (!(seq & 1)
            && __atomic_load_n(&side->seq, __ATOMIC_RELAXED) == seq)
        {
            return entry->kind ? NGX_OK : NGX_DECLINED;
        }
    }
}


/*
 * The entry of that key, or the free slot where it would be.  Ends even in a
 * table that is being written: after as many steps as there are slots.
 */

static civic_revoke_entry_t *
civic_revoke_table_place(const civic_revoke_side_t *side, uint64_t nslots,
    const u_char *key)
{
    uint64_t               i, n;
    civic_revoke_entry_t  *entry;

    i = civic_revoke_table_home(key, nslots);

    for (n = 1; n < nslots; n++) {
        entry = &side->slots[i];

        if (entry->kind == 0
            || ngx_memcmp(entry->key, key, CIVIC_REVOKE_KEY_LEN) == 0)
        {
            break;
        }

        i = (i + 1) % nslots;
    }

    return &side->slots[i];
}


static uint64_t
civic_revoke_table_home(const u_char *key, uint64_t nslots)
{
    uint64_t  hash;

    ngx_memcpy(&hash, key, sizeof(uint64_t));

    return hash % nslots;
}


static civic_revoke_side_t *
civic_revoke_table_other(civic_revoke_table_t *table)
{
    return &table->sides[1 - table->active];
}


void
civic_revoke_table_begin(civic_revoke_table_t *table, ngx_uint_t purge,
    time_t now)
{
    uint64_t                     i;
    civic_revoke_side_t         *to;
    const civic_revoke_side_t   *from;
    const civic_revoke_entry_t  *entry;

    from = civic_revoke_table_active(table);
    to = civic_revoke_table_other(table);

    /* odd, whether or not somebody died here */

    __atomic_store_n(&to->seq, to->seq | 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);

    if (!purge) {
        to->n = from->n;
        ngx_memcpy(to->counts, from->counts, sizeof(to->counts));
        ngx_memcpy(to->slots, from->slots,
                   table->nslots * sizeof(civic_revoke_entry_t));
        return;
    }

    to->n = 0;
    ngx_memzero(to->counts, sizeof(to->counts));
    ngx_memzero(to->slots, table->nslots * sizeof(civic_revoke_entry_t));

    for (i = 0; i < table->nslots; i++) {
        entry = &from->slots[i];

        if (entry->kind
            && (entry->expires == 0 || (time_t) entry->expires > now))
        {
            (void) civic_revoke_table_set(table, entry);
        }
    }
}


ngx_int_t
civic_revoke_table_set(civic_revoke_table_t *table,
    const civic_revoke_entry_t *entry)
{
    civic_revoke_side_t   *side;
    civic_revoke_entry_t  *place;

    side = civic_revoke_table_other(table);
    place = civic_revoke_table_place(side, table->nslots, entry->key);

    if (place->kind == 0) {

        if (side->n == civic_revoke_table_room(table)) {
            return NGX_DECLINED;
        }

        side->n++;

    } else {
        side->counts[place->kind]--;
    }

    side->counts[entry->kind]++;
    *place = *entry;

    return NGX_OK;
}


/*
 * Whatever comes behind the gap, up to the next free slot, moves into it if
 * its home does not lie between the two.
 */

void
civic_revoke_table_lift(civic_revoke_table_t *table, const u_char *key)
{
    uint64_t               gap, i, home, n;
    civic_revoke_side_t   *side;
    civic_revoke_entry_t  *place;

    side = civic_revoke_table_other(table);
    place = civic_revoke_table_place(side, table->nslots, key);

    if (place->kind == 0) {
        return;
    }

    side->n--;
    side->counts[place->kind]--;

    n = table->nslots;
    gap = place - side->slots;

    for (i = (gap + 1) % n; side->slots[i].kind; i = (i + 1) % n) {
        home = civic_revoke_table_home(side->slots[i].key, n);

        if ((i + n - home) % n >= (i + n - gap) % n) {
            side->slots[gap] = side->slots[i];
            gap = i;
        }
    }

    ngx_memzero(&side->slots[gap], sizeof(civic_revoke_entry_t));
}


void
civic_revoke_table_commit(civic_revoke_table_t *table)
{
    civic_revoke_side_t  *side;

    side = civic_revoke_table_other(table);

    __atomic_store_n(&side->seq, side->seq + 1, __ATOMIC_RELEASE);
    __atomic_store_n(&table->active, 1 - table->active, __ATOMIC_RELEASE);
}


const civic_revoke_entry_t *
civic_revoke_table_slot(const civic_revoke_table_t *table, ngx_uint_t i)
{
    return i < table->nslots ? &civic_revoke_table_active(table)->slots[i]
                            : NULL;
}
