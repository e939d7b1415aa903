
/*
 * Copyright (C) Civic Gate
 *
 * What leads to an application: keys, of which only digests are known, and
 * certificates; signers are civic_app_signer.c.
 */


#include "civic_app_record.h"
#include "civic_jose_digest.h"


static ngx_int_t civic_app_credential_key(civic_app_reader_t *reader,
    const civic_json_t *json, void *out);
static ngx_int_t civic_app_credential_certificate(
    civic_app_reader_t *reader, const civic_json_t *json, void *out);
static ngx_int_t civic_app_credential_fingerprint(
    civic_app_reader_t *reader, const civic_json_t *json, void *out);


static const civic_app_member_t  civic_app_key_members[] = {
    { "id", 1, civic_app_read_name, offsetof(civic_app_credential_t, id) },
    { "sha256", 1, civic_app_credential_fingerprint,
      offsetof(civic_app_credential_t, value) },
    { "expires", 0, civic_app_read_time,
      offsetof(civic_app_credential_t, expires) },
    { "created", 0, civic_app_read_time,
      offsetof(civic_app_credential_t, created) },
    { NULL, 0, NULL, 0 }
};


static const civic_app_member_t  civic_app_certificate_members[] = {
    { "sha256", 0, civic_app_credential_fingerprint, 0 },
    { "subject", 0, civic_app_read_text, sizeof(ngx_str_t) },
    { NULL, 0, NULL, 0 }
};


ngx_int_t
civic_app_credential_keys(civic_app_reader_t *reader,
    const civic_json_t *json, void *out)
{
    civic_app_record_t  *record = out;

    ngx_uint_t               i, n;
    civic_app_credential_t  *key;

    if (civic_app_read_list(reader, json, CIVIC_APP_MAX_KEYS,
                            civic_app_credential_key, record)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    key = record->keys.elts;
    n = 0;

    for (i = 0; i < record->keys.nelts; i++) {
        n += (key[i].expires == 0 || key[i].expires > reader->now);
    }

    if (reader->now != 0 && n > CIVIC_APP_MAX_VALID) {
        return civic_app_read_error(reader, "has %ui valid keys, and not at "
                                    "most %d: the old one and the new one",
                                    n, CIVIC_APP_MAX_VALID);
    }

    return NGX_OK;
}


static ngx_int_t
civic_app_credential_key(civic_app_reader_t *reader, const civic_json_t *json,
    void *out)
{
    civic_app_record_t  *record = out;

    civic_app_credential_t   read, *key;

    ngx_memzero(&read, sizeof(civic_app_credential_t));

    if (civic_app_read_object(reader, json, civic_app_key_members, &read)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    key = civic_app_credential_add(reader, &record->keys, CIVIC_APP_BY_KEY,
                                   &read.value, &read.id);
    if (key == NULL) {
        return NGX_DECLINED;
    }

    key->expires = read.expires;
    key->created = read.created;

    return NGX_OK;
}


ngx_int_t
civic_app_credential_whose(ngx_pool_t *pool, const ngx_str_t *app,
    const ngx_str_t *id, ngx_str_t *whose)
{
    whose->len = sizeof("app::") - 1 + app->len + id->len;
    whose->data = ngx_pnalloc(pool, whose->len);

    if (whose->data == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_sprintf(whose->data, "app:%V:%V", app, id);

    return NGX_OK;
}


ngx_int_t
civic_app_credential_certificates(civic_app_reader_t *reader,
    const civic_json_t *json, void *out)
{
    return civic_app_read_list(reader, json, CIVIC_APP_MAX_CERTIFICATES,
                               civic_app_credential_certificate, out);
}


static ngx_int_t
civic_app_credential_certificate(civic_app_reader_t *reader,
    const civic_json_t *json, void *out)
{
    civic_app_record_t  *record = out;

    ngx_str_t   id, read[2];
    ngx_uint_t  by;

    ngx_memzero(read, sizeof(read));

    if (civic_app_read_object(reader, json, civic_app_certificate_members,
                              read)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    if ((read[0].len != 0) == (read[1].len != 0)) {
        return civic_app_read_error(reader, "says either \"sha256\" or "
                                    "\"subject\"");
    }

    by = read[0].len ? CIVIC_APP_BY_FINGERPRINT : CIVIC_APP_BY_SUBJECT;

    ngx_str_null(&id);

    if (civic_app_credential_add(reader, &record->certificates, by,
                                 &read[by == CIVIC_APP_BY_SUBJECT], &id)
        == NULL)
    {
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static ngx_int_t
civic_app_credential_fingerprint(civic_app_reader_t *reader,
    const civic_json_t *json, void *out)
{
    ngx_str_t  *value = out;

    value->data = ngx_pnalloc(reader->pool, CIVIC_JOSE_DIGEST_LEN);
    if (value->data == NULL) {
        return civic_app_read_error(reader, "finds no memory");
    }

    value->len = CIVIC_JOSE_DIGEST_LEN;

    return civic_app_read_digest(reader, json, value->data);
}


civic_app_credential_t *
civic_app_credential_add(civic_app_reader_t *reader, ngx_array_t *list,
    ngx_uint_t by, const ngx_str_t *value, const ngx_str_t *id)
{
    ngx_uint_t               i;
    civic_app_credential_t  *credential;

    credential = list->elts;

    for (i = 0; i < list->nelts; i++) {

        if ((credential[i].by == by && credential[i].value.len == value->len
             && ngx_memcmp(credential[i].value.data, value->data, value->len)
                == 0)
            || (id->len && credential[i].id.len == id->len
                && ngx_memcmp(credential[i].id.data, id->data, id->len) == 0))
        {
            (void) civic_app_read_error(reader, "is there already, as "
                                        "number %ui", i);
            return NULL;
        }
    }

    credential = ngx_array_push(list);

    if (credential == NULL) {
        (void) civic_app_read_error(reader, "finds no memory");
        return NULL;
    }

    ngx_memzero(credential, sizeof(civic_app_credential_t));

    credential->by = by;
    credential->value = *value;
    credential->id = *id;

    return credential;
}


size_t
civic_app_credential_field(ngx_uint_t by, const ngx_str_t *value,
    u_char *field)
{
    size_t       i;
    u_char      *p;
    ngx_uint_t   hex;

    static const ngx_str_t  names[] = {
        ngx_string("key:"),
        ngx_string("signer:"),
        ngx_string("fingerprint:"),
        ngx_string("subject:")
    };

    p = ngx_cpymem(field, names[by].data, names[by].len);

    hex = (by == CIVIC_APP_BY_KEY || by == CIVIC_APP_BY_FINGERPRINT);

    for (i = 0; i < value->len && i < 512; i++) {

        if (hex) {
            *p++ = "0123456789abcdef"[value->data[i] >> 4];
            *p++ = "0123456789abcdef"[value->data[i] & 0xf];

        } else {
            *p++ = value->data[i];
        }
    }

    return p - field;
}
