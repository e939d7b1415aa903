
/*
 * Copyright (C) Civic Gate
 *
 * How often a caller may come: policies counted in shared memory.
 *
 * This is the only header of limit/ that others may include.
 */


#ifndef _CIVIC_LIMIT_H_INCLUDED_
#define _CIVIC_LIMIT_H_INCLUDED_


#include "civic.h"


typedef enum {
    CIVIC_LIMIT_NONE = 0,              /* no policy concerned the request */
    CIVIC_LIMIT_PASSED,
    CIVIC_LIMIT_REFUSED,
    CIVIC_LIMIT_DRY_RUN                /* would have been refused */
} civic_limit_status_e;


/* steps: before authentication, and after authorisation */

ngx_int_t civic_limit_early(ngx_http_request_t *r, civic_ctx_t *ctx);
ngx_int_t civic_limit_late(ngx_http_request_t *r, civic_ctx_t *ctx);

/* RateLimit-Policy, RateLimit; called once, before headers are sent */

ngx_int_t civic_limit_add_headers(ngx_http_request_t *r, civic_ctx_t *ctx);

/*
 * The policies of a location and behind them those that `names` (ngx_str_t)
 * are, for a route that was not in the configuration.  NULL: no memory, or
 * `err` (in `pool`) says what cannot be.
 */

const civic_limit_set_t *civic_limit_rules_create(ngx_cycle_t *cycle,
    void **loc_conf, const ngx_array_t *names, const civic_pos_t *pos,
    ngx_pool_t *pool, ngx_str_t *err);

/* a policy that no civic_limit line names may be wanted all the same */

void civic_limit_rules_expect(ngx_conf_t *cf);

/* takes `size` bytes of shared memory for counters */

ngx_int_t civic_limit_zone_add(ngx_conf_t *cf, size_t size);


#endif /* _CIVIC_LIMIT_H_INCLUDED_ */
