
/*
 * Copyright (C) Civic Gate
 *
 * Browser sign-in for web stacks that have none: the gate is the OpenID
 * Connect relying party (code flow, PKCE), keeps the session in Redis, and
 * gives the browser a cookie that means nothing to anybody else.
 *
 *     civic_signin_method     the method "NAME" of civic_auth: whose session
 *                             is it, or off to the provider
 *     civic_signin_answer     what the gate answers itself: where the
 *                             provider sends people back, sign-out
 *     civic_signin_flow       to the provider and back
 *     civic_signin_token      ID tokens and logout tokens
 *     civic_signin_session    the commands to Redis
 */


#ifndef _CIVIC_SIGNIN_H_INCLUDED_
#define _CIVIC_SIGNIN_H_INCLUDED_


#include "civic.h"
#include "civic_issuer.h"
#include "civic_redis.h"
#include "civic_remote.h"
#include "civic_signin_flow.h"


#define CIVIC_SIGNIN_AUTH_BASIC  0
#define CIVIC_SIGNIN_AUTH_POST   1


/* a civic_signin block; frozen once the http block is read */

typedef struct {
    ngx_str_t               name;
    const civic_pos_t      *pos;

    ngx_str_t               issuer_name;
    ngx_str_t               remote_name;
    ngx_str_t               redis_name;
    civic_issuer_t         *issuer;
    civic_remote_t         *remote;
    civic_redis_t          *redis;

    ngx_str_t               origin;    /* "https://services.example.gov.cn" */
    ngx_str_t               authorize; /* of the provider, full address */
    ngx_str_t               token;     /* below the remote's url */
    ngx_str_t               end_session; /* full address; empty: none */
    ngx_str_t               client_id;
    ngx_str_t               secret;
    ngx_uint_t              client_auth; /* CIVIC_SIGNIN_AUTH_... */
    ngx_array_t            *scopes;    /* ngx_str_t */

    ngx_str_t               start;     /* own paths */
    ngx_str_t               callback;
    ngx_str_t               logout;
    ngx_str_t               backchannel;
    ngx_str_t               frontchannel;
    ngx_str_t               home;

    time_t                  ttl;
    time_t                  idle;
    time_t                  rotate;
    time_t                  refresh;   /* 0: what was said at sign-in holds */
    ngx_uint_t              insecure;

    /* made of these */

    ngx_str_t               cookie;    /* name: the session's token */
    ngx_str_t               browser;   /* name: what sign-ins are bound to */
    ngx_str_t               attributes; /* of both */
    ngx_str_t               redirect;  /* the callback, escaped */
    ngx_str_t               invitation; /* authorize, up to "&state=" */
    ngx_str_t               goodbye;   /* end_session, up to the hint; or
                                          the home page */
    ngx_str_t               authorization; /* of calls to the provider */
    ngx_str_t               prefix;    /* of all names in Redis */
    ngx_str_t               tokens;    /* likewise, of tokens */
    ngx_str_t               sessions;
    ngx_str_t               idle_text; /* s, for scripts */
    ngx_str_t               rotate_text;
    ngx_str_t               refresh_text;
    ngx_str_t               retry_text;
    ngx_str_t               ttl_text;
    civic_issuer_rules_t    rules;     /* of ID tokens and logout tokens */
    u_char                  key[CIVIC_JOSE_SEAL_KEY];
} civic_signin_t;


typedef struct {
    ngx_array_t             signins;   /* civic_signin_t * */
} civic_signin_main_conf_t;


typedef struct {
    ngx_str_t               name;      /* of civic_signin_pages */
    const civic_pos_t      *pos;
    civic_signin_t         *signin;
} civic_signin_loc_conf_t;


extern ngx_module_t  ngx_http_civic_signin_module;


/* civic_signin NAME { ... } */

char *civic_signin_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* once all is read: what the words name, and all that is made of them */

char *civic_signin_finish(ngx_conf_t *cf, civic_signin_t *signin);

/* NULL: there is none of that name */

civic_signin_t *civic_signin_find(void **main_conf, const ngx_str_t *name);

/* the content handler of civic_signin_pages */

ngx_int_t civic_signin_answer(ngx_http_request_t *r);

/* 303, its Location set, or NGX_ERROR; nobody keeps it */

ngx_int_t civic_signin_redirect(ngx_http_request_t *r, ngx_str_t *address);

/*
 * Off to the provider, and back to `path` some day: sets Location and the
 * cookie.  The status to answer with, or NGX_ERROR.
 */

ngx_int_t civic_signin_leave(ngx_http_request_t *r,
    const civic_signin_t *signin, const ngx_str_t *path);


#endif /* _CIVIC_SIGNIN_H_INCLUDED_ */
