
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_JSON_ARENA_H_INCLUDED_
#define _CIVIC_JSON_ARENA_H_INCLUDED_


/*
 * Between these two, JSON is allocated from an arena of this process; all of
 * it must be freed before civic_json_arena_leave().  They do not nest, and
 * nothing in between may wait.
 */

void civic_json_arena_enter(void);
void civic_json_arena_leave(void);


#endif /* _CIVIC_JSON_ARENA_H_INCLUDED_ */
