
/*
 * Copyright (C) Civic Gate
 *
 * A path pattern, parsed: "/c/{base}...{head}/files/{rest...}" is
 *
 *     pieces   LITERAL  "/c/"
 *              SEGMENT  {base} "..." {head}      three tokens
 *              LITERAL  "/files/"
 *              TAIL     {rest}
 */


#ifndef _CIVIC_ROUTE_PATTERN_H_INCLUDED_
#define _CIVIC_ROUTE_PATTERN_H_INCLUDED_


#include "civic_route.h"


#define CIVIC_ROUTE_PATTERN_LEN  1024      /* the longest, in bytes */


typedef enum {
    CIVIC_ROUTE_LITERAL = 0,               /* whole segments, with slashes */
    CIVIC_ROUTE_SEGMENT,                   /* constrained or mixed */
    CIVIC_ROUTE_FREE,                      /* one segment, whatever it is */
    CIVIC_ROUTE_TAIL
} civic_route_piece_e;


/* slices of the pattern */

typedef struct {
    ngx_str_t               name;          /* empty: literal text */
    ngx_str_t               text;          /* literal, or the constraint */
    unsigned                tail:1;        /* takes what is left */
} civic_route_token_t;


typedef struct {
    civic_route_piece_e     type;
    ngx_str_t               text;          /* of a LITERAL */
    civic_route_token_t    *tokens;        /* of the others */
    ngx_uint_t              ntokens;
} civic_route_piece_t;


/*
 * A parameter has at most one literal on each side; one more is read before
 * a parameter too many is noticed.
 */

typedef struct {
    ngx_pool_t             *pool;          /* for errors */
    ngx_str_t              *err;
    ngx_str_t               text;

    ngx_uint_t              nparams;
    ngx_uint_t              ntokens;
    ngx_uint_t              npieces;
    civic_route_token_t     tokens[3 * CIVIC_MAX_PARAMS + 1];
    civic_route_piece_t     pieces[2 * CIVIC_MAX_PARAMS + 1];
} civic_route_pattern_t;


/*
 * Parses `text`, which must outlive the result.  `prefix`, or NULL, is what
 * it has to begin with.
 *
 *     NGX_OK
 *     NGX_DECLINED  it can never match a path that nginx lets through:
 *                   `err` says why
 *     NGX_ERROR     `err`, in `pool`
 */

ngx_int_t civic_route_pattern_parse(civic_route_pattern_t *pattern,
    ngx_pool_t *pool, const ngx_str_t *text, const ngx_str_t *prefix,
    ngx_str_t *err);


/*
 * Are two names of parameters one to nginx's variables, which know neither
 * capitals nor "-"?
 */

ngx_uint_t civic_route_pattern_same_name(const ngx_str_t *name,
    const ngx_str_t *other);


#endif /* _CIVIC_ROUTE_PATTERN_H_INCLUDED_ */
