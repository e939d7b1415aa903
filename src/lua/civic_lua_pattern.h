
/*
 * Copyright (C) Civic Gate
 *
 * Lua's patterns, matched within the budget of the run.
 */


#ifndef _CIVIC_LUA_PATTERN_H_INCLUDED_
#define _CIVIC_LUA_PATTERN_H_INCLUDED_


#include "civic_lua_vm.h"


#define CIVIC_LUA_PATTERN_CAPTURES  32
#define CIVIC_LUA_PATTERN_POSITION  ((size_t) -1)  /* "()" */
#define CIVIC_LUA_PATTERN_OPEN      ((size_t) -2)


typedef struct {
    const u_char            *start;
    size_t                   len;
} civic_lua_capture_t;


typedef struct {
    lua_State               *L;
    const u_char            *text;
    const u_char            *last;     /* of the text */
    const u_char            *end;      /* of the pattern */
    ngx_uint_t               depth;
    ngx_uint_t               work;     /* not paid yet */
    ngx_uint_t               n;        /* captures */
    civic_lua_capture_t      captures[CIVIC_LUA_PATTERN_CAPTURES];
} civic_lua_pattern_t;


/*
 * Does the pattern at p match the text from s on?  Where the match ends, or
 * NULL.  Raises an error for a pattern that is none, or is too deep, and
 * where the run's budget is spent.
 */

const u_char *civic_lua_pattern_match(civic_lua_pattern_t *m,
    const u_char *s, const u_char *p);


#endif /* _CIVIC_LUA_PATTERN_H_INCLUDED_ */
