
/*
 * Copyright (C) Civic Gate
 *
 * Takes a compact JWS apart and verifies it.  Decides what a header may say;
 * never looks into the payload, never chooses a key.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_jose_base64url.h"
#include "civic_jose_key.h"


static civic_problem_e civic_jose_jws_header(const ngx_str_t *text,
    civic_jose_jws_t *jws);
static civic_problem_e civic_jose_jws_members(const civic_json_t *header,
    u_char *buf, civic_jose_jws_t *jws);
static ngx_int_t civic_jose_jws_text(const civic_json_t *header,
    const char *name, u_char **buf, ngx_str_t *value);


/*
 * Members that change what is signed, or bring a key along.  Nobody who
 * calls a gate needs them, and half the attacks on JOSE do.
 */

static const char  *civic_jose_jws_refused[] = {
    "crit", "b64", "enc", "zip", "jwk", "jku", "x5u", "x5c", NULL
};


civic_problem_e
civic_jose_jws_parse(const ngx_str_t *token, u_char *buf,
    civic_jose_jws_t *jws)
{
    u_char           *dot, *last;
    ngx_str_t         part, header;
    civic_problem_e   problem;

    ngx_memzero(jws, sizeof(civic_jose_jws_t));

    if (token->len > CIVIC_JOSE_MAX_TOKEN) {
        return CIVIC_TOKEN_TOO_LARGE;
    }

    last = token->data + token->len;

    /* a third dot would be no digit of the signature */

    part.data = token->data;
    dot = memchr(part.data, '.', token->len);

    if (dot == NULL) {
        return CIVIC_TOKEN_MALFORMED;
    }

    part.len = dot - part.data;
    header.data = buf;

    if (civic_jose_base64url_decode(&header, &part) != NGX_OK) {
        return CIVIC_TOKEN_MALFORMED;
    }

    part.data = dot + 1;
    dot = memchr(part.data, '.', last - part.data);

    if (dot == NULL) {
        return CIVIC_TOKEN_MALFORMED;
    }

    part.len = dot - part.data;
    jws->payload.data = header.data + header.len;

    if (civic_jose_base64url_decode(&jws->payload, &part) != NGX_OK) {
        return CIVIC_TOKEN_MALFORMED;
    }

    jws->signed_part.data = token->data;
    jws->signed_part.len = dot - token->data;

    part.data = dot + 1;
    part.len = last - part.data;
    jws->signature.data = jws->payload.data + jws->payload.len;

    if (civic_jose_base64url_decode(&jws->signature, &part) != NGX_OK) {
        return CIVIC_TOKEN_MALFORMED;
    }

    problem = civic_jose_jws_header(&header, jws);

    if (problem == CIVIC_OK && jws->signature.len == 0) {
        return CIVIC_TOKEN_MALFORMED;
    }

    return problem;
}


static civic_problem_e
civic_jose_jws_header(const ngx_str_t *text, civic_jose_jws_t *jws)
{
    civic_json_t     *header;
    civic_problem_e   problem;

    header = civic_json_parse(text, CIVIC_JOSE_MAX_TOKEN, NULL, 0);

    if (header == NULL) {
        return CIVIC_TOKEN_MALFORMED;
    }

    problem = (civic_json_type(header) == CIVIC_JSON_OBJECT)
              ? civic_jose_jws_members(header, text->data, jws)
              : CIVIC_TOKEN_MALFORMED;

    civic_json_free(header);

    return problem;
}


/* `buf` held the header's text, which is longer than all of its strings */

static civic_problem_e
civic_jose_jws_members(const civic_json_t *header, u_char *buf,
    civic_jose_jws_t *jws)
{
    ngx_str_t            name;
    ngx_uint_t           i;
    const civic_json_t  *alg;

    alg = civic_json_member(header, "alg");

    if (alg == NULL || civic_json_string(alg, &name) != NGX_OK) {
        return CIVIC_TOKEN_MALFORMED;
    }

    for (i = 0; civic_jose_jws_refused[i]; i++) {
        if (civic_json_member(header, civic_jose_jws_refused[i])) {
            return CIVIC_HEADER_REFUSED;
        }
    }

    if (civic_jose_jws_text(header, "kid", &buf, &jws->kid) != NGX_OK
        || civic_jose_jws_text(header, "typ", &buf, &jws->typ) != NGX_OK
        || jws->kid.len > CIVIC_JOSE_MAX_KID
        || (jws->kid.data && jws->kid.len == 0))
    {
        return CIVIC_HEADER_REFUSED;
    }

    jws->alg = civic_jose_alg_parse(&name);

    return jws->alg ? CIVIC_OK : CIVIC_ALGORITHM_REFUSED;
}


/* NGX_OK: absent, or copied to *buf; NGX_DECLINED: not a plain string */

static ngx_int_t
civic_jose_jws_text(const civic_json_t *header, const char *name,
    u_char **buf, ngx_str_t *value)
{
    size_t               i;
    ngx_str_t            text;
    const civic_json_t  *member;

    member = civic_json_member(header, name);

    if (member == NULL) {
        return NGX_OK;
    }

    if (civic_json_string(member, &text) != NGX_OK) {
        return NGX_DECLINED;
    }

    for (i = 0; i < text.len; i++) {
        if (text.data[i] < 0x20 || text.data[i] == 0x7f) {
            return NGX_DECLINED;
        }
    }

    value->data = *buf;
    value->len = text.len;

    *buf = ngx_cpymem(*buf, text.data, text.len);

    return NGX_OK;
}


civic_problem_e
civic_jose_jws_verify(civic_jose_key_t *key, const civic_jose_jws_t *jws)
{
    civic_jose_verifier_t  *verifier;

    verifier = civic_jose_key_verifier(key, jws->alg);

    if (verifier == NULL) {
        return CIVIC_ALGORITHM_REFUSED;
    }

    return civic_jose_verifier_check(verifier, &jws->signed_part,
                                     &jws->signature);
}
