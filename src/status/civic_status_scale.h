
/*
 * Copyright (C) Civic Gate
 *
 * The scales that answers are counted on: known status codes, classes of
 * them, buckets of time.  Pure.
 */


#ifndef _CIVIC_STATUS_SCALE_H_INCLUDED_
#define _CIVIC_STATUS_SCALE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define CIVIC_STATUS_CODES       36    /* the last: all others */
#define CIVIC_STATUS_CLASSES     6     /* "other", "1xx", ... "5xx" */
#define CIVIC_STATUS_BUCKETS     14    /* the last: no bound */


typedef struct {
    uint64_t               ns;         /* at most */
    ngx_str_t              label;      /* in seconds */
} civic_status_bucket_t;


extern const ngx_str_t              civic_status_classes[];
extern const civic_status_bucket_t  civic_status_buckets[];


ngx_uint_t civic_status_code_index(ngx_uint_t status);

/* the status that an index stands for; 0: "other" */

ngx_uint_t civic_status_code(ngx_uint_t index);

ngx_uint_t civic_status_class_index(ngx_uint_t status);
ngx_uint_t civic_status_bucket_index(uint64_t ns);


#endif /* _CIVIC_STATUS_SCALE_H_INCLUDED_ */
