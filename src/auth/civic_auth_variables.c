
/*
 * Copyright (C) Civic Gate
 *
 * Variables that say who calls, as the last judged location knows him.
 * A claim is looked up in the token's payload, which is parsed when the
 * first $civic_claim_NAME is read and kept with the request.
 */


#include "civic_auth_bearer.h"
#include "civic_auth_headers.h"
#include "civic_variables.h"


static ngx_int_t civic_auth_variables_identity(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t civic_auth_variables_status(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t civic_auth_variables_claim(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t civic_auth_variables_parse(ngx_http_request_t *r,
    civic_auth_caller_t *caller);
static void civic_auth_variables_cleanup(void *data);
static void civic_auth_variables_set(ngx_http_variable_value_t *v,
    const ngx_str_t *value);


static ngx_http_variable_t  civic_auth_variables[] = {

    { ngx_string("civic_caller"), NULL, civic_auth_variables_identity,
      offsetof(civic_identity_t, caller), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("civic_subject"), NULL, civic_auth_variables_identity,
      offsetof(civic_identity_t, subject), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("civic_issuer"), NULL, civic_auth_variables_identity,
      offsetof(civic_identity_t, issuer), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("civic_scope"), NULL, civic_auth_variables_identity,
      offsetof(civic_identity_t, scope), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("civic_region"), NULL, civic_auth_variables_identity,
      offsetof(civic_identity_t, region), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("civic_auth_status"), NULL, civic_auth_variables_status,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("civic_claim_"), NULL, civic_auth_variables_claim,
      0, NGX_HTTP_VAR_NOCACHEABLE|NGX_HTTP_VAR_PREFIX, 0 },

      ngx_http_null_variable
};


/* in the order of civic_auth_status_e */

static ngx_str_t  civic_auth_statuses[] = {
    ngx_null_string,
    ngx_string("anonymous"),
    ngx_string("verified"),
    ngx_string("cached"),
    ngx_string("refused")
};


ngx_int_t
civic_auth_variables_add(ngx_conf_t *cf)
{
    return civic_variables_add_table(cf, civic_auth_variables);
}


static ngx_int_t
civic_auth_variables_identity(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    civic_ctx_t  *ctx;

    ctx = civic_ctx_get(r);

    if (ctx == NULL || ctx->identity == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    civic_auth_variables_set(v,
                             (ngx_str_t *) ((u_char *) ctx->identity + data));

    return NGX_OK;
}


static ngx_int_t
civic_auth_variables_status(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    civic_ctx_t  *ctx;

    ctx = civic_ctx_get(r);

    if (ctx == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    civic_auth_variables_set(v, &civic_auth_statuses[ctx->auth_status]);

    return NGX_OK;
}


static ngx_int_t
civic_auth_variables_claim(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t  *variable = (ngx_str_t *) data;

    ngx_str_t             name, value;
    civic_ctx_t          *ctx;
    const civic_json_t   *claim;
    civic_auth_caller_t  *caller;

    ctx = civic_ctx_get(r);

    if (ctx == NULL || ctx->identity == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    caller = (civic_auth_caller_t *) ctx->identity;

    if (caller->claims == NULL
        && civic_auth_variables_parse(r, caller) != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* nginx keeps names of variables in lower case only */

    name.data = variable->data + sizeof("civic_claim_") - 1;
    name.len = variable->len - (sizeof("civic_claim_") - 1);

    claim = civic_json_member_any_case(caller->claims, &name);

    if (claim == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    if (civic_json_text(claim, r->pool, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    /* operators put it into proxy_set_header, which quotes nothing */

    if (!civic_auth_headers_clean(&value)) {
        v->not_found = 1;
        return NGX_OK;
    }

    civic_auth_variables_set(v, &value);

    return NGX_OK;
}


static ngx_int_t
civic_auth_variables_parse(ngx_http_request_t *r, civic_auth_caller_t *caller)
{
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    caller->claims = civic_json_parse(&caller->identity.claims,
                                      CIVIC_JOSE_MAX_TOKEN, NULL, 0);
    if (caller->claims == NULL) {
        return NGX_ERROR;
    }

    cln->handler = civic_auth_variables_cleanup;
    cln->data = caller->claims;

    return NGX_OK;
}


static void
civic_auth_variables_cleanup(void *data)
{
    civic_json_free(data);
}


static void
civic_auth_variables_set(ngx_http_variable_value_t *v, const ngx_str_t *value)
{
    v->len = value->len;
    v->data = value->data;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
}
