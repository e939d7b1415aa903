/* sources: src/jose/civic_jose_signer.c src/jose/civic_jose_base64url.c
            src/jose/civic_jose_digest.c src/jose/civic_jose_pkey.c
            src/json/civic_json.c */

/*
 * Copyright (C) Civic Gate
 */


#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "civic_jose_signer.h"


#define text(s)  { sizeof(s) - 1, (u_char *) s }


/* RFC 7515 appendix A.3, RFC 8037 appendix A.1 */

#define EC_X  "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define EC_Y  "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define EC_D  "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"
#define OKP_X  "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define OKP_D  "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"

#define EC   "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X                \
             "\",\"y\":\"" EC_Y "\",\"d\":\"" EC_D "\"}"
#define OKP  " {\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" OKP_X           \
             "\",\"d\":\"" OKP_D "\"}\n"


static const struct {
    ngx_str_t    text;
    const char  *err;
} refused[] = {
    { text(""), "no private key in PEM without a password, and no JWK" },
    { text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
      "no private key in PEM without a password, and no JWK" },
    { text("{"), "not JSON" },
    { text("{}"), "a JWK without \"kty\"" },
    { text("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\""
           EC_Y "\"}"),
      "member \"d\" is missing or no string" },
    { text("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\""
           EC_Y "\",\"d\":\"" OKP_D "\"}"),
      "\"d\" is not the private half of it" },
    { text("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" OKP_X
           "\",\"d\":\"" EC_D "\"}"),
      "\"d\" is not the private half of it" },
    { text("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" OKP_X
           "\",\"d\":\"AAAA\"}"),
      "\"d\" is not the private half of it" }
};


static void
assert_text(const ngx_str_t *value, const char *expected)
{
    assert_int_equal(value->len, strlen(expected));
    assert_memory_equal(value->data, expected, value->len);
}


static void
what_cannot_sign_is_refused(void **state)
{
    char    err[256];
    size_t  i;

    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        assert_null(civic_jose_signer_parse(&refused[i].text, err,
                                            sizeof(err)));
        assert_string_equal(err, refused[i].err);
    }
}


static void
keys_are_named_by_what_they_are(void **state)
{
    char                  err[256];
    ngx_str_t             ec = text(EC), okp = text(OKP);
    civic_jose_signer_t  *signer;

    signer = civic_jose_signer_parse(&ec, err, sizeof(err));
    assert_non_null(signer);

    assert_text(civic_jose_signer_algorithm(signer), "ES256");
    assert_text(civic_jose_signer_public(signer),
                "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"" EC_X
                "\",\"y\":\"" EC_Y "\"}");
    civic_jose_signer_free(signer);

    /* RFC 8037 appendix A.3 */

    signer = civic_jose_signer_parse(&okp, err, sizeof(err));
    assert_non_null(signer);

    assert_text(civic_jose_signer_algorithm(signer), "EdDSA");
    assert_text(civic_jose_signer_thumbprint(signer),
                "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    civic_jose_signer_free(signer);
}


/* RFC 8037 appendix A.4: Ed25519 signs one text in one way only */

static void
ed25519_signs_as_the_rfc_does(void **state)
{
    char                  err[256];
    u_char                signature[CIVIC_JOSE_SIGNATURE];
    ngx_str_t             okp = text(OKP);
    ngx_str_t             what = text("eyJhbGciOiJFZERTQSJ9."
                                "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc");
    civic_jose_signer_t  *signer;

    static const u_char  begin[] = { 0x86, 0x0c, 0x98, 0xd2, 0x29, 0x7f };

    signer = civic_jose_signer_parse(&okp, err, sizeof(err));
    assert_non_null(signer);

    assert_int_equal(civic_jose_signer_sign(signer, &what, signature),
                     NGX_OK);
    assert_memory_equal(signature, begin, sizeof(begin));

    civic_jose_signer_free(signer);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        { "what cannot sign is refused, and not quoted",
          what_cannot_sign_is_refused, NULL, NULL, NULL },
        { "keys are named by what they are",
          keys_are_named_by_what_they_are, NULL, NULL, NULL },
        { "Ed25519 signs as RFC 8037 does",
          ed25519_signs_as_the_rfc_does, NULL, NULL, NULL }
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
