
/*
 * Copyright (C) Civic Gate
 *
 * What may leave of what a plugin answers.  A header is a name and a value
 * without control bytes; those that belong to the connection, to the gate
 * or to nginx are refused, not repaired: the plugin is wrong, and its
 * department should know.
 */


#include "civic_host_response.h"
#include "civic_text.h"


#define CIVIC_HOST_BODY_MAX      (16 * 1024 * 1024)
#define CIVIC_HOST_HEADERS_MAX   64
#define CIVIC_HOST_HEADER_MAX    8192
#define CIVIC_HOST_FIELDS_MAX    (64 * 1024)


typedef struct {
    ngx_str_t    name;
    size_t       offset;               /* in ngx_http_headers_out_t */
} civic_host_response_known_t;


static const char *civic_host_response_wrong(const civic_value_t *headers);
static const char *civic_host_response_wrong_value(const ngx_str_t *name,
    const civic_value_t *value);
static ngx_uint_t civic_host_response_named(const ngx_str_t *name,
    const ngx_str_t *other);
static ngx_int_t civic_host_response_list(ngx_http_request_t *r,
    const ngx_str_t *name, const civic_value_t *values, const char **err);
static ngx_int_t civic_host_response_type(ngx_http_request_t *r,
    const ngx_str_t *value);
static void civic_host_response_remove(ngx_http_request_t *r,
    const ngx_str_t *name);
static ngx_table_elt_t **civic_host_response_slot(ngx_http_request_t *r,
    const ngx_str_t *name);
static ngx_uint_t civic_host_problem_reserved(const ngx_str_t *name);


/* refused; a name that ends in "-" stands for all that begin so */

static const ngx_str_t  civic_host_response_refused[] = {
    ngx_string("Connection"),
    ngx_string("Content-Length"),
    ngx_string("Date"),
    ngx_string("Keep-Alive"),
    ngx_string("Proxy-"),
    ngx_string("Server"),
    ngx_string("TE"),
    ngx_string("Trailer"),
    ngx_string("Transfer-Encoding"),
    ngx_string("Upgrade"),
    ngx_string("X-Accel-"),
    ngx_string("X-Civic-"),
    ngx_null_string
};


/* what nginx and its filters look for elsewhere than in the list */

static const civic_host_response_known_t  civic_host_response_known[] = {
    { ngx_string("Content-Encoding"),
      offsetof(ngx_http_headers_out_t, content_encoding) },
    { ngx_string("Content-Range"),
      offsetof(ngx_http_headers_out_t, content_range) },
    { ngx_string("ETag"), offsetof(ngx_http_headers_out_t, etag) },
    { ngx_string("Expires"), offsetof(ngx_http_headers_out_t, expires) },
    { ngx_string("Last-Modified"),
      offsetof(ngx_http_headers_out_t, last_modified) },
    { ngx_string("Refresh"), offsetof(ngx_http_headers_out_t, refresh) },
    { ngx_null_string, 0 }
};


/* members of a problem that are the gate's to say */

static const ngx_str_t  civic_host_problem_names[] = {
    ngx_string("type"),
    ngx_string("title"),
    ngx_string("status"),
    ngx_string("code"),
    ngx_string("detail"),
    ngx_string("instance"),
    ngx_string("trace"),
    ngx_null_string
};


ngx_int_t
civic_host_response_read(const civic_value_t *results, ngx_uint_t n,
    civic_host_response_t *response, const char **err)
{
    int64_t              status;
    const civic_value_t  *body, *headers;

    body = n > 1 && results[1].type != CIVIC_VALUE_NIL ? &results[1] : NULL;
    headers = n > 2 && results[2].type != CIVIC_VALUE_NIL ? &results[2]
                                                           : NULL;

    if (n == 0 || results[0].type == CIVIC_VALUE_NIL) {
        status = body ? NGX_HTTP_OK : NGX_HTTP_NO_CONTENT;

    } else if (civic_value_integer(&results[0], &status) != NGX_OK
               || status < 200 || status > 599)
    {
        *err = "the status is no number from 200 to 599";
        return NGX_DECLINED;
    }

    if (body
        && (status == NGX_HTTP_NO_CONTENT
            || status == NGX_HTTP_NOT_MODIFIED))
    {
        *err = "an answer with status 204 or 304 has no body";
        return NGX_DECLINED;
    }

    if (body
        && body->type != CIVIC_VALUE_STRING
        && body->type != CIVIC_VALUE_TABLE)
    {
        *err = "the body is neither table nor string";
        return NGX_DECLINED;
    }

    if (headers
        && (headers->type != CIVIC_VALUE_TABLE
            || headers->u.table->nitems
            || headers->u.table->npairs > CIVIC_HOST_HEADERS_MAX))
    {
        *err = "the headers are no table of at most 64 names";
        return NGX_DECLINED;
    }

    response->status = (ngx_uint_t) status;
    response->body = body;
    response->headers = headers;

    *err = headers ? civic_host_response_wrong(headers) : NULL;

    return *err ? NGX_DECLINED : NGX_OK;
}


/* before anything is sent, so that it can still be an answer of its own */

static const char *
civic_host_response_wrong(const civic_value_t *headers)
{
    ngx_str_t             name;
    ngx_uint_t            i, j;
    const char           *err;
    const civic_pair_t   *pair;
    const civic_table_t  *list;

    for (i = 0; i < headers->u.table->npairs; i++) {
        pair = &headers->u.table->pairs[i];

        if (civic_value_string(&pair->key, &name) != NGX_OK) {
            return "a header's name is no string";
        }

        if (pair->value.type != CIVIC_VALUE_TABLE) {
            err = civic_host_response_wrong_value(&name, &pair->value);

            if (err) {
                return err;
            }

            continue;
        }

        list = pair->value.u.table;

        if (list->npairs || list->nitems > CIVIC_HOST_HEADERS_MAX) {
            return "a header's values are no list";
        }

        for (j = 0; j < list->nitems; j++) {
            err = civic_host_response_wrong_value(&name, &list->items[j]);

            if (err) {
                return err;
            }
        }
    }

    return NULL;
}


static const char *
civic_host_response_wrong_value(const ngx_str_t *name,
    const civic_value_t *value)
{
    static const ngx_str_t  number = ngx_string("0");

    switch (value->type) {

    case CIVIC_VALUE_STRING:
        return civic_host_response_check(name, &value->u.string);

    case CIVIC_VALUE_NUMBER:
        return civic_host_response_check(name, &number);

    default:
        return "a header's value is neither string nor number";
    }
}


const char *
civic_host_response_check(const ngx_str_t *name, const ngx_str_t *value)
{
    const ngx_str_t  *refused;

    if (!civic_text_token(name) || name->len > CIVIC_HOST_HEADER_MAX) {
        return "a header's name is no word";
    }

    for (refused = civic_host_response_refused; refused->len; refused++) {

        if (civic_host_response_named(name, refused)) {
            return "a header belongs to the connection or to the gate";
        }
    }

    if (value->len > CIVIC_HOST_HEADER_MAX) {
        return "a header's value is too long";
    }

    return civic_text_value(value) ? NULL
                                   : "a header's value has control bytes";
}


static ngx_uint_t
civic_host_response_named(const ngx_str_t *name, const ngx_str_t *other)
{
    if (other->data[other->len - 1] == '-') {
        return name->len >= other->len
               && ngx_strncasecmp(name->data, other->data, other->len) == 0;
    }

    return name->len == other->len
           && ngx_strncasecmp(name->data, other->data, other->len) == 0;
}


ngx_int_t
civic_host_response_headers(ngx_http_request_t *r,
    const civic_value_t *headers, const char **err)
{
    ngx_int_t       rc;
    ngx_str_t       name, value;
    ngx_uint_t      i;
    civic_pair_t   *pair;
    civic_table_t  *table;

    if (headers == NULL || headers->type != CIVIC_VALUE_TABLE) {
        return NGX_OK;
    }

    table = headers->u.table;

    for (i = 0; i < table->npairs; i++) {
        pair = &table->pairs[i];

        if (civic_value_string(&pair->key, &name) != NGX_OK) {
            *err = "a header's name is no string";
            return NGX_DECLINED;
        }

        if (pair->value.type == CIVIC_VALUE_TABLE) {
            rc = civic_host_response_list(r, &name, &pair->value, err);

            if (rc != NGX_OK) {
                return rc;
            }

            continue;
        }

        rc = civic_value_text(&pair->value, r->pool, &value);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        *err = rc == NGX_OK ? civic_host_response_check(&name, &value)
                            : "a header's value is neither string nor number";
        if (*err) {
            return NGX_DECLINED;
        }

        if (civic_host_response_header(r, &name, &value, 1) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_host_response_list(ngx_http_request_t *r, const ngx_str_t *name,
    const civic_value_t *values, const char **err)
{
    ngx_int_t   rc;
    ngx_str_t   value;
    ngx_uint_t  i;

    if (values->u.table->npairs
        || values->u.table->nitems > CIVIC_HOST_HEADERS_MAX)
    {
        *err = "a header's values are no list";
        return NGX_DECLINED;
    }

    for (i = 0; i < values->u.table->nitems; i++) {

        rc = civic_value_text(&values->u.table->items[i], r->pool, &value);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        *err = rc == NGX_OK ? civic_host_response_check(name, &value)
                            : "a header's value is neither string nor number";
        if (*err) {
            return NGX_DECLINED;
        }

        if (civic_host_response_header(r, name, &value, i == 0) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
civic_host_response_header(ngx_http_request_t *r, const ngx_str_t *name,
    const ngx_str_t *value, ngx_uint_t replace)
{
    u_char            *p;
    ngx_str_t          copy;
    ngx_table_elt_t   *h, **slot;

    static const ngx_str_t  type = ngx_string("Content-Type");

    p = ngx_pnalloc(r->pool, name->len + value->len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    copy.len = value->len;
    copy.data = p + name->len;
    ngx_memcpy(p, name->data, name->len);
    ngx_memcpy(copy.data, value->data, value->len);

    if (civic_host_response_named(name, &type)) {
        return civic_host_response_type(r, &copy);
    }

    if (replace) {
        civic_host_response_remove(r, name);
    }

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->hash = 1;
    h->key.len = name->len;
    h->key.data = p;
    h->value = copy;

    slot = civic_host_response_slot(r, name);

    if (slot != NULL) {
        *slot = h;
    }

    return NGX_OK;
}


static ngx_int_t
civic_host_response_type(ngx_http_request_t *r, const ngx_str_t *value)
{
    r->headers_out.content_type = *value;
    r->headers_out.content_type_len = value->len;
    r->headers_out.content_type_lowcase = NULL;
    ngx_str_null(&r->headers_out.charset);

    return NGX_OK;
}


static void
civic_host_response_remove(ngx_http_request_t *r, const ngx_str_t *name)
{
    ngx_uint_t         i;
    ngx_list_part_t   *part;
    ngx_table_elt_t   *h, **slot;

    for (part = &r->headers_out.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (civic_host_response_named(&h[i].key, name)) {
                h[i].hash = 0;
            }
        }
    }

    slot = civic_host_response_slot(r, name);

    if (slot != NULL) {
        *slot = NULL;
    }
}


static ngx_table_elt_t **
civic_host_response_slot(ngx_http_request_t *r, const ngx_str_t *name)
{
    const civic_host_response_known_t  *known;

    for (known = civic_host_response_known; known->name.len; known++) {

        if (civic_host_response_named(name, &known->name)) {
            return (ngx_table_elt_t **) ((char *) &r->headers_out
                                         + known->offset);
        }
    }

    return NULL;
}


ngx_int_t
civic_host_response_body(const civic_value_t *body, ngx_pool_t *pool,
    ngx_str_t *text, ngx_str_t *type, const char **err)
{
    if (body->type == CIVIC_VALUE_STRING) {
        *text = body->u.string;
        ngx_str_set(type, "text/plain");

        return NGX_OK;
    }

    ngx_str_set(type, "application/json");

    return civic_value_to_json(body, pool, CIVIC_HOST_BODY_MAX, text, err);
}


const civic_plugin_problem_t *
civic_host_problem_find(const civic_plugin_t *plugin, const ngx_str_t *code)
{
    ngx_uint_t               i;
    civic_plugin_problem_t  *problem;

    problem = plugin->manifest->problems.elts;

    for (i = 0; i < plugin->manifest->problems.nelts; i++) {

        if (problem[i].code.len == code->len
            && ngx_strncmp(problem[i].code.data, code->data, code->len) == 0)
        {
            return &problem[i];
        }
    }

    return NULL;
}


ngx_uint_t
civic_host_response_retry(const civic_value_t *fields)
{
    int64_t  seconds;

    if (fields == NULL
        || civic_value_integer(civic_value_member(fields, "retry_after"),
                               &seconds) != NGX_OK
        || seconds < 1 || seconds > 86400)
    {
        return 0;
    }

    return (ngx_uint_t) seconds;
}


ngx_int_t
civic_host_response_retry_after(ngx_http_request_t *r, ngx_uint_t seconds)
{
    ngx_str_t  value;

    if (seconds == 0) {
        return NGX_OK;
    }

    value.data = ngx_pnalloc(r->pool, NGX_INT_T_LEN);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    value.len = ngx_sprintf(value.data, "%ui", seconds) - value.data;

    return civic_headers_out_add(r, "Retry-After", &value) ? NGX_OK
                                                           : NGX_ERROR;
}


ngx_int_t
civic_host_problem_note(civic_ctx_t *ctx, const civic_plugin_t *plugin,
    const ngx_str_t *code, const civic_value_t *fields)
{
    ngx_int_t                      rc;
    ngx_str_t                      detail;
    const char                    *err;
    ngx_pool_t                    *pool;
    civic_problem_own_t           *own;
    const civic_plugin_problem_t  *problem;

    static const ngx_str_t  store = ngx_string("store-unavailable");

    if (civic_host_response_named(code, &store)) {
        return civic_refuse(ctx, CIVIC_STORE_UNAVAILABLE, NULL);
    }

    problem = civic_host_problem_find(plugin, code);

    if (problem == NULL) {
        return civic_refuse(ctx, CIVIC_RUN_FAILED, NULL);
    }

    pool = ctx->request->pool;

    own = ngx_pcalloc(pool, sizeof(civic_problem_own_t));
    if (own == NULL) {
        return NGX_ERROR;
    }

    /* the version may be gone before the request is logged */

    own->code.len = problem->code.len;
    own->code.data = ngx_pstrdup(pool, (ngx_str_t *) &problem->code);
    own->title[0].len = problem->title.zh.len;
    own->title[0].data = ngx_pstrdup(pool, (ngx_str_t *) &problem->title.zh);
    own->title[1].len = problem->title.en.len;
    own->title[1].data = ngx_pstrdup(pool, (ngx_str_t *) &problem->title.en);

    if (own->code.data == NULL
        || own->title[0].data == NULL
        || own->title[1].data == NULL)
    {
        return NGX_ERROR;
    }

    ngx_str_null(&detail);

    if (civic_value_string(civic_value_member(fields, "detail"), &detail)
        == NGX_OK
        && !civic_json_is_utf8(&detail))
    {
        ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, 0,
                      "civic plugin: \"%V\" raised \"%V\" with a detail that "
                      "is no UTF-8", &plugin->name, code);
        ngx_str_null(&detail);
    }

    if (detail.len) {
        own->detail.len = detail.len;
        own->detail.data = ngx_pstrdup(pool, &detail);

        if (own->detail.data == NULL) {
            return NGX_ERROR;
        }
    }

    rc = civic_host_problem_members(fields, pool, &own->members, &err);

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc == NGX_DECLINED) {
        ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, 0,
                      "civic plugin: \"%V\" raised \"%V\" with fields that "
                      "are no JSON: %s", &plugin->name, code, err);
        ngx_str_null(&own->members);
    }

    (void) civic_refuse(ctx, CIVIC_PLUGIN_PROBLEM, NULL);

    if (ctx == ctx->main) {
        ctx->own = own;
    }

    return (ngx_int_t) problem->status;
}


ngx_int_t
civic_host_problem_members(const civic_value_t *fields, ngx_pool_t *pool,
    ngx_str_t *members, const char **err)
{
    ngx_int_t       rc;
    ngx_str_t       name;
    ngx_uint_t      i;
    civic_pair_t   *pair;
    civic_value_t   extra, *value;

    ngx_str_null(members);

    if (fields == NULL
        || fields->type != CIVIC_VALUE_TABLE
        || fields->u.table->npairs == 0)
    {
        return NGX_OK;
    }

    if (civic_value_set_table(&extra, pool, 0, fields->u.table->npairs)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    extra.u.table->shape = CIVIC_VALUE_OBJECT;

    for (i = 0; i < fields->u.table->npairs; i++) {
        pair = &fields->u.table->pairs[i];

        if (civic_value_string(&pair->key, &name) != NGX_OK
            || civic_host_problem_reserved(&name))
        {
            continue;
        }

        value = civic_value_add_member(&extra, pool, &name);
        if (value == NULL) {
            return NGX_ERROR;
        }

        *value = pair->value;
    }

    if (extra.u.table->npairs == 0) {
        return NGX_OK;
    }

    rc = civic_value_to_json(&extra, pool, CIVIC_HOST_FIELDS_MAX, members,
                             err);

    /* "{...}" becomes ",..." */

    if (rc == NGX_OK) {
        members->data[0] = ',';
        members->len--;
    }

    return rc;
}


static ngx_uint_t
civic_host_problem_reserved(const ngx_str_t *name)
{
    const ngx_str_t  *reserved;

    for (reserved = civic_host_problem_names; reserved->len; reserved++) {

        if (reserved->len == name->len
            && ngx_strncmp(reserved->data, name->data, name->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}
