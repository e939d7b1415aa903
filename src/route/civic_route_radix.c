
/*
 * Copyright (C) Civic Gate
 *
 * A radix tree over bytes, with branches where a segment begins.  These
 * routes
 *
 *     /docs/{id}                 /docs/{base}...{head}
 *     /docs/{id:[0-9]+}          /docs/{rest...}
 *     /docs/new                  /docs/news
 *
 * as a tree of single bytes would be (() a node, [] a node where routes
 * end):
 *
 *     () "/" () "d" () ... "/" () "n" () "e" () "w" [] "s" []
 *
 * Runs of bytes that nothing branches off are one edge, kept in the node
 * that it leads to; children are found by their edge's first byte:
 *
 *     () "/docs/" (*) "new" [] "s" []
 *
 * At (*) a segment begins, and it has a branch: what to try, in this order,
 * once the edges led nowhere:
 *
 *     (*) -- edges                                    literal text
 *       |
 *       +-- segments   {}...{}        []              more literal bytes first
 *       |              {:[0-9]+}      []
 *       +-- free       {}             []
 *       +-- tail                      [rest]
 *
 * The nodes behind segments and free have an empty edge; the next piece of
 * the pattern, always a "/", hangs on them.  When /docs/{x}/log is added,
 * the node behind free gets a child; when /do is, the edge is split:
 *
 *     () "/do" [] "cs/" (*) ...
 *
 * A lookup goes down the edges in a loop and calls itself only where there
 * is a branch to come back to: as deep as the pattern has segments.  A node
 * belongs to one pattern's beginning, hence to one place in the path, so it
 * is visited once at most, and only if all before it matched.  The first
 * node where the path ends and a route takes the method wins.
 *
 * Names of parameters are not in the tree: values are numbered in order.
 *
 * With thousands of routes a lookup costs what it waits for memory.  So the
 * finished tree is packed: behind each node lie its children's pointers and
 * first bytes, its edge and its methods, and behind them its children.
 */


#include "civic_route_radix.h"
#include "civic_route_error.h"
#include "civic_route_methods.h"
#include "civic_route_segment.h"


#define CIVIC_ROUTE_RADIX_ALIGN  8     /* of pointers */


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


struct civic_route_radix_s {
    ngx_pool_t             *pool;
    civic_pcre_t           *pcre;
    civic_route_node_t      root;
};


typedef struct {
    const civic_pcre_t        *pcre;
    u_char                    *last;   /* end of the path */
    ngx_uint_t                 method;
    civic_route_match_t       *match;
} civic_route_walk_t;


static civic_route_node_t *civic_route_radix_add_piece(
    civic_route_radix_t *radix, civic_route_node_t *node,
    const civic_route_piece_t *piece, ngx_str_t *err);
static civic_route_node_t *civic_route_radix_add_text(ngx_pool_t *pool,
    civic_route_node_t *node, ngx_str_t *text);
static civic_route_node_t *civic_route_radix_split(ngx_pool_t *pool,
    civic_route_node_t **child, size_t len);
static ngx_int_t civic_route_radix_add_child(ngx_pool_t *pool,
    civic_route_node_t *node, civic_route_node_t *child);
static civic_route_branch_t *civic_route_radix_branch(ngx_pool_t *pool,
    civic_route_node_t *node);
static civic_route_node_t *civic_route_radix_add_segment(
    civic_route_radix_t *radix, civic_route_branch_t *branch,
    const civic_route_piece_t *piece, ngx_str_t *err);
static size_t civic_route_radix_size(const civic_route_node_t *node);
static civic_route_node_t *civic_route_radix_pack_node(
    civic_route_node_t *node, u_char **p);
static void civic_route_radix_pack_body(civic_route_node_t *node, u_char **p);
static void civic_route_radix_pack_branch(civic_route_node_t *node,
    u_char **p);
static void *civic_route_radix_pack_bytes(u_char **p, const void *src,
    size_t len);
static ngx_int_t civic_route_radix_walk(const civic_route_walk_t *walk,
    const civic_route_node_t *node, u_char *p, ngx_uint_t n);
static ngx_int_t civic_route_radix_walk_branch(const civic_route_walk_t *walk,
    const civic_route_branch_t *branch, u_char *p, ngx_uint_t n);
static const civic_route_node_t *civic_route_radix_child(
    const civic_route_node_t *node, u_char **p, u_char *last);


civic_route_radix_t *
civic_route_radix_create(ngx_pool_t *pool, civic_pcre_t *pcre)
{
    civic_route_radix_t  *radix;

    radix = ngx_pcalloc(pool, sizeof(civic_route_radix_t));
    if (radix == NULL) {
        return NULL;
    }

    radix->pool = pool;
    radix->pcre = pcre;

    return radix;
}


ngx_int_t
civic_route_radix_add(civic_route_radix_t *radix, civic_route_t *route,
    const civic_route_pattern_t *pattern, ngx_str_t *err)
{
    ngx_uint_t           i;
    civic_route_node_t  *node;

    node = &radix->root;

    for (i = 0; i < pattern->npieces; i++) {

        node = civic_route_radix_add_piece(radix, node, &pattern->pieces[i],
                                           err);
        if (node == NULL) {
            return NGX_ERROR;
        }
    }

    if (node->methods == NULL) {

        node->methods = ngx_palloc(radix->pool,
                                   sizeof(civic_route_methods_t));

        if (node->methods == NULL
            || civic_route_methods_init(node->methods, radix->pool) != NGX_OK)
        {
            node->methods = NULL;
            return civic_route_no_memory(err);
        }
    }

    return civic_route_methods_add(node->methods, route, radix->pool, err);
}


/* returns the node behind the piece, made if need be; NULL with `err` */

static civic_route_node_t *
civic_route_radix_add_piece(civic_route_radix_t *radix,
    civic_route_node_t *node, const civic_route_piece_t *piece,
    ngx_str_t *err)
{
    ngx_str_t              text;
    civic_route_node_t   **behind;
    civic_route_branch_t  *branch;

    if (piece->type == CIVIC_ROUTE_LITERAL) {
        text = piece->text;

        node = civic_route_radix_add_text(radix->pool, node, &text);
        if (node == NULL) {
            (void) civic_route_no_memory(err);
        }

        return node;
    }

    branch = civic_route_radix_branch(radix->pool, node);
    if (branch == NULL) {
        (void) civic_route_no_memory(err);
        return NULL;
    }

    if (piece->type == CIVIC_ROUTE_SEGMENT) {
        return civic_route_radix_add_segment(radix, branch, piece, err);
    }

    behind = (piece->type == CIVIC_ROUTE_FREE) ? &branch->free
                                               : &branch->tail;

    if (*behind == NULL) {
        *behind = ngx_pcalloc(radix->pool, sizeof(civic_route_node_t));

        if (*behind == NULL) {
            (void) civic_route_no_memory(err);
        }
    }

    return *behind;
}


static civic_route_node_t *
civic_route_radix_add_text(ngx_pool_t *pool, civic_route_node_t *node,
    ngx_str_t *text)
{
    size_t                len;
    u_char               *found;
    civic_route_node_t  **child, *fresh;

    while (text->len) {

        found = node->nchildren ? memchr(node->first, text->data[0],
                                         node->nchildren)
                                : NULL;

        if (found == NULL) {
            fresh = ngx_pcalloc(pool, sizeof(civic_route_node_t));
            if (fresh == NULL) {
                return NULL;
            }

            fresh->edge = *text;

            if (civic_route_radix_add_child(pool, node, fresh) != NGX_OK) {
                return NULL;
            }

            return fresh;
        }

        child = &node->children[found - node->first];
        node = *child;

        for (len = 1; len < text->len && len < node->edge.len; len++) {
            if (text->data[len] != node->edge.data[len]) {
                break;
            }
        }

        if (len < node->edge.len) {
            node = civic_route_radix_split(pool, child, len);
            if (node == NULL) {
                return NULL;
            }
        }

        text->data += len;
        text->len -= len;
    }

    return node;
}


/* puts a node after the first `len` bytes of the child's edge */

static civic_route_node_t *
civic_route_radix_split(ngx_pool_t *pool, civic_route_node_t **child,
    size_t len)
{
    civic_route_node_t  *lower, *upper;

    lower = *child;

    upper = ngx_pcalloc(pool, sizeof(civic_route_node_t));
    if (upper == NULL) {
        return NULL;
    }

    upper->edge.data = lower->edge.data;
    upper->edge.len = len;

    lower->edge.data += len;
    lower->edge.len -= len;

    if (civic_route_radix_add_child(pool, upper, lower) != NGX_OK) {
        lower->edge.data -= len;
        lower->edge.len += len;
        return NULL;
    }

    *child = upper;

    return upper;
}


static ngx_int_t
civic_route_radix_add_child(ngx_pool_t *pool, civic_route_node_t *node,
    civic_route_node_t *child)
{
    u_char               *first;
    ngx_uint_t            nalloc;
    civic_route_node_t  **children;

    if (node->nchildren == node->nalloc) {

        nalloc = node->nalloc ? 2 * node->nalloc : 1;

        children = ngx_palloc(pool, nalloc * (sizeof(civic_route_node_t *)
                                              + 1));
        if (children == NULL) {
            return NGX_ERROR;
        }

        first = (u_char *) &children[nalloc];

        if (node->nchildren) {
            ngx_memcpy(children, node->children,
                       node->nchildren * sizeof(civic_route_node_t *));
            ngx_memcpy(first, node->first, node->nchildren);
        }

        node->children = children;
        node->first = first;
        node->nalloc = nalloc;
    }

    node->first[node->nchildren] = child->edge.data[0];
    node->children[node->nchildren++] = child;

    return NGX_OK;
}


static civic_route_branch_t *
civic_route_radix_branch(ngx_pool_t *pool, civic_route_node_t *node)
{
    civic_route_branch_t  *branch;

    if (node->branch) {
        return node->branch;
    }

    branch = ngx_pcalloc(pool, sizeof(civic_route_branch_t));
    if (branch == NULL) {
        return NULL;
    }

    if (ngx_array_init(&branch->segments, pool, 1,
                       sizeof(civic_route_edge_t *))
        != NGX_OK)
    {
        return NULL;
    }

    node->branch = branch;

    return branch;
}


static civic_route_node_t *
civic_route_radix_add_segment(civic_route_radix_t *radix,
    civic_route_branch_t *branch, const civic_route_piece_t *piece,
    ngx_str_t *err)
{
    ngx_int_t             rc;
    ngx_uint_t            low, high, middle;
    civic_route_edge_t   *edge, **edges;

    edge = ngx_pcalloc(radix->pool, sizeof(civic_route_edge_t));
    if (edge == NULL) {
        (void) civic_route_no_memory(err);
        return NULL;
    }

    if (civic_route_segment_init(&edge->segment, radix->pool, piece, err)
        != NGX_OK)
    {
        return NULL;
    }

    edges = branch->segments.elts;
    low = 0;
    high = branch->segments.nelts;

    while (low < high) {
        middle = (low + high) / 2;

        rc = civic_route_segment_cmp(&edge->segment, &edges[middle]->segment);

        if (rc == 0) {
            return &edges[middle]->node;
        }

        if (rc < 0) {
            high = middle;

        } else {
            low = middle + 1;
        }
    }

    if (civic_route_segment_compile(&edge->segment, radix->pool, radix->pcre,
                                    piece, err)
        != NGX_OK)
    {
        return NULL;
    }

    if (ngx_array_push(&branch->segments) == NULL) {
        (void) civic_route_no_memory(err);
        return NULL;
    }

    edges = branch->segments.elts;

    ngx_memmove(&edges[low + 1], &edges[low],
                (branch->segments.nelts - 1 - low)
                * sizeof(civic_route_edge_t *));

    edges[low] = edge;

    return &edge->node;
}


ngx_int_t
civic_route_radix_pack(civic_route_radix_t *radix)
{
    u_char  *p;

    p = ngx_palloc(radix->pool, civic_route_radix_size(&radix->root));
    if (p == NULL) {
        return NGX_ERROR;
    }

    p = ngx_align_ptr(p, CIVIC_ROUTE_RADIX_ALIGN);

    civic_route_radix_pack_body(&radix->root, &p);

    return NGX_OK;
}


/* bytes that a node and all below it take at most, once packed */

static size_t
civic_route_radix_size(const civic_route_node_t *node)
{
    size_t                 size;
    ngx_uint_t             i;
    civic_route_edge_t   **edges;

    size = sizeof(civic_route_node_t)
           + node->nchildren * (sizeof(civic_route_node_t *) + 1)
           + node->edge.len + 6 * CIVIC_ROUTE_RADIX_ALIGN;

    if (node->methods) {
        size += sizeof(civic_route_methods_t)
                + node->methods->routes.nelts * sizeof(civic_route_t *);
    }

    for (i = 0; i < node->nchildren; i++) {
        size += civic_route_radix_size(node->children[i]);
    }

    if (node->branch == NULL) {
        return size;
    }

    size += sizeof(civic_route_branch_t);
    edges = node->branch->segments.elts;

    for (i = 0; i < node->branch->segments.nelts; i++) {
        size += civic_route_radix_size(&edges[i]->node);
    }

    if (node->branch->free) {
        size += civic_route_radix_size(node->branch->free);
    }

    if (node->branch->tail) {
        size += civic_route_radix_size(node->branch->tail);
    }

    return size;
}


static civic_route_node_t *
civic_route_radix_pack_node(civic_route_node_t *node, u_char **p)
{
    node = civic_route_radix_pack_bytes(p, node, sizeof(civic_route_node_t));

    civic_route_radix_pack_body(node, p);

    return node;
}


/* all that a node leads to; the node itself stays where it is */

static void
civic_route_radix_pack_body(civic_route_node_t *node, u_char **p)
{
    ngx_uint_t    i;
    ngx_array_t  *routes;

    node->nalloc = node->nchildren;

    node->children = civic_route_radix_pack_bytes(p, node->children,
                         node->nchildren * sizeof(civic_route_node_t *));
    node->first = civic_route_radix_pack_bytes(p, node->first,
                                               node->nchildren);
    node->edge.data = civic_route_radix_pack_bytes(p, node->edge.data,
                                                   node->edge.len);

    if (node->methods) {
        node->methods = civic_route_radix_pack_bytes(p, node->methods,
                                              sizeof(civic_route_methods_t));
        routes = &node->methods->routes;
        routes->nalloc = routes->nelts;
        routes->elts = civic_route_radix_pack_bytes(p, routes->elts,
                                             routes->nelts * routes->size);
    }

    if (node->branch) {
        civic_route_radix_pack_branch(node, p);
    }

    for (i = 0; i < node->nchildren; i++) {
        node->children[i] = civic_route_radix_pack_node(node->children[i], p);
    }
}


static void
civic_route_radix_pack_branch(civic_route_node_t *node, u_char **p)
{
    ngx_uint_t              i;
    civic_route_edge_t    **edges;
    civic_route_branch_t   *branch;

    branch = civic_route_radix_pack_bytes(p, node->branch,
                                          sizeof(civic_route_branch_t));
    node->branch = branch;

    edges = branch->segments.elts;

    for (i = 0; i < branch->segments.nelts; i++) {
        civic_route_radix_pack_body(&edges[i]->node, p);
    }

    if (branch->free) {
        branch->free = civic_route_radix_pack_node(branch->free, p);
    }

    if (branch->tail) {
        branch->tail = civic_route_radix_pack_node(branch->tail, p);
    }
}


static void *
civic_route_radix_pack_bytes(u_char **p, const void *src, size_t len)
{
    u_char  *dst;

    dst = *p;

    if (len == 0) {
        return dst;
    }

    ngx_memcpy(dst, src, len);
    *p = ngx_align_ptr(dst + len, CIVIC_ROUTE_RADIX_ALIGN);

    return dst;
}


ngx_int_t
civic_route_radix_find(const civic_route_radix_t *radix,
    const ngx_str_t *path, ngx_uint_t method, civic_route_match_t *match)
{
    civic_route_walk_t  walk;

    walk.pcre = radix->pcre;
    walk.last = path->data + path->len;
    walk.method = method;
    walk.match = match;

    return civic_route_radix_walk(&walk, &radix->root, path->data, 0);
}


/* p is the rest of the path at the node; n values are set */

static ngx_int_t
civic_route_radix_walk(const civic_route_walk_t *walk,
    const civic_route_node_t *node, u_char *p, ngx_uint_t n)
{
    u_char                    *rest;
    ngx_int_t                  rc;
    const civic_route_node_t  *child;

    do {
        if (p == walk->last && node->methods
            && civic_route_methods_find(node->methods, walk->method,
                                        walk->match)
               == NGX_OK)
        {
            return NGX_OK;
        }

        rest = p;
        child = civic_route_radix_child(node, &p, walk->last);

        if (node->branch) {

            if (child) {
                rc = civic_route_radix_walk(walk, child, p, n);

                if (rc != NGX_DECLINED) {
                    return rc;
                }
            }

            return civic_route_radix_walk_branch(walk, node->branch, rest, n);
        }

        node = child;

    } while (node);

    return NGX_DECLINED;
}


static ngx_int_t
civic_route_radix_walk_branch(const civic_route_walk_t *walk,
    const civic_route_branch_t *branch, u_char *p, ngx_uint_t n)
{
    u_char               *end;
    ngx_int_t             rc;
    ngx_str_t             text, *values;
    ngx_uint_t            i;
    civic_route_edge_t  **edges;

    values = walk->match->values;

    end = ngx_strlchr(p, walk->last, '/');
    if (end == NULL) {
        end = walk->last;
    }

    text.data = p;
    text.len = end - p;

    edges = branch->segments.elts;

    for (i = 0; text.len && i < branch->segments.nelts; i++) {

        rc = civic_route_segment_match(&edges[i]->segment, walk->pcre, &text,
                                       &values[n]);

        if (rc == NGX_OK) {
            rc = civic_route_radix_walk(walk, &edges[i]->node, end,
                                        n + edges[i]->segment.nparams);
        }

        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    if (text.len && branch->free) {
        values[n] = text;

        rc = civic_route_radix_walk(walk, branch->free, end, n + 1);

        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    if (branch->tail == NULL || branch->tail->methods == NULL) {
        return NGX_DECLINED;
    }

    values[n].data = p;
    values[n].len = walk->last - p;

    return civic_route_methods_find(branch->tail->methods, walk->method,
                                    walk->match);
}


/* the child that the path goes on to, and the path behind its edge */

static const civic_route_node_t *
civic_route_radix_child(const civic_route_node_t *node, u_char **p,
    u_char *last)
{
    u_char              *found;
    civic_route_node_t  *child;

    if (*p == last || node->nchildren == 0) {
        return NULL;
    }

    found = memchr(node->first, **p, node->nchildren);
    if (found == NULL) {
        return NULL;
    }

    child = node->children[found - node->first];

    if ((size_t) (last - *p) < child->edge.len
        || ngx_memcmp(*p, child->edge.data, child->edge.len) != 0)
    {
        return NULL;
    }

    *p += child->edge.len;

    return child;
}
