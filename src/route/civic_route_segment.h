
/*
 * Copyright (C) Civic Gate
 *
 * One segment of a path that is neither plain text nor a single free
 * parameter: "{id:[0-9]+}", "{base}...{head}", "v{n}.json".
 */


#ifndef _CIVIC_ROUTE_SEGMENT_H_INCLUDED_
#define _CIVIC_ROUTE_SEGMENT_H_INCLUDED_


#include "civic_route_pattern.h"
#include "civic_pcre.h"


typedef struct {
    ngx_str_t               key;       /* its text, without names */
    ngx_str_t               head;      /* literal it begins with */
    ngx_str_t               foot;      /* literal it ends with */
    ngx_uint_t              literal;   /* bytes */
    ngx_uint_t              constrained;
    ngx_uint_t              nparams;
    pcre2_code             *code;
    u_char                  groups[CIVIC_MAX_PARAMS];
} civic_route_segment_t;


/* reads the tokens of the piece; no code yet.  NGX_OK or NGX_ERROR */

ngx_int_t civic_route_segment_init(civic_route_segment_t *segment,
    ngx_pool_t *pool, const civic_route_piece_t *piece, ngx_str_t *err);

ngx_int_t civic_route_segment_compile(civic_route_segment_t *segment,
    ngx_pool_t *pool, civic_pcre_t *pcre,
    const civic_route_piece_t *piece, ngx_str_t *err);

/* < 0: a is more specific than b; 0: they are equal but for names */

ngx_int_t civic_route_segment_cmp(const civic_route_segment_t *a,
    const civic_route_segment_t *b);

/*
 * `text` is the segment of the path.  NGX_OK: nparams values are set;
 * NGX_DECLINED; NGX_ERROR: a match limit was hit
 */

ngx_int_t civic_route_segment_match(const civic_route_segment_t *segment,
    const civic_pcre_t *pcre, const ngx_str_t *text,
    ngx_str_t *values);


#endif /* _CIVIC_ROUTE_SEGMENT_H_INCLUDED_ */
