
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
#include "civic_text.h"


#define CIVIC_JOSE_JWS_KNOWN  16       /* headers; a power of two */
#define CIVIC_JOSE_JWS_TEXT   256      /* bytes of a header, encoded */


/*
 * A header that was taken apart before.  All tokens of a key have the same,
 * and reading JSON costs more than comparing a line.
 */

typedef struct {
    ngx_uint_t        alg;             /* 0: an empty place */
    size_t            len;
    size_t            kid;             /* lengths; 0: the header has none */
    size_t            typ;
    ngx_uint_t        has_typ;         /* it may be there and be empty */
    u_char            text[CIVIC_JOSE_JWS_TEXT];
    u_char            values[CIVIC_JOSE_JWS_TEXT]; /* kid, then typ */
} civic_jose_jws_known_t;


static civic_problem_e civic_jose_jws_header(const ngx_str_t *part,
    u_char *buf, civic_jose_jws_t *jws);
static civic_jose_jws_known_t *civic_jose_jws_place(const ngx_str_t *part);
static void civic_jose_jws_recall(const civic_jose_jws_known_t *known,
    u_char *buf, civic_jose_jws_t *jws);
static void civic_jose_jws_remember(civic_jose_jws_known_t *known,
    const ngx_str_t *part, const u_char *buf, const civic_jose_jws_t *jws);
static civic_problem_e civic_jose_jws_object(const ngx_str_t *text,
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

    header.data = part.data;
    header.len = dot - part.data;

    part.data = dot + 1;
    dot = memchr(part.data, '.', last - part.data);

    if (dot == NULL) {
        return CIVIC_TOKEN_MALFORMED;
    }

    part.len = dot - part.data;
    jws->payload.data = buf;

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

    buf = jws->signature.data + jws->signature.len;

    problem = civic_jose_jws_header(&header, buf, jws);

    if (problem == CIVIC_OK && jws->signature.len == 0) {
        return CIVIC_TOKEN_MALFORMED;
    }

    return problem;
}


static civic_problem_e
civic_jose_jws_header(const ngx_str_t *part, u_char *buf,
    civic_jose_jws_t *jws)
{
    ngx_str_t                text;
    civic_problem_e          problem;
    civic_jose_jws_known_t  *known;

    known = civic_jose_jws_place(part);

    if (known->alg != 0
        && known->len == part->len
        && ngx_memcmp(known->text, part->data, part->len) == 0)
    {
        civic_jose_jws_recall(known, buf, jws);
        return CIVIC_OK;
    }

    text.data = buf;

    if (civic_jose_base64url_decode(&text, part) != NGX_OK) {
        return CIVIC_TOKEN_MALFORMED;
    }

    problem = civic_jose_jws_object(&text, jws);

    if (problem == CIVIC_OK) {
        civic_jose_jws_remember(known, part, buf, jws);
    }

    return problem;
}


/* one place for each header, shared by those of one length and ending */

static civic_jose_jws_known_t *
civic_jose_jws_place(const ngx_str_t *part)
{
    ngx_uint_t  i, n;

    static civic_jose_jws_known_t  known[CIVIC_JOSE_JWS_KNOWN];

    n = part->len;

    for (i = part->len; i > 0 && part->len - i < 16; i--) {
        n = n * 31 + part->data[i - 1];
    }

    return &known[(n ^ (n >> 8)) & (CIVIC_JOSE_JWS_KNOWN - 1)];
}


static void
civic_jose_jws_recall(const civic_jose_jws_known_t *known, u_char *buf,
    civic_jose_jws_t *jws)
{
    ngx_memcpy(buf, known->values, known->kid + known->typ);

    jws->alg = known->alg;

    if (known->kid) {
        jws->kid.data = buf;
        jws->kid.len = known->kid;
    }

    if (known->has_typ) {
        jws->typ.data = buf + known->kid;
        jws->typ.len = known->typ;
    }
}


/* `buf` begins with kid and typ, as they were taken from the header */

static void
civic_jose_jws_remember(civic_jose_jws_known_t *known, const ngx_str_t *part,
    const u_char *buf, const civic_jose_jws_t *jws)
{
    if (part->len > CIVIC_JOSE_JWS_TEXT) {
        return;
    }

    known->alg = jws->alg;
    known->len = part->len;
    known->kid = jws->kid.len;
    known->typ = jws->typ.len;
    known->has_typ = (jws->typ.data != NULL);

    ngx_memcpy(known->text, part->data, part->len);
    ngx_memcpy(known->values, buf, known->kid + known->typ);
}


static civic_problem_e
civic_jose_jws_object(const ngx_str_t *text, civic_jose_jws_t *jws)
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
    ngx_str_t            text;
    const civic_json_t  *member;

    member = civic_json_member(header, name);

    if (member == NULL) {
        return NGX_OK;
    }

    if (civic_json_string(member, &text) != NGX_OK
        || !civic_text_clean(&text))
    {
        return NGX_DECLINED;
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
