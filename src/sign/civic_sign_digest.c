
/*
 * Copyright (C) Civic Gate
 */


#include "civic_sign_digest.h"
#include "civic_sign_field.h"


static civic_problem_e civic_sign_digest_add(civic_sign_digest_t *digest,
    civic_jose_hash_e algorithm, const ngx_str_t *text);


static const struct {
    ngx_str_t          name;
    civic_jose_hash_e  algorithm;
} civic_sign_digests[] = {
    { ngx_string("sha-256"), CIVIC_JOSE_SHA256 },
    { ngx_string("sha-512"), CIVIC_JOSE_SHA512 },
    { ngx_string("sm3"), CIVIC_JOSE_SM3 },
    { ngx_null_string, 0 }
};


civic_problem_e
civic_sign_digest_parse(const ngx_str_t *text, civic_sign_digest_t *digest)
{
    ngx_int_t            rc;
    ngx_uint_t           i, n;
    civic_problem_e      problem;
    civic_sign_field_t   field;
    civic_sign_member_t  member;

    digest->n = 0;

    civic_sign_field_init(&field, text);

    while ((rc = civic_sign_field_member(&field, &member)) == NGX_OK) {

        for (i = 0; civic_sign_digests[i].name.len; i++) {

            if (civic_sign_digests[i].name.len == member.key.len
                && ngx_memcmp(civic_sign_digests[i].name.data,
                              member.key.data, member.key.len)
                   == 0)
            {
                break;
            }
        }

        if (civic_sign_digests[i].name.len == 0) {
            continue;
        }

        for (n = 0; n < digest->n; n++) {
            if (digest->items[n].algorithm == civic_sign_digests[i].algorithm)
            {
                return CIVIC_SIGNATURE_MALFORMED;
            }
        }

        if (member.list || member.bare.type != CIVIC_SIGN_BYTES) {
            return CIVIC_SIGNATURE_MALFORMED;
        }

        problem = civic_sign_digest_add(digest,
                                        civic_sign_digests[i].algorithm,
                                        &member.bare.text);
        if (problem != CIVIC_OK) {
            return problem;
        }
    }

    if (rc != NGX_DONE) {
        return CIVIC_SIGNATURE_MALFORMED;
    }

    return digest->n ? CIVIC_OK : CIVIC_ALGORITHM_REFUSED;
}


civic_problem_e
civic_sign_digest_parse_md5(const ngx_str_t *text,
    civic_sign_digest_t *digest)
{
    digest->n = 0;

    return civic_sign_digest_add(digest, CIVIC_JOSE_MD5, text);
}


static civic_problem_e
civic_sign_digest_add(civic_sign_digest_t *digest,
    civic_jose_hash_e algorithm, const ngx_str_t *text)
{
    size_t  len;
    u_char  raw[CIVIC_JOSE_HASH_MAX + 2];

    if (text->len > (CIVIC_JOSE_HASH_MAX + 2) / 3 * 4
        || civic_sign_field_base64(raw, &len, text) != NGX_OK
        || len != civic_jose_hash_len(algorithm))
    {
        return CIVIC_SIGNATURE_MALFORMED;
    }

    ngx_memcpy(digest->items[digest->n].value, raw, len);
    digest->items[digest->n].algorithm = algorithm;
    digest->items[digest->n].hash = NULL;
    digest->n++;

    return CIVIC_OK;
}


ngx_int_t
civic_sign_digest_start(civic_sign_digest_t *digest)
{
    ngx_uint_t  i;

    for (i = 0; i < digest->n; i++) {

        digest->items[i].hash =
                          civic_jose_hash_create(digest->items[i].algorithm);

        if (digest->items[i].hash == NULL) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
civic_sign_digest_update(civic_sign_digest_t *digest, const u_char *data,
    size_t len)
{
    ngx_uint_t  i;

    for (i = 0; i < digest->n; i++) {

        if (civic_jose_hash_update(digest->items[i].hash, data, len)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


void
civic_sign_digest_free(civic_sign_digest_t *digest)
{
    ngx_uint_t  i;

    for (i = 0; i < digest->n; i++) {
        civic_jose_hash_free(digest->items[i].hash);
        digest->items[i].hash = NULL;
    }
}


civic_problem_e
civic_sign_digest_check(civic_sign_digest_t *digest)
{
    size_t      len;
    u_char      out[CIVIC_JOSE_HASH_MAX];
    ngx_uint_t  i;

    for (i = 0; i < digest->n; i++) {

        if (civic_jose_hash_final(digest->items[i].hash, out) != NGX_OK) {
            return CIVIC_INTERNAL;
        }

        len = civic_jose_hash_len(digest->items[i].algorithm);

        if (!civic_jose_hash_equal(out, digest->items[i].value, len))
        {
            return CIVIC_DIGEST_MISMATCH;
        }
    }

    return CIVIC_OK;
}
