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
    const char       *title;
    const char       *header;
    civic_problem_e   problem;
} jws_header_t;


#define JWS_PAYLOAD  "{\"iss\":\"joe\",\"sub\":\"me\"}"

#define JWS_KID_256                                                           \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"        \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"        \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"        \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"


static token_key_t           jws_key;  /* ES256, kid "k1" */
static civic_jose_keyset_t  *jws_set;


static const jws_header_t  jws_headers[] = {

    { "a signed token with its key's kid is verified",
      "{\"alg\":\"ES256\",\"kid\":\"k1\",\"typ\":\"JWT\"}", CIVIC_OK },
    { "a token without kid is verified by the only key that may",
      "{\"alg\":\"ES256\"}", CIVIC_OK },
    { "white space in a header is JSON's own business",
      " {\r\n\"alg\" : \"ES256\" }\n", CIVIC_OK },
    { "x5t and unknown members of a header are ignored",
      "{\"alg\":\"ES256\",\"x5t\":\"abc\",\"foo\":{\"bar\":[1]}}", CIVIC_OK },

    { "alg none is refused", "{\"alg\":\"none\"}", CIVIC_ALGORITHM_REFUSED },
    { "alg None is refused", "{\"alg\":\"None\"}", CIVIC_ALGORITHM_REFUSED },
    { "alg NONE is refused", "{\"alg\":\"NONE\"}", CIVIC_ALGORITHM_REFUSED },
    { "alg nOnE is refused", "{\"alg\":\"nOnE\"}", CIVIC_ALGORITHM_REFUSED },
    { "an empty alg is refused", "{\"alg\":\"\"}", CIVIC_ALGORITHM_REFUSED },
    { "alg in lower case is refused",
      "{\"alg\":\"es256\"}", CIVIC_ALGORITHM_REFUSED },
    { "an algorithm that the key cannot do is refused",
      "{\"alg\":\"ES384\"}", CIVIC_ALGORITHM_REFUSED },
    { "an algorithm that the key's kid cannot do is refused",
      "{\"alg\":\"HS256\",\"kid\":\"k1\"}", CIVIC_ALGORITHM_REFUSED },
    { "SM2 by a P-256 key is refused",
      "{\"alg\":\"SM2\"}", CIVIC_ALGORITHM_REFUSED },
    { "a header without alg is refused",
      "{\"typ\":\"JWT\"}", CIVIC_TOKEN_MALFORMED },
    { "Alg is not alg", "{\"Alg\":\"ES256\"}", CIVIC_TOKEN_MALFORMED },
    { "alg as a number is refused", "{\"alg\":256}", CIVIC_TOKEN_MALFORMED },
    { "alg as null is refused", "{\"alg\":null}", CIVIC_TOKEN_MALFORMED },
    { "alg as an array is refused",
      "{\"alg\":[\"ES256\"]}", CIVIC_TOKEN_MALFORMED },

    { "a header that is no object is refused",
      "[\"alg\",\"ES256\"]", CIVIC_TOKEN_MALFORMED },
    { "a header that is a string is refused",
      "\"ES256\"", CIVIC_TOKEN_MALFORMED },
    { "an empty header is refused", "", CIVIC_TOKEN_MALFORMED },
    { "a header that ends too early is refused",
      "{\"alg\":\"ES256\"", CIVIC_TOKEN_MALFORMED },
    { "a header with something behind it is refused",
      "{\"alg\":\"ES256\"}{}", CIVIC_TOKEN_MALFORMED },
    { "a header with a byte order mark is refused",
      "\xef\xbb\xbf{\"alg\":\"ES256\"}", CIVIC_TOKEN_MALFORMED },
    { "a header that is no UTF-8 is refused",
      "{\"alg\":\"ES256\",\"x\":\"\xff\"}", CIVIC_TOKEN_MALFORMED },
    { "a header with two alg is refused",
      "{\"alg\":\"none\",\"alg\":\"ES256\"}", CIVIC_TOKEN_MALFORMED },
    { "a second alg is seen through its escape",
      "{\"alg\":\"ES256\",\"\\u0061lg\":\"none\"}", CIVIC_TOKEN_MALFORMED },
    { "a header with two kid is refused",
      "{\"alg\":\"ES256\",\"kid\":\"k2\",\"kid\":\"k1\"}",
      CIVIC_TOKEN_MALFORMED },
    { "duplicates further down are refused",
      "{\"alg\":\"ES256\",\"x\":{\"a\":1,\"a\":1}}", CIVIC_TOKEN_MALFORMED },
    { "a header nested 40 deep is refused",
      "{\"alg\":\"ES256\",\"x\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]"
      "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}", CIVIC_TOKEN_MALFORMED },

    { "crit is refused, whatever it says",
      "{\"alg\":\"ES256\",\"crit\":[\"exp\"]}", CIVIC_HEADER_REFUSED },
    { "an empty crit is refused",
      "{\"alg\":\"ES256\",\"crit\":[]}", CIVIC_HEADER_REFUSED },
    { "crit is refused without being an array",
      "{\"alg\":\"ES256\",\"crit\":null}", CIVIC_HEADER_REFUSED },
    { "b64 false is refused without crit",
      "{\"alg\":\"ES256\",\"b64\":false}", CIVIC_HEADER_REFUSED },
    { "b64 false is refused with crit",
      "{\"alg\":\"ES256\",\"b64\":false,\"crit\":[\"b64\"]}",
      CIVIC_HEADER_REFUSED },
    { "b64 true is refused too",
      "{\"alg\":\"ES256\",\"b64\":true}", CIVIC_HEADER_REFUSED },
    { "enc is refused: this is no JWE",
      "{\"alg\":\"ES256\",\"enc\":\"A128GCM\"}", CIVIC_HEADER_REFUSED },
    { "zip is refused",
      "{\"alg\":\"ES256\",\"zip\":\"DEF\"}", CIVIC_HEADER_REFUSED },
    { "a key that the token brings along is refused",
      "{\"alg\":\"ES256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"}}",
      CIVIC_HEADER_REFUSED },
    { "jku is refused",
      "{\"alg\":\"ES256\",\"jku\":\"https://evil.example/\"}",
      CIVIC_HEADER_REFUSED },
    { "x5u is refused",
      "{\"alg\":\"ES256\",\"x5u\":\"https://evil.example/\"}",
      CIVIC_HEADER_REFUSED },
    { "x5c is refused",
      "{\"alg\":\"ES256\",\"x5c\":[\"AA==\"]}", CIVIC_HEADER_REFUSED },

    { "kid as an array is refused",
      "{\"alg\":\"ES256\",\"kid\":[\"k1\"]}", CIVIC_HEADER_REFUSED },
    { "kid as a number is refused",
      "{\"alg\":\"ES256\",\"kid\":1}", CIVIC_HEADER_REFUSED },
    { "kid as null is refused",
      "{\"alg\":\"ES256\",\"kid\":null}", CIVIC_HEADER_REFUSED },
    { "an empty kid is refused",
      "{\"alg\":\"ES256\",\"kid\":\"\"}", CIVIC_HEADER_REFUSED },
    { "a kid with a line feed is refused",
      "{\"alg\":\"ES256\",\"kid\":\"k1\\n\"}", CIVIC_HEADER_REFUSED },
    { "a kid with a DEL is refused",
      "{\"alg\":\"ES256\",\"kid\":\"k1\x7f\"}", CIVIC_HEADER_REFUSED },
    { "a kid with a NUL is refused",
      "{\"alg\":\"ES256\",\"kid\":\"k1\\u0000\"}", CIVIC_TOKEN_MALFORMED },
    { "a kid of 256 bytes is looked up",
      "{\"alg\":\"ES256\",\"kid\":\"" JWS_KID_256 "\"}", CIVIC_KEY_UNKNOWN },
    { "a kid of 257 bytes is refused",
      "{\"alg\":\"ES256\",\"kid\":\"x" JWS_KID_256 "\"}",
      CIVIC_HEADER_REFUSED },
    { "the kid of another key is unknown",
      "{\"alg\":\"ES256\",\"kid\":\"k2\"}", CIVIC_KEY_UNKNOWN },
    { "a kid is compared as a whole",
      "{\"alg\":\"ES256\",\"kid\":\"k\"}", CIVIC_KEY_UNKNOWN },
    { "a kid is compared with its case",
      "{\"alg\":\"ES256\",\"kid\":\"K1\"}", CIVIC_KEY_UNKNOWN },
    { "a kid is no path",
      "{\"alg\":\"ES256\",\"kid\":\"../../../../dev/null\"}",
      CIVIC_KEY_UNKNOWN },
    { "a kid is no query",
      "{\"alg\":\"ES256\",\"kid\":\"k1' OR '1'='1\"}", CIVIC_KEY_UNKNOWN },
    { "a kid spelt with escapes is the same kid",
      "{\"alg\":\"ES256\",\"kid\":\"\\u006b1\"}", CIVIC_OK },

    { "typ as an array is refused",
      "{\"alg\":\"ES256\",\"typ\":[\"JWT\"]}", CIVIC_HEADER_REFUSED },
    { "typ with a control byte is refused",
      "{\"alg\":\"ES256\",\"typ\":\"J\\tWT\"}", CIVIC_HEADER_REFUSED }
};


static int
jws_setup(void **state)
{
    token_key_init(&jws_key, "ES256", 0);
    jws_set = verify_keys(&jws_key, ",\"kid\":\"k1\"", VERIFY_ALL);

    return 0;
}


static int
jws_teardown(void **state)
{
    civic_jose_keyset_free(jws_set);
    token_key_cleanup(&jws_key);

    return 0;
}


static void
jws_header(void **state)
{
    const jws_header_t  *row;

    row = *state;

    verify_expect(verify_token(jws_set, token_sign(&jws_key, row->header,
                                                   JWS_PAYLOAD)),
                  row->problem);
}


/* A.B.C of a good token, put together anew */

static civic_problem_e
jws_rebuilt(const char *fmt)
{
    u_char     *dot[2];
    ngx_str_t   token;

    token = token_sign(&jws_key, "{\"alg\":\"ES256\"}", JWS_PAYLOAD);
    token.data[token.len] = '\0';

    dot[0] = (u_char *) strchr((char *) token.data, '.');
    dot[1] = (u_char *) strchr((char *) dot[0] + 1, '.');
    *dot[0] = '\0';
    *dot[1] = '\0';

    return verify_token(jws_set, token_format(fmt, token.data, dot[0] + 1,
                                              dot[1] + 1));
}


static void
jws_segments(void **state)
{
    verify_expect(jws_rebuilt("%s.%s.%s"), CIVIC_OK);

    verify_expect(jws_rebuilt(""), CIVIC_TOKEN_MALFORMED);
    verify_expect(jws_rebuilt("."), CIVIC_TOKEN_MALFORMED);
    verify_expect(jws_rebuilt(".."), CIVIC_TOKEN_MALFORMED);
    verify_expect(jws_rebuilt("%s"), CIVIC_TOKEN_MALFORMED);
    verify_expect(jws_rebuilt("%s.%s"), CIVIC_TOKEN_MALFORMED);
    verify_expect(jws_rebuilt("%s.%s.%s."), CIVIC_TOKEN_MALFORMED);
    verify_expect(jws_rebuilt("%s.%s.%s.AA"), CIVIC_TOKEN_MALFORMED);
    verify_expect(jws_rebuilt("%s.%s.%s.AA.AA"), CIVIC_TOKEN_MALFORMED);
    verify_expect(jws_rebuilt(".%s.%s.%s"), CIVIC_TOKEN_MALFORMED);
    verify_expect(jws_rebuilt("%s..%s.%s"), CIVIC_TOKEN_MALFORMED);
    verify_expect(jws_rebuilt("{\"protected\":\"%s\",\"payload\":\"%s\","
                              "\"signature\":\"%s\"}"),
                  CIVIC_TOKEN_MALFORMED);
}


static void
jws_spelling(void **state)
{
    verify_expect(jws_rebuilt("%s=.%s.%s"), CIVIC_TOKEN_MALFORMED);
    verify_expect(jws_rebuilt("%s.%s=.%s"), CIVIC_TOKEN_MALFORMED);
    verify_expect(jws_rebuilt("%s.%s.%s=="), CIVIC_TOKEN_MALFORMED);
    verify_expect(jws_rebuilt(" %s.%s.%s"), CIVIC_TOKEN_MALFORMED);
    verify_expect(jws_rebuilt("%s.%s.%s "), CIVIC_TOKEN_MALFORMED);
    verify_expect(jws_rebuilt("%s.%s.%s\n"), CIVIC_TOKEN_MALFORMED);
    verify_expect(jws_rebuilt("%s. %s.%s"), CIVIC_TOKEN_MALFORMED);
    verify_expect(jws_rebuilt("%s.%s\r\n.%s"), CIVIC_TOKEN_MALFORMED);
    verify_expect(jws_rebuilt("%s.%s\t.%s"), CIVIC_TOKEN_MALFORMED);
    verify_expect(jws_rebuilt("%s.%s+.%s"), CIVIC_TOKEN_MALFORMED);
    verify_expect(jws_rebuilt("%s.%s.%s/"), CIVIC_TOKEN_MALFORMED);
    verify_expect(jws_rebuilt("%s.%s%%00.%s"), CIVIC_TOKEN_MALFORMED);
}


/* 64 bytes take 86 characters: four bits of the last mean nothing */

static void
jws_trailing_bits(void **state)
{
    int          i;
    ngx_str_t    token;
    char        *p;
    static char  alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "abcdefghijklmnopqrstuvwxyz0123456789-_";

    token = token_sign(&jws_key, "{\"alg\":\"ES256\"}", JWS_PAYLOAD);
    p = strchr(alphabet, token.data[token.len - 1]);

    assert_int_equal((p - alphabet) & 0xf, 0);
    verify_expect(verify_token(jws_set, token), CIVIC_OK);

    for (i = 1; i < 16; i++) {
        token.data[token.len - 1] = p[i];
        verify_expect(verify_token(jws_set, token), CIVIC_TOKEN_MALFORMED);
    }
}


static void
jws_size(void **state)
{
    char       payload[CIVIC_JOSE_MAX_TOKEN];
    size_t     n;
    ngx_str_t  token;

    /* header 20, signature 86, two dots: 8,084 characters of payload */

    n = 6063;
    memset(payload, 'x', n);
    payload[n] = '\0';

    token = token_sign(&jws_key, "{\"alg\":\"ES256\"}", payload);
    assert_int_equal(token.len, CIVIC_JOSE_MAX_TOKEN);
    verify_expect(verify_token(jws_set, token), CIVIC_OK);

    payload[n] = 'x';
    payload[n + 1] = '\0';

    token = token_sign(&jws_key, "{\"alg\":\"ES256\"}", payload);
    assert_true(token.len > CIVIC_JOSE_MAX_TOKEN);
    verify_expect(verify_token(jws_set, token), CIVIC_TOKEN_TOO_LARGE);
}


static void
jws_unsigned(void **state)
{
    verify_expect(jws_rebuilt("%s.%s."), CIVIC_TOKEN_MALFORMED);

    /* {"alg":"none"}, as its inventors sent it */

    verify_expect(verify_token(jws_set,
                               verify_string("eyJhbGciOiJub25lIn0.e30.")),
                  CIVIC_ALGORITHM_REFUSED);
}


static void
jws_any_payload(void **state)
{
    verify_expect(verify_token(jws_set, token_sign(&jws_key,
                                                   "{\"alg\":\"ES256\"}",
                                                   "not JSON \x01\xff")),
                  CIVIC_OK);
    verify_expect(verify_token(jws_set, token_sign(&jws_key,
                                                   "{\"alg\":\"ES256\"}",
                                                   "")),
                  CIVIC_OK);
}


static void
jws_parts(void **state)
{
    u_char            buf[1024];
    ngx_str_t         token;
    civic_jose_jws_t  jws;

    token = token_sign(&jws_key, "{\"typ\":\"at+jwt\",\"alg\":\"ES256\","
                       "\"kid\":\"\\u6f22\"}", "payload");

    verify_expect(civic_jose_jws_parse(&token, buf, &jws), CIVIC_OK);

    assert_int_equal(jws.alg, CIVIC_ALG_ES256);
    assert_int_equal(jws.kid.len, 3);
    assert_memory_equal(jws.kid.data, "\xe6\xbc\xa2", 3);
    assert_int_equal(jws.typ.len, 6);
    assert_memory_equal(jws.typ.data, "at+jwt", 6);
    assert_int_equal(jws.payload.len, 7);
    assert_memory_equal(jws.payload.data, "payload", 7);
    assert_int_equal(jws.signature.len, 64);
    assert_ptr_equal(jws.signed_part.data, token.data);
    assert_int_equal(jws.signed_part.len, token.len - 87);

    token = token_sign(&jws_key, "{\"alg\":\"ES256\"}", "");

    verify_expect(civic_jose_jws_parse(&token, buf, &jws), CIVIC_OK);
    assert_null(jws.kid.data);
    assert_null(jws.typ.data);
}


/* headers that differ in their kid only share a place in what is known */

static void
jws_known_header(void **state)
{
    int               i;
    u_char            buf[1024];
    char              kid[2];
    ngx_str_t         token[2];
    civic_jose_jws_t  jws;

    token[0] = token_sign(&jws_key, "{\"kid\":\"a\",\"alg\":\"ES256\","
                          "\"typ\":\"JWT\",\"x\":\"0123456789abc\"}", "p");
    token[1] = token_sign(&jws_key, "{\"kid\":\"b\",\"alg\":\"ES256\","
                          "\"typ\":\"\",\"xyz\":\"1230123456789abc\"}", "p");

    for (i = 0; i < 8; i++) {
        kid[0] = (i & 2) ? 'b' : 'a';

        verify_expect(civic_jose_jws_parse(&token[(i & 2) >> 1], buf, &jws),
                      CIVIC_OK);

        assert_int_equal(jws.alg, CIVIC_ALG_ES256);
        assert_int_equal(jws.kid.len, 1);
        assert_memory_equal(jws.kid.data, kid, 1);
        assert_non_null(jws.typ.data);
        assert_int_equal(jws.typ.len, (i & 2) ? 0 : 3);
        assert_memory_equal(jws.payload.data, "p", 1);

    }
}


int
main(void)
{
    size_t             i, n, rows;
    struct CMUnitTest  tests[128];

    const struct CMUnitTest  others[] = {
        { "a token has exactly three segments", jws_segments, NULL, NULL,
          NULL },
        { "padding, white space and foreign characters are refused",
          jws_spelling, NULL, NULL, NULL },
        { "a signature with trailing bits is refused", jws_trailing_bits,
          NULL, NULL, NULL },
        { "8,192 bytes are read and one more is too large", jws_size, NULL,
          NULL, NULL },
        { "a token without signature is refused", jws_unsigned, NULL, NULL,
          NULL },
        { "a header that was read before reads the same again",
          jws_known_header, NULL, NULL, NULL },
        { "a payload may be any bytes, or none", jws_any_payload, NULL, NULL,
          NULL },
        { "a parsed token shows its parts", jws_parts, NULL, NULL, NULL }
    };

    rows = sizeof(jws_headers) / sizeof(jws_headers[0]);
    n = sizeof(others) / sizeof(others[0]);

    memset(tests, 0, sizeof(tests));

    for (i = 0; i < rows; i++) {
        tests[i].name = jws_headers[i].title;
        tests[i].test_func = jws_header;
        tests[i].initial_state = (void *) &jws_headers[i];
    }

    memcpy(tests + rows, others, sizeof(others));

    return _cmocka_run_group_tests("jws", tests, rows + n, jws_setup,
                                   jws_teardown);
}
