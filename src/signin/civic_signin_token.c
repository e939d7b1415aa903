
/*
 * Copyright (C) Civic Gate
 */


#include "civic_jose_mac.h"
#include "civic_json_arena.h"
#include "civic_signin_token.h"


typedef civic_problem_e (*civic_signin_token_check_pt)(
    const civic_signin_t *signin, const civic_json_t *claims,
    const ngx_str_t *nonce);


static civic_problem_e civic_signin_token_verify(const civic_signin_t *signin,
    const ngx_str_t *text, civic_signin_token_check_pt check,
    const ngx_str_t *nonce, ngx_pool_t *pool, civic_signin_token_t *token);
static civic_problem_e civic_signin_token_judge(const civic_signin_t *signin,
    const civic_jose_jws_t *jws, civic_signin_token_check_pt check,
    const ngx_str_t *nonce, ngx_pool_t *pool, civic_signin_token_t *token);
static civic_problem_e civic_signin_token_claims(
    const civic_signin_t *signin, const civic_jose_jws_t *jws,
    const civic_json_t *claims, ngx_pool_t *pool,
    civic_signin_token_t *token);
static civic_problem_e civic_signin_token_check_id(
    const civic_signin_t *signin, const civic_json_t *claims,
    const ngx_str_t *nonce);
static civic_problem_e civic_signin_token_check_logout(
    const civic_signin_t *signin, const civic_json_t *claims,
    const ngx_str_t *nonce);
static ngx_uint_t civic_signin_token_is(const civic_json_t *claims,
    const char *name, const ngx_str_t *value);


civic_problem_e
civic_signin_token_id(const civic_signin_t *signin, const ngx_str_t *text,
    const ngx_str_t *nonce, ngx_pool_t *pool, civic_signin_token_t *token)
{
    return civic_signin_token_verify(signin, text,
                                     civic_signin_token_check_id, nonce,
                                     pool, token);
}


civic_problem_e
civic_signin_token_logout(const civic_signin_t *signin,
    const ngx_str_t *text, ngx_pool_t *pool, civic_signin_token_t *token)
{
    return civic_signin_token_verify(signin, text,
                                     civic_signin_token_check_logout, NULL,
                                     pool, token);
}


static civic_problem_e
civic_signin_token_verify(const civic_signin_t *signin,
    const ngx_str_t *text, civic_signin_token_check_pt check,
    const ngx_str_t *nonce, ngx_pool_t *pool, civic_signin_token_t *token)
{
    u_char                     *buf;
    civic_problem_e             problem;
    civic_jose_key_t           *key;
    civic_jose_jws_t            jws;
    const civic_jose_keyset_t  *keys;

    ngx_memzero(token, sizeof(civic_signin_token_t));

    buf = ngx_pnalloc(pool, text->len + 1);
    if (buf == NULL) {
        return CIVIC_INTERNAL;
    }

    problem = civic_jose_jws_parse(text, buf, &jws);
    if (problem != CIVIC_OK) {
        return problem;
    }

    keys = civic_issuer_keys_now(signin->issuer);
    if (keys == NULL) {
        return CIVIC_KEYS_UNAVAILABLE;
    }

    key = civic_jose_keyset_find(keys, &jws, &problem);
    if (key == NULL) {
        return problem;
    }

    problem = civic_jose_jws_verify(key, &jws);
    if (problem != CIVIC_OK) {
        return problem;
    }

    civic_json_arena_enter();

    problem = civic_signin_token_judge(signin, &jws, check, nonce, pool,
                                       token);

    civic_json_arena_leave();

    return problem;
}


static civic_problem_e
civic_signin_token_judge(const civic_signin_t *signin,
    const civic_jose_jws_t *jws, civic_signin_token_check_pt check,
    const ngx_str_t *nonce, ngx_pool_t *pool, civic_signin_token_t *token)
{
    ngx_str_t         iss;
    civic_json_t     *claims;
    civic_problem_e   problem;

    problem = civic_issuer_claims_parse(&jws->payload, &claims, &iss);
    if (problem != CIVIC_OK) {
        return problem;
    }

    problem = check(signin, claims, nonce);

    if (problem == CIVIC_OK) {
        problem = civic_signin_token_claims(signin, jws, claims, pool,
                                            token);
    }

    civic_json_free(claims);

    return problem;
}


/* a logout token may have a sid in the place of a subject */

static civic_problem_e
civic_signin_token_claims(const civic_signin_t *signin,
    const civic_jose_jws_t *jws, const civic_json_t *claims,
    ngx_pool_t *pool, civic_signin_token_t *token)
{
    ngx_str_t              sid;
    ngx_uint_t             nobody;
    civic_problem_e        problem;
    civic_issuer_rules_t   rules;

    rules = signin->rules;
    nobody = civic_json_path(claims, &rules.subject) == NULL;

    if (nobody) {
        ngx_str_set(&rules.subject, "sid");
    }

    problem = civic_issuer_claims_check(&rules, jws, claims, ngx_time(),
                                        pool, &token->claims);
    if (problem != CIVIC_OK) {
        return problem;
    }

    if (nobody) {
        ngx_str_null(&token->claims.subject);
    }

    if (civic_json_string(civic_json_member(claims, "sid"), &sid) == NGX_OK) {
        token->sid.len = sid.len;
        token->sid.data = ngx_pstrdup(pool, &sid);

        if (token->sid.data == NULL) {
            return CIVIC_INTERNAL;
        }
    }

    token->payload.len = jws->payload.len;
    token->payload.data = ngx_pstrdup(pool, (ngx_str_t *) &jws->payload);

    return token->payload.data ? CIVIC_OK : CIVIC_INTERNAL;
}


/*
 * Ours, of this sign-in: the nonce says which.  Where it is for several
 * clients, or says for whom it was made, that must be us.
 */

static civic_problem_e
civic_signin_token_check_id(const civic_signin_t *signin,
    const civic_json_t *claims, const ngx_str_t *nonce)
{
    ngx_str_t            value;
    const civic_json_t  *aud, *azp;

    aud = civic_json_member(claims, "aud");
    azp = civic_json_member(claims, "azp");

    if ((azp != NULL || civic_json_length(aud) > 1)
        && !civic_signin_token_is(claims, "azp", &signin->client_id))
    {
        return CIVIC_AUDIENCE_MISMATCH;
    }

    if (civic_json_member(claims, "iat") == NULL
        || civic_json_path(claims, &signin->rules.subject) == NULL)
    {
        return CIVIC_CLAIM_MISSING;
    }

    return nonce == NULL
           || (civic_json_string(civic_json_member(claims, "nonce"), &value)
               == NGX_OK
               && civic_jose_mac_equal(&value, nonce))
           ? CIVIC_OK : CIVIC_SIGNIN_NONCE;
}


/*
 * It is no ID token: those have no such event, and this has no nonce.  Its
 * name is what keeps it from being used again.
 */

static civic_problem_e
civic_signin_token_check_logout(const civic_signin_t *signin,
    const civic_json_t *claims, const ngx_str_t *nonce)
{
    ngx_str_t            name;
    const civic_json_t  *event;

    event = civic_json_member(civic_json_member(claims, "events"),
                "http://schemas.openid.net/event/backchannel-logout");

    if (event == NULL
        || civic_json_type(event) != CIVIC_JSON_OBJECT
        || civic_json_member(claims, "nonce") != NULL
        || civic_json_member(claims, "iat") == NULL
        || civic_json_string(civic_json_member(claims, "jti"), &name)
           != NGX_OK
        || name.len == 0)
    {
        return CIVIC_CLAIMS_MALFORMED;
    }

    return CIVIC_OK;
}


static ngx_uint_t
civic_signin_token_is(const civic_json_t *claims, const char *name,
    const ngx_str_t *value)
{
    ngx_str_t  text;

    return civic_json_string(civic_json_member(claims, name), &text) == NGX_OK
           && text.len == value->len
           && ngx_memcmp(text.data, value->data, text.len) == 0;
}


civic_problem_e
civic_signin_token_identity(const civic_signin_t *signin,
    const ngx_str_t *payload, const ngx_str_t *scope, time_t issued,
    time_t ends, ngx_pool_t *pool, civic_identity_t *identity)
{
    ngx_str_t               iss;
    civic_json_t           *json;
    civic_problem_e         problem;
    civic_issuer_claims_t   claims;

    ngx_memzero(&claims, sizeof(civic_issuer_claims_t));

    civic_json_arena_enter();

    problem = civic_issuer_claims_parse(payload, &json, &iss);

    if (problem == CIVIC_OK) {
        problem = civic_issuer_claims_read(&signin->rules, json, pool,
                                           &claims);
        civic_json_free(json);
    }

    civic_json_arena_leave();

    if (problem != CIVIC_OK) {
        return problem;
    }

    if (claims.scope.len == 0) {
        claims.scope = *scope;
    }

    if (claims.client.len == 0) {
        claims.client = signin->client_id;
    }

    claims.issued = issued;
    claims.expires = ends;

    return civic_issuer_identity(signin->issuer, &claims, payload, pool,
                                 identity)
           == NGX_OK ? CIVIC_OK : CIVIC_INTERNAL;
}
