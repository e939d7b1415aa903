/* sources: src/sign/civic_sign_rfc9421.c src/sign/civic_sign_scheme.c src/sign/civic_sign_xca.c src/sign/civic_sign_xtif.c src/sign/civic_sign_base.c src/sign/civic_sign_field.c src/sign/civic_sign_query.c src/sign/civic_sign_algorithm.c src/jose/civic_jose_der.c src/jose/civic_jose_hash.c src/jose/civic_jose_mac.c src/jose/civic_jose_jws.c src/jose/civic_jose_keyset.c src/jose/civic_jose_key.c src/jose/civic_jose_pkey.c src/jose/civic_jose_verifier.c src/jose/civic_jose_jwa.c src/jose/civic_jose_base64url.c src/json/civic_json.c src/problem/civic_problem.c */

/*
 * Copyright (C) Civic Gate
 *
 * RFC 9421, appendix B.2, with the keys of B.1; what is left out, and what
 * is spelt otherwise.
 */


#include "sign.h"
#include "civic_jose_key.h"


#define VECTOR_HEADERS                                                        \
    "host: example.com\n"                                                     \
    "date: Tue, 20 Apr 2021 02:07:55 GMT\n"                                   \
    "content-type: application/json\n"                                        \
    "content-digest: sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm"  \
    "+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:\n"                          \
    "content-length: 18\n"

#define VECTOR_PSS                                                            \
    "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"r4tmm3r20Wd_PbqvP1s2-QEtvpuRaV8" \
    "Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct-Lh1GH45x28Rw3Ry53mm-oAXjyQ86OnDkZ5N8lY" \
    "bggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHqgDsznjPFmTOtCEcN2Z1FpWgch" \
    "wuYLPL-Wokqltd11nqqzi-bJ9cvSKADYdUAAN5WUtzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ" \
    "7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4aOT9v6d-nb4bnNkQVklLQ3fVAvJm-xdDOp9LCNC" \
    "N48V2pnDOkFV6-U9nV5oyc6XI2w\"}"

#define VECTOR_ED                                                             \
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\","                                   \
    "\"x\":\"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs\"}"

#define VECTOR_SECRET                                                         \
    "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6" \
    "pcl8jsasjlTMtDQ=="


typedef struct {
    const char       *title;
    const char       *algorithm;
    const char       *jwk;             /* NULL: the secret */
    const char       *input;
    const char       *signature;
    const char       *base;            /* up to @signature-params, or NULL */
} vector_row_t;


static const vector_row_t  vectors[] = {

    { "B.2.1, the least, rsa-pss-sha512", "rsa-pss-sha512", VECTOR_PSS,
      "();created=1618884473;keyid=\"test-key-rsa-pss\""
      ";nonce=\"b3k2pp5k7z-50gnwp.yemd\"",
      "d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx3"
      "1Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD"
      "4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56"
      "YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s"
      "++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==",
      "" },

    { "B.2.2, chosen components, rsa-pss-sha512", "rsa-pss-sha512",
      VECTOR_PSS,
      "(\"@authority\" \"content-digest\" \"@query-param\";name=\"Pet\")"
      ";created=1618884473;keyid=\"test-key-rsa-pss\";tag=\"header-example\"",
      "LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMl"
      "AJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNr"
      "CQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFq"
      "WFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I5rSV2DSBVk"
      "SFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw==",
      "\"@authority\": example.com\n"
      "\"content-digest\": sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX"
      "+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:\n"
      "\"@query-param\";name=\"Pet\": dog\n" },

    { "B.2.3, everything, rsa-pss-sha512", "rsa-pss-sha512", VECTOR_PSS,
      "(\"date\" \"@method\" \"@path\" \"@query\" \"@authority\" "
      "\"content-type\" \"content-digest\" \"content-length\")"
      ";created=1618884473;keyid=\"test-key-rsa-pss\"",
      "bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1"
      "rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxS"
      "mme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW9"
      "1kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+Q"
      "IF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==",
      "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@method\": POST\n"
      "\"@path\": /foo\n\"@query\": ?param=Value&Pet=dog\n"
      "\"@authority\": example.com\n\"content-type\": application/json\n"
      "\"content-digest\": sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX"
      "+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:\n"
      "\"content-length\": 18\n" },

    { "B.2.5, hmac-sha256", "hmac-sha256", NULL,
      "(\"date\" \"@authority\" \"content-type\");created=1618884473"
      ";keyid=\"test-shared-secret\"",
      "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=",
      "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n"
      "\"@authority\": example.com\n\"content-type\": application/json\n" },

    { "B.2.6, ed25519", "ed25519", VECTOR_ED,
      "(\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" "
      "\"content-length\");created=1618884473;keyid=\"test-key-ed25519\"",
      "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6"
      "vuQv5lIp5WPpBKRCw==",
      "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@method\": POST\n"
      "\"@path\": /foo\n\"@authority\": example.com\n"
      "\"content-type\": application/json\n\"content-length\": 18\n" }
};


#define ALL                                                                   \
    "\"@method\" \"@authority\" \"@path\" \"@query\" \"content-digest\""
#define SIG    "signature: a=:AAAA:\n"
#define END    ");created=1;keyid=\"k\"\n" SIG
#define INPUT  "signature-input: a=("


typedef struct {
    const char       *title;
    const char       *headers;         /* beside those of the vector */
    civic_problem_e   problem;
} complete_row_t;


static const complete_row_t  complete_rows[] = {

    { "what must be covered is enough", INPUT ALL END, CIVIC_OK },
    { "@target-uri does for authority, path and query",
      INPUT "\"@method\" \"@target-uri\" \"content-digest\"" END, CIVIC_OK },
    { "@request-target does for path and query",
      INPUT "\"@method\" \"@authority\" \"@request-target\" "
      "\"content-digest\"" END, CIVIC_OK },
    { "lines of one name are one value",
      INPUT ALL " \"x-a\"" END "x-a: 1\nx-a: 2\n", CIVIC_OK },
    { "unknown parameters are signed, and mean nothing",
      INPUT ALL ");created=1;keyid=\"k\";more=(1\n" SIG,
      CIVIC_SIGNATURE_MALFORMED },
    { "a parameter of another's is let be",
      INPUT ALL ");created=1;keyid=\"k\";tag=\"t\";x\n" SIG, CIVIC_OK },

    { "without @method it is incomplete",
      INPUT "\"@authority\" \"@path\" \"@query\" \"content-digest\"" END,
      CIVIC_SIGNATURE_INCOMPLETE },
    { "without @authority it is incomplete",
      INPUT "\"@method\" \"@path\" \"@query\" \"content-digest\"" END,
      CIVIC_SIGNATURE_INCOMPLETE },
    { "without @path it is incomplete",
      INPUT "\"@method\" \"@authority\" \"@query\" \"content-digest\"" END,
      CIVIC_SIGNATURE_INCOMPLETE },
    { "without @query it is incomplete",
      INPUT "\"@method\" \"@authority\" \"@path\" \"content-digest\"" END,
      CIVIC_SIGNATURE_INCOMPLETE },
    { "one parameter is not the query",
      INPUT "\"@method\" \"@authority\" \"@path\" \"content-digest\" "
      "\"@query-param\";name=\"Pet\"" END, CIVIC_SIGNATURE_INCOMPLETE },
    { "a body whose digest is not covered is incomplete",
      INPUT "\"@method\" \"@authority\" \"@path\" \"@query\"" END,
      CIVIC_SIGNATURE_INCOMPLETE },
    { "another spelling of the digest does not do",
      INPUT "\"@method\" \"@target-uri\" \"content-digest\";bs" END,
      CIVIC_SIGNATURE_INCOMPLETE },
    { "a header that did not come is incomplete",
      INPUT ALL " \"x-none\"" END, CIVIC_SIGNATURE_INCOMPLETE },
    { "a query parameter that did not come is incomplete",
      INPUT ALL " \"@query-param\";name=\"pet\"" END,
      CIVIC_SIGNATURE_INCOMPLETE },
    { "without created it is incomplete",
      INPUT ALL ");keyid=\"k\"\n" SIG, CIVIC_SIGNATURE_INCOMPLETE },
    { "without keyid it is incomplete",
      INPUT ALL ");created=1\n" SIG, CIVIC_SIGNATURE_INCOMPLETE },
    { "created=0 is none", INPUT ALL ");created=0;keyid=\"k\"\n" SIG,
      CIVIC_SIGNATURE_INCOMPLETE },

    { "a component twice is malformed",
      INPUT ALL " \"@path\"" END, CIVIC_SIGNATURE_MALFORMED },
    { "a parameter twice is malformed",
      INPUT ALL ");created=1;created=2;keyid=\"k\"\n" SIG,
      CIVIC_SIGNATURE_MALFORMED },
    { "keyid as a token is malformed",
      INPUT ALL ");created=1;keyid=k\n" SIG, CIVIC_SIGNATURE_MALFORMED },
    { "created as a string is malformed",
      INPUT ALL ");created=\"1\";keyid=\"k\"\n" SIG,
      CIVIC_SIGNATURE_MALFORMED },
    { "an empty nonce is malformed",
      INPUT ALL ");created=1;keyid=\"k\";nonce=\"\"\n" SIG,
      CIVIC_SIGNATURE_MALFORMED },
    { ";req is malformed", INPUT ALL " \"@path\";req" END,
      CIVIC_SIGNATURE_MALFORMED },
    { ";sf is malformed", INPUT ALL " \"content-type\";sf" END,
      CIVIC_SIGNATURE_MALFORMED },
    { ";tr is malformed", INPUT ALL " \"content-type\";tr" END,
      CIVIC_SIGNATURE_MALFORMED },
    { "an unknown derived component is malformed",
      INPUT ALL " \"@status\"" END, CIVIC_SIGNATURE_MALFORMED },
    { "@signature-params is no component",
      INPUT ALL " \"@signature-params\"" END, CIVIC_SIGNATURE_MALFORMED },
    { "a component of no name is malformed", INPUT ALL " \"\"" END,
      CIVIC_SIGNATURE_MALFORMED },
    { "a component that is a token is malformed",
      INPUT ALL " date" END, CIVIC_SIGNATURE_MALFORMED },
    { "two spaces are malformed",
      INPUT ALL "  \"date\"" END, CIVIC_SIGNATURE_MALFORMED },
    { "a space behind a semicolon is malformed",
      INPUT ALL "); created=1;keyid=\"k\"\n" SIG,
      CIVIC_SIGNATURE_MALFORMED },
    { "a number with a zero in front is malformed",
      INPUT ALL ");created=01;keyid=\"k\"\n" SIG,
      CIVIC_SIGNATURE_MALFORMED },
    { "an input that is no list is malformed",
      "signature-input: a=1\n" SIG, CIVIC_SIGNATURE_MALFORMED },
    { "an input without a signature is malformed",
      INPUT ALL ");created=1;keyid=\"k\"\nsignature: b=:AAAA:\n",
      CIVIC_SIGNATURE_MALFORMED },
    { "a signature without an input is malformed", SIG,
      CIVIC_SIGNATURE_MALFORMED },
    { "a signature that is no bytes is malformed",
      INPUT ALL ");created=1;keyid=\"k\"\nsignature: a=\"AAAA\"\n",
      CIVIC_SIGNATURE_MALFORMED },
    { "two labels are malformed where none is named",
      "signature-input: a=(" ALL ");created=1;keyid=\"k\", "
      "b=(" ALL ");created=1;keyid=\"k\"\nsignature: a=:AAAA:, b=:AAAA:\n",
      CIVIC_SIGNATURE_MALFORMED },
    { "a label twice is malformed",
      "signature-input: a=(" ALL ");created=1;keyid=\"k\"\n"
      "signature-input: a=();created=1;keyid=\"k\"\n" SIG,
      CIVIC_SIGNATURE_MALFORMED }
};


static void
vector_message(civic_sign_message_t *message)
{
    memset(message, 0, sizeof(*message));

    message->method = sign_string("POST");
    message->scheme = sign_string("https");
    message->authority = sign_string("example.com");
    message->target = sign_string("/foo?param=Value&Pet=dog");
    message->body = 1;
}


/* the key's verdict on the bytes, whatever the gate requires beside them */

static void
test_vector(void **state)
{
    char                          *headers, err[256];
    size_t                         len;
    u_char                         secret[64];
    ngx_str_t                      name, bytes, json;
    ngx_pool_t                    *pool;
    civic_json_t                  *jwk;
    civic_problem_e                problem;
    civic_jose_key_t              *key;
    civic_sign_claim_t             claim;
    civic_sign_rules_t             rules;
    const vector_row_t            *row = *state;
    civic_sign_header_t           *list;
    civic_sign_message_t           message;
    const civic_sign_algorithm_t  *algorithm;

    vector_message(&message);
    memset(&claim, 0, sizeof(claim));
    memset(&rules, 0, sizeof(rules));

    headers = malloc(4096);
    snprintf(headers, 4096, "%ssignature-input: sig=%s\n"
             "signature: sig=:%s:\n", VECTOR_HEADERS, row->input,
             row->signature);

    list = sign_headers(headers, &message);
    pool = ngx_create_pool(4096, NULL);

    sign_expect(civic_sign_rfc9421.read(&message, &rules, pool, &claim),
                CIVIC_OK);

    problem = civic_sign_rfc9421.text(&message, &rules, NULL, pool, &claim);

    assert_true(problem == CIVIC_OK
                || problem == CIVIC_SIGNATURE_INCOMPLETE);

    assert_memory_equal(claim.text.data, row->base, strlen(row->base));
    assert_memory_equal(claim.text.data + strlen(row->base),
                        "\"@signature-params\": ", 21);
    assert_int_equal(claim.text.len,
                     strlen(row->base) + 21 + strlen(row->input));

    key = NULL;
    name = sign_string(row->algorithm);
    algorithm = civic_sign_algorithm_find(&name);
    assert_non_null(algorithm);

    bytes = sign_string(VECTOR_SECRET);
    assert_int_equal(civic_sign_field_base64(secret, &len, &bytes), NGX_OK);
    bytes.data = secret;
    bytes.len = len;

    if (row->jwk) {
        json = sign_string(row->jwk);
        jwk = civic_json_parse(&json, 4096, err, sizeof(err));
        assert_non_null(jwk);
        key = civic_jose_key_parse(jwk, algorithm->alg, err, sizeof(err));
        assert_non_null(key);
        civic_json_free(jwk);
    }

    sign_expect(civic_sign_rfc9421.verify(&claim, algorithm, &bytes, key),
                CIVIC_OK);

    claim.text.data[0] ^= 1;

    sign_expect(civic_sign_rfc9421.verify(&claim, algorithm, &bytes, key),
                CIVIC_SIGNATURE_INVALID);

    if (key) {
        civic_jose_key_free(key);
    }

    ngx_destroy_pool(pool);
    free(list);
    free(headers);
}


static void
test_complete(void **state)
{
    char                         *headers;
    ngx_pool_t                   *pool;
    civic_problem_e               problem;
    civic_sign_claim_t            claim;
    civic_sign_rules_t            rules;
    civic_sign_header_t          *list;
    civic_sign_message_t          message;
    const complete_row_t         *row = *state;

    vector_message(&message);
    memset(&claim, 0, sizeof(claim));
    memset(&rules, 0, sizeof(rules));

    headers = malloc(4096);
    snprintf(headers, 4096, "%s%s", VECTOR_HEADERS, row->headers);

    list = sign_headers(headers, &message);
    pool = ngx_create_pool(4096, NULL);

    problem = civic_sign_rfc9421.read(&message, &rules, pool, &claim);

    if (problem == CIVIC_OK) {
        problem = civic_sign_rfc9421.text(&message, &rules, NULL, pool,
                                          &claim);
    }

    sign_expect(problem, row->problem);

    ngx_destroy_pool(pool);
    free(list);
    free(headers);
}


int
main(void)
{
    size_t             i, n;
    struct CMUnitTest  tests[128];

    memset(tests, 0, sizeof(tests));

    for (i = 0, n = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++, n++) {
        tests[n].name = vectors[i].title;
        tests[n].test_func = test_vector;
        tests[n].initial_state = (void *) &vectors[i];
    }

    for (i = 0; i < sizeof(complete_rows) / sizeof(complete_rows[0]);
         i++, n++)
    {
        tests[n].name = complete_rows[i].title;
        tests[n].test_func = test_complete;
        tests[n].initial_state = (void *) &complete_rows[i];
    }

    return _cmocka_run_group_tests("sign_rfc9421", tests, n, NULL, NULL);
}
