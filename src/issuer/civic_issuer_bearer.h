
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_ISSUER_BEARER_H_INCLUDED_
#define _CIVIC_ISSUER_BEARER_H_INCLUDED_


#include "civic_issuer_token.h"


/* a token being judged, between the files of the method */

typedef struct {
    ngx_http_request_t           *request;
    civic_issuer_tokens_t        *state;
    const civic_auth_group_t     *group;
    const civic_issuer_token_t   *token;
    ngx_pool_t                   *pool;
    u_char                        digest[CIVIC_JOSE_DIGEST_LEN];
    civic_identity_t             *identity;  /* zeroed, then filled */
    const civic_issuer_t         *issuer;    /* whichever accepted it */
    const civic_issuer_t         *renew;     /* whose keys may be old */
    time_t                        until;     /* 0: good while it lasts */
    unsigned                      again:1;   /* an answer is waited for */
} civic_issuer_bearer_t;


#endif /* _CIVIC_ISSUER_BEARER_H_INCLUDED_ */
