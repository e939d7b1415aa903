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


typedef struct {
    const char  *title;
    const char  *jwk;                  /* RSA, EC, OKP and OCT stand for the
                                          members of a sound key */
    ngx_uint_t   allowed;
    const char  *err;                  /* part of it; NULL: accepted */
} key_row_t;


#define KEY_K32  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define KEY_X    "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define KEY_Y    "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"

#define KEY_EC(crv, x, y)                                                     \
    "{\"kty\":\"EC\",\"crv\":\"" crv "\",\"x\":\"" x "\",\"y\":\"" y "\"}"


static const key_row_t  key_rows[] = {

    { "an RSA key of 2048 bits is accepted", "{RSA}", VERIFY_ALL, NULL },
    { "an RSA key for signatures is accepted",
      "{RSA,\"use\":\"sig\",\"key_ops\":[\"verify\"],\"alg\":\"RS256\"}",
      CIVIC_ALG_RS256, NULL },
    { "members that nobody knows are ignored",
      "{RSA,\"x5c\":[\"AA==\"],\"x5t\":\"AA\",\"foo\":{}}", VERIFY_ALL,
      NULL },
    { "an EC key is accepted", "{EC}", VERIFY_ALL, NULL },
    { "an Ed25519 key is accepted", "{OKP}", VERIFY_ALL, NULL },
    { "an SM2 key is accepted", "{SM2}", CIVIC_ALG_SM2, NULL },
    { "a symmetric key is accepted where HS is named",
      "{OCT}", CIVIC_ALG_HS256, NULL },

    { "a JWK that is no object is refused", "[]", VERIFY_ALL,
      "neither a JWKS nor a JWK" },
    { "a JWK without kty is refused", "{\"keys\":[{\"n\":\"AQAB\"}]}",
      VERIFY_ALL, "\"kty\" is missing" },
    { "an unknown kty is refused", "{\"kty\":\"DSA\"}", VERIFY_ALL,
      "\"kty\" is none of" },
    { "kty is compared with its case", "{\"kty\":\"rsa\"}", VERIFY_ALL,
      "\"kty\" is none of" },

    { "a key for encryption is refused", "{RSA,\"use\":\"enc\"}", VERIFY_ALL,
      "\"use\" is not \"sig\"" },
    { "use as an array is refused", "{RSA,\"use\":[\"sig\"]}", VERIFY_ALL,
      "\"use\" is not \"sig\"" },
    { "a key that may only sign is refused",
      "{RSA,\"key_ops\":[\"sign\"]}", VERIFY_ALL,
      "\"key_ops\" has no \"verify\"" },
    { "key_ops as a string is refused",
      "{RSA,\"key_ops\":\"verify\"}", VERIFY_ALL,
      "\"key_ops\" has no \"verify\"" },
    { "an alg for encryption is refused",
      "{RSA,\"alg\":\"RSA-OAEP\"}", VERIFY_ALL, "\"alg\" is no algorithm" },
    { "alg none is refused", "{RSA,\"alg\":\"none\"}", VERIFY_ALL,
      "\"alg\" is no algorithm" },
    { "alg as a number is refused", "{RSA,\"alg\":256}", VERIFY_ALL,
      "\"alg\" is no algorithm" },
    { "an RSA key with alg ES256 is refused",
      "{RSA,\"alg\":\"ES256\"}", VERIFY_ALL, "of the wrong kind" },
    { "a P-256 key with alg ES384 is refused",
      "{EC,\"alg\":\"ES384\"}", VERIFY_ALL, "of the wrong kind" },
    { "a key that the named algorithms leave nothing is refused",
      "{RSA}", CIVIC_ALG_ES256, "fits none of the algorithms" },
    { "a key whose alg is not named is refused",
      "{RSA,\"alg\":\"RS256\"}", CIVIC_ALG_RS512,
      "fits none of the algorithms" },

    { "a private RSA key is refused",
      "{RSA,\"d\":\"AQAB\"}", VERIFY_ALL, "private member \"d\"" },
    { "a private EC key is refused",
      "{EC,\"d\":\"AQAB\"}", VERIFY_ALL, "private member \"d\"" },
    { "an RSA key with a prime of its own is refused",
      "{RSA,\"q\":\"AQAB\"}", VERIFY_ALL, "private member \"q\"" },
    { "an RSA key with its other primes is refused",
      "{RSA,\"oth\":[]}", VERIFY_ALL, "private member \"oth\"" },

    { "an empty kid is refused", "{RSA,\"kid\":\"\"}", VERIFY_ALL, "\"kid\"" },
    { "kid as a number is refused", "{RSA,\"kid\":7}", VERIFY_ALL,
      "\"kid\"" },
    { "a kid with a control byte is refused", "{RSA,\"kid\":\"a\\n\"}",
      VERIFY_ALL, "control byte" },

    { "an RSA key without exponent is refused",
      "{\"kty\":\"RSA\",\"n\":\"AQAB\"}", VERIFY_ALL,
      "\"e\" is missing" },
    { "an RSA key of 24 bits is refused",
      "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", VERIFY_ALL,
      "shorter than 2048" },
    { "an RSA key of 1024 bits is refused", "{RSA1024}", VERIFY_ALL,
      "shorter than 2048" },
    { "an RSA exponent of one is refused", "{RSA_e=AQ}", VERIFY_ALL,
      "exponent" },
    { "an RSA exponent of zero is refused", "{RSA_e=AA}", VERIFY_ALL,
      "exponent" },
    { "an even RSA exponent is refused", "{RSA_e=AQAA}", VERIFY_ALL,
      "exponent" },
    { "an RSA exponent of three is accepted", "{RSA_e=Aw}", VERIFY_ALL,
      NULL },
    { "an RSA exponent of 65 bits is refused", "{RSA_e=AQAAAAAAAAAB}",
      VERIFY_ALL, "longer than 64 bits" },
    { "an RSA exponent with padding is refused", "{RSA_e=AQ==}", VERIFY_ALL,
      "\"e\" is not base64url" },

    { "an unknown curve is refused", KEY_EC("secp256k1", KEY_X, KEY_Y),
      VERIFY_ALL, "\"crv\" is none of" },
    { "a point off its curve is refused", KEY_EC("P-256", KEY_X, KEY_X),
      VERIFY_ALL, "not on the curve" },
    { "a point of another curve is refused", KEY_EC("SM2", KEY_X, KEY_Y),
      VERIFY_ALL, "not on the curve" },
    { "the point zero is refused", KEY_EC("P-256", KEY_K32, KEY_K32),
      VERIFY_ALL, "not on the curve" },
    { "a coordinate that is too short is refused",
      KEY_EC("P-256", "f83O", KEY_Y), VERIFY_ALL, "not 32 bytes" },
    { "coordinates are as long as their curve",
      KEY_EC("P-384", KEY_X, KEY_Y), VERIFY_ALL, "not 48 bytes" },
    { "an EC key without y is refused",
      "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" KEY_X "\"}", VERIFY_ALL,
      "\"y\" is missing" },
    { "an EC key without crv is refused",
      "{\"kty\":\"EC\",\"x\":\"" KEY_X "\",\"y\":\"" KEY_Y "\"}", VERIFY_ALL,
      "\"crv\" is none of" },

    { "X25519 signs nothing and is refused",
      "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" KEY_X "\"}", VERIFY_ALL,
      "\"crv\" is not Ed25519" },
    { "an Ed25519 key of 31 bytes is refused",
      "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAA"
      "AAAAAAAAAAAAAAAAAA\"}", VERIFY_ALL, "not 32 bytes" },

    { "a symmetric key is refused where no HS is named",
      "{OCT}", VERIFY_ALL & ~CIVIC_ALG_HMAC, "no HS algorithm is named" },
    { "a symmetric key of 31 bytes is refused",
      "{\"kty\":\"oct\",\"k\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
      VERIFY_ALL, "too short" },
    { "a symmetric key of 32 bytes is too short for HS512",
      "{\"kty\":\"oct\",\"alg\":\"HS512\",\"k\":\"" KEY_K32 "\"}", VERIFY_ALL,
      "too short" },
    { "a symmetric key without k is refused",
      "{\"kty\":\"oct\"}", VERIFY_ALL, "\"k\" is missing" },
    { "a symmetric key with white space is refused",
      "{\"kty\":\"oct\",\"k\":\"" KEY_K32 " \"}", VERIFY_ALL,
      "\"k\" is not base64url" }
};


static token_key_t  key_rsa, key_short, key_ec, key_okp, key_sm2, key_oct;


static int
key_setup(void **state)
{
    token_key_init(&key_rsa, "RS256", 0);
    token_key_init(&key_short, "RS256", 1024);
    token_key_init(&key_ec, "ES256", 0);
    token_key_init(&key_okp, "EdDSA", 0);
    token_key_init(&key_sm2, "SM2", 0);
    token_key_init(&key_oct, "HS256", 0);

    return 0;
}


static int
key_teardown(void **state)
{
    token_key_cleanup(&key_rsa);
    token_key_cleanup(&key_short);
    token_key_cleanup(&key_ec);
    token_key_cleanup(&key_okp);
    token_key_cleanup(&key_sm2);
    token_key_cleanup(&key_oct);

    return 0;
}


/* the JWK of a row, its word replaced by real members */

static ngx_str_t
key_json(const char *jwk)
{
    size_t      i, n;
    char       *e;
    char        members[2048];

    static struct {
        const char   *word;
        token_key_t  *key;
    }  words[] = {
        { "RSA1024", &key_short },
        { "RSA", &key_rsa },
        { "EC", &key_ec },
        { "OKP", &key_okp },
        { "SM2", &key_sm2 },
        { "OCT", &key_oct }
    };

    if (strncmp(jwk, "{RSA_e=", 7) == 0) {
        strcpy(members, key_rsa.members);
        e = strstr(members, "\"e\":");
        *e = '\0';

        n = strlen(jwk + 7) - 1;

        return token_format("{%s\"e\":\"%.*s\"}", members, (int) n, jwk + 7);
    }

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        n = strlen(words[i].word);

        if (strncmp(jwk + 1, words[i].word, n) == 0) {
            return token_format("{%s%s", words[i].key->members, jwk + 1 + n);
        }
    }

    return verify_string(jwk);
}


static void
key_row(void **state)
{
    char                  err[256];
    ngx_str_t             json;
    const key_row_t      *row;
    civic_jose_keyset_t  *set;

    row = *state;
    json = key_json(row->jwk);
    err[0] = '\0';

    set = civic_jose_keyset_parse(&json, row->allowed, err, sizeof(err));

    assert_int_equal(ERR_peek_error(), 0);

    if (row->err == NULL) {
        assert_string_equal(err, "");
        assert_non_null(set);
        civic_jose_keyset_free(set);
        return;
    }

    assert_null(set);

    if (strstr(err, row->err) == NULL) {
        assert_string_equal(err, row->err);
    }
}


static void
key_algorithms(void **state)
{
    char               err[256];
    ngx_str_t          json;
    civic_json_t      *jwk;
    civic_jose_key_t  *key;

    json = key_json("{RSA}");
    jwk = civic_json_parse(&json, json.len, NULL, 0);
    key = civic_jose_key_parse(jwk, CIVIC_ALG_RS256|CIVIC_ALG_PS512
                               |CIVIC_ALG_ES256, err, sizeof(err));

    assert_non_null(key);
    assert_int_equal(key->algs, CIVIC_ALG_RS256|CIVIC_ALG_PS512);
    assert_non_null(civic_jose_key_verifier(key, CIVIC_ALG_PS512));
    assert_null(civic_jose_key_verifier(key, CIVIC_ALG_RS512));
    assert_null(civic_jose_key_verifier(key, CIVIC_ALG_ES256));
    assert_null(civic_jose_key_verifier(key, 0));
    assert_null(civic_jose_key_verifier(key, CIVIC_ALG_RS256
                                             |CIVIC_ALG_PS512));

    civic_jose_key_free(key);
    civic_json_free(jwk);
}


static void
key_secret_size(void **state)
{
    char               err[256];
    ngx_str_t          json;
    civic_json_t      *jwk;
    civic_jose_key_t  *key;

    json = verify_string("{\"kty\":\"oct\",\"k\":\"" KEY_K32 "\"}");
    jwk = civic_json_parse(&json, json.len, NULL, 0);
    key = civic_jose_key_parse(jwk, VERIFY_ALL, err, sizeof(err));

    assert_non_null(key);
    assert_int_equal(key->algs, CIVIC_ALG_HS256);

    civic_jose_key_free(key);
    civic_json_free(jwk);
}


int
main(void)
{
    size_t             i, rows;
    struct CMUnitTest  tests[96];

    const struct CMUnitTest  others[] = {
        { "a key without alg verifies what it fits and the operator names",
          key_algorithms, NULL, NULL, NULL },
        { "a secret verifies with no digest longer than itself",
          key_secret_size, NULL, NULL, NULL }
    };

    rows = sizeof(key_rows) / sizeof(key_rows[0]);
    memset(tests, 0, sizeof(tests));

    for (i = 0; i < rows; i++) {
        tests[i].name = key_rows[i].title;
        tests[i].test_func = key_row;
        tests[i].initial_state = (void *) &key_rows[i];
    }

    memcpy(tests + rows, others, sizeof(others));

    return _cmocka_run_group_tests("key", tests, rows + 2, key_setup,
                                   key_teardown);
}
