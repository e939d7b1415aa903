
/*
 * Copyright (C) Civic Gate
 *
 * What civic_apps reads from files, when the configuration is read and never
 * later: the applications themselves, and the key that seals secrets.
 */


#include "civic_app_conf.h"
#include "civic_conf_file.h"


#define CIVIC_APP_FILE_MAX   (16 * 1024 * 1024)
#define CIVIC_APP_FILE_APPS  10000
#define CIVIC_APP_KEY_MAX    1024


static ngx_int_t civic_app_file_apps(civic_app_reader_t *reader,
    const civic_json_t *json, void *out);
static ngx_int_t civic_app_file_app(civic_app_reader_t *reader,
    const civic_json_t *json, void *out);
static ngx_uint_t civic_app_file_secret(const civic_app_main_conf_t *amcf);


static const civic_app_member_t  civic_app_file_members[] = {
    { "apps", 1, civic_app_file_apps, 0 },
    { NULL, 0, NULL, 0 }
};


char *
civic_app_file_load(ngx_conf_t *cf, civic_app_main_conf_t *amcf)
{
    char               *rv;
    ngx_int_t           rc;
    ngx_str_t           text;
    civic_json_t       *root;
    civic_conf_file_t   file;
    civic_app_reader_t  reader;

    ngx_memzero(&file, sizeof(civic_conf_file_t));

    file.what = "application file";
    file.pos = amcf->pos;
    file.pool = cf->temp_pool;
    file.max = CIVIC_APP_FILE_MAX;

    rv = civic_conf_file_read(cf, &file, &amcf->file, &text);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (file.info.st_mode & S_IWOTH) {
        civic_conf_warn(cf, amcf->pos,
                        "everybody may write to application file \"%V\"",
                        &amcf->file);
    }

    ngx_memzero(&reader, sizeof(civic_app_reader_t));

    reader.pool = cf->pool;
    reader.now = ngx_time();

    root = civic_json_parse(&text, CIVIC_APP_FILE_MAX, reader.err,
                            sizeof(reader.err));
    rc = NGX_DECLINED;

    if (root != NULL) {
        rc = civic_app_read_object(&reader, root, civic_app_file_members,
                                   amcf);
        civic_json_free(root);
    }

    ngx_explicit_memzero(text.data, text.len);

    if (rc != NGX_OK) {
        return civic_conf_error(cf, amcf->pos, "application file \"%V\": %s",
                                &amcf->file, reader.err);
    }

    if ((file.info.st_mode & S_IROTH) && civic_app_file_secret(amcf)) {
        return civic_conf_error(cf, amcf->pos,
                                "application file \"%V\" holds a secret, and "
                                "everybody may read it: chmod o-rwx",
                                &amcf->file);
    }

    return NGX_CONF_OK;
}


static ngx_int_t
civic_app_file_apps(civic_app_reader_t *reader, const civic_json_t *json,
    void *out)
{
    return civic_app_read_list(reader, json, CIVIC_APP_FILE_APPS,
                               civic_app_file_app, out);
}


static ngx_int_t
civic_app_file_app(civic_app_reader_t *reader, const civic_json_t *json,
    void *out)
{
    civic_app_main_conf_t  *amcf = out;

    u_char                         field[CIVIC_APP_FIELD];
    ngx_str_t                      text;
    ngx_uint_t                     i;
    civic_app_record_t            *record, **slot;
    const civic_app_credential_t  *other;

    record = civic_app_record_parse(reader, json);
    if (record == NULL) {
        return NGX_DECLINED;
    }

    slot = amcf->records.elts;

    for (i = 0; i < amcf->records.nelts; i++) {

        if (slot[i]->name.len == record->name.len
            && ngx_memcmp(slot[i]->name.data, record->name.data,
                          record->name.len)
               == 0)
        {
            return civic_app_read_error(reader, "has the name of apps[%ui], "
                                        "\"%V\"", i, &record->name);
        }
    }

    other = civic_app_index_add(&amcf->index, record);

    if (other != NULL) {
        text.data = field;
        text.len = civic_app_credential_field(other->by, &other->value,
                                              field);

        return civic_app_read_error(reader, "has \"%V\", which belongs to "
                                    "application \"%V\"", &text,
                                    &other->record->name);
    }

    slot = ngx_array_push(&amcf->records);
    if (slot == NULL) {
        return civic_app_read_error(reader, "finds no memory");
    }

    *slot = record;

    return NGX_OK;
}


static ngx_uint_t
civic_app_file_secret(const civic_app_main_conf_t *amcf)
{
    ngx_uint_t                i, n;
    civic_app_record_t      **record;
    civic_app_credential_t   *signer;

    record = amcf->records.elts;

    for (i = 0; i < amcf->records.nelts; i++) {
        signer = record[i]->signers.elts;

        for (n = 0; n < record[i]->signers.nelts; n++) {

            if (signer[n].signer->secret.len) {
                return 1;
            }
        }
    }

    return 0;
}


char *
civic_app_file_key(ngx_conf_t *cf, civic_app_main_conf_t *amcf)
{
    char               *rv;
    ngx_str_t           text;
    civic_conf_file_t   file;

    ngx_memzero(&file, sizeof(civic_conf_file_t));

    file.what = "key file";
    file.pos = amcf->pos;
    file.pool = cf->temp_pool;
    file.max = CIVIC_APP_KEY_MAX;

    rv = civic_conf_file_read(cf, &file, &amcf->key_file, &text);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (file.info.st_mode & (S_IRWXG|S_IRWXO)) {
        return civic_conf_error(cf, amcf->pos,
                                "key file \"%V\" is open to others than its "
                                "owner: chmod 600", &amcf->key_file);
    }

    if (text.len != CIVIC_JOSE_SEAL_KEY) {
        return civic_conf_error(cf, amcf->pos,
                                "key file \"%V\" holds %uz bytes, and not %d "
                                "random ones", &amcf->key_file, text.len,
                                CIVIC_JOSE_SEAL_KEY);
    }

    ngx_memcpy(amcf->seal, text.data, CIVIC_JOSE_SEAL_KEY);
    ngx_explicit_memzero(text.data, text.len);

    amcf->sealing = 1;

    return NGX_CONF_OK;
}
