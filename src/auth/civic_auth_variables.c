
/*
 * Copyright (C) Civic Gate
 *
 * Variables that say who calls, as the last judged location knows him.
 * A claim is looked up in the token's payload.
 */


#include "civic_auth_conf.h"
#include "civic_auth_headers.h"
#include "civic_variables.h"


static ngx_int_t civic_auth_variables_identity(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t civic_auth_variables_class(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t civic_auth_variables_status(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t civic_auth_variables_claim(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


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

    { ngx_string("civic_app"), NULL, civic_auth_variables_identity,
      offsetof(civic_identity_t, app), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("civic_client"), NULL, civic_auth_variables_identity,
      offsetof(civic_identity_t, client), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("civic_roles"), NULL, civic_auth_variables_identity,
      offsetof(civic_identity_t, roles), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("civic_level"), NULL, civic_auth_variables_identity,
      offsetof(civic_identity_t, level), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("civic_class"), NULL, civic_auth_variables_class,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

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

    civic_variables_set(v, (ngx_str_t *) ((u_char *) ctx->identity + data));

    return NGX_OK;
}


static ngx_int_t
civic_auth_variables_class(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    civic_ctx_t      *ctx;
    const ngx_str_t  *class;

    ctx = civic_ctx_get(r);
    class = ctx ? civic_auth_class(ctx) : NULL;

    if (class == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    civic_variables_set(v, class);

    return NGX_OK;
}


const ngx_str_t *
civic_auth_class(const civic_ctx_t *ctx)
{
    static const ngx_str_t  anonymous = ngx_string("anonymous");

    if (ctx->identity == NULL) {
        return (ctx->auth_status == CIVIC_AUTH_ANONYMOUS) ? &anonymous : NULL;
    }

    return ctx->identity->class.len ? &ctx->identity->class : NULL;
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

    civic_variables_set(v, &civic_auth_statuses[ctx->auth_status]);

    return NGX_OK;
}


static ngx_int_t
civic_auth_variables_claim(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t  *variable = (ngx_str_t *) data;

    ngx_str_t             name;
    civic_ctx_t          *ctx;
    const civic_json_t   *claim;

    ctx = civic_ctx_get(r);

    if (ctx == NULL || ctx->identity == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    /* nginx keeps names of variables in lower case only */

    name.data = variable->data + sizeof("civic_claim_") - 1;
    name.len = variable->len - (sizeof("civic_claim_") - 1);

    claim = civic_auth_claims(r, ctx->identity);

    if (claim != NULL) {
        claim = civic_json_member_any_case(claim, &name);
    }

    return civic_variables_claim(r, v, claim);
}
