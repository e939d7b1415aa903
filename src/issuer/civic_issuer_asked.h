
/*
 * Copyright (C) Civic Gate
 *
 * What a request waited for on behalf of its token, so that it waits once
 * for each: an issuer's keys, his answer about the token.
 */


#ifndef _CIVIC_ISSUER_ASKED_H_INCLUDED_
#define _CIVIC_ISSUER_ASKED_H_INCLUDED_


#include "civic_issuer_bearer.h"


typedef enum {
    CIVIC_ISSUER_ASKED_KEYS = 0,
    CIVIC_ISSUER_ASKED_TOKEN
} civic_issuer_asked_e;


struct civic_issuer_asked_s {
    civic_issuer_asked_t         *next;
    civic_provider_wait_t        *wait;
    const civic_issuer_t         *issuer;
    const civic_issuer_token_t   *token;
    ngx_uint_t                    what; /* civic_issuer_asked_e */
};


/* NULL: it has not waited for this yet */

civic_issuer_asked_t *civic_issuer_asked_find(const civic_issuer_bearer_t *b,
    const civic_issuer_t *issuer, civic_issuer_asked_e what);

/* NULL: no memory */

civic_issuer_asked_t *civic_issuer_asked_add(civic_issuer_bearer_t *b,
    const civic_issuer_t *issuer, civic_issuer_asked_e what);

/* does it wait now? */

ngx_uint_t civic_issuer_asked_waits(const civic_issuer_bearer_t *b);


#endif /* _CIVIC_ISSUER_ASKED_H_INCLUDED_ */
