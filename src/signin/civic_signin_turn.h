
/*
 * Copyright (C) Civic Gate
 *
 * One request to one of the pages of a sign-in.  Whoever answers it may
 * have to wait for the client's body, Redis or the provider; in the end the
 * turn is finished once.  A client that leaves ends whatever is waited for.
 */


#ifndef _CIVIC_SIGNIN_TURN_H_INCLUDED_
#define _CIVIC_SIGNIN_TURN_H_INCLUDED_


#include "civic_signin.h"
#include "civic_signin_session.h"


typedef struct civic_signin_turn_s  civic_signin_turn_t;


/*
 * A step of a turn: NGX_AGAIN waits, NGX_OK: the answer was sent, a status
 * to leave with (a redirect, its Location set; or what civic_refuse() said),
 * or NGX_ERROR.
 */

typedef ngx_int_t (*civic_signin_turn_pt)(civic_signin_turn_t *turn);


struct civic_signin_turn_s {
    ngx_http_request_t     *request;
    civic_ctx_t            *ctx;
    const civic_signin_t   *signin;
    civic_redis_command_t  *command;   /* waited for, or NULL */
    civic_remote_call_t    *call;      /* waited for, or NULL */
    civic_provider_wait_t  *keys;      /* waited for, or NULL */
    civic_signin_turn_pt    renewed;   /* goes on once there are new keys;
                                          NULL: they were not waited for */

    ngx_str_t               form;      /* the body of a POST */

    /* of the callback */

    civic_signin_flow_t     flow;
    ngx_str_t               path;      /* where to go on */
    ngx_str_t               code;
    ngx_str_t               error;
    ngx_str_t               iss;
    civic_signin_opening_t  opening;

    unsigned                waited:1;  /* it is no longer nginx's phases that
                                          call */
};


ngx_int_t civic_signin_turn_callback(civic_signin_turn_t *turn);
ngx_int_t civic_signin_turn_start(civic_signin_turn_t *turn);
ngx_int_t civic_signin_turn_logout(civic_signin_turn_t *turn);
ngx_int_t civic_signin_turn_backchannel(civic_signin_turn_t *turn);
ngx_int_t civic_signin_turn_frontchannel(civic_signin_turn_t *turn);

/* from an event: goes on with what a step came to; the turn may be gone */

void civic_signin_turn_go_on(civic_signin_turn_t *turn, ngx_int_t rc);

/* the same from Redis or the provider, whose events run no posted requests */

void civic_signin_turn_resume(civic_signin_turn_t *turn, ngx_int_t rc);

/* for steps: what to return */

ngx_int_t civic_signin_turn_refuse(civic_signin_turn_t *turn,
    civic_problem_e problem);
ngx_int_t civic_signin_turn_redirect(civic_signin_turn_t *turn,
    ngx_str_t *address);
ngx_int_t civic_signin_turn_done(civic_signin_turn_t *turn);

/*
 * For a token that has this problem: NGX_AGAIN, the step is called again
 * once the provider's keys were fetched; NGX_DECLINED: newer keys would not
 * help, or cannot be had; NGX_ERROR.
 */

ngx_int_t civic_signin_turn_keys(civic_signin_turn_t *turn,
    civic_problem_e problem, civic_signin_turn_pt step);

/* NGX_AGAIN once there is a command, else NGX_ERROR: no memory */

ngx_int_t civic_signin_turn_await(civic_signin_turn_t *turn,
    civic_redis_command_t *command);

/*
 * The one value of a name in "a=b&c=d", decoded into `pool`.  NGX_OK,
 * NGX_DECLINED: there is none, NGX_ABORT: there are two; NGX_ERROR.
 */

ngx_int_t civic_signin_turn_argument(const ngx_str_t *text, const char *name,
    ngx_pool_t *pool, ngx_str_t *value);

/* likewise, where it is in the text, as it came */

ngx_int_t civic_signin_turn_find(const ngx_str_t *text, const char *name,
    ngx_str_t *raw);


#endif /* _CIVIC_SIGNIN_TURN_H_INCLUDED_ */
