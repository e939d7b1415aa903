
/*
 * Copyright (C) Civic Gate
 *
 * HTTP Message Signatures (RFC 9421).  The signature is the one whose label
 * the operator names; where he names none, there may be only one.
 */


#include "civic_sign_scheme.h"


#define CIVIC_SIGN_RFC9421_MAX        1024 /* bytes of a signature, coded */


typedef struct {
    ngx_str_t            name;
    civic_sign_type_e    type;
    size_t               offset;       /* in civic_sign_claim_t */
    size_t               max;          /* bytes of a string */
} civic_sign_rfc9421_param_t;


static civic_problem_e civic_sign_rfc9421_read(
    const civic_sign_message_t *message, const civic_sign_rules_t *rules,
    ngx_pool_t *pool, civic_sign_claim_t *claim);
static civic_problem_e civic_sign_rfc9421_choose(const ngx_str_t *text,
    const ngx_str_t *label, civic_sign_member_t *chosen);
static civic_problem_e civic_sign_rfc9421_params(civic_sign_claim_t *claim);
static civic_problem_e civic_sign_rfc9421_param(civic_sign_claim_t *claim,
    const ngx_str_t *key, const civic_sign_bare_t *value,
    ngx_uint_t *seen);
static civic_problem_e civic_sign_rfc9421_signature(const ngx_str_t *text,
    ngx_pool_t *pool, civic_sign_claim_t *claim);
static civic_problem_e civic_sign_rfc9421_text(
    const civic_sign_message_t *message, const civic_sign_rules_t *rules,
    const ngx_str_t *form, ngx_pool_t *pool, civic_sign_claim_t *claim);
static ngx_uint_t civic_sign_rfc9421_complete(
    const civic_sign_message_t *message, const civic_sign_rules_t *rules,
    const civic_sign_claim_t *claim, ngx_uint_t covered);
static civic_problem_e civic_sign_rfc9421_verify(
    const civic_sign_claim_t *claim,
    const civic_sign_algorithm_t *algorithm, const ngx_str_t *secret,
    civic_jose_key_t *key);


static const ngx_str_t  civic_sign_rfc9421_headers[] = {
    ngx_string("signature"),
    ngx_string("signature-input"),
    ngx_null_string
};


static const civic_sign_rfc9421_param_t  civic_sign_rfc9421_param_table[] = {

    { ngx_string("created"), CIVIC_SIGN_INTEGER,
      offsetof(civic_sign_claim_t, created), 0 },

    { ngx_string("expires"), CIVIC_SIGN_INTEGER,
      offsetof(civic_sign_claim_t, expires), 0 },

    { ngx_string("keyid"), CIVIC_SIGN_STRING,
      offsetof(civic_sign_claim_t, keyid), CIVIC_SIGN_MAX_KEYID },

    { ngx_string("nonce"), CIVIC_SIGN_STRING,
      offsetof(civic_sign_claim_t, nonce), CIVIC_SIGN_MAX_NONCE },

    { ngx_string("alg"), CIVIC_SIGN_STRING,
      offsetof(civic_sign_claim_t, algorithm), 64 },

    { ngx_null_string, 0, 0, 0 }
};


const civic_sign_scheme_t  civic_sign_rfc9421 = {
    ngx_string(CIVIC_SIGN_RFC9421_NAME),
    CIVIC_SIGN_RFC9421,
    300,
    "signature",
    civic_sign_rfc9421_headers,
    civic_sign_rfc9421_read,
    civic_sign_rfc9421_text,
    civic_sign_rfc9421_verify
};


static civic_problem_e
civic_sign_rfc9421_read(const civic_sign_message_t *message,
    const civic_sign_rules_t *rules, ngx_pool_t *pool,
    civic_sign_claim_t *claim)
{
    ngx_int_t        rc;
    ngx_str_t        input, signature;
    civic_problem_e  problem;

    rc = civic_sign_message_combined(message, "signature-input", pool,
                                     &input);
    if (rc == NGX_OK) {
        rc = civic_sign_message_combined(message, "signature", pool,
                                         &signature);
    }

    if (rc != NGX_OK) {
        return (rc == NGX_ERROR) ? CIVIC_INTERNAL
                                 : CIVIC_SIGNATURE_MALFORMED;
    }

    problem = civic_sign_rfc9421_choose(&input, &rules->label,
                                        &claim->input);

    if (problem == CIVIC_OK && !claim->input.list) {
        problem = CIVIC_SIGNATURE_MALFORMED;
    }

    if (problem == CIVIC_OK) {
        problem = civic_sign_rfc9421_params(claim);
    }

    if (problem == CIVIC_OK) {
        problem = civic_sign_rfc9421_signature(&signature, pool, claim);
    }

    if (problem != CIVIC_OK || !message->body) {
        return problem;
    }

    rc = civic_sign_message_combined(message, "content-digest", pool,
                                     &claim->digest);

    return (rc == NGX_ERROR) ? CIVIC_INTERNAL
           : (rc == NGX_OK) ? CIVIC_OK : CIVIC_SIGNATURE_INCOMPLETE;
}


/*
 * The member of this label; without one, the only member.  A label that
 * comes twice spoils all.
 */

static civic_problem_e
civic_sign_rfc9421_choose(const ngx_str_t *text, const ngx_str_t *label,
    civic_sign_member_t *chosen)
{
    ngx_int_t            rc;
    ngx_uint_t           found;
    civic_sign_field_t   field;
    civic_sign_member_t  member;

    found = 0;

    civic_sign_field_init(&field, text);

    while ((rc = civic_sign_field_member(&field, &member)) == NGX_OK) {

        if (label->len == 0
            || (label->len == member.key.len
                && ngx_memcmp(label->data, member.key.data, label->len)
                   == 0))
        {
            *chosen = member;
            found++;
        }
    }

    if (rc != NGX_DONE || found > 1) {
        return CIVIC_SIGNATURE_MALFORMED;
    }

    return found ? CIVIC_OK : CIVIC_SIGNATURE_INCOMPLETE;
}


static civic_problem_e
civic_sign_rfc9421_params(civic_sign_claim_t *claim)
{
    ngx_int_t               rc;
    ngx_str_t               key;
    ngx_uint_t              seen;
    civic_problem_e         problem;
    civic_sign_bare_t       value;
    civic_sign_field_t      field;
    civic_sign_component_t  component;

    civic_sign_field_list(&field, &claim->input);

    do {
        rc = civic_sign_field_component(&field, &component);
    } while (rc == NGX_OK);

    if (rc != NGX_DONE) {
        return CIVIC_SIGNATURE_MALFORMED;
    }

    seen = 0;

    while ((rc = civic_sign_field_parameter(&field, &key, &value)) == NGX_OK)
    {
        problem = civic_sign_rfc9421_param(claim, &key, &value, &seen);

        if (problem != CIVIC_OK) {
            return problem;
        }
    }

    if (rc != NGX_DONE) {
        return CIVIC_SIGNATURE_MALFORMED;
    }

    /* the first and the third of the table */

    return ((seen & 0x5) == 0x5 && claim->keyid.len && claim->created > 0)
           ? CIVIC_OK : CIVIC_SIGNATURE_INCOMPLETE;
}


/* what is not in the table is signed, and means nothing here */

static civic_problem_e
civic_sign_rfc9421_param(civic_sign_claim_t *claim, const ngx_str_t *key,
    const civic_sign_bare_t *value, ngx_uint_t *seen)
{
    u_char                            *field;
    ngx_uint_t                         bit;
    const civic_sign_rfc9421_param_t  *row;

    bit = 1;

    for (row = civic_sign_rfc9421_param_table; row->name.len; row++) {

        if (row->name.len == key->len
            && ngx_memcmp(row->name.data, key->data, key->len) == 0)
        {
            break;
        }

        bit <<= 1;
    }

    if (row->name.len == 0) {
        return CIVIC_OK;
    }

    if ((*seen & bit) || value->type != row->type) {
        return CIVIC_SIGNATURE_MALFORMED;
    }

    *seen |= bit;

    field = (u_char *) claim + row->offset;

    if (row->type == CIVIC_SIGN_INTEGER) {
        *(int64_t *) field = value->number;
        return CIVIC_OK;
    }

    if (value->text.len == 0 || value->text.len > row->max) {
        return CIVIC_SIGNATURE_MALFORMED;
    }

    *(ngx_str_t *) field = value->text;

    return CIVIC_OK;
}


static civic_problem_e
civic_sign_rfc9421_signature(const ngx_str_t *text, ngx_pool_t *pool,
    civic_sign_claim_t *claim)
{
    civic_problem_e      problem;
    civic_sign_member_t  member;

    problem = civic_sign_rfc9421_choose(text, &claim->input.key, &member);

    if (problem == CIVIC_SIGNATURE_INCOMPLETE) {
        problem = CIVIC_SIGNATURE_MALFORMED;
    }

    if (problem != CIVIC_OK) {
        return problem;
    }

    if (member.list
        || member.bare.type != CIVIC_SIGN_BYTES
        || member.text.len != member.bare.text.len + 2
        || member.bare.text.len == 0
        || member.bare.text.len > CIVIC_SIGN_RFC9421_MAX * 4 / 3)
    {
        return CIVIC_SIGNATURE_MALFORMED;
    }

    claim->signature.data = ngx_pnalloc(pool, member.bare.text.len);

    if (claim->signature.data == NULL) {
        return CIVIC_INTERNAL;
    }

    if (civic_sign_field_base64(claim->signature.data, &claim->signature.len,
                                &member.bare.text)
        != NGX_OK)
    {
        return CIVIC_SIGNATURE_MALFORMED;
    }

    return CIVIC_OK;
}


static civic_problem_e
civic_sign_rfc9421_text(const civic_sign_message_t *message,
    const civic_sign_rules_t *rules, const ngx_str_t *form, ngx_pool_t *pool,
    civic_sign_claim_t *claim)
{
    ngx_uint_t       covered;
    civic_problem_e  problem;

    problem = civic_sign_base_build(message, &claim->input, pool,
                                    &claim->text, &covered);
    if (problem != CIVIC_OK) {
        return problem;
    }

    if (!civic_sign_rfc9421_complete(message, rules, claim, covered)) {
        return CIVIC_SIGNATURE_INCOMPLETE;
    }

    /*
     * Without a nonce, what was signed is used up by its first use: not the
     * signature, which some algorithms allow to be rewritten.
     */

    if (claim->nonce.len == 0) {
        claim->nonce = claim->text;
    }

    return CIVIC_OK;
}


static ngx_uint_t
civic_sign_rfc9421_complete(const civic_sign_message_t *message,
    const civic_sign_rules_t *rules, const civic_sign_claim_t *claim,
    ngx_uint_t covered)
{
    ngx_str_t   *name;
    ngx_uint_t   i, both;

    both = CIVIC_SIGN_PATH|CIVIC_SIGN_QUERY;

    if (!(covered & CIVIC_SIGN_METHOD)
        || !(covered & (CIVIC_SIGN_AUTHORITY|CIVIC_SIGN_TARGET_URI)))
    {
        return 0;
    }

    if (!(covered & (CIVIC_SIGN_TARGET_URI|CIVIC_SIGN_REQUEST_TARGET))
        && (covered & both) != both)
    {
        return 0;
    }

    if (message->body && !(covered & CIVIC_SIGN_CONTENT_DIGEST)) {
        return 0;
    }

    name = rules->cover ? rules->cover->elts : NULL;

    for (i = 0; name && i < rules->cover->nelts; i++) {
        if (!civic_sign_base_covers(&claim->input, &name[i])) {
            return 0;
        }
    }

    return 1;
}


static civic_problem_e
civic_sign_rfc9421_verify(const civic_sign_claim_t *claim,
    const civic_sign_algorithm_t *algorithm, const ngx_str_t *secret,
    civic_jose_key_t *key)
{
    if (claim->algorithm.len
        && (claim->algorithm.len != algorithm->name.len
            || ngx_memcmp(claim->algorithm.data, algorithm->name.data,
                          algorithm->name.len)
               != 0))
    {
        return CIVIC_ALGORITHM_REFUSED;
    }

    return civic_sign_algorithm_verify(algorithm, secret, key, &claim->text,
                                       &claim->signature);
}
