
/*
 * Copyright (C) Civic Gate
 *
 * A page being written: a chain of buffers that grows in a request's pool.
 * A writer that runs out of memory only marks the page; whoever sends it
 * finds out, so that renderers need not check every word.
 */


#ifndef _CIVIC_STATUS_OUT_H_INCLUDED_
#define _CIVIC_STATUS_OUT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef struct {
    ngx_pool_t             *pool;
    ngx_chain_t            *first;
    ngx_chain_t           **last;
    ngx_buf_t              *buf;
    ngx_uint_t              families;  /* written so far: for the commas */
    ngx_uint_t              samples;   /* of this family, likewise */
    unsigned                failed:1;  /* no memory: the page is no good */
} civic_status_out_t;


void civic_status_out_init(civic_status_out_t *out, ngx_pool_t *pool);

/* text as it is; formats give at most `max` bytes */

void civic_status_out_text(civic_status_out_t *out, const char *text);
void civic_status_out_format(civic_status_out_t *out, size_t max,
    const char *fmt, ...);

/* a whole JSON string, with its quotes */

void civic_status_out_string(civic_status_out_t *out, const ngx_str_t *text);

/* the value of a Prometheus label, with its quotes */

void civic_status_out_label(civic_status_out_t *out, const ngx_str_t *text);

/* nanoseconds as seconds, if `nano`; else the number itself */

void civic_status_out_number(civic_status_out_t *out, uint64_t value,
    ngx_uint_t nano);

/* bytes written */

off_t civic_status_out_size(const civic_status_out_t *out);


#endif /* _CIVIC_STATUS_OUT_H_INCLUDED_ */
