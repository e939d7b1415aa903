/* sources: src/sign/civic_sign_rfc9421.c src/sign/civic_sign_scheme.c src/sign/civic_sign_xca.c src/sign/civic_sign_xtif.c src/sign/civic_sign_base.c src/sign/civic_sign_field.c src/sign/civic_sign_query.c src/sign/civic_sign_algorithm.c src/sign/civic_sign_digest.c src/jose/civic_jose_der.c src/jose/civic_jose_hash.c src/jose/civic_jose_mac.c src/jose/civic_jose_jws.c src/jose/civic_jose_keyset.c src/jose/civic_jose_key.c src/jose/civic_jose_pkey.c src/jose/civic_jose_verifier.c src/jose/civic_jose_jwa.c src/jose/civic_jose_base64url.c src/json/civic_json.c src/problem/civic_problem.c */

/*
 * Copyright (C) Civic Gate
 *
 * Known answers of x-ca and x-tif, SM2, SM3 and digests; the clock.
 */


#include "sign.h"
#include "civic_jose_der.h"
#include "civic_jose_key.h"
#include "civic_jose_mac.h"
#include "civic_sign_digest.h"
#include "civic_sign_query.h"


#define SM2_JWK                                                               \
    "{\"kty\":\"EC\",\"crv\":\"SM2\","                                        \
    "\"x\":\"CfnfMR5UIaFQ3X0WHkvFxnIXn60YM_wHa7CP81bzUCA\","                  \
    "\"y\":\"zOpJDOJndaUtxupxjMGqYArtBfvzXghKZjL2By2prRM\"}"

#define SM2_R                                                                 \
    "F5A03B0648D2C4630EEAC513E1BB81A1"                                        \
    "5944DA3827D5B74143AC7EACEEE720B3"
#define SM2_S                                                                 \
    "B1B6AA29DF212FD8763182BC0D421CA1"                                        \
    "BB9038FD1F7F42D4840B69C485BBC1AA"


static void
hex(u_char *out, const char *text)
{
    unsigned  byte;

    for ( /* void */ ; *text; text += 2) {
        sscanf(text, "%2x", &byte);
        *out++ = (u_char) byte;
    }
}


static void
test_xca(void **state)
{
    ngx_pool_t                    *pool;
    ngx_str_t                      name, secret;
    civic_sign_claim_t             claim;
    civic_sign_rules_t             rules;
    civic_sign_header_t           *list;
    civic_sign_message_t           message;
    const civic_sign_algorithm_t  *algorithm;

    memset(&message, 0, sizeof(message));
    memset(&claim, 0, sizeof(claim));
    memset(&rules, 0, sizeof(rules));

    message.method = sign_string("POST");
    message.target = sign_string("/api/edu/v1/courses?b=2&a=1");
    message.body = 1;

    list = sign_headers("accept: application/json\n"
        "content-type: application/json; charset=utf-8\n"
        "content-md5: u2y1xo30ZSlByvZSo2by2A==\n"
        "x-ca-key: 203000001\n"
        "x-ca-nonce: 4b1b0d5e-0000-4000-8000-000000000001\n"
        "x-ca-timestamp: 1700000000000\n"
        "x-ca-signature-headers: x-ca-timestamp,x-ca-key,X-Ca-Nonce\n"
        "x-ca-signature: W1gpsc231FfgYrdnYl2gaUZkoQKaH1DZZQAJenU09G4=\n",
        &message);

    pool = ngx_create_pool(4096, NULL);
    claim.scheme = &civic_sign_xca;

    sign_expect(civic_sign_xca.read(&message, &rules, pool, &claim),
                CIVIC_OK);
    sign_expect(civic_sign_xca.text(&message, &rules, NULL, pool, &claim),
                CIVIC_OK);

    sign_expect_text(&claim.text,
        "POST\napplication/json\nu2y1xo30ZSlByvZSo2by2A==\n"
        "application/json; charset=utf-8\n\nx-ca-key:203000001\n"
        "x-ca-nonce:4b1b0d5e-0000-4000-8000-000000000001\n"
        "x-ca-timestamp:1700000000000\n/api/edu/v1/courses?a=1&b=2");

    name = sign_string("hmac-sha256");
    secret = sign_string("demo-secret");
    algorithm = civic_sign_algorithm_find(&name);

    sign_expect(civic_sign_xca.verify(&claim, algorithm, &secret, NULL),
                CIVIC_OK);

    secret.len--;
    sign_expect(civic_sign_xca.verify(&claim, algorithm, &secret, NULL),
                CIVIC_SIGNATURE_INVALID);

    name = sign_string("hmac-sm3");
    algorithm = civic_sign_algorithm_find(&name);
    sign_expect(civic_sign_xca.verify(&claim, algorithm, &secret, NULL),
                CIVIC_ALGORITHM_REFUSED);

    ngx_destroy_pool(pool);
    free(list);
}


static void
test_xtif(void **state)
{
    ngx_str_t              secret;
    ngx_pool_t            *pool;
    civic_sign_claim_t     claim;
    civic_sign_rules_t     rules;
    civic_sign_header_t   *list;
    civic_sign_message_t   message;

    memset(&message, 0, sizeof(message));
    memset(&claim, 0, sizeof(claim));
    memset(&rules, 0, sizeof(rules));

    list = sign_headers("x-tif-paasid: hall\nx-tif-timestamp: 1700000000\n"
        "x-tif-nonce: n-0001\nx-tif-signature: d1e9a883a2b5da3c4fba4c087e4fc2"
        "ba8936144c3a4a9496504433ebf9f73ac1\n", &message);

    pool = ngx_create_pool(4096, NULL);
    claim.scheme = &civic_sign_xtif;
    secret = sign_string("demo-token");

    sign_expect(civic_sign_xtif.read(&message, &rules, pool, &claim),
                CIVIC_OK);
    sign_expect(civic_sign_xtif.verify(&claim, NULL, &secret, NULL),
                CIVIC_OK);
    sign_expect(civic_sign_scheme_clock(&claim, &rules, 1700000300),
                CIVIC_OK);
    sign_expect(civic_sign_scheme_clock(&claim, &rules, 1700000301),
                CIVIC_SIGNATURE_STALE);
    sign_expect(civic_sign_scheme_clock(&claim, &rules, 1699999999),
                CIVIC_SIGNATURE_EARLY);

    rules.ahead = 1;
    sign_expect(civic_sign_scheme_clock(&claim, &rules, 1699999999),
                CIVIC_OK);

    secret = sign_string("demo-tokem");
    sign_expect(civic_sign_xtif.verify(&claim, NULL, &secret, NULL),
                CIVIC_SIGNATURE_INVALID);

    secret.len = 0;
    sign_expect(civic_sign_xtif.verify(&claim, NULL, &secret, NULL),
                CIVIC_ALGORITHM_REFUSED);

    ngx_destroy_pool(pool);
    free(list);
}


/* GM/T 0003.5, r and s side by side and as DER */

static void
test_sm2(void **state)
{
    char                           err[256];
    u_char                         raw[64], der[72];
    ngx_str_t                      name, json, text, signature, none;
    civic_json_t                  *jwk;
    civic_jose_key_t              *key;
    const civic_sign_algorithm_t  *algorithm;

    json = sign_string(SM2_JWK);
    jwk = civic_json_parse(&json, 4096, err, sizeof(err));
    assert_non_null(jwk);
    key = civic_jose_key_parse(jwk, CIVIC_ALG_SM2, err, sizeof(err));
    assert_non_null(key);
    civic_json_free(jwk);

    name = sign_string("sm2");
    algorithm = civic_sign_algorithm_find(&name);
    text = sign_string("message digest");
    ngx_str_null(&none);

    hex(raw, SM2_R SM2_S);
    signature.data = raw;
    signature.len = 64;
    sign_expect(civic_sign_algorithm_verify(algorithm, &none, key, &text,
                                            &signature), CIVIC_OK);

    hex(der, "3046022100" SM2_R "022100" SM2_S);
    signature.data = der;
    signature.len = 72;
    sign_expect(civic_sign_algorithm_verify(algorithm, &none, key, &text,
                                            &signature), CIVIC_OK);

    der[71] ^= 1;
    sign_expect(civic_sign_algorithm_verify(algorithm, &none, key, &text,
                                            &signature),
                CIVIC_SIGNATURE_INVALID);

    sign_expect(civic_sign_algorithm_verify(algorithm, &none, NULL, &text,
                                            &signature),
                CIVIC_ALGORITHM_REFUSED);

    civic_jose_key_free(key);
}


static void
test_der(void **state)
{
    size_t     i, len;
    u_char     raw[64], der[80];
    ngx_str_t  s;

    static const char  *wrong[] = {
        "", "30", "3000", "3006020101", "300602010102010100",
        "3106020101020101", "3006020181020101", "300702020001020101",
        "3006030101020101", "3005020002020101", "308106020101020101",
        "30060201010201", NULL
    };

    s.data = der;

    for (i = 0; wrong[i]; i++) {
        hex(der, wrong[i]);
        s.len = strlen(wrong[i]) / 2;
        assert_int_equal(civic_jose_der_raw(&s, raw), NGX_DECLINED);
    }

    hex(der, "3006020101020102");
    s.len = 8;
    assert_int_equal(civic_jose_der_raw(&s, raw), NGX_OK);
    assert_int_equal(raw[31], 1);
    assert_int_equal(raw[63], 2);

    for (i = 0, len = 0; i < 63; i++) {
        len += (i != 31) ? raw[i] : 0;
    }

    assert_int_equal(len, 0);
}


static void
test_sm3(void **state)
{
    size_t              len;
    u_char              out[64], wanted[32];
    ngx_str_t           name, key, text;
    civic_jose_hash_t  *hash;

    hex(wanted, "66c7f0f462eeedd9d1f2d46bdc10e4e2"
                "4167c4875cf2f7a2297da02b8f4ba8e0");

    hash = civic_jose_hash_create(CIVIC_JOSE_SM3);
    assert_int_equal(civic_jose_hash_update(hash, (u_char *) "a", 1), NGX_OK);
    assert_int_equal(civic_jose_hash_update(hash, (u_char *) "bc", 2),
                     NGX_OK);
    assert_int_equal(civic_jose_hash_final(hash, out), NGX_OK);
    assert_memory_equal(out, wanted, 32);
    civic_jose_hash_free(hash);

    /* RFC 4231, 4.3; twice, and another key between: contexts are kept */

    hex(wanted, "5bdcc146bf60754e6a042426089575c7"
                "5a003f089d2739839dec58b964ec3843");

    name = sign_string("sha256");
    key = sign_string("Jefe");
    text = sign_string("what do ya want for nothing?");

    assert_int_equal(civic_jose_mac_hmac(&name, &key, &text, out, &len),
                     NGX_OK);
    assert_int_equal(len, 32);
    assert_memory_equal(out, wanted, 32);

    key.len = 0;
    assert_int_equal(civic_jose_mac_hmac(&name, &key, &text, out, &len),
                     NGX_OK);
    assert_memory_not_equal(out, wanted, 32);

    key.len = 4;
    assert_int_equal(civic_jose_mac_hmac(&name, &key, &text, out, &len),
                     NGX_OK);
    assert_memory_equal(out, wanted, 32);
}


static void
test_digest(void **state)
{
    size_t               i;
    ngx_str_t            text;
    civic_sign_digest_t  digest;

    static const struct {
        const char       *text;
        civic_problem_e   problem;
        ngx_uint_t        n;
    } rows[] = {
        { "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
          CIVIC_OK, 1 },
        { "md5=:AAAA:, sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE="
          ":", CIVIC_OK, 1 },
        { "md5=:AAAA:", CIVIC_ALGORITHM_REFUSED, 0 },
        { "", CIVIC_ALGORITHM_REFUSED, 0 },
        { "sha-256=:AAAA:", CIVIC_SIGNATURE_MALFORMED, 0 },
        { "sha-256=AAAA", CIVIC_SIGNATURE_MALFORMED, 0 },
        { "sha-256", CIVIC_SIGNATURE_MALFORMED, 0 },
        { "sha-512=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
          "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA:", CIVIC_SIGNATURE_MALFORMED, 0 },
        { "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:, "
          "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
          CIVIC_SIGNATURE_MALFORMED, 0 }
    };

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        text = sign_string(rows[i].text);
        sign_expect(civic_sign_digest_parse(&text, &digest),
                    rows[i].problem);

        if (rows[i].problem == CIVIC_OK) {
            assert_int_equal(digest.n, rows[i].n);
        }
    }

    text = sign_string(rows[0].text);
    sign_expect(civic_sign_digest_parse(&text, &digest), CIVIC_OK);
    assert_int_equal(civic_sign_digest_start(&digest), NGX_OK);
    text = sign_string("{\"hello\": \"world\"}");
    assert_int_equal(civic_sign_digest_update(&digest, text.data, text.len),
                     NGX_OK);
    sign_expect(civic_sign_digest_check(&digest), CIVIC_OK);
    civic_sign_digest_free(&digest);

    assert_int_equal(civic_sign_digest_start(&digest), NGX_OK);
    sign_expect(civic_sign_digest_check(&digest), CIVIC_DIGEST_MISMATCH);
    civic_sign_digest_free(&digest);
}


/* RFC 9421, 2.2.8 */

static void
test_query(void **state)
{
    u_char             buf[128];
    ngx_str_t          rest, text;
    civic_sign_pair_t  pair;

    rest = sign_string("&var=this%20is%20a%20big%0Amultiline%20value&&"
                       "bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=x&y");

    assert_int_equal(civic_sign_query_next(&rest, &pair), NGX_OK);
    text.data = buf;
    text.len = civic_sign_query_recode(buf, &pair.value) - buf;
    sign_expect_text(&text, "this%20is%20a%20big%0Amultiline%20value");

    assert_int_equal(civic_sign_query_next(&rest, &pair), NGX_OK);
    text.len = civic_sign_query_recode(buf, &pair.value) - buf;
    sign_expect_text(&text, "with%20plus%20whitespace");

    assert_int_equal(civic_sign_query_next(&rest, &pair), NGX_OK);
    text.len = civic_sign_query_recode(buf, &pair.name) - buf;
    sign_expect_text(&text, "fa%C3%A7ade%22%3A%20");

    assert_int_equal(civic_sign_query_next(&rest, &pair), NGX_OK);
    sign_expect_text(&pair.name, "y");
    assert_int_equal(pair.value.len, 0);
    assert_int_equal(civic_sign_query_next(&rest, &pair), NGX_DONE);

    text = sign_string("a%2");
    assert_int_equal(civic_sign_query_decode(buf, &rest, &text),
                     NGX_DECLINED);
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        { "x-ca: the string and the signature of the vector",
          test_xca, NULL, NULL, NULL },
        { "x-tif: the vector, and the clock around it",
          test_xtif, NULL, NULL, NULL },
        { "SM2: GM/T 0003.5, raw and in DER",
          test_sm2, NULL, NULL, NULL },
        { "DER has one spelling",
          test_der, NULL, NULL, NULL },
        { "SM3 in pieces; HMAC with one key after another",
          test_sm3, NULL, NULL, NULL },
        { "Content-Digest: which count, and what they say",
          test_digest, NULL, NULL, NULL },
        { "queries are split and coded again",
          test_query, NULL, NULL, NULL }
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
