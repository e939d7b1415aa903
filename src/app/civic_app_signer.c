
/*
 * Copyright (C) Civic Gate
 *
 * What verifies an application's signatures: a secret, opened here where it
 * is sealed, or a public key, made ready.
 */


#include "civic_app_record.h"
#include "civic_jose_base64url.h"
#include "civic_jose_key.h"
#include "civic_jose_seal.h"
#include "civic_sign_scheme.h"


#define CIVIC_APP_SECRET_MIN  16       /* bytes */
#define CIVIC_APP_SIGNER_ID   128


typedef struct {
    civic_app_signer_t      signer;
    time_t                  expires;
    time_t                  created;
    ngx_str_t               secret;    /* as text */
    ngx_str_t               sealed;    /* base64url */
    const civic_json_t     *jwk;       /* borrowed */
} civic_app_signer_read_t;


static ngx_int_t civic_app_signer_read(civic_app_reader_t *reader,
    const civic_json_t *json, void *out);
static ngx_int_t civic_app_signer_id(civic_app_reader_t *reader,
    const civic_json_t *json, void *out);
static ngx_int_t civic_app_signer_algorithm(civic_app_reader_t *reader,
    const civic_json_t *json, void *out);
static ngx_int_t civic_app_signer_schemes(civic_app_reader_t *reader,
    const civic_json_t *json, void *out);
static ngx_int_t civic_app_signer_scheme(civic_app_reader_t *reader,
    const civic_json_t *json, void *out);
static ngx_int_t civic_app_signer_jwk(civic_app_reader_t *reader,
    const civic_json_t *json, void *out);
static ngx_int_t civic_app_signer_material(civic_app_reader_t *reader,
    const civic_app_record_t *record, civic_app_signer_read_t *read);
static ngx_int_t civic_app_signer_public(civic_app_reader_t *reader,
    civic_app_signer_read_t *read, ngx_uint_t alg);
static void civic_app_signer_cleanup(void *data);
static ngx_int_t civic_app_signer_secret(civic_app_reader_t *reader,
    const civic_app_record_t *record, civic_app_signer_read_t *read);
static ngx_int_t civic_app_signer_open(civic_app_reader_t *reader,
    const civic_app_record_t *record, civic_app_signer_read_t *read);


static const civic_app_member_t  civic_app_signer_members[] = {
    { "id", 1, civic_app_signer_id,
      offsetof(civic_app_signer_read_t, signer.id) },
    { "algorithm", 1, civic_app_signer_algorithm,
      offsetof(civic_app_signer_read_t, signer.algorithm) },
    { "schemes", 1, civic_app_signer_schemes,
      offsetof(civic_app_signer_read_t, signer.schemes) },
    { "secret", 0, civic_app_read_text,
      offsetof(civic_app_signer_read_t, secret) },
    { "sealed", 0, civic_app_read_text,
      offsetof(civic_app_signer_read_t, sealed) },
    { "jwk", 0, civic_app_signer_jwk,
      offsetof(civic_app_signer_read_t, jwk) },
    { "expires", 0, civic_app_read_time,
      offsetof(civic_app_signer_read_t, expires) },
    { "created", 0, civic_app_read_time,
      offsetof(civic_app_signer_read_t, created) },
    { NULL, 0, NULL, 0 }
};


ngx_int_t
civic_app_credential_signers(civic_app_reader_t *reader,
    const civic_json_t *json, void *out)
{
    return civic_app_read_list(reader, json, CIVIC_APP_MAX_SIGNERS,
                               civic_app_signer_read, out);
}


static ngx_int_t
civic_app_signer_read(civic_app_reader_t *reader,
    const civic_json_t *json, void *out)
{
    civic_app_record_t  *record = out;

    civic_app_credential_t   *credential;
    civic_app_signer_read_t   read;

    ngx_memzero(&read, sizeof(civic_app_signer_read_t));

    if (civic_app_read_object(reader, json, civic_app_signer_members, &read)
        != NGX_OK
        || civic_app_signer_material(reader, record, &read) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    credential = civic_app_credential_add(reader, &record->signers,
                                          CIVIC_APP_BY_SIGNER,
                                          &read.signer.id, &read.signer.id);
    if (credential == NULL) {
        return NGX_DECLINED;
    }

    credential->signer = ngx_palloc(reader->pool, sizeof(civic_app_signer_t));
    if (credential->signer == NULL) {
        return civic_app_read_error(reader, "finds no memory");
    }

    *credential->signer = read.signer;
    credential->expires = read.expires;
    credential->created = read.created;

    return NGX_OK;
}


/* clients write it between quotes in a header, administrators in a path */

static ngx_int_t
civic_app_signer_id(civic_app_reader_t *reader,
    const civic_json_t *json, void *out)
{
    ngx_str_t  *id = out;

    size_t  i;

    if (civic_app_read_text(reader, json, id) != NGX_OK) {
        return NGX_DECLINED;
    }

    for (i = 0; i < id->len; i++) {

        if (id->data[i] <= 0x20 || id->data[i] >= 0x7f
            || id->data[i] == '"' || id->data[i] == '\\'
            || id->data[i] == '/')
        {
            break;
        }
    }

    if (i < id->len || i > CIVIC_APP_SIGNER_ID) {
        return civic_app_read_error(reader, "is no id of a signer: visible "
                                    "ASCII without quotes and \"/\", at "
                                    "most %d",
                                    CIVIC_APP_SIGNER_ID);
    }

    return NGX_OK;
}


static ngx_int_t
civic_app_signer_algorithm(civic_app_reader_t *reader,
    const civic_json_t *json, void *out)
{
    const civic_sign_algorithm_t  **algorithm = out;

    ngx_str_t  name;

    if (civic_app_read_text(reader, json, &name) != NGX_OK) {
        return NGX_DECLINED;
    }

    *algorithm = civic_sign_algorithm_find(&name);

    return *algorithm ? NGX_OK
                      : civic_app_read_error(reader, "is an unknown "
                                             "algorithm \"%V\"", &name);
}


static ngx_int_t
civic_app_signer_schemes(civic_app_reader_t *reader,
    const civic_json_t *json, void *out)
{
    ngx_str_t  *list = out;

    if (civic_app_read_list(reader, json, 8, civic_app_signer_scheme, list)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    return list->len ? NGX_OK
                     : civic_app_read_error(reader, "names no scheme");
}


static ngx_int_t
civic_app_signer_scheme(civic_app_reader_t *reader,
    const civic_json_t *json, void *out)
{
    ngx_str_t  word;

    if (civic_app_read_text(reader, json, &word) != NGX_OK) {
        return NGX_DECLINED;
    }

    if (civic_sign_scheme_named(&word) == NULL) {
        return civic_app_read_error(reader, "is an unknown scheme \"%V\"",
                                    &word);
    }

    return civic_app_read_word(reader, out, &word);
}


static ngx_int_t
civic_app_signer_jwk(civic_app_reader_t *reader, const civic_json_t *json,
    void *out)
{
    const civic_json_t  **jwk = out;

    if (civic_json_type(json) != CIVIC_JSON_OBJECT) {
        return civic_app_read_error(reader, "is no object");
    }

    *jwk = json;

    return NGX_OK;
}


/* a secret, or a public key, as the algorithm wants */

static ngx_int_t
civic_app_signer_material(civic_app_reader_t *reader,
    const civic_app_record_t *record, civic_app_signer_read_t *read)
{
    const civic_sign_algorithm_t  *algorithm;

    algorithm = read->signer.algorithm;

    if (algorithm->alg != 0) {

        if (read->jwk == NULL || read->secret.len || read->sealed.len) {
            return civic_app_read_error(reader, "with \"%V\" wants a public "
                                        "key in \"jwk\", and no secret",
                                        &algorithm->name);
        }

        return civic_app_signer_public(reader, read, algorithm->alg);
    }

    if (read->jwk != NULL
        || (read->secret.len != 0) == (read->sealed.len != 0))
    {
        return civic_app_read_error(reader, "with \"%V\" wants a secret, and "
                                    "no \"jwk\"", &algorithm->name);
    }

    return civic_app_signer_secret(reader, record, read);
}


static ngx_int_t
civic_app_signer_public(civic_app_reader_t *reader,
    civic_app_signer_read_t *read, ngx_uint_t alg)
{
    char                 err[256];
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(reader->pool, 0);
    if (cln == NULL) {
        return civic_app_read_error(reader, "finds no memory");
    }

    err[0] = '\0';

    read->signer.key = civic_jose_key_parse(read->jwk, alg, err, sizeof(err));
    if (read->signer.key == NULL) {
        return civic_app_read_error(reader, "has a \"jwk\" that is none for "
                                    "its algorithm: %s", err);
    }

    cln->handler = civic_app_signer_cleanup;
    cln->data = read->signer.key;

    return NGX_OK;
}


static void
civic_app_signer_cleanup(void *data)
{
    civic_jose_key_free(data);
}


static ngx_int_t
civic_app_signer_secret(civic_app_reader_t *reader,
    const civic_app_record_t *record, civic_app_signer_read_t *read)
{
    if (reader->sealed != (read->sealed.len != 0)) {
        return civic_app_read_error(reader, reader->sealed
                                    ? "has a \"secret\" that is not sealed"
                                    : "has no \"secret\" in the clear");
    }

    if (read->sealed.len) {

        if (civic_app_signer_open(reader, record, read) != NGX_OK) {
            return NGX_DECLINED;
        }

    } else {
        read->signer.secret = read->secret;
    }

    if (read->signer.secret.len < CIVIC_APP_SECRET_MIN) {
        return civic_app_read_error(reader, "has a \"secret\" of less than "
                                    "%d bytes", CIVIC_APP_SECRET_MIN);
    }

    return NGX_OK;
}


static ngx_int_t
civic_app_signer_open(civic_app_reader_t *reader,
    const civic_app_record_t *record, civic_app_signer_read_t *read)
{
    ngx_str_t  sealed, whose;

    if (reader->seal == NULL) {
        return civic_app_read_error(reader, "has a sealed secret, and "
                                    "civic_apps has no key_file to open it");
    }

    sealed.data = ngx_pnalloc(reader->pool, read->sealed.len);
    read->signer.secret.data = ngx_pnalloc(reader->pool, read->sealed.len);

    if (sealed.data == NULL || read->signer.secret.data == NULL
        || civic_app_credential_whose(reader->pool, &record->name,
                                      &read->signer.id, &whose)
           != NGX_OK)
    {
        return civic_app_read_error(reader, "finds no memory");
    }

    if (civic_jose_base64url_decode(&sealed, &read->sealed) != NGX_OK
        || civic_jose_seal_open(reader->seal, &sealed, &whose,
                                &read->signer.secret)
           != NGX_OK)
    {
        return civic_app_read_error(reader, "has a sealed secret that this "
                                    "key_file does not open");
    }

    return NGX_OK;
}
