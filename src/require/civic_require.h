
/*
 * Copyright (C) Civic Gate
 *
 * What a caller must be allowed to do, where he wants to do it.
 *
 * This is the only header of require/ that others may include.
 */


#ifndef _CIVIC_REQUIRE_H_INCLUDED_
#define _CIVIC_REQUIRE_H_INCLUDED_


#include "civic.h"


/* the worst that was found so far: $civic_require_status */

typedef enum {
    CIVIC_REQUIRE_NONE = 0,            /* nothing was required */
    CIVIC_REQUIRE_PASSED,
    CIVIC_REQUIRE_DRY_RUN,             /* it would have been refused */
    CIVIC_REQUIRE_REFUSED
} civic_require_status_e;


/* lines that must all be met */

typedef struct civic_require_set_s  civic_require_set_t;


/* a step: anew for every location, and for subrequests */

ngx_int_t civic_require_authorise(ngx_http_request_t *r, civic_ctx_t *ctx);

/* once locations are merged: is anything required of every caller there? */

ngx_uint_t civic_require_stated(void **loc_conf);

/*
 * `lines` (ngx_str_t, as behind civic_require) of a route that was not in
 * the configuration.  NULL: no memory, or `err` (in `pool`) says what cannot
 * be.
 */

civic_require_set_t *civic_require_create(const ngx_array_t *lines,
    const civic_pos_t *pos, void **main_conf, ngx_pool_t *pool,
    ngx_str_t *err);

/* names of the variables that civic_claim makes: ngx_str_t */

const ngx_array_t *civic_require_claims(ngx_conf_t *cf);

/* is `word` one of a list separated by single spaces? */

ngx_uint_t civic_require_granted(const ngx_str_t *word,
    const ngx_str_t *list);

/*
 * Does `region` contain `other`, or equal it?  Both are GB/T 2260, or with
 * GB/T 10114 (9, 12 digits), or the first 2 or 4 digits alone; whatever is
 * none contains nothing.
 */

ngx_uint_t civic_require_region(const ngx_str_t *region,
    const ngx_str_t *other);


#endif /* _CIVIC_REQUIRE_H_INCLUDED_ */
