
/*
 * Copyright (C) Civic Gate
 *
 * $civic_route, and $civic_param_NAME for what the path's parameters hold.
 */


#include "civic_route_conf.h"


static ngx_int_t civic_route_variable_route(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t civic_route_variable_param(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static void civic_route_variable_set(ngx_http_variable_value_t *v,
    const ngx_str_t *value);


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
    ngx_http_variable_t  *var, *v;

    for (v = civic_route_variables; v->name.len; v++) {

        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
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

    civic_route_variable_set(v, &ctx->route->name);

    return NGX_OK;
}


static ngx_int_t
civic_route_variable_param(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t    *variable = (ngx_str_t *) data;

    size_t        len;
    u_char       *name;
    ngx_str_t    *param;
    ngx_uint_t    i;
    civic_ctx_t  *ctx;

    ctx = civic_ctx_get(r);

    if (ctx == NULL || ctx->route == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    name = variable->data + CIVIC_ROUTE_PARAM_PREFIX;
    len = variable->len - CIVIC_ROUTE_PARAM_PREFIX;

    for (i = 0; i < ctx->route->nparams; i++) {
        param = &ctx->route->params[i];

        /* nginx has the names of variables in lower case */

        if (param->len == len
            && ngx_strncasecmp(param->data, name, len) == 0)
        {
            civic_route_variable_set(v, &ctx->params[i]);
            return NGX_OK;
        }
    }

    v->not_found = 1;

    return NGX_OK;
}


static void
civic_route_variable_set(ngx_http_variable_value_t *v,
    const ngx_str_t *value)
{
    v->len = value->len;
    v->data = value->data;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
}
