/* sources: src/issuer/civic_issuer_claims.c
    src/issuer/civic_issuer_claims_read.c src/jose/civic_jose_base64url.c
    src/json/civic_json.c src/problem/civic_problem.c */

/*
 * Copyright (C) Civic Gate
 */


#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_issuer_claims.h"
#include "stub_nginx.h"


typedef struct {
    const char       *title;
    const char       *claims;          /* beside BASE; '!' first: instead */
    civic_problem_e   problem;
} claims_row_t;


/* it is 1,000,000; leeway 30, lifetime 3600; audiences "a" and "b" */

#define CLAIMS_NOW  1000000

#define CLAIMS_BASE  "\"iss\":\"i\",\"sub\":\"me\",\"aud\":\"a\""
#define CLAIMS_IAT   CLAIMS_BASE ",\"iat\":999990"
#define CLAIMS_SUB   "!\"iss\":\"i\",\"aud\":\"a\",\"iat\":999990,"           \
                     "\"exp\":1000100,\"need\":{\"ed\":1}"
#define CLAIMS_AUD   "!\"iss\":\"i\",\"sub\":\"me\",\"iat\":999990,"          \
                     "\"exp\":1000100,\"need\":{\"ed\":1}"
#define CLAIMS_ALL   "!" CLAIMS_IAT ",\"exp\":1000100,\"need\":{\"ed\":1}"


static const claims_row_t  claims_rows[] = {

    { "a token that fits is accepted", CLAIMS_ALL, CIVIC_OK },
    { "one of several audiences is enough",
      CLAIMS_AUD ",\"aud\":[\"x\",\"b\"]", CIVIC_OK },
    { "another audience is refused",
      CLAIMS_AUD ",\"aud\":\"ab\"", CIVIC_AUDIENCE_MISMATCH },
    { "an empty list of audiences is refused",
      CLAIMS_AUD ",\"aud\":[]", CIVIC_AUDIENCE_MISMATCH },
    { "a token for nobody is refused", CLAIMS_AUD, CIVIC_AUDIENCE_MISMATCH },
    { "aud as a number is refused",
      CLAIMS_AUD ",\"aud\":1", CIVIC_CLAIMS_MALFORMED },
    { "aud as an object is refused",
      CLAIMS_AUD ",\"aud\":{\"a\":1}", CIVIC_CLAIMS_MALFORMED },
    { "a number among audiences is refused even beside the right one",
      CLAIMS_AUD ",\"aud\":[\"a\",1]", CIVIC_CLAIMS_MALFORMED },

    { "another issuer is unknown",
      "!\"iss\":\"j\",\"sub\":\"me\"", CIVIC_ISSUER_UNKNOWN },
    { "an issuer with something behind it is unknown",
      "!\"iss\":\"i/\",\"sub\":\"me\"", CIVIC_ISSUER_UNKNOWN },
    { "iss as an array is refused",
      "!\"iss\":[\"i\"]", CIVIC_CLAIMS_MALFORMED },
    { "a token without iss is refused",
      "!\"sub\":\"me\"", CIVIC_CLAIMS_MALFORMED },

    { "a token without exp is refused", "\"iat\":999990",
      CIVIC_CLAIM_MISSING },
    { "exp lasts for its leeway", "\"exp\":999971,\"iat\":999000", CIVIC_OK },
    { "exp is over with its leeway", "\"exp\":999970,\"iat\":999000",
      CIVIC_TOKEN_EXPIRED },
    { "exp of zero is over", "\"exp\":0,\"iat\":0", CIVIC_TOKEN_EXPIRED },
    { "a negative exp is refused", "\"exp\":-1", CIVIC_CLAIMS_MALFORMED },
    { "exp of -0.0 is over", "\"exp\":-0.0", CIVIC_TOKEN_EXPIRED },
    { "exp as a string is refused", "\"exp\":\"1000100\"",
      CIVIC_CLAIMS_MALFORMED },
    { "exp as null is refused", "\"exp\":null", CIVIC_CLAIMS_MALFORMED },
    { "exp as true is refused", "\"exp\":true", CIVIC_CLAIMS_MALFORMED },
    { "exp as an array is refused", "\"exp\":[1000100]",
      CIVIC_CLAIMS_MALFORMED },
    { "exp of 1e400 is refused", "\"exp\":1e400", CIVIC_CLAIMS_MALFORMED },
    { "exp of 1e300 is refused", "\"exp\":1e300", CIVIC_CLAIMS_MALFORMED },
    { "exp of 2^53 + 1 is refused", "\"exp\":9007199254740993",
      CIVIC_CLAIMS_MALFORMED },
    { "exp of 2^53 is a time, if too far", "\"exp\":9007199254740992,"
      "\"iat\":999990", CIVIC_LIFETIME_TOO_LONG },
    { "exp of 2^63 is refused", "\"exp\":9223372036854775808",
      CIVIC_CLAIMS_MALFORMED },
    { "exp beyond any integer is refused",
      "\"exp\":123456789012345678901234567890", CIVIC_CLAIMS_MALFORMED },
    { "exp with a fraction is accepted",
      "\"exp\":1000100.75,\"iat\":999990.5", CIVIC_OK },
    { "exp is rounded down: the token is over",
      "\"exp\":999970.999,\"iat\":999000", CIVIC_TOKEN_EXPIRED },
    { "exp in scientific spelling is accepted",
      "\"exp\":1.0001e6,\"iat\":999990", CIVIC_OK },

    { "nbf may be ahead by the leeway",
      "\"exp\":1000100,\"iat\":999990,\"nbf\":1000030", CIVIC_OK },
    { "nbf beyond the leeway is too early",
      "\"exp\":1000100,\"iat\":999990,\"nbf\":1000031",
      CIVIC_TOKEN_NOT_YET_VALID },
    { "nbf is rounded up", "\"exp\":1000100,\"iat\":999990,"
      "\"nbf\":1000030.1", CIVIC_TOKEN_NOT_YET_VALID },
    { "nbf as a string is refused",
      "\"exp\":1000100,\"nbf\":\"999990\"", CIVIC_CLAIMS_MALFORMED },
    { "a negative nbf is refused",
      "\"exp\":1000100,\"nbf\":-5", CIVIC_CLAIMS_MALFORMED },
    { "iat may be ahead by the leeway",
      "\"exp\":1000100,\"iat\":1000030", CIVIC_OK },
    { "iat beyond the leeway is in the future",
      "\"exp\":1000100,\"iat\":1000031", CIVIC_ISSUED_IN_FUTURE },
    { "iat as a string is refused",
      "\"exp\":1000100,\"iat\":\"999990\"", CIVIC_CLAIMS_MALFORMED },
    { "a life of just the maximum is accepted",
      "\"exp\":1003590,\"iat\":999990", CIVIC_OK },
    { "a longer life is refused",
      "\"exp\":1003591,\"iat\":999990", CIVIC_LIFETIME_TOO_LONG },
    { "a life that is longer by a fraction is refused",
      "\"exp\":1003590.1,\"iat\":999990", CIVIC_LIFETIME_TOO_LONG },
    { "a life that cannot be told is refused", "\"exp\":1000100",
      CIVIC_CLAIM_MISSING },

    { "a required claim that is absent is missing",
      "!" CLAIMS_IAT ",\"exp\":1000100", CIVIC_CLAIM_MISSING },
    { "a required claim that is null is missing",
      "!" CLAIMS_IAT ",\"exp\":1000100,\"need\":{\"ed\":null}",
      CIVIC_CLAIM_MISSING },
    { "a required claim may be false",
      "!" CLAIMS_IAT ",\"exp\":1000100,\"need\":{\"ed\":false}", CIVIC_OK },

    { "a token without subject is refused", CLAIMS_SUB, CIVIC_CLAIM_MISSING },
    { "an empty subject is refused",
      CLAIMS_SUB ",\"sub\":\"\"", CIVIC_CLAIMS_MALFORMED },
    { "a subject with a line feed is refused",
      CLAIMS_SUB ",\"sub\":\"me\\r\\nX-Civic-Scope: all\"",
      CIVIC_CLAIMS_MALFORMED },
    { "a subject with a DEL is refused",
      CLAIMS_SUB ",\"sub\":\"me\x7f\"", CIVIC_CLAIMS_MALFORMED },
    { "a subject with a NUL is refused",
      CLAIMS_SUB ",\"sub\":\"me\\u0000\"", CIVIC_CLAIMS_MALFORMED },
    { "a number as subject is refused",
      CLAIMS_SUB ",\"sub\":42", CIVIC_CLAIMS_MALFORMED },
    { "a subject may be Chinese",
      CLAIMS_SUB ",\"sub\":\"\xe7\x8e\x8b\"", CIVIC_OK },
    { "a second subject is refused",
      CLAIMS_ALL ",\"sub\":\"you\"", CIVIC_CLAIMS_MALFORMED },

    { "scope as a number is refused",
      CLAIMS_ALL ",\"scope\":1", CIVIC_CLAIMS_MALFORMED },
    { "scope as an object is refused",
      CLAIMS_ALL ",\"scope\":{}", CIVIC_CLAIMS_MALFORMED },
    { "a scope with a tab is refused",
      CLAIMS_ALL ",\"scope\":\"a\\tb\"", CIVIC_CLAIMS_MALFORMED },
    { "a scope of an array that would become two is refused",
      CLAIMS_ALL ",\"scope\":[\"a b\"]", CIVIC_CLAIMS_MALFORMED },
    { "an empty scope in an array is refused",
      CLAIMS_ALL ",\"scope\":[\"a\",\"\"]", CIVIC_CLAIMS_MALFORMED },
    { "a number among scopes is refused",
      CLAIMS_ALL ",\"scope\":[\"a\",1]", CIVIC_CLAIMS_MALFORMED },

    { "a region is a code of digits",
      CLAIMS_ALL ",\"region\":\"350102\"", CIVIC_OK },
    { "a region of five digits is refused",
      CLAIMS_ALL ",\"region\":\"35010\"", CIVIC_CLAIMS_MALFORMED },
    { "a region with a letter is refused",
      CLAIMS_ALL ",\"region\":\"35010x\"", CIVIC_CLAIMS_MALFORMED },
    { "a region as a number is refused",
      CLAIMS_ALL ",\"region\":350102", CIVIC_CLAIMS_MALFORMED }
};


static ngx_str_t           claims_audiences[] = {
    ngx_string("a"),
    ngx_string("b")
};

static ngx_str_t           claims_required[] = {
    ngx_string("need.ed")
};

static ngx_array_t         claims_audience_list;
static ngx_array_t         claims_required_list;
static civic_issuer_rules_t  claims_rules;


static int
claims_setup(void **state)
{
    memset(&claims_rules, 0, sizeof(claims_rules));

    claims_audience_list.elts = claims_audiences;
    claims_audience_list.nelts = 2;
    claims_required_list.elts = claims_required;
    claims_required_list.nelts = 1;

    ngx_str_set(&claims_rules.issuer, "i");
    ngx_str_set(&claims_rules.subject, "sub");
    ngx_str_set(&claims_rules.scope, "scope");
    ngx_str_set(&claims_rules.region, "region");
    claims_rules.audiences = &claims_audience_list;
    claims_rules.required = &claims_required_list;
    claims_rules.leeway = 30;
    claims_rules.lifetime = 3600;

    stub_nginx_allocations = -1;

    return 0;
}


static civic_problem_e
claims_judge(const char *text, const char *typ, ngx_pool_t *pool,
    civic_issuer_claims_t *out)
{
    ngx_str_t          payload, issuer;
    civic_json_t      *claims;
    civic_problem_e    problem;
    civic_jose_jws_t   jws;

    memset(&jws, 0, sizeof(jws));

    if (typ) {
        jws.typ.data = (u_char *) typ;
        jws.typ.len = strlen(typ);
    }

    payload.data = (u_char *) text;
    payload.len = strlen(text);

    problem = civic_issuer_claims_parse(&payload, &claims, &issuer);

    if (problem == CIVIC_OK) {
        problem = civic_issuer_claims_check(&claims_rules, &jws, claims,
                                          CLAIMS_NOW, pool, out);
        civic_json_free(claims);

    } else {
        assert_null(claims);
    }

    return problem;
}


static void
claims_expect(civic_problem_e problem, civic_problem_e wanted)
{
    assert_string_equal((char *) civic_problems[problem].code.data,
                        (char *) civic_problems[wanted].code.data);
}


static void
claims_row(void **state)
{
    char                  text[1024];
    ngx_pool_t           *pool;
    civic_issuer_claims_t   out;
    const claims_row_t   *row;

    row = *state;
    pool = ngx_create_pool(1024, NULL);

    if (row->claims[0] == '!') {
        (void) sprintf(text, "{%s}", row->claims + 1);

    } else {
        (void) sprintf(text, "{" CLAIMS_BASE ",\"need\":{\"ed\":1},%s}",
                       row->claims);
    }

    claims_expect(claims_judge(text, NULL, pool, &out), row->problem);

    ngx_destroy_pool(pool);
}


static void
claims_no_object(void **state)
{
    ngx_str_t      payload, issuer;
    civic_json_t  *claims;

    ngx_str_set(&payload, "[\"iss\"]");
    claims_expect(civic_issuer_claims_parse(&payload, &claims, &issuer),
                  CIVIC_CLAIMS_MALFORMED);

    ngx_str_set(&payload, "not JSON");
    claims_expect(civic_issuer_claims_parse(&payload, &claims, &issuer),
                  CIVIC_CLAIMS_MALFORMED);

    ngx_str_null(&payload);
    claims_expect(civic_issuer_claims_parse(&payload, &claims, &issuer),
                  CIVIC_CLAIMS_MALFORMED);
}


static void
claims_type(void **state)
{
    ngx_pool_t           *pool;
    const char           *text;
    civic_issuer_claims_t   out;

    pool = ngx_create_pool(1024, NULL);
    text = "{" CLAIMS_IAT ",\"exp\":1000100,\"need\":{\"ed\":1}}";

    ngx_str_set(&claims_rules.type, "at+jwt");

    claims_expect(claims_judge(text, "at+jwt", pool, &out), CIVIC_OK);
    claims_expect(claims_judge(text, "AT+JWT", pool, &out), CIVIC_OK);
    claims_expect(claims_judge(text, "application/at+jwt", pool, &out),
                  CIVIC_OK);
    claims_expect(claims_judge(text, "Application/AT+jwt", pool, &out),
                  CIVIC_OK);

    claims_expect(claims_judge(text, NULL, pool, &out), CIVIC_TYPE_MISMATCH);
    claims_expect(claims_judge(text, "", pool, &out), CIVIC_TYPE_MISMATCH);
    claims_expect(claims_judge(text, "JWT", pool, &out),
                  CIVIC_TYPE_MISMATCH);
    claims_expect(claims_judge(text, "text/at+jwt", pool, &out),
                  CIVIC_TYPE_MISMATCH);
    claims_expect(claims_judge(text, "application/application/at+jwt", pool,
                               &out), CIVIC_TYPE_MISMATCH);

    ngx_destroy_pool(pool);
}


static void
claims_scope(const char *scope, const char *wanted)
{
    char                  text[1024];
    ngx_pool_t           *pool;
    civic_issuer_claims_t   out;

    pool = ngx_create_pool(1024, NULL);

    (void) sprintf(text, "{" CLAIMS_IAT ",\"exp\":1000100,\"need\":{\"ed\":1}"
                   ",\"scope\":%s}", scope);

    claims_expect(claims_judge(text, NULL, pool, &out), CIVIC_OK);
    assert_int_equal(out.scope.len, strlen(wanted));
    assert_memory_equal(out.scope.data, wanted, out.scope.len);

    ngx_destroy_pool(pool);
}


static void
claims_scopes(void **state)
{
    claims_scope("\"a b\"", "a b");
    claims_scope("\"  a   b  \"", "a b");
    claims_scope("\"\"", "");
    claims_scope("\" \"", "");
    claims_scope("[]", "");
    claims_scope("[\"a\"]", "a");
    claims_scope("[\"a\",\"b:c\",\"d\"]", "a b:c d");
}


static void
claims_output(void **state)
{
    char                 *text;
    ngx_pool_t           *pool;
    civic_issuer_claims_t   out;

    pool = ngx_create_pool(1024, NULL);

    ngx_str_set(&claims_rules.subject, "who.id");
    ngx_str_set(&claims_rules.scope, "realm_access.roles");
    ngx_str_set(&claims_rules.region, "https://gov.example/region");

    text = "{" CLAIMS_IAT ",\"exp\":1000100.9,\"need\":{\"ed\":1},"
           "\"who\":{\"id\":\"7\"},\"realm_access\":{\"roles\":[\"x\","
           "\"y\"]},\"https://gov.example/region\":\"350102005001\"}";

    claims_expect(claims_judge(text, NULL, pool, &out), CIVIC_OK);

    assert_int_equal(out.subject.len, 1);
    assert_memory_equal(out.subject.data, "7", 1);
    assert_int_equal(out.scope.len, 3);
    assert_memory_equal(out.scope.data, "x y", 3);
    assert_int_equal(out.region.len, 12);
    assert_memory_equal(out.region.data, "350102005001", 12);
    assert_int_equal(out.expires, 1000100);

    ngx_str_null(&claims_rules.scope);
    ngx_str_null(&claims_rules.region);

    claims_expect(claims_judge(text, NULL, pool, &out), CIVIC_OK);
    assert_int_equal(out.scope.len, 0);
    assert_int_equal(out.region.len, 0);

    ngx_destroy_pool(pool);
}


static void
claims_no_audience(void **state)
{
    ngx_pool_t           *pool;
    civic_issuer_claims_t   out;

    pool = ngx_create_pool(1024, NULL);
    claims_rules.audiences = NULL;

    claims_expect(claims_judge("{" CLAIMS_IAT ",\"exp\":1000100}", NULL, pool,
                               &out), CIVIC_AUDIENCE_MISMATCH);

    ngx_destroy_pool(pool);
}


static void
claims_no_memory(void **state)
{
    int                   i;
    ngx_pool_t           *pool;
    civic_issuer_claims_t   out;

    for (i = 0; i < 4; i++) {
        pool = ngx_create_pool(1024, NULL);
        stub_nginx_allocations = i;

        claims_expect(claims_judge("{" CLAIMS_IAT ",\"exp\":1000100,"
                                   "\"need\":{\"ed\":1},\"scope\":\"a\","
                                   "\"region\":\"35\"}", NULL, pool, &out),
                      i < 3 ? CIVIC_INTERNAL : CIVIC_OK);

        stub_nginx_allocations = -1;
        ngx_destroy_pool(pool);
    }
}


/* beside CLAIMS_ALL, less its iss: what a provider says of a token */

#define CLAIMS_ASKED  "\"sub\":\"me\",\"aud\":\"a\",\"iat\":999990," \
                      "\"exp\":1000100,\"need\":{\"ed\":1}"

static const claims_row_t  claims_asked_rows[] = {

    { "an active token is accepted without iss", "\"active\":true", CIVIC_OK },
    { "its iss, where there is one, must be right",
      "\"active\":true,\"iss\":\"i\"", CIVIC_OK },
    { "another iss is unknown",
      "\"active\":true,\"iss\":\"j\"", CIVIC_ISSUER_UNKNOWN },
    { "an iss that is no string is malformed",
      "\"active\":true,\"iss\":null", CIVIC_CLAIMS_MALFORMED },
    { "one that is not active is refused, whatever else it says",
      "\"active\":false", CIVIC_TOKEN_INACTIVE },
    { "nothing but true is active", "\"active\":1", CIVIC_TOKEN_INACTIVE },
    { "not even its name", "\"active\":\"true\"", CIVIC_TOKEN_INACTIVE },
    { "nor is silence", "\"x\":1", CIVIC_TOKEN_INACTIVE },
    { "a bearer's token may be called one",
      "\"active\":true,\"token_type\":\"bearer\"", CIVIC_OK },
    { "a token that is bound to a key is not its bearer's",
      "\"active\":true,\"token_type\":\"DPoP\"", CIVIC_TYPE_MISMATCH },
    { "a token_type that is no string is refused",
      "\"active\":true,\"token_type\":[\"Bearer\"]", CIVIC_TYPE_MISMATCH },
    { "an access token may be called one",
      "\"active\":true,\"token_use\":\"access_token\"", CIVIC_OK },
    { "a refresh token is none",
      "\"active\":true,\"token_use\":\"refresh_token\"",
      CIVIC_TYPE_MISMATCH },
    { "the rules hold: nbf",
      "\"active\":true,\"nbf\":1000031", CIVIC_TOKEN_NOT_YET_VALID }
};


static void
claims_asked(void **state)
{
    char                    text[1024];
    ngx_str_t               answer;
    ngx_pool_t             *pool;
    civic_json_t           *claims;
    const claims_row_t     *row;
    civic_issuer_claims_t   out;

    row = *state;
    pool = ngx_create_pool(1024, NULL);

    answer.data = (u_char *) text;
    answer.len = sprintf(text, "{" CLAIMS_ASKED ",%s}", row->claims);

    claims = civic_json_parse(&answer, sizeof(text), NULL, 0);
    assert_non_null(claims);

    claims_expect(civic_issuer_claims_asked(&claims_rules, claims, CLAIMS_NOW,
                                            pool, &out),
                  row->problem);

    civic_json_free(claims);
    ngx_destroy_pool(pool);
}


static ngx_uint_t
claims_rows_add(struct CMUnitTest *tests, ngx_uint_t n,
    const claims_row_t *rows, ngx_uint_t nrows, CMUnitTestFunction func)
{
    ngx_uint_t  i;

    for (i = 0; i < nrows; i++) {
        tests[n + i].name = rows[i].title;
        tests[n + i].test_func = func;
        tests[n + i].initial_state = (void *) &rows[i];
    }

    return n + nrows;
}


int
main(void)
{
    ngx_uint_t         n;
    struct CMUnitTest  tests[160];

    const struct CMUnitTest  others[] = {
        { "claims are a JSON object", claims_no_object, claims_setup, NULL,
          NULL },
        { "typ is compared as a media type", claims_type, claims_setup, NULL,
          NULL },
        { "scopes come out with single spaces", claims_scopes, claims_setup,
          NULL, NULL },
        { "claims are found under the operator's names", claims_output,
          claims_setup, NULL, NULL },
        { "rules without an audience accept nobody", claims_no_audience,
          claims_setup, NULL, NULL },
        { "a lack of memory is our own failure", claims_no_memory,
          claims_setup, NULL, NULL }
    };

    memset(tests, 0, sizeof(tests));

    n = claims_rows_add(tests, 0, claims_rows,
                        sizeof(claims_rows) / sizeof(claims_rows[0]),
                        claims_row);
    n = claims_rows_add(tests, n, claims_asked_rows,
                        sizeof(claims_asked_rows)
                        / sizeof(claims_asked_rows[0]),
                        claims_asked);

    memcpy(tests + n, others, sizeof(others));

    return _cmocka_run_group_tests("claims", tests, n + 6, claims_setup,
                                   NULL);
}
