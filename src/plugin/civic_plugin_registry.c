
/*
 * Copyright (C) Civic Gate
 *
 * Plugins as this process has them.  A version is loaded from its copy,
 * shared by views and jobs by reference, and goes with the last of them.
 * A VM is made when it is first wanted; one that is broken takes no new
 * runs and goes with its last.
 */


#include "civic_plugin_registry.h"
#include "civic_plugin_account.h"
#include "civic_route_methods.h"


#define CIVIC_PLUGIN_SLICE        2    /* ms of CPU until others get a turn */
#define CIVIC_PLUGIN_HOLLOW_BODY  (1024 * 1024)


static civic_plugin_item_t *civic_plugin_create(
    const civic_department_t *department, const ngx_str_t *name,
    const ngx_str_t *hash, const ngx_str_t *folder);
static ngx_int_t civic_plugin_hollow(civic_plugin_item_t *item,
    const ngx_str_t *prefix);
static ngx_int_t civic_plugin_parse(civic_plugin_item_t *item,
    civic_plugin_errors_t *errors);
static ngx_int_t civic_plugin_problems(civic_plugin_item_t *item);
static ngx_int_t civic_plugin_counted(civic_plugin_item_t *item);
static void civic_plugin_free_vm(civic_plugin_item_t *item,
    civic_plugin_vm_t *vm);


civic_plugin_t *
civic_plugin_load(const civic_department_t *department,
    const ngx_str_t *name, const ngx_str_t *hash, const ngx_str_t *folder,
    ngx_uint_t entry, civic_plugin_errors_t *errors)
{
    civic_plugin_item_t  *item;

    item = civic_plugin_create(department, name, hash, folder);

    if (item == NULL) {
        civic_plugin_errors_add(errors, "no memory");
        return NULL;
    }

    item->entry = entry;

    if (civic_plugin_parse(item, errors) != NGX_OK
        || civic_plugin_problems(item) != NGX_OK
        || civic_plugin_counted(item) != NGX_OK)
    {
        if (errors->list.nelts == 0) {
            civic_plugin_errors_add(errors, "no memory");
        }

        ngx_destroy_pool(item->pool);
        return NULL;
    }

    item->lua.name = item->plugin.name;
    item->lua.folder = item->plugin.folder;
    item->lua.budget = department->budget;
    item->lua.budget.slice = CIVIC_PLUGIN_SLICE;
    item->lua.config = &item->plugin.config;
    item->lua.problems = &item->problems;

    return &item->plugin;
}


static civic_plugin_item_t *
civic_plugin_create(const civic_department_t *department,
    const ngx_str_t *name, const ngx_str_t *hash, const ngx_str_t *folder)
{
    ngx_pool_t           *pool;
    civic_plugin_item_t  *item;

    pool = ngx_create_pool(4096, ngx_cycle->log);
    if (pool == NULL) {
        return NULL;
    }

    item = ngx_pcalloc(pool, sizeof(civic_plugin_item_t));

    if (item == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    item->pool = pool;
    item->refs = 1;
    item->plugin.state = item;
    item->plugin.department = department;

    item->plugin.name.len = name->len;
    item->plugin.name.data = ngx_pstrdup(pool, (ngx_str_t *) name);
    item->plugin.hash.len = hash->len;
    item->plugin.hash.data = ngx_pstrdup(pool, (ngx_str_t *) hash);
    item->plugin.folder.len = folder->len;
    item->plugin.folder.data = ngx_pnalloc(pool, folder->len + 1);

    if (item->plugin.name.data == NULL
        || item->plugin.hash.data == NULL
        || item->plugin.folder.data == NULL)
    {
        ngx_destroy_pool(pool);
        return NULL;
    }

    ngx_memcpy(item->plugin.folder.data, folder->data, folder->len);
    item->plugin.folder.data[folder->len] = '\0';

    return item;
}


civic_plugin_t *
civic_plugin_load_hollow(const civic_department_t *department,
    const ngx_str_t *name, const ngx_str_t *prefix)
{
    ngx_str_t             none;
    civic_plugin_item_t  *item;

    ngx_str_null(&none);

    item = civic_plugin_create(department, name, &none, &none);

    if (item == NULL) {
        return NULL;
    }

    item->entry = CIVIC_PLUGIN_NONE;
    item->hollow = 1;

    if (civic_plugin_hollow(item, prefix) != NGX_OK
        || civic_plugin_counted(item) != NGX_OK)
    {
        ngx_destroy_pool(item->pool);
        return NULL;
    }

    return &item->plugin;
}


/* its manifest: any PREFIX, and any PREFIX/{rest...} */

static ngx_int_t
civic_plugin_hollow(civic_plugin_item_t *item, const ngx_str_t *prefix)
{
    u_char                     *p;
    ngx_str_t                  *slot, key;
    civic_plugin_manifest_t    *manifest;
    civic_plugin_route_spec_t  *spec;

    key.len = sizeof("any /{rest...}") - 1 + prefix->len;
    key.data = ngx_pnalloc(item->pool, key.len);
    manifest = ngx_pcalloc(item->pool, sizeof(civic_plugin_manifest_t));

    if (key.data == NULL || manifest == NULL
        || ngx_array_init(&manifest->prefixes, item->pool, 1,
                          sizeof(ngx_str_t))
           != NGX_OK
        || ngx_array_init(&manifest->routes, item->pool, 2,
                          sizeof(civic_plugin_route_spec_t))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    p = ngx_cpymem(key.data, "any ", 4);
    p = ngx_cpymem(p, prefix->data, prefix->len);
    ngx_memcpy(p, "/{rest...}", sizeof("/{rest...}") - 1);

    spec = ngx_array_push_n(&manifest->routes, 2);
    slot = ngx_array_push(&manifest->prefixes);

    ngx_memzero(spec, 2 * sizeof(civic_plugin_route_spec_t));

    spec[0].key = key;
    spec[0].path.data = key.data + 4;
    spec[0].path.len = key.len - 4;
    spec[0].pattern = spec[0].path;
    spec[0].methods = CIVIC_ROUTE_METHODS_ANY;
    spec[0].max_body = CIVIC_PLUGIN_HOLLOW_BODY;
    spec[0].pub = 1;
    spec[0].raw = 1;

    spec[1] = spec[0];
    spec[1].path.len = prefix->len;
    spec[1].pattern = spec[1].path;
    spec[1].key.len = 4 + prefix->len;

    *slot = spec[1].path;

    item->plugin.manifest = manifest;

    return NGX_OK;
}


static ngx_int_t
civic_plugin_parse(civic_plugin_item_t *item, civic_plugin_errors_t *errors)
{
    ngx_int_t   rc;
    ngx_str_t   text, config;

    rc = civic_plugin_read(item->pool, &item->plugin.folder, "manifest.json",
                           CIVIC_PLUGIN_MANIFEST_MAX, &text);

    if (rc != NGX_OK) {
        civic_plugin_errors_add(errors, rc == NGX_DECLINED
                                ? "there is no manifest.json"
                                : "manifest.json cannot be read");
        return NGX_ERROR;
    }

    item->text = text;
    item->plugin.manifest = civic_plugin_manifest_parse(&text, item->pool,
                                                        errors);
    if (item->plugin.manifest == NULL) {
        return NGX_ERROR;
    }

    rc = civic_plugin_read(item->pool, &item->plugin.folder, "config.json",
                           CIVIC_PLUGIN_MANIFEST_MAX, &config);

    if (rc == NGX_ERROR) {
        civic_plugin_errors_add(errors, "config.json cannot be read");
        return NGX_ERROR;
    }

    return civic_plugin_manifest_config(item->plugin.manifest,
                                        rc == NGX_OK ? &config : NULL,
                                        item->pool, &item->plugin.config,
                                        errors);
}


/* a table of names, each true */

static ngx_int_t
civic_plugin_problems(civic_plugin_item_t *item)
{
    ngx_uint_t               i;
    civic_value_t           *value;
    civic_plugin_problem_t  *problem;

    problem = item->plugin.manifest->problems.elts;

    if (civic_value_set_table(&item->problems, item->pool, 0,
                              item->plugin.manifest->problems.nelts)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < item->plugin.manifest->problems.nelts; i++) {

        value = civic_value_add_member(&item->problems, item->pool,
                                       &problem[i].code);
        if (value == NULL) {
            return NGX_ERROR;
        }

        civic_value_set_boolean(value, 1);
    }

    return NGX_OK;
}


static ngx_int_t
civic_plugin_counted(civic_plugin_item_t *item)
{
    ngx_uint_t                  i, n;
    civic_plugin_route_spec_t  *spec;

    spec = item->plugin.manifest->routes.elts;
    n = item->plugin.manifest->routes.nelts;

    item->counted = ngx_pcalloc(item->pool,
                                n * sizeof(civic_plugin_counted_t));
    if (item->counted == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < n; i++) {
        item->counted[i].key = spec[i].key;
    }

    return NGX_OK;
}


ngx_int_t
civic_plugin_read(ngx_pool_t *pool, const ngx_str_t *folder,
    const char *name, size_t max, ngx_str_t *text)
{
    size_t           len;
    ssize_t          n;
    u_char          *path;
    ngx_fd_t         fd;
    ngx_file_info_t  fi;

    len = folder->len + 1 + ngx_strlen(name) + 1;

    path = ngx_pnalloc(pool, len);
    if (path == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_snprintf(path, len, "%V/%s%Z", folder, name);

    fd = open((char *) path, O_RDONLY|O_NONBLOCK|O_NOFOLLOW|O_CLOEXEC);

    if (fd == -1) {
        return ngx_errno == NGX_ENOENT ? NGX_DECLINED : NGX_ERROR;
    }

    n = -1;

    if (ngx_fd_info(fd, &fi) != NGX_FILE_ERROR
        && ngx_is_file(&fi)
        && (size_t) ngx_file_size(&fi) <= max)
    {
        text->len = ngx_file_size(&fi);
        text->data = ngx_pnalloc(pool, text->len + 1);

        if (text->data != NULL) {
            n = read(fd, text->data, text->len);
        }
    }

    (void) ngx_close_file(fd);

    return n >= 0 && (size_t) n == text->len ? NGX_OK : NGX_ERROR;
}


ngx_int_t
civic_plugin_folder(ngx_pool_t *pool, const civic_plugin_main_conf_t *pmcf,
    const ngx_str_t *name, const ngx_str_t *hash, ngx_str_t *folder)
{
    size_t     len;
    ngx_str_t  last;

    ngx_str_null(&last);

    if (hash != NULL) {
        last = *hash;
    }

    len = pmcf->state->name.len + sizeof("/plugins//") + name->len + last.len
          + 1;

    folder->data = ngx_pnalloc(pool, len);
    if (folder->data == NULL) {
        return NGX_ERROR;
    }

    folder->len = ngx_snprintf(folder->data, len, "%V/plugins/%V%s%V%Z",
                               &pmcf->state->name, name, hash ? "/" : "",
                               &last)
                  - folder->data - 1;

    return NGX_OK;
}


/* by its key, in quotes, as nearly everybody writes it */

ngx_uint_t
civic_plugin_line(const civic_plugin_t *plugin,
    const civic_plugin_route_spec_t *spec)
{
    const civic_plugin_item_t  *item = plugin->state;

    u_char      *p, *last;
    ngx_uint_t   line;

    line = 1;
    p = item->text.data;
    last = p + item->text.len;

    for ( /* void */ ; p + spec->key.len + 2 <= last; p++) {

        if (*p == '\n') {
            line++;

        } else if (*p == '"'
                   && p[spec->key.len + 1] == '"'
                   && ngx_memcmp(p + 1, spec->key.data, spec->key.len) == 0)
        {
            return line;
        }
    }

    return 1;
}


const civic_lua_conf_t *
civic_plugin_lua_conf(const civic_plugin_t *plugin)
{
    const civic_plugin_item_t  *item = plugin->state;

    return &item->lua;
}


void
civic_plugin_hold(civic_plugin_t *plugin)
{
    civic_plugin_item_t  *item = plugin->state;

    item->refs++;
}


void
civic_plugin_release(civic_plugin_t *plugin)
{
    civic_plugin_item_t  *item = plugin->state;

    if (--item->refs) {
        return;
    }

    while (item->vms != NULL) {
        civic_plugin_free_vm(item, item->vms);
    }

    civic_plugin_note_memory(plugin);

    ngx_destroy_pool(item->pool);
}


civic_lua_vm_t *
civic_plugin_vm(civic_plugin_t *plugin, ngx_pool_t *pool,
    civic_lua_failure_t *failure)
{
    civic_plugin_item_t  *item = plugin->state;

    civic_plugin_vm_t  *vm;

    vm = item->vms;

    if (vm != NULL && !civic_lua_vm_broken(vm->vm)) {
        vm->uses++;
        return vm->vm;
    }

    if (vm != NULL && vm->uses == 0) {
        civic_plugin_free_vm(item, vm);
    }

    vm = ngx_alloc(sizeof(civic_plugin_vm_t), ngx_cycle->log);

    if (vm == NULL) {
        ngx_memzero(failure, sizeof(civic_lua_failure_t));
        ngx_str_set(&failure->message, "no memory");
        return NULL;
    }

    civic_plugin_enter(plugin, NULL);

    vm->vm = civic_lua_vm_create(&item->lua, pool, ngx_cycle->log, failure);

    civic_plugin_leave(plugin);

    if (vm->vm == NULL) {
        ngx_free(vm);
        civic_plugin_account(plugin, NULL, CIVIC_PLUGIN_FAILED, NULL, 0);
        return NULL;
    }

    vm->uses = 1;
    vm->next = item->vms;
    item->vms = vm;

    return vm->vm;
}


void
civic_plugin_vm_put(civic_plugin_t *plugin, civic_lua_vm_t *vm)
{
    civic_plugin_item_t  *item = plugin->state;

    civic_plugin_vm_t  *own;

    for (own = item->vms; own; own = own->next) {

        if (own->vm != vm) {
            continue;
        }

        own->uses--;

        if (own->uses == 0
            && (own != item->vms || civic_lua_vm_broken(vm)))
        {
            civic_plugin_free_vm(item, own);
        }

        return;
    }
}


static void
civic_plugin_free_vm(civic_plugin_item_t *item, civic_plugin_vm_t *vm)
{
    civic_plugin_vm_t  **next;

    for (next = &item->vms; *next != vm; next = &(*next)->next) {
        /* void */
    }

    *next = vm->next;

    civic_lua_vm_destroy(vm->vm);
    ngx_free(vm);
}


/* a version that still has requests adds to the one that took over */

void
civic_plugin_note_memory(const civic_plugin_t *plugin)
{
    const civic_plugin_item_t  *item = plugin->state;

    size_t              size;
    civic_plugin_vm_t  *vm;

    if (item->entry == CIVIC_PLUGIN_NONE) {
        return;
    }

    size = 0;

    for (vm = item->vms; vm; vm = vm->next) {
        size += civic_lua_vm_memory(vm->vm);
    }

    civic_plugin_account_memory(item->entry, size);
}
