
/*
 * Copyright (C) Civic Gate
 *
 * A folder under /tmp per test, gone with it.
 */


#include "plugin.h"

#include <ftw.h>


civic_lua_conf_t     plugin_conf;
ngx_pool_t          *plugin_pool;
civic_lua_vm_t      *plugin_vm;
civic_lua_run_t      plugin_run;
civic_lua_failure_t  plugin_failure;

static char          plugin_folder[64];
static char          plugin_text[4096];
static ngx_uint_t    plugin_started;


static int plugin_remove(const char *path, const struct stat *st, int flag,
    struct FTW *ftw);
static char *plugin_append(char *p, const civic_value_t *values,
    ngx_uint_t n);
static void plugin_end(void);


int
plugin_setup(void **state)
{
    char  path[80];

    strcpy(plugin_folder, "/tmp/civic-lua-XXXXXX");
    assert_non_null(mkdtemp(plugin_folder));

    (void) snprintf(path, sizeof(path), "%s/lib", plugin_folder);
    assert_int_equal(mkdir(path, 0700), 0);

    plugin_pool = ngx_create_pool(4096, NULL);

    memset(&plugin_conf, 0, sizeof(civic_lua_conf_t));
    ngx_str_set(&plugin_conf.name, "health/test");
    plugin_conf.folder.data = (u_char *) plugin_folder;
    plugin_conf.folder.len = strlen(plugin_folder);
    plugin_conf.budget.memory = 4 * 1024 * 1024;
    plugin_conf.budget.instructions = 1000000;
    plugin_conf.budget.cpu = 2000;

    return 0;
}


int
plugin_teardown(void **state)
{
    plugin_end();

    if (plugin_vm) {
        civic_lua_vm_destroy(plugin_vm);
        plugin_vm = NULL;
    }

    ngx_destroy_pool(plugin_pool);

    return nftw(plugin_folder, plugin_remove, 8, FTW_DEPTH|FTW_PHYS);
}


static int
plugin_remove(const char *path, const struct stat *st, int flag,
    struct FTW *ftw)
{
    return remove(path);
}


void
plugin_file(const char *path, const char *text)
{
    char   full[160];
    FILE  *out;

    (void) snprintf(full, sizeof(full), "%s/%s", plugin_folder, path);

    out = fopen(full, "w");
    assert_non_null(out);
    assert_int_equal(fputs(text, out) >= 0, 1);
    assert_int_equal(fclose(out), 0);
}


void
plugin_link(const char *path, const char *target)
{
    char  full[160];

    (void) snprintf(full, sizeof(full), "%s/%s", plugin_folder, path);
    assert_int_equal(symlink(target, full), 0);
}


ngx_uint_t
plugin_load(const char *text)
{
    if (text) {
        plugin_file("plugin.lua", text);
    }

    plugin_end();

    if (plugin_vm) {
        civic_lua_vm_destroy(plugin_vm);
    }

    plugin_vm = civic_lua_vm_create(&plugin_conf, plugin_pool, NULL,
                                    &plugin_failure);

    return plugin_vm != NULL;
}


ngx_int_t
plugin_do(const char *body)
{
    char  text[4096];

    (void) snprintf(text, sizeof(text),
                    "local M = {} function M.f(...) %s\nend return M", body);

    if (!plugin_load(text)) {
        plugin_run.failure = plugin_failure;
        fail_msg("%s", plugin_message());
    }

    return plugin_start("f");
}


ngx_int_t
plugin_start(const char *function)
{
    ngx_str_t  name;

    plugin_end();

    name.data = (u_char *) function;
    name.len = strlen(function);
    plugin_started = 1;

    return civic_lua_run_start(&plugin_run, plugin_vm, plugin_pool, &name,
                               NULL, 0);
}


ngx_int_t
plugin_resume_number(double number)
{
    civic_value_t  value;

    civic_value_set_number(&value, number);

    return civic_lua_run_resume(&plugin_run, &value, 1);
}


static void
plugin_end(void)
{
    if (plugin_started) {
        civic_lua_run_end(&plugin_run);
        plugin_started = 0;
    }
}


static char *
plugin_append(char *p, const civic_value_t *values, ngx_uint_t n)
{
    ngx_uint_t   i;
    ngx_str_t    text;
    const char  *err;

    for (i = 0; i < n; i++) {
        if (civic_value_to_json(&values[i], plugin_pool, 4000, &text, &err)
            != NGX_OK)
        {
            fail_msg("%s", err);
        }

        p += sprintf(p, "%s%.*s", p == plugin_text ? "" : " ",
                     (int) text.len, (char *) text.data);
    }

    *p = '\0';

    return plugin_text;
}


const char *
plugin_results(void)
{
    return plugin_append(plugin_text, plugin_run.results,
                         plugin_run.nresults);
}


const char *
plugin_message(void)
{
    (void) snprintf(plugin_text, sizeof(plugin_text), "%.*s",
                    (int) plugin_run.failure.message.len,
                    (char *) plugin_run.failure.message.data);

    return plugin_text;
}


const char *
plugin_operation(void)
{
    char                   *p;
    civic_lua_operation_t  *operation;

    operation = &plugin_run.operation;

    p = plugin_text + sprintf(plugin_text, "%.*s", (int) operation->name.len,
                              (char *) operation->name.data);

    return plugin_append(p, operation->args, operation->nargs);
}
