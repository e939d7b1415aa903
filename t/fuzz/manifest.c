/* sources: src/manifest/civic_plugin_errors.c src/manifest/civic_plugin_manifest.c src/manifest/civic_plugin_manifest_config.c src/manifest/civic_plugin_manifest_needs.c src/manifest/civic_plugin_manifest_read.c src/manifest/civic_plugin_manifest_route.c src/manifest/civic_plugin_query.c src/openapi/civic_openapi.c src/openapi/civic_openapi_operation.c src/openapi/civic_openapi_schema.c src/openapi/civic_openapi_security.c src/schema/civic_schema_argument.c src/schema/civic_schema_array.c src/schema/civic_schema_check.c src/schema/civic_schema_compile.c src/schema/civic_schema_format.c src/schema/civic_schema_keyword.c src/schema/civic_schema_logic.c src/schema/civic_schema_object.c src/schema/civic_schema_scalar.c src/pcre/civic_pcre.c src/json/civic_json.c src/require/civic_require_rule.c src/require/civic_require_value.c src/source/civic_source_parse.c src/civic_error.c src/route/civic_route_methods.c src/route/civic_route_packed.c src/route/civic_route_pattern.c src/route/civic_route_radix.c src/route/civic_route_regex.c src/route/civic_route_segment.c src/route/civic_route_syntax.c src/route/civic_route_table.c src/json/civic_value.c src/json/civic_value_json.c src/json/civic_value_number.c */

/*
 * Copyright (C) Civic Gate
 *
 * Any text as a manifest: it is refused with a sentence, or all that is
 * made of it can be used: settings, queries, the OpenAPI document.
 */


#include "civic_openapi.h"
#include "civic_plugin_query.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
manifest_use(const civic_plugin_manifest_t *manifest, ngx_pool_t *pool,
    civic_plugin_errors_t *errors, ngx_array_t *issuers)
{
    ngx_str_t                   text, args;
    ngx_uint_t                  i;
    civic_json_t               *json;
    civic_value_t               value;
    civic_schema_error_t        err;
    civic_openapi_plugin_t      plugin;
    civic_plugin_route_spec_t  *spec;

    (void) civic_plugin_manifest_config(manifest, NULL, pool, &value, errors);

    ngx_str_set(&args, "a=1&b=%E4%B8%AD&a=x+y&c");
    spec = manifest->routes.elts;

    for (i = 0; i < manifest->routes.nelts; i++) {
        if (civic_plugin_query(&args, &spec[i], pool, &value, &err)
            == NGX_ERROR)
        {
            abort();
        }
    }

    ngx_str_set(&plugin.name, "a/b");
    plugin.manifest = manifest;

    if (civic_openapi(&plugin, 1, issuers, pool, &text) != NGX_OK) {
        abort();
    }

    json = civic_json_parse(&text, 1024 * 1024, NULL, 0);
    if (json == NULL) {
        abort();
    }

    civic_json_free(json);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ngx_str_t                 text;
    ngx_pool_t               *pool;
    ngx_array_t               issuers;
    civic_plugin_errors_t     errors;
    civic_plugin_manifest_t  *manifest;

    pool = ngx_create_pool(4096, NULL);

    if (pool == NULL
        || civic_plugin_errors_init(&errors, pool) != NGX_OK
        || ngx_array_init(&issuers, pool, 1, sizeof(ngx_str_t)) != NGX_OK)
    {
        abort();
    }

    text.data = (u_char *) data;
    text.len = size;

    manifest = civic_plugin_manifest_parse(&text, pool, &errors);

    if ((manifest == NULL) != (errors.list.nelts > 0)) {
        abort();
    }

    if (manifest) {
        manifest_use(manifest, pool, &errors, &issuers);
    }

    ngx_destroy_pool(pool);

    return 0;
}
