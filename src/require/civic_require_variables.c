
/*
 * Copyright (C) Civic Gate
 *
 * $civic_require_status, and the variables that civic_claim names.
 */


#include "civic_require_conf.h"
#include "civic_auth_headers.h"
#include "civic_variables.h"


static ngx_int_t civic_require_variable_status(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t civic_require_variable_claim(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static char *civic_require_claim_source(ngx_conf_t *cf, ngx_str_t *path,
    civic_source_t **source);


static ngx_http_variable_t  civic_require_variables[] = {

    { ngx_string("civic_require_status"), NULL,
      civic_require_variable_status, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


/* in the order of civic_require_status_e */

static ngx_str_t  civic_require_status_words[] = {
    ngx_null_string,
    ngx_string("passed"),
    ngx_string("dry_run"),
    ngx_string("refused")
};


ngx_int_t
civic_require_variables_add(ngx_conf_t *cf)
{
    return civic_variables_add_table(cf, civic_require_variables);
}


static ngx_int_t
civic_require_variable_status(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    civic_ctx_t  *ctx;

    ctx = civic_ctx_get(r);

    if (ctx == NULL || ctx->main->require_status == CIVIC_REQUIRE_NONE) {
        v->not_found = 1;
        return NGX_OK;
    }

    civic_variables_set(v,
                    &civic_require_status_words[ctx->main->require_status]);

    return NGX_OK;
}


char *
civic_require_claim_slot(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_require_main_conf_t  *rmcf = conf;

    char                 *rv;
    ngx_str_t            *value, *claim, name;
    civic_source_t       *source;
    ngx_http_variable_t  *var;

    value = cf->args->elts;
    name = value[1];

    if (name.len < 2 || name.data[0] != '$') {
        return civic_conf_error(cf, NULL, "civic_claim \"%V\" is not the "
                                "name of a variable: write $NAME", &name);
    }

    name.data++;
    name.len--;

    if (name.len >= sizeof("civic_") - 1
        && ngx_strncasecmp(name.data, (u_char *) "civic_",
                           sizeof("civic_") - 1)
           == 0)
    {
        return civic_conf_error(cf, NULL, "civic_claim \"%V\": names that "
                                "begin with \"civic_\" are the gate's own",
                                &value[1]);
    }

    rv = civic_require_claim_source(cf, &value[2], &source);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    var = ngx_http_add_variable(cf, &name, NGX_HTTP_VAR_NOCACHEABLE);
    if (var == NULL) {
        return NGX_CONF_ERROR;
    }

    var->get_handler = civic_require_variable_claim;
    var->data = (uintptr_t) source;

    claim = ngx_array_push(&rmcf->claims);
    if (claim == NULL) {
        return NGX_CONF_ERROR;
    }

    *claim = name;

    return NGX_CONF_OK;
}


const ngx_array_t *
civic_require_claims(ngx_conf_t *cf)
{
    civic_require_main_conf_t  *rmcf;

    rmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_civic_require_module);

    return &rmcf->claims;
}


static char *
civic_require_claim_source(ngx_conf_t *cf, ngx_str_t *path,
    civic_source_t **source)
{
    const char  *err;
    ngx_str_t    word;

    *source = ngx_palloc(cf->pool, sizeof(civic_source_t));

    word.len = sizeof("claim.") - 1 + path->len;
    word.data = ngx_pnalloc(cf->pool, word.len);

    if (*source == NULL || word.data == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_sprintf(word.data, "claim.%V", path);

    if (civic_source_parse(&word, *source, &err) != NGX_OK) {
        return civic_conf_error(cf, NULL, "civic_claim \"%V\" %s", path, err);
    }

    return NGX_CONF_OK;
}


static ngx_int_t
civic_require_variable_claim(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    const civic_source_t  *source = (const civic_source_t *) data;

    civic_ctx_t         *ctx;
    const civic_json_t  *claim;

    ctx = civic_ctx_get(r);
    claim = ctx ? civic_source_claim(r, ctx, source) : NULL;

    return civic_variables_claim(r, v, claim);
}
