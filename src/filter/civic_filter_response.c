
/*
 * Copyright (C) Civic Gate
 *
 * Filters behind the service: what a "response" function is handed, and
 * what it makes of the answer that is held.
 *
 *     function (request, response)      status, headers, body, raw
 *         return                        the answer as it is
 *         return status, body, headers  another one; without a status, that
 *                                       of the answer, and without a body
 *                                       either, that too
 */


#include "civic_filter_conf.h"
#include "civic_filter_value.h"
#include "civic_host_response.h"


static ngx_int_t civic_filter_response_args(civic_filter_ctx_t *f,
    const civic_plugin_t *plugin, ngx_pool_t *pool, civic_value_t *args);
static ngx_int_t civic_filter_response_results(civic_filter_ctx_t *f,
    const civic_host_result_t *result);
static ngx_int_t civic_filter_response_body(civic_filter_ctx_t *f,
    const civic_value_t *body, const char **err);
static void civic_filter_response_type(ngx_http_request_t *r,
    ngx_str_t *type);
static void civic_filter_response_forget(ngx_http_request_t *r);
static void civic_filter_response_wake(ngx_http_request_t *r);


/* what is said of a body that is no longer the same */

static const ngx_str_t  civic_filter_digests[] = {
    ngx_string("Content-Digest"),
    ngx_string("Content-MD5"),
    ngx_string("Digest"),
    ngx_string("Repr-Digest"),
    ngx_null_string
};


const civic_filter_stage_t  civic_filter_response_stage = {
    offsetof(civic_plugin_manifest_t, filter_response),
    2,
    civic_filter_response_args,
    civic_filter_response_results,
    civic_filter_response_wake
};


static ngx_int_t
civic_filter_response_args(civic_filter_ctx_t *f,
    const civic_plugin_t *plugin, ngx_pool_t *pool, civic_value_t *args)
{
    char                 err[128];
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = f->request;

    rc = civic_filter_value_request(f, plugin, pool, &args[0]);
    if (rc != NGX_OK) {
        return rc;
    }

    if (civic_filter_value_response(r, pool, &args[1]) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = civic_filter_value_body(r, &f->body, pool, &args[1], err,
                                 sizeof(err));

    if (rc == NGX_DECLINED) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "civic filter: the service's answer is not the JSON "
                      "that it says: %s", err);

        return civic_refuse(f->ctx, CIVIC_FILTER_REFUSED, NULL);
    }

    return rc;
}


/* what is made of them outlives the job */

static ngx_int_t
civic_filter_response_results(civic_filter_ctx_t *f,
    const civic_host_result_t *result)
{
    ngx_int_t               rc;
    ngx_uint_t              i, told;
    const char             *err;
    ngx_http_request_t     *r;
    civic_host_response_t   response;

    r = f->request;
    told = 0;

    for (i = 0; i < result->nresults; i++) {
        told |= result->results[i].type != CIVIC_VALUE_NIL;
    }

    if (!told) {
        return NGX_DECLINED;
    }

    rc = civic_host_response_read(result->results, result->nresults,
                                  &response, &err);

    if (rc == NGX_OK && result->results[0].type != CIVIC_VALUE_NIL) {
        r->headers_out.status = response.status;
        r->headers_out.status_line.len = 0;
        r->err_status = 0;
    }

    if (rc == NGX_OK
        && (response.body || result->results[0].type != CIVIC_VALUE_NIL))
    {
        rc = civic_filter_response_body(f, response.body, &err);
    }

    if (rc == NGX_OK) {
        rc = civic_host_response_headers(r, response.headers, &err);
    }

    switch (rc) {

    case NGX_OK:
        return NGX_DECLINED;

    case NGX_DECLINED:
        return civic_filter_misused(f, err);
    }

    return NGX_ERROR;
}


/* a string has the service's type; a table is JSON, in UTF-8 */

static ngx_int_t
civic_filter_response_body(civic_filter_ctx_t *f, const civic_value_t *body,
    const char **err)
{
    ngx_int_t            rc;
    ngx_str_t            text, type;
    ngx_http_request_t  *r;

    r = f->request;

    civic_filter_response_forget(r);

    f->body.len = 0;

    if (body == NULL) {
        return NGX_OK;
    }

    rc = civic_host_response_body(body, r->pool, &text, &type, err);
    if (rc != NGX_OK) {
        return rc;
    }

    if (civic_filter_room(f, text.len) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_memcpy(f->body.data, text.data, text.len);
    f->body.len = text.len;

    if (body->type == CIVIC_VALUE_STRING && r->headers_out.content_type.len) {
        return NGX_OK;
    }

    civic_filter_response_type(r, &type);

    return NGX_OK;
}


static void
civic_filter_response_type(ngx_http_request_t *r, ngx_str_t *type)
{
    u_char  *p;

    if (civic_filter_value_is_json(&r->headers_out.content_type)) {
        *type = r->headers_out.content_type;

        for (p = type->data; p < type->data + type->len; p++) {
            if (*p == ';' || *p == ' ') {
                type->len = p - type->data;
            }
        }
    }

    r->headers_out.content_type = *type;
    r->headers_out.content_type_len = type->len;
    r->headers_out.content_type_lowcase = NULL;
    r->headers_out.override_charset = NULL;
    ngx_str_null(&r->headers_out.charset);
}


static void
civic_filter_response_forget(ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;
    const ngx_str_t  *name;

    ngx_http_clear_last_modified(r);
    ngx_http_clear_etag(r);

    for (part = &r->headers_out.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            for (name = civic_filter_digests; name->len; name++) {

                if (h[i].key.len == name->len
                    && ngx_strncasecmp(h[i].key.data, name->data, name->len)
                       == 0)
                {
                    h[i].hash = 0;
                }
            }
        }
    }
}


/*
 * Whoever made the answer has finalized the request, which waits in nginx's
 * writer for what is buffered.
 */

static void
civic_filter_response_wake(ngx_http_request_t *r)
{
    r->write_event_handler(r);
}
