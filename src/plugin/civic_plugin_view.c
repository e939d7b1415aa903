
/*
 * Copyright (C) Civic Gate
 *
 * The view of this process: which versions are in force, by the generation
 * they were published under.  A plugin that is the same as before is taken
 * over; what is not needed any more goes with the last request that came by
 * the old view.
 */


#include "civic_plugin_registry.h"
#include "civic_plugin_routes.h"
#include "civic_plugin_admit.h"
#include "civic_plugin_hollow.h"
#include "civic_plugin_tally.h"


static civic_plugin_view_t *civic_plugin_view_create(ngx_cycle_t *cycle,
    uint64_t generation);
static ngx_int_t civic_plugin_view_fill(civic_plugin_view_t *view,
    ngx_cycle_t *cycle, civic_plugin_main_conf_t *pmcf);
static ngx_int_t civic_plugin_view_add(civic_plugin_view_t *view,
    ngx_cycle_t *cycle, civic_plugin_main_conf_t *pmcf, ngx_uint_t entry,
    const civic_plugin_record_t *record);
static civic_plugin_t *civic_plugin_view_load(ngx_cycle_t *cycle,
    civic_plugin_main_conf_t *pmcf, const civic_department_t *department,
    ngx_uint_t entry, const ngx_str_t *name, const ngx_str_t *hash);
static civic_plugin_t *civic_plugin_view_same(const ngx_str_t *name,
    const ngx_str_t *hash);
static void civic_plugin_view_release(civic_plugin_view_t *view);
static void civic_plugin_view_cleanup(void *data);


static civic_plugin_view_t  *civic_plugin_view_current;


civic_plugin_view_t *
civic_plugin_view(void)
{
    return civic_plugin_view_current;
}


uint64_t
civic_plugin_generation(void)
{
    return civic_plugin_view_current ? civic_plugin_view_current->generation
                                     : 0;
}


void
civic_plugin_view_refresh(ngx_cycle_t *cycle)
{
    uint64_t              generation;
    civic_plugin_view_t  *view, *old;

    if (civic_plugin_zone() == NULL) {
        return;
    }

    old = civic_plugin_view_current;
    generation = civic_plugin_zone_generation();

    if (old != NULL && old->generation == generation) {
        return;
    }

    view = civic_plugin_view_create(cycle, generation);

    if (view == NULL) {
        ngx_log_error(NGX_LOG_ERR, cycle->log, 0,
                      "civic plugin: no memory for generation %uL",
                      generation);
        return;
    }

    civic_plugin_view_current = view;

    if (old != NULL) {
        civic_plugin_view_release(old);
    }
}


static civic_plugin_view_t *
civic_plugin_view_create(ngx_cycle_t *cycle, uint64_t generation)
{
    ngx_pool_t                *pool;
    civic_plugin_view_t       *view;
    civic_plugin_main_conf_t  *pmcf;

    pmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_civic_plugin_module);

    pool = ngx_create_pool(16 * 1024, cycle->log);
    if (pool == NULL) {
        return NULL;
    }

    view = ngx_pcalloc(pool, sizeof(civic_plugin_view_t));

    if (view == NULL
        || ngx_array_init(&view->plugins, pool, 16, sizeof(civic_plugin_t *))
           != NGX_OK
        || ngx_array_init(&view->hollows, pool, 2, sizeof(civic_plugin_t *))
           != NGX_OK)
    {
        ngx_destroy_pool(pool);
        return NULL;
    }

    view->pool = pool;
    view->refs = 1;
    view->generation = generation;

    if (civic_plugin_view_fill(view, cycle, pmcf) != NGX_OK
        || civic_plugin_hollow_fill(view, pmcf) != NGX_OK
        || civic_plugin_routes_build(view, pmcf) != NGX_OK)
    {
        civic_plugin_view_release(view);
        return NULL;
    }

    return view;
}


static ngx_int_t
civic_plugin_view_fill(civic_plugin_view_t *view, ngx_cycle_t *cycle,
    civic_plugin_main_conf_t *pmcf)
{
    ngx_uint_t              i, n;
    civic_plugin_record_t   record;

    n = civic_plugin_zone_size();

    for (i = 0; i < n; i++) {
        civic_plugin_zone_read(i, &record);

        if (!record.used || record.hash_len == 0) {
            continue;
        }

        if (civic_plugin_view_add(view, cycle, pmcf, i, &record) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/*
 * A department may be gone, or off, since the version was published: by
 * another configuration than this process has.
 */

static ngx_int_t
civic_plugin_view_add(civic_plugin_view_t *view, ngx_cycle_t *cycle,
    civic_plugin_main_conf_t *pmcf, ngx_uint_t entry,
    const civic_plugin_record_t *record)
{
    ngx_str_t               name, hash;
    civic_plugin_t         *plugin, **slot;
    civic_plugin_tenant_t  *tenant;

    name.data = (u_char *) record->name;
    name.len = record->name_len;
    hash.data = (u_char *) record->hash;
    hash.len = record->hash_len;

    tenant = civic_plugin_department_of(pmcf, &name);

    if (tenant == NULL) {
        return NGX_OK;
    }

    plugin = civic_plugin_view_same(&name, &hash);

    if (plugin != NULL) {
        civic_plugin_hold(plugin);

    } else {
        plugin = civic_plugin_view_load(cycle, pmcf, &tenant->department,
                                        entry, &name, &hash);
    }

    if (plugin == NULL) {
        return NGX_OK;
    }

    slot = ngx_array_push(&view->plugins);

    if (slot == NULL) {
        civic_plugin_release(plugin);
        return NGX_ERROR;
    }

    *slot = plugin;

    civic_plugin_tally_enlist(plugin);

    return NGX_OK;
}


/* checked again: what was granted when it was published may not be now */

static civic_plugin_t *
civic_plugin_view_load(ngx_cycle_t *cycle, civic_plugin_main_conf_t *pmcf,
    const civic_department_t *department, ngx_uint_t entry,
    const ngx_str_t *name, const ngx_str_t *hash)
{
    ngx_str_t              folder, *error;
    ngx_pool_t            *pool;
    civic_plugin_t        *plugin;
    civic_plugin_errors_t  errors;

    pool = ngx_create_pool(4096, cycle->log);
    if (pool == NULL) {
        return NULL;
    }

    if (civic_plugin_folder(pool, pmcf, name, hash, &folder) != NGX_OK
        || civic_plugin_errors_init(&errors, pool) != NGX_OK)
    {
        ngx_destroy_pool(pool);
        return NULL;
    }

    plugin = civic_plugin_load(department, name, hash, &folder, entry,
                               &errors);

    if (plugin != NULL) {
        civic_plugin_admit(cycle, plugin, &errors);
    }

    if (errors.list.nelts != 0) {
        error = errors.list.elts;

        ngx_log_error(NGX_LOG_ERR, cycle->log, 0,
                      "civic plugin: the copy %V of \"%V\" cannot be used: "
                      "%V", hash, name, &error[0]);

        if (plugin != NULL) {
            civic_plugin_release(plugin);
            plugin = NULL;
        }
    }

    ngx_destroy_pool(pool);

    return plugin;
}


static civic_plugin_t *
civic_plugin_view_same(const ngx_str_t *name, const ngx_str_t *hash)
{
    civic_plugin_t  *plugin;

    plugin = civic_plugin_find(name);

    if (plugin != NULL
        && plugin->hash.len == hash->len
        && ngx_memcmp(plugin->hash.data, hash->data, hash->len) == 0)
    {
        return plugin;
    }

    return NULL;
}


static void
civic_plugin_view_release(civic_plugin_view_t *view)
{
    ngx_uint_t        i;
    civic_plugin_t  **plugin;

    if (--view->refs) {
        return;
    }

    plugin = view->plugins.elts;

    for (i = 0; i < view->plugins.nelts; i++) {
        civic_plugin_release(plugin[i]);
    }

    plugin = view->hollows.elts;

    for (i = 0; i < view->hollows.nelts; i++) {
        civic_plugin_release(plugin[i]);
    }

    ngx_destroy_pool(view->pool);
}


ngx_int_t
civic_plugin_view_hold(civic_plugin_view_t *view, ngx_pool_t *pool)
{
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = civic_plugin_view_cleanup;
    cln->data = view;

    view->refs++;

    return NGX_OK;
}


static void
civic_plugin_view_cleanup(void *data)
{
    civic_plugin_view_release(data);
}


civic_plugin_t *
civic_plugin_find(const ngx_str_t *name)
{
    ngx_uint_t        i;
    civic_plugin_t  **plugin;

    if (civic_plugin_view_current == NULL) {
        return NULL;
    }

    plugin = civic_plugin_view_current->plugins.elts;

    for (i = 0; i < civic_plugin_view_current->plugins.nelts; i++) {

        if (plugin[i]->name.len == name->len
            && ngx_memcmp(plugin[i]->name.data, name->data, name->len) == 0)
        {
            return plugin[i];
        }
    }

    return NULL;
}


ngx_uint_t
civic_plugin_known(const ngx_str_t *name)
{
    ngx_uint_t             i;
    civic_plugin_record_t  record;

    i = civic_plugin_zone() ? civic_plugin_zone_find(name)
                            : CIVIC_PLUGIN_NONE;

    if (i == CIVIC_PLUGIN_NONE) {
        return 0;
    }

    civic_plugin_zone_read(i, &record);

    return record.used;
}


const ngx_array_t *
civic_plugin_all(void)
{
    static const ngx_array_t  none;

    return civic_plugin_view_current ? &civic_plugin_view_current->plugins
                                     : &none;
}
