
/*
 * Copyright (C) Civic Gate
 *
 * The head of an answer, line by line.  Pure.
 */


#ifndef _CIVIC_REMOTE_HEAD_H_INCLUDED_
#define _CIVIC_REMOTE_HEAD_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define CIVIC_REMOTE_HEAD_BYTES  65536 /* with interim answers and trailers */
#define CIVIC_REMOTE_HEAD_LINES  128


typedef struct {
    ngx_pool_t              *pool;
    ngx_array_t              headers;  /* ngx_keyval_t */
    ngx_uint_t               status;
    size_t                   bytes;    /* of all lines so far */
    unsigned                 done:1;   /* the final answer's head is there */
} civic_remote_head_t;


ngx_int_t civic_remote_head_init(civic_remote_head_t *head,
    ngx_pool_t *pool);

/*
 * One line, with its line end or without.
 *
 *     NGX_OK        go on
 *     NGX_DONE      that was the last one: status and headers are set
 *     NGX_BUSY      more than the bounds above
 *     NGX_DECLINED  not HTTP
 *     NGX_ERROR     no memory
 */

ngx_int_t civic_remote_head_line(civic_remote_head_t *head,
    const ngx_str_t *line);


#endif /* _CIVIC_REMOTE_HEAD_H_INCLUDED_ */
