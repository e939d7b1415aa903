
/*
 * Copyright (C) Civic Gate
 *
 * One version of a plugin in this process: its manifest, its settings, its
 * VMs; freed after its last use.
 */


#ifndef _CIVIC_PLUGIN_REGISTRY_H_INCLUDED_
#define _CIVIC_PLUGIN_REGISTRY_H_INCLUDED_


#include "civic_plugin_conf.h"


typedef struct civic_plugin_vm_s  civic_plugin_vm_t;


struct civic_plugin_vm_s {
    civic_lua_vm_t          *vm;
    ngx_uint_t               uses;     /* runs that may be in it */
    civic_plugin_vm_t       *next;
};


typedef struct {
    civic_plugin_t           plugin;   /* its `state` leads back here */
    ngx_pool_t              *pool;
    ngx_uint_t               refs;
    ngx_uint_t               entry;    /* in the zone */
    civic_plugin_counted_t  *counted;  /* in the order of the routes */
    civic_plugin_vm_t       *vms;      /* the first takes new runs */
    ngx_str_t                text;     /* of manifest.json */
    civic_value_t            problems;
    civic_lua_conf_t         lua;
    unsigned                 hollow:1;
} civic_plugin_item_t;


/*
 * Reads manifest.json and config.json of a copy.  One reference, the
 * caller's.  NULL: `errors`, or no memory.
 */

civic_plugin_t *civic_plugin_load(const civic_department_t *department,
    const ngx_str_t *name, const ngx_str_t *hash, const ngx_str_t *folder,
    ngx_uint_t entry, civic_plugin_errors_t *errors);

/*
 * What stands below `prefix` for a plugin that has no good version: two
 * routes, which are never more than not loaded.  NULL: no memory.
 */

civic_plugin_t *civic_plugin_load_hollow(const civic_department_t *department,
    const ngx_str_t *name, const ngx_str_t *prefix);

/* the whole of a small file.  NGX_OK, NGX_DECLINED: not there; NGX_ERROR */

ngx_int_t civic_plugin_read(ngx_pool_t *pool, const ngx_str_t *folder,
    const char *name, size_t max, ngx_str_t *text);

/* "DIR/plugins/DEPARTMENT/NAME/HASH", or without the hash (NULL) */

ngx_int_t civic_plugin_folder(ngx_pool_t *pool,
    const civic_plugin_main_conf_t *pmcf, const ngx_str_t *name,
    const ngx_str_t *hash, ngx_str_t *folder);

/* the line of manifest.json in which the route is; 1: who knows */

ngx_uint_t civic_plugin_line(const civic_plugin_t *plugin,
    const civic_plugin_route_spec_t *spec);

/* what a trial needs to know: budget, settings, problems */

const civic_lua_conf_t *civic_plugin_lua_conf(const civic_plugin_t *plugin);

/* writes how much memory its VMs take now to the zone */

void civic_plugin_note_memory(const civic_plugin_t *plugin);


#endif /* _CIVIC_PLUGIN_REGISTRY_H_INCLUDED_ */
