
/*
 * Copyright (C) Civic Gate
 *
 * Who is calling: the step that asks the methods of a location's civic_auth
 * for what the request brought, anew at every location it comes to.  What
 * one location accepted serves on where the same word is accepted again.
 *
 * A credential that came and is wrong refuses the request, whatever else
 * came with it.  Why is for the operator only; no credential is logged.
 */


#include "civic_auth_conf.h"
#include "civic_auth_headers.h"
#include "civic_auth_turn.h"
#include "civic_cert.h"
#include "civic_revoke.h"
#include "civic_sign_recheck.h"
#include "civic_status.h"


static ngx_int_t civic_auth_step_judge(ngx_http_request_t *r,
    civic_ctx_t *ctx, civic_auth_loc_conf_t *alcf,
    const civic_auth_policy_t *policy, civic_auth_verdict_t *verdicts);
static ngx_int_t civic_auth_step_ask_method(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_auth_group_t *group,
    civic_auth_verdict_t *verdict);
static ngx_uint_t civic_auth_step_known(const civic_auth_ctx_t *auth,
    const civic_auth_group_t *group, civic_auth_verdict_t *verdict);
static ngx_int_t civic_auth_step_choose(ngx_http_request_t *r,
    civic_ctx_t *ctx, civic_auth_loc_conf_t *alcf,
    const civic_auth_policy_t *policy, const civic_auth_verdict_t *verdicts);
static const civic_auth_choice_t *civic_auth_step_choice(
    const civic_auth_policy_t *policy, const civic_auth_verdict_t *verdicts);
static ngx_int_t civic_auth_step_accept(ngx_http_request_t *r,
    civic_ctx_t *ctx, civic_auth_loc_conf_t *alcf,
    const civic_auth_policy_t *policy, const civic_auth_choice_t *choice,
    const civic_auth_verdict_t *verdicts);
static ngx_int_t civic_auth_step_settle(ngx_http_request_t *r,
    civic_ctx_t *ctx, civic_identity_t *identity,
    civic_auth_status_e status);
static ngx_int_t civic_auth_step_credentials(ngx_http_request_t *r,
    civic_ctx_t *ctx, civic_auth_loc_conf_t *alcf,
    const civic_auth_policy_t *policy, const civic_auth_verdict_t *verdicts);
static ngx_int_t civic_auth_step_absent(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_auth_policy_t *policy,
    ngx_uint_t nothing);
static ngx_int_t civic_auth_step_refuse(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_auth_policy_t *policy,
    const civic_auth_method_t *method, civic_problem_e problem);


/* what is asked of whoever was accepted, by whatever method */

static civic_problem_e  (*civic_auth_step_checks[])(ngx_http_request_t *r,
    const civic_identity_t *identity) = {
    civic_revoke_check,
    civic_sign_recheck,
    civic_cert_binding_check,
    NULL
};


ngx_int_t
civic_auth_authenticate(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    civic_auth_verdict_t        verdicts[CIVIC_AUTH_METHODS];
    civic_auth_loc_conf_t      *alcf;
    const civic_auth_policy_t  *policy;

    alcf = ngx_http_get_module_loc_conf(r, ngx_http_civic_auth_module);

    if (alcf->closed) {
        return civic_refuse(ctx, CIVIC_NO_ROUTE, &alcf->pos);
    }

    policy = civic_auth_policy_get(r, ctx);

    if (policy == NULL) {
        return civic_auth_step_settle(r, ctx, NULL, CIVIC_AUTH_NONE);
    }

    return civic_auth_step_judge(r, ctx, alcf, policy, verdicts);
}


static ngx_int_t
civic_auth_step_judge(ngx_http_request_t *r, civic_ctx_t *ctx,
    civic_auth_loc_conf_t *alcf, const civic_auth_policy_t *policy,
    civic_auth_verdict_t *verdicts)
{
    ngx_int_t            rc;
    ngx_uint_t           i;
    civic_auth_group_t  *group;

    group = policy->groups->elts;

    for (i = 0; i < policy->groups->nelts; i++) {

        rc = civic_auth_step_ask_method(r, ctx, &group[i], &verdicts[i]);

        switch (rc) {

        case NGX_OK:
        case NGX_DECLINED:
            break;

        case NGX_AGAIN:
            return NGX_DONE;

        case NGX_ABORT:
            return civic_auth_step_refuse(r, ctx, policy,
                                          civic_auth_methods[group[i].method],
                                          verdicts[i].problem);

        default:
            return NGX_ERROR;
        }
    }

    return civic_auth_step_choose(r, ctx, alcf, policy, verdicts);
}


static ngx_int_t
civic_auth_step_ask_method(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_auth_group_t *group, civic_auth_verdict_t *verdict)
{
    ngx_int_t          rc;
    civic_auth_ctx_t  *auth;

    ngx_memzero(verdict, sizeof(civic_auth_verdict_t));

    auth = civic_auth_state(r, ctx);
    if (auth == NULL) {
        return NGX_ERROR;
    }

    if (civic_auth_step_known(auth, group, verdict)) {
        return NGX_OK;
    }

    rc = civic_auth_methods[group->method]->judge(r, ctx, group, verdict);

    if (rc == NGX_OK) {
        auth->slots[group->method].identity = verdict->identity;
        auth->slots[group->method].object = verdict->object;
        auth->slots[group->method].cached = verdict->cached;
    }

    return rc;
}


static ngx_uint_t
civic_auth_step_known(const civic_auth_ctx_t *auth,
    const civic_auth_group_t *group, civic_auth_verdict_t *verdict)
{
    void        **object;
    ngx_uint_t    i;

    if (auth->slots[group->method].identity == NULL) {
        return 0;
    }

    object = group->objects.elts;

    for (i = 0; i < group->objects.nelts; i++) {

        if (object[i] == auth->slots[group->method].object) {
            verdict->identity = auth->slots[group->method].identity;
            verdict->object = object[i];
            verdict->cached = auth->slots[group->method].cached;
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
civic_auth_step_choose(ngx_http_request_t *r, civic_ctx_t *ctx,
    civic_auth_loc_conf_t *alcf, const civic_auth_policy_t *policy,
    const civic_auth_verdict_t *verdicts)
{
    ngx_uint_t                  i, nothing;
    const civic_auth_choice_t  *choice;

    choice = civic_auth_step_choice(policy, verdicts);

    if (choice != NULL) {
        return civic_auth_step_accept(r, ctx, alcf, policy, choice, verdicts);
    }

    nothing = 1;

    for (i = 0; i < policy->groups->nelts; i++) {

        if (verdicts[i].identity != NULL) {
            nothing = 0;
        }
    }

    return civic_auth_step_absent(r, ctx, policy, nothing);
}


/* the first of the line's choices whose terms are all met, or NULL */

static const civic_auth_choice_t *
civic_auth_step_choice(const civic_auth_policy_t *policy,
    const civic_auth_verdict_t *verdicts)
{
    ngx_uint_t                   i, n;
    const civic_auth_choice_t   *choice;
    const civic_auth_verdict_t  *verdict;

    choice = policy->choices->elts;

    for (i = 0; i < policy->choices->nelts; i++) {

        for (n = 0; n < choice[i].n; n++) {
            verdict = &verdicts[choice[i].terms[n].group];

            if (verdict->identity == NULL
                || verdict->object != choice[i].terms[n].object)
            {
                break;
            }
        }

        if (n == choice[i].n) {
            return &choice[i];
        }
    }

    return NULL;
}


static ngx_int_t
civic_auth_step_accept(ngx_http_request_t *r, civic_ctx_t *ctx,
    civic_auth_loc_conf_t *alcf, const civic_auth_policy_t *policy,
    const civic_auth_choice_t *choice, const civic_auth_verdict_t *verdicts)
{
    ngx_int_t                    rc;
    ngx_uint_t                   i, n, cached;
    civic_problem_e              problem;
    civic_identity_t            *identity;
    const civic_auth_method_t   *method;
    const civic_auth_verdict_t  *verdict;

    cached = 1;

    for (i = 0; i < choice->n; i++) {
        verdict = &verdicts[choice->terms[i].group];
        cached &= verdict->cached;

        for (n = 0; civic_auth_step_checks[n]; n++) {

            problem = civic_auth_step_checks[n](r, verdict->identity);

            if (problem != CIVIC_OK) {
                method = civic_auth_methods[
                             ((civic_auth_group_t *) policy->groups->elts)
                             [choice->terms[i].group].method];

                return civic_auth_step_refuse(r, ctx, policy, method,
                                              problem);
            }
        }
    }

    rc = civic_auth_merge(r->pool, choice, verdicts, &identity);

    if (rc == NGX_DECLINED) {
        return civic_auth_step_refuse(r, ctx, policy, NULL,
                                      CIVIC_PARTIES_DIFFER);
    }

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    civic_status_count(cached ? CIVIC_METRIC_AUTH_CACHED
                              : CIVIC_METRIC_AUTH_VERIFIED, 1);

    rc = civic_auth_step_settle(r, ctx, identity,
                                cached ? CIVIC_AUTH_CACHED
                                       : CIVIC_AUTH_VERIFIED);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    return civic_auth_step_credentials(r, ctx, alcf, policy, verdicts);
}


/*
 * What the services behind will see.  A subrequest begins with the headers
 * of its parent, whose identity is perhaps not its own.
 */

static ngx_int_t
civic_auth_step_settle(ngx_http_request_t *r, civic_ctx_t *ctx,
    civic_identity_t *identity, civic_auth_status_e status)
{
    if (ctx->identity != identity || (identity == NULL && r != r->main)) {

        if ((ctx->identity != NULL || r != r->main)
            && civic_auth_strip_identity(r) != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (identity != NULL
            && civic_auth_headers_identity(r, identity) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    ctx->identity = identity;
    ctx->auth_status = status;

    return NGX_DECLINED;
}


/* all that were accepted, the one that another would have done for too */

static ngx_int_t
civic_auth_step_credentials(ngx_http_request_t *r, civic_ctx_t *ctx,
    civic_auth_loc_conf_t *alcf, const civic_auth_policy_t *policy,
    const civic_auth_verdict_t *verdicts)
{
    ngx_int_t                   rc;
    ngx_uint_t                  i;
    civic_auth_group_t         *group;
    const civic_auth_method_t  *method;

    group = policy->groups->elts;

    for (i = 0; i < policy->groups->nelts; i++) {

        if (verdicts[i].identity == NULL) {
            continue;
        }

        method = civic_auth_methods[group[i].method];

        rc = (alcf->credentials == CIVIC_AUTH_CREDENTIALS_PASS)
             ? method->pass(r, ctx) : method->remove(r, ctx);

        if (rc != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_DECLINED;
}


static ngx_int_t
civic_auth_step_absent(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_auth_policy_t *policy, ngx_uint_t nothing)
{
    ngx_int_t            rc;
    ngx_uint_t           i;
    civic_auth_group_t  *group;

    if (nothing && policy->optional) {
        civic_status_count(CIVIC_METRIC_AUTH_ANONYMOUS, 1);

        return civic_auth_step_settle(r, ctx, NULL, CIVIC_AUTH_ANONYMOUS);
    }

    civic_status_count(CIVIC_METRIC_AUTH_REFUSED, 1);

    rc = civic_auth_step_settle(r, ctx, NULL, CIVIC_AUTH_REFUSED);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    group = policy->groups->elts;

    for (i = 0; nothing && i < policy->groups->nelts; i++) {

        if (civic_auth_methods[group[i].method]->invite == NULL) {
            continue;
        }

        rc = civic_auth_methods[group[i].method]->invite(r, ctx, &group[i]);

        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    return civic_auth_ask(r, ctx, &policy->pos);
}


ngx_int_t
civic_auth_ask(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_pos_t *pos)
{
    ngx_uint_t                  i;
    civic_auth_group_t         *group;
    const ngx_str_t            *value;
    const civic_auth_policy_t  *policy;
    const civic_auth_method_t  *method;

    policy = civic_auth_policy_get(r, ctx);

    if (policy == NULL) {
        return civic_refuse(ctx, CIVIC_CREDENTIALS_MISSING, pos);
    }

    civic_auth_headers_unchallenge(r);

    group = policy->groups->elts;

    for (i = 0; i < policy->groups->nelts; i++) {
        method = civic_auth_methods[group[i].method];

        value = method->challenge
                ? method->challenge(CIVIC_CREDENTIALS_MISSING) : NULL;

        if (value != NULL
            && civic_auth_headers_challenge(r, value) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return civic_refuse(ctx, CIVIC_CREDENTIALS_MISSING, pos);
}


/* `method` NULL: it is not one credential that is wrong */

static ngx_int_t
civic_auth_step_refuse(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_auth_policy_t *policy, const civic_auth_method_t *method,
    civic_problem_e problem)
{
    const ngx_str_t  *value;

    if (problem == CIVIC_INTERNAL) {
        return NGX_ERROR;
    }

    civic_status_count(CIVIC_METRIC_AUTH_REFUSED, 1);

    if (civic_problems[problem].status == NGX_HTTP_UNAUTHORIZED) {
        civic_auth_turn_failed(r);
    }

    if (civic_auth_step_settle(r, ctx, NULL, CIVIC_AUTH_REFUSED)
        != NGX_DECLINED)
    {
        return NGX_ERROR;
    }

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "civic auth: refused: %V", &civic_problems[problem].code);

    civic_auth_headers_unchallenge(r);

    value = (method && method->challenge) ? method->challenge(problem) : NULL;

    if (value != NULL && civic_auth_headers_challenge(r, value) != NGX_OK) {
        return NGX_ERROR;
    }

    return civic_refuse(ctx, problem, &policy->pos);
}
