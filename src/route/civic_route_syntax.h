
/*
 * Copyright (C) Civic Gate
 *
 * The lexical items of a regular expression: enough to find where one ends
 * inside a path pattern, and to refuse what could not share a pattern with
 * others.
 */


#ifndef _CIVIC_ROUTE_SYNTAX_H_INCLUDED_
#define _CIVIC_ROUTE_SYNTAX_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * The end of the item at p < last: an escape, \Q...\E, a class, a comment,
 * or one byte.  NULL: it is not closed, *reason says how.
 */

u_char *civic_route_syntax_next(u_char *p, u_char *last,
    const char **reason);

/* NULL where `re` may stand inside a larger pattern, else why it may not */

const char *civic_route_syntax_check(const ngx_str_t *re);

/*
 * The end of the opening of a named group at p, "(?<name>", "(?P<name>" or
 * "(?'name'"; NULL: something else is there
 */

u_char *civic_route_syntax_named_group(u_char *p, u_char *last);

/* copies text so that a regular expression takes every byte literally */

u_char *civic_route_syntax_quote(u_char *dst, const ngx_str_t *text);


#endif /* _CIVIC_ROUTE_SYNTAX_H_INCLUDED_ */
