
/*
 * Copyright (C) Civic Gate
 *
 * What a worker was asked for last: a small memory of its own in front of
 * the shared one, that needs neither a digest nor a lock.  It holds tokens
 * as they are, which the shared one never does.
 */


#ifndef _CIVIC_ISSUER_RECENT_H_INCLUDED_
#define _CIVIC_ISSUER_RECENT_H_INCLUDED_


#include "civic_issuer.h"


typedef struct civic_issuer_recent_s  civic_issuer_recent_t;


/* 2 MB, taken from the system as they are filled; NULL: no memory */

civic_issuer_recent_t *civic_issuer_recent_create(ngx_pool_t *pool);

/*
 * The value that was kept of this token, aligned for any type, until the
 * next civic_issuer_recent_add(); *issuer is who accepted the token, under
 * the keys and rules that he has now.  NULL: there is none.
 */

const void *civic_issuer_recent_find(const civic_issuer_recent_t *recent,
    const ngx_str_t *token, const civic_issuer_t **issuer);

/*
 * Keeps a value, `head` and `tail` one behind the other, in the place of an
 * older one; what is too long is not kept.
 */

void civic_issuer_recent_add(civic_issuer_recent_t *recent,
    const ngx_str_t *token, const civic_issuer_t *issuer,
    const ngx_str_t *head, const ngx_str_t *tail);


#endif /* _CIVIC_ISSUER_RECENT_H_INCLUDED_ */
