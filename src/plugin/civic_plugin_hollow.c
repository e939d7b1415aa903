
/*
 * Copyright (C) Civic Gate
 *
 * What stands in for a plugin that is not loaded.  The watcher has published
 * which prefixes it claims; all below them that nobody else takes answers
 * that it is not loaded.  A claim counts for less than anybody's routes: it
 * is dropped where another plugin that is loaded, or a location of nginx, is
 * above it, below it, or the same.
 */


#include "civic_plugin_hollow.h"
#include "civic_plugin_registry.h"


static ngx_int_t civic_plugin_hollow_add(civic_plugin_view_t *view,
    const civic_department_t *department, const civic_plugin_record_t *record);
static ngx_uint_t civic_plugin_hollow_loaded(const civic_plugin_view_t *view,
    const ngx_str_t *name);
static ngx_uint_t civic_plugin_hollow_free(const civic_plugin_view_t *view,
    const civic_department_t *department, const ngx_str_t *prefix);


ngx_int_t
civic_plugin_hollow_fill(civic_plugin_view_t *view,
    const civic_plugin_main_conf_t *pmcf)
{
    ngx_str_t               name;
    ngx_uint_t              i, n;
    civic_plugin_record_t   record;
    civic_plugin_tenant_t  *tenant;

    n = civic_plugin_zone_size();

    for (i = 0; i < n; i++) {
        civic_plugin_zone_read(i, &record);

        name.data = record.name;
        name.len = record.name_len;

        tenant = civic_plugin_department_of(pmcf, &name);

        if (!record.used || record.claim_len == 0 || tenant == NULL
            || civic_plugin_hollow_loaded(view, &name))
        {
            continue;
        }

        if (civic_plugin_hollow_add(view, &tenant->department, &record)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_plugin_hollow_add(civic_plugin_view_t *view,
    const civic_department_t *department, const civic_plugin_record_t *record)
{
    u_char          *p, *last, *end;
    ngx_str_t        name, prefix;
    civic_plugin_t  *plugin, **slot;

    name.data = (u_char *) record->name;
    name.len = record->name_len;

    p = (u_char *) record->claim;
    last = p + record->claim_len;

    for ( /* void */ ; p < last; p = end + 1) {

        end = ngx_strlchr(p, last, '\n');
        if (end == NULL) {
            end = last;
        }

        prefix.data = p;
        prefix.len = end - p;

        if (!civic_plugin_hollow_free(view, department, &prefix)) {
            continue;
        }

        plugin = civic_plugin_load_hollow(department, &name, &prefix);
        if (plugin == NULL) {
            return NGX_ERROR;
        }

        slot = ngx_array_push(&view->hollows);

        if (slot == NULL) {
            civic_plugin_release(plugin);
            return NGX_ERROR;
        }

        *slot = plugin;
    }

    return NGX_OK;
}


static ngx_uint_t
civic_plugin_hollow_loaded(const civic_plugin_view_t *view,
    const ngx_str_t *name)
{
    ngx_uint_t        i;
    civic_plugin_t  **plugin;

    plugin = view->plugins.elts;

    for (i = 0; i < view->plugins.nelts; i++) {

        if (plugin[i]->name.len == name->len
            && ngx_memcmp(plugin[i]->name.data, name->data, name->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
civic_plugin_hollow_free(const civic_plugin_view_t *view,
    const civic_department_t *department, const ngx_str_t *prefix)
{
    ngx_str_t        *other;
    ngx_uint_t        i, n;
    civic_plugin_t  **plugin;

    other = department->prefixes.elts;

    for (i = 0; i < department->prefixes.nelts; i++) {
        if (civic_plugin_within(prefix, &other[i])) {
            break;
        }
    }

    if (i == department->prefixes.nelts) {
        return 0;
    }

    plugin = view->plugins.elts;

    for (i = 0; i < view->plugins.nelts; i++) {
        other = plugin[i]->manifest->prefixes.elts;

        for (n = 0; n < plugin[i]->manifest->prefixes.nelts; n++) {

            if (civic_plugin_within(prefix, &other[n])
                || civic_plugin_within(&other[n], prefix))
            {
                return 0;
            }
        }
    }

    return 1;
}


ngx_uint_t
civic_plugin_hollow_stands(const civic_plugin_t *plugin,
    const civic_plugin_server_t *server)
{
    ngx_str_t   *location, *prefix;
    ngx_uint_t   i;

    prefix = plugin->manifest->prefixes.elts;
    location = server->locations.elts;

    for (i = 0; i < server->locations.nelts; i++) {
        if (civic_plugin_within(&location[i], prefix)) {
            return 0;
        }
    }

    return 1;
}
