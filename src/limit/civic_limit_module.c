
/*
 * Copyright (C) Civic Gate
 *
 * Directives of limits and $civic_limit_status.  Policies may be defined
 * after the lines that name them: names are looked up when locations are
 * merged, that is when the whole http block is read.
 */


#include "civic_conf_list.h"
#include "civic_limit_set.h"
#include "civic_text.h"
#include "civic_variables.h"


static char *civic_limit_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *civic_limit_classes(ngx_conf_t *cf, ngx_str_t *text,
    ngx_array_t **classes);
static ngx_int_t civic_limit_variable_status(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);

static ngx_int_t civic_limit_preconfiguration(ngx_conf_t *cf);
static ngx_int_t civic_limit_postconfiguration(ngx_conf_t *cf);
static void *civic_limit_create_main_conf(ngx_conf_t *cf);
static void *civic_limit_create_loc_conf(ngx_conf_t *cf);
static char *civic_limit_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);


static ngx_conf_num_bounds_t  civic_limit_status_bounds = {
    ngx_conf_check_num_bounds, 400, 599
};


static ngx_conf_enum_t  civic_limit_log_levels[] = {
    { ngx_string("info"), NGX_LOG_INFO },
    { ngx_string("notice"), NGX_LOG_NOTICE },
    { ngx_string("warn"), NGX_LOG_WARN },
    { ngx_string("error"), NGX_LOG_ERR },
    { ngx_null_string, 0 }
};


static ngx_str_t  civic_limit_status_variable =
    ngx_string("civic_limit_status");


/* in the order of civic_limit_status_e */

static ngx_str_t  civic_limit_status_words[] = {
    ngx_null_string,
    ngx_string("passed"),
    ngx_string("refused"),
    ngx_string("dry_run")
};


static ngx_command_t  civic_limit_commands[] = {

    { ngx_string("civic_limit_policy"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_1MORE,
      civic_limit_policy,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("civic_limit"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      civic_limit_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("civic_limit_dry_run"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(civic_limit_loc_conf_t, dry_run),
      NULL },

    { ngx_string("civic_limit_status"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(civic_limit_loc_conf_t, status),
      &civic_limit_status_bounds },

    { ngx_string("civic_limit_log_level"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_enum_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(civic_limit_loc_conf_t, log_level),
      &civic_limit_log_levels },

      ngx_null_command
};


static ngx_http_module_t  civic_limit_module_ctx = {
    civic_limit_preconfiguration,          /* preconfiguration */
    civic_limit_postconfiguration,         /* postconfiguration */

    civic_limit_create_main_conf,          /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    civic_limit_create_loc_conf,           /* create location configuration */
    civic_limit_merge_loc_conf             /* merge location configuration */
};


ngx_module_t  ngx_http_civic_limit_module = {
    NGX_MODULE_V1,
    &civic_limit_module_ctx,               /* module context */
    civic_limit_commands,                  /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


/* civic_limit NAME ... [class=CLASS,...] [early] | off */

static char *
civic_limit_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_limit_loc_conf_t  *llcf = conf;

    ngx_str_t          *value;
    ngx_uint_t          i, n, early;
    civic_pos_t        *pos;
    ngx_array_t        *classes;
    civic_limit_use_t  *use;

    civic_activate(cf);

    value = cf->args->elts;
    n = cf->args->nelts;

    if (n == 2 && ngx_strcmp(value[1].data, "off") == 0) {

        if (llcf->off) {
            return "is duplicate";
        }

        llcf->off = 1;

        return NGX_CONF_OK;
    }

    early = ngx_strcmp(value[n - 1].data, "early") == 0;
    n -= early;
    classes = NULL;

    if (ngx_strncmp(value[n - 1].data, "class=", 6) == 0) {
        n--;

        if (early) {
            return civic_conf_error(cf, NULL, "\"%V\" of civic_limit cannot "
                                    "be early: classes are not known before "
                                    "authentication", &value[n]);
        }

        if (civic_limit_classes(cf, &value[n], &classes) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    if (n == 1) {
        return civic_conf_error(cf, NULL, "civic_limit names no policy");
    }

    if (llcf->lines == NULL) {
        llcf->lines = ngx_array_create(cf->pool, 4,
                                       sizeof(civic_limit_use_t));
    }

    pos = civic_conf_pos(cf);

    if (llcf->lines == NULL || pos == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < n; i++) {

        if (ngx_strcmp(value[i].data, "off") == 0) {
            return civic_conf_error(cf, NULL, "\"off\" of civic_limit stands "
                                    "alone, on a line of its own");
        }

        if (ngx_strcmp(value[i].data, "early") == 0) {
            return civic_conf_error(cf, NULL, "\"early\" of civic_limit "
                                    "comes once, after the policies");
        }

        if (ngx_strncmp(value[i].data, "class=", 6) == 0) {
            return civic_conf_error(cf, NULL, "\"class=\" of civic_limit "
                                    "comes once, after the policies");
        }

        use = ngx_array_push(llcf->lines);
        if (use == NULL) {
            return NGX_CONF_ERROR;
        }

        use->name = value[i];
        use->early = early;
        use->classes = classes;
        use->pos = pos;
        use->policy = NULL;
    }

    return NGX_CONF_OK;
}


static char *
civic_limit_classes(ngx_conf_t *cf, ngx_str_t *text, ngx_array_t **classes)
{
    ngx_str_t  rest, name, *class;

    *classes = ngx_array_create(cf->pool, 1, sizeof(ngx_str_t));
    if (*classes == NULL) {
        return NGX_CONF_ERROR;
    }

    rest.data = text->data + 6;
    rest.len = text->len - 6;

    while (civic_conf_list_next(&rest, &name)) {

        class = ngx_array_push(*classes);
        if (class == NULL) {
            return NGX_CONF_ERROR;
        }

        *class = name;

        if (!civic_text_name(&name)) {
            return civic_conf_error(cf, NULL, "\"%V\" in \"%V\" of "
                                    "civic_limit cannot be a class: write "
                                    "letters, digits, \"_\" and \"-\"",
                                    class, text);
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
civic_limit_variable_status(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    civic_ctx_t  *ctx;

    ctx = civic_ctx_get(r);

    if (ctx == NULL || ctx->main->limit_status == CIVIC_LIMIT_NONE) {
        v->not_found = 1;
        return NGX_OK;
    }

    civic_variables_set(v, &civic_limit_status_words[ctx->main->limit_status]);

    return NGX_OK;
}


static ngx_int_t
civic_limit_preconfiguration(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var;

    var = ngx_http_add_variable(cf, &civic_limit_status_variable,
                                NGX_HTTP_VAR_NOCACHEABLE);
    if (var == NULL) {
        return NGX_ERROR;
    }

    var->get_handler = civic_limit_variable_status;

    return NGX_OK;
}


static ngx_int_t
civic_limit_postconfiguration(ngx_conf_t *cf)
{
    civic_limit_main_conf_t  *lmcf;

    lmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_civic_limit_module);

    if (!lmcf->ruled) {
        civic_limit_policy_warn_unused(cf, lmcf);
    }

    return NGX_OK;
}


static void *
civic_limit_create_main_conf(ngx_conf_t *cf)
{
    civic_limit_main_conf_t  *lmcf;

    lmcf = ngx_pcalloc(cf->pool, sizeof(civic_limit_main_conf_t));
    if (lmcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&lmcf->policies, cf->pool, 8,
                       sizeof(civic_limit_policy_t *))
        != NGX_OK)
    {
        return NULL;
    }

    return lmcf;
}


static void *
civic_limit_create_loc_conf(ngx_conf_t *cf)
{
    civic_limit_loc_conf_t  *llcf;

    llcf = ngx_pcalloc(cf->pool, sizeof(civic_limit_loc_conf_t));
    if (llcf == NULL) {
        return NULL;
    }

    llcf->dry_run = NGX_CONF_UNSET;
    llcf->status = NGX_CONF_UNSET_UINT;
    llcf->log_level = NGX_CONF_UNSET_UINT;

    return llcf;
}


static char *
civic_limit_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    civic_limit_loc_conf_t  *prev = parent;
    civic_limit_loc_conf_t  *conf = child;

    ngx_conf_merge_value(conf->dry_run, prev->dry_run, 0);
    ngx_conf_merge_uint_value(conf->status, prev->status,
                              NGX_HTTP_TOO_MANY_REQUESTS);
    ngx_conf_merge_uint_value(conf->log_level, prev->log_level, NGX_LOG_ERR);

    /* the http level is nobody's child */

    if (civic_limit_set_merge(cf, NULL, prev) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    return civic_limit_set_merge(cf, prev->set, conf);
}
