
/*
 * Copyright (C) Civic Gate
 *
 * Finds the one value of a name in a query string, in Cookie headers, among
 * headers.  Pure.
 */


#ifndef _CIVIC_SOURCE_TEXT_H_INCLUDED_
#define _CIVIC_SOURCE_TEXT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* what was found so far; begins as zeros, with the name */

typedef struct {
    ngx_str_t               name;
    ngx_str_t               value;     /* as it stands there */
    ngx_uint_t              exact;     /* under this very name */
    ngx_uint_t              alike;     /* under one that some service takes
                                          for it */
    unsigned                unclear:1; /* where it begins, or ends */
} civic_source_found_t;


void civic_source_text_query(civic_source_found_t *found,
    const ngx_str_t *args);
void civic_source_text_cookie(civic_source_found_t *found,
    const ngx_str_t *header);
void civic_source_text_header(civic_source_found_t *found,
    const ngx_str_t *name, const ngx_str_t *value);

/* NGX_OK, NGX_DECLINED, NGX_BUSY or NGX_ABORT, as civic_source_get() has it */

ngx_int_t civic_source_text_verdict(const civic_source_found_t *found);

/* %XX and '+', once.  NGX_OK, NGX_ABORT, NGX_ERROR: no memory */

ngx_int_t civic_source_text_decode(const ngx_str_t *text, ngx_pool_t *pool,
    ngx_str_t *value);

/* NGX_OK, or NGX_ABORT: a byte that no cookie has (RFC 6265, but UTF-8) */

ngx_int_t civic_source_text_octets(const ngx_str_t *value);

/* NGX_OK, or NGX_ABORT: a control byte */

ngx_int_t civic_source_text_plain(const ngx_str_t *value);


#endif /* _CIVIC_SOURCE_TEXT_H_INCLUDED_ */
