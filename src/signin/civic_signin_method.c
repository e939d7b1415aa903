
/*
 * Copyright (C) Civic Gate
 *
 * The method "NAME" of civic_auth, NAME being a civic_signin: whose session
 * does the browser's token lead to?
 *
 *     judge --- no token: DECLINED
 *       |
 *       +------ asks Redis, parks ... woken: OK, DECLINED, or 503
 *
 * Each sign-in is asked once for a client's request.  The token is no
 * service's business: whoever has it is the person.
 */


#include "civic_auth.h"
#include "civic_auth_method.h"
#include "civic_issuer_cookie.h"
#include "civic_negotiate.h"
#include "civic_signin_cookie.h"
#include "civic_signin_refresh.h"
#include "civic_signin_session.h"
#include "civic_signin_token.h"
#include "civic_status.h"
#include "civic_wait.h"


typedef struct civic_signin_look_s  civic_signin_look_t;


struct civic_signin_look_s {
    civic_signin_look_t     *other;    /* of another sign-in, or NULL */
    const civic_signin_t    *signin;
    ngx_http_request_t      *request;  /* that asked */
    ngx_http_posted_request_t  *waiting;
    civic_redis_command_t   *command;  /* waited for, or NULL */
    civic_identity_t        *identity;
    ngx_str_t                token;
    ngx_str_t                next;     /* the token to go on with */
    ngx_int_t                rc;       /* what judge() comes to */
    civic_problem_e          problem;
};


static void *civic_signin_method_find(void **main_conf,
    const ngx_str_t *word);
static ngx_int_t civic_signin_method_judge(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_auth_group_t *group,
    civic_auth_verdict_t *verdict);
static civic_signin_look_t *civic_signin_method_look(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_signin_t *signin);
static ngx_int_t civic_signin_method_start(ngx_http_request_t *r,
    civic_signin_look_t *look);
static ngx_int_t civic_signin_method_ask(ngx_http_request_t *r,
    civic_signin_look_t *look);
static void civic_signin_method_cleanup(void *data);
static void civic_signin_method_told(void *data, ngx_uint_t error,
    const civic_value_t *reply);
static ngx_int_t civic_signin_method_read(civic_signin_look_t *look,
    const civic_value_t *reply);
static ngx_int_t civic_signin_method_tell(civic_signin_look_t *look);
static void civic_signin_method_old(civic_signin_look_t *look,
    const civic_value_t *reply);
static ngx_int_t civic_signin_method_remove(ngx_http_request_t *r,
    civic_ctx_t *ctx);
static ngx_int_t civic_signin_method_invite(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_auth_group_t *group);
static ngx_uint_t civic_signin_method_is_page(ngx_http_request_t *r);
static ngx_int_t civic_signin_method_header(ngx_http_request_t *r,
    const char *name, ngx_str_t *value);


static ngx_str_t  civic_signin_method_soon = ngx_string("1");
static ngx_str_t  civic_signin_method_private = ngx_string("private");


const civic_auth_method_t  civic_signin_method = {
    civic_signin_method_find,
    civic_signin_method_judge,
    civic_signin_method_remove,
    civic_signin_method_remove,
    NULL,
    civic_signin_method_invite
};


static void *
civic_signin_method_find(void **main_conf, const ngx_str_t *word)
{
    return civic_signin_find(main_conf, word);
}


static ngx_int_t
civic_signin_method_judge(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_auth_group_t *group, civic_auth_verdict_t *verdict)
{
    ngx_uint_t             i;
    civic_signin_t       **signin;
    civic_signin_look_t   *look;

    signin = group->objects.elts;

    for (i = 0; i < group->objects.nelts; i++) {

        look = civic_signin_method_look(r, ctx, signin[i]);
        if (look == NULL) {
            return NGX_ERROR;
        }

        switch (look->rc) {

        case NGX_OK:
            verdict->identity = look->identity;
            verdict->object = signin[i];
            return NGX_OK;

        case NGX_DECLINED:
            break;

        case NGX_AGAIN:
            return civic_wait_join(r, &look->waiting) == NGX_DONE
                   ? NGX_AGAIN : NGX_ERROR;

        default:
            verdict->problem = look->problem;
            return look->rc;
        }
    }

    return NGX_DECLINED;
}


/* what came of an earlier question, or is going to */

static civic_signin_look_t *
civic_signin_method_look(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_signin_t *signin)
{
    ngx_pool_cleanup_t   *cln;
    civic_auth_ctx_t     *auth;
    civic_signin_look_t  *look;

    auth = civic_auth_state(r, ctx);
    if (auth == NULL) {
        return NULL;
    }

    for (look = auth->slots[CIVIC_AUTH_SIGNIN].state; look;
         look = look->other)
    {
        if (look->signin == signin) {
            return look;
        }
    }

    look = ngx_pcalloc(r->main->pool, sizeof(civic_signin_look_t));
    cln = ngx_pool_cleanup_add(r->main->pool, 0);

    if (look == NULL || cln == NULL) {
        return NULL;
    }

    cln->handler = civic_signin_method_cleanup;
    cln->data = look;

    look->signin = signin;
    look->request = r;
    look->other = auth->slots[CIVIC_AUTH_SIGNIN].state;
    auth->slots[CIVIC_AUTH_SIGNIN].state = look;

    look->rc = civic_signin_method_start(r, look);

    return look;
}


static ngx_int_t
civic_signin_method_start(ngx_http_request_t *r, civic_signin_look_t *look)
{
    ngx_int_t  rc;

    rc = civic_signin_cookie_find(r, &look->signin->cookie, &look->token);

    if (rc == NGX_ABORT) {
        look->problem = CIVIC_CREDENTIALS_MALFORMED;
        return NGX_ABORT;
    }

    if (rc != NGX_OK) {
        return rc;
    }

    look->problem = civic_auth_origin_check(r);

    if (look->problem != CIVIC_OK) {
        return NGX_ABORT;
    }

    return civic_signin_method_ask(r, look);
}


static ngx_int_t
civic_signin_method_ask(ngx_http_request_t *r, civic_signin_look_t *look)
{
    civic_signin_reply_t  reply;

    if (civic_signin_flow_random(r->main->pool, &look->next) != NGX_OK) {
        return NGX_ERROR;
    }

    reply.handler = civic_signin_method_told;
    reply.data = look;

    look->command = civic_signin_session_read(look->signin, &look->token,
                                              &look->next, &reply);

    return look->command ? NGX_AGAIN : NGX_ERROR;
}


static void
civic_signin_method_cleanup(void *data)
{
    civic_signin_look_t *look = data;

    if (look->command) {
        civic_redis_cancel(look->command);
        look->command = NULL;
    }
}


static void
civic_signin_method_told(void *data, ngx_uint_t error,
    const civic_value_t *reply)
{
    civic_signin_look_t *look = data;

    look->command = NULL;

    if (error != CIVIC_REDIS_OK) {
        look->problem = CIVIC_SIGNIN_UNAVAILABLE;
        look->rc = civic_headers_out_add(look->request->main, "Retry-After",
                                         &civic_signin_method_soon)
                   ? NGX_ABORT : NGX_ERROR;

    } else if (reply->type == CIVIC_VALUE_NIL) {
        civic_status_count(CIVIC_METRIC_SIGNIN_UNKNOWN, 1);
        look->rc = NGX_DECLINED;

    } else {
        look->rc = civic_signin_method_read(look, reply);
    }

    civic_wait_wake_all(&look->waiting);
}


/* what lua/redis/signin_read.lua answers */

static ngx_int_t
civic_signin_method_read(civic_signin_look_t *look,
    const civic_value_t *reply)
{
    time_t               issued, ends;
    ngx_str_t            text[4], claims, scope;
    ngx_uint_t           i;
    ngx_pool_t          *pool;
    ngx_http_request_t  *r;

    r = look->request;
    pool = r->main->pool;

    for (i = 0; i < 4; i++) {

        if (civic_value_string(civic_value_item(reply, i), &text[i])
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    issued = ngx_atotm(text[2].data, text[2].len);
    ends = ngx_atotm(text[3].data, text[3].len);

    claims.len = text[0].len;
    claims.data = ngx_pstrdup(pool, &text[0]);
    scope.len = text[1].len;
    scope.data = ngx_pstrdup(pool, &text[1]);
    look->identity = ngx_pcalloc(pool, sizeof(civic_identity_t));

    if (claims.data == NULL || scope.data == NULL || look->identity == NULL
        || issued == NGX_ERROR || ends == NGX_ERROR)
    {
        return NGX_ERROR;
    }

    look->problem = civic_signin_token_identity(look->signin, &claims, &scope,
                                                issued, ends, pool,
                                                look->identity);
    if (look->problem != CIVIC_OK) {
        return look->problem == CIVIC_INTERNAL ? NGX_ERROR : NGX_ABORT;
    }

    civic_signin_method_old(look, reply);

    reply = civic_value_item(reply, 4);

    if (reply == NULL || reply->type != CIVIC_VALUE_NUMBER
        || reply->u.number == 0 || r->main->header_sent)
    {
        return NGX_OK;
    }

    return civic_signin_method_tell(look);
}


/* the next token, in an answer that no shared cache may keep */

static ngx_int_t
civic_signin_method_tell(civic_signin_look_t *look)
{
    ngx_http_request_t  *r;

    r = look->request;

    if (civic_headers_out_add(r->main, "Cache-Control",
                              &civic_signin_method_private)
        == NULL)
    {
        return NGX_ERROR;
    }

    return civic_signin_cookie_set(r, look->signin, &look->signin->cookie,
                                   &look->next, CIVIC_SIGNIN_COOKIE_SESSION);
}


/* whoever finds the claims old has them refreshed, and goes on */

static void
civic_signin_method_old(civic_signin_look_t *look,
    const civic_value_t *reply)
{
    ngx_str_t  name, sealed;

    if (civic_value_string(civic_value_item(reply, 5), &name) == NGX_OK
        && civic_value_string(civic_value_item(reply, 6), &sealed) == NGX_OK)
    {
        civic_signin_refresh(look->signin, &name, &look->identity->subject,
                             &sealed);
    }
}


static ngx_int_t
civic_signin_method_remove(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    civic_auth_ctx_t     *auth;
    civic_signin_look_t  *look;

    auth = civic_auth_state(r, ctx);
    if (auth == NULL) {
        return NGX_ERROR;
    }

    for (look = auth->slots[CIVIC_AUTH_SIGNIN].state; look;
         look = look->other)
    {
        if (civic_issuer_cookie_remove(r, &look->signin->cookie) != NGX_OK
            || civic_issuer_cookie_remove(r, &look->signin->browser)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* to the first of the line's sign-ins, if it is a page that was asked for */

static ngx_int_t
civic_signin_method_invite(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_auth_group_t *group)
{
    civic_signin_t  **signin;

    if (r != r->main || !civic_signin_method_is_page(r)) {
        return NGX_DECLINED;
    }

    signin = group->objects.elts;

    return civic_signin_leave(r, signin[0], &r->unparsed_uri);
}


/*
 * Browsers of today say so in Sec-Fetch-*; where they do not (an address
 * without TLS), whoever wants HTML is one who looks at a page.
 */

static ngx_uint_t
civic_signin_method_is_page(ngx_http_request_t *r)
{
    ngx_str_t  mode, dest, accept;

    static const ngx_str_t  html = ngx_string("text/html");

    if (r->method != NGX_HTTP_GET || r->headers_in.upgrade != NULL) {
        return 0;
    }

    if (civic_signin_method_header(r, "sec-fetch-mode", &mode) == NGX_OK) {

        return mode.len == 8 && ngx_memcmp(mode.data, "navigate", 8) == 0
               && civic_signin_method_header(r, "sec-fetch-dest", &dest)
                  == NGX_OK
               && dest.len == 8
               && ngx_memcmp(dest.data, "document", 8) == 0;
    }

    /* a mere wildcard is what programs send */

    return civic_signin_method_header(r, "x-requested-with", &mode)
           != NGX_OK
           && civic_signin_method_header(r, "accept", &accept) == NGX_OK
           && ngx_strlcasestrn(accept.data, accept.data + accept.len,
                               (u_char *) "text/html", 9 - 1)
              != NULL
           && civic_negotiate_media(&accept, &html) > 0;
}


static ngx_int_t
civic_signin_method_header(ngx_http_request_t *r, const char *name,
    ngx_str_t *value)
{
    ngx_str_t  wanted;

    wanted.data = (u_char *) name;
    wanted.len = ngx_strlen(name);

    return civic_headers_in_find(r, civic_headers_in_named, &wanted, value)
           == NGX_DECLINED ? NGX_DECLINED : NGX_OK;
}
