
/*
 * Copyright (C) Civic Gate
 *
 * The tests.  What is missing, comes twice or cannot be compared meets
 * none of them, != included.
 */


#include "civic_require.h"
#include "civic_require_check.h"
#include "civic_require_value.h"


typedef civic_problem_e (*civic_require_check_pt)(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_require_rule_t *rule);


/* what stands on the two sides of a test; json NULL: text, or values */

typedef struct {
    ngx_str_t               text;
    const civic_json_t     *json;
    const civic_json_t     *other;
} civic_require_sides_t;


static civic_problem_e civic_require_check_scope(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_require_rule_t *rule);
static civic_problem_e civic_require_check_role(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_require_rule_t *rule);
static civic_problem_e civic_require_check_level(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_require_rule_t *rule);
static civic_problem_e civic_require_check_app(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_require_rule_t *rule);
static civic_problem_e civic_require_check_issuer(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_require_rule_t *rule);
static civic_problem_e civic_require_check_region(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_require_rule_t *rule);
static civic_problem_e civic_require_check_source(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_require_rule_t *rule);
static civic_problem_e civic_require_check_sides(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_require_rule_t *rule,
    civic_require_sides_t *sides);
static civic_problem_e civic_require_check_value(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_source_t *source, ngx_str_t *value);
static ngx_int_t civic_require_check_equal(const civic_require_rule_t *rule,
    const civic_require_sides_t *sides);
static ngx_uint_t civic_require_check_order(const civic_require_rule_t *rule,
    const civic_require_sides_t *sides);


/* in the order of civic_require_what_e */

static const civic_require_check_pt  civic_require_checks[] = {
    civic_require_check_scope,
    civic_require_check_role,
    civic_require_check_level,
    civic_require_check_app,
    civic_require_check_issuer,
    civic_require_check_region,
    civic_require_check_source
};


civic_problem_e
civic_require_check(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_require_rule_t *rule)
{
    if (rule->roles != NULL
        && (ctx->identity == NULL
            || !civic_require_check_any(rule->roles, &ctx->identity->roles)))
    {
        return CIVIC_OK;
    }

    if (ctx->identity == NULL && rule->what != CIVIC_REQUIRE_SOURCE) {
        return CIVIC_CREDENTIALS_MISSING;
    }

    return civic_require_checks[rule->what](r, ctx, rule);
}


ngx_uint_t
civic_require_check_any(const ngx_array_t *words, const ngx_str_t *list)
{
    ngx_str_t   *word;
    ngx_uint_t   i;

    word = words->elts;

    for (i = 0; i < words->nelts; i++) {

        if (civic_require_granted(&word[i], list)) {
            return 1;
        }
    }

    return 0;
}


static civic_problem_e
civic_require_check_scope(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_require_rule_t *rule)
{
    return civic_require_check_any(rule->values, &ctx->identity->scope)
           ? CIVIC_OK : CIVIC_SCOPE_DENIED;
}


static civic_problem_e
civic_require_check_role(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_require_rule_t *rule)
{
    return civic_require_check_any(rule->values, &ctx->identity->roles)
           ? CIVIC_OK : CIVIC_ROLE_DENIED;
}


static civic_problem_e
civic_require_check_level(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_require_rule_t *rule)
{
    double            number;
    ngx_uint_t        met;
    const ngx_str_t  *level;

    level = &ctx->identity->level;

    if (rule->op == CIVIC_REQUIRE_GE) {
        met = civic_require_value_number(level, &number) == NGX_OK
              && number >= rule->numbers[0];

    } else {
        met = civic_require_value_in(level, rule->values);
    }

    return met ? CIVIC_OK : CIVIC_LEVEL_DENIED;
}


static civic_problem_e
civic_require_check_app(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_require_rule_t *rule)
{
    return civic_require_value_in(&ctx->identity->app, rule->values)
           ? CIVIC_OK : CIVIC_CALLER_DENIED;
}


static civic_problem_e
civic_require_check_issuer(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_require_rule_t *rule)
{
    return civic_require_value_in(&ctx->identity->issuer, rule->values)
           ? CIVIC_OK : CIVIC_CALLER_DENIED;
}


static civic_problem_e
civic_require_check_region(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_require_rule_t *rule)
{
    ngx_str_t        value;
    civic_problem_e  problem;

    problem = civic_require_check_value(r, ctx, &rule->source, &value);

    if (problem != CIVIC_OK) {
        return problem;
    }

    return civic_require_region(&ctx->identity->region, &value)
           ? CIVIC_OK : CIVIC_REGION_DENIED;
}


static civic_problem_e
civic_require_check_source(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_require_rule_t *rule)
{
    ngx_uint_t             met;
    civic_problem_e        problem;
    civic_require_sides_t  sides;

    problem = civic_require_check_sides(r, ctx, rule, &sides);

    if (problem != CIVIC_OK) {
        return problem;
    }

    switch (rule->op) {

    case CIVIC_REQUIRE_EQ:
        met = civic_require_check_equal(rule, &sides) == 1;
        break;

    case CIVIC_REQUIRE_NE:
        met = civic_require_check_equal(rule, &sides) == 0;
        break;

    default:
        met = civic_require_check_order(rule, &sides);
    }

    if (met) {
        return CIVIC_OK;
    }

    return sides.json ? CIVIC_CLAIM_DENIED : CIVIC_SOURCE_DENIED;
}


static civic_problem_e
civic_require_check_sides(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_require_rule_t *rule, civic_require_sides_t *sides)
{
    ngx_memzero(sides, sizeof(civic_require_sides_t));

    if (ctx->identity == NULL
        && (rule->claim.name.len != 0
            || rule->source.from == CIVIC_SOURCE_CLAIM))
    {
        return CIVIC_CREDENTIALS_MISSING;
    }

    if (rule->claim.name.len != 0) {
        sides->other = civic_source_claim(r, ctx, &rule->claim);

        if (sides->other == NULL) {
            return CIVIC_CLAIM_DENIED;
        }
    }

    if (rule->source.from != CIVIC_SOURCE_CLAIM) {
        return civic_require_check_value(r, ctx, &rule->source, &sides->text);
    }

    sides->json = civic_source_claim(r, ctx, &rule->source);

    return sides->json ? CIVIC_OK : CIVIC_CLAIM_DENIED;
}


static civic_problem_e
civic_require_check_value(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_source_t *source, ngx_str_t *value)
{
    switch (civic_source_get(r, ctx, source, value)) {

    case NGX_OK:
        return CIVIC_OK;

    case NGX_DECLINED:
        return (source->from == CIVIC_SOURCE_CLAIM) ? CIVIC_CLAIM_DENIED
                                                    : CIVIC_SOURCE_MISSING;

    case NGX_BUSY:
        return CIVIC_SOURCE_DUPLICATE;

    case NGX_ABORT:
        return (source->from == CIVIC_SOURCE_CLAIM) ? CIVIC_CLAIM_DENIED
                                                    : CIVIC_SOURCE_MALFORMED;

    default:
        return CIVIC_INTERNAL;
    }
}


/* 1, 0 or NGX_DECLINED */

static ngx_int_t
civic_require_check_equal(const civic_require_rule_t *rule,
    const civic_require_sides_t *sides)
{
    if (sides->other == NULL) {
        return sides->json
               ? civic_require_value_json_in(sides->json, rule->values,
                                             rule->numbers)
               : civic_require_value_in(&sides->text, rule->values);
    }

    return sides->json
           ? civic_require_value_json_meets(sides->json, sides->other)
           : civic_require_value_json_is(sides->other, &sides->text);
}


static ngx_uint_t
civic_require_check_order(const civic_require_rule_t *rule,
    const civic_require_sides_t *sides)
{
    double     left, right;
    ngx_int_t  rc;

    rc = sides->json ? civic_require_value_json_number(sides->json, &left)
                     : civic_require_value_number(&sides->text, &left);

    if (rc != NGX_OK) {
        return 0;
    }

    if (sides->other == NULL) {
        right = rule->numbers[0];

    } else if (civic_require_value_json_number(sides->other, &right)
               != NGX_OK)
    {
        return 0;
    }

    switch (rule->op) {

    case CIVIC_REQUIRE_GE:
        return left >= right;

    case CIVIC_REQUIRE_LE:
        return left <= right;

    case CIVIC_REQUIRE_GT:
        return left > right;

    default:
        return left < right;
    }
}
