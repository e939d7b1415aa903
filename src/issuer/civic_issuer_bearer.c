
/*
 * Copyright (C) Civic Gate
 *
 * Bearer tokens (RFC 6750): the method "NAME" of civic_auth, NAME being an
 * issuer.  A token is looked for among those remembered, then verified, or
 * its issuer is asked.  It waits for his answer, and once for newer keys if
 * it names one that is not known.
 */


#include "civic_auth_turn.h"
#include "civic_issuer_asked.h"
#include "civic_issuer_cache.h"
#include "civic_issuer_introspect.h"
#include "civic_json_arena.h"
#include "civic_wait.h"


static void *civic_issuer_bearer_find(void **main_conf,
    const ngx_str_t *word);
static ngx_int_t civic_issuer_bearer_judge(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_auth_group_t *group,
    civic_auth_verdict_t *verdict);
static ngx_int_t civic_issuer_bearer_park(ngx_http_request_t *r);
static ngx_int_t civic_issuer_bearer_end(civic_issuer_bearer_t *b,
    civic_problem_e problem, civic_auth_verdict_t *verdict);
static ngx_uint_t civic_issuer_bearer_renew(civic_issuer_bearer_t *b,
    civic_problem_e problem);
static ngx_int_t civic_issuer_bearer_cached(ngx_http_request_t *r,
    civic_issuer_bearer_t *b, civic_auth_verdict_t *verdict);
static civic_problem_e civic_issuer_bearer_verify(civic_issuer_bearer_t *b);
static civic_problem_e civic_issuer_bearer_choose(civic_issuer_bearer_t *b,
    const civic_jose_jws_t *jws, const civic_json_t *claims,
    const ngx_str_t *iss);
static civic_problem_e civic_issuer_bearer_check(civic_issuer_bearer_t *b,
    const civic_issuer_t *issuer, const civic_jose_jws_t *jws,
    const civic_json_t *claims);
static civic_jose_key_t *civic_issuer_bearer_key(civic_issuer_bearer_t *b,
    const civic_issuer_t *issuer, const civic_jose_jws_t *jws,
    civic_problem_e *problem);
static const ngx_str_t *civic_issuer_bearer_challenge(
    civic_problem_e problem);


const civic_auth_method_t  civic_issuer_bearer_method = {
    civic_issuer_bearer_find,
    civic_issuer_bearer_judge,
    civic_issuer_token_remove,
    civic_issuer_token_pass,
    civic_issuer_bearer_challenge,
    NULL
};


static void *
civic_issuer_bearer_find(void **main_conf, const ngx_str_t *word)
{
    return civic_issuer_find(main_conf, word);
}


static ngx_int_t
civic_issuer_bearer_judge(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_auth_group_t *group, civic_auth_verdict_t *verdict)
{
    ngx_int_t              rc;
    civic_problem_e        problem;
    civic_issuer_bearer_t  b;

    ngx_memzero(&b, sizeof(civic_issuer_bearer_t));

    b.request = r;
    b.group = group;
    b.pool = r->pool;

    problem = civic_issuer_token_find(r, ctx, group, &b.token);

    if (problem == CIVIC_CREDENTIALS_MISSING) {
        return NGX_DECLINED;
    }

    if (problem != CIVIC_OK) {
        verdict->problem = problem;
        return NGX_ABORT;
    }

    b.state = civic_auth_state(r, ctx)->slots[CIVIC_AUTH_BEARER].state;

    if (civic_issuer_asked_waits(&b)) {
        return civic_issuer_bearer_park(r);
    }

    rc = civic_issuer_bearer_cached(r, &b, verdict);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    rc = civic_auth_turn_take(r, ctx);

    if (rc != NGX_OK) {
        return rc;
    }

    civic_json_arena_enter();

    problem = civic_issuer_bearer_verify(&b);

    civic_json_arena_leave();

    if (b.again || civic_issuer_bearer_renew(&b, problem)) {
        return civic_issuer_bearer_park(r);
    }

    return civic_issuer_bearer_end(&b, problem, verdict);
}


/* NGX_AGAIN or NGX_ERROR */

static ngx_int_t
civic_issuer_bearer_park(ngx_http_request_t *r)
{
    return civic_wait_park(r) == NGX_DONE ? NGX_AGAIN : NGX_ERROR;
}


static ngx_int_t
civic_issuer_bearer_end(civic_issuer_bearer_t *b, civic_problem_e problem,
    civic_auth_verdict_t *verdict)
{
    if (problem == CIVIC_TOKEN_MALFORMED
        && !civic_issuer_token68(&b->token->text))
    {
        problem = CIVIC_CREDENTIALS_MALFORMED;
    }

    if (problem != CIVIC_OK) {
        verdict->problem = problem;
        return problem == CIVIC_INTERNAL ? NGX_ERROR : NGX_ABORT;
    }

    civic_issuer_cache_add(b);

    verdict->identity = b->identity;
    verdict->object = b->issuer;

    return NGX_OK;
}


/* true: newer keys are fetched, and the token is judged once more then */

static ngx_uint_t
civic_issuer_bearer_renew(civic_issuer_bearer_t *b, civic_problem_e problem)
{
    civic_issuer_asked_t  *asked;

    if (problem == CIVIC_OK || b->renew == NULL) {
        return 0;
    }

    asked = civic_issuer_asked_add(b, b->renew, CIVIC_ISSUER_ASKED_KEYS);

    return asked != NULL
           && civic_provider_keys_wait(b->renew->live, asked->wait)
              == NGX_AGAIN;
}


/* NGX_OK, NGX_DECLINED or NGX_ERROR; b->identity has room from here on */

static ngx_int_t
civic_issuer_bearer_cached(ngx_http_request_t *r, civic_issuer_bearer_t *b,
    civic_auth_verdict_t *verdict)
{
    ngx_int_t         rc;
    ngx_uint_t        i;
    civic_issuer_t  **issuer;

    issuer = b->group->objects.elts;

    /* what was remembered under keys that are gone is not to be found */

    for (i = 0; i < b->group->objects.nelts; i++) {
        (void) civic_issuer_keys_now(issuer[i]);
    }

    b->identity = ngx_pcalloc(r->pool, sizeof(civic_identity_t));
    if (b->identity == NULL) {
        return NGX_ERROR;
    }

    rc = civic_issuer_cache_find(r, b);

    if (rc == NGX_OK) {
        verdict->identity = b->identity;
        verdict->object = b->issuer;
        verdict->cached = 1;
    }

    return rc;
}


static civic_problem_e
civic_issuer_bearer_verify(civic_issuer_bearer_t *b)
{
    u_char            *buf;
    ngx_str_t          iss;
    civic_json_t      *claims;
    civic_problem_e    problem;
    civic_jose_jws_t   jws;

    buf = ngx_pnalloc(b->pool, b->token->text.len);
    if (buf == NULL) {
        return CIVIC_INTERNAL;
    }

    problem = civic_jose_jws_parse(&b->token->text, buf, &jws);

    if (problem == CIVIC_TOKEN_MALFORMED) {
        return civic_issuer_introspect_any(b);
    }

    if (problem != CIVIC_OK) {
        return problem;
    }

    problem = civic_issuer_claims_parse(&jws.payload, &claims, &iss);
    if (problem != CIVIC_OK) {
        return problem;
    }

    problem = civic_issuer_bearer_choose(b, &jws, claims, &iss);

    civic_json_free(claims);

    return problem;
}


/* several issuers may share one "iss": then one of them must say yes */

static civic_problem_e
civic_issuer_bearer_choose(civic_issuer_bearer_t *b,
    const civic_jose_jws_t *jws, const civic_json_t *claims,
    const ngx_str_t *iss)
{
    ngx_uint_t         i;
    civic_issuer_t   **issuer;
    civic_problem_e    problem, one;

    problem = CIVIC_ISSUER_UNKNOWN;
    issuer = b->group->objects.elts;

    for (i = 0; i < b->group->objects.nelts; i++) {

        if (!civic_issuer_token_takes(issuer[i], iss, &b->token->place)) {
            continue;
        }

        one = civic_issuer_bearer_check(b, issuer[i], jws, claims);

        if (b->again || one == CIVIC_OK || one == CIVIC_INTERNAL) {
            return one;
        }

        problem = civic_issuer_introspect_worse(problem, one);
    }

    return problem;
}


static civic_problem_e
civic_issuer_bearer_check(civic_issuer_bearer_t *b,
    const civic_issuer_t *issuer, const civic_jose_jws_t *jws,
    const civic_json_t *claims)
{
    civic_problem_e         problem;
    civic_jose_key_t       *key;
    civic_issuer_claims_t   out;

    if (!civic_issuer_has_keys(issuer)) {
        return civic_issuer_introspect(b, issuer);
    }

    key = civic_issuer_bearer_key(b, issuer, jws, &problem);
    if (key == NULL) {
        return problem;
    }

    problem = civic_jose_jws_verify(key, jws);
    if (problem != CIVIC_OK) {
        return problem;
    }

    problem = civic_issuer_claims_check(&issuer->rules, jws, claims,
                                        ngx_time(), b->pool, &out);
    if (problem != CIVIC_OK) {
        return problem;
    }

    if (issuer->asks != NULL && issuer->introspect.always) {
        return civic_issuer_introspect(b, issuer);
    }

    b->issuer = issuer;

    return civic_issuer_identity(issuer, &out, &jws->payload, b->pool,
                                 b->identity)
           == NGX_OK ? CIVIC_OK : CIVIC_INTERNAL;
}


/* NULL: none; b->renew is the first issuer whose set may be too old */

static civic_jose_key_t *
civic_issuer_bearer_key(civic_issuer_bearer_t *b,
    const civic_issuer_t *issuer, const civic_jose_jws_t *jws,
    civic_problem_e *problem)
{
    civic_jose_key_t           *key;
    const civic_jose_keyset_t  *set;

    set = civic_issuer_keys_now(issuer);

    if (set == NULL) {
        *problem = CIVIC_KEYS_UNAVAILABLE;
        key = NULL;

    } else {
        key = civic_jose_keyset_find(set, jws, problem);
    }

    if (key == NULL && issuer->live != NULL && b->renew == NULL
        && (set == NULL || (*problem == CIVIC_KEY_UNKNOWN && jws->kid.data))
        && !civic_issuer_asked_find(b, issuer, CIVIC_ISSUER_ASKED_KEYS))
    {
        b->renew = issuer;
    }

    return key;
}


static const ngx_str_t *
civic_issuer_bearer_challenge(civic_problem_e problem)
{
    static ngx_str_t  missing = ngx_string("Bearer realm=\"civic\"");
    static ngx_str_t  malformed =
        ngx_string("Bearer realm=\"civic\", error=\"invalid_request\"");
    static ngx_str_t  invalid =
        ngx_string("Bearer realm=\"civic\", error=\"invalid_token\"");

    switch (problem) {

    case CIVIC_CREDENTIALS_MISSING:
        return &missing;

    case CIVIC_CREDENTIALS_MALFORMED:
        return &malformed;

    default:
        return civic_problems[problem].status == NGX_HTTP_UNAUTHORIZED
               ? &invalid : NULL;
    }
}
