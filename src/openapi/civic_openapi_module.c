
/*
 * Copyright (C) Civic Gate
 *
 * civic_openapi: the page that tells what all plugins answer.  It is made
 * anew when the plugins are others, not for each request; each worker keeps
 * its own copy.  Clients keep theirs by its ETag.
 */


#include "civic_openapi.h"
#include "civic_app.h"
#include "civic_issuer.h"
#include "civic_plugin.h"


typedef struct {
    ngx_pool_t              *pool;     /* NULL: not made yet */
    uint64_t                 generation;
    uint32_t                 crc;
    ngx_str_t                text;
} civic_openapi_page_t;


static ngx_int_t civic_openapi_module_apps(ngx_http_request_t *r,
    ngx_array_t *words);
static char *civic_openapi_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static ngx_int_t civic_openapi_handler(ngx_http_request_t *r);
static ngx_int_t civic_openapi_refresh(ngx_http_request_t *r);
static ngx_int_t civic_openapi_make(ngx_http_request_t *r, ngx_pool_t *pool,
    ngx_str_t *text);
static ngx_int_t civic_openapi_send(ngx_http_request_t *r);
static ngx_int_t civic_openapi_etag(ngx_http_request_t *r);
static void civic_openapi_exit(ngx_cycle_t *cycle);


static ngx_str_t  civic_openapi_type = ngx_string("application/json");
static ngx_str_t  civic_openapi_methods = ngx_string("GET, HEAD");
static ngx_str_t  civic_openapi_no_cache = ngx_string("no-cache");


static ngx_command_t  civic_openapi_commands[] = {

    { ngx_string("civic_openapi"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      civic_openapi_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  civic_openapi_module_ctx = {
    NULL,                                  /* preconfiguration */
    NULL,                                  /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    NULL,                                  /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_http_civic_openapi_module = {
    NGX_MODULE_V1,
    &civic_openapi_module_ctx,             /* module context */
    civic_openapi_commands,                /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    civic_openapi_exit,                    /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


/* of this worker */

static civic_openapi_page_t  civic_openapi_page;


static char *
civic_openapi_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler == civic_openapi_handler) {
        return "is duplicate";
    }

    if (clcf->handler != NULL) {
        return civic_conf_error(cf, NULL,
                                "civic_openapi shares its location with "
                                "another content handler");
    }

    clcf->handler = civic_openapi_handler;

    civic_activate(cf);

    return NGX_CONF_OK;
}


static ngx_int_t
civic_openapi_handler(ngx_http_request_t *r)
{
    ngx_int_t  rc;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {

        if (civic_headers_out_add(r, "Allow", &civic_openapi_methods)
            == NULL)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    if (civic_openapi_refresh(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return civic_openapi_send(r);
}


static ngx_int_t
civic_openapi_refresh(ngx_http_request_t *r)
{
    uint64_t     generation;
    ngx_str_t    text;
    ngx_pool_t  *pool;

    generation = civic_plugin_generation();

    if (civic_openapi_page.pool != NULL
        && civic_openapi_page.generation == generation)
    {
        return NGX_OK;
    }

    pool = ngx_create_pool(NGX_DEFAULT_POOL_SIZE, ngx_cycle->log);
    if (pool == NULL) {
        return NGX_ERROR;
    }

    if (civic_openapi_make(r, pool, &text) != NGX_OK) {
        ngx_destroy_pool(pool);
        return NGX_ERROR;
    }

    if (civic_openapi_page.pool != NULL) {
        ngx_destroy_pool(civic_openapi_page.pool);
    }

    civic_openapi_page.pool = pool;
    civic_openapi_page.generation = generation;
    civic_openapi_page.crc = ngx_crc32_long(text.data, text.len);
    civic_openapi_page.text = text;

    return NGX_OK;
}


/* the list is ours alone, made for this request */

static ngx_int_t
civic_openapi_module_apps(ngx_http_request_t *r, ngx_array_t *words)
{
    ngx_str_t  *word;

    if (!civic_app_configured(r->main_conf)) {
        return NGX_OK;
    }

    word = ngx_array_push(words);
    if (word == NULL) {
        return NGX_ERROR;
    }

    ngx_str_set(word, "app:key");

    return NGX_OK;
}


/* what it is made of goes with the request; only the text stays */

static ngx_int_t
civic_openapi_make(ngx_http_request_t *r, ngx_pool_t *pool, ngx_str_t *text)
{
    ngx_str_t                 made;
    ngx_uint_t                i, n;
    civic_plugin_t          **plugin;
    const ngx_array_t        *all, *issuers;
    civic_openapi_plugin_t   *entry;

    all = civic_plugin_all();
    n = all ? all->nelts : 0;

    issuers = civic_issuer_names(r);
    entry = ngx_palloc(r->pool, (n + 1) * sizeof(civic_openapi_plugin_t));

    if (issuers == NULL || entry == NULL
        || civic_openapi_module_apps(r, (ngx_array_t *) issuers) != NGX_OK)
    {
        return NGX_ERROR;
    }

    plugin = n ? all->elts : NULL;

    for (i = 0; i < n; i++) {
        entry[i].name = plugin[i]->name;
        entry[i].manifest = plugin[i]->manifest;
    }

    if (civic_openapi(entry, n, issuers, r->pool, &made) != NGX_OK) {
        return NGX_ERROR;
    }

    text->len = made.len;
    text->data = ngx_pstrdup(pool, &made);

    return text->data ? NGX_OK : NGX_ERROR;
}


/* a copy: the next generation may come before a slow client has it all */

static ngx_int_t
civic_openapi_send(ngx_http_request_t *r)
{
    ngx_int_t     rc;
    ngx_buf_t    *b;
    ngx_chain_t   out;

    b = ngx_create_temp_buf(r->pool, civic_openapi_page.text.len);

    if (b == NULL
        || civic_openapi_etag(r) != NGX_OK
        || civic_headers_out_add(r, "Cache-Control", &civic_openapi_no_cache)
           == NULL)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->last = ngx_cpymem(b->last, civic_openapi_page.text.data,
                         civic_openapi_page.text.len);
    b->last_buf = (r == r->main) ? 1 : 0;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_type = civic_openapi_type;
    r->headers_out.content_type_len = civic_openapi_type.len;
    r->headers_out.content_length_n = civic_openapi_page.text.len;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    return ngx_http_output_filter(r, &out);
}


/* nginx's not-modified filter does the rest */

static ngx_int_t
civic_openapi_etag(ngx_http_request_t *r)
{
    ngx_str_t  value;

    value.data = ngx_pnalloc(r->pool, NGX_INT64_LEN + sizeof("\"-\"")
                                      + NGX_INT64_LEN);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    value.len = ngx_sprintf(value.data, "\"%uL-%08xD\"",
                            civic_openapi_page.generation,
                            civic_openapi_page.crc)
                - value.data;

    r->headers_out.etag = civic_headers_out_add(r, "ETag", &value);

    return r->headers_out.etag ? NGX_OK : NGX_ERROR;
}


static void
civic_openapi_exit(ngx_cycle_t *cycle)
{
    if (civic_openapi_page.pool != NULL) {
        ngx_destroy_pool(civic_openapi_page.pool);
        civic_openapi_page.pool = NULL;
    }
}
