
/*
 * Copyright (C) Civic Gate
 *
 * The only door to PCRE2: patterns are compiled once, matched with limits,
 * and nothing is allocated at a match.
 */


#ifndef _CIVIC_PCRE_H_INCLUDED_
#define _CIVIC_PCRE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#ifndef PCRE2_CODE_UNIT_WIDTH
#define PCRE2_CODE_UNIT_WIDTH  8
#endif

#include <pcre2.h>


/* backtracks after which a match is given up */

#define CIVIC_PCRE_LIMIT  10000

typedef struct civic_pcre_s  civic_pcre_t;


/* what all patterns of one owner have in common */

typedef struct {
    uint32_t              options;     /* PCRE2_... of all its patterns */
    uint32_t              captures;    /* that a match can report */
    uint32_t              heap;        /* of the interpreter, in KiB */
    ngx_uint_t            jit;
} civic_pcre_setup_t;


typedef struct {
    uint32_t              captures;
    uint32_t              match_empty; /* could match an empty string */
} civic_pcre_info_t;


/* shared by all patterns of an owner; freed by the pool.  NULL: no memory */

civic_pcre_t *civic_pcre_create(ngx_pool_t *pool,
    const civic_pcre_setup_t *setup);

/* compiles `text` and forgets it.  NGX_OK, or NGX_ERROR with `err` */

ngx_int_t civic_pcre_check(civic_pcre_t *pcre,
    const ngx_str_t *text, civic_pcre_info_t *info, ngx_str_t *err);

/*
 *     NGX_OK        *code is set, and freed by the pool
 *     NGX_DECLINED  more than PCRE2 takes in one pattern: `err` says so
 *     NGX_ERROR     `err`
 */

ngx_int_t civic_pcre_compile(civic_pcre_t *pcre,
    const ngx_str_t *text, uint32_t options, pcre2_code **code,
    ngx_str_t *err);

/* bytes that it takes */

size_t civic_pcre_size(const pcre2_code *code);

/* called by the callouts of the pattern matched next */

void civic_pcre_callout(const civic_pcre_t *pcre,
    int (*handler)(pcre2_callout_block *block, void *data), void *data);

/*
 * NGX_OK, NGX_DECLINED, or NGX_ERROR: `limit`, or another one, was hit.
 * The captures, pairs of offsets, stay until the next match.
 */

ngx_int_t civic_pcre_match(const civic_pcre_t *pcre,
    const pcre2_code *code, const ngx_str_t *subject, uint32_t limit);

/* sets value to the capture of group n; empty where it took no part */

void civic_pcre_capture(const civic_pcre_t *pcre,
    const ngx_str_t *subject, ngx_uint_t n, ngx_str_t *value);


#endif /* _CIVIC_PCRE_H_INCLUDED_ */
