
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_JSON_ARENA_H_INCLUDED_
#define _CIVIC_JSON_ARENA_H_INCLUDED_


/*
 * Has jansson allocate from an arena of this process from now on.  For
 * workers: it cannot be undone, and a process that may unload the module
 * must not be left with our functions.
 */

void civic_json_arena_init(void);


#endif /* _CIVIC_JSON_ARENA_H_INCLUDED_ */
