
/*
 * Copyright (C) Civic Gate
 *
 * The pages of status/, and the configuration that chooses among them.
 */


#ifndef _CIVIC_STATUS_PAGE_H_INCLUDED_
#define _CIVIC_STATUS_PAGE_H_INCLUDED_


#include "civic_status_zone.h"
#include "civic_status_out.h"


/*
 * A page writes itself and returns the HTTP status to send it with.
 */

typedef ngx_uint_t (*civic_status_page_pt)(ngx_http_request_t *r,
    const civic_status_zone_t *zone, civic_status_out_t *out);


ngx_uint_t civic_status_page_full(ngx_http_request_t *r,
    const civic_status_zone_t *zone, civic_status_out_t *out);
ngx_uint_t civic_status_page_why(ngx_http_request_t *r,
    const civic_status_zone_t *zone, civic_status_out_t *out);
ngx_uint_t civic_status_page_metrics(ngx_http_request_t *r,
    const civic_status_zone_t *zone, civic_status_out_t *out);

/*
 * "ready", "degraded" (it serves without some of its parts), or, with 503,
 * "starting" and "stopping".
 */

const char *civic_status_page_word(ngx_http_request_t *r);


/* civic_status_redis.c: as this worker sees them */

ngx_uint_t civic_status_redis_down(ngx_http_request_t *r);

/* ,"redis":[...], or nothing where there is none */

void civic_status_redis_write(ngx_http_request_t *r,
    civic_status_out_t *out);


#endif /* _CIVIC_STATUS_PAGE_H_INCLUDED_ */
