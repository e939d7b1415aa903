/* sources: src/jose/civic_jose_jws.c src/jose/civic_jose_keyset.c
 * src/jose/civic_jose_key.c src/jose/civic_jose_pkey.c
 * src/jose/civic_jose_verifier.c src/jose/civic_jose_jwa.c
 * src/jose/civic_jose_base64url.c src/issuer/civic_issuer_claims.c
 * src/issuer/civic_issuer_claims_read.c
 * src/json/civic_json.c src/problem/civic_problem.c */

/*
 * Copyright (C) Civic Gate
 *
 * Any text against a set of keys whose signatures cannot be guessed: never
 * verified, and the parts that were parsed lie where they may.  The input
 * is a token if it has two dots, else a header: then the rest is made up,
 * so that the fuzzer need not discover base64url.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_issuer_claims.h"


#define JWS_KEYS                                                              \
    "{\"keys\":["                                                             \
    "{\"kty\":\"EC\",\"kid\":\"e\",\"crv\":\"P-256\","                        \
    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","                  \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"},"                 \
    "{\"kty\":\"OKP\",\"kid\":\"o\",\"crv\":\"Ed25519\","                     \
    "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"},"                 \
    "{\"kty\":\"oct\",\"kid\":\"h\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMk"  \
    "oqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow\"}]}"


int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static civic_jose_keyset_t  *jws_keys;


int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char       err[256];
    ngx_str_t  json = ngx_string(JWS_KEYS);

    jws_keys = civic_jose_keyset_parse(&json, 0x3fff, err, sizeof(err));

    if (jws_keys == NULL) {
        abort();
    }

    return 0;
}


static void
jws_claims(const civic_jose_jws_t *jws)
{
    ngx_str_t             issuer, audience = ngx_string("a");
    ngx_array_t           audiences;
    ngx_pool_t           *pool;
    civic_json_t         *claims;
    civic_issuer_rules_t    rules;
    civic_issuer_claims_t   out;

    if (civic_issuer_claims_parse(&jws->payload, &claims, &issuer)
        != CIVIC_OK)
    {
        return;
    }

    pool = ngx_create_pool(1024, NULL);

    ngx_memzero(&rules, sizeof(rules));
    audiences.elts = &audience;
    audiences.nelts = 1;

    rules.issuer = issuer;
    rules.audiences = &audiences;
    ngx_str_set(&rules.subject, "sub");
    ngx_str_set(&rules.scope, "scope");
    ngx_str_set(&rules.region, "region");
    rules.leeway = 300;
    rules.lifetime = 3600;

    if (civic_issuer_claims_check(&rules, jws, claims, 1000000, pool, &out)
        == CIVIC_OK && out.expires <= 1000000 - 300)
    {
        abort();
    }

    civic_json_free(claims);
    ngx_destroy_pool(pool);
}


static void
jws_judge(ngx_str_t *token)
{
    u_char            *buf;
    civic_problem_e    problem;
    civic_jose_jws_t   jws;
    civic_jose_key_t  *key;

    buf = malloc(token->len + 1);

    if (civic_jose_jws_parse(token, buf, &jws) == CIVIC_OK) {

        if (jws.kid.len > CIVIC_JOSE_MAX_KID || jws.signature.len == 0
            || jws.payload.data + jws.payload.len > buf + token->len
            || (jws.alg & (jws.alg - 1)))
        {
            abort();
        }

        jws_claims(&jws);

        key = civic_jose_keyset_find(jws_keys, &jws, &problem);

        if (key && civic_jose_jws_verify(key, &jws)
                   != CIVIC_SIGNATURE_INVALID)
        {
            abort();
        }
    }

    free(buf);
}


/* base64url by libcrypto, which is linked anyway */

int EVP_EncodeBlock(unsigned char *t, const unsigned char *f, int n);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    u_char     *p, *text;
    size_t      n;
    ngx_str_t   token;

    token.data = (u_char *) data;
    token.len = size;

    jws_judge(&token);

    if (size > 4000) {
        return 0;
    }

    text = malloc(3 * size + 256);
    n = EVP_EncodeBlock(text, data, (int) size);

    for (p = text; p < text + n; p++) {
        *p = (*p == '+') ? '-' : (*p == '/') ? '_' : *p;
    }

    while (n && text[n - 1] == '=') {
        n--;
    }

    /* as header, and then as payload of a good header */

    token.data = text;
    token.len = ngx_sprintf(text + n, ".e30.AAAA") - text;
    jws_judge(&token);

    ngx_memmove(text + 21, text, n);
    ngx_memcpy(text, "eyJhbGciOiJFUzI1NiJ9.", 21);
    token.len = ngx_sprintf(text + 21 + n, ".AAAA") - text;
    jws_judge(&token);

    free(text);

    return 0;
}
