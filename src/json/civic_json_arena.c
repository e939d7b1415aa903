
/*
 * Copyright (C) Civic Gate
 *
 * Memory for the JSON of one token.  A small document is some forty
 * allocations that all go at once, so they are cut one behind the other from
 * a buffer that is empty again when the token has been judged.  What does
 * not fit is malloc's.
 *
 * jansson's allocators belong to the whole process: whoever else uses it
 * finds them as they were.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <jansson.h>

#include "civic_json_arena.h"


#define CIVIC_JSON_ARENA_SIZE   32768
#define CIVIC_JSON_ARENA_ALIGN  16


static void *civic_json_arena_alloc(size_t size);
static void civic_json_arena_free(void *p);


static json_malloc_t  civic_json_arena_malloc;     /* the others' */
static json_free_t    civic_json_arena_release;

static size_t         civic_json_arena_used;
static u_char         civic_json_arena[CIVIC_JSON_ARENA_SIZE]
    __attribute__((aligned(CIVIC_JSON_ARENA_ALIGN)));


void
civic_json_arena_enter(void)
{
    json_get_alloc_funcs(&civic_json_arena_malloc, &civic_json_arena_release);
    json_set_alloc_funcs(civic_json_arena_alloc, civic_json_arena_free);

    civic_json_arena_used = 0;
}


void
civic_json_arena_leave(void)
{
    json_set_alloc_funcs(civic_json_arena_malloc, civic_json_arena_release);
}


static void *
civic_json_arena_alloc(size_t size)
{
    void  *p;

    if (size > CIVIC_JSON_ARENA_SIZE - civic_json_arena_used) {
        return civic_json_arena_malloc(size);
    }

    p = civic_json_arena + civic_json_arena_used;
    civic_json_arena_used += ngx_align(size, CIVIC_JSON_ARENA_ALIGN);

    return p;
}


static void
civic_json_arena_free(void *p)
{
    u_char  *at = p;

    if (at < civic_json_arena
        || at >= civic_json_arena + CIVIC_JSON_ARENA_SIZE)
    {
        civic_json_arena_release(p);
    }
}
