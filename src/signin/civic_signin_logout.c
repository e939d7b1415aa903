
/*
 * Copyright (C) Civic Gate
 *
 * The end of sessions: a person signs out here (RP-Initiated Logout), or
 * did so elsewhere, of which the provider tells us itself (Back-Channel
 * Logout) or by way of the browser (Front-Channel Logout).
 */


#include "civic_auth.h"
#include "civic_signin_cookie.h"
#include "civic_signin_token.h"
#include "civic_signin_turn.h"
#include "civic_status.h"


static void civic_signin_logout_closed(void *data, ngx_uint_t error,
    const civic_value_t *reply);
static ngx_int_t civic_signin_logout_leave(civic_signin_turn_t *turn,
    const ngx_str_t *hint);
static void civic_signin_logout_ended(void *data, ngx_uint_t error,
    const civic_value_t *reply);


ngx_int_t
civic_signin_turn_logout(civic_signin_turn_t *turn)
{
    ngx_int_t             rc;
    ngx_str_t             token;
    civic_problem_e       problem;
    civic_signin_reply_t  reply;

    static const ngx_str_t  none = ngx_null_string;

    /* a link of our own pages will do, one of another site's will not */

    problem = civic_auth_origin_own(turn->request);

    if (problem != CIVIC_OK) {
        return civic_signin_turn_refuse(turn, problem);
    }

    rc = civic_signin_cookie_find(turn->request, &turn->signin->cookie,
                                  &token);

    if (rc == NGX_ABORT) {
        return civic_signin_turn_refuse(turn, CIVIC_CREDENTIALS_MALFORMED);
    }

    if (rc != NGX_OK) {
        return civic_signin_logout_leave(turn, &none);
    }

    reply.handler = civic_signin_logout_closed;
    reply.data = turn;

    return civic_signin_turn_await(turn,
               civic_signin_session_close(turn->signin, &token, &reply));
}


static void
civic_signin_logout_closed(void *data, ngx_uint_t error,
    const civic_value_t *reply)
{
    civic_signin_turn_t *turn = data;

    ngx_int_t  rc;
    ngx_str_t  hint;

    turn->command = NULL;

    if (error != CIVIC_REDIS_OK) {
        rc = civic_signin_turn_refuse(turn, CIVIC_SIGNIN_UNAVAILABLE);

    } else {
        if (civic_value_string(reply, &hint) != NGX_OK) {
            ngx_str_null(&hint);

        } else {
            civic_status_count(CIVIC_METRIC_SIGNIN_CLOSED, 1);
        }

        rc = civic_signin_logout_leave(turn, &hint);
    }

    civic_signin_turn_resume(turn, rc);
}


/* the ID token tells the provider whose session it is to end there */

static ngx_int_t
civic_signin_logout_leave(civic_signin_turn_t *turn, const ngx_str_t *hint)
{
    u_char                *p;
    ngx_str_t              address;
    ngx_http_request_t    *r;
    const civic_signin_t  *signin;

    static const ngx_str_t  none = ngx_null_string;

    r = turn->request;
    signin = turn->signin;

    if (civic_signin_cookie_set(r, signin, &signin->cookie, &none, 0)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    address.data = ngx_pnalloc(r->pool, signin->goodbye.len + hint->len
                                        + sizeof("&id_token_hint="));
    if (address.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_sprintf(address.data, "%V", &signin->goodbye);

    if (hint->len && signin->end_session.len) {
        p = ngx_sprintf(p, "&id_token_hint=%V", hint);
    }

    address.len = p - address.data;

    return civic_signin_turn_redirect(turn, &address);
}


/* logout_token=JWT, from the provider's server to ours */

ngx_int_t
civic_signin_turn_backchannel(civic_signin_turn_t *turn)
{
    ngx_int_t              rc;
    ngx_str_t              text;
    ngx_pool_t            *pool;
    civic_problem_e        problem;
    civic_signin_reply_t   reply;
    civic_signin_token_t   token;

    pool = turn->request->pool;

    if (civic_signin_turn_argument(&turn->form, "logout_token", pool, &text)
        != NGX_OK)
    {
        return civic_signin_turn_refuse(turn, CIVIC_SIGNIN_LOGOUT_TOKEN);
    }

    problem = civic_signin_token_logout(turn->signin, &text, pool, &token);

    rc = civic_signin_turn_keys(turn, problem,
                                civic_signin_turn_backchannel);

    if (problem == CIVIC_INTERNAL || rc != NGX_DECLINED) {
        return rc == NGX_AGAIN ? NGX_AGAIN : NGX_ERROR;
    }

    if (problem != CIVIC_OK) {
        ngx_log_error(NGX_LOG_NOTICE, turn->request->connection->log, 0,
                      "civic signin: a logout token for \"%V\" was refused: "
                      "%V", &turn->signin->name,
                      &civic_problems[problem].code);

        return civic_signin_turn_refuse(turn, CIVIC_SIGNIN_LOGOUT_TOKEN);
    }

    reply.handler = civic_signin_logout_ended;
    reply.data = turn;

    return civic_signin_turn_await(turn,
               civic_signin_session_end(turn->signin, &token.sid,
                                        &token.claims.subject,
                                        &token.claims.token,
                                        token.claims.expires - ngx_time()
                                        + turn->signin->rules.leeway,
                                        pool, &reply));
}


/* ?iss=...&sid=... in a frame of the provider's: who knows the sid may */

ngx_int_t
civic_signin_turn_frontchannel(civic_signin_turn_t *turn)
{
    ngx_str_t              iss, sid;
    ngx_pool_t            *pool;
    const ngx_str_t       *args, *issuer;
    civic_signin_reply_t   reply;

    static const ngx_str_t  none = ngx_null_string;

    pool = turn->request->pool;
    args = &turn->request->args;
    issuer = &turn->signin->issuer->rules.issuer;

    if (civic_signin_turn_argument(args, "iss", pool, &iss) != NGX_OK
        || civic_signin_turn_argument(args, "sid", pool, &sid) != NGX_OK
        || sid.len == 0
        || iss.len != issuer->len
        || ngx_memcmp(iss.data, issuer->data, iss.len) != 0)
    {
        return civic_signin_turn_refuse(turn, CIVIC_SIGNIN_LOGOUT_TOKEN);
    }

    reply.handler = civic_signin_logout_ended;
    reply.data = turn;

    return civic_signin_turn_await(turn,
               civic_signin_session_end(turn->signin, &sid, &none, &none, 1,
                                        pool, &reply));
}


static void
civic_signin_logout_ended(void *data, ngx_uint_t error,
    const civic_value_t *reply)
{
    civic_signin_turn_t *turn = data;

    double     ended;
    ngx_int_t  rc;

    turn->command = NULL;

    if (error != CIVIC_REDIS_OK) {
        rc = civic_signin_turn_refuse(turn, CIVIC_SIGNIN_UNAVAILABLE);

    } else {
        if (civic_value_number(reply, &ended) == NGX_OK && ended > 0) {
            civic_status_count(CIVIC_METRIC_SIGNIN_CLOSED,
                               (ngx_uint_t) ended);
        }

        rc = civic_signin_turn_done(turn);
    }

    civic_signin_turn_resume(turn, rc);
}
