
/*
 * Copyright (C) Civic Gate
 *
 * Tokens that an issuer is asked about (RFC 7662).  His answer is judged by
 * the rules of the block as the claims of a token would be, by each request
 * that waited for it, and remembered for a short time, good or bad.
 */


#include "civic_issuer_asked.h"
#include "civic_issuer_cache.h"
#include "civic_issuer_introspect.h"
#include "civic_status.h"


static civic_problem_e civic_issuer_introspect_ask(civic_issuer_bearer_t *b,
    const civic_issuer_t *issuer);
static civic_problem_e civic_issuer_introspect_judge(
    civic_issuer_bearer_t *b, const civic_issuer_t *issuer,
    const ngx_str_t *answer);
static civic_problem_e civic_issuer_introspect_claims(
    civic_issuer_bearer_t *b, const civic_issuer_t *issuer,
    const ngx_str_t *answer);


civic_problem_e
civic_issuer_introspect_any(civic_issuer_bearer_t *b)
{
    ngx_uint_t         i;
    civic_issuer_t   **issuer;
    civic_problem_e    problem, one;

    problem = CIVIC_TOKEN_MALFORMED;

    if (!civic_issuer_token68(&b->token->text)) {
        return problem;
    }

    issuer = b->group->objects.elts;

    for (i = 0; i < b->group->objects.nelts; i++) {

        if (issuer[i]->asks == NULL
            || !civic_issuer_token_allowed(issuer[i], &b->token->place))
        {
            continue;
        }

        one = civic_issuer_introspect(b, issuer[i]);

        if (b->again || one == CIVIC_OK || one == CIVIC_INTERNAL) {
            return one;
        }

        problem = civic_issuer_introspect_worse(problem, one);
    }

    return problem;
}


civic_problem_e
civic_issuer_introspect_worse(civic_problem_e one, civic_problem_e other)
{
    return civic_problems[one].status >= NGX_HTTP_INTERNAL_SERVER_ERROR
           ? one : other;
}


civic_problem_e
civic_issuer_introspect(civic_issuer_bearer_t *b,
    const civic_issuer_t *issuer)
{
    civic_problem_e        problem;
    civic_issuer_asked_t  *asked;

    asked = civic_issuer_asked_find(b, issuer, CIVIC_ISSUER_ASKED_TOKEN);

    if (asked == NULL) {
        problem = civic_issuer_cache_denied(b, issuer);

        return problem == CIVIC_OK ? civic_issuer_introspect_ask(b, issuer)
                                   : problem;
    }

    if (asked->wait->answer.data == NULL) {
        civic_status_count(CIVIC_METRIC_ASKS_FAILED, 1);
        return CIVIC_ASKING_UNAVAILABLE;
    }

    return civic_issuer_introspect_judge(b, issuer, &asked->wait->answer);
}


static civic_problem_e
civic_issuer_introspect_ask(civic_issuer_bearer_t *b,
    const civic_issuer_t *issuer)
{
    civic_issuer_asked_t  *asked;

    asked = civic_issuer_asked_add(b, issuer, CIVIC_ISSUER_ASKED_TOKEN);

    if (asked == NULL
        || civic_provider_asks_start(issuer->asks, asked->wait, b->digest,
                                     &b->token->text)
           != NGX_AGAIN)
    {
        return CIVIC_INTERNAL;
    }

    b->again = 1;

    return CIVIC_ASKING_UNAVAILABLE;
}


static civic_problem_e
civic_issuer_introspect_judge(civic_issuer_bearer_t *b,
    const civic_issuer_t *issuer, const ngx_str_t *answer)
{
    civic_problem_e  problem;

    problem = civic_issuer_introspect_claims(b, issuer, answer);

    if (problem == CIVIC_OK) {
        civic_status_count(CIVIC_METRIC_ASKS_ACTIVE, 1);

        b->issuer = issuer;
        b->until = ngx_time() + issuer->introspect.cache;

    } else if (problem != CIVIC_INTERNAL) {
        civic_status_count(CIVIC_METRIC_ASKS_INACTIVE, 1);

        civic_issuer_cache_deny(b, issuer, problem);
    }

    return problem;
}


static civic_problem_e
civic_issuer_introspect_claims(civic_issuer_bearer_t *b,
    const civic_issuer_t *issuer, const ngx_str_t *answer)
{
    civic_json_t           *claims;
    civic_problem_e         problem;
    civic_issuer_claims_t   out;

    claims = civic_json_parse(answer, CIVIC_JOSE_MAX_TOKEN, NULL, 0);

    /* the provider's answers were read once: this one is for memory */

    if (claims == NULL) {
        return CIVIC_INTERNAL;
    }

    problem = civic_issuer_claims_asked(&issuer->rules, claims, ngx_time(),
                                        b->pool, &out);
    civic_json_free(claims);

    if (problem == CIVIC_OK
        && civic_issuer_identity(issuer, &out, answer, b->pool, b->identity)
           != NGX_OK)
    {
        return CIVIC_INTERNAL;
    }

    return problem;
}
