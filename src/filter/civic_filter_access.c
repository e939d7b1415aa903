
/*
 * Copyright (C) Civic Gate
 *
 * Filters before the service.  An "access" function gets the request
 * without its body, and returns nothing, or headers that the service is to
 * get:
 *
 *     return { headers = { ["X-Risk"] = "low" } }
 *
 * or raises one of its problems.
 */


#include "civic_filter_conf.h"
#include "civic_filter_value.h"
#include "civic_host_response.h"
#include "civic_wait.h"


static ngx_int_t civic_filter_access_args(civic_filter_ctx_t *f,
    const civic_plugin_t *plugin, ngx_pool_t *pool, civic_value_t *args);
static ngx_int_t civic_filter_access_results(civic_filter_ctx_t *f,
    const civic_host_result_t *result);
static void civic_filter_access_wake(ngx_http_request_t *r);
static ngx_int_t civic_filter_access_set(civic_filter_ctx_t *f,
    const civic_value_t *name, const civic_value_t *value);
static ngx_uint_t civic_filter_access_free(const ngx_str_t *name);
static ngx_uint_t civic_filter_access_same(ngx_table_elt_t *h, void *data);


/* of the names that begin with X-, those that others rely on */

static const ngx_str_t  civic_filter_access_taken[] = {
    ngx_string("x-accel-"),
    ngx_string("x-civic-"),
    ngx_string("x-forwarded-"),
    ngx_string("x-real-"),
    ngx_null_string
};


static const civic_filter_stage_t  civic_filter_access_stage = {
    offsetof(civic_plugin_manifest_t, filter_access),
    1,
    civic_filter_access_args,
    civic_filter_access_results,
    civic_filter_access_wake
};


ngx_int_t
civic_filter_plugins_access(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    ngx_int_t                 rc;
    civic_filter_ctx_t       *f;
    civic_filter_loc_conf_t  *flcf;

    flcf = ngx_http_get_module_loc_conf(r, ngx_http_civic_filters_module);

    if (flcf->uses == NULL) {
        return NGX_DECLINED;
    }

    if (r != r->main) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "civic filter: a location with civic_filter answers "
                      "no subrequests");

        return civic_refuse(ctx, CIVIC_INTERNAL, NULL);
    }

    f = ctx->filter;

    if (f == NULL || f->left) {

        f = civic_filter_open(r, ctx, flcf->uses);
        if (f == NULL) {
            return NGX_ERROR;
        }

        ctx->filter = f;
    }

    if (f->admitted) {
        return NGX_DECLINED;
    }

    rc = civic_filter_run(f, &civic_filter_access_stage);

    switch (rc) {

    case NGX_DONE:
        return civic_wait_park(r);

    case NGX_DECLINED:
        civic_wait_end(r);
        f->admitted = 1;
        return civic_filter_ask(f);

    case NGX_ERROR:
        return NGX_ERROR;
    }

    return civic_host_response_retry_after(r, f->retry) == NGX_OK
           ? rc : NGX_ERROR;
}


static void
civic_filter_access_wake(ngx_http_request_t *r)
{
    r->write_event_handler(r);
}


static ngx_int_t
civic_filter_access_args(civic_filter_ctx_t *f, const civic_plugin_t *plugin,
    ngx_pool_t *pool, civic_value_t *args)
{
    return civic_filter_value_request(f, plugin, pool, &args[0]);
}


static ngx_int_t
civic_filter_access_results(civic_filter_ctx_t *f,
    const civic_host_result_t *result)
{
    ngx_int_t             rc;
    ngx_uint_t            i;
    civic_table_t        *table;
    const civic_value_t  *headers;

    if (result->nresults == 0 || result->results[0].type == CIVIC_VALUE_NIL) {
        return NGX_DECLINED;
    }

    headers = civic_value_member(&result->results[0], "headers");

    if (headers == NULL
        || headers->type != CIVIC_VALUE_TABLE
        || headers->u.table->nitems
        || result->results[0].u.table->nitems
        || result->results[0].u.table->npairs != 1)
    {
        return civic_filter_misused(f, "\"access\" returned neither nothing "
                                    "nor { headers = {...} }");
    }

    table = headers->u.table;

    for (i = 0; i < table->npairs; i++) {

        rc = civic_filter_access_set(f, &table->pairs[i].key,
                                     &table->pairs[i].value);
        if (rc == NGX_DECLINED) {
            return civic_filter_misused(f, "\"access\" gave a header that it "
                                        "may not set");
        }

        if (rc != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_DECLINED;
}


/*
 * NGX_DECLINED: no plugin may set it.  It takes the place of whatever the
 * client sent under that name.
 */

static ngx_int_t
civic_filter_access_set(civic_filter_ctx_t *f, const civic_value_t *name,
    const civic_value_t *value)
{
    ngx_int_t             rc;
    ngx_str_t             key, text;
    ngx_pool_t           *pool;
    civic_header_name_t  *header;

    pool = f->request->pool;

    if (civic_value_string(name, &key) != NGX_OK) {
        return NGX_DECLINED;
    }

    rc = civic_value_text(value, pool, &text);
    if (rc != NGX_OK) {
        return rc;
    }

    if (!civic_filter_access_free(&key)
        || civic_host_response_check(&key, &text) != NULL)
    {
        return NGX_DECLINED;
    }

    header = ngx_pcalloc(pool, sizeof(civic_header_name_t));
    if (header == NULL) {
        return NGX_ERROR;
    }

    /* with the job dies what it returned */

    header->key.len = key.len;
    header->key.data = ngx_pnalloc(pool, 2 * key.len + text.len + 1);
    if (header->key.data == NULL) {
        return NGX_ERROR;
    }

    header->lowcase = header->key.data + key.len;

    ngx_memcpy(header->key.data, key.data, key.len);
    ngx_strlow(header->lowcase, key.data, key.len);

    text.data = ngx_cpymem(header->lowcase + key.len, text.data, text.len)
                - text.len;
    text.data[text.len] = '\0';

    if (civic_headers_in_remove(f->request, civic_filter_access_same, header)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return civic_headers_in_add(f->request, header, &text);
}


/* X- and letters, digits, hyphens, but not what others rely on */

static ngx_uint_t
civic_filter_access_free(const ngx_str_t *name)
{
    u_char            ch;
    ngx_uint_t        i;
    const ngx_str_t  *taken;

    if (name->len < 3
        || ngx_strncasecmp(name->data, (u_char *) "x-", 2) != 0)
    {
        return 0;
    }

    for (i = 0; i < name->len; i++) {
        ch = ngx_tolower(name->data[i]);

        if ((ch < 'a' || ch > 'z') && (ch < '0' || ch > '9') && ch != '-') {
            return 0;
        }
    }

    for (taken = civic_filter_access_taken; taken->len; taken++) {

        if (name->len >= taken->len
            && ngx_strncasecmp(name->data, taken->data, taken->len) == 0)
        {
            return 0;
        }
    }

    return 1;
}


/* to services "X_Risk" is the same as "X-Risk": both are HTTP_X_RISK */

static ngx_uint_t
civic_filter_access_same(ngx_table_elt_t *h, void *data)
{
    civic_header_name_t *header = data;

    u_char      ch;
    ngx_uint_t  i;

    if (h->key.len != header->key.len) {
        return 0;
    }

    for (i = 0; i < h->key.len; i++) {
        ch = ngx_tolower(h->key.data[i]);

        if ((ch < 'a' || ch > 'z') && (ch < '0' || ch > '9')) {
            ch = '-';
        }

        if (ch != header->lowcase[i]) {
            return 0;
        }
    }

    return 1;
}
