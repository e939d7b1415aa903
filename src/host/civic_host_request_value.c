
/*
 * Copyright (C) Civic Gate
 *
 * A request as a plugin sees it: plain values, and of who calls only what
 * it was granted.  Credentials never are; neither is what belongs to the
 * connection.
 */


#include "civic_host_request.h"
#include "civic_host_operations.h"
#include "civic_plugin_query.h"
#include "civic_reply.h"
#include "civic_route.h"


static ngx_int_t civic_host_value_params(civic_value_t *value,
    ngx_pool_t *pool, const civic_ctx_t *ctx);
static ngx_int_t civic_host_value_query(civic_value_t *value,
    ngx_pool_t *pool, ngx_http_request_t *r);
static ngx_int_t civic_host_value_headers(civic_value_t *value,
    ngx_pool_t *pool, ngx_http_request_t *r);
static ngx_uint_t civic_host_value_hidden(const ngx_table_elt_t *h);
static ngx_int_t civic_host_value_header(civic_value_t *headers,
    ngx_pool_t *pool, const ngx_table_elt_t *h);
static ngx_int_t civic_host_value_caller(civic_value_t *value,
    ngx_pool_t *pool, const civic_identity_t *identity);
static ngx_int_t civic_host_value_words(civic_value_t *caller,
    ngx_pool_t *pool, const char *name, const ngx_str_t *list);
static ngx_int_t civic_host_value_claims(civic_value_t *value,
    ngx_pool_t *pool, const civic_plugin_t *plugin,
    const civic_identity_t *identity);
static ngx_int_t civic_host_value_deadline(civic_value_t *value,
    ngx_pool_t *pool, ngx_msec_t timeout);
static civic_value_t *civic_host_value_table(civic_value_t *value,
    ngx_pool_t *pool, const char *name, ngx_uint_t shape);


/* lower case; a name that ends in "-" stands for all that begin so */

static const ngx_str_t  civic_host_value_hide[] = {
    ngx_string("authorization"),
    ngx_string("connection"),
    ngx_string("cookie"),
    ngx_string("keep-alive"),
    ngx_string("proxy-"),
    ngx_string("te"),
    ngx_string("trailer"),
    ngx_string("transfer-encoding"),
    ngx_string("upgrade"),
    ngx_string("x-api-key"),
    ngx_string("x-civic-"),
    ngx_null_string
};


/* in the order of civic_reply_language_e */

static const ngx_str_t  civic_host_value_languages[] = {
    ngx_string("zh"), ngx_string("en")
};


/* of the caller; absent where nothing is known */

static const struct {
    const char  *name;
    size_t       offset;
} civic_host_value_known[] = {
    { "app", offsetof(civic_identity_t, app) },
    { "region", offsetof(civic_identity_t, region) },
    { "level", offsetof(civic_identity_t, level) },
    { NULL, 0 }
};


ngx_int_t
civic_host_request_value(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_plugin_t *plugin, ngx_pool_t *pool, civic_value_t *value)
{
    ngx_int_t                         rc;
    ngx_str_t                         method, trace;
    const ngx_str_t                  *language;
    ngx_msec_t                        timeout;
    civic_plugin_t                   *other;
    const civic_plugin_route_spec_t  *spec;

    method = r->method_name;

    if (r->method == NGX_HTTP_HEAD) {
        ngx_str_set(&method, "GET");
    }

    trace.data = ctx->main->trace_id;
    trace.len = ctx->main->trace_id[0] ? CIVIC_TRACE_ID_LEN : 0;

    language = &civic_host_value_languages[civic_reply_language(r)];

    spec = ctx->route ? civic_plugin_route(ctx->route, &other) : NULL;
    timeout = spec && spec->timeout ? spec->timeout
                                    : plugin->department->timeout;

    if (civic_value_set_table(value, pool, 0, 12) != NGX_OK
        || civic_value_add_string(value, pool, "method", &method) != NGX_OK
        || civic_value_add_string(value, pool, "path", &r->uri) != NGX_OK
        || civic_value_add_string(value, pool, "trace", &trace) != NGX_OK
        || civic_value_add_string(value, pool, "language", language)
           != NGX_OK
        || civic_host_value_deadline(value, pool, timeout) != NGX_OK
        || civic_host_value_params(value, pool, ctx) != NGX_OK
        || civic_host_value_headers(value, pool, r) != NGX_OK
        || civic_host_value_caller(value, pool, ctx->identity) != NGX_OK
        || civic_host_value_claims(value, pool, plugin, ctx->identity)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    rc = civic_host_value_query(value, pool, r);

    return rc;
}


ngx_int_t
civic_host_request_value_call(const civic_host_request_call_t *call,
    ngx_pool_t *pool, civic_value_t *value)
{
    u_char         *p;
    ngx_str_t       id;
    civic_value_t  *caller;

    id.len = sizeof("plugin:") - 1 + call->caller.len;
    id.data = ngx_pnalloc(pool, id.len);
    if (id.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(id.data, "plugin:", sizeof("plugin:") - 1);
    ngx_memcpy(p, call->caller.data, call->caller.len);

    if (civic_value_set_table(value, pool, 0, 12) != NGX_OK
        || civic_value_add_string(value, pool, "method", &call->method)
           != NGX_OK
        || civic_value_add_string(value, pool, "path", &call->path) != NGX_OK
        || civic_value_add_string(value, pool, "trace", &call->trace)
           != NGX_OK
        || civic_value_add_string(value, pool, "language",
                                  &civic_host_value_languages[call->language])
           != NGX_OK
        || civic_host_value_deadline(value, pool, call->timeout) != NGX_OK
        || civic_host_request_set(value, pool, "params", call->params)
           != NGX_OK
        || civic_host_request_set(value, pool, "query", call->query)
           != NGX_OK
        || (call->body
            && civic_host_request_set(value, pool, "body", call->body)
               != NGX_OK)
        || civic_host_value_table(value, pool, "headers",
                                  CIVIC_VALUE_OBJECT) == NULL
        || civic_host_value_table(value, pool, "claims",
                                  CIVIC_VALUE_OBJECT) == NULL)
    {
        return NGX_ERROR;
    }

    caller = civic_host_value_table(value, pool, "caller",
                                    CIVIC_VALUE_OBJECT);

    if (caller == NULL
        || civic_value_add_string(caller, pool, "id", &id) != NGX_OK
        || civic_value_add_string(caller, pool, "plugin", &call->caller)
           != NGX_OK
        || civic_host_value_table(caller, pool, "scopes", CIVIC_VALUE_ARRAY)
           == NULL
        || civic_host_value_table(caller, pool, "roles", CIVIC_VALUE_ARRAY)
           == NULL)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
civic_host_request_set(civic_value_t *table, ngx_pool_t *pool,
    const char *name, const civic_value_t *value)
{
    civic_value_t  *place;

    place = (civic_value_t *) civic_value_member(table, name);

    if (place == NULL) {
        place = civic_value_add_named(table, pool, name);
        if (place == NULL) {
            return NGX_ERROR;
        }
    }

    *place = *value;

    return NGX_OK;
}


static civic_value_t *
civic_host_value_table(civic_value_t *value, ngx_pool_t *pool,
    const char *name, ngx_uint_t shape)
{
    civic_value_t  *place;

    place = civic_value_add_named(value, pool, name);

    if (place == NULL || civic_value_set_table(place, pool, 4, 4) != NGX_OK) {
        return NULL;
    }

    place->u.table->shape = shape;

    return place;
}


static ngx_int_t
civic_host_value_deadline(civic_value_t *value, ngx_pool_t *pool,
    ngx_msec_t timeout)
{
    return civic_value_add_number(value, pool, "deadline",
                                  (double) (civic_host_now()
                                            + (int64_t) timeout) / 1000);
}


static ngx_int_t
civic_host_value_params(civic_value_t *value, ngx_pool_t *pool,
    const civic_ctx_t *ctx)
{
    ngx_uint_t      i;
    civic_value_t  *params, *param;

    params = civic_host_value_table(value, pool, "params",
                                    CIVIC_VALUE_OBJECT);
    if (params == NULL) {
        return NGX_ERROR;
    }

    if (ctx->route == NULL) {
        return NGX_OK;
    }

    for (i = 0; i < ctx->route->nparams; i++) {

        param = civic_value_add_member(params, pool, &ctx->route->params[i]);
        if (param == NULL) {
            return NGX_ERROR;
        }

        civic_value_set_string(param, &ctx->params[i]);
    }

    return NGX_OK;
}


static ngx_int_t
civic_host_value_query(civic_value_t *value, ngx_pool_t *pool,
    ngx_http_request_t *r)
{
    ngx_int_t             rc;
    civic_value_t         query;
    civic_schema_error_t  err;

    static const civic_plugin_route_spec_t  untyped;

    rc = civic_plugin_query(&r->args, &untyped, pool, &query, &err);

    if (rc == NGX_OK) {
        return civic_host_request_set(value, pool, "query", &query);
    }

    return rc == NGX_ERROR ? NGX_ERROR : NGX_DECLINED;
}


static ngx_int_t
civic_host_value_headers(civic_value_t *value, ngx_pool_t *pool,
    ngx_http_request_t *r)
{
    ngx_uint_t        i;
    civic_value_t    *headers;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    headers = civic_host_value_table(value, pool, "headers",
                                     CIVIC_VALUE_OBJECT);
    if (headers == NULL) {
        return NGX_ERROR;
    }

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (h[i].hash == 0 || civic_host_value_hidden(&h[i])) {
                continue;
            }

            if (civic_host_value_header(headers, pool, &h[i]) != NGX_OK) {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


static ngx_uint_t
civic_host_value_hidden(const ngx_table_elt_t *h)
{
    const ngx_str_t  *hide;

    for (hide = civic_host_value_hide; hide->len; hide++) {

        if (h->key.len < hide->len
            || (h->key.len > hide->len && hide->data[hide->len - 1] != '-'))
        {
            continue;
        }

        if (ngx_strncmp(h->lowcase_key, hide->data, hide->len) == 0) {
            return 1;
        }
    }

    return 0;
}


/* a name that comes again is joined to the first, as RFC 9110 has it */

static ngx_int_t
civic_host_value_header(civic_value_t *headers, ngx_pool_t *pool,
    const ngx_table_elt_t *h)
{
    u_char         *p;
    ngx_str_t       name, joined;
    ngx_uint_t      i;
    civic_pair_t   *pair;
    civic_value_t  *value;

    name.len = h->key.len;
    name.data = h->lowcase_key;

    for (i = 0; i < headers->u.table->npairs; i++) {
        pair = &headers->u.table->pairs[i];

        if (pair->key.u.string.len != name.len
            || ngx_memcmp(pair->key.u.string.data, name.data, name.len) != 0)
        {
            continue;
        }

        joined.len = pair->value.u.string.len + 2 + h->value.len;
        joined.data = ngx_pnalloc(pool, joined.len);
        if (joined.data == NULL) {
            return NGX_ERROR;
        }

        p = ngx_cpymem(joined.data, pair->value.u.string.data,
                       pair->value.u.string.len);
        *p++ = ',';
        *p++ = ' ';
        ngx_memcpy(p, h->value.data, h->value.len);

        civic_value_set_string(&pair->value, &joined);

        return NGX_OK;
    }

    value = civic_value_add_member(headers, pool, &name);
    if (value == NULL) {
        return NGX_ERROR;
    }

    civic_value_set_string(value, &h->value);

    return NGX_OK;
}


/* nil: nobody is known */

static ngx_int_t
civic_host_value_caller(civic_value_t *value, ngx_pool_t *pool,
    const civic_identity_t *identity)
{
    ngx_uint_t        i;
    civic_value_t    *caller;
    const ngx_str_t  *text;

    if (identity == NULL) {
        return NGX_OK;
    }

    caller = civic_host_value_table(value, pool, "caller",
                                    CIVIC_VALUE_OBJECT);
    if (caller == NULL) {
        return NGX_ERROR;
    }

    if (civic_value_add_string(caller, pool, "id", &identity->caller)
           != NGX_OK
        || civic_value_add_string(caller, pool, "subject",
                                  &identity->subject) != NGX_OK
        || civic_value_add_string(caller, pool, "issuer", &identity->issuer)
           != NGX_OK
        || civic_host_value_words(caller, pool, "scopes", &identity->scope)
           != NGX_OK
        || civic_host_value_words(caller, pool, "roles", &identity->roles)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; civic_host_value_known[i].name; i++) {
        text = (const ngx_str_t *) ((const u_char *) identity
                                    + civic_host_value_known[i].offset);

        if (text->len
            && civic_value_add_string(caller, pool,
                                      civic_host_value_known[i].name, text)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_host_value_words(civic_value_t *caller, ngx_pool_t *pool,
    const char *name, const ngx_str_t *list)
{
    u_char         *p, *last;
    ngx_str_t       word;
    civic_value_t  *words, *item;

    words = civic_host_value_table(caller, pool, name, CIVIC_VALUE_ARRAY);
    if (words == NULL) {
        return NGX_ERROR;
    }

    last = list->data + list->len;

    for (word.data = list->data; word.data < last; word.data = p + 1) {

        for (p = word.data; p < last && *p != ' '; p++) {
            /* void */
        }

        word.len = p - word.data;

        item = civic_value_add_item(words, pool);
        if (item == NULL) {
            return NGX_ERROR;
        }

        civic_value_set_string(item, &word);
    }

    return NGX_OK;
}


/* what both the manifest and the operator name */

static ngx_int_t
civic_host_value_claims(civic_value_t *value, ngx_pool_t *pool,
    const civic_plugin_t *plugin, const civic_identity_t *identity)
{
    ngx_int_t            rc;
    ngx_str_t           *name;
    ngx_uint_t           i;
    civic_value_t       *claims, *claim;
    civic_json_t        *json;
    const civic_json_t  *member;

    claims = civic_host_value_table(value, pool, "claims",
                                    CIVIC_VALUE_OBJECT);
    if (claims == NULL) {
        return NGX_ERROR;
    }

    if (identity == NULL
        || identity->claims.len == 0
        || plugin->manifest->claims.nelts == 0)
    {
        return NGX_OK;
    }

    json = civic_json_parse(&identity->claims, identity->claims.len, NULL, 0);
    if (json == NULL) {
        return NGX_ERROR;
    }

    name = plugin->manifest->claims.elts;
    rc = NGX_OK;

    for (i = 0; rc == NGX_OK && i < plugin->manifest->claims.nelts; i++) {

        member = civic_json_path(json, &name[i]);

        if (member == NULL
            || !civic_host_listed(&plugin->department->claims, &name[i]))
        {
            continue;
        }

        claim = civic_value_add_member(claims, pool, &name[i]);

        rc = claim ? civic_value_from_json(claim, pool, member) : NGX_ERROR;
    }

    civic_json_free(json);

    return rc == NGX_OK ? NGX_OK : NGX_ERROR;
}


/* LuaJIT's tables, nodes and strings, and how their rooms double */

size_t
civic_host_request_size(const civic_value_t *value)
{
    size_t          size;
    uint32_t        i;
    civic_table_t  *table;

    if (value->type == CIVIC_VALUE_STRING) {
        return 24 + value->u.string.len;
    }

    if (value->type != CIVIC_VALUE_TABLE) {
        return 0;
    }

    table = value->u.table;
    size = 64 + 16 * (size_t) table->nitems + 36 * (size_t) table->npairs;

    for (i = 0; i < table->nitems; i++) {
        size += civic_host_request_size(&table->items[i]);
    }

    for (i = 0; i < table->npairs; i++) {
        size += civic_host_request_size(&table->pairs[i].key)
                + civic_host_request_size(&table->pairs[i].value);
    }

    return size;
}
