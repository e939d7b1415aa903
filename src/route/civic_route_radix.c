
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
 * Here the tree grows, with pointers; lookups read the copy of it that
 * civic_route_packed.c makes of the finished one.
 */


#include "civic_route_radix.h"
#include "civic_error.h"
#include "civic_route_packed.h"


struct civic_route_radix_s {
    ngx_pool_t             *pool;
    civic_pcre_t           *pcre;
    civic_route_node_t      root;
    civic_route_packed_t   *packed;    /* NULL: not yet */
};


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

        node->methods = ngx_pcalloc(radix->pool,
                                    sizeof(civic_route_methods_t));
        if (node->methods == NULL) {
            return civic_error_no_memory(err);
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
            (void) civic_error_no_memory(err);
        }

        return node;
    }

    branch = civic_route_radix_branch(radix->pool, node);
    if (branch == NULL) {
        (void) civic_error_no_memory(err);
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
            (void) civic_error_no_memory(err);
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
        (void) civic_error_no_memory(err);
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
        (void) civic_error_no_memory(err);
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
    radix->packed = civic_route_packed_create(radix->pool, &radix->root);

    return radix->packed ? NGX_OK : NGX_ERROR;
}


ngx_int_t
civic_route_radix_find(const civic_route_radix_t *radix,
    const ngx_str_t *path, ngx_uint_t method, civic_route_match_t *match)
{
    return civic_route_packed_find(radix->packed, radix->pcre, path, method,
                                   match);
}
