
/*
 * Copyright (C) Civic Gate
 *
 * From the gate to the provider and back.  Nothing is kept between: `state`
 * is sealed with what the browser has, and says where to go on; nonce and
 * PKCE's verifier (RFC 7636) follow from both.  So visitors who never come
 * back cost nothing, and what another browser began cannot be ended here.
 */


#ifndef _CIVIC_SIGNIN_FLOW_H_INCLUDED_
#define _CIVIC_SIGNIN_FLOW_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_jose_seal.h"


#define CIVIC_SIGNIN_RANDOM    43      /* 256 bits in base64url */
#define CIVIC_SIGNIN_FLOW      600     /* s: as long as one may take */
#define CIVIC_SIGNIN_PATH_MAX  1024    /* bytes; longer: to the home page */


typedef struct {
    ngx_str_t               state;
    ngx_str_t               nonce;
    ngx_str_t               verifier;
    ngx_str_t               challenge; /* S256 */
} civic_signin_flow_t;


/* `browser` and `path` are any text.  NGX_OK or NGX_ERROR */

ngx_int_t civic_signin_flow_begin(const u_char key[CIVIC_JOSE_SEAL_KEY],
    const ngx_str_t *browser, const ngx_str_t *path, time_t now,
    ngx_pool_t *pool, civic_signin_flow_t *flow);

/*
 * With flow->state as it came back: NGX_OK and the rest of `flow`, NGX_ERROR,
 * or NGX_DECLINED: not ours, of another browser, or too old.
 */

ngx_int_t civic_signin_flow_end(const u_char key[CIVIC_JOSE_SEAL_KEY],
    const ngx_str_t *browser, time_t now, ngx_pool_t *pool,
    civic_signin_flow_t *flow, ngx_str_t *path);

/* 256 random bits in base64url, in `pool` */

ngx_int_t civic_signin_flow_random(ngx_pool_t *pool, ngx_str_t *text);

/* could that be such? */

ngx_uint_t civic_signin_flow_is_random(const ngx_str_t *text);

/* a path of this origin, to go to, that no browser takes for another's? */

ngx_uint_t civic_signin_flow_is_path(const ngx_str_t *path);


#endif /* _CIVIC_SIGNIN_FLOW_H_INCLUDED_ */
