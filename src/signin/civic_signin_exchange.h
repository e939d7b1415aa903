
/*
 * Copyright (C) Civic Gate
 *
 * The provider's token endpoint: something is exchanged for tokens.
 */


#ifndef _CIVIC_SIGNIN_EXCHANGE_H_INCLUDED_
#define _CIVIC_SIGNIN_EXCHANGE_H_INCLUDED_


#include "civic_signin.h"


/* in `pool`; what did not come is empty */

typedef struct {
    ngx_str_t               id_token;
    ngx_str_t               scope;
    ngx_str_t               refresh_token;
} civic_signin_granted_t;


/* as civic_remote_start(): NULL is no memory */

civic_remote_call_t *civic_signin_exchange_code(const civic_signin_t *signin,
    const ngx_str_t *code, const ngx_str_t *verifier, ngx_pool_t *pool,
    const civic_remote_handlers_t *handlers, void *data);
civic_remote_call_t *civic_signin_exchange_refresh(
    const civic_signin_t *signin, const ngx_str_t *token, ngx_pool_t *pool,
    const civic_remote_handlers_t *handlers, void *data);

/* the body of a 200: NGX_OK, NGX_DECLINED: it is no JSON; NGX_ERROR */

ngx_int_t civic_signin_exchange_read(const ngx_str_t *body, ngx_pool_t *pool,
    civic_signin_granted_t *granted);


#endif /* _CIVIC_SIGNIN_EXCHANGE_H_INCLUDED_ */
