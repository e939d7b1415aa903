
/*
 * Copyright (C) Civic Gate
 *
 * The values of civic_limit_policy that are numbers.  Pure.
 */


#ifndef _CIVIC_LIMIT_POLICY_VALUE_H_INCLUDED_
#define _CIVIC_LIMIT_POLICY_VALUE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * "50r/s", "r/m", "r/h" or "r/d": so many in a period of nanoseconds.
 * "20": a burst.  NGX_ERROR: `*err` says, in words that follow the value,
 * what is wrong with it.
 */

ngx_int_t civic_limit_policy_value_rate(const ngx_str_t *text,
    uint64_t *count, uint64_t *period, const char **err);
ngx_int_t civic_limit_policy_value_burst(const ngx_str_t *text,
    uint64_t *burst, const char **err);


#endif /* _CIVIC_LIMIT_POLICY_VALUE_H_INCLUDED_ */
