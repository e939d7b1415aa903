
/*
 * Copyright (C) Civic Gate
 *
 * plugin-manifest DIR|FILE [openapi]: reads a plugin's manifest, and its
 * config.json if there is one, with the gate's own code.  Prints everything
 * that is wrong, one a line, and exits 1; or a summary in JSON, or its
 * OpenAPI document, and exits 0.  A wrong call: 2.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_openapi.h"
#include "civic_plugin_manifest.h"


typedef struct {
    ngx_pool_t                     *pool;
    const civic_plugin_manifest_t  *manifest;
    civic_plugin_errors_t           errors;
    ngx_str_t                       text;
    ngx_str_t                       config;
    ngx_uint_t                      configured;
} civic_plugin_main_t;


static ngx_int_t civic_plugin_main_read(ngx_pool_t *pool, const char *folder,
    const char *name, ngx_str_t *text);
static ngx_int_t civic_plugin_main_files(civic_plugin_main_t *ctx,
    const char *name);
static void civic_plugin_main_errors(const civic_plugin_errors_t *errors);
static ngx_int_t civic_plugin_main_openapi(
    const civic_plugin_manifest_t *manifest, ngx_pool_t *pool);
static ngx_int_t civic_plugin_main_summary(
    const civic_plugin_manifest_t *manifest, ngx_pool_t *pool);
static ngx_int_t civic_plugin_main_routes(
    const civic_plugin_manifest_t *manifest, ngx_pool_t *pool,
    civic_value_t *summary);
static ngx_int_t civic_plugin_main_needs(
    const civic_plugin_manifest_t *manifest, ngx_pool_t *pool,
    civic_value_t *summary);
static ngx_int_t civic_plugin_main_list(civic_value_t *table,
    ngx_pool_t *pool, const char *name, const ngx_array_t *list);
static ngx_int_t civic_plugin_main_flag(civic_value_t *table,
    ngx_pool_t *pool, const char *name, ngx_uint_t yes);


int
main(int argc, char *const *argv)
{
    ngx_int_t            rc;
    ngx_log_t            log;
    civic_value_t        config;
    civic_plugin_main_t  ctx;

    if (argc != 2 && (argc != 3 || ngx_strcmp(argv[2], "openapi") != 0)) {
        (void) fprintf(stderr, "usage: plugin-manifest DIR|FILE "
                       "[openapi]\n");
        return 2;
    }

    ngx_memzero(&log, sizeof(ngx_log_t));
    ngx_memzero(&ctx, sizeof(civic_plugin_main_t));

    ctx.pool = ngx_create_pool(16384, &log);

    if (ctx.pool == NULL
        || civic_plugin_errors_init(&ctx.errors, ctx.pool) != NGX_OK)
    {
        (void) fprintf(stderr, "plugin-manifest: no memory\n");
        return 2;
    }

    if (civic_plugin_main_files(&ctx, argv[1]) != NGX_OK) {
        (void) fprintf(stderr, "plugin-manifest: %s: %s\n", argv[1],
                       strerror(errno));
        return 2;
    }

    ctx.manifest = civic_plugin_manifest_parse(&ctx.text, ctx.pool,
                                               &ctx.errors);
    if (ctx.manifest) {
        (void) civic_plugin_manifest_config(ctx.manifest, ctx.configured
                                            ? &ctx.config : NULL,
                                            ctx.pool, &config, &ctx.errors);
    }

    rc = NGX_DECLINED;

    if (ctx.errors.list.nelts) {
        civic_plugin_main_errors(&ctx.errors);

    } else if (argc == 3) {
        rc = civic_plugin_main_openapi(ctx.manifest, ctx.pool);

    } else {
        rc = civic_plugin_main_summary(ctx.manifest, ctx.pool);
    }

    ngx_destroy_pool(ctx.pool);

    return (rc == NGX_OK && fflush(stdout) == 0) ? 0 : 1;
}


/* NGX_DECLINED with errno; one byte more than the most shows that it is */

static ngx_int_t
civic_plugin_main_read(ngx_pool_t *pool, const char *folder, const char *name,
    ngx_str_t *text)
{
    char  path[NGX_MAX_PATH + 1];
    FILE *file;

    (void) snprintf(path, sizeof(path), "%s%s%s", folder,
                    name[0] ? "/" : "", name);

    file = fopen(path, "rb");
    if (file == NULL) {
        return NGX_DECLINED;
    }

    text->data = ngx_pnalloc(pool, CIVIC_PLUGIN_MANIFEST_MAX + 1);

    if (text->data == NULL) {
        (void) fclose(file);
        errno = ENOMEM;
        return NGX_DECLINED;
    }

    text->len = fread(text->data, 1, CIVIC_PLUGIN_MANIFEST_MAX + 1, file);

    if (ferror(file)) {
        (void) fclose(file);
        errno = EIO;
        return NGX_DECLINED;
    }

    (void) fclose(file);

    return NGX_OK;
}


static ngx_int_t
civic_plugin_main_files(civic_plugin_main_t *ctx, const char *name)
{
    struct stat  st;

    if (stat(name, &st) == -1) {
        return NGX_DECLINED;
    }

    if (!S_ISDIR(st.st_mode)) {
        return civic_plugin_main_read(ctx->pool, name, "", &ctx->text);
    }

    if (civic_plugin_main_read(ctx->pool, name, "manifest.json", &ctx->text)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    if (civic_plugin_main_read(ctx->pool, name, "config.json", &ctx->config)
        == NGX_OK)
    {
        ctx->configured = 1;
        return NGX_OK;
    }

    return (errno == ENOENT) ? NGX_OK : NGX_DECLINED;
}


static void
civic_plugin_main_errors(const civic_plugin_errors_t *errors)
{
    ngx_str_t   *sentence;
    ngx_uint_t   i;

    sentence = errors->list.elts;

    for (i = 0; i < errors->list.nelts; i++) {
        (void) printf("%.*s\n", (int) sentence[i].len, sentence[i].data);
    }
}


/* under a name of its own, with the issuers that its routes name */

static ngx_int_t
civic_plugin_main_openapi(const civic_plugin_manifest_t *manifest,
    ngx_pool_t *pool)
{
    ngx_str_t                   text, *issuer, *name;
    ngx_uint_t                  i, k;
    ngx_array_t                 issuers;
    civic_openapi_plugin_t      plugin;
    civic_plugin_route_spec_t  *spec;

    if (ngx_array_init(&issuers, pool, 4, sizeof(ngx_str_t)) != NGX_OK) {
        return NGX_ERROR;
    }

    spec = manifest->routes.elts;

    for (i = 0; i < manifest->routes.nelts; i++) {
        name = spec[i].auth.elts;

        for (k = 0; k < spec[i].auth.nelts; k++) {
            issuer = ngx_array_push(&issuers);

            if (issuer == NULL) {
                return NGX_ERROR;
            }

            *issuer = name[k];
        }
    }

    ngx_str_set(&plugin.name, "department/plugin");
    plugin.manifest = manifest;

    if (civic_openapi(&plugin, 1, &issuers, pool, &text) != NGX_OK) {
        (void) fprintf(stderr, "plugin-manifest: no memory\n");
        return NGX_ERROR;
    }

    (void) printf("%.*s\n", (int) text.len, text.data);

    return NGX_OK;
}


static ngx_int_t
civic_plugin_main_summary(const civic_plugin_manifest_t *manifest,
    ngx_pool_t *pool)
{
    ngx_str_t       text;
    const char     *err;
    civic_value_t   summary;

    if (civic_value_set_table(&summary, pool, 0, 8) != NGX_OK
        || civic_value_add_string(&summary, pool, "version",
                                  &manifest->version)
           != NGX_OK
        || civic_plugin_main_list(&summary, pool, "prefix",
                                  &manifest->prefixes)
           != NGX_OK
        || civic_plugin_main_routes(manifest, pool, &summary) != NGX_OK
        || civic_plugin_main_needs(manifest, pool, &summary) != NGX_OK)
    {
        (void) fprintf(stderr, "plugin-manifest: no memory\n");
        return NGX_ERROR;
    }

    if (civic_value_to_json(&summary, pool, 4 * 1024 * 1024, &text, &err)
        != NGX_OK)
    {
        (void) fprintf(stderr, "plugin-manifest: cannot say it in JSON\n");
        return NGX_ERROR;
    }

    (void) printf("%.*s\n", (int) text.len, text.data);

    return NGX_OK;
}


static ngx_int_t
civic_plugin_main_routes(const civic_plugin_manifest_t *manifest,
    ngx_pool_t *pool, civic_value_t *summary)
{
    ngx_str_t                   methods;
    ngx_uint_t                  i;
    civic_value_t              *list, *item;
    civic_plugin_route_spec_t  *spec;

    list = civic_value_add_named(summary, pool, "routes");

    if (list == NULL
        || civic_value_set_table(list, pool, manifest->routes.nelts, 0)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    list->u.table->shape = CIVIC_VALUE_ARRAY;
    spec = manifest->routes.elts;

    for (i = 0; i < manifest->routes.nelts; i++) {
        methods.data = spec[i].key.data;
        methods.len = spec[i].path.data - 1 - methods.data;

        item = civic_value_add_item(list, pool);

        if (item == NULL
            || civic_value_set_table(item, pool, 0, 8) != NGX_OK
            || civic_value_add_string(item, pool, "methods", &methods)
               != NGX_OK
            || civic_value_add_string(item, pool, "pattern", &spec[i].pattern)
               != NGX_OK
            || civic_value_add_string(item, pool, "run", &spec[i].run)
               != NGX_OK
            || civic_plugin_main_list(item, pool, "auth", &spec[i].auth)
               != NGX_OK
            || civic_plugin_main_list(item, pool, "limit", &spec[i].limit)
               != NGX_OK
            || civic_plugin_main_flag(item, pool, "public", spec[i].pub)
               != NGX_OK
            || civic_plugin_main_flag(item, pool, "plugins", spec[i].plugins)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_plugin_main_needs(const civic_plugin_manifest_t *manifest,
    ngx_pool_t *pool, civic_value_t *summary)
{
    civic_value_t  *needs;

    needs = civic_value_add_named(summary, pool, "needs");

    if (needs == NULL
        || civic_value_set_table(needs, pool, 0, 8) != NGX_OK
        || civic_plugin_main_flag(needs, pool, "store", manifest->store)
           != NGX_OK
        || civic_plugin_main_flag(needs, pool, "scripts", manifest->scripts)
           != NGX_OK
        || civic_plugin_main_list(needs, pool, "http", &manifest->http)
           != NGX_OK
        || civic_plugin_main_list(needs, pool, "calls", &manifest->calls)
           != NGX_OK
        || civic_plugin_main_list(needs, pool, "claims", &manifest->claims)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (manifest->data.len == 0) {
        return NGX_OK;
    }

    return civic_value_add_string(needs, pool, "data", &manifest->data);
}


static ngx_int_t
civic_plugin_main_list(civic_value_t *table, ngx_pool_t *pool,
    const char *name, const ngx_array_t *list)
{
    ngx_str_t      *text;
    ngx_uint_t      i;
    civic_value_t  *array, *item;

    array = civic_value_add_named(table, pool, name);

    if (array == NULL
        || civic_value_set_table(array, pool, list->nelts, 0) != NGX_OK)
    {
        return NGX_ERROR;
    }

    array->u.table->shape = CIVIC_VALUE_ARRAY;
    text = list->elts;

    for (i = 0; i < list->nelts; i++) {

        item = civic_value_add_item(array, pool);
        if (item == NULL) {
            return NGX_ERROR;
        }

        civic_value_set_string(item, &text[i]);
    }

    return NGX_OK;
}


static ngx_int_t
civic_plugin_main_flag(civic_value_t *table, ngx_pool_t *pool,
    const char *name, ngx_uint_t yes)
{
    civic_value_t  *value;

    value = civic_value_add_named(table, pool, name);

    if (value == NULL) {
        return NGX_ERROR;
    }

    civic_value_set_boolean(value, yes);

    return NGX_OK;
}
