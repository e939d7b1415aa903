
/*
 * Copyright (C) Civic Gate
 *
 * x-tif-*, as government platforms have it: the hex SHA-256 of timestamp,
 * token, nonce and timestamp.  It covers neither path nor body; where it
 * may be used at all is not decided here.
 */


#include "civic_jose_hash.h"
#include "civic_sign_scheme.h"


#define CIVIC_SIGN_XTIF_LEN  32        /* bytes of SHA-256 */


static civic_problem_e civic_sign_xtif_read(
    const civic_sign_message_t *message, const civic_sign_rules_t *rules,
    ngx_pool_t *pool, civic_sign_claim_t *claim);
static civic_problem_e civic_sign_xtif_text(
    const civic_sign_message_t *message, const civic_sign_rules_t *rules,
    const ngx_str_t *form, ngx_pool_t *pool, civic_sign_claim_t *claim);
static civic_problem_e civic_sign_xtif_verify(
    const civic_sign_claim_t *claim,
    const civic_sign_algorithm_t *algorithm, const ngx_str_t *secret,
    civic_jose_key_t *key);
static ngx_int_t civic_sign_xtif_hex(const civic_sign_claim_t *claim,
    const ngx_str_t *secret, u_char *hex);
static ngx_int_t civic_sign_xtif_part(civic_jose_hash_t *hash,
    const ngx_str_t *part);


static const ngx_str_t  civic_sign_xtif_headers[] = {
    ngx_string("x-tif-paasid"),
    ngx_string("x-tif-timestamp"),
    ngx_string("x-tif-nonce"),
    ngx_string("x-tif-signature"),
    ngx_null_string
};


const civic_sign_scheme_t  civic_sign_xtif = {
    ngx_string(CIVIC_SIGN_XTIF_NAME),
    CIVIC_SIGN_XTIF,
    300,
    "x-tif-signature",
    civic_sign_xtif_headers,
    civic_sign_xtif_read,
    civic_sign_xtif_text,
    civic_sign_xtif_verify
};


static civic_problem_e
civic_sign_xtif_read(const civic_sign_message_t *message,
    const civic_sign_rules_t *rules, ngx_pool_t *pool,
    civic_sign_claim_t *claim)
{
    if (civic_sign_scheme_header(message, "x-tif-paasid", &claim->keyid)
        || civic_sign_scheme_header(message, "x-tif-timestamp", &claim->text)
        || civic_sign_scheme_header(message, "x-tif-nonce", &claim->nonce)
        || civic_sign_scheme_header(message, "x-tif-signature",
                                    &claim->signature))
    {
        return CIVIC_SIGNATURE_MALFORMED;
    }

    if (claim->keyid.len == 0 || claim->text.len == 0
        || claim->nonce.len == 0)
    {
        return CIVIC_SIGNATURE_INCOMPLETE;
    }

    claim->created = civic_sign_scheme_number(&claim->text);

    if (claim->created <= 0
        || claim->keyid.len > CIVIC_SIGN_MAX_KEYID
        || claim->nonce.len > CIVIC_SIGN_MAX_NONCE
        || claim->signature.len != 2 * CIVIC_SIGN_XTIF_LEN)
    {
        return CIVIC_SIGNATURE_MALFORMED;
    }

    return CIVIC_OK;
}


/* the timestamp is kept as text: it was signed with the zeros it came with */

static civic_problem_e
civic_sign_xtif_text(const civic_sign_message_t *message,
    const civic_sign_rules_t *rules, const ngx_str_t *form, ngx_pool_t *pool,
    civic_sign_claim_t *claim)
{
    return CIVIC_OK;
}


static civic_problem_e
civic_sign_xtif_verify(const civic_sign_claim_t *claim,
    const civic_sign_algorithm_t *algorithm, const ngx_str_t *secret,
    civic_jose_key_t *key)
{
    size_t   i;
    u_char   ch, hex[2 * CIVIC_SIGN_XTIF_LEN], sent[sizeof(hex)];

    if (secret->len == 0) {
        return CIVIC_ALGORITHM_REFUSED;
    }

    if (civic_sign_xtif_hex(claim, secret, hex) != NGX_OK) {
        return CIVIC_INTERNAL;
    }

    for (i = 0; i < sizeof(sent); i++) {
        ch = claim->signature.data[i];
        sent[i] = ngx_tolower(ch);
    }

    return civic_jose_hash_equal(hex, sent, sizeof(hex))
           ? CIVIC_OK : CIVIC_SIGNATURE_INVALID;
}


static ngx_int_t
civic_sign_xtif_hex(const civic_sign_claim_t *claim, const ngx_str_t *secret,
    u_char *hex)
{
    u_char              digest[CIVIC_JOSE_HASH_MAX];
    ngx_int_t           rc;
    civic_jose_hash_t  *hash;

    hash = civic_jose_hash_create(CIVIC_JOSE_SHA256);

    if (hash == NULL) {
        return NGX_ERROR;
    }

    rc = NGX_ERROR;

    if (civic_sign_xtif_part(hash, &claim->text) == NGX_OK
        && civic_sign_xtif_part(hash, secret) == NGX_OK
        && civic_sign_xtif_part(hash, &claim->nonce) == NGX_OK
        && civic_sign_xtif_part(hash, &claim->text) == NGX_OK
        && civic_jose_hash_final(hash, digest) == NGX_OK)
    {
        (void) ngx_hex_dump(hex, digest, CIVIC_SIGN_XTIF_LEN);
        rc = NGX_OK;
    }

    civic_jose_hash_free(hash);

    return rc;
}


static ngx_int_t
civic_sign_xtif_part(civic_jose_hash_t *hash, const ngx_str_t *part)
{
    return civic_jose_hash_update(hash, part->data, part->len);
}
