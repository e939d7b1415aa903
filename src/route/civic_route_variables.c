
/*
 * Copyright (C) Civic Gate
 *
 * $civic_route, and $civic_param_NAME for what the path's parameters hold.
 */


#include "civic_route_conf.h"
#include "civic_variables.h"
#include "civic_route_pattern.h"


static ngx_int_t civic_route_variable_route(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t civic_route_variable_param(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


#define CIVIC_ROUTE_PARAM_PREFIX  (sizeof("civic_param_") - 1)


static ngx_http_variable_t  civic_route_variables[] = {

    { ngx_string("civic_route"), NULL, civic_route_variable_route, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("civic_param_"), NULL, civic_route_variable_param, 0,
      NGX_HTTP_VAR_NOCACHEABLE|NGX_HTTP_VAR_PREFIX, 0 },

      ngx_http_null_variable
};


ngx_int_t
civic_route_variables_add(ngx_conf_t *cf)
{
    return civic_variables_add_table(cf, civic_route_variables);
}


static ngx_int_t
civic_route_variable_route(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    civic_ctx_t  *ctx;

    ctx = civic_ctx_get(r);

    if (ctx == NULL || ctx->route == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    civic_variables_set(v, &ctx->route->name);

    return NGX_OK;
}


static ngx_int_t
civic_route_variable_param(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t    *variable = (ngx_str_t *) data;

    ngx_str_t     name;
    ngx_uint_t    i;
    civic_ctx_t  *ctx;

    ctx = civic_ctx_get(r);

    if (ctx == NULL || ctx->route == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    name.data = variable->data + CIVIC_ROUTE_PARAM_PREFIX;
    name.len = variable->len - CIVIC_ROUTE_PARAM_PREFIX;

    for (i = 0; i < ctx->route->nparams; i++) {

        if (civic_route_pattern_same_name(&ctx->route->params[i], &name)) {
            civic_variables_set(v, &ctx->params[i]);
            return NGX_OK;
        }
    }

    v->not_found = 1;

    return NGX_OK;
}
