
/*
 * Copyright (C) Civic Gate
 *
 * With thousands of routes a lookup costs what it waits for memory.  So the
 * tree of civic_route_radix.c, once finished, is copied into one block, as
 * small as it can be: places in it are numbers of 32 bits, and what is read
 * one after the other lies one behind the other.  A node is
 *
 *     branch methods len n | edge | first bytes | places of children
 *
 * with the n first bytes of its children's edges, which choose among them.
 * Behind it come its methods, its branch, and then its children, each with
 * all that is below it:
 *
 *     (*) branch | {} | "/part" "01" .. | "0" methods | "1" methods | ...
 *
 * The end of a way down, where few requests have been lately, is thus in a
 * few neighbouring lines of the cache: one is waited for, the others are
 * asked for ahead.  Methods say all that is needed at once; the route itself,
 * which is elsewhere, is read when it has had the time to come.
 */


#include "civic_route_packed.h"


#define CIVIC_ROUTE_PACKED_LINE  64
#define CIVIC_ROUTE_PACKED_ROOT  8     /* its place: 0 is none */

/* lines of the cache that are asked for behind a child, behind a branch */

#define CIVIC_ROUTE_PACKED_CHILD_LINES   2
#define CIVIC_ROUTE_PACKED_BRANCH_LINES  4


struct civic_route_packed_s {
    u_char                  bytes[1];
};


typedef struct {
    uint32_t                branch;    /* its place, or 0 */
    uint32_t                methods;   /* likewise */
    unsigned                len:23;    /* of the edge */
    unsigned                nchildren:9;
    u_char                  bytes[1];  /* edge, first bytes; then uint32_t */
} civic_route_packed_node_t;


typedef struct {
    const civic_route_segment_t  *segment;
    uint32_t                      node;
} civic_route_packed_segment_t;


typedef struct {
    uint32_t                      free;      /* a node, or 0 */
    uint32_t                      tail;      /* its methods, or 0 */
    uint32_t                      nsegments;
    civic_route_packed_segment_t  segments[1];
} civic_route_packed_branch_t;


typedef struct {
    u_char                       *base;
    size_t                        at;
} civic_route_packer_t;


typedef struct {
    const u_char                 *base;
    const civic_pcre_t     *pcre;
    u_char                       *last;      /* end of the path */
    ngx_uint_t                    method;
    civic_route_match_t          *match;
} civic_route_walk_t;


static size_t civic_route_packed_size(const civic_route_node_t *node);
static uint32_t civic_route_packed_add(civic_route_packer_t *packer,
    const civic_route_node_t *node);
static uint32_t civic_route_packed_add_methods(civic_route_packer_t *packer,
    const civic_route_methods_t *methods);
static uint32_t civic_route_packed_add_branch(civic_route_packer_t *packer,
    const civic_route_branch_t *branch);
static uint32_t civic_route_packed_room(civic_route_packer_t *packer,
    size_t size, size_t align);
static ngx_int_t civic_route_packed_walk(const civic_route_walk_t *walk,
    uint32_t at, u_char *p, ngx_uint_t n);
static ngx_int_t civic_route_packed_branch(const civic_route_walk_t *walk,
    uint32_t at, u_char *p, ngx_uint_t n);
static ngx_int_t civic_route_packed_methods(const civic_route_walk_t *walk,
    uint32_t at, ngx_uint_t n);
static uint32_t civic_route_packed_child(const civic_route_walk_t *walk,
    const civic_route_packed_node_t *node, u_char **p);


static ngx_inline uint32_t *
civic_route_packed_children(const civic_route_packed_node_t *node)
{
    return (uint32_t *) ngx_align_ptr(&node->bytes[node->len
                                                   + node->nchildren],
                                      sizeof(uint32_t));
}


static ngx_inline void
civic_route_packed_ahead(const void *p, ngx_uint_t lines)
{
    ngx_uint_t  i;

    for (i = 1; i <= lines; i++) {
        __builtin_prefetch((const u_char *) p + i * CIVIC_ROUTE_PACKED_LINE);
    }
}


civic_route_packed_t *
civic_route_packed_create(ngx_pool_t *pool, const civic_route_node_t *root)
{
    size_t                size;
    civic_route_packer_t  packer;

    size = CIVIC_ROUTE_PACKED_ROOT + civic_route_packed_size(root);

    if (size > NGX_MAX_UINT32_VALUE) {
        return NULL;
    }

    packer.base = ngx_palloc(pool, size + CIVIC_ROUTE_PACKED_LINE);
    if (packer.base == NULL) {
        return NULL;
    }

    packer.base = ngx_align_ptr(packer.base, CIVIC_ROUTE_PACKED_LINE);
    packer.at = CIVIC_ROUTE_PACKED_ROOT;

    (void) civic_route_packed_add(&packer, root);

    return (civic_route_packed_t *) packer.base;
}


/* bytes that a node and all below it take at most */

static size_t
civic_route_packed_size(const civic_route_node_t *node)
{
    size_t                 size;
    ngx_uint_t             i;
    civic_route_edge_t   **edges;

    size = sizeof(civic_route_packed_node_t) + node->edge.len
           + node->nchildren * (1 + sizeof(uint32_t)) + sizeof(uint64_t);

    if (node->methods) {
        size += sizeof(civic_route_methods_t) + sizeof(uint64_t)
                + node->methods->n * sizeof(civic_route_taker_t);
    }

    for (i = 0; i < node->nchildren; i++) {
        size += civic_route_packed_size(node->children[i]);
    }

    if (node->branch == NULL) {
        return size;
    }

    size += sizeof(civic_route_packed_branch_t) + sizeof(uint64_t);
    edges = node->branch->segments.elts;

    for (i = 0; i < node->branch->segments.nelts; i++) {
        size += sizeof(civic_route_packed_segment_t)
                + civic_route_packed_size(&edges[i]->node);
    }

    if (node->branch->free) {
        size += civic_route_packed_size(node->branch->free);
    }

    if (node->branch->tail) {
        size += civic_route_packed_size(node->branch->tail);
    }

    return size;
}


static uint32_t
civic_route_packed_add(civic_route_packer_t *packer,
    const civic_route_node_t *node)
{
    size_t                      size;
    uint32_t                    at, *children;
    ngx_uint_t                  i;
    civic_route_packed_node_t  *packed;

    size = offsetof(civic_route_packed_node_t, bytes) + node->edge.len
           + node->nchildren;
    size = ngx_align(size, sizeof(uint32_t))
           + node->nchildren * sizeof(uint32_t);

    at = civic_route_packed_room(packer, size, sizeof(uint32_t));

    packed = (civic_route_packed_node_t *) (packer->base + at);
    packed->len = node->edge.len;
    packed->nchildren = node->nchildren;

    if (node->edge.len) {
        ngx_memcpy(packed->bytes, node->edge.data, node->edge.len);
    }

    if (node->nchildren) {
        ngx_memcpy(packed->bytes + node->edge.len, node->first,
                   node->nchildren);
    }

    packed->methods = civic_route_packed_add_methods(packer, node->methods);
    packed->branch = civic_route_packed_add_branch(packer, node->branch);

    children = civic_route_packed_children(packed);

    for (i = 0; i < node->nchildren; i++) {
        children[i] = civic_route_packed_add(packer, node->children[i]);
    }

    return at;
}


static uint32_t
civic_route_packed_add_methods(civic_route_packer_t *packer,
    const civic_route_methods_t *methods)
{
    size_t                  size;
    uint32_t                at;
    civic_route_methods_t  *packed;

    if (methods == NULL) {
        return 0;
    }

    size = methods->n * sizeof(civic_route_taker_t);

    at = civic_route_packed_room(packer, sizeof(civic_route_methods_t) + size,
                                 sizeof(void *));

    packed = (civic_route_methods_t *) (packer->base + at);
    *packed = *methods;
    packed->takers = (civic_route_taker_t *) (packed + 1);

    ngx_memcpy(packed->takers, methods->takers, size);

    return at;
}


static uint32_t
civic_route_packed_add_branch(civic_route_packer_t *packer,
    const civic_route_branch_t *branch)
{
    size_t                         size;
    uint32_t                       at;
    ngx_uint_t                     i;
    civic_route_edge_t           **edges;
    civic_route_packed_branch_t   *packed;

    if (branch == NULL) {
        return 0;
    }

    size = offsetof(civic_route_packed_branch_t, segments)
           + branch->segments.nelts * sizeof(civic_route_packed_segment_t);

    at = civic_route_packed_room(packer, size, sizeof(void *));

    packed = (civic_route_packed_branch_t *) (packer->base + at);
    packed->nsegments = branch->segments.nelts;

    edges = branch->segments.elts;

    for (i = 0; i < branch->segments.nelts; i++) {
        packed->segments[i].segment = &edges[i]->segment;
        packed->segments[i].node = civic_route_packed_add(packer,
                                                          &edges[i]->node);
    }

    packed->free = branch->free
                   ? civic_route_packed_add(packer, branch->free)
                   : 0;
    packed->tail = branch->tail
                   ? civic_route_packed_add_methods(packer,
                                                    branch->tail->methods)
                   : 0;

    return at;
}


static uint32_t
civic_route_packed_room(civic_route_packer_t *packer, size_t size,
    size_t align)
{
    size_t  at;

    at = ngx_align(packer->at, align);
    packer->at = at + size;

    return (uint32_t) at;
}


ngx_int_t
civic_route_packed_find(const civic_route_packed_t *packed,
    const civic_pcre_t *pcre, const ngx_str_t *path, ngx_uint_t method,
    civic_route_match_t *match)
{
    civic_route_walk_t  walk;

    walk.base = packed->bytes;
    walk.pcre = pcre;
    walk.last = path->data + path->len;
    walk.method = method;
    walk.match = match;

    return civic_route_packed_walk(&walk, CIVIC_ROUTE_PACKED_ROOT,
                                   path->data, 0);
}


/* p is the rest of the path at the node; n values are set */

static ngx_int_t
civic_route_packed_walk(const civic_route_walk_t *walk, uint32_t at,
    u_char *p, ngx_uint_t n)
{
    u_char                           *rest;
    ngx_int_t                         rc;
    const civic_route_packed_node_t  *node;

    do {
        node = (const civic_route_packed_node_t *) (walk->base + at);

        if (p == walk->last
            && civic_route_packed_methods(walk, node->methods, n) == NGX_OK)
        {
            return NGX_OK;
        }

        rest = p;
        at = civic_route_packed_child(walk, node, &p);

        if (node->branch) {

            if (at) {
                rc = civic_route_packed_walk(walk, at, p, n);

                if (rc != NGX_DECLINED) {
                    return rc;
                }
            }

            return civic_route_packed_branch(walk, node->branch, rest, n);
        }

    } while (at);

    return NGX_DECLINED;
}


static ngx_int_t
civic_route_packed_branch(const civic_route_walk_t *walk, uint32_t at,
    u_char *p, ngx_uint_t n)
{
    u_char                              *end;
    ngx_int_t                            rc;
    ngx_str_t                            text, *values;
    ngx_uint_t                           i;
    const civic_route_packed_branch_t   *branch;
    const civic_route_packed_segment_t  *item;

    values = walk->match->values;
    branch = (const civic_route_packed_branch_t *) (walk->base + at);

    /* what is below it is asked for while the segment's end is looked for */

    civic_route_packed_ahead(branch, CIVIC_ROUTE_PACKED_BRANCH_LINES);

    end = ngx_strlchr(p, walk->last, '/');
    if (end == NULL) {
        end = walk->last;
    }

    text.data = p;
    text.len = end - p;

    for (i = 0; text.len && i < branch->nsegments; i++) {

        item = &branch->segments[i];

        rc = civic_route_segment_match(item->segment, walk->pcre, &text,
                                       &values[n]);

        if (rc == NGX_OK) {
            rc = civic_route_packed_walk(walk, item->node, end,
                                         n + item->segment->nparams);
        }

        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    if (text.len && branch->free) {
        values[n] = text;

        rc = civic_route_packed_walk(walk, branch->free, end, n + 1);

        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    if (branch->tail == 0) {
        return NGX_DECLINED;
    }

    values[n].data = p;
    values[n].len = walk->last - p;

    return civic_route_packed_methods(walk, branch->tail, n + 1);
}


static ngx_int_t
civic_route_packed_methods(const civic_route_walk_t *walk, uint32_t at,
    ngx_uint_t n)
{
    if (at == 0) {
        return NGX_DECLINED;
    }

    walk->match->nvalues = n;

    return civic_route_methods_find((const civic_route_methods_t *)
                                    (walk->base + at),
                                    walk->method, walk->match);
}


/* the child that the path goes on to, or 0, and the path behind its edge */

static uint32_t
civic_route_packed_child(const civic_route_walk_t *walk,
    const civic_route_packed_node_t *node, u_char **p)
{
    size_t                            len;
    uint32_t                          at;
    const u_char                     *first, *found;
    const civic_route_packed_node_t  *child;

    if (*p == walk->last || node->nchildren == 0) {
        return 0;
    }

    first = node->bytes + node->len;

    found = memchr(first, **p, node->nchildren);
    if (found == NULL) {
        return 0;
    }

    at = civic_route_packed_children(node)[found - first];
    child = (const civic_route_packed_node_t *) (walk->base + at);

    civic_route_packed_ahead(child, CIVIC_ROUTE_PACKED_CHILD_LINES);

    len = child->len;

    if ((size_t) (walk->last - *p) < len
        || (len > 1 && ngx_memcmp(*p + 1, child->bytes + 1, len - 1) != 0))
    {
        return 0;
    }

    *p += len;

    return at;
}
