
/*
 * Copyright (C) Civic Gate
 *
 * What the gate tells about itself: counters, health, recent decisions.
 *
 * This is the only header of status/ that others may include.
 */


#ifndef _CIVIC_STATUS_H_INCLUDED_
#define _CIVIC_STATUS_H_INCLUDED_


#include "civic.h"
#include "civic_status_metrics.h"


#define CIVIC_VERSION  "0.1.0"


/*
 * Adds to a counter of this worker: one atomic addition, no lock, nothing
 * to fail.  May be called from any phase and from shared-memory code that
 * holds a lock.
 */

void civic_status_count(civic_metric_e metric, ngx_uint_t n);

/* log phase: counts the answer and remembers the decision */

void civic_status_log(ngx_http_request_t *r, civic_ctx_t *ctx);

/* takes `size` bytes of shared memory for counters and recent decisions */

ngx_int_t civic_status_zone_add(ngx_conf_t *cf, size_t size);


#endif /* _CIVIC_STATUS_H_INCLUDED_ */
