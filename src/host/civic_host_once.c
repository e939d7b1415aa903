
/*
 * Copyright (C) Civic Gate
 *
 * What is kept of a request that came with an Idempotency-Key: under a name
 * made of plugin, caller, route and key, a digest of what was asked and the
 * answer.  Neither key nor caller can be read back from the name.
 *
 * The answer is JSON: {"status", "headers", "body", "json"} with the body's
 * bytes in base64, or {"code", "fields"} of the plugin's own problem, whose
 * title is in the language of whoever asks.
 */


#include "civic_host_once.h"
#include "civic_host_request.h"
#include "civic_jose_mac.h"


#define CIVIC_HOST_ONCE_MAX  (4 * 1024 * 1024)


static ngx_int_t civic_host_once_hash(const ngx_str_t *part, ngx_uint_t n,
    ngx_pool_t *pool, ngx_str_t *hex);
static ngx_int_t civic_host_once_write_body(const civic_value_t *body,
    ngx_pool_t *pool, civic_value_t *record, const char **err);
static ngx_int_t civic_host_once_read_response(const civic_value_t *record,
    ngx_pool_t *pool, civic_host_response_t *response);
static ngx_int_t civic_host_once_read_type(const civic_value_t *record,
    ngx_pool_t *pool, civic_value_t *headers);


ngx_uint_t
civic_host_once_valid(const ngx_str_t *key)
{
    size_t  i;

    for (i = 0; i < key->len; i++) {
        if (key->data[i] <= ' ' || key->data[i] >= 0x7f) {
            return 0;
        }
    }

    return key->len > 0 && key->len <= CIVIC_HOST_ONCE_KEY;
}


ngx_int_t
civic_host_once_name(const civic_host_visit_order_t *order, ngx_pool_t *pool,
    ngx_str_t *name, ngx_str_t *id)
{
    u_char     *p;
    ngx_str_t   part[3];

    part[0] = order->caller;
    part[1] = order->spec->key;
    part[2] = order->key;

    if (civic_host_once_hash(part, 3, pool, id) != NGX_OK) {
        return NGX_ERROR;
    }

    p = ngx_pnalloc(pool, sizeof("civic:once:{:}") + order->plugin->name.len
                          + id->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    name->data = p;
    name->len = ngx_sprintf(p, "civic:once:{%V:%V}", &order->plugin->name,
                            id)
                - p;

    return NGX_OK;
}


ngx_int_t
civic_host_once_digest(const civic_host_visit_order_t *order,
    ngx_pool_t *pool, ngx_str_t *digest)
{
    ngx_str_t  part[3];

    /* the route's key says {id} of every id */

    part[0] = order->path;
    part[1] = order->query;
    part[2] = order->body;

    return civic_host_once_hash(part, 3, pool, digest);
}


/* of the parts' digests: where one ends and the next begins is no question */

static ngx_int_t
civic_host_once_hash(const ngx_str_t *part, ngx_uint_t n, ngx_pool_t *pool,
    ngx_str_t *hex)
{
    size_t      len;
    u_char      digests[3 * CIVIC_JOSE_MAC_MAX], out[CIVIC_JOSE_MAC_MAX];
    ngx_str_t   all;
    ngx_uint_t  i;

    static const ngx_str_t  sha256 = ngx_string("sha256");

    all.data = digests;
    all.len = 0;

    for (i = 0; i < n; i++) {

        if (civic_jose_mac_digest(&sha256, &part[i], digests + all.len, &len)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        all.len += len;
    }

    if (civic_jose_mac_digest(&sha256, &all, out, &len) != NGX_OK) {
        return NGX_ERROR;
    }

    hex->len = 2 * len;
    hex->data = ngx_pnalloc(pool, hex->len);
    if (hex->data == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_hex_dump(hex->data, out, len);

    return NGX_OK;
}


const ngx_str_t  civic_host_once_lost = ngx_string("{\"lost\":true}");


ngx_int_t
civic_host_once_write(const civic_host_answered_t *answer, ngx_pool_t *pool,
    ngx_str_t *text, const char **err)
{
    ngx_int_t       rc;
    civic_value_t   record;

    if (civic_value_set_table(&record, pool, 0, 4) != NGX_OK) {
        return NGX_ERROR;
    }

    if (answer->outcome == CIVIC_HOST_PROBLEM) {

        if (civic_value_add_string(&record, pool, "code", &answer->code)
               != NGX_OK
            || (answer->fields.type == CIVIC_VALUE_TABLE
                && civic_host_request_set(&record, pool, "fields",
                                          &answer->fields) != NGX_OK))
        {
            return NGX_ERROR;
        }

    } else {

        if (civic_value_add_number(&record, pool, "status",
                                   (double) answer->response.status)
               != NGX_OK
            || (answer->response.headers
                && civic_host_request_set(&record, pool, "headers",
                                          answer->response.headers)
                   != NGX_OK))
        {
            return NGX_ERROR;
        }

        if (answer->response.body) {
            rc = civic_host_once_write_body(answer->response.body, pool,
                                            &record, err);
            if (rc != NGX_OK) {
                return rc;
            }
        }
    }

    return civic_value_to_json(&record, pool, CIVIC_HOST_ONCE_MAX, text, err);
}


static ngx_int_t
civic_host_once_write_body(const civic_value_t *body, ngx_pool_t *pool,
    civic_value_t *record, const char **err)
{
    ngx_int_t      rc;
    ngx_str_t      text, type, base64;
    civic_value_t  json;

    rc = civic_host_response_body(body, pool, &text, &type, err);
    if (rc != NGX_OK) {
        return rc;
    }

    base64.len = ngx_base64_encoded_length(text.len);
    base64.data = ngx_pnalloc(pool, base64.len + 1);
    if (base64.data == NULL) {
        return NGX_ERROR;
    }

    ngx_encode_base64(&base64, &text);

    civic_value_set_boolean(&json, body->type == CIVIC_VALUE_TABLE);

    if (civic_value_add_string(record, pool, "body", &base64) != NGX_OK) {
        return NGX_ERROR;
    }

    return civic_host_request_set(record, pool, "json", &json);
}


ngx_int_t
civic_host_once_read(const ngx_str_t *text, ngx_pool_t *pool,
    civic_host_answered_t *answer)
{
    ngx_int_t             rc;
    civic_json_t         *json;
    civic_value_t         record;
    const civic_value_t  *fields;

    json = civic_json_parse(text, 2 * CIVIC_HOST_ONCE_MAX, NULL, 0);
    if (json == NULL) {
        return NGX_DECLINED;
    }

    rc = civic_value_from_json(&record, pool, json);
    civic_json_free(json);

    if (rc != NGX_OK) {
        return rc;
    }

    if (civic_value_string(civic_value_member(&record, "code"),
                           &answer->code) == NGX_OK)
    {
        fields = civic_value_member(&record, "fields");

        if (fields) {
            answer->fields = *fields;

        } else {
            civic_value_set_nil(&answer->fields);
        }

        answer->outcome = CIVIC_HOST_PROBLEM;

        return NGX_OK;
    }

    if (civic_value_member(&record, "lost")) {
        answer->outcome = CIVIC_HOST_REFUSED;
        answer->problem = CIVIC_ONCE_LOST;

        return NGX_OK;
    }

    answer->outcome = CIVIC_HOST_DONE;

    return civic_host_once_read_response(&record, pool, &answer->response);
}


static ngx_int_t
civic_host_once_read_response(const civic_value_t *record, ngx_pool_t *pool,
    civic_host_response_t *response)
{
    int64_t               status;
    ngx_str_t             base64, body;
    civic_value_t        *headers, *value;
    const civic_value_t  *stored;

    if (civic_value_integer(civic_value_member(record, "status"), &status)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    response->status = (ngx_uint_t) status;
    response->headers = civic_value_member(record, "headers");
    response->body = NULL;

    stored = civic_value_member(record, "body");

    if (stored == NULL) {
        return NGX_OK;
    }

    if (civic_value_string(stored, &base64) != NGX_OK) {
        return NGX_DECLINED;
    }

    body.data = ngx_pnalloc(pool, ngx_base64_decoded_length(base64.len) + 1);
    value = ngx_palloc(pool, sizeof(civic_value_t));
    headers = ngx_palloc(pool, sizeof(civic_value_t));

    if (body.data == NULL
        || value == NULL
        || headers == NULL
        || civic_value_set_table(headers, pool, 0, 4) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_decode_base64(&body, &base64) != NGX_OK) {
        return NGX_DECLINED;
    }

    civic_value_set_string(value, &body);
    response->body = value;

    if (response->headers) {
        *headers = *response->headers;
    }

    response->headers = headers;

    return civic_host_once_read_type(record, pool, headers);
}


/* a table's bytes come back as bytes: their type has to be said */

static ngx_int_t
civic_host_once_read_type(const civic_value_t *record, ngx_pool_t *pool,
    civic_value_t *headers)
{
    ngx_str_t             name;
    ngx_uint_t            i;
    const civic_value_t  *json;

    static const ngx_str_t  type = ngx_string("application/json");

    json = civic_value_member(record, "json");

    if (json == NULL
        || json->type != CIVIC_VALUE_BOOLEAN
        || !json->u.boolean)
    {
        return NGX_OK;
    }

    for (i = 0; i < headers->u.table->npairs; i++) {

        if (civic_value_string(&headers->u.table->pairs[i].key, &name)
               == NGX_OK
            && name.len == sizeof("Content-Type") - 1
            && ngx_strncasecmp(name.data, (u_char *) "Content-Type",
                               name.len) == 0)
        {
            return NGX_OK;
        }
    }

    return civic_value_add_string(headers, pool, "Content-Type", &type);
}
