
/*
 * Copyright (C) Civic Gate
 *
 * Variables that belong to the request as a whole; each subsystem has its
 * own beside its directives.
 */


#include "civic_text.h"
#include "civic_variables.h"


static ngx_int_t civic_variables_trace_id(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t civic_variables_code(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t civic_variables_refused_by(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


static ngx_http_variable_t  civic_variables[] = {

    { ngx_string("civic_trace_id"), NULL, civic_variables_trace_id, 0, 0, 0 },

    { ngx_string("civic_code"), NULL, civic_variables_code, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("civic_refused_by"), NULL, civic_variables_refused_by, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


ngx_int_t
civic_variables_add(ngx_conf_t *cf)
{
    return civic_variables_add_table(cf, civic_variables);
}


ngx_int_t
civic_variables_add_table(ngx_conf_t *cf, ngx_http_variable_t *table)
{
    ngx_http_variable_t  *var, *v;

    for (v = table; v->name.len; v++) {

        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


void
civic_variables_set(ngx_http_variable_value_t *v, const ngx_str_t *value)
{
    v->len = value->len;
    v->data = value->data;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
}


/* operators put it into proxy_set_header, which quotes nothing */

ngx_int_t
civic_variables_claim(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    const civic_json_t *claim)
{
    ngx_str_t  value;

    if (claim == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    if (civic_json_text(claim, r->pool, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    if (!civic_text_clean(&value)) {
        v->not_found = 1;
        return NGX_OK;
    }

    civic_variables_set(v, &value);

    return NGX_OK;
}


static ngx_int_t
civic_variables_trace_id(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    civic_ctx_t  *ctx;

    ctx = civic_ctx_get(r);

    if (ctx == NULL || ctx->main->trace_id[0] == '\0') {
        v->not_found = 1;
        return NGX_OK;
    }

    v->len = CIVIC_TRACE_ID_LEN;
    v->data = ctx->main->trace_id;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


static ngx_int_t
civic_variables_code(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    civic_ctx_t      *ctx;
    const ngx_str_t  *code;

    ctx = civic_ctx_get(r);

    if (ctx == NULL || ctx->main->problem == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    code = ctx->main->own && ctx->main->own->code.len
           ? &ctx->main->own->code
           : &ctx->main->problem->code;

    civic_variables_set(v, code);

    return NGX_OK;
}


static ngx_int_t
civic_variables_refused_by(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    size_t              len;
    civic_ctx_t        *ctx;
    const civic_pos_t  *pos;

    ctx = civic_ctx_get(r);

    if (ctx == NULL || ctx->main->refused_by == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    pos = ctx->main->refused_by;
    len = pos->file.len + 1 + NGX_INT_T_LEN;

    v->data = ngx_pnalloc(r->pool, len);
    if (v->data == NULL) {
        return NGX_ERROR;
    }

    v->len = ngx_snprintf(v->data, len, "%V:%ui", &pos->file, pos->line)
             - v->data;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}
