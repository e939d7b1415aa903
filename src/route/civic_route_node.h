
/*
 * Copyright (C) Civic Gate
 *
 * The tree of path patterns while it grows: private to civic_route_radix.c,
 * which builds it, and civic_route_packed.c, which makes of it what lookups
 * read.
 */


#ifndef _CIVIC_ROUTE_NODE_H_INCLUDED_
#define _CIVIC_ROUTE_NODE_H_INCLUDED_


#include "civic_route_methods.h"
#include "civic_route_segment.h"


typedef struct civic_route_node_s    civic_route_node_t;
typedef struct civic_route_branch_s  civic_route_branch_t;


struct civic_route_node_s {
    ngx_str_t               edge;      /* bytes that lead here */
    u_char                 *first;     /* byte of each child's edge */
    civic_route_node_t    **children;
    uint32_t                nchildren;
    uint32_t                nalloc;
    civic_route_branch_t   *branch;    /* NULL: no segment begins here */
    civic_route_methods_t  *methods;   /* NULL: no route ends here */
};


typedef struct {
    civic_route_segment_t   segment;
    civic_route_node_t      node;
} civic_route_edge_t;


struct civic_route_branch_s {
    ngx_array_t             segments;  /* civic_route_edge_t *, sorted */
    civic_route_node_t     *free;
    civic_route_node_t     *tail;
};


#endif /* _CIVIC_ROUTE_NODE_H_INCLUDED_ */
