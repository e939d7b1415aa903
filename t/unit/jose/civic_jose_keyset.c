/* sources: src/jose/civic_jose_jws.c src/jose/civic_jose_keyset.c
 * src/jose/civic_jose_key.c src/jose/civic_jose_pkey.c
 * src/jose/civic_jose_verifier.c src/jose/civic_jose_jwa.c
 * src/jose/civic_jose_base64url.c src/json/civic_json.c
 * src/problem/civic_problem.c
 * t/unit/jose/token.c */

/*
 * Copyright (C) Civic Gate
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "verify.h"


static token_key_t  keyset_a, keyset_b, keyset_hs;


static int
keyset_setup(void **state)
{
    token_key_init(&keyset_a, "ES256", 0);
    token_key_init(&keyset_b, "ES256", 0);
    token_key_init(&keyset_hs, "HS256", 0);

    return 0;
}


static int
keyset_teardown(void **state)
{
    token_key_cleanup(&keyset_a);
    token_key_cleanup(&keyset_b);

    return 0;
}


static civic_jose_keyset_t *
keyset_two(const char *a, const char *b, char *err, size_t errlen)
{
    ngx_str_t  json;

    json = token_format("{\"keys\":[{%s%s},{%s%s}]}", keyset_a.members, a,
                        keyset_b.members, b);

    return civic_jose_keyset_parse(&json, VERIFY_ALL, err, errlen);
}


static void
keyset_by_kid(void **state)
{
    char                  err[256];
    civic_jose_keyset_t  *set;

    set = keyset_two(",\"kid\":\"a\"", ",\"kid\":\"b\"", err, sizeof(err));
    assert_non_null(set);
    assert_int_equal(civic_jose_keyset_size(set), 2);

    verify_expect(verify_token(set, token_sign(&keyset_a,
                               "{\"alg\":\"ES256\",\"kid\":\"a\"}", "x")),
                  CIVIC_OK);
    verify_expect(verify_token(set, token_sign(&keyset_b,
                               "{\"alg\":\"ES256\",\"kid\":\"b\"}", "x")),
                  CIVIC_OK);
    verify_expect(verify_token(set, token_sign(&keyset_a,
                               "{\"alg\":\"ES256\",\"kid\":\"b\"}", "x")),
                  CIVIC_SIGNATURE_INVALID);
    verify_expect(verify_token(set, token_sign(&keyset_a,
                               "{\"alg\":\"ES256\",\"kid\":\"c\"}", "x")),
                  CIVIC_KEY_UNKNOWN);
    verify_expect(verify_token(set, token_sign(&keyset_a,
                               "{\"alg\":\"RS256\",\"kid\":\"a\"}", "x")),
                  CIVIC_ALGORITHM_REFUSED);

    civic_jose_keyset_free(set);
}


static void
keyset_without_kid(void **state)
{
    char                  err[256];
    ngx_str_t             json;
    civic_jose_keyset_t  *set;

    set = keyset_two("", "", err, sizeof(err));
    assert_non_null(set);

    verify_expect(verify_token(set, token_sign(&keyset_a,
                               "{\"alg\":\"ES256\"}", "x")),
                  CIVIC_KEY_UNKNOWN);
    verify_expect(verify_token(set, token_sign(&keyset_a,
                               "{\"alg\":\"ES256\",\"kid\":\"a\"}", "x")),
                  CIVIC_KEY_UNKNOWN);
    civic_jose_keyset_free(set);

    json = token_format("{\"keys\":[{%s},{%s}]}", keyset_a.members,
                        keyset_hs.members);
    set = civic_jose_keyset_parse(&json, VERIFY_ALL, err, sizeof(err));
    assert_non_null(set);

    verify_expect(verify_token(set, token_sign(&keyset_a,
                               "{\"alg\":\"ES256\"}", "x")),
                  CIVIC_OK);
    verify_expect(verify_token(set, token_sign(&keyset_hs,
                               "{\"alg\":\"HS256\"}", "x")),
                  CIVIC_OK);
    verify_expect(verify_token(set, token_sign(&keyset_a,
                               "{\"alg\":\"ES384\"}", "x")),
                  CIVIC_ALGORITHM_REFUSED);

    civic_jose_keyset_free(set);
}


static void
keyset_same_kid(void **state)
{
    char                  err[256];
    ngx_str_t             json;
    civic_jose_keyset_t  *set;

    set = keyset_two(",\"kid\":\"a\"", ",\"kid\":\"a\"", err, sizeof(err));
    assert_null(set);
    assert_string_equal(err, "key 2: has the \"kid\" of key 1");

    json = token_format("{\"keys\":[{%s,\"kid\":\"a\"},{%s,\"kid\":\"a\"}]}",
                        keyset_a.members, keyset_hs.members);
    set = civic_jose_keyset_parse(&json, VERIFY_ALL, err, sizeof(err));
    assert_non_null(set);

    verify_expect(verify_token(set, token_sign(&keyset_hs,
                               "{\"alg\":\"HS256\",\"kid\":\"a\"}", "x")),
                  CIVIC_OK);

    civic_jose_keyset_free(set);
}


static void
keyset_refused(const char *text, const char *wanted)
{
    char       err[256];
    ngx_str_t  json;

    json = verify_string(text);
    assert_null(civic_jose_keyset_parse(&json, VERIFY_ALL, err,
                                        sizeof(err)));

    if (strstr(err, wanted) == NULL) {
        assert_string_equal(err, wanted);
    }
}


static void
keyset_malformed(void **state)
{
    keyset_refused("", "JSON: empty");
    keyset_refused("{\"keys\":[", "JSON: ");
    keyset_refused("[]", "neither a JWKS nor a JWK");
    keyset_refused("{}", "neither a JWKS nor a JWK");
    keyset_refused("\"keys\"", "neither a JWKS nor a JWK");
    keyset_refused("{\"keys\":{}}", "\"keys\" is no array");
    keyset_refused("{\"keys\":[]}", "holds 0 keys");
    keyset_refused("{\"keys\":[],\"keys\":[]}", "duplicate");
    keyset_refused("{\"keys\":[7]}", "key 1: is not an object");
    keyset_refused("-----BEGIN PUBLIC KEY-----", "JSON: ");
}


static void
keyset_broken_second(void **state)
{
    char                  err[256];

    assert_null(keyset_two("", ",\"use\":\"enc\"", err, sizeof(err)));
    assert_string_equal(err, "key 2: \"use\" is not \"sig\"");
}


static void
keyset_count(void **state)
{
    int                   i;
    char                  err[256];
    char                 *text, *p;
    ngx_str_t             json;
    civic_jose_keyset_t  *set;

    text = malloc(65536);
    p = text + sprintf(text, "{\"keys\":[{%s}", keyset_hs.members);

    for (i = 1; i < CIVIC_JOSE_MAX_KEYS; i++) {
        p += sprintf(p, ",{%s}", keyset_hs.members);
    }

    strcpy(p, "]}");
    json = verify_string(text);

    set = civic_jose_keyset_parse(&json, VERIFY_ALL, err, sizeof(err));
    assert_non_null(set);
    assert_int_equal(civic_jose_keyset_size(set), CIVIC_JOSE_MAX_KEYS);
    civic_jose_keyset_free(set);

    (void) sprintf(p, ",{%s}]}", keyset_hs.members);
    keyset_refused(text, "holds 65 keys");

    free(text);
}


static civic_jose_keyset_t *
keyset_public(ngx_str_t json, char *err, size_t errlen)
{
    return civic_jose_keyset_parse_public(&json, VERIFY_ALL, err, errlen);
}


static void
keyset_public_kept(void **state)
{
    char                  err[256];
    civic_jose_keyset_t  *set;

    set = keyset_public(token_format("{\"keys\":[{%s,\"kid\":\"a\"},"
                                     "{%s,\"kid\":\"b\",\"use\":\"enc\"},"
                                     "{\"kty\":\"AKP\",\"alg\":\"ML-DSA-44\"},"
                                     "{%s,\"kid\":\"c\",\"d\":\"AAAA\"},7]}",
                                     keyset_a.members, keyset_b.members,
                                     keyset_b.members),
                        err, sizeof(err));
    assert_non_null(set);
    assert_int_equal(civic_jose_keyset_size(set), 1);

    verify_expect(verify_token(set, token_sign(&keyset_a,
                               "{\"alg\":\"ES256\",\"kid\":\"a\"}", "x")),
                  CIVIC_OK);
    verify_expect(verify_token(set, token_sign(&keyset_b,
                               "{\"alg\":\"ES256\",\"kid\":\"b\"}", "x")),
                  CIVIC_KEY_UNKNOWN);
    verify_expect(verify_token(set, token_sign(&keyset_b,
                               "{\"alg\":\"ES256\",\"kid\":\"c\"}", "x")),
                  CIVIC_KEY_UNKNOWN);

    civic_jose_keyset_free(set);
}


static void
keyset_public_refused(void **state)
{
    char  err[256];

    assert_null(keyset_public(token_format("{\"keys\":[{%s},{%s}]}",
                                           keyset_a.members,
                                           keyset_hs.members),
                              err, sizeof(err)));
    assert_string_equal(err, "key 2: is symmetric");

    assert_null(keyset_public(verify_string("{\"keys\":[{\"kty\":\"RSA\","
                                            "\"k\":\"c2VjcmV0\"}]}"),
                              err, sizeof(err)));
    assert_string_equal(err, "key 1: is symmetric");

    assert_null(keyset_public(token_format("{\"keys\":[{%s,\"use\":\"enc\"}]}",
                                           keyset_a.members),
                              err, sizeof(err)));
    assert_string_equal(err, "none of its keys can be used; the last "
                        "\"use\" is not \"sig\"");

    assert_null(keyset_public(token_format("{\"keys\":[{%s,\"kid\":\"a\"},"
                                           "{%s,\"kid\":\"a\"}]}",
                                           keyset_a.members,
                                           keyset_b.members),
                              err, sizeof(err)));
    assert_string_equal(err, "key 2: has the \"kid\" of key 1");

    assert_null(keyset_public(token_format("{%s}", keyset_a.members), err,
                              sizeof(err)));
    assert_string_equal(err, "no JWKS: it has no member \"keys\"");

    assert_null(keyset_public(verify_string("{\"keys\":[]}"), err,
                              sizeof(err)));
    assert_string_equal(err, "\"keys\" holds 0 keys, and not 1 to 64");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        { "a kid leads to its key and to no other", keyset_by_kid, NULL, NULL,
          NULL },
        { "without kid only one key may be meant", keyset_without_kid, NULL,
          NULL, NULL },
        { "two keys share a kid only for different algorithms",
          keyset_same_kid, NULL, NULL, NULL },
        { "what is neither a JWKS nor a JWK is refused with the reason",
          keyset_malformed, NULL, NULL, NULL },
        { "one broken key refuses the set and is named",
          keyset_broken_second, NULL, NULL, NULL },
        { "64 keys are read and one more is refused", keyset_count, NULL,
          NULL, NULL },
        { "of a set that another publishes what is not ours is left out",
          keyset_public_kept, NULL, NULL, NULL },
        { "a symmetric key, or no key of use, refuses a published set",
          keyset_public_refused, NULL, NULL, NULL }
    };

    return cmocka_run_group_tests(tests, keyset_setup, keyset_teardown);
}
