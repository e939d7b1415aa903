
/*
 * Copyright (C) Civic Gate
 *
 * This is the only header of sign/ that others may include.
 */


#ifndef _CIVIC_SIGN_RECHECK_H_INCLUDED_
#define _CIVIC_SIGN_RECHECK_H_INCLUDED_


#include "civic.h"


/*
 * Whoever was accepted by a signature: does it satisfy this location's
 * civic_signature, too?  CIVIC_OK, or what is wrong with it here.
 */

civic_problem_e civic_sign_recheck(ngx_http_request_t *r,
    const civic_identity_t *identity);


#endif /* _CIVIC_SIGN_RECHECK_H_INCLUDED_ */
