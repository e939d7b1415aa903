
/*
 * Copyright (C) Civic Gate
 *
 * Filters before the service: a step of the pipeline.  An "access" function
 * gets the request without its body, and returns nothing, or headers that
 * the service is to get:
 *
 *     return { headers = { ["X-Risk"] = "low" } }
 *
 * or raises one of its problems.  Where a "response" function will want to
 * read the answer, the service is asked for a plain and whole one.
 */


#include "civic_host_filter_conf.h"


static const ngx_str_t *civic_host_filter_access_function(
    const civic_plugin_t *plugin);
static ngx_uint_t civic_host_filter_access_args(civic_host_filter_ctx_t *f,
    civic_ctx_t *ctx, const civic_plugin_t *plugin, civic_value_t *args);
static ngx_int_t civic_host_filter_access_results(civic_host_filter_ctx_t *f,
    civic_ctx_t *ctx, const civic_host_result_t *result);
static void civic_host_filter_access_wake(ngx_http_request_t *r);
static ngx_int_t civic_host_filter_header_set(civic_host_filter_ctx_t *f,
    const civic_value_t *name, const civic_value_t *value);
static ngx_uint_t civic_host_filter_header_free(
    const civic_header_name_t *header);
static ngx_uint_t civic_host_filter_header_same(ngx_table_elt_t *h,
    void *data);
static ngx_int_t civic_host_filter_plain(civic_host_filter_ctx_t *f);
static ngx_uint_t civic_host_filter_plain_match(ngx_table_elt_t *h,
    void *data);


/* of the names that begin with X-, those that others rely on */

static const ngx_str_t  civic_host_filter_taken[] = {
    ngx_string("x-civic-"),
    ngx_string("x-accel-"),
    ngx_string("x-forwarded-"),
    ngx_string("x-real-"),
    ngx_null_string
};


/* what makes an answer one that cannot be read, or not whole */

static const ngx_str_t  civic_host_filter_unplain[] = {
    ngx_string("accept-encoding"),
    ngx_string("range"),
    ngx_string("if-range"),
    ngx_null_string
};


static const civic_host_filter_stage_t  civic_host_filter_access_stage = {
    civic_host_filter_access_function,
    civic_host_filter_access_args,
    civic_host_filter_access_results,
    civic_host_filter_access_wake
};


ngx_int_t
civic_host_filter_access(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    ngx_int_t                      rc;
    civic_host_filter_ctx_t       *f;
    civic_host_filter_loc_conf_t  *flcf;

    flcf = ngx_http_get_module_loc_conf(r, ngx_http_civic_filters_module);

    if (flcf->uses == NULL) {
        return NGX_DECLINED;
    }

    if (r != r->main) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "civic filter: a location with civic_filter does not "
                      "answer subrequests");
        return civic_refuse(ctx, CIVIC_FILTER_REFUSED, NULL);
    }

    f = ctx->filter;

    if (f == NULL || f->uses != flcf->uses) {

        f = civic_host_filter_open(r, ctx, flcf->uses);
        if (f == NULL) {
            return NGX_ERROR;
        }

        ctx->filter = f;
    }

    if (f->admitted) {
        return NGX_DECLINED;
    }

    rc = civic_host_filter_run(f, ctx, &civic_host_filter_access_stage);

    switch (rc) {

    case NGX_DONE:
        r->read_event_handler = ngx_http_test_reading;
        r->write_event_handler = ngx_http_core_run_phases;
        return NGX_DONE;

    case NGX_DECLINED:
        r->read_event_handler = ngx_http_block_reading;
        f->admitted = 1;
        return civic_host_filter_plain(f);
    }

    return rc;
}


static const ngx_str_t *
civic_host_filter_access_function(const civic_plugin_t *plugin)
{
    return &plugin->manifest->filter_access;
}


static ngx_uint_t
civic_host_filter_access_args(civic_host_filter_ctx_t *f, civic_ctx_t *ctx,
    const civic_plugin_t *plugin, civic_value_t *args)
{
    return civic_host_request_value(f->request, ctx, plugin,
                                    f->request->pool, &args[0])
           == NGX_OK ? 1 : 0;
}


static ngx_int_t
civic_host_filter_access_results(civic_host_filter_ctx_t *f, civic_ctx_t *ctx,
    const civic_host_result_t *result)
{
    ngx_uint_t            i;
    const civic_pair_t   *pair;
    const civic_value_t  *headers;

    if (result->nresults == 0 || result->results[0].type == CIVIC_VALUE_NIL) {
        return NGX_DECLINED;
    }

    headers = civic_value_member(&result->results[0], "headers");

    if (result->nresults > 1
        || headers == NULL
        || headers->type != CIVIC_VALUE_TABLE
        || result->results[0].u.table->npairs != 1)
    {
        return civic_host_filter_misused(f, ctx, "may return nothing, or "
                                         "{ headers = {...} }");
    }

    pair = headers->u.table->pairs;

    for (i = 0; i < headers->u.table->npairs; i++) {

        switch (civic_host_filter_header_set(f, &pair[i].key, &pair[i].value))
        {
        case NGX_OK:
            continue;

        case NGX_DECLINED:
            return civic_host_filter_misused(f, ctx, "gave a header that "
                                             "it may not set");
        }

        return NGX_ERROR;
    }

    return NGX_DECLINED;
}


static void
civic_host_filter_access_wake(ngx_http_request_t *r)
{
    ngx_http_core_run_phases(r);
}


/* NGX_DECLINED: a plugin may not set it.  It replaces what a client sent */

static ngx_int_t
civic_host_filter_header_set(civic_host_filter_ctx_t *f,
    const civic_value_t *name, const civic_value_t *value)
{
    u_char               *lowcase;
    ngx_str_t             text;
    ngx_pool_t           *pool;
    civic_header_name_t  *header;

    pool = f->request->pool;

    if (name->type != CIVIC_VALUE_STRING
        || civic_value_text(value, pool, &text) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    header = ngx_pcalloc(pool, sizeof(civic_header_name_t));
    lowcase = ngx_pnalloc(pool, name->u.string.len + 1);

    if (header == NULL || lowcase == NULL) {
        return NGX_ERROR;
    }

    ngx_strlow(lowcase, name->u.string.data, name->u.string.len);

    /* they outlive the job, in whose pool they are */

    header->lowcase = lowcase;
    header->key.len = name->u.string.len;
    header->key.data = ngx_pstrdup(pool, (ngx_str_t *) &name->u.string);
    text.data = ngx_pstrdup(pool, &text);

    if (header->key.data == NULL || text.data == NULL) {
        return NGX_ERROR;
    }

    if (!civic_host_filter_header_free(header)
        || !civic_auth_headers_clean(&text))
    {
        return NGX_DECLINED;
    }

    if (civic_headers_in_remove(f->request, civic_host_filter_header_same,
                                header)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return civic_headers_in_add(f->request, header, &text);
}


/* X- and letters, digits, hyphens, but not what others rely on */

static ngx_uint_t
civic_host_filter_header_free(const civic_header_name_t *header)
{
    u_char      *p;
    ngx_uint_t   i;

    p = header->lowcase;

    if (header->key.len < 3 || p[0] != 'x' || p[1] != '-') {
        return 0;
    }

    for (i = 0; i < header->key.len; i++) {

        if ((p[i] < 'a' || p[i] > 'z') && (p[i] < '0' || p[i] > '9')
            && p[i] != '-')
        {
            return 0;
        }
    }

    for (i = 0; civic_host_filter_taken[i].len; i++) {

        if (header->key.len >= civic_host_filter_taken[i].len
            && ngx_memcmp(p, civic_host_filter_taken[i].data,
                          civic_host_filter_taken[i].len)
               == 0)
        {
            return 0;
        }
    }

    return 1;
}


/* "X_Risk" becomes the same variable as "X-Risk" in FastCGI's like */

static ngx_uint_t
civic_host_filter_header_same(ngx_table_elt_t *h, void *data)
{
    civic_header_name_t  *header = data;

    u_char      ch;
    ngx_uint_t  i;

    if (h->key.len != header->key.len) {
        return 0;
    }

    for (i = 0; i < h->key.len; i++) {
        ch = h->lowcase_key[i] == '_' ? '-' : h->lowcase_key[i];

        if (ch != header->lowcase[i]) {
            return 0;
        }
    }

    return 1;
}


/*
 * A "response" function reads what the service answers: plain and whole.
 * nginx itself may still compress for the client, who is remembered in
 * headers_in.accept_encoding.
 */

static ngx_int_t
civic_host_filter_plain(civic_host_filter_ctx_t *f)
{
    ngx_uint_t           i;
    ngx_http_request_t  *r;

    r = f->request;

    for (i = 0; i < f->uses->nelts; i++) {

        if (f->items[i].plugin->manifest->filter_response.len) {
            f->responds = 1;
        }
    }

    if (!f->responds) {
        return NGX_DECLINED;
    }

    if (civic_headers_in_remove(r, civic_host_filter_plain_match, NULL)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    r->headers_in.range = NULL;
    r->headers_in.if_range = NULL;

    return NGX_DECLINED;
}


static ngx_uint_t
civic_host_filter_plain_match(ngx_table_elt_t *h, void *data)
{
    const ngx_str_t  *name;

    for (name = civic_host_filter_unplain; name->len; name++) {

        if (h->key.len == name->len
            && ngx_memcmp(h->lowcase_key, name->data, name->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}
