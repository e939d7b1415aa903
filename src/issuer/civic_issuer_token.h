
/*
 * Copyright (C) Civic Gate
 *
 * The token of a request, wherever it stands.
 */


#ifndef _CIVIC_ISSUER_TOKEN_H_INCLUDED_
#define _CIVIC_ISSUER_TOKEN_H_INCLUDED_


#include "civic_auth_method.h"
#include "civic_issuer.h"


#define CIVIC_ISSUER_TOKENS  4         /* remembered of one request */


typedef struct {
    civic_issuer_place_t    place;
    ngx_str_t               text;
} civic_issuer_token_t;


typedef struct civic_issuer_asked_s  civic_issuer_asked_t;


/*
 * The state of the method: tokens seen so far, since by the second location
 * the header may be gone, and the address is rid of them from the start.
 */

typedef struct {
    civic_issuer_token_t    tokens[CIVIC_ISSUER_TOKENS];
    ngx_uint_t              ntokens;
    const civic_issuer_token_t  *used;
    civic_issuer_asked_t   *asked;     /* what was waited for */
    unsigned                twice:1;   /* in the address */
} civic_issuer_tokens_t;


/*
 * The one token in the places of the group's issuers.  CIVIC_OK,
 * CREDENTIALS_MISSING, CREDENTIALS_MALFORMED (two, or no token at all),
 * TOKEN_TOO_LARGE, ORIGIN_REFUSED or INTERNAL.
 */

civic_problem_e civic_issuer_token_find(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_auth_group_t *group,
    const civic_issuer_token_t **token);

/* does the issuer take tokens from there? */

ngx_uint_t civic_issuer_token_allowed(const civic_issuer_t *issuer,
    const civic_issuer_place_t *place);

/* ... and is "iss" his?  Several issuers may have the same one */

ngx_uint_t civic_issuer_token_takes(const civic_issuer_t *issuer,
    const ngx_str_t *iss, const civic_issuer_place_t *place);

/* of a method: see civic_auth_method.h */

ngx_int_t civic_issuer_token_remove(ngx_http_request_t *r, civic_ctx_t *ctx);
ngx_int_t civic_issuer_token_pass(ngx_http_request_t *r, civic_ctx_t *ctx);

/* RFC 6750, 2.1: may it stand behind "Bearer" at all, a token or not? */

ngx_uint_t civic_issuer_token68(const ngx_str_t *text);


#endif /* _CIVIC_ISSUER_TOKEN_H_INCLUDED_ */
