
/*
 * Copyright (C) Civic Gate
 *
 * Claims grow old: with its refresh token (RFC 6749, 6) the gate asks the
 * provider what it says of a person now.  The request that found them old
 * goes on with them; nobody waits.  The job belongs to no request, since a
 * refresh token is good for once: whoever asked must also keep what came.
 */


#ifndef _CIVIC_SIGNIN_REFRESH_H_INCLUDED_
#define _CIVIC_SIGNIN_REFRESH_H_INCLUDED_


#include "civic_signin.h"


/* all three are copied; what goes wrong is logged */

void civic_signin_refresh(const civic_signin_t *signin,
    const ngx_str_t *session, const ngx_str_t *subject,
    const ngx_str_t *sealed);


#endif /* _CIVIC_SIGNIN_REFRESH_H_INCLUDED_ */
