
/*
 * Copyright (C) Civic Gate
 *
 * The provider has sent somebody back.  One step after the other, and
 * nothing is believed before it is checked:
 *
 *     state, of this browser  ->  not used before (Redis)  ->  code for ID
 *     token (the provider)  ->  ID token  ->  session (Redis)  ->  the page
 *     that was asked for
 *
 * A code goes to the provider only once we know that this browser asked for
 * it, so that nobody is signed in as somebody else.
 */


#include "civic_issuer_query.h"
#include "civic_signin_cookie.h"
#include "civic_signin_exchange.h"
#include "civic_signin_token.h"
#include "civic_signin_turn.h"
#include "civic_status.h"


static ngx_int_t civic_signin_callback_arguments(civic_signin_turn_t *turn);
static ngx_int_t civic_signin_callback_said(civic_signin_turn_t *turn);
static ngx_int_t civic_signin_callback_denied(civic_signin_turn_t *turn,
    const ngx_str_t *error);
static void civic_signin_callback_used(void *data, ngx_uint_t error,
    const civic_value_t *reply);
static ngx_int_t civic_signin_callback_exchange(civic_signin_turn_t *turn);
static void civic_signin_callback_exchanged(void *data, ngx_uint_t error,
    const civic_remote_response_t *response);
static ngx_int_t civic_signin_callback_failed(civic_signin_turn_t *turn,
    ngx_uint_t error, const civic_remote_response_t *response);
static ngx_int_t civic_signin_callback_answer(civic_signin_turn_t *turn,
    const ngx_str_t *body);
static ngx_int_t civic_signin_callback_open(civic_signin_turn_t *turn);
static void civic_signin_callback_opened(void *data, ngx_uint_t error,
    const civic_value_t *reply);
static ngx_int_t civic_signin_callback_welcome(civic_signin_turn_t *turn);


ngx_int_t
civic_signin_turn_callback(civic_signin_turn_t *turn)
{
    ngx_int_t             rc;
    ngx_str_t             browser;
    ngx_http_request_t   *r;
    civic_signin_reply_t  reply;

    r = turn->request;

    rc = civic_signin_callback_arguments(turn);

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc == NGX_ABORT && turn->flow.state.len != 0) {
        return civic_signin_turn_refuse(turn, CIVIC_SIGNIN_ANSWER);
    }

    if (turn->flow.state.len == 0
        || civic_signin_cookie_find(r, &turn->signin->browser, &browser)
           != NGX_OK)
    {
        return civic_signin_turn_refuse(turn, CIVIC_SIGNIN_STATE);
    }

    rc = civic_signin_flow_end(turn->signin->key, &browser, ngx_time(),
                               r->pool, &turn->flow, &turn->path);

    if (rc == NGX_DECLINED) {
        return civic_signin_turn_refuse(turn, CIVIC_SIGNIN_STATE);
    }

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    rc = civic_signin_callback_said(turn);
    if (rc != NGX_OK) {
        return rc;
    }

    reply.handler = civic_signin_callback_used;
    reply.data = turn;

    return civic_signin_turn_await(turn,
               civic_signin_session_use(turn->signin, &turn->flow.state,
                                        CIVIC_SIGNIN_FLOW, r->pool, &reply));
}


/*
 * What came, copied; NGX_ABORT: a name came twice.  No log is to have the
 * code, and nginx writes the request line to each.
 */

static ngx_int_t
civic_signin_callback_arguments(civic_signin_turn_t *turn)
{
    ngx_int_t            rc;
    ngx_str_t            raw;
    ngx_uint_t           i;
    ngx_http_request_t  *r;

    const struct {
        const char   *name;
        ngx_str_t    *value;
    } wanted[] = {
        { "state", &turn->flow.state }, { "error", &turn->error },
        { "code", &turn->code }, { "iss", &turn->iss }
    };

    r = turn->request;
    rc = NGX_OK;

    for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {

        rc = civic_signin_turn_argument(&r->args, wanted[i].name, r->pool,
                                        wanted[i].value);

        if (rc != NGX_OK && rc != NGX_DECLINED) {
            break;
        }

        rc = NGX_OK;
    }

    if (civic_signin_turn_find(&r->args, "code", &raw) == NGX_OK) {
        civic_issuer_query_hide(r, &raw);
    }

    return rc;
}


/*
 * NGX_OK: there is a code.  "iss" (RFC 9207) says whose answer this is, where
 * the provider says so: another one's code would be sent to ours, or ours to
 * another.
 */

static ngx_int_t
civic_signin_callback_said(civic_signin_turn_t *turn)
{
    const ngx_str_t  *issuer;

    issuer = &turn->signin->issuer->rules.issuer;

    if (turn->iss.len
        && (turn->iss.len != issuer->len
            || ngx_memcmp(turn->iss.data, issuer->data, issuer->len) != 0))
    {
        return civic_signin_turn_refuse(turn, CIVIC_SIGNIN_ANSWER);
    }

    if (turn->error.len) {
        return civic_signin_callback_denied(turn, &turn->error);
    }

    return turn->code.len ? NGX_OK
                          : civic_signin_turn_refuse(turn,
                                                     CIVIC_SIGNIN_ANSWER);
}


/* the code is one of a list of words; what is said beside it is not ours */

static ngx_int_t
civic_signin_callback_denied(civic_signin_turn_t *turn,
    const ngx_str_t *error)
{
    size_t  i;

    for (i = 0; i < error->len; i++) {
        if (error->data[i] != '_'
            && (error->data[i] < 'a' || error->data[i] > 'z'))
        {
            return civic_signin_turn_refuse(turn, CIVIC_SIGNIN_ANSWER);
        }
    }

    ngx_log_error(NGX_LOG_NOTICE, turn->request->connection->log, 0,
                  "civic signin: the provider of \"%V\" says \"%*s\"",
                  &turn->signin->name, ngx_min(error->len, 64), error->data);

    return civic_signin_turn_refuse(turn, CIVIC_SIGNIN_DENIED);
}


static void
civic_signin_callback_used(void *data, ngx_uint_t error,
    const civic_value_t *reply)
{
    civic_signin_turn_t *turn = data;

    ngx_int_t  rc;

    turn->command = NULL;

    if (error != CIVIC_REDIS_OK) {
        rc = civic_signin_turn_refuse(turn, CIVIC_SIGNIN_UNAVAILABLE);

    } else if (reply->type == CIVIC_VALUE_NIL) {
        rc = civic_signin_turn_refuse(turn, CIVIC_SIGNIN_STATE);

    } else {
        rc = civic_signin_callback_exchange(turn);
    }

    civic_signin_turn_resume(turn, rc);
}


static ngx_int_t
civic_signin_callback_exchange(civic_signin_turn_t *turn)
{
    static const civic_remote_handlers_t  handlers = {
        civic_signin_callback_exchanged, NULL, NULL
    };

    turn->call = civic_signin_exchange_code(turn->signin, &turn->code,
                                            &turn->flow.verifier,
                                            turn->request->pool, &handlers,
                                            turn);

    return turn->call ? NGX_AGAIN : NGX_ERROR;
}


static void
civic_signin_callback_exchanged(void *data, ngx_uint_t error,
    const civic_remote_response_t *response)
{
    civic_signin_turn_t *turn = data;

    ngx_int_t  rc;

    turn->call = NULL;

    if (error != CIVIC_REMOTE_OK || response->status != NGX_HTTP_OK) {
        rc = civic_signin_callback_failed(turn, error, response);

    } else {
        rc = civic_signin_callback_answer(turn, &response->body);
    }

    civic_signin_turn_resume(turn, rc);
}


/* 400: the code is none of ours, or no longer; that is the browser's doing */

static ngx_int_t
civic_signin_callback_failed(civic_signin_turn_t *turn, ngx_uint_t error,
    const civic_remote_response_t *response)
{
    ngx_log_t   *log;
    ngx_uint_t   rejected;

    log = turn->request->connection->log;

    if (error != CIVIC_REMOTE_OK) {
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "civic signin: the provider of \"%V\" did not answer: "
                      "%V", &turn->signin->name, civic_remote_code(error));

        return civic_signin_turn_refuse(turn, CIVIC_SIGNIN_PROVIDER);
    }

    rejected = response->status == NGX_HTTP_BAD_REQUEST;

    ngx_log_error((rejected ? NGX_LOG_NOTICE : NGX_LOG_ERR), log, 0,
                  "civic signin: the provider of \"%V\" answered %ui to a "
                  "code", &turn->signin->name, response->status);

    return civic_signin_turn_refuse(turn, rejected ? CIVIC_SIGNIN_CODE
                                                   : CIVIC_SIGNIN_PROVIDER);
}


static ngx_int_t
civic_signin_callback_answer(civic_signin_turn_t *turn, const ngx_str_t *body)
{
    ngx_int_t                rc;
    civic_signin_granted_t   granted;
    civic_signin_opening_t  *opening;

    rc = civic_signin_exchange_read(body, turn->request->pool, &granted);

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc != NGX_OK || granted.id_token.len == 0) {
        ngx_log_error(NGX_LOG_ERR, turn->request->connection->log, 0,
                      "civic signin: the provider of \"%V\" gave no ID "
                      "token", &turn->signin->name);

        return civic_signin_turn_refuse(turn, CIVIC_SIGNIN_PROVIDER);
    }

    opening = &turn->opening;
    opening->id_token = granted.id_token;
    opening->scope = granted.scope;
    opening->refresh_token = granted.refresh_token;

    return civic_signin_callback_open(turn);
}


/* the scopes are those that were granted; "openid" says nothing here */

static ngx_int_t
civic_signin_callback_open(civic_signin_turn_t *turn)
{
    ngx_int_t                rc;
    civic_problem_e          problem;
    ngx_http_request_t      *r;
    civic_signin_reply_t     reply;
    civic_signin_token_t     token;
    civic_signin_opening_t  *opening;

    r = turn->request;
    opening = &turn->opening;

    problem = civic_signin_token_id(turn->signin, &opening->id_token,
                                    &turn->flow.nonce, r->pool, &token);

    rc = civic_signin_turn_keys(turn, problem, civic_signin_callback_open);

    if (problem == CIVIC_INTERNAL || rc != NGX_DECLINED) {
        return rc == NGX_AGAIN ? NGX_AGAIN : NGX_ERROR;
    }

    if (problem != CIVIC_OK) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "civic signin: an ID token of the provider of \"%V\" "
                      "was refused: %V", &turn->signin->name,
                      &civic_problems[problem].code);

        return civic_signin_turn_refuse(turn, CIVIC_SIGNIN_TOKEN);
    }

    opening->subject = token.claims.subject;
    opening->sid = token.sid;
    opening->claims = token.payload;
    opening->issued = token.claims.issued;

    if (civic_signin_flow_random(r->pool, &opening->token) != NGX_OK) {
        return NGX_ERROR;
    }

    if (civic_signin_cookie_find(r, &turn->signin->cookie, &opening->before)
        != NGX_OK)
    {
        ngx_str_null(&opening->before);
    }

    reply.handler = civic_signin_callback_opened;
    reply.data = turn;

    return civic_signin_turn_await(turn,
               civic_signin_session_open(turn->signin, opening, r->pool,
                                         &reply));
}


static void
civic_signin_callback_opened(void *data, ngx_uint_t error,
    const civic_value_t *reply)
{
    civic_signin_turn_t *turn = data;

    ngx_int_t  rc;

    turn->command = NULL;

    rc = error == CIVIC_REDIS_OK
         ? civic_signin_callback_welcome(turn)
         : civic_signin_turn_refuse(turn, CIVIC_SIGNIN_UNAVAILABLE);

    civic_signin_turn_resume(turn, rc);
}


static ngx_int_t
civic_signin_callback_welcome(civic_signin_turn_t *turn)
{
    ngx_str_t              address;
    ngx_http_request_t    *r;
    const civic_signin_t  *signin;

    r = turn->request;
    signin = turn->signin;

    if (civic_signin_cookie_set(r, signin, &signin->cookie,
                                &turn->opening.token,
                                CIVIC_SIGNIN_COOKIE_SESSION)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    address.len = signin->origin.len + turn->path.len;
    address.data = ngx_pnalloc(r->pool, address.len);
    if (address.data == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_sprintf(address.data, "%V%V", &signin->origin, &turn->path);

    civic_status_count(CIVIC_METRIC_SIGNIN_OPENED, 1);

    return civic_signin_turn_redirect(turn, &address);
}
