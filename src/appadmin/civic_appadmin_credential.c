
/*
 * Copyright (C) Civic Gate
 *
 * Keys, signers and certificates of an application.  A key and a secret are
 * in the answer that makes them, and in no other.
 */


#include "civic_appadmin.h"
#include "civic_appadmin_change.h"
#include "civic_app_key.h"
#include "civic_jose_digest.h"


#define CIVIC_APPADMIN_SIGNER_ID  16
#define CIVIC_APPADMIN_TTL_MAX    (10 * 366 * 86400)


static ngx_int_t civic_appadmin_key_edit(civic_appadmin_change_t *change,
    civic_value_t *app);
static ngx_int_t civic_appadmin_key_write(civic_appadmin_change_t *change,
    civic_value_t *item, const ngx_str_t *key);
static ngx_int_t civic_appadmin_times(civic_appadmin_change_t *change,
    civic_value_t *item);
static ngx_int_t civic_appadmin_signer_edit(civic_appadmin_change_t *change,
    civic_value_t *app);
static ngx_int_t civic_appadmin_signer_id(civic_appadmin_change_t *change,
    civic_value_t *item, ngx_str_t *id);
static ngx_int_t civic_appadmin_signer_secret(civic_appadmin_change_t *change,
    civic_value_t *item, const ngx_str_t *id, ngx_str_t *secret);
static ngx_int_t civic_appadmin_signer_seal(civic_appadmin_change_t *change,
    civic_value_t *item, const ngx_str_t *id, const ngx_str_t *secret);
static ngx_int_t civic_appadmin_certificate_edit(civic_appadmin_change_t *change,
    civic_value_t *app);
static ngx_int_t civic_appadmin_remove_edit(civic_appadmin_change_t *change,
    civic_value_t *app);
static civic_value_t *civic_appadmin_item(civic_appadmin_change_t *change,
    civic_value_t *app, const char *list);
static ngx_int_t civic_appadmin_copy(civic_appadmin_change_t *change,
    civic_value_t *item, const char **members);
static ngx_int_t civic_appadmin_answer(civic_appadmin_change_t *change,
    const civic_value_t *item, const char *hidden);
static ngx_int_t civic_appadmin_random(ngx_pool_t *pool, size_t len,
    ngx_str_t *text);
static ngx_int_t civic_appadmin_decline(civic_appadmin_change_t *change,
    civic_problem_e problem, const char *sentence);


const char  *civic_appadmin_key_members[] = { "ttl", "expires", NULL };

const char  *civic_appadmin_signer_members[] = {
    "id", "algorithm", "schemes", "secret", "jwk", "ttl", "expires", NULL
};

const char  *civic_appadmin_certificate_members[] = {
    "sha256", "subject", NULL
};


void
civic_appadmin_key_add(civic_admin_call_t *call)
{
    civic_appadmin_change_start(call, &call->id, civic_appadmin_key_edit, 0);
}


static ngx_int_t
civic_appadmin_key_edit(civic_appadmin_change_t *change, civic_value_t *app)
{
    u_char         *text;
    ngx_int_t       rc;
    ngx_str_t       key;
    ngx_pool_t     *pool;
    civic_value_t  *list, *item;

    pool = change->call->pool;

    list = civic_appadmin_edit_list(app, pool, "keys");
    text = ngx_pnalloc(pool, CIVIC_APP_KEY_LEN);

    if (list == NULL || text == NULL
        || civic_app_key_create(text) != NGX_OK)
    {
        return NGX_ERROR;
    }

    key.data = text;
    key.len = CIVIC_APP_KEY_LEN;

    civic_appadmin_edit_expire(list, ngx_time());

    item = civic_appadmin_item(change, app, "keys");
    if (item == NULL) {
        return NGX_ERROR;
    }

    rc = civic_appadmin_times(change, item);
    if (rc != NGX_OK) {
        return rc;
    }

    if (civic_appadmin_key_write(change, item, &key) != NGX_OK
        || civic_appadmin_answer(change, item, "sha256") != NGX_OK
        || civic_value_add_string(&change->answer, pool, "key", &key)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    key.len = CIVIC_APP_KEY_PREFIX;

    return civic_value_add_string(&change->answer, pool, "prefix", &key);
}


static ngx_int_t
civic_appadmin_key_write(civic_appadmin_change_t *change, civic_value_t *item,
    const ngx_str_t *key)
{
    u_char       digest[CIVIC_JOSE_DIGEST_LEN];
    ngx_str_t    id, hex;
    ngx_pool_t  *pool;

    pool = change->call->pool;

    id.data = key->data + CIVIC_APP_KEY_PREFIX - CIVIC_APP_KEY_ID;
    id.len = CIVIC_APP_KEY_ID;

    hex.len = 2 * CIVIC_JOSE_DIGEST_LEN;
    hex.data = ngx_pnalloc(pool, hex.len);

    if (hex.data == NULL || civic_jose_digest(key, digest) != NGX_OK) {
        return NGX_ERROR;
    }

    (void) ngx_hex_dump(hex.data, digest, CIVIC_JOSE_DIGEST_LEN);

    return (civic_value_add_string(item, pool, "id", &id) == NGX_OK
            && civic_value_add_string(item, pool, "sha256", &hex) == NGX_OK)
           ? NGX_OK : NGX_ERROR;
}


/* "created", and "expires" from either "expires" or "ttl" of the body */

static ngx_int_t
civic_appadmin_times(civic_appadmin_change_t *change, civic_value_t *item)
{
    int64_t               seconds;
    ngx_pool_t           *pool;
    const civic_value_t  *ttl, *expires;

    pool = change->call->pool;

    ttl = civic_value_member(&change->call->body, "ttl");
    expires = civic_value_member(&change->call->body, "expires");

    if (civic_value_add_number(item, pool, "created", (double) ngx_time())
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ttl == NULL && expires == NULL) {
        return NGX_OK;
    }

    if (ttl != NULL && expires != NULL) {
        return civic_appadmin_decline(change, CIVIC_ADMIN_INVALID,
                                       "\"ttl\" and \"expires\" say the same: "
                                       "one of them will do");
    }

    if (ttl != NULL) {

        if (civic_value_integer(ttl, &seconds) != NGX_OK
            || seconds < 1 || seconds > CIVIC_APPADMIN_TTL_MAX)
        {
            return civic_appadmin_decline(change, CIVIC_ADMIN_INVALID,
                                           "\"ttl\" is no number of seconds, "
                                           "at most ten years");
        }

        seconds += ngx_time();

    } else if (civic_value_integer(expires, &seconds) != NGX_OK
               || seconds <= ngx_time())
    {
        return civic_appadmin_decline(change, CIVIC_ADMIN_INVALID,
                                       "\"expires\" is no time to come: "
                                       "seconds since 1970");
    }

    return civic_value_add_number(item, pool, "expires", (double) seconds);
}


void
civic_appadmin_signer_add(civic_admin_call_t *call)
{
    civic_appadmin_change_start(call, &call->id, civic_appadmin_signer_edit, 0);
}


static ngx_int_t
civic_appadmin_signer_edit(civic_appadmin_change_t *change, civic_value_t *app)
{
    ngx_int_t       rc;
    ngx_str_t       id, secret;
    ngx_pool_t     *pool;
    civic_value_t  *item;

    static const char  *members[] = { "algorithm", "schemes", "jwk", NULL };

    pool = change->call->pool;
    item = civic_appadmin_item(change, app, "signers");

    if (item == NULL || civic_appadmin_copy(change, item, members) != NGX_OK)
    {
        return NGX_ERROR;
    }

    rc = civic_appadmin_signer_id(change, item, &id);

    if (rc == NGX_OK) {
        rc = civic_appadmin_times(change, item);
    }

    ngx_str_null(&secret);

    if (rc == NGX_OK && civic_value_member(item, "jwk") == NULL) {
        rc = civic_appadmin_signer_secret(change, item, &id, &secret);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    if (civic_appadmin_answer(change, item, "sealed") != NGX_OK) {
        return NGX_ERROR;
    }

    return secret.len ? civic_value_add_string(&change->answer, pool,
                                               "secret", &secret)
                      : NGX_OK;
}


static ngx_int_t
civic_appadmin_signer_id(civic_appadmin_change_t *change, civic_value_t *item,
    ngx_str_t *id)
{
    ngx_pool_t           *pool;
    const civic_value_t  *value;

    pool = change->call->pool;
    value = civic_value_member(&change->call->body, "id");

    if (value == NULL) {

        if (civic_appadmin_random(pool, CIVIC_APPADMIN_SIGNER_ID, id)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

    } else if (civic_value_string(value, id) != NGX_OK) {
        return civic_appadmin_decline(change, CIVIC_ADMIN_INVALID,
                                       "\"id\" is no string");
    }

    return civic_value_add_string(item, pool, "id", id);
}


/* the client's own, or a new one, which `secret` then is */

static ngx_int_t
civic_appadmin_signer_secret(civic_appadmin_change_t *change,
    civic_value_t *item, const ngx_str_t *id, ngx_str_t *secret)
{
    ngx_str_t             given;
    ngx_pool_t           *pool;
    const civic_value_t  *value;

    pool = change->call->pool;
    value = civic_value_member(&change->call->body, "secret");

    if (!change->conf->sealing) {
        return civic_appadmin_decline(change, CIVIC_ADMIN_CONFLICT,
                                       "civic_apps has no key_file, and a "
                                       "secret is not kept unsealed");
    }

    if (value == NULL) {

        if (civic_appadmin_random(pool, CIVIC_APP_KEY_RANDOM, secret)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        return civic_appadmin_signer_seal(change, item, id, secret);
    }

    if (civic_value_string(value, &given) != NGX_OK || given.len == 0
        || given.len > 256)
    {
        return civic_appadmin_decline(change, CIVIC_ADMIN_INVALID,
                                       "\"secret\" is no string of at most "
                                       "256 bytes");
    }

    return civic_appadmin_signer_seal(change, item, id, &given);
}


static ngx_int_t
civic_appadmin_signer_seal(civic_appadmin_change_t *change, civic_value_t *item,
    const ngx_str_t *id, const ngx_str_t *secret)
{
    ngx_str_t    sealed, text, whose;
    ngx_pool_t  *pool;

    pool = change->call->pool;

    sealed.len = secret->len + CIVIC_JOSE_SEAL_MORE;
    sealed.data = ngx_pnalloc(pool, sealed.len);
    text.data = ngx_pnalloc(pool, ngx_base64_encoded_length(sealed.len));

    if (sealed.data == NULL || text.data == NULL
        || civic_app_credential_whose(pool, &change->name, id, &whose)
           != NGX_OK
        || civic_jose_seal(change->conf->seal, secret, &whose, sealed.data)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_encode_base64url(&text, &sealed);

    return civic_value_add_string(item, pool, "sealed", &text);
}


void
civic_appadmin_certificate_add(civic_admin_call_t *call)
{
    civic_appadmin_change_start(call, &call->id, civic_appadmin_certificate_edit,
                           0);
}


static ngx_int_t
civic_appadmin_certificate_edit(civic_appadmin_change_t *change,
    civic_value_t *app)
{
    civic_value_t  *item;

    item = civic_appadmin_item(change, app, "certificates");

    if (item == NULL
        || civic_appadmin_copy(change, item,
                                civic_appadmin_certificate_members)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return civic_appadmin_answer(change, item, "");
}


void
civic_appadmin_remove(civic_admin_call_t *call)
{
    civic_appadmin_change_start(call, &call->id, civic_appadmin_remove_edit, 0);
}


/* a key or signer by its id, a certificate by what it is known by */

static ngx_int_t
civic_appadmin_remove_edit(civic_appadmin_change_t *change, civic_value_t *app)
{
    ngx_uint_t           i;
    civic_value_t       *list;
    civic_admin_call_t  *call;

    static const struct {
        ngx_str_t    part;
        const char  *member;
    } parts[] = {
        { ngx_string("keys"), "id" },
        { ngx_string("signers"), "id" },
        { ngx_string("certificates"), "sha256" },
        { ngx_string("certificates"), "subject" },
        { ngx_null_string, NULL }
    };

    call = change->call;

    for (i = 0; parts[i].member; i++) {

        if (parts[i].part.len != call->part.len
            || ngx_memcmp(parts[i].part.data, call->part.data, call->part.len)
               != 0)
        {
            continue;
        }

        list = civic_appadmin_edit_list(app, call->pool,
                                   (char *) parts[i].part.data);
        if (list == NULL) {
            return NGX_ERROR;
        }

        if (civic_appadmin_edit_remove(list, parts[i].member, &call->part_id)) {
            change->status = NGX_HTTP_NO_CONTENT;
            return NGX_OK;
        }
    }

    return civic_appadmin_decline(change, CIVIC_ADMIN_NOT_FOUND,
                                   "the application has none of that id");
}


static civic_value_t *
civic_appadmin_item(civic_appadmin_change_t *change, civic_value_t *app,
    const char *name)
{
    civic_value_t  *list, *item;

    list = civic_appadmin_edit_list(app, change->call->pool, name);
    if (list == NULL) {
        return NULL;
    }

    item = civic_value_add_item(list, change->call->pool);

    if (item == NULL
        || civic_value_set_table(item, change->call->pool, 0, 8) != NGX_OK)
    {
        return NULL;
    }

    item->u.table->shape = CIVIC_VALUE_OBJECT;

    return item;
}


static ngx_int_t
civic_appadmin_copy(civic_appadmin_change_t *change, civic_value_t *item,
    const char **members)
{
    ngx_uint_t            i;
    const civic_value_t  *value;

    for (i = 0; members[i]; i++) {
        value = civic_value_member(&change->call->body, members[i]);

        if (value != NULL
            && civic_appadmin_edit_set(item, change->call->pool, members[i], value)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_appadmin_answer(civic_appadmin_change_t *change, const civic_value_t *item,
    const char *hidden)
{
    change->status = NGX_HTTP_CREATED;

    return civic_appadmin_edit_copy(item, change->call->pool, hidden,
                               &change->answer);
}


static ngx_int_t
civic_appadmin_random(ngx_pool_t *pool, size_t len, ngx_str_t *text)
{
    text->len = len;
    text->data = ngx_pnalloc(pool, len);

    return text->data ? civic_app_key_random(text->data, len) : NGX_ERROR;
}


static ngx_int_t
civic_appadmin_decline(civic_appadmin_change_t *change, civic_problem_e problem,
    const char *sentence)
{
    change->problem = problem;
    change->sentence = sentence;

    return NGX_DECLINED;
}
