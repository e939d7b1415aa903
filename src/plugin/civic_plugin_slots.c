
/*
 * Copyright (C) Civic Gate
 *
 * The slots of an owner are a chain.  A slot is out of its old chain before
 * it is put into a new one, and counted as used before either: a writer that
 * dies in between loses a slot from its chain at worst, and somebody finds
 * it again as one that nobody keeps.
 */


#include "civic_plugin_slots.h"


static ngx_uint_t civic_plugin_slots_lookup(
    const civic_plugin_slots_t *slots, ngx_uint_t owner,
    const ngx_str_t *key);
static ngx_uint_t civic_plugin_slots_free(civic_plugin_slots_t *slots,
    ngx_uint_t *from);
static void civic_plugin_slots_take(civic_plugin_slots_t *slots,
    ngx_uint_t i, ngx_uint_t owner, const ngx_str_t *key);
static void civic_plugin_slots_unlink(civic_plugin_slots_t *slots,
    ngx_uint_t i);


/* old ones first, or a new one would take the room of an old one */

ngx_uint_t
civic_plugin_slots_enlist(civic_plugin_slots_t *slots, ngx_uint_t owner,
    civic_plugin_counted_t *routes, ngx_uint_t n)
{
    ngx_uint_t  i, slot, from, lost;

    civic_plugin_slots_leave(slots, owner);
    civic_plugin_slots_find(slots, owner, routes, n);

    for (i = 0; i < n; i++) {
        if (routes[i].place.tag) {
            slots->slots[routes[i].place.slot].kept = 1;
        }
    }

    from = 0;
    lost = 0;

    for (i = 0; i < n; i++) {

        if (routes[i].place.tag) {
            continue;
        }

        slot = CIVIC_PLUGIN_SLOTS;

        if (routes[i].key.len <= CIVIC_PLUGIN_SLOT_LEN) {
            slot = civic_plugin_slots_free(slots, &from);
        }

        if (slot == CIVIC_PLUGIN_SLOTS) {
            lost++;
            continue;
        }

        civic_plugin_slots_take(slots, slot, owner, &routes[i].key);

        routes[i].place.slot = slot;
        routes[i].place.tag = slots->slots[slot].tag;
    }

    return lost;
}


void
civic_plugin_slots_find(const civic_plugin_slots_t *slots, ngx_uint_t owner,
    civic_plugin_counted_t *routes, ngx_uint_t n)
{
    ngx_uint_t  i, slot;

    for (i = 0; i < n; i++) {
        slot = civic_plugin_slots_lookup(slots, owner, &routes[i].key);

        routes[i].place.slot = slot;
        routes[i].place.tag = slot < CIVIC_PLUGIN_SLOTS
                              ? slots->slots[slot].tag : 0;
    }
}


static ngx_uint_t
civic_plugin_slots_lookup(const civic_plugin_slots_t *slots,
    ngx_uint_t owner, const ngx_str_t *key)
{
    ngx_uint_t                  i;
    const civic_plugin_slot_t  *slot;

    for (i = civic_plugin_slots_next(slots, owner, 0);
         i;
         i = civic_plugin_slots_next(slots, owner, i))
    {
        slot = &slots->slots[i - 1];

        if (slot->len == key->len
            && ngx_memcmp(slot->key, key->data, key->len) == 0)
        {
            return i - 1;
        }
    }

    return CIVIC_PLUGIN_SLOTS;
}


/* `from`: so far nothing is free */

static ngx_uint_t
civic_plugin_slots_free(civic_plugin_slots_t *slots, ngx_uint_t *from)
{
    if (slots->n < CIVIC_PLUGIN_SLOTS) {
        return __atomic_fetch_add(&slots->n, 1, __ATOMIC_RELEASE);
    }

    while (*from < CIVIC_PLUGIN_SLOTS && slots->slots[*from].kept) {
        (*from)++;
    }

    return *from;
}


static void
civic_plugin_slots_take(civic_plugin_slots_t *slots, ngx_uint_t i,
    ngx_uint_t owner, const ngx_str_t *key)
{
    civic_plugin_slot_t  *slot;

    civic_plugin_slots_unlink(slots, i);

    slot = &slots->slots[i];

    __atomic_store_n(&slot->tag, slot->tag + 1 ? slot->tag + 1 : 1,
                     __ATOMIC_SEQ_CST);

    ngx_memzero(&slot->tally, sizeof(civic_plugin_tally_t));
    ngx_memzero(&slots->troubles[i], sizeof(civic_plugin_trouble_t));

    slot->owner = owner;
    slot->len = key->len;
    ngx_memcpy(slot->key, key->data, key->len);
    slot->next = slots->heads[owner];

    __atomic_store_n(&slots->heads[owner], (uint16_t) (i + 1),
                     __ATOMIC_RELEASE);

    slot->kept = 1;
}


/* it need not be in there */

static void
civic_plugin_slots_unlink(civic_plugin_slots_t *slots, ngx_uint_t i)
{
    uint16_t  *next;

    next = &slots->heads[slots->slots[i].owner];

    while (*next && *next != i + 1) {
        next = &slots->slots[*next - 1].next;
    }

    if (*next) {
        __atomic_store_n(next, slots->slots[i].next, __ATOMIC_RELEASE);
    }
}


void
civic_plugin_slots_leave(civic_plugin_slots_t *slots, ngx_uint_t owner)
{
    ngx_uint_t  i;

    for (i = civic_plugin_slots_next(slots, owner, 0);
         i;
         i = civic_plugin_slots_next(slots, owner, i))
    {
        slots->slots[i - 1].kept = 0;
    }
}


void
civic_plugin_slots_drop(civic_plugin_slots_t *slots, ngx_uint_t owner)
{
    civic_plugin_slots_leave(slots, owner);

    __atomic_store_n(&slots->heads[owner], 0, __ATOMIC_RELEASE);
}


civic_plugin_tally_t *
civic_plugin_slots_tally(civic_plugin_slots_t *slots,
    const civic_plugin_place_t *place)
{
    civic_plugin_slot_t  *slot;

    if (place->tag == 0) {
        return NULL;
    }

    slot = &slots->slots[place->slot];

    return __atomic_load_n(&slot->tag, __ATOMIC_ACQUIRE) == place->tag
           ? &slot->tally : NULL;
}


civic_plugin_trouble_t *
civic_plugin_slots_trouble(civic_plugin_slots_t *slots,
    const civic_plugin_place_t *place)
{
    return civic_plugin_slots_tally(slots, place)
           ? &slots->troubles[place->slot] : NULL;
}


void
civic_plugin_slots_renew(civic_plugin_slots_t *slots, ngx_uint_t owner)
{
    ngx_uint_t  i;

    for (i = civic_plugin_slots_next(slots, owner, 0);
         i;
         i = civic_plugin_slots_next(slots, owner, i))
    {
        ngx_memzero(&slots->troubles[i - 1], sizeof(civic_plugin_trouble_t));
        slots->slots[i - 1].tally.largest = 0;
    }
}


ngx_uint_t
civic_plugin_slots_next(const civic_plugin_slots_t *slots, ngx_uint_t owner,
    ngx_uint_t i)
{
    if (i == 0) {
        return slots->heads[owner];
    }

    return slots->slots[i - 1].owner == owner ? slots->slots[i - 1].next : 0;
}
