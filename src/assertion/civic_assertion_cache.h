
/*
 * Copyright (C) Civic Gate
 *
 * Assertions that this worker has signed, by a digest of all that they say.
 * Bounded; what is due soonest makes room.
 */


#ifndef _CIVIC_ASSERTION_CACHE_H_INCLUDED_
#define _CIVIC_ASSERTION_CACHE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_jose_digest.h"


/* NULL: none, or it is time for a new one; valid until the next add */

const ngx_str_t *civic_assertion_cache_find(
    const u_char key[CIVIC_JOSE_DIGEST_LEN], time_t now);

/* a copy is kept, if there is memory for it */

void civic_assertion_cache_add(const u_char key[CIVIC_JOSE_DIGEST_LEN],
    const ngx_str_t *token, time_t renew);

/* all of it, when the process ends */

void civic_assertion_cache_free(void);


#endif /* _CIVIC_ASSERTION_CACHE_H_INCLUDED_ */
