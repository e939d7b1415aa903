
/*
 * Copyright (C) Civic Gate
 *
 * Sessions in Redis.  A session is a hash with a name of its own; tokens,
 * of which browsers have one, lead to it by their digests, and so do the
 * person and the sign-in at the provider that it is of:
 *
 *     civic:{signin:NAME}:token:DIGEST    -> session's name
 *     civic:{signin:NAME}:session:SESSION -> claims, scope, ends, ...
 *     civic:{signin:NAME}:person:DIGEST   -> names of sessions
 *     civic:{signin:NAME}:sid:DIGEST      -> names of sessions
 *     civic:{signin:NAME}:used:DIGEST     -> what may be used once
 *
 * The functions return what civic_redis_eval() does.
 */


#ifndef _CIVIC_SIGNIN_SESSION_H_INCLUDED_
#define _CIVIC_SIGNIN_SESSION_H_INCLUDED_


#include "civic_signin.h"


/* what civic_redis calls, and with what */

typedef struct {
    civic_redis_handler_pt  handler;
    void                   *data;
} civic_signin_reply_t;


typedef struct {
    ngx_str_t               token;     /* the browser's, from now on */
    ngx_str_t               before;    /* its earlier one, or empty */
    ngx_str_t               subject;
    ngx_str_t               sid;       /* or empty */
    ngx_str_t               claims;    /* JSON text */
    ngx_str_t               scope;
    ngx_str_t               id_token;  /* as it came */
    ngx_str_t               refresh_token; /* or empty; sealed in Redis */
    time_t                  issued;
} civic_signin_opening_t;


/* the reply is that of the script: see lua/redis/signin_*.lua */

civic_redis_command_t *civic_signin_session_read(const civic_signin_t *signin,
    const ngx_str_t *token, const ngx_str_t *next,
    const civic_signin_reply_t *reply);
civic_redis_command_t *civic_signin_session_open(const civic_signin_t *signin,
    const civic_signin_opening_t *opening, ngx_pool_t *pool,
    const civic_signin_reply_t *reply);
civic_redis_command_t *civic_signin_session_close(
    const civic_signin_t *signin, const ngx_str_t *token,
    const civic_signin_reply_t *reply);

/*
 * What a refresh token brought: a session that is still there gets it, texts
 * that are empty stay as they were.
 */

civic_redis_command_t *civic_signin_session_renew(
    const civic_signin_t *signin, const ngx_str_t *name,
    const civic_signin_opening_t *renewed, ngx_pool_t *pool,
    const civic_signin_reply_t *reply);

/* ends it by its name */

civic_redis_command_t *civic_signin_session_drop(const civic_signin_t *signin,
    const ngx_str_t *name, ngx_pool_t *pool,
    const civic_signin_reply_t *reply);

/* sealed, as it is in Redis: NGX_OK, NGX_DECLINED: none of ours; NGX_ERROR */

ngx_int_t civic_signin_session_unseal(const civic_signin_t *signin,
    const ngx_str_t *sealed, ngx_pool_t *pool, ngx_str_t *token);

/* those of a sign-in at the provider, or else of a person */

civic_redis_command_t *civic_signin_session_end(const civic_signin_t *signin,
    const ngx_str_t *sid, const ngx_str_t *subject, const ngx_str_t *used,
    time_t keep, ngx_pool_t *pool, const civic_signin_reply_t *reply);

/* marks a text as used: "OK", or nil if it was before */

civic_redis_command_t *civic_signin_session_use(const civic_signin_t *signin,
    const ngx_str_t *text, time_t keep, ngx_pool_t *pool,
    const civic_signin_reply_t *reply);


#endif /* _CIVIC_SIGNIN_SESSION_H_INCLUDED_ */
