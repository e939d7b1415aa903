
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_REQUIRE_CHECK_H_INCLUDED_
#define _CIVIC_REQUIRE_CHECK_H_INCLUDED_


#include "civic_require_rule.h"


/*
 * Is the rule met?  CIVIC_OK, or why not: CREDENTIALS_MISSING where nobody
 * is known and somebody has to be, INTERNAL where there is no memory.
 */

civic_problem_e civic_require_check(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_require_rule_t *rule);

/* has whoever calls one of these words in `list`? */

ngx_uint_t civic_require_check_any(const ngx_array_t *words,
    const ngx_str_t *list);


#endif /* _CIVIC_REQUIRE_CHECK_H_INCLUDED_ */
