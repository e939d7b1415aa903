
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_ISSUER_BEARER_H_INCLUDED_
#define _CIVIC_ISSUER_BEARER_H_INCLUDED_


#include "civic_auth_conf.h"


/* what ctx->identity points to, for auth/ itself */

typedef struct {
    civic_identity_t            identity;
    const civic_issuer_t  *issuer;
    civic_json_t               *claims;  /* parsed when first asked for */
} civic_auth_caller_t;


/* refuses for want of a credential: 401, and what kind is asked for */

ngx_int_t civic_issuer_bearer_ask(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_pos_t *pos);


#endif /* _CIVIC_ISSUER_BEARER_H_INCLUDED_ */
