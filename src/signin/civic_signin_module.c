
/*
 * Copyright (C) Civic Gate
 *
 * The directives of signin/.
 */


#include "civic_auth.h"
#include "civic_signin.h"


static void *civic_signin_create_main_conf(ngx_conf_t *cf);
static void *civic_signin_create_loc_conf(ngx_conf_t *cf);
static char *civic_signin_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *civic_signin_pages(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static ngx_int_t civic_signin_postconfiguration(ngx_conf_t *cf);
static char *civic_signin_callback_own(ngx_conf_t *cf,
    civic_signin_t **signin, ngx_uint_t last);


static ngx_command_t  civic_signin_commands[] = {

    { ngx_string("civic_signin"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      civic_signin_block,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("civic_signin_pages"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      civic_signin_pages,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  civic_signin_module_ctx = {
    NULL,                                  /* preconfiguration */
    civic_signin_postconfiguration,        /* postconfiguration */

    civic_signin_create_main_conf,         /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    civic_signin_create_loc_conf,          /* create location configuration */
    civic_signin_merge_loc_conf            /* merge location configuration */
};


ngx_module_t  ngx_http_civic_signin_module = {
    NGX_MODULE_V1,
    &civic_signin_module_ctx,              /* module context */
    civic_signin_commands,                 /* module directives */
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


static void *
civic_signin_create_main_conf(ngx_conf_t *cf)
{
    civic_signin_main_conf_t  *smcf;

    smcf = ngx_pcalloc(cf->pool, sizeof(civic_signin_main_conf_t));
    if (smcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&smcf->signins, cf->pool, 2, sizeof(civic_signin_t *))
        != NGX_OK)
    {
        return NULL;
    }

    return smcf;
}


static void *
civic_signin_create_loc_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(civic_signin_loc_conf_t));
}


/*
 * Not inherited, like any content handler.  Whoever comes here has no
 * session yet: asked who he is, he would be sent here again.
 */

static char *
civic_signin_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    civic_signin_loc_conf_t *conf = child;

    ngx_http_conf_ctx_t  *ctx;

    if (conf->pos == NULL) {
        return NGX_CONF_OK;
    }

    ctx = cf->ctx;

    conf->signin = civic_signin_find(ctx->main_conf, &conf->name);

    if (conf->signin == NULL) {
        return civic_conf_error(cf, conf->pos, "civic_signin_pages names an "
                                "unknown civic_signin \"%V\"", &conf->name);
    }

    if (civic_auth_asked(ctx->loc_conf)) {
        return civic_conf_error(cf, conf->pos, "civic_signin_pages is for "
                                "whoever has no session yet: state "
                                "civic_auth off there");
    }

    return NGX_CONF_OK;
}


/* civic_signin_pages NAME */

static char *
civic_signin_pages(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_signin_loc_conf_t *slcf = conf;

    ngx_str_t                 *value;
    ngx_http_core_loc_conf_t  *clcf;

    if (slcf->pos != NULL) {
        return "is duplicate";
    }

    civic_activate(cf);

    value = cf->args->elts;
    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    slcf->name = value[1];
    slcf->pos = civic_conf_pos(cf);

    if (slcf->pos == NULL) {
        return NGX_CONF_ERROR;
    }

    clcf->handler = civic_signin_answer;

    return NGX_CONF_OK;
}


static ngx_int_t
civic_signin_postconfiguration(ngx_conf_t *cf)
{
    ngx_uint_t                  i;
    civic_signin_t            **signin;
    civic_signin_main_conf_t   *smcf;

    smcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_civic_signin_module);
    signin = smcf->signins.elts;

    for (i = 0; i < smcf->signins.nelts; i++) {

        if (civic_signin_finish(cf, signin[i]) != NGX_CONF_OK
            || civic_signin_callback_own(cf, signin, i) != NGX_CONF_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* the provider sends people back to an address: one sign-in's, or another's */

static char *
civic_signin_callback_own(ngx_conf_t *cf, civic_signin_t **signin,
    ngx_uint_t last)
{
    ngx_uint_t  i;

    for (i = 0; i < last; i++) {

        if (signin[i]->redirect.len == signin[last]->redirect.len
            && ngx_memcmp(signin[i]->redirect.data,
                          signin[last]->redirect.data,
                          signin[i]->redirect.len)
               == 0)
        {
            return civic_conf_error(cf, signin[last]->pos, "civic_signin "
                                    "\"%V\" has the callback of \"%V\" "
                                    "(%V:%ui): each of an origin needs its "
                                    "own", &signin[last]->name,
                                    &signin[i]->name,
                                    &signin[i]->pos->file,
                                    signin[i]->pos->line);
        }
    }

    return NGX_CONF_OK;
}


civic_signin_t *
civic_signin_find(void **main_conf, const ngx_str_t *name)
{
    ngx_uint_t                  i;
    civic_signin_t            **signin;
    civic_signin_main_conf_t   *smcf;

    smcf = main_conf[ngx_http_civic_signin_module.ctx_index];
    signin = smcf->signins.elts;

    for (i = 0; i < smcf->signins.nelts; i++) {

        if (signin[i]->name.len == name->len
            && ngx_memcmp(signin[i]->name.data, name->data, name->len) == 0)
        {
            return signin[i];
        }
    }

    return NULL;
}
