/* sources: src/sign/civic_sign_rfc9421.c src/sign/civic_sign_scheme.c src/sign/civic_sign_xca.c src/sign/civic_sign_xtif.c src/sign/civic_sign_base.c src/sign/civic_sign_field.c src/sign/civic_sign_query.c src/sign/civic_sign_algorithm.c src/sign/civic_sign_digest.c src/jose/civic_jose_der.c src/jose/civic_jose_hash.c src/jose/civic_jose_mac.c src/jose/civic_jose_jws.c src/jose/civic_jose_keyset.c src/jose/civic_jose_key.c src/jose/civic_jose_pkey.c src/jose/civic_jose_verifier.c src/jose/civic_jose_jwa.c src/jose/civic_jose_base64url.c src/json/civic_json.c src/problem/civic_problem.c */

/*
 * Copyright (C) Civic Gate
 *
 * Lines of a request: target, Signature-Input, Signature, a header, the
 * body of a form.  Whatever they say, every scheme reads them and builds
 * its text; what is a text of RFC 9421 ends with the input that came.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_sign_digest.h"
#include "civic_sign_scheme.h"


#define SIGN_LINES  5


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
sign_split(const uint8_t *data, size_t size, ngx_str_t *lines)
{
    size_t      i;
    ngx_uint_t  n;

    for (n = 0; n < SIGN_LINES; n++) {
        ngx_str_set(&lines[n], "");
    }

    if (size) {
        lines[0].data = (u_char *) data;
    }

    for (i = 0, n = 0; i < size; i++) {

        if (data[i] == '\n' && n + 1 < SIGN_LINES) {
            lines[++n].data = (u_char *) &data[i + 1];

        } else {
            lines[n].len++;
        }
    }
}


static void
sign_scheme(const civic_sign_scheme_t *scheme,
    const civic_sign_message_t *message, const ngx_str_t *form)
{
    ngx_pool_t           *pool;
    civic_sign_claim_t    claim;
    civic_sign_rules_t    rules;
    civic_sign_digest_t   digest;

    pool = ngx_create_pool(4096, NULL);

    ngx_memzero(&rules, sizeof(rules));
    ngx_memzero(&claim, sizeof(claim));

    claim.scheme = scheme;

    if (scheme->read(message, &rules, pool, &claim) == CIVIC_OK
        && scheme->text(message, &rules, form, pool, &claim) == CIVIC_OK
        && scheme == &civic_sign_rfc9421
        && (claim.text.len < claim.input.text.len
            || ngx_memcmp(claim.text.data + claim.text.len
                          - claim.input.text.len, claim.input.text.data,
                          claim.input.text.len)
               != 0))
    {
        abort();
    }

    (void) civic_sign_digest_parse(form, &digest);
    (void) civic_sign_digest_parse_md5(form, &digest);

    ngx_destroy_pool(pool);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ngx_str_t             lines[SIGN_LINES];
    civic_sign_message_t  message;
    civic_sign_header_t   headers[] = {
        { ngx_string("signature-input"), ngx_null_string },
        { ngx_string("signature"), ngx_null_string },
        { ngx_string("x-a"), ngx_null_string },
        { ngx_string("x-ca-signature-headers"), ngx_null_string },
        { ngx_string("x-ca-key"), ngx_string("k") },
        { ngx_string("x-ca-nonce"), ngx_string("n") },
        { ngx_string("x-ca-timestamp"), ngx_string("1700000000000") },
        { ngx_string("x-ca-signature"), ngx_null_string },
        { ngx_string("x-tif-timestamp"), ngx_null_string },
        { ngx_string("content-digest"), ngx_string("sha-256=:AAAA:") },
        { ngx_string("x-a"), ngx_string("2") }
    };

    sign_split(data, size, lines);

    ngx_memzero(&message, sizeof(message));

    ngx_str_set(&message.method, "POST");
    ngx_str_set(&message.scheme, "https");
    ngx_str_set(&message.authority, "example.com");

    message.target = lines[0];
    headers[0].value = lines[1];
    headers[1].value = lines[2];
    headers[2].value = lines[3];
    headers[3].value = lines[3];
    headers[7].value = lines[2];
    headers[8].value = lines[2];

    message.headers = headers;
    message.nheaders = sizeof(headers) / sizeof(headers[0]);

    sign_scheme(&civic_sign_rfc9421, &message, &lines[4]);
    sign_scheme(&civic_sign_xca, &message, &lines[4]);
    sign_scheme(&civic_sign_xtif, &message, &lines[4]);

    return 0;
}
