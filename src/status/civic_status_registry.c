
/*
 * Copyright (C) Civic Gate
 *
 * Append-only: a slot is never given to another name, so that a worker of
 * the configuration before last still counts where it should.  A name is
 * written before the number of names grows past it.
 */


#include "civic_status_registry.h"


static uint32_t civic_status_registry_hash(const ngx_str_t *name);


void
civic_status_registry_init(civic_status_registry_t *reg, void *mem,
    ngx_uint_t max, uint32_t owner)
{
    static const ngx_str_t  none = ngx_string("");
    static const ngx_str_t  other = ngx_string("other");

    reg->n = 0;
    reg->max = max;
    reg->names = mem;
    reg->last = (u_char *) (reg->names + max);
    reg->end = reg->last + max * CIVIC_STATUS_NAME_ROOM;

    (void) civic_status_registry_add(reg, 0, &none);
    (void) civic_status_registry_add(reg, owner, &other);
}


ngx_uint_t
civic_status_registry_add(civic_status_registry_t *reg, uint32_t owner,
    const ngx_str_t *name)
{
    uint32_t              hash;
    ngx_uint_t            i;
    civic_status_name_t  *slot;

    hash = civic_status_registry_hash(name);

    for (i = 0; i < reg->n; i++) {
        slot = &reg->names[i];

        if (slot->hash == hash
            && slot->owner == owner
            && slot->name.len == name->len
            && ngx_memcmp(slot->name.data, name->data, name->len) == 0)
        {
            return i;
        }
    }

    if (i == reg->max || (size_t) (reg->end - reg->last) < name->len) {
        return CIVIC_STATUS_OTHER;
    }

    slot = &reg->names[i];

    slot->name.len = name->len;
    slot->name.data = reg->last;
    slot->owner = owner;
    slot->hash = hash;

    reg->last = ngx_cpymem(reg->last, name->data, name->len);

    __atomic_store_n(&reg->n, i + 1, __ATOMIC_RELEASE);

    return i;
}


ngx_uint_t
civic_status_registry_size(const civic_status_registry_t *reg)
{
    return __atomic_load_n(&reg->n, __ATOMIC_ACQUIRE);
}


static uint32_t
civic_status_registry_hash(const ngx_str_t *name)
{
    size_t    i;
    uint32_t  hash;

    hash = 0;

    for (i = 0; i < name->len; i++) {
        hash = ngx_hash(hash, name->data[i]);
    }

    return hash;
}
