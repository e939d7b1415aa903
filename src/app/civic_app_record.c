
/*
 * Copyright (C) Civic Gate
 */


#include "civic_app_record.h"


static ngx_int_t civic_app_record_init(civic_app_record_t *record,
    ngx_pool_t *pool);
static ngx_int_t civic_app_record_scopes(civic_app_reader_t *reader,
    const civic_json_t *json, void *out);
static ngx_int_t civic_app_record_scope(civic_app_reader_t *reader,
    const civic_json_t *json, void *out);
static ngx_int_t civic_app_record_region(civic_app_reader_t *reader,
    const civic_json_t *json, void *out);
static ngx_int_t civic_app_record_addresses(civic_app_reader_t *reader,
    const civic_json_t *json, void *out);
static ngx_int_t civic_app_record_address(civic_app_reader_t *reader,
    const civic_json_t *json, void *out);


static const civic_app_member_t  civic_app_record_members[] = {
    { "name", 1, civic_app_read_name, offsetof(civic_app_record_t, name) },
    { "title", 0, civic_app_read_text, offsetof(civic_app_record_t, title) },
    { "enabled", 0, civic_app_read_flag,
      offsetof(civic_app_record_t, enabled) },
    { "scopes", 0, civic_app_record_scopes,
      offsetof(civic_app_record_t, scope) },
    { "region", 0, civic_app_record_region,
      offsetof(civic_app_record_t, region) },
    { "class", 0, civic_app_read_name, offsetof(civic_app_record_t, class) },
    { "addresses", 0, civic_app_record_addresses,
      offsetof(civic_app_record_t, addresses) },
    { "expires", 0, civic_app_read_time,
      offsetof(civic_app_record_t, expires) },
    { "keys", 0, civic_app_credential_keys, 0 },
    { "signers", 0, civic_app_credential_signers, 0 },
    { "certificates", 0, civic_app_credential_certificates, 0 },
    { NULL, 0, NULL, 0 }
};


civic_app_record_t *
civic_app_record_parse(civic_app_reader_t *reader, const civic_json_t *json)
{
    ngx_uint_t               i;
    civic_app_record_t      *record;
    civic_app_credential_t  *credential;

    record = ngx_pcalloc(reader->pool, sizeof(civic_app_record_t));

    if (record == NULL
        || civic_app_record_init(record, reader->pool) != NGX_OK)
    {
        (void) civic_app_read_error(reader, "finds no memory");
        return NULL;
    }

    if (civic_app_read_object(reader, json, civic_app_record_members, record)
        != NGX_OK)
    {
        return NULL;
    }

    for (i = 0; /* void */; i++) {

        credential = civic_app_record_credential(record, i);
        if (credential == NULL) {
            return record;
        }

        credential->record = record;
    }
}


static ngx_int_t
civic_app_record_init(civic_app_record_t *record, ngx_pool_t *pool)
{
    record->pool = pool;
    record->enabled = 1;

    if (ngx_array_init(&record->addresses, pool, 2, sizeof(civic_app_cidr_t))
        != NGX_OK
        || ngx_array_init(&record->keys, pool, 2,
                          sizeof(civic_app_credential_t))
           != NGX_OK
        || ngx_array_init(&record->signers, pool, 1,
                          sizeof(civic_app_credential_t))
           != NGX_OK
        || ngx_array_init(&record->certificates, pool, 1,
                          sizeof(civic_app_credential_t))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


civic_app_credential_t *
civic_app_record_credential(const civic_app_record_t *record, ngx_uint_t i)
{
    ngx_uint_t               n;
    civic_app_credential_t  *credential;
    const ngx_array_t       *lists[3];

    lists[0] = &record->keys;
    lists[1] = &record->signers;
    lists[2] = &record->certificates;

    for (n = 0; n < 3; n++) {

        if (i < lists[n]->nelts) {
            credential = lists[n]->elts;
            return &credential[i];
        }

        i -= lists[n]->nelts;
    }

    return NULL;
}


static ngx_int_t
civic_app_record_scopes(civic_app_reader_t *reader, const civic_json_t *json,
    void *out)
{
    return civic_app_read_list(reader, json, CIVIC_APP_MAX_SCOPES,
                               civic_app_record_scope, out);
}


/* RFC 6749, 3.3 */

static ngx_int_t
civic_app_record_scope(civic_app_reader_t *reader, const civic_json_t *json,
    void *out)
{
    size_t      i;
    ngx_str_t   word;

    if (civic_app_read_text(reader, json, &word) != NGX_OK) {
        return NGX_DECLINED;
    }

    for (i = 0; i < word.len; i++) {

        if (word.data[i] <= 0x20 || word.data[i] >= 0x7f
            || word.data[i] == '"' || word.data[i] == '\\')
        {
            return civic_app_read_error(reader, "is no scope: it has a blank, "
                                        "a quote or what is not ASCII");
        }
    }

    return civic_app_read_word(reader, out, &word);
}


/* GB/T 2260, with GB/T 10114 behind it: what civic_require understands */

static ngx_int_t
civic_app_record_region(civic_app_reader_t *reader, const civic_json_t *json,
    void *out)
{
    ngx_str_t  *region = out;

    size_t  i;

    if (civic_app_read_text(reader, json, region) != NGX_OK) {
        return NGX_DECLINED;
    }

    for (i = 0; i < region->len; i++) {

        if (region->data[i] < '0' || region->data[i] > '9') {
            break;
        }
    }

    if (i < region->len
        || (i != 2 && i != 4 && i != 6 && i != 9 && i != 12))
    {
        return civic_app_read_error(reader, "is no region: 2, 4, 6, 9 or 12 "
                                    "digits of GB/T 2260");
    }

    return NGX_OK;
}


static ngx_int_t
civic_app_record_addresses(civic_app_reader_t *reader,
    const civic_json_t *json, void *out)
{
    return civic_app_read_list(reader, json, CIVIC_APP_MAX_ADDRESSES,
                               civic_app_record_address, out);
}


static ngx_int_t
civic_app_record_address(civic_app_reader_t *reader, const civic_json_t *json,
    void *out)
{
    ngx_str_t          text;
    const char        *err;
    civic_app_cidr_t  *cidr;

    if (civic_app_read_text(reader, json, &text) != NGX_OK) {
        return NGX_DECLINED;
    }

    cidr = ngx_array_push(out);
    if (cidr == NULL) {
        return civic_app_read_error(reader, "finds no memory");
    }

    if (civic_app_cidr_parse(&text, cidr, &err) != NGX_OK) {
        return civic_app_read_error(reader, "\"%V\" %s", &text, err);
    }

    return NGX_OK;
}
