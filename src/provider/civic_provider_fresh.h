
/*
 * Copyright (C) Civic Gate
 *
 * When a set of keys is fetched again.  Pure: times are arguments.
 */


#ifndef _CIVIC_PROVIDER_FRESH_H_INCLUDED_
#define _CIVIC_PROVIDER_FRESH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * Seconds that an answer stays fresh (RFC 9111, 4.2): "max-age" of its
 * Cache-Control less its Age; either may be empty.  -1: it does not say.
 */

int64_t civic_provider_fresh_for(const ngx_str_t *cache_control,
    const ngx_str_t *age);

/*
 * How long until the next fetch after a good answer: before the set ages,
 * which is after `refresh` or what the answer says if that is earlier, but
 * not within `cooldown`.  All in ms, `fresh` in s as above.
 */

ngx_msec_t civic_provider_fresh_next(int64_t fresh, ngx_msec_t refresh,
    ngx_msec_t cooldown);

/* after the n-th failure in a row: 1 s, 2 s, 4 s ... `cooldown` */

ngx_msec_t civic_provider_fresh_retry(ngx_uint_t failures, ngx_msec_t cooldown);


#endif /* _CIVIC_PROVIDER_FRESH_H_INCLUDED_ */
