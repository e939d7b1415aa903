
/*
 * Copyright (C) Civic Gate
 *
 * What was taken back before it expired: tokens, people, applications, or
 * everything issued before a moment.
 *
 * This is the only header of revoke/ that others may include.
 */


#ifndef _CIVIC_REVOKE_H_INCLUDED_
#define _CIVIC_REVOKE_H_INCLUDED_


#include "civic.h"


/*
 * CIVIC_OK, TOKEN_REVOKED, or REVOCATIONS_UNKNOWN: no list was ever read.
 * No lock and no allocation; with nothing revoked, one comparison.
 */

civic_problem_e civic_revoke_check(ngx_http_request_t *r,
    const civic_identity_t *identity);


#endif /* _CIVIC_REVOKE_H_INCLUDED_ */
