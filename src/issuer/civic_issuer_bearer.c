
/*
 * Copyright (C) Civic Gate
 *
 * Who is calling: the step that judges the bearer token (RFC 6750) of a
 * request, anew at every location it comes to.  The token's text is kept
 * with the client's request, since the header may be gone by the second
 * location; an identity serves on where its issuer is accepted again.
 *
 * A token is never logged; why it was refused is for the operator only.
 */


#include "civic_issuer_bearer.h"
#include "civic_issuer_cache.h"
#include "civic_auth_headers.h"
#include "civic_json_arena.h"
#include "civic_status.h"


static ngx_int_t civic_issuer_bearer_judge(ngx_http_request_t *r,
    civic_ctx_t *ctx, civic_auth_loc_conf_t *alcf,
    const civic_auth_policy_t *policy);
static civic_auth_caller_t *civic_issuer_bearer_known(civic_ctx_t *ctx,
    const civic_auth_policy_t *policy);
static civic_problem_e civic_issuer_bearer_find(ngx_http_request_t *r,
    civic_ctx_t *ctx, ngx_str_t *token);
static civic_problem_e civic_issuer_bearer_parse(const ngx_str_t *value,
    ngx_str_t *token);
static ngx_uint_t civic_issuer_bearer_token68(const ngx_str_t *token);
static civic_problem_e civic_issuer_bearer_verify(ngx_http_request_t *r,
    const civic_auth_policy_t *policy, const ngx_str_t *token,
    civic_auth_caller_t *caller);
static civic_problem_e civic_issuer_bearer_choose(
    const civic_auth_policy_t *policy, const civic_jose_jws_t *jws,
    const civic_json_t *claims, const ngx_str_t *iss, ngx_pool_t *pool,
    civic_auth_caller_t *caller);
static civic_problem_e civic_issuer_bearer_check(
    const civic_issuer_t *issuer, const civic_jose_jws_t *jws,
    const civic_json_t *claims, ngx_pool_t *pool,
    civic_auth_caller_t *caller);
static ngx_int_t civic_issuer_bearer_settle(ngx_http_request_t *r,
    civic_ctx_t *ctx, civic_auth_loc_conf_t *alcf,
    civic_auth_caller_t *caller, civic_auth_status_e status);
static ngx_int_t civic_issuer_bearer_refuse(ngx_http_request_t *r,
    civic_ctx_t *ctx, civic_auth_loc_conf_t *alcf,
    const civic_auth_policy_t *policy, civic_problem_e problem);


ngx_int_t
civic_auth_authenticate(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    civic_auth_caller_t        *caller;
    civic_auth_status_e         status;
    civic_auth_loc_conf_t      *alcf;
    const civic_auth_policy_t  *policy;

    alcf = ngx_http_get_module_loc_conf(r, ngx_http_civic_auth_module);

    if (alcf->closed) {
        return civic_refuse(ctx, CIVIC_NO_ROUTE, &alcf->pos);
    }

    policy = alcf->policy;

    if (policy == NULL || policy->off) {
        policy = civic_auth_terms_policy(r, ctx);

        if (policy == NULL) {
            return civic_issuer_bearer_settle(r, ctx, alcf, NULL,
                                            CIVIC_AUTH_NONE);
        }
    }

    caller = civic_issuer_bearer_known(ctx, policy);

    if (caller != NULL) {
        status = (&caller->identity == ctx->identity)
                 ? ctx->auth_status : ctx->main->auth_status;

        return civic_issuer_bearer_settle(r, ctx, alcf, caller, status);
    }

    return civic_issuer_bearer_judge(r, ctx, alcf, policy);
}


static ngx_int_t
civic_issuer_bearer_judge(ngx_http_request_t *r, civic_ctx_t *ctx,
    civic_auth_loc_conf_t *alcf, const civic_auth_policy_t *policy)
{
    u_char                   digest[CIVIC_JOSE_DIGEST_LEN];
    ngx_str_t                token;
    civic_problem_e          problem;
    civic_auth_caller_t     *caller;
    civic_auth_main_conf_t  *amcf;

    problem = civic_issuer_bearer_find(r, ctx, &token);

    if (problem == CIVIC_CREDENTIALS_MISSING && policy->optional) {
        civic_status_count(CIVIC_METRIC_AUTH_ANONYMOUS, 1);

        return civic_issuer_bearer_settle(r, ctx, alcf, NULL,
                                        CIVIC_AUTH_ANONYMOUS);
    }

    if (problem != CIVIC_OK) {
        return civic_issuer_bearer_refuse(r, ctx, alcf, policy, problem);
    }

    amcf = ngx_http_get_module_main_conf(r, ngx_http_civic_auth_module);

    caller = ngx_pcalloc(r->pool, sizeof(civic_auth_caller_t));

    if (caller == NULL || civic_jose_digest(&token, digest) != NGX_OK) {
        return NGX_ERROR;
    }

    switch (civic_issuer_cache_find(amcf->zone, policy, digest, r->pool, caller))
    {
    case NGX_OK:
        civic_status_count(CIVIC_METRIC_AUTH_CACHED, 1);

        return civic_issuer_bearer_settle(r, ctx, alcf, caller,
                                        CIVIC_AUTH_CACHED);

    case NGX_ERROR:
        return NGX_ERROR;
    }

    civic_json_arena_enter();

    problem = civic_issuer_bearer_verify(r, policy, &token, caller);

    civic_json_arena_leave();

    if (problem == CIVIC_TOKEN_MALFORMED && !civic_issuer_bearer_token68(&token))
    {
        problem = CIVIC_CREDENTIALS_MALFORMED;
    }

    if (problem != CIVIC_OK) {
        return civic_issuer_bearer_refuse(r, ctx, alcf, policy, problem);
    }

    civic_issuer_cache_add(amcf->zone, digest, caller);

    civic_status_count(CIVIC_METRIC_AUTH_VERIFIED, 1);

    return civic_issuer_bearer_settle(r, ctx, alcf, caller,
                                    CIVIC_AUTH_VERIFIED);
}


/*
 * An identity that this request, or the client's for a subrequest, has
 * already, if the location accepts its issuer.
 */

static civic_auth_caller_t *
civic_issuer_bearer_known(civic_ctx_t *ctx, const civic_auth_policy_t *policy)
{
    ngx_uint_t             i;
    civic_auth_caller_t   *caller;
    civic_issuer_t  **issuer;

    caller = (civic_auth_caller_t *) (ctx->identity ? ctx->identity
                                                    : ctx->main->identity);
    if (caller == NULL) {
        return NULL;
    }

    issuer = policy->issuers->elts;

    for (i = 0; i < policy->issuers->nelts; i++) {

        if (issuer[i] == caller->issuer) {
            return caller;
        }
    }

    return NULL;
}


/* CIVIC_OK, CREDENTIALS_MISSING, CREDENTIALS_MALFORMED, TOKEN_TOO_LARGE */

static civic_problem_e
civic_issuer_bearer_find(ngx_http_request_t *r, civic_ctx_t *ctx,
    ngx_str_t *token)
{
    ngx_str_t        value;
    civic_problem_e  problem;

    if (ctx->main->credential.len) {
        *token = ctx->main->credential;
        return CIVIC_OK;
    }

    switch (civic_auth_headers_find(r, &value)) {

    case NGX_DECLINED:
        return CIVIC_CREDENTIALS_MISSING;

    case NGX_BUSY:
        return CIVIC_CREDENTIALS_MALFORMED;
    }

    problem = civic_issuer_bearer_parse(&value, token);

    if (problem == CIVIC_OK) {
        ctx->main->credential = *token;
    }

    return problem;
}


/* "Bearer" 1*SP token, the scheme in any case */

static civic_problem_e
civic_issuer_bearer_parse(const ngx_str_t *value, ngx_str_t *token)
{
    u_char  *p, *last;

    static ngx_str_t  scheme = ngx_string("bearer");

    p = value->data;
    last = p + value->len;

    if (value->len < scheme.len
        || ngx_strncasecmp(p, scheme.data, scheme.len) != 0
        || (value->len > scheme.len && p[scheme.len] != ' '))
    {
        return CIVIC_CREDENTIALS_MISSING;
    }

    for (p += scheme.len; p < last && *p == ' '; p++) { /* void */ }

    token->data = p;
    token->len = last - p;

    if (token->len > CIVIC_JOSE_MAX_TOKEN) {
        return CIVIC_TOKEN_TOO_LARGE;
    }

    if (p == last) {
        return CIVIC_CREDENTIALS_MALFORMED;
    }

    return CIVIC_OK;
}


/*
 * RFC 6750, 2.1: what may stand behind "Bearer" at all, a token or not.
 * Asked only of what is no token: a token is made of less.
 */

static ngx_uint_t
civic_issuer_bearer_token68(const ngx_str_t *token)
{
    u_char  ch, *p, *last;

    p = token->data;
    last = p + token->len;

    while (p < last && last[-1] == '=') {
        last--;
    }

    if (p == last) {
        return 0;
    }

    for ( /* void */ ; p < last; p++) {
        ch = *p | 0x20;

        if ((ch >= 'a' && ch <= 'z') || (*p >= '0' && *p <= '9')) {
            continue;
        }

        switch (*p) {
        case '-': case '.': case '_': case '~': case '+': case '/':
            continue;
        }

        return 0;
    }

    return 1;
}


static civic_problem_e
civic_issuer_bearer_verify(ngx_http_request_t *r,
    const civic_auth_policy_t *policy, const ngx_str_t *token,
    civic_auth_caller_t *caller)
{
    u_char            *buf;
    ngx_str_t          iss;
    civic_json_t      *claims;
    civic_problem_e    problem;
    civic_jose_jws_t   jws;

    buf = ngx_pnalloc(r->pool, token->len);
    if (buf == NULL) {
        return CIVIC_INTERNAL;
    }

    problem = civic_jose_jws_parse(token, buf, &jws);
    if (problem != CIVIC_OK) {
        return problem;
    }

    problem = civic_issuer_claims_parse(&jws.payload, &claims, &iss);
    if (problem != CIVIC_OK) {
        return problem;
    }

    problem = civic_issuer_bearer_choose(policy, &jws, claims, &iss, r->pool,
                                       caller);
    civic_json_free(claims);

    return problem;
}


/* several issuers may share one "iss": then one of them must say yes */

static civic_problem_e
civic_issuer_bearer_choose(const civic_auth_policy_t *policy,
    const civic_jose_jws_t *jws, const civic_json_t *claims,
    const ngx_str_t *iss, ngx_pool_t *pool, civic_auth_caller_t *caller)
{
    ngx_uint_t             i;
    civic_problem_e        problem;
    civic_issuer_t  **issuer;

    problem = CIVIC_ISSUER_UNKNOWN;
    issuer = policy->issuers->elts;

    for (i = 0; i < policy->issuers->nelts; i++) {

        if (issuer[i]->rules.issuer.len != iss->len
            || ngx_memcmp(issuer[i]->rules.issuer.data, iss->data, iss->len)
               != 0)
        {
            continue;
        }

        problem = civic_issuer_bearer_check(issuer[i], jws, claims, pool,
                                          caller);

        if (problem == CIVIC_OK || problem == CIVIC_INTERNAL) {
            break;
        }
    }

    return problem;
}


static civic_problem_e
civic_issuer_bearer_check(const civic_issuer_t *issuer,
    const civic_jose_jws_t *jws, const civic_json_t *claims,
    ngx_pool_t *pool, civic_auth_caller_t *caller)
{
    u_char               *p;
    civic_problem_e       problem;
    civic_identity_t     *identity;
    civic_jose_key_t     *key;
    civic_issuer_claims_t   out;

    key = civic_jose_keyset_find(issuer->keys, jws, &problem);
    if (key == NULL) {
        return problem;
    }

    problem = civic_jose_jws_verify(key, jws);
    if (problem != CIVIC_OK) {
        return problem;
    }

    problem = civic_issuer_claims_check(&issuer->rules, jws, claims,
                                      ngx_time(), pool, &out);
    if (problem != CIVIC_OK) {
        return problem;
    }

    identity = &caller->identity;

    identity->caller.len = issuer->name.len + 1 + out.subject.len;
    identity->caller.data = ngx_pnalloc(pool, identity->caller.len);
    if (identity->caller.data == NULL) {
        return CIVIC_INTERNAL;
    }

    p = ngx_cpymem(identity->caller.data, issuer->name.data,
                   issuer->name.len);
    *p++ = ':';
    ngx_memcpy(p, out.subject.data, out.subject.len);

    identity->subject = out.subject;
    identity->issuer = issuer->name;
    identity->scope = out.scope;
    identity->region = out.region;
    identity->claims = jws->payload;
    identity->expires = out.expires;

    caller->issuer = issuer;

    return CIVIC_OK;
}


/*
 * What the services behind will see.  A subrequest begins with the headers
 * of its parent, whose identity is perhaps not its own.
 */

static ngx_int_t
civic_issuer_bearer_settle(ngx_http_request_t *r, civic_ctx_t *ctx,
    civic_auth_loc_conf_t *alcf, civic_auth_caller_t *caller,
    civic_auth_status_e status)
{
    ngx_int_t          rc;
    civic_identity_t  *identity;

    identity = caller ? &caller->identity : NULL;

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

    if (identity == NULL) {
        return NGX_DECLINED;
    }

    rc = (alcf->credentials == CIVIC_AUTH_CREDENTIALS_PASS)
         ? civic_auth_headers_credential_pass(r, &ctx->main->credential)
         : civic_auth_headers_credential_remove(r);

    return rc == NGX_OK ? NGX_DECLINED : NGX_ERROR;
}


static ngx_int_t
civic_issuer_bearer_refuse(ngx_http_request_t *r, civic_ctx_t *ctx,
    civic_auth_loc_conf_t *alcf, const civic_auth_policy_t *policy,
    civic_problem_e problem)
{
    ngx_str_t  *challenge;

    static ngx_str_t  malformed =
        ngx_string("Bearer realm=\"civic\", error=\"invalid_request\"");
    static ngx_str_t  invalid =
        ngx_string("Bearer realm=\"civic\", error=\"invalid_token\"");

    if (problem == CIVIC_INTERNAL) {
        return NGX_ERROR;
    }

    civic_status_count(CIVIC_METRIC_AUTH_REFUSED, 1);

    if (civic_issuer_bearer_settle(r, ctx, alcf, NULL, CIVIC_AUTH_REFUSED)
        != NGX_DECLINED)
    {
        return NGX_ERROR;
    }

    if (problem == CIVIC_CREDENTIALS_MISSING) {
        return civic_issuer_bearer_ask(r, ctx, &policy->pos);
    }

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "civic auth: token refused: %V",
                  &civic_problems[problem].code);

    challenge = (problem == CIVIC_CREDENTIALS_MALFORMED) ? &malformed
                                                         : &invalid;

    if (civic_auth_headers_challenge(r, challenge) != NGX_OK) {
        return NGX_ERROR;
    }

    return civic_refuse(ctx, problem, &policy->pos);
}


ngx_int_t
civic_issuer_bearer_ask(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_pos_t *pos)
{
    static ngx_str_t  challenge = ngx_string("Bearer realm=\"civic\"");

    if (civic_auth_headers_challenge(r, &challenge) != NGX_OK) {
        return NGX_ERROR;
    }

    return civic_refuse(ctx, CIVIC_CREDENTIALS_MISSING, pos);
}
