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

#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "verify.h"


typedef struct {
    const char  *title;
    const char  *jwk;
    const char  *token;
} verifier_vector_t;


/* the payload and modulus of RFC 7515, appendix A */

#define VERIFIER_JOE                                                          \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"        \
    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

#define VERIFIER_N                                                            \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp"        \
    "-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOW"        \
    "vG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUs"        \
    "LA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9k"        \
    "G4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2"        \
    "PAcDTW9gb54h4FRWyuXpoQ"


static const verifier_vector_t  verifier_vectors[] = {

    { "RFC 7515 A.1, HS256, is verified",

      "{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr"
      "_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow\"}",

      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." VERIFIER_JOE
      ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" },

    { "RFC 7515 A.2, RS256, is verified",

      "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" VERIFIER_N "\"}",

      "eyJhbGciOiJSUzI1NiJ9." VERIFIER_JOE ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__d"
      "zERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds"
      "9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBAr"
      "LIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkH"
      "WEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5"
      "AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw" },

    { "RFC 7515 A.3, ES256, is verified",

      "{\"kty\":\"EC\",\"crv\":\"P-256\","
      "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
      "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}",

      "eyJhbGciOiJFUzI1NiJ9." VERIFIER_JOE ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx"
      "-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q" },

    { "RFC 8037 A.4, Ed25519, is verified",

      "{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
      "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",

      "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGC"
      "jP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_"
      "MuM0KAg" }
};


static token_key_t  verifier_rsa;
static token_key_t  verifier_ec;


static int
verifier_setup(void **state)
{
    token_key_init(&verifier_rsa, "RS256", 0);
    token_key_init(&verifier_ec, "ES256", 0);

    return 0;
}


static int
verifier_teardown(void **state)
{
    token_key_cleanup(&verifier_rsa);
    token_key_cleanup(&verifier_ec);

    return 0;
}


static void
verifier_vector(void **state)
{
    char                      err[256];
    ngx_str_t                 json, token;
    civic_jose_keyset_t      *set;
    const verifier_vector_t  *row;

    row = *state;
    json = verify_string(row->jwk);

    set = civic_jose_keyset_parse(&json, VERIFY_ALL, err, sizeof(err));
    assert_non_null(set);

    verify_expect(verify_token(set, verify_string(row->token)), CIVIC_OK);

    /* the payload's first character, E to F */

    token = token_format("%s", row->token);
    strchr((char *) token.data, '.')[2]++;
    verify_expect(verify_token(set, token), CIVIC_SIGNATURE_INVALID);

    civic_jose_keyset_free(set);
}


static void
verifier_sm2_vector(void **state)
{
    int                   n;
    char                  err[256];
    long                  len;
    u_char               *x, *y, *r, *s, signature[64];
    ngx_str_t             json, vx, vy;
    civic_problem_e       problem;
    civic_jose_jws_t      jws;
    civic_jose_key_t     *key;
    civic_jose_keyset_t  *set;

    x = OPENSSL_hexstr2buf("09F9DF311E5421A150DD7D161E4BC5C6"
                           "72179FAD1833FC076BB08FF356F35020", &len);
    y = OPENSSL_hexstr2buf("CCEA490CE26775A52DC6EA718CC1AA60"
                           "0AED05FBF35E084A6632F6072DA9AD13", &len);
    r = OPENSSL_hexstr2buf("F5A03B0648D2C4630EEAC513E1BB81A1"
                           "5944DA3827D5B74143AC7EACEEE720B3", &len);
    s = OPENSSL_hexstr2buf("B1B6AA29DF212FD8763182BC0D421CA1"
                           "BB9038FD1F7F42D4840B69C485BBC1AA", &len);

    vx = token_base64url(x, 32);
    vy = token_base64url(y, 32);
    memcpy(signature, r, 32);
    memcpy(signature + 32, s, 32);

    OPENSSL_free(x);
    OPENSSL_free(y);
    OPENSSL_free(r);
    OPENSSL_free(s);

    json = token_format("{\"kty\":\"EC\",\"crv\":\"SM2\",\"x\":\"%.*s\","
                        "\"y\":\"%.*s\"}", (int) vx.len, vx.data,
                        (int) vy.len, vy.data);

    set = civic_jose_keyset_parse(&json, CIVIC_ALG_SM2, err, sizeof(err));
    assert_non_null(set);

    memset(&jws, 0, sizeof(jws));
    jws.alg = CIVIC_ALG_SM2;
    jws.signed_part = verify_string("message digest");
    jws.signature.data = signature;
    jws.signature.len = sizeof(signature);

    key = civic_jose_keyset_find(set, &jws, &problem);
    assert_non_null(key);

    for (n = 0; n < 3; n++) {
        verify_expect(civic_jose_jws_verify(key, &jws), CIVIC_OK);

        jws.signed_part.len--;
        verify_expect(civic_jose_jws_verify(key, &jws),
                      CIVIC_SIGNATURE_INVALID);
        jws.signed_part.len++;
    }

    civic_jose_keyset_free(set);
}


/* twice, with a forgery between: what is prepared stays as it was */

static void
verifier_round_trip(void **state)
{
    ngx_uint_t             i;
    token_key_t            key, other, *k;
    ngx_str_t              header, good, bad;
    civic_jose_keyset_t   *set;
    const civic_jose_jwa_t  *jwa;

    jwa = *state;

    if (strcmp(jwa->kty, "RSA") == 0) {
        k = &verifier_rsa;
        k->jwa = jwa;

    } else {
        token_key_init(&key, (char *) jwa->name.data, 0);
        k = &key;
    }

    set = verify_keys(k, "", VERIFY_ALL);
    header = token_format("{\"alg\":\"%s\"}", jwa->name.data);

    good = token_sign(k, (char *) header.data, "payload");
    token_key_init(&other, (char *) jwa->name.data, 0);
    bad = token_sign(&other, (char *) header.data, "payload");

    for (i = 0; i < 3; i++) {
        verify_expect(verify_token(set, good), CIVIC_OK);
        verify_expect(verify_token(set, bad), CIVIC_SIGNATURE_INVALID);
    }

    civic_jose_keyset_free(set);
    token_key_cleanup(&other);

    if (k == &key) {
        token_key_cleanup(&key);
    }
}


static void
verifier_ed25519_name(void **state)
{
    token_key_t           key;
    civic_jose_keyset_t  *set;

    token_key_init(&key, "EdDSA", 0);
    set = verify_keys(&key, ",\"alg\":\"Ed25519\"", CIVIC_ALG_EDDSA);

    verify_expect(verify_token(set, token_sign(&key, "{\"alg\":\"Ed25519\"}",
                                               "x")), CIVIC_OK);
    verify_expect(verify_token(set, token_sign(&key, "{\"alg\":\"EdDSA\"}",
                                               "x")), CIVIC_OK);

    civic_jose_keyset_free(set);
    token_key_cleanup(&key);
}


/* a token of `key` under header {"alg":ALG} with this signature */

static civic_problem_e
verifier_signature(token_key_t *key, const char *alg, const u_char *data,
    size_t len)
{
    ngx_str_t             text, header, signature;
    civic_problem_e       problem;
    civic_jose_keyset_t  *set;

    header = token_format("{\"alg\":\"%s\"}", alg);
    text = token_base64url(header.data, header.len);
    signature = token_base64url(data, len);

    text = token_format("%.*s.e30.%.*s", (int) text.len, text.data,
                        (int) signature.len, signature.data);

    set = verify_keys(key, "", VERIFY_ALL);
    problem = verify_token(set, text);
    civic_jose_keyset_free(set);

    return problem;
}


/* the right one */

static ngx_str_t
verifier_right(token_key_t *key, const char *alg)
{
    ngx_str_t  text, header;

    header = token_format("{\"alg\":\"%s\"}", alg);
    text = token_base64url(header.data, header.len);
    text = token_format("%.*s.e30", (int) text.len, text.data);

    return token_signature(key, &text);
}


static void
verifier_flipped(void **state)
{
    size_t     i;
    u_char     data[64];
    ngx_str_t  good;

    good = verifier_right(&verifier_ec, "ES256");
    memcpy(data, good.data, 64);

    verify_expect(verifier_signature(&verifier_ec, "ES256", data, 64),
                  CIVIC_OK);

    for (i = 0; i < 64; i += 7) {
        data[i] ^= 1 << (i % 8);
        verify_expect(verifier_signature(&verifier_ec, "ES256", data, 64),
                      CIVIC_SIGNATURE_INVALID);
        data[i] ^= 1 << (i % 8);
    }
}


static void
verifier_lengths(void **state)
{
    u_char     data[512];
    size_t     i;
    ngx_str_t  good;

    static size_t  lengths[] = { 1, 32, 63, 65, 66, 96, 128, 132 };

    memset(data, 0, sizeof(data));
    good = verifier_right(&verifier_ec, "ES256");
    memcpy(data, good.data, 64);

    for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        verify_expect(verifier_signature(&verifier_ec, "ES256", data,
                                         lengths[i]),
                      CIVIC_SIGNATURE_INVALID);
    }

    verifier_rsa.jwa = token_jwa("RS256");
    good = verifier_right(&verifier_rsa, "RS256");
    memset(data, 0, sizeof(data));
    memcpy(data + 1, good.data, 256);

    verify_expect(verifier_signature(&verifier_rsa, "RS256", data + 1, 256),
                  CIVIC_OK);
    verify_expect(verifier_signature(&verifier_rsa, "RS256", data + 1, 255),
                  CIVIC_SIGNATURE_INVALID);
    verify_expect(verifier_signature(&verifier_rsa, "RS256", data + 1, 257),
                  CIVIC_SIGNATURE_INVALID);
    verify_expect(verifier_signature(&verifier_rsa, "RS256", data, 257),
                  CIVIC_SIGNATURE_INVALID);
}


static void
verifier_der(void **state)
{
    u_char      der[128], *p;
    ngx_str_t   good;
    ECDSA_SIG  *sig;

    good = verifier_right(&verifier_ec, "ES256");

    sig = ECDSA_SIG_new();
    ECDSA_SIG_set0(sig, BN_bin2bn(good.data, 32, NULL),
                   BN_bin2bn(good.data + 32, 32, NULL));

    p = der;
    verify_expect(verifier_signature(&verifier_ec, "ES256", der,
                                     i2d_ECDSA_SIG(sig, &p)),
                  CIVIC_SIGNATURE_INVALID);

    ECDSA_SIG_free(sig);
}


/* n of P-256 */

static const u_char  verifier_order[] =
    "\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"
    "\xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51";


static void
verifier_range(void **state)
{
    u_char       zero[32], one[32], max[32], data[64];
    size_t       i, j;
    ngx_str_t    good;

    const u_char  *values[] = { zero, verifier_order, one, max };

    memset(zero, 0, 32);
    memset(max, 0xff, 32);
    memcpy(one, verifier_order, 32);
    one[31]++;

    good = verifier_right(&verifier_ec, "ES256");

    for (i = 0; i < 4; i++) {
        memcpy(data, values[i], 32);
        memcpy(data + 32, good.data + 32, 32);
        verify_expect(verifier_signature(&verifier_ec, "ES256", data, 64),
                      CIVIC_SIGNATURE_INVALID);

        memcpy(data, good.data, 32);
        memcpy(data + 32, values[i], 32);
        verify_expect(verifier_signature(&verifier_ec, "ES256", data, 64),
                      CIVIC_SIGNATURE_INVALID);

        for (j = 0; j < 4; j++) {
            memcpy(data, values[i], 32);
            memcpy(data + 32, values[j], 32);
            verify_expect(verifier_signature(&verifier_ec, "ES256", data,
                                             64),
                          CIVIC_SIGNATURE_INVALID);
        }
    }
}


/* every curve and SM2, at the length where DER needs its long form too */

static void
verifier_extremes(void **state)
{
    size_t        i, k;
    u_char        data[132];
    token_key_t   key;

    static const char  *algs[] = { "ES384", "ES512", "SM2", "EdDSA" };

    for (k = 0; k < 4; k++) {
        token_key_init(&key, algs[k], 0);

        for (i = 0; i < 3; i++) {
            memset(data, i == 0 ? 0 : i == 1 ? 0xff : 0x7f, sizeof(data));
            verify_expect(verifier_signature(&key, algs[k], data,
                                             key.jwa->signature),
                          CIVIC_SIGNATURE_INVALID);
        }

        token_key_cleanup(&key);
    }
}


/* S plus the order of the group is the same signature to the careless */

static void
verifier_ed25519_malleable(void **state)
{
    int          i, carry;
    u_char       data[64];
    ngx_str_t    good;
    token_key_t  key;

    static const u_char  order[32] = {
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
        0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10
    };

    token_key_init(&key, "EdDSA", 0);
    good = verifier_right(&key, "EdDSA");
    memcpy(data, good.data, 64);

    for (carry = 0, i = 0; i < 32; i++) {
        carry += data[32 + i] + order[i];
        data[32 + i] = (u_char) carry;
        carry >>= 8;
    }

    verify_expect(verifier_signature(&key, "EdDSA", data, 64),
                  CIVIC_SIGNATURE_INVALID);

    token_key_cleanup(&key);
}


/* HMAC keyed with what everybody knows: the public key as PEM */

static void
verifier_confusion(void **state)
{
    BIO                  *bio;
    char                 *pem;
    long                  len;
    size_t                n;
    u_char                mac[EVP_MAX_MD_SIZE];
    ngx_str_t             text, signature;
    civic_jose_keyset_t  *set;

    bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PUBKEY(bio, verifier_rsa.pkey), 1);
    len = BIO_get_mem_data(bio, &pem);

    /* {"alg":"HS256"} */

    text = verify_string("eyJhbGciOiJIUzI1NiJ9.e30");

    assert_non_null(EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, pem, len,
                              text.data, text.len, mac, sizeof(mac), &n));

    BIO_free(bio);

    signature = token_base64url(mac, n);
    text = token_format("%s.%.*s", text.data, (int) signature.len,
                        signature.data);

    set = verify_keys(&verifier_rsa, "", VERIFY_ALL);
    verify_expect(verify_token(set, text), CIVIC_ALGORITHM_REFUSED);
    civic_jose_keyset_free(set);
}


static void
verifier_wrong_curve(void **state)
{
    token_key_t           key;
    civic_jose_keyset_t  *set;

    token_key_init(&key, "ES384", 0);
    set = verify_keys(&key, "", VERIFY_ALL);

    /* signed by the P-384 key over SHA-256, as a loose library would */

    verify_expect(verify_token(set, token_sign(&key, "{\"alg\":\"ES256\"}",
                                               "x")),
                  CIVIC_ALGORITHM_REFUSED);

    civic_jose_keyset_free(set);
    token_key_cleanup(&key);
}


static void
verifier_bound_alg(void **state)
{
    ngx_str_t             token;
    civic_jose_keyset_t  *set;

    verifier_rsa.jwa = token_jwa("RS256");
    token = token_sign(&verifier_rsa, "{\"alg\":\"RS256\"}", "x");

    set = verify_keys(&verifier_rsa, ",\"alg\":\"PS256\"", VERIFY_ALL);
    verify_expect(verify_token(set, token), CIVIC_ALGORITHM_REFUSED);
    civic_jose_keyset_free(set);

    set = verify_keys(&verifier_rsa, "", CIVIC_ALG_PS256|CIVIC_ALG_RS512);
    verify_expect(verify_token(set, token), CIVIC_ALGORITHM_REFUSED);
    civic_jose_keyset_free(set);

    /* PS256 in the header, PKCS #1 in the signature */

    token = token_sign(&verifier_rsa, "{\"alg\":\"PS256\"}", "x");
    set = verify_keys(&verifier_rsa, "", VERIFY_ALL);
    verify_expect(verify_token(set, token), CIVIC_SIGNATURE_INVALID);

    /* a signature over another digest than the header says */

    verifier_rsa.jwa = token_jwa("RS512");
    token = token_sign(&verifier_rsa, "{\"alg\":\"RS256\"}", "x");
    verify_expect(verify_token(set, token), CIVIC_SIGNATURE_INVALID);
    civic_jose_keyset_free(set);
}


static void
verifier_salt(void **state)
{
    int            i;
    u_char         sig[256];
    size_t         len;
    ngx_str_t      header, text;
    EVP_MD_CTX    *ctx;
    EVP_PKEY_CTX  *pctx;

    static struct {
        int              salt;
        civic_problem_e  problem;
    }  salts[] = {
        { 32, CIVIC_OK },
        { 0, CIVIC_SIGNATURE_INVALID },
        { 20, CIVIC_SIGNATURE_INVALID },
        { RSA_PSS_SALTLEN_MAX, CIVIC_SIGNATURE_INVALID }
    };

    header = token_base64url("{\"alg\":\"PS256\"}", 15);
    text = token_format("%.*s.e30", (int) header.len, header.data);

    for (i = 0; i < 4; i++) {
        ctx = EVP_MD_CTX_new();
        len = sizeof(sig);

        assert_int_equal(EVP_DigestSignInit(ctx, &pctx, EVP_sha256(), NULL,
                                            verifier_rsa.pkey), 1);
        EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, salts[i].salt);
        assert_int_equal(EVP_DigestSign(ctx, sig, &len, text.data, text.len),
                         1);

        EVP_MD_CTX_free(ctx);

        verify_expect(verifier_signature(&verifier_rsa, "PS256", sig, len),
                      salts[i].problem);
    }
}


int
main(void)
{
    size_t                    i, n;
    ngx_str_t                 name;
    struct CMUnitTest         tests[64];
    const civic_jose_jwa_t   *jwa;

    static char               titles[32][64];

    const struct CMUnitTest   others[] = {
        { "the SM2 example of GM/T 0003.5 is verified", verifier_sm2_vector,
          NULL, NULL, NULL },
        { "Ed25519 is another name of EdDSA", verifier_ed25519_name, NULL,
          NULL, NULL },
        { "a signature with a changed bit is invalid", verifier_flipped, NULL,
          NULL, NULL },
        { "a signature of any other length is invalid", verifier_lengths,
          NULL, NULL, NULL },
        { "an ECDSA signature in DER is invalid", verifier_der, NULL, NULL,
          NULL },
        { "r and s of zero, or not below the order, are invalid",
          verifier_range, NULL, NULL, NULL },
        { "extreme signatures of every curve are invalid", verifier_extremes,
          NULL, NULL, NULL },
        { "an EdDSA signature has one S only", verifier_ed25519_malleable,
          NULL, NULL, NULL },
        { "HS256 with the RSA key's PEM as its secret is refused",
          verifier_confusion, NULL, NULL, NULL },
        { "ES256 with a P-384 key is refused", verifier_wrong_curve, NULL,
          NULL, NULL },
        { "a key serves the algorithms of its alg and of the operator only",
          verifier_bound_alg, NULL, NULL, NULL },
        { "PS256 has a salt as long as its digest, and no other",
          verifier_salt, NULL, NULL, NULL }
    };

    memset(tests, 0, sizeof(tests));
    n = 0;

    for (i = 0; i < sizeof(verifier_vectors) / sizeof(verifier_vectors[0]);
         i++)
    {
        tests[n].name = verifier_vectors[i].title;
        tests[n].test_func = verifier_vector;
        tests[n++].initial_state = (void *) &verifier_vectors[i];
    }

    for (jwa = civic_jose_jwa; jwa->name.len; jwa++) {
        name = jwa->name;
        (void) sprintf(titles[jwa - civic_jose_jwa],
                       "what OpenSSL signs with %s is verified", name.data);
        tests[n].name = titles[jwa - civic_jose_jwa];
        tests[n].test_func = verifier_round_trip;
        tests[n++].initial_state = (void *) jwa;
    }

    memcpy(tests + n, others, sizeof(others));
    n += sizeof(others) / sizeof(others[0]);

    return _cmocka_run_group_tests("verifier", tests, n, verifier_setup,
                                   verifier_teardown);
}
