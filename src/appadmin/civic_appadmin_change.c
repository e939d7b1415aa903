
/*
 * Copyright (C) Civic Gate
 */


#include "civic_appadmin_change.h"
#include "civic_json_arena.h"


#define CIVIC_APPADMIN_CHANGE_ATTEMPTS  5
#define CIVIC_APPADMIN_CHANGE_APPS      100000
#define CIVIC_APPADMIN_CHANGE_ARGS      (4 + CIVIC_APP_MAX_KEYS                    \
                                    + CIVIC_APP_MAX_SIGNERS                   \
                                    + CIVIC_APP_MAX_CERTIFICATES)


static void civic_appadmin_change_cleanup(void *data);
static void civic_appadmin_change_read(civic_appadmin_change_t *change);
static void civic_appadmin_change_got(void *data, ngx_uint_t error,
    const civic_value_t *reply);
static void civic_appadmin_change_edit(civic_appadmin_change_t *change);
static ngx_int_t civic_appadmin_change_load(civic_appadmin_change_t *change,
    civic_value_t *app);
static void civic_appadmin_change_write(civic_appadmin_change_t *change,
    const civic_value_t *app);
static ngx_int_t civic_appadmin_change_judge(civic_appadmin_change_t *change,
    const ngx_str_t *json, ngx_str_t *fields, ngx_uint_t *n);
static ngx_int_t civic_appadmin_change_fields(civic_appadmin_change_t *change,
    const civic_app_record_t *record, ngx_str_t *fields, ngx_uint_t *n);
static void civic_appadmin_change_put(void *data, ngx_uint_t error,
    const civic_value_t *reply);
static void civic_appadmin_change_conflict(civic_appadmin_change_t *change,
    const civic_value_t *reply);
static void civic_appadmin_change_end(civic_appadmin_change_t *change);
static void civic_appadmin_change_broken(civic_appadmin_change_t *change,
    const char *what);


const civic_app_main_conf_t *
civic_appadmin_change_conf(civic_admin_call_t *call)
{
    const civic_app_main_conf_t  *amcf;

    amcf = ngx_http_get_module_main_conf(call->request,
                                         ngx_http_civic_app_module);

    if (amcf->redis == NULL) {
        civic_admin_refuse(call, CIVIC_ADMIN_CONFLICT, amcf->pos
                           ? "applications are in the file that civic_apps "
                             "names: change it there, and reload"
                           : "there is no civic_apps in the configuration");
        return NULL;
    }

    return amcf;
}


void
civic_appadmin_change_start(civic_admin_call_t *call, const ngx_str_t *name,
    civic_appadmin_edit_pt edit, ngx_uint_t create)
{
    ngx_pool_cleanup_t           *cln;
    civic_appadmin_change_t           *change;
    const civic_app_main_conf_t  *amcf;

    amcf = civic_appadmin_change_conf(call);
    if (amcf == NULL) {
        return;
    }

    cln = ngx_pool_cleanup_add(call->pool, sizeof(civic_appadmin_change_t));
    if (cln == NULL) {
        civic_admin_refuse(call, CIVIC_INTERNAL, NULL);
        return;
    }

    change = cln->data;
    ngx_memzero(change, sizeof(civic_appadmin_change_t));

    cln->handler = civic_appadmin_change_cleanup;

    change->call = call;
    change->conf = amcf;
    change->edit = edit;
    change->name = *name;
    change->create = create;

    civic_appadmin_change_read(change);
}


static void
civic_appadmin_change_cleanup(void *data)
{
    civic_appadmin_change_t  *change = data;

    if (change->command != NULL) {
        civic_redis_cancel(change->command);
    }
}


static void
civic_appadmin_change_read(civic_appadmin_change_t *change)
{
    change->attempts++;

    change->command = civic_app_script(change->conf->redis,
                                       CIVIC_APP_SCRIPT_GET, &change->name, 1,
                                       civic_appadmin_change_got, change);

    if (change->command == NULL) {
        civic_admin_refuse(change->call, CIVIC_INTERNAL, NULL);
    }
}


static void
civic_appadmin_change_got(void *data, ngx_uint_t error, const civic_value_t *reply)
{
    ngx_str_t            text;
    civic_appadmin_change_t  *change = data;

    change->command = NULL;

    if (error != CIVIC_REDIS_OK) {
        civic_appadmin_change_broken(change, NULL);
        return;
    }

    if (civic_value_string(reply, &text) != NGX_OK) {

        if (!change->create) {
            civic_admin_refuse(change->call, CIVIC_ADMIN_NOT_FOUND,
                               "there is no application of that name");
            return;
        }

        ngx_str_null(&change->old);

    } else {

        if (change->create) {
            civic_admin_refuse(change->call, CIVIC_ADMIN_CONFLICT,
                               "there is an application of that name");
            return;
        }

        /* the reply dies with this function */

        change->old.len = text.len;
        change->old.data = ngx_pstrdup(change->call->pool, &text);

        if (change->old.data == NULL) {
            civic_admin_refuse(change->call, CIVIC_INTERNAL, NULL);
            return;
        }
    }

    civic_appadmin_change_edit(change);
}


static void
civic_appadmin_change_edit(civic_appadmin_change_t *change)
{
    ngx_int_t      rc;
    civic_value_t  app;

    if (civic_appadmin_change_load(change, &app) != NGX_OK) {
        civic_appadmin_change_broken(change, "its record makes no sense");
        return;
    }

    if (change->edit == NULL) {

        if (civic_appadmin_edit_show(&app, change->call->pool, &change->answer)
            != NGX_OK)
        {
            civic_admin_refuse(change->call, CIVIC_INTERNAL, NULL);
            return;
        }

        civic_admin_answer(change->call, NGX_HTTP_OK, &change->answer);
        return;
    }

    rc = change->edit(change, &app);

    if (rc == NGX_DECLINED) {
        civic_admin_refuse(change->call, change->problem, change->sentence);
        return;
    }

    if (rc != NGX_OK) {
        civic_admin_refuse(change->call, CIVIC_INTERNAL, NULL);
        return;
    }

    civic_appadmin_change_write(change, &app);
}


static ngx_int_t
civic_appadmin_change_load(civic_appadmin_change_t *change, civic_value_t *app)
{
    if (change->old.len) {
        return civic_appadmin_edit_parse(&change->old, change->call->pool, app);
    }

    if (civic_value_set_table(app, change->call->pool, 0, 12) != NGX_OK) {
        return NGX_ERROR;
    }

    app->u.table->shape = CIVIC_VALUE_OBJECT;

    return NGX_OK;
}


static void
civic_appadmin_change_write(civic_appadmin_change_t *change, const civic_value_t *app)
{
    u_char       max[NGX_INT64_LEN];
    ngx_str_t    argv[CIVIC_APPADMIN_CHANGE_ARGS];
    ngx_uint_t   n;
    const char  *err;

    n = 4;
    argv[0] = change->name;
    argv[1] = change->old;
    ngx_str_null(&argv[2]);
    argv[3].data = max;
    argv[3].len = ngx_sprintf(max, "%d", CIVIC_APPADMIN_CHANGE_APPS) - max;

    if (!change->remove) {

        if (civic_value_to_json(app, change->call->pool, CIVIC_APP_MAX_RECORD,
                                &argv[2], &err)
            != NGX_OK)
        {
            civic_admin_refuse(change->call, CIVIC_ADMIN_INVALID,
                               "its record would be larger than 32 KB, or is "
                               "no JSON");
            return;
        }

        if (civic_appadmin_change_judge(change, &argv[2], argv, &n) != NGX_OK) {
            return;
        }
    }

    change->command = civic_app_script(change->conf->redis,
                                       CIVIC_APP_SCRIPT_PUT, argv, n,
                                       civic_appadmin_change_put, change);

    if (change->command == NULL) {
        civic_admin_refuse(change->call, CIVIC_INTERNAL, NULL);
    }
}


/* by the reader that workers have, too: NGX_OK, or refused */

static ngx_int_t
civic_appadmin_change_judge(civic_appadmin_change_t *change, const ngx_str_t *json,
    ngx_str_t *fields, ngx_uint_t *n)
{
    civic_json_t        *root;
    civic_app_reader_t   reader;
    civic_app_record_t  *record;

    ngx_memzero(&reader, sizeof(civic_app_reader_t));

    reader.pool = change->call->pool;
    reader.now = ngx_time();
    reader.sealed = 1;
    reader.seal = change->conf->sealing ? change->conf->seal : NULL;
    record = NULL;

    civic_json_arena_enter();

    root = civic_json_parse(json, CIVIC_APP_MAX_RECORD, reader.err,
                            sizeof(reader.err));

    if (root != NULL) {
        record = civic_app_record_parse(&reader, root);
        civic_json_free(root);
    }

    civic_json_arena_leave();

    if (record == NULL) {
        civic_admin_refuse(change->call, CIVIC_ADMIN_INVALID, reader.err);
        return NGX_DECLINED;
    }

    if (civic_appadmin_change_fields(change, record, fields, n) != NGX_OK) {
        civic_admin_refuse(change->call, CIVIC_INTERNAL, NULL);
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static ngx_int_t
civic_appadmin_change_fields(civic_appadmin_change_t *change,
    const civic_app_record_t *record, ngx_str_t *fields, ngx_uint_t *n)
{
    ngx_uint_t               i;
    civic_app_credential_t  *credential;

    for (i = 0; /* void */; i++) {
        credential = civic_app_record_credential(record, i);

        if (credential == NULL) {
            return NGX_OK;
        }

        fields[*n].data = ngx_pnalloc(change->call->pool, CIVIC_APP_FIELD);
        if (fields[*n].data == NULL) {
            return NGX_ERROR;
        }

        fields[*n].len = civic_app_credential_field(credential->by,
                                                    &credential->value,
                                                    fields[*n].data);
        (*n)++;
    }
}


static void
civic_appadmin_change_put(void *data, ngx_uint_t error, const civic_value_t *reply)
{
    ngx_str_t            word;
    civic_appadmin_change_t  *change = data;

    change->command = NULL;

    if (error != CIVIC_REDIS_OK
        || civic_value_string(civic_value_item(reply, 0), &word) != NGX_OK
        || word.len == 0)
    {
        civic_appadmin_change_broken(change, NULL);
        return;
    }

    switch (word.data[0]) {

    case 'o':
        civic_appadmin_change_end(change);
        return;

    case 's':

        if (change->attempts < CIVIC_APPADMIN_CHANGE_ATTEMPTS) {
            civic_appadmin_change_read(change);
            return;
        }

        break;
    }

    civic_appadmin_change_conflict(change, reply);
}


static void
civic_appadmin_change_conflict(civic_appadmin_change_t *change,
    const civic_value_t *reply)
{
    u_char      *text;
    ngx_str_t    field, owner;
    const char  *sentence;

    sentence = "others change it all the time, or there are too many "
               "applications: try again";

    if (civic_value_string(civic_value_item(reply, 1), &field) == NGX_OK
        && civic_value_string(civic_value_item(reply, 2), &owner) == NGX_OK)
    {
        text = ngx_pnalloc(change->call->pool, field.len + owner.len + 64);

        if (text != NULL) {
            (void) ngx_sprintf(text, "\"%V\" belongs to application "
                               "\"%V\"%Z", &field, &owner);
            sentence = (char *) text;
        }
    }

    civic_admin_refuse(change->call, CIVIC_ADMIN_CONFLICT, sentence);
}


static void
civic_appadmin_change_end(civic_appadmin_change_t *change)
{
    civic_admin_answer(change->call, change->status,
                       change->status == NGX_HTTP_NO_CONTENT
                       ? NULL : &change->answer);
}


static void
civic_appadmin_change_broken(civic_appadmin_change_t *change, const char *what)
{
    civic_admin_refuse(change->call, CIVIC_STORE_UNAVAILABLE, what);
}
