
/*
 * Copyright (C) Civic Gate
 *
 * What a plugin answered, checked, and put into a request's answer.
 */


#ifndef _CIVIC_HOST_RESPONSE_H_INCLUDED_
#define _CIVIC_HOST_RESPONSE_H_INCLUDED_


#include "civic_host.h"


typedef struct {
    ngx_uint_t               status;
    const civic_value_t     *headers;  /* NULL: none */
    const civic_value_t     *body;     /* NULL: none */
} civic_host_response_t;


/*
 * status, body, headers as a function returned them.  NGX_OK, or
 * NGX_DECLINED: `err` says what is wrong with them.
 */

ngx_int_t civic_host_response_read(const civic_value_t *results,
    ngx_uint_t n, civic_host_response_t *response, const char **err);

/* of one header: NULL, or what is wrong */

const char *civic_host_response_check(const ngx_str_t *name,
    const ngx_str_t *value);

/*
 * The headers of a table replace those of the answer.  NGX_OK, NGX_DECLINED
 * with `err` (then some may be there already), or NGX_ERROR.
 */

ngx_int_t civic_host_response_headers(ngx_http_request_t *r,
    const civic_value_t *headers, const char **err);

/* one more of that name, or the only one; as above */

ngx_int_t civic_host_response_header(ngx_http_request_t *r,
    const ngx_str_t *name, const ngx_str_t *value, ngx_uint_t replace);

/* a body as bytes, and its content type unless the headers say another */

ngx_int_t civic_host_response_body(const civic_value_t *body,
    ngx_pool_t *pool, ngx_str_t *text, ngx_str_t *type, const char **err);


/* how many seconds of a problem's fields ask for Retry-After; 0: none */

ngx_uint_t civic_host_response_retry(const civic_value_t *fields);

/* Retry-After, unless it is 0.  NGX_OK or NGX_ERROR */

ngx_int_t civic_host_response_retry_after(ngx_http_request_t *r,
    ngx_uint_t seconds);

/*
 * The plugin's problem is what civic_reply() answers with.  Returns the
 * status; that of CIVIC_RUN_FAILED where the manifest does not know the
 * code; NGX_ERROR.
 */

ngx_int_t civic_host_problem_note(civic_ctx_t *ctx,
    const civic_plugin_t *plugin, const ngx_str_t *code,
    const civic_value_t *fields);

/* the manifest's entry, or NULL */

const civic_plugin_problem_t *civic_host_problem_find(
    const civic_plugin_t *plugin, const ngx_str_t *code);

/* ,"name":value of all fields that a problem may have; NGX_OK or DECLINED,
   `err`; NGX_ERROR */

ngx_int_t civic_host_problem_members(const civic_value_t *fields,
    ngx_pool_t *pool, ngx_str_t *members, const char **err);


#endif /* _CIVIC_HOST_RESPONSE_H_INCLUDED_ */
