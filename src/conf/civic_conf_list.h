
/*
 * Copyright (C) Civic Gate
 *
 * Lists as directives have them: A,B,C.  Pure.
 */


#ifndef _CIVIC_CONF_LIST_H_INCLUDED_
#define _CIVIC_CONF_LIST_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * Takes the next element off `rest`, which is the whole list at first.  0:
 * there is none.  An empty list has one, which is empty, as has "A," behind
 * its comma: whoever reads a list says what he thinks of that.
 */

static ngx_inline ngx_uint_t
civic_conf_list_next(ngx_str_t *rest, ngx_str_t *item)
{
    u_char  *last, *comma;

    if (rest->data == NULL) {
        return 0;
    }

    *item = *rest;
    last = rest->data + rest->len;
    comma = ngx_strlchr(rest->data, last, ',');

    if (comma == NULL) {
        rest->data = NULL;
        return 1;
    }

    item->len = comma - item->data;
    rest->data = comma + 1;
    rest->len = last - rest->data;

    return 1;
}


#endif /* _CIVIC_CONF_LIST_H_INCLUDED_ */
