
/*
 * Copyright (C) Civic Gate
 *
 * Memory for the JSON of one token.  A small document is some forty
 * allocations that all go at once, so they are cut one behind the other from
 * a buffer that is empty again when the last of them is given back.  What
 * does not fit, and what was there before, is malloc's.
 *
 * One thread: nginx hands nothing of ours to its thread pools.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <jansson.h>

#include "civic_json_arena.h"


#define CIVIC_JSON_ARENA_SIZE   65536
#define CIVIC_JSON_ARENA_ALIGN  16


static void *civic_json_arena_alloc(size_t size);
static void civic_json_arena_free(void *p);


static u_char      *civic_json_arena;
static size_t       civic_json_arena_used;
static ngx_uint_t   civic_json_arena_live;


void
civic_json_arena_init(void)
{
    if (civic_json_arena != NULL) {
        return;
    }

    civic_json_arena = malloc(CIVIC_JSON_ARENA_SIZE);

    if (civic_json_arena != NULL) {
        json_set_alloc_funcs(civic_json_arena_alloc, civic_json_arena_free);
    }
}


static void *
civic_json_arena_alloc(size_t size)
{
    void  *p;

    if (size > CIVIC_JSON_ARENA_SIZE - civic_json_arena_used) {
        return malloc(size);
    }

    p = civic_json_arena + civic_json_arena_used;

    civic_json_arena_used += ngx_align(size, CIVIC_JSON_ARENA_ALIGN);
    civic_json_arena_live++;

    return p;
}


static void
civic_json_arena_free(void *p)
{
    u_char  *at = p;

    if (at < civic_json_arena
        || at >= civic_json_arena + CIVIC_JSON_ARENA_SIZE)
    {
        free(p);
        return;
    }

    if (--civic_json_arena_live == 0) {
        civic_json_arena_used = 0;
    }
}
