
/*
 * Copyright (C) Civic Gate
 *
 * Decides whether the claims of a verified token are what the operator asks
 * for.  What is absent refuses as what is wrong does.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_issuer_claims.h"


/* beyond 2^53 a double no longer holds every second */

#define CIVIC_ISSUER_CLAIMS_MAX_TIME  9007199254740992.0


typedef struct {
    ngx_uint_t  present;
    time_t      floor;
    time_t      ceiling;
} civic_issuer_claims_time_t;


static civic_problem_e civic_issuer_claims_issuer(
    const civic_issuer_rules_t *rules, const civic_json_t *claims);
static ngx_uint_t civic_issuer_claims_word_fits(const civic_json_t *claims,
    const char *name, const char *word);
static civic_problem_e civic_issuer_claims_rest(
    const civic_issuer_rules_t *rules, const civic_json_t *claims, time_t now,
    ngx_pool_t *pool, civic_issuer_claims_t *out);
static civic_problem_e civic_issuer_claims_audience(
    const civic_issuer_rules_t *rules, const civic_json_t *claims);
static ngx_uint_t civic_issuer_claims_in(const ngx_str_t *value,
    const ngx_array_t *list);
static civic_problem_e civic_issuer_claims_times(
    const civic_issuer_rules_t *rules, const civic_json_t *claims, time_t now,
    civic_issuer_claims_t *out);
static ngx_int_t civic_issuer_claims_time(const civic_json_t *claims,
    const char *name, civic_issuer_claims_time_t *value);
static ngx_uint_t civic_issuer_claims_type_fits(const ngx_str_t *wanted,
    const ngx_str_t *typ);
static ngx_uint_t civic_issuer_claims_required(
    const civic_issuer_rules_t *rules, const civic_json_t *claims);


civic_problem_e
civic_issuer_claims_parse(const ngx_str_t *payload, civic_json_t **claims,
    ngx_str_t *issuer)
{
    civic_json_t  *root;

    *claims = NULL;

    root = civic_json_parse(payload, CIVIC_JOSE_MAX_TOKEN, NULL, 0);
    if (root == NULL) {
        return CIVIC_CLAIMS_MALFORMED;
    }

    if (civic_json_type(root) != CIVIC_JSON_OBJECT
        || civic_json_string(civic_json_member(root, "iss"), issuer)
           != NGX_OK)
    {
        civic_json_free(root);
        return CIVIC_CLAIMS_MALFORMED;
    }

    *claims = root;

    return CIVIC_OK;
}


civic_problem_e
civic_issuer_claims_check(const civic_issuer_rules_t *rules,
    const civic_jose_jws_t *jws, const civic_json_t *claims, time_t now,
    ngx_pool_t *pool, civic_issuer_claims_t *out)
{
    civic_problem_e  problem;

    problem = civic_issuer_claims_issuer(rules, claims);

    if (problem != CIVIC_OK) {
        return problem;
    }

    if (!civic_issuer_claims_type_fits(&rules->type, &jws->typ)) {
        return CIVIC_TYPE_MISMATCH;
    }

    return civic_issuer_claims_rest(rules, claims, now, pool, out);
}


civic_problem_e
civic_issuer_claims_asked(const civic_issuer_rules_t *rules,
    const civic_json_t *claims, time_t now, ngx_pool_t *pool,
    civic_issuer_claims_t *out)
{
    civic_problem_e  problem;

    if (!civic_json_is_true(civic_json_member(claims, "active"))) {
        return CIVIC_TOKEN_INACTIVE;
    }

    if (civic_json_member(claims, "iss") != NULL) {
        problem = civic_issuer_claims_issuer(rules, claims);

        if (problem != CIVIC_OK) {
            return problem;
        }
    }

    if (!civic_issuer_claims_word_fits(claims, "token_type", "Bearer")
        || !civic_issuer_claims_word_fits(claims, "token_use",
                                          "access_token"))
    {
        return CIVIC_TYPE_MISMATCH;
    }

    return civic_issuer_claims_rest(rules, claims, now, pool, out);
}


static civic_problem_e
civic_issuer_claims_issuer(const civic_issuer_rules_t *rules,
    const civic_json_t *claims)
{
    ngx_str_t  issuer;

    if (civic_json_string(civic_json_member(claims, "iss"), &issuer)
        != NGX_OK)
    {
        return CIVIC_CLAIMS_MALFORMED;
    }

    return issuer.len == rules->issuer.len
           && ngx_memcmp(issuer.data, rules->issuer.data, issuer.len) == 0
           ? CIVIC_OK : CIVIC_ISSUER_UNKNOWN;
}


/* absent, or that word in any case */

static ngx_uint_t
civic_issuer_claims_word_fits(const civic_json_t *claims, const char *name,
    const char *word)
{
    ngx_str_t            value;
    const civic_json_t  *claim;

    claim = civic_json_member(claims, name);

    return claim == NULL
           || (civic_json_string(claim, &value) == NGX_OK
               && value.len == ngx_strlen(word)
               && ngx_strncasecmp(value.data, (u_char *) word, value.len)
                  == 0);
}


static civic_problem_e
civic_issuer_claims_rest(const civic_issuer_rules_t *rules,
    const civic_json_t *claims, time_t now, ngx_pool_t *pool,
    civic_issuer_claims_t *out)
{
    civic_problem_e  problem;

    ngx_memzero(out, sizeof(civic_issuer_claims_t));

    problem = civic_issuer_claims_audience(rules, claims);

    if (problem == CIVIC_OK) {
        problem = civic_issuer_claims_times(rules, claims, now, out);
    }

    if (problem == CIVIC_OK && !civic_issuer_claims_required(rules, claims)) {
        problem = CIVIC_CLAIM_MISSING;
    }

    return problem == CIVIC_OK
           ? civic_issuer_claims_read(rules, claims, pool, out) : problem;
}


static civic_problem_e
civic_issuer_claims_audience(const civic_issuer_rules_t *rules,
    const civic_json_t *claims)
{
    ngx_str_t            value;
    ngx_uint_t           i, found;
    const civic_json_t  *aud;

    aud = civic_json_member(claims, "aud");

    if (aud == NULL) {
        return CIVIC_AUDIENCE_MISMATCH;
    }

    if (civic_json_string(aud, &value) == NGX_OK) {
        return civic_issuer_claims_in(&value, rules->audiences)
               ? CIVIC_OK : CIVIC_AUDIENCE_MISMATCH;
    }

    if (civic_json_type(aud) != CIVIC_JSON_ARRAY) {
        return CIVIC_CLAIMS_MALFORMED;
    }

    found = 0;

    for (i = 0; i < civic_json_length(aud); i++) {
        if (civic_json_string(civic_json_element(aud, i), &value) != NGX_OK) {
            return CIVIC_CLAIMS_MALFORMED;
        }

        found |= civic_issuer_claims_in(&value, rules->audiences);
    }

    return found ? CIVIC_OK : CIVIC_AUDIENCE_MISMATCH;
}


static ngx_uint_t
civic_issuer_claims_in(const ngx_str_t *value, const ngx_array_t *list)
{
    ngx_str_t   *wanted;
    ngx_uint_t   i;

    if (list == NULL) {
        return 0;
    }

    wanted = list->elts;

    for (i = 0; i < list->nelts; i++) {
        if (wanted[i].len == value->len
            && ngx_memcmp(wanted[i].data, value->data, value->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* fractions of a second are rounded against the token */

static civic_problem_e
civic_issuer_claims_times(const civic_issuer_rules_t *rules,
    const civic_json_t *claims, time_t now, civic_issuer_claims_t *out)
{
    civic_issuer_claims_time_t  exp, nbf, iat;

    if (civic_issuer_claims_time(claims, "exp", &exp) != NGX_OK
        || civic_issuer_claims_time(claims, "nbf", &nbf) != NGX_OK
        || civic_issuer_claims_time(claims, "iat", &iat) != NGX_OK)
    {
        return CIVIC_CLAIMS_MALFORMED;
    }

    if (!exp.present) {
        return CIVIC_CLAIM_MISSING;
    }

    if (now >= exp.floor + rules->leeway) {
        return CIVIC_TOKEN_EXPIRED;
    }

    if (nbf.present && now + rules->leeway < nbf.ceiling) {
        return CIVIC_TOKEN_NOT_YET_VALID;
    }

    if (iat.present && now + rules->leeway < iat.ceiling) {
        return CIVIC_ISSUED_IN_FUTURE;
    }

    if (rules->lifetime) {

        if (!iat.present) {
            return CIVIC_CLAIM_MISSING;
        }

        if (exp.ceiling - iat.floor > rules->lifetime) {
            return CIVIC_LIFETIME_TOO_LONG;
        }
    }

    out->expires = exp.floor;
    out->issued = iat.floor;

    return CIVIC_OK;
}


/* NGX_OK: a time, or none; NGX_DECLINED: anything else */

static ngx_int_t
civic_issuer_claims_time(const civic_json_t *claims, const char *name,
    civic_issuer_claims_time_t *value)
{
    double               number;
    int64_t              integer;
    const civic_json_t  *claim;

    ngx_memzero(value, sizeof(civic_issuer_claims_time_t));

    claim = civic_json_member(claims, name);

    if (claim == NULL) {
        return NGX_OK;
    }

    value->present = 1;

    /* an integer first: 2^53 + 1 becomes 2^53 as a double */

    if (civic_json_integer(claim, &integer) == NGX_OK) {

        if (integer < 0 || integer > (int64_t) CIVIC_ISSUER_CLAIMS_MAX_TIME) {
            return NGX_DECLINED;
        }

        value->floor = integer;
        value->ceiling = integer;

        return NGX_OK;
    }

    if (civic_json_number(claim, &number) != NGX_OK
        || !(number >= 0 && number <= CIVIC_ISSUER_CLAIMS_MAX_TIME))
    {
        return NGX_DECLINED;
    }

    value->floor = (time_t) number;
    value->ceiling = value->floor + ((double) value->floor < number);

    return NGX_OK;
}


/* RFC 7515 section 4.1.9: a media type whose "application/" may be left out */

static ngx_uint_t
civic_issuer_claims_type_fits(const ngx_str_t *wanted, const ngx_str_t *typ)
{
    size_t      n;
    ngx_str_t   type;

    static ngx_str_t  prefix = ngx_string("application/");

    if (wanted->len == 0) {
        return 1;
    }

    type = *typ;
    n = prefix.len;

    if (type.len > n && wanted->len + n == type.len
        && ngx_strncasecmp(type.data, prefix.data, n) == 0)
    {
        type.data += n;
        type.len -= n;
    }

    return type.len == wanted->len
           && ngx_strncasecmp(type.data, wanted->data, type.len) == 0;
}


static ngx_uint_t
civic_issuer_claims_required(const civic_issuer_rules_t *rules,
    const civic_json_t *claims)
{
    ngx_str_t           *name;
    ngx_uint_t           i;
    const civic_json_t  *claim;

    if (rules->required == NULL) {
        return 1;
    }

    name = rules->required->elts;

    for (i = 0; i < rules->required->nelts; i++) {
        claim = civic_json_path(claims, &name[i]);

        if (claim == NULL || civic_json_type(claim) == CIVIC_JSON_NULL) {
            return 0;
        }
    }

    return 1;
}
