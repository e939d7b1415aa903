
/*
 * Copyright (C) Civic Gate
 *
 * A set-associative memory: the token's last bytes, which are of its
 * signature and as good as random, choose a set of slots and are their tags.
 * A token that only ends like another is told apart by all of its bytes, in
 * a time that does not depend on where they differ.
 *
 * A slot:
 *
 *     civic_issuer_recent_slot_t | value, aligned | token
 */


#include "civic_issuer_recent.h"


#define CIVIC_ISSUER_RECENT_SETS   256
#define CIVIC_ISSUER_RECENT_WAYS   4
#define CIVIC_ISSUER_RECENT_SLOT   2048
#define CIVIC_ISSUER_RECENT_TAG    sizeof(uint64_t)

#define civic_issuer_recent_slot(recent, set, way)                            \
    ((civic_issuer_recent_slot_t *)                                           \
     ((recent)->slots + ((set) * CIVIC_ISSUER_RECENT_WAYS + (way))            \
                        * CIVIC_ISSUER_RECENT_SLOT))


typedef struct {
    const civic_issuer_t         *issuer;
    u_char                        generation[CIVIC_JOSE_DIGEST_LEN];
    size_t                        value;     /* bytes */
    size_t                        token;
} civic_issuer_recent_slot_t;


typedef struct {
    uint64_t                      tags[CIVIC_ISSUER_RECENT_WAYS];
    uint32_t                      used;      /* slots that hold something */
    uint32_t                      next;      /* the slot that is replaced */
} civic_issuer_recent_set_t;


struct civic_issuer_recent_s {
    civic_issuer_recent_set_t     sets[CIVIC_ISSUER_RECENT_SETS];
    u_char                       *slots;
};


static uint64_t civic_issuer_recent_tag(const ngx_str_t *token);
static ngx_uint_t civic_issuer_recent_set(uint64_t tag);
static ngx_uint_t civic_issuer_recent_way(
    const civic_issuer_recent_t *recent, ngx_uint_t n, uint64_t tag,
    const ngx_str_t *token);
static ngx_uint_t civic_issuer_recent_fresh(
    const civic_issuer_recent_slot_t *slot);
static ngx_uint_t civic_issuer_recent_same(
    const civic_issuer_recent_slot_t *slot, const ngx_str_t *token);
static u_char *civic_issuer_recent_value(
    const civic_issuer_recent_slot_t *slot);


civic_issuer_recent_t *
civic_issuer_recent_create(ngx_pool_t *pool)
{
    civic_issuer_recent_t  *recent;

    recent = ngx_pcalloc(pool, sizeof(civic_issuer_recent_t));
    if (recent == NULL) {
        return NULL;
    }

    recent->slots = ngx_palloc(pool, CIVIC_ISSUER_RECENT_SETS
                                     * CIVIC_ISSUER_RECENT_WAYS
                                     * CIVIC_ISSUER_RECENT_SLOT);

    return recent->slots ? recent : NULL;
}


const void *
civic_issuer_recent_find(const civic_issuer_recent_t *recent,
    const ngx_str_t *token, const civic_issuer_t **issuer)
{
    uint64_t                           tag;
    ngx_uint_t                         n, way;
    const civic_issuer_recent_slot_t  *slot;

    if (token->len < CIVIC_ISSUER_RECENT_TAG) {
        return NULL;
    }

    tag = civic_issuer_recent_tag(token);
    n = civic_issuer_recent_set(tag);
    way = civic_issuer_recent_way(recent, n, tag, token);

    if (way == CIVIC_ISSUER_RECENT_WAYS) {
        return NULL;
    }

    slot = civic_issuer_recent_slot(recent, n, way);

    if (!civic_issuer_recent_fresh(slot)) {
        return NULL;
    }

    *issuer = slot->issuer;

    return civic_issuer_recent_value(slot);
}


void
civic_issuer_recent_add(civic_issuer_recent_t *recent, const ngx_str_t *token,
    const civic_issuer_t *issuer, const ngx_str_t *head,
    const ngx_str_t *tail)
{
    u_char                      *p;
    uint64_t                     tag;
    ngx_uint_t                   n, way;
    civic_issuer_recent_set_t   *set;
    civic_issuer_recent_slot_t  *slot;

    if (token->len < CIVIC_ISSUER_RECENT_TAG
        || head->len + tail->len + token->len
           > CIVIC_ISSUER_RECENT_SLOT - sizeof(civic_issuer_recent_slot_t))
    {
        return;
    }

    tag = civic_issuer_recent_tag(token);
    n = civic_issuer_recent_set(tag);
    set = &recent->sets[n];

    /* what may be used no more, or not everywhere, in its own place */

    way = civic_issuer_recent_way(recent, n, tag, token);

    if (way == CIVIC_ISSUER_RECENT_WAYS) {
        way = set->next;
        set->next = (way + 1) % CIVIC_ISSUER_RECENT_WAYS;
        set->used = ngx_max(set->used, way + 1);
        set->tags[way] = tag;
    }

    slot = civic_issuer_recent_slot(recent, n, way);

    slot->issuer = issuer;
    slot->value = head->len + tail->len;
    slot->token = token->len;

    ngx_memcpy(slot->generation, civic_issuer_generation_now(issuer),
               CIVIC_JOSE_DIGEST_LEN);

    p = civic_issuer_recent_value(slot);
    p = ngx_cpymem(p, head->data, head->len);
    p = ngx_cpymem(p, tail->data, tail->len);
    ngx_memcpy(p, token->data, token->len);
}


static uint64_t
civic_issuer_recent_tag(const ngx_str_t *token)
{
    uint64_t  tag;

    ngx_memcpy(&tag, token->data + token->len - CIVIC_ISSUER_RECENT_TAG,
               CIVIC_ISSUER_RECENT_TAG);

    return tag;
}


/* multiplied by 2^64 divided by the golden ratio: all bits reach the top */

static ngx_uint_t
civic_issuer_recent_set(uint64_t tag)
{
    return (tag * 0x9e3779b97f4a7c15) >> 32 & (CIVIC_ISSUER_RECENT_SETS - 1);
}


/* where the token is kept; CIVIC_ISSUER_RECENT_WAYS: nowhere */

static ngx_uint_t
civic_issuer_recent_way(const civic_issuer_recent_t *recent, ngx_uint_t n,
    uint64_t tag, const ngx_str_t *token)
{
    ngx_uint_t                        i;
    const civic_issuer_recent_set_t  *set;

    set = &recent->sets[n];

    for (i = 0; i < set->used; i++) {

        if (set->tags[i] == tag
            && civic_issuer_recent_same(civic_issuer_recent_slot(recent, n, i),
                                        token))
        {
            return i;
        }
    }

    return CIVIC_ISSUER_RECENT_WAYS;
}


static ngx_uint_t
civic_issuer_recent_fresh(const civic_issuer_recent_slot_t *slot)
{
    return ngx_memcmp(slot->generation,
                      civic_issuer_generation_now(slot->issuer),
                      CIVIC_JOSE_DIGEST_LEN) == 0;
}


/* the last eight bytes, which may overlap the rest, first */

static ngx_uint_t
civic_issuer_recent_same(const civic_issuer_recent_slot_t *slot,
    const ngx_str_t *token)
{
    size_t         i, len;
    uint64_t       x, y, differ;
    const u_char  *a, *b;

    len = token->len;

    if (slot->token != len) {
        return 0;
    }

    a = civic_issuer_recent_value(slot) + slot->value;
    b = token->data;

    ngx_memcpy(&x, a + len - sizeof(uint64_t), sizeof(uint64_t));
    ngx_memcpy(&y, b + len - sizeof(uint64_t), sizeof(uint64_t));
    differ = x ^ y;

    for (i = 0; i + sizeof(uint64_t) <= len; i += sizeof(uint64_t)) {
        ngx_memcpy(&x, a + i, sizeof(uint64_t));
        ngx_memcpy(&y, b + i, sizeof(uint64_t));
        differ |= x ^ y;
    }

    return differ == 0;
}


static u_char *
civic_issuer_recent_value(const civic_issuer_recent_slot_t *slot)
{
    return (u_char *) slot + sizeof(civic_issuer_recent_slot_t);
}
