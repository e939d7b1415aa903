
/*
 * Copyright (C) Civic Gate
 *
 *     refresh token  ->  the provider
 *         200            the session has new claims, and a new token
 *         400            he is no longer signed in there: the session ends
 *         anything else  it stays as it is; the next try is later.  401 is
 *                        about us: our secret is not what it was
 */


#include "civic_signin_exchange.h"
#include "civic_signin_refresh.h"
#include "civic_signin_session.h"
#include "civic_signin_token.h"
#include "civic_status.h"


typedef struct {
    ngx_pool_t             *pool;      /* the job's own */
    const civic_signin_t   *signin;
    ngx_str_t               session;
    ngx_str_t               subject;
} civic_signin_job_t;


static civic_signin_job_t *civic_signin_refresh_create(
    const civic_signin_t *signin, const ngx_str_t *session,
    const ngx_str_t *subject);
static ngx_int_t civic_signin_refresh_copy(ngx_pool_t *pool,
    const ngx_str_t *from, ngx_str_t *to);
static void civic_signin_refresh_answered(void *data, ngx_uint_t error,
    const civic_remote_response_t *response);
static ngx_int_t civic_signin_refresh_judge(civic_signin_job_t *job,
    const ngx_str_t *body);
static ngx_int_t civic_signin_refresh_token(civic_signin_job_t *job,
    civic_signin_opening_t *renewed);
static ngx_int_t civic_signin_refresh_drop(civic_signin_job_t *job);
static void civic_signin_refresh_done(void *data, ngx_uint_t error,
    const civic_value_t *reply);


void
civic_signin_refresh(const civic_signin_t *signin, const ngx_str_t *session,
    const ngx_str_t *subject, const ngx_str_t *sealed)
{
    ngx_int_t            rc;
    ngx_str_t            token;
    civic_signin_job_t  *job;

    static const civic_remote_handlers_t  handlers = {
        civic_signin_refresh_answered, NULL, NULL
    };

    job = civic_signin_refresh_create(signin, session, subject);
    if (job == NULL) {
        return;
    }

    rc = civic_signin_session_unseal(signin, sealed, job->pool, &token);

    if (rc == NGX_DECLINED) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "civic signin: a refresh token of \"%V\" was sealed "
                      "with another secret", &signin->name);
    }

    if (rc != NGX_OK
        || civic_signin_exchange_refresh(signin, &token, job->pool,
                                         &handlers, job)
           == NULL)
    {
        ngx_destroy_pool(job->pool);
    }
}


static civic_signin_job_t *
civic_signin_refresh_create(const civic_signin_t *signin,
    const ngx_str_t *session, const ngx_str_t *subject)
{
    ngx_pool_t          *pool;
    civic_signin_job_t  *job;

    pool = ngx_create_pool(4096, ngx_cycle->log);
    if (pool == NULL) {
        return NULL;
    }

    job = ngx_pcalloc(pool, sizeof(civic_signin_job_t));

    if (job == NULL
        || civic_signin_refresh_copy(pool, session, &job->session) != NGX_OK
        || civic_signin_refresh_copy(pool, subject, &job->subject) != NGX_OK)
    {
        ngx_destroy_pool(pool);
        return NULL;
    }

    job->pool = pool;
    job->signin = signin;

    return job;
}


static ngx_int_t
civic_signin_refresh_copy(ngx_pool_t *pool, const ngx_str_t *from,
    ngx_str_t *to)
{
    to->len = from->len;
    to->data = ngx_pstrdup(pool, (ngx_str_t *) from);

    return to->data ? NGX_OK : NGX_ERROR;
}


static void
civic_signin_refresh_answered(void *data, ngx_uint_t error,
    const civic_remote_response_t *response)
{
    civic_signin_job_t *job = data;

    ngx_int_t  rc;

    rc = NGX_DECLINED;

    if (error != CIVIC_REMOTE_OK) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "civic signin: the provider of \"%V\" did not answer "
                      "to a refresh token: %V", &job->signin->name,
                      civic_remote_code(error));

    } else if (response->status == NGX_HTTP_OK) {
        rc = civic_signin_refresh_judge(job, &response->body);

    } else if (response->status == NGX_HTTP_BAD_REQUEST) {
        rc = civic_signin_refresh_drop(job);

    } else {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "civic signin: the provider of \"%V\" answered %ui to "
                      "a refresh token", &job->signin->name,
                      response->status);
    }

    if (rc != NGX_OK) {
        ngx_destroy_pool(job->pool);
    }
}


/* NGX_OK: Redis has the rest */

static ngx_int_t
civic_signin_refresh_judge(civic_signin_job_t *job, const ngx_str_t *body)
{
    civic_signin_reply_t    reply;
    civic_signin_granted_t  granted;
    civic_signin_opening_t  renewed;

    if (civic_signin_exchange_read(body, job->pool, &granted) != NGX_OK) {
        return NGX_DECLINED;
    }

    ngx_memzero(&renewed, sizeof(civic_signin_opening_t));

    renewed.id_token = granted.id_token;
    renewed.scope = granted.scope;
    renewed.refresh_token = granted.refresh_token;

    if (renewed.id_token.len
        && civic_signin_refresh_token(job, &renewed) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    civic_status_count(CIVIC_METRIC_SIGNIN_REFRESHED, 1);

    reply.handler = civic_signin_refresh_done;
    reply.data = job;

    return civic_signin_session_renew(job->signin, &job->session, &renewed,
                                      job->pool, &reply)
           ? NGX_OK : NGX_ERROR;
}


/*
 * An ID token of somebody else is no news of this person.  When it was
 * issued is none either: the session counts from when he signed in, so that
 * one which was revoked does not come back by itself.
 */

static ngx_int_t
civic_signin_refresh_token(civic_signin_job_t *job,
    civic_signin_opening_t *renewed)
{
    civic_problem_e       problem;
    civic_signin_token_t  token;

    problem = civic_signin_token_id(job->signin, &renewed->id_token, NULL,
                                    job->pool, &token);

    if (problem == CIVIC_OK
        && (token.claims.subject.len != job->subject.len
            || ngx_memcmp(token.claims.subject.data, job->subject.data,
                          job->subject.len)
               != 0))
    {
        problem = CIVIC_PARTIES_DIFFER;
    }

    if (problem != CIVIC_OK) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "civic signin: an ID token of the provider of \"%V\" "
                      "was refused: %V", &job->signin->name,
                      &civic_problems[problem].code);

        /* keys that are fetched meanwhile: the next one will do */

        ngx_str_null(&renewed->id_token);

        return problem == CIVIC_KEY_UNKNOWN
               || problem == CIVIC_KEYS_UNAVAILABLE
               ? NGX_OK : NGX_DECLINED;
    }

    renewed->claims = token.payload;

    return NGX_OK;
}


static ngx_int_t
civic_signin_refresh_drop(civic_signin_job_t *job)
{
    civic_signin_reply_t  reply;

    ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                  "civic signin: the provider of \"%V\" takes a refresh "
                  "token no longer: its session ends", &job->signin->name);

    civic_status_count(CIVIC_METRIC_SIGNIN_CLOSED, 1);

    reply.handler = civic_signin_refresh_done;
    reply.data = job;

    return civic_signin_session_drop(job->signin, &job->session, job->pool,
                                     &reply)
           ? NGX_OK : NGX_ERROR;
}


/* without Redis what came is lost, as is the session with it */

static void
civic_signin_refresh_done(void *data, ngx_uint_t error,
    const civic_value_t *reply)
{
    civic_signin_job_t *job = data;

    ngx_destroy_pool(job->pool);
}
