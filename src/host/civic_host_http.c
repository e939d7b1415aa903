
/*
 * Copyright (C) Civic Gate
 *
 * civic.http and civic.forward: requests to remotes that the plugin was
 * granted.  What they may say, byte by byte, is decided in remote/; here
 * values become a request, and an answer becomes values.  The answer to
 * civic.forward is streamed by whoever ordered the job.
 */


#include "civic_host_http.h"
#include "civic_host_operations.h"


#define CIVIC_HOST_HTTP_HEADERS  64
#define CIVIC_HOST_HTTP_BODY     (4 * 1024 * 1024)


static ngx_int_t civic_host_http_path(const civic_value_t *options,
    ngx_pool_t *pool, civic_remote_request_t *request, const char **err);
static ngx_int_t civic_host_http_pair(const ngx_str_t *name,
    const civic_value_t *value, ngx_pool_t *pool, ngx_array_t *text);
static ngx_int_t civic_host_http_push(ngx_array_t *text,
    const ngx_str_t *word);
static ngx_int_t civic_host_http_headers(const civic_value_t *options,
    ngx_pool_t *pool, ngx_array_t *headers, const char **err);
static ngx_int_t civic_host_http_body(const civic_value_t *options,
    ngx_pool_t *pool, ngx_array_t *headers, civic_remote_request_t *request,
    const char **err);
static void civic_host_http_done(void *data, ngx_uint_t error,
    const civic_remote_response_t *response);
static ngx_int_t civic_host_http_value(civic_host_job_t *job,
    const civic_remote_response_t *response);
static ngx_int_t civic_host_http_value_header(civic_value_t *headers,
    ngx_pool_t *pool, const ngx_keyval_t *header);
static void civic_host_http_cancel(civic_host_job_t *job);


static const civic_remote_handlers_t  civic_host_http_handlers = {
    civic_host_http_done, NULL, NULL
};


/* (remote, {...}) -> {status, headers, body}, or nil, code */

ngx_int_t
civic_host_http_request(civic_host_job_t *job,
    const civic_lua_operation_t *op)
{
    ngx_int_t                rc;
    ngx_str_t                name;
    const char              *err;
    civic_remote_call_t     *call;
    const civic_value_t     *options;
    civic_remote_request_t   request;

    if ((rc = civic_host_arg_string(job, op, 0, &name)) != NGX_OK
        || (rc = civic_host_arg_table(job, op, 1, &options)) != NGX_OK)
    {
        return rc;
    }

    rc = civic_host_http_build(options, job->step, &request, &err);

    if (rc == NGX_DECLINED) {
        return civic_host_job_fail(job, "http: %s", err);
    }

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    call = civic_remote_start(
               civic_host_remote(job->plugin->department, &name), &request,
               &civic_host_http_handlers, job);

    if (call == NULL) {
        return NGX_ERROR;
    }

    return civic_host_job_park(job, civic_host_http_cancel, call);
}


/* (remote, {...}): the run ends here, and the answer is streamed */

ngx_int_t
civic_host_forward(civic_host_job_t *job, const civic_lua_operation_t *op)
{
    ngx_int_t                rc;
    const char              *err;
    const civic_value_t     *options;
    civic_remote_request_t   request;

    if (!job->forward) {
        return civic_host_job_fail(job, "forward: only the answer to a "
                                   "client's request can be streamed");
    }

    rc = civic_host_arg_table(job, op, 1, &options);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = civic_host_http_build(options, job->step, &request, &err);

    if (rc == NGX_DECLINED) {
        return civic_host_job_fail(job, "forward: %s", err);
    }

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    job->result.outcome = CIVIC_HOST_FORWARD;
    job->result.results = op->args;
    job->result.nresults = op->nargs;
    job->outcome = CIVIC_PLUGIN_ANSWERED;

    return NGX_DONE;
}


ngx_int_t
civic_host_http_build(const civic_value_t *options, ngx_pool_t *pool,
    civic_remote_request_t *request, const char **err)
{
    double                seconds;
    ngx_int_t             rc;
    ngx_array_t           headers;
    const civic_value_t  *value;

    ngx_memzero(request, sizeof(civic_remote_request_t));

    if (ngx_array_init(&headers, pool, 4, sizeof(ngx_keyval_t)) != NGX_OK) {
        return NGX_ERROR;
    }

    value = civic_value_member(options, "method");

    if (value == NULL) {
        ngx_str_set(&request->method, "GET");

    } else if (civic_value_string(value, &request->method) != NGX_OK) {
        *err = "\"method\" is no string";
        return NGX_DECLINED;
    }

    value = civic_value_member(options, "timeout");

    if (value != NULL) {

        if (civic_value_number(value, &seconds) != NGX_OK
            || !(seconds > 0 && seconds <= 3600))
        {
            *err = "\"timeout\" is no number of seconds above 0";
            return NGX_DECLINED;
        }

        request->timeout = (ngx_msec_t) (seconds * 1000) + 1;
    }

    if ((rc = civic_host_http_path(options, pool, request, err)) != NGX_OK
        || (rc = civic_host_http_headers(options, pool, &headers, err))
           != NGX_OK
        || (rc = civic_host_http_body(options, pool, &headers, request, err))
           != NGX_OK)
    {
        return rc;
    }

    request->headers = headers.elts;
    request->nheaders = headers.nelts;

    return NGX_OK;
}


static ngx_int_t
civic_host_http_path(const civic_value_t *options, ngx_pool_t *pool,
    civic_remote_request_t *request, const char **err)
{
    const civic_value_t  *value;

    value = civic_value_member(options, "path");

    if (value == NULL) {
        ngx_str_set(&request->path, "/");

    } else if (civic_value_string(value, &request->path) != NGX_OK) {
        *err = "\"path\" is no string";
        return NGX_DECLINED;
    }

    value = civic_value_member(options, "query");

    if (value == NULL) {
        return NGX_OK;
    }

    return civic_host_http_query(value, pool, &request->path, err);
}


ngx_int_t
civic_host_http_query(const civic_value_t *query, ngx_pool_t *pool,
    ngx_str_t *path, const char **err)
{
    u_char         *p;
    size_t          len;
    ngx_int_t       rc;
    ngx_str_t       name, *word;
    ngx_uint_t      i, j;
    ngx_array_t     text;
    civic_value_t  *value;
    civic_table_t  *table;

    *err = "\"query\" is no table of names and texts";

    if (query->type != CIVIC_VALUE_TABLE || query->u.table->nitems) {
        return NGX_DECLINED;
    }

    if (ngx_array_init(&text, pool, 8, sizeof(ngx_str_t)) != NGX_OK) {
        return NGX_ERROR;
    }

    table = query->u.table;

    for (i = 0; i < table->npairs; i++) {

        value = &table->pairs[i].value;

        if (civic_value_string(&table->pairs[i].key, &name) != NGX_OK) {
            return NGX_DECLINED;
        }

        if (value->type != CIVIC_VALUE_TABLE) {
            rc = civic_host_http_pair(&name, value, pool, &text);

            if (rc != NGX_OK) {
                return rc;
            }

            continue;
        }

        for (j = 0; j < value->u.table->nitems; j++) {
            rc = civic_host_http_pair(&name, &value->u.table->items[j], pool,
                                      &text);
            if (rc != NGX_OK) {
                return rc;
            }
        }
    }

    word = text.elts;
    len = path->len + 1;

    for (i = 0; i < text.nelts; i++) {
        len += word[i].len + 1;
    }

    p = ngx_pnalloc(pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    len = path->len;
    name = *path;
    path->data = p;
    p = ngx_cpymem(p, name.data, len);

    /* words come as name, value, name, value */

    for (i = 0; i < text.nelts; i++) {
        *p++ = i % 2 ? '='
               : (i || ngx_strlchr(name.data, name.data + len, '?')) ? '&'
               : '?';
        p = ngx_cpymem(p, word[i].data, word[i].len);
    }

    path->len = p - path->data;

    return NGX_OK;
}


static ngx_int_t
civic_host_http_pair(const ngx_str_t *name, const civic_value_t *value,
    ngx_pool_t *pool, ngx_array_t *text)
{
    ngx_int_t  rc;
    ngx_str_t  word;

    if (value->type == CIVIC_VALUE_BOOLEAN) {
        word.len = value->u.boolean ? 4 : 5;
        word.data = (u_char *) (value->u.boolean ? "true" : "false");

    } else {
        rc = civic_value_text(value, pool, &word);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (civic_host_http_push(text, name) != NGX_OK) {
        return NGX_ERROR;
    }

    return civic_host_http_push(text, &word);
}


/* percent-encoded, all but RFC 3986's unreserved characters */

static ngx_int_t
civic_host_http_push(ngx_array_t *text, const ngx_str_t *word)
{
    u_char     *p, c;
    size_t      i;
    ngx_str_t  *to;

    static u_char  hex[] = "0123456789ABCDEF";

    to = ngx_array_push(text);
    if (to == NULL) {
        return NGX_ERROR;
    }

    p = ngx_pnalloc(text->pool, 3 * word->len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    to->data = p;

    for (i = 0; i < word->len; i++) {
        c = word->data[i];

        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
            || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_'
            || c == '~')
        {
            *p++ = c;
            continue;
        }

        *p++ = '%';
        *p++ = hex[c >> 4];
        *p++ = hex[c & 15];
    }

    to->len = p - to->data;

    return NGX_OK;
}


static ngx_int_t
civic_host_http_headers(const civic_value_t *options, ngx_pool_t *pool,
    ngx_array_t *headers, const char **err)
{
    ngx_int_t             rc;
    ngx_uint_t            i;
    ngx_keyval_t         *header;
    const civic_table_t  *table;
    const civic_value_t  *value;

    value = civic_value_member(options, "headers");

    if (value == NULL) {
        return NGX_OK;
    }

    *err = "\"headers\" is no table of at most 64 names and texts";

    if (value->type != CIVIC_VALUE_TABLE
        || value->u.table->nitems
        || value->u.table->npairs > CIVIC_HOST_HTTP_HEADERS)
    {
        return NGX_DECLINED;
    }

    table = value->u.table;

    for (i = 0; i < table->npairs; i++) {

        header = ngx_array_push(headers);
        if (header == NULL) {
            return NGX_ERROR;
        }

        if (civic_value_string(&table->pairs[i].key, &header->key) != NGX_OK)
        {
            return NGX_DECLINED;
        }

        rc = civic_value_text(&table->pairs[i].value, pool, &header->value);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


/* a string as it is, a table as JSON */

static ngx_int_t
civic_host_http_body(const civic_value_t *options, ngx_pool_t *pool,
    ngx_array_t *headers, civic_remote_request_t *request, const char **err)
{
    ngx_uint_t            i;
    ngx_keyval_t         *header;
    const civic_value_t  *value;

    value = civic_value_member(options, "body");

    if (value == NULL || value->type == CIVIC_VALUE_NIL) {
        return NGX_OK;
    }

    if (value->type == CIVIC_VALUE_STRING) {
        request->body = value->u.string;
        return NGX_OK;
    }

    if (value->type != CIVIC_VALUE_TABLE) {
        *err = "\"body\" is neither string nor table";
        return NGX_DECLINED;
    }

    header = headers->elts;

    for (i = 0; i < headers->nelts; i++) {

        if (header[i].key.len == sizeof("Content-Type") - 1
            && ngx_strncasecmp(header[i].key.data, (u_char *) "Content-Type",
                               header[i].key.len)
               == 0)
        {
            break;
        }
    }

    if (i == headers->nelts) {
        header = ngx_array_push(headers);
        if (header == NULL) {
            return NGX_ERROR;
        }

        ngx_str_set(&header->key, "Content-Type");
        ngx_str_set(&header->value, "application/json");
    }

    return civic_value_to_json(value, pool, CIVIC_HOST_HTTP_BODY,
                               &request->body, err);
}


static void
civic_host_http_done(void *data, ngx_uint_t error,
    const civic_remote_response_t *response)
{
    civic_host_job_t *job = data;

    const ngx_str_t  *code;

    if (error != CIVIC_REMOTE_OK) {
        code = civic_remote_code(error);

        civic_value_set_nil(&job->answer.own[0]);
        civic_value_set_string(&job->answer.own[1], code);
        (void) civic_host_job_give(job, job->answer.own, 2);

    } else if (civic_host_http_value(job, response) != NGX_OK) {
        (void) civic_host_job_fail(job, "no memory");
    }

    civic_host_job_resume(job);
}


static ngx_int_t
civic_host_http_value(civic_host_job_t *job,
    const civic_remote_response_t *response)
{
    ngx_uint_t      i;
    ngx_keyval_t   *header;
    civic_value_t  *answer, *headers;

    static const ngx_str_t  name = ngx_string("headers");

    answer = &job->answer.own[0];

    if (civic_value_set_table(answer, job->step, 0, 3) != NGX_OK
        || civic_value_add_number(answer, job->step, "status",
                                  (double) response->status) != NGX_OK
        || civic_value_add_string(answer, job->step, "body",
                                  &response->body) != NGX_OK)
    {
        return NGX_ERROR;
    }

    headers = civic_value_add_member(answer, job->step, &name);

    if (headers == NULL
        || civic_value_set_table(headers, job->step, 0,
                                 response->headers.nelts) != NGX_OK)
    {
        return NGX_ERROR;
    }

    header = response->headers.elts;

    for (i = 0; i < response->headers.nelts; i++) {

        if (civic_host_http_value_header(headers, job->step, &header[i])
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return civic_host_job_give(job, answer, 1);
}


/* lower-case names; values of one name are joined as RFC 9110 allows */

static ngx_int_t
civic_host_http_value_header(civic_value_t *headers, ngx_pool_t *pool,
    const ngx_keyval_t *header)
{
    u_char         *p;
    ngx_str_t       name, joined;
    ngx_uint_t      i;
    civic_pair_t   *pair;
    civic_value_t  *value;

    name.len = header->key.len;
    name.data = ngx_pnalloc(pool, name.len + 1);
    if (name.data == NULL) {
        return NGX_ERROR;
    }

    ngx_strlow(name.data, header->key.data, name.len);

    for (i = 0; i < headers->u.table->npairs; i++) {
        pair = &headers->u.table->pairs[i];

        if (pair->key.u.string.len != name.len
            || ngx_memcmp(pair->key.u.string.data, name.data, name.len) != 0)
        {
            continue;
        }

        joined.len = pair->value.u.string.len + 2 + header->value.len;
        joined.data = ngx_pnalloc(pool, joined.len);
        if (joined.data == NULL) {
            return NGX_ERROR;
        }

        p = ngx_cpymem(joined.data, pair->value.u.string.data,
                       pair->value.u.string.len);
        *p++ = ',';
        *p++ = ' ';
        ngx_memcpy(p, header->value.data, header->value.len);

        civic_value_set_string(&pair->value, &joined);

        return NGX_OK;
    }

    value = civic_value_add_member(headers, pool, &name);
    if (value == NULL) {
        return NGX_ERROR;
    }

    civic_value_set_string(value, &header->value);

    return NGX_OK;
}


static void
civic_host_http_cancel(civic_host_job_t *job)
{
    civic_remote_cancel(job->waiting);
}
