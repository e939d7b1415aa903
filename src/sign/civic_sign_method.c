
/*
 * Copyright (C) Civic Gate
 *
 * The method "app:signature": a request passes stage by stage, the cheap
 * ones first, and the one that uses something up last.  A stage that waits
 * is come back to; what is decided is decided once, for all locations.
 */


#include "civic_auth_turn.h"
#include "civic_sign.h"


#define CIVIC_SIGN_STAGES  5


/* NGX_OK, NGX_AGAIN, NGX_DECLINED: state->problem, or NGX_ERROR */

typedef ngx_int_t (*civic_sign_stage_pt)(ngx_http_request_t *r,
    civic_sign_state_t *state);


static void *civic_sign_method_find(void **main_conf, const ngx_str_t *word);
static ngx_int_t civic_sign_method_judge(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_auth_group_t *group,
    civic_auth_verdict_t *verdict);
static ngx_int_t civic_sign_method_state(ngx_http_request_t *r,
    civic_ctx_t *ctx, civic_sign_state_t **state,
    civic_auth_verdict_t *verdict);
static ngx_int_t civic_sign_method_run(ngx_http_request_t *r,
    civic_sign_state_t *state);
static ngx_int_t civic_sign_method_read(ngx_http_request_t *r,
    civic_sign_state_t *state);
static civic_problem_e civic_sign_method_digest(civic_sign_state_t *state);
static ngx_uint_t civic_sign_method_safe(const civic_sign_rules_t *rules,
    const civic_sign_state_t *state);
static ngx_int_t civic_sign_method_known(ngx_http_request_t *r,
    civic_sign_state_t *state);
static ngx_int_t civic_sign_method_key(ngx_http_request_t *r,
    civic_sign_state_t *state);
static ngx_int_t civic_sign_method_signer(ngx_http_request_t *r,
    civic_sign_state_t *state, const civic_app_t **app);
static ngx_int_t civic_sign_method_check(ngx_http_request_t *r,
    civic_sign_state_t *state);
static ngx_int_t civic_sign_method_remove(ngx_http_request_t *r,
    civic_ctx_t *ctx);
static ngx_int_t civic_sign_method_pass(ngx_http_request_t *r,
    civic_ctx_t *ctx);
static const ngx_str_t *civic_sign_method_challenge(civic_problem_e problem);
static ngx_int_t civic_sign_method_refuse(civic_sign_state_t *state,
    civic_problem_e problem);


const civic_auth_method_t  civic_sign_signature_method = {
    civic_sign_method_find,
    civic_sign_method_judge,
    civic_sign_method_remove,
    civic_sign_method_pass,
    civic_sign_method_challenge,
    NULL
};


/* by claim.form: a form is part of what was signed */

static const civic_sign_stage_pt
    civic_sign_method_stages[2][CIVIC_SIGN_STAGES] = {

    { civic_sign_method_key, civic_sign_body_read, civic_sign_method_check,
      civic_sign_nonce_use, NULL },

    { civic_sign_method_known, civic_sign_body_read, civic_sign_method_key,
      civic_sign_method_check, civic_sign_nonce_use }
};


static void *
civic_sign_method_find(void **main_conf, const ngx_str_t *word)
{
    if (word->len != sizeof("app:signature") - 1
        || ngx_strncmp(word->data, "app:signature", word->len) != 0
        || !civic_app_configured(main_conf))
    {
        return NULL;
    }

    return main_conf[ngx_http_civic_sign_module.ctx_index];
}


static ngx_int_t
civic_sign_method_judge(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_auth_group_t *group, civic_auth_verdict_t *verdict)
{
    ngx_int_t            rc;
    civic_sign_state_t  *state;

    if (civic_sign_headers_strip(r, civic_sign_rules(r)) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = civic_sign_method_state(r, ctx, &state, verdict);

    if (rc != NGX_OK) {
        return rc;
    }

    rc = (state->problem == CIVIC_OK) ? civic_sign_method_run(r, state)
                                      : NGX_DECLINED;
    switch (rc) {

    case NGX_OK:
        verdict->identity = state->identity;
        verdict->object = *(void **) group->objects.elts;
        return NGX_OK;

    case NGX_DECLINED:
        verdict->problem = state->problem;
        return (state->problem == CIVIC_INTERNAL) ? NGX_ERROR : NGX_ABORT;
    }

    return rc;
}


/* NGX_OK, NGX_DECLINED: nothing is signed as this location wants it */

static ngx_int_t
civic_sign_method_state(ngx_http_request_t *r, civic_ctx_t *ctx,
    civic_sign_state_t **state, civic_auth_verdict_t *verdict)
{
    civic_auth_ctx_t            *auth;
    civic_sign_state_t           fresh;
    const civic_sign_scheme_t   *scheme;

    auth = civic_auth_state(r, ctx);
    if (auth == NULL) {
        return NGX_ERROR;
    }

    *state = auth->slots[CIVIC_AUTH_SIGNATURE].state;

    if (*state != NULL) {
        return NGX_OK;
    }

    ngx_memzero(&fresh, sizeof(civic_sign_state_t));

    fresh.rules = civic_sign_rules(r);

    if (civic_sign_message_init(r, fresh.rules, &fresh.message) != NGX_OK) {
        return NGX_ERROR;
    }

    switch (civic_sign_scheme_find(&fresh.message, fresh.rules->schemes,
                                   &scheme))
    {
    case NGX_DECLINED:
        return NGX_DECLINED;

    case NGX_BUSY:
        verdict->problem = CIVIC_CREDENTIALS_MALFORMED;
        return NGX_ABORT;
    }

    *state = ngx_palloc(r->main->pool, sizeof(civic_sign_state_t));
    if (*state == NULL) {
        return NGX_ERROR;
    }

    **state = fresh;
    (*state)->claim.scheme = scheme;

    auth->slots[CIVIC_AUTH_SIGNATURE].state = *state;

    return civic_sign_method_read(r->main, *state) == NGX_ERROR ? NGX_ERROR
                                                                : NGX_OK;
}


static ngx_int_t
civic_sign_method_run(ngx_http_request_t *r, civic_sign_state_t *state)
{
    ngx_int_t                   rc;
    const civic_sign_stage_pt  *stage;

    stage = civic_sign_method_stages[state->claim.form];

    while (state->stage < CIVIC_SIGN_STAGES && stage[state->stage]) {

        rc = stage[state->stage](r, state);

        if (rc != NGX_OK) {
            return rc;
        }

        state->stage++;
    }

    return NGX_OK;
}


/* all that costs nothing: what is said, and when it was */

static ngx_int_t
civic_sign_method_read(ngx_http_request_t *r, civic_sign_state_t *state)
{
    civic_problem_e             problem;
    const civic_sign_scheme_t  *scheme;

    scheme = state->claim.scheme;

    /* GET http://other.example/ HTTP/1.1: which host was meant? */

    if (r->http_version < NGX_HTTP_VERSION_20 && r->host_start != NULL) {
        return civic_sign_method_refuse(state, CIVIC_SIGNATURE_MALFORMED);
    }

    if (!civic_sign_method_safe(state->rules, state)) {
        return civic_sign_method_refuse(state, CIVIC_SCHEME_REFUSED);
    }

    problem = scheme->read(&state->message, state->rules, r->pool,
                           &state->claim);

    if (problem == CIVIC_OK) {
        problem = civic_sign_scheme_clock(&state->claim, state->rules,
                                          ngx_time());
    }

    if (problem == CIVIC_OK && !state->claim.form) {
        problem = scheme->text(&state->message, state->rules, NULL, r->pool,
                               &state->claim);
    }

    if (problem == CIVIC_OK && state->claim.digest.len) {
        problem = civic_sign_method_digest(state);
    }

    return civic_sign_method_refuse(state, problem);
}


static civic_problem_e
civic_sign_method_digest(civic_sign_state_t *state)
{
    return (state->claim.scheme->bit == CIVIC_SIGN_XCA)
           ? civic_sign_digest_parse_md5(&state->claim.digest,
                                         &state->digest)
           : civic_sign_digest_parse(&state->claim.digest, &state->digest);
}


/* x-tif covers no more than a clock and a nonce */

static ngx_uint_t
civic_sign_method_safe(const civic_sign_rules_t *rules,
    const civic_sign_state_t *state)
{
    return state->claim.scheme->bit != CIVIC_SIGN_XTIF
           || rules->clear
           || state->message.scheme.len == sizeof("https") - 1;
}


/* nobody makes us read a form by a key that there is not */

static ngx_int_t
civic_sign_method_known(ngx_http_request_t *r, civic_sign_state_t *state)
{
    const civic_app_t  *app;

    return civic_sign_method_signer(r, state, &app);
}


/* what was found of the key lives no longer than this call */

static ngx_int_t
civic_sign_method_key(ngx_http_request_t *r, civic_sign_state_t *state)
{
    ngx_int_t                   rc;
    civic_problem_e             problem;
    const civic_app_t          *app;
    const civic_sign_scheme_t  *scheme;

    rc = civic_sign_method_signer(r, state, &app);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = civic_auth_turn_take(r, civic_ctx_get(r));
    if (rc != NGX_OK) {
        return rc;
    }

    scheme = state->claim.scheme;

    if (state->claim.form) {
        problem = scheme->text(&state->message, state->rules, &state->form,
                               r->main->pool, &state->claim);
        if (problem != CIVIC_OK) {
            return civic_sign_method_refuse(state, problem);
        }
    }

    problem = scheme->verify(&state->claim, app->signer->algorithm,
                             &app->signer->secret, app->signer->key);

    if (problem == CIVIC_SIGNATURE_INVALID && state->rules->debug
        && scheme->bit == CIVIC_SIGN_XCA
        && civic_sign_headers_debug(r, &state->claim.text) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (problem != CIVIC_OK) {
        return civic_sign_method_refuse(state, problem);
    }

    state->identity = ngx_pcalloc(r->main->pool, sizeof(civic_identity_t));

    if (state->identity == NULL) {
        return NGX_ERROR;
    }

    return civic_app_identity(app, r->main->pool, state->identity);
}


static ngx_int_t
civic_sign_method_signer(ngx_http_request_t *r, civic_sign_state_t *state,
    const civic_app_t **app)
{
    u_char            *p, *last;
    ngx_int_t          rc;
    civic_ctx_t       *ctx;
    const ngx_str_t   *name, *schemes;

    ctx = civic_ctx_get(r);

    rc = civic_app_find(r, ctx, CIVIC_APP_BY_SIGNER, &state->claim.keyid,
                        app, &state->problem);
    if (rc != NGX_OK) {
        return rc;
    }

    state->problem = CIVIC_OK;

    name = &state->claim.scheme->name;
    schemes = &(*app)->signer->schemes;

    p = schemes->data;
    last = p + schemes->len;

    while (p + name->len <= last) {

        if (ngx_memcmp(p, name->data, name->len) == 0
            && (p + name->len == last || p[name->len] == ' '))
        {
            return NGX_OK;
        }

        p = ngx_strlchr(p, last, ' ');
        p = p ? p + 1 : last + 1;
    }

    return civic_sign_method_refuse(state, CIVIC_SCHEME_REFUSED);
}


static ngx_int_t
civic_sign_method_check(ngx_http_request_t *r, civic_sign_state_t *state)
{
    if (state->digest.n == 0) {
        return NGX_OK;
    }

    return civic_sign_method_refuse(state,
                                    civic_sign_digest_check(&state->digest));
}


/*
 * A location behind the one that judged may want more: the signature must
 * satisfy what it says, too.
 */

civic_problem_e
civic_sign_recheck(ngx_http_request_t *r, const civic_identity_t *identity)
{
    civic_ctx_t               *ctx;
    civic_problem_e            problem;
    civic_sign_claim_t         claim;
    civic_sign_state_t        *state;
    const civic_sign_rules_t  *rules;

    ctx = civic_ctx_get(r);
    state = ctx->main->auth->slots[CIVIC_AUTH_SIGNATURE].state;

    if (state == NULL || state->identity != identity) {
        return CIVIC_OK;
    }

    rules = civic_sign_rules(r);

    if (rules == state->rules) {
        return CIVIC_OK;
    }

    if (civic_sign_headers_strip(r, rules) != NGX_OK) {
        return CIVIC_INTERNAL;
    }

    if (!(rules->schemes & state->claim.scheme->bit)
        || !civic_sign_method_safe(rules, state))
    {
        return CIVIC_SCHEME_REFUSED;
    }

    ngx_memzero(&claim, sizeof(civic_sign_claim_t));
    claim.scheme = state->claim.scheme;

    problem = claim.scheme->read(&state->message, rules, r->pool, &claim);

    if (problem == CIVIC_OK) {
        problem = civic_sign_scheme_clock(&claim, rules, ngx_time());
    }

    if (problem == CIVIC_OK) {
        problem = claim.scheme->text(&state->message, rules,
                                     claim.form ? &state->form : NULL,
                                     r->pool, &claim);
    }

    if (problem == CIVIC_OK
        && (claim.text.len != state->claim.text.len
            || ngx_memcmp(claim.text.data, state->claim.text.data,
                          claim.text.len)
               != 0))
    {
        return CIVIC_SCHEME_REFUSED;
    }

    return problem;
}


static ngx_int_t
civic_sign_method_remove(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    return civic_sign_headers_remove(r,
                        ctx->main->auth->slots[CIVIC_AUTH_SIGNATURE].state);
}


static ngx_int_t
civic_sign_method_pass(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    return civic_sign_headers_pass(r,
                        ctx->main->auth->slots[CIVIC_AUTH_SIGNATURE].state);
}


static const ngx_str_t *
civic_sign_method_challenge(civic_problem_e problem)
{
    static ngx_str_t  value = ngx_string("Signature realm=\"civic\"");

    return (civic_problems[problem].status == NGX_HTTP_UNAUTHORIZED)
           ? &value : NULL;
}


/* NGX_OK where there is no problem */

static ngx_int_t
civic_sign_method_refuse(civic_sign_state_t *state, civic_problem_e problem)
{
    state->problem = problem;

    return (problem == CIVIC_OK) ? NGX_OK
           : (problem == CIVIC_INTERNAL) ? NGX_ERROR : NGX_DECLINED;
}
