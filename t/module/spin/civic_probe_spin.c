
/*
 * Copyright (C) Civic Gate
 *
 * Tests only: a location whose handler is inside the Lua of a plugin, as far
 * as anybody can tell, and does not come back.  Nothing that a plugin can do
 * is known to take so long.
 *
 *     civic_probe_spin DEPARTMENT/NAME;
 */


#include "civic_plugin.h"


#define CIVIC_PROBE_SPIN  30           /* seconds, at most */


static char *civic_probe_spin(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static ngx_int_t civic_probe_spin_handler(ngx_http_request_t *r);


static ngx_str_t  civic_probe_spin_name;


static ngx_command_t  civic_probe_spin_commands[] = {

    { ngx_string("civic_probe_spin"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      civic_probe_spin,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  civic_probe_spin_module_ctx = {
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
};


ngx_module_t  ngx_http_civic_probe_spin_module = {
    NGX_MODULE_V1,
    &civic_probe_spin_module_ctx,
    civic_probe_spin_commands,
    NGX_HTTP_MODULE,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    NGX_MODULE_V1_PADDING
};


/* what nginx looks for in a file that it loads */

ngx_module_t  *ngx_modules[] = { &ngx_http_civic_probe_spin_module, NULL };
char          *ngx_module_names[] = {
    "ngx_http_civic_probe_spin_module", NULL
};
char          *ngx_module_order[] = { NULL };


static char *
civic_probe_spin(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t                 *value;
    ngx_http_core_loc_conf_t  *clcf;

    value = cf->args->elts;
    civic_probe_spin_name = value[1];

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = civic_probe_spin_handler;

    return NGX_CONF_OK;
}


static ngx_int_t
civic_probe_spin_handler(ngx_http_request_t *r)
{
    uint64_t         end;
    civic_plugin_t  *plugin;

    plugin = civic_plugin_find(&civic_probe_spin_name);
    if (plugin == NULL) {
        return NGX_HTTP_NOT_FOUND;
    }

    end = civic_now_ns() + (uint64_t) CIVIC_PROBE_SPIN * 1000000000;

    civic_plugin_enter(plugin, plugin->manifest->routes.elts);

    while (civic_now_ns() < end) { /* void */ }

    civic_plugin_leave(plugin);

    return NGX_HTTP_NO_CONTENT;
}
