
/*
 * Copyright (C) Civic Gate
 *
 * What the files of plugin/ and watch/ share; nobody else includes it.  All
 * of it is written while the configuration is read.
 */


#ifndef _CIVIC_PLUGIN_CONF_H_INCLUDED_
#define _CIVIC_PLUGIN_CONF_H_INCLUDED_


#include "civic_plugin.h"
#include "civic_plugin_zone.h"
#include "civic_route.h"
#include "civic_route_table.h"


/* a civic_department block while it is read, and what it became */

typedef struct {
    civic_department_t       department;
    ngx_array_t              remotes;  /* ngx_str_t: names, unresolved */
    ngx_str_t                redis;    /* name, or empty: the only one */
    ngx_uint_t               unread;   /* owned by the watcher: said so */
    ngx_uint_t               crowded;  /* likewise: it has too many folders */
    ngx_uint_t               watched;  /* likewise: how many it looks at */
    uint64_t                 turn;     /* likewise: ns, when that began */
    unsigned                 store:1;
    unsigned                 mounted:1;
} civic_plugin_tenant_t;


/* a civic_mount line */

typedef struct {
    civic_service_t         *service;
    ngx_array_t              names;    /* ngx_str_t; none: all */
    ngx_array_t              tenants;  /* civic_plugin_tenant_t * */
    ngx_str_t                prefix;   /* the location's; empty: named */
    civic_pos_t              pos;
} civic_plugin_mount_t;


/* a server with mounts: its routes are in one table */

typedef struct {
    ngx_uint_t               index;
    void                   **srv_conf;
    ngx_array_t              mounts;   /* civic_plugin_mount_t * */
    ngx_array_t              locations; /* ngx_str_t: its prefix ones */
    civic_route_source_t     source;
} civic_plugin_server_t;


typedef struct {
    ngx_array_t              tenants;  /* civic_plugin_tenant_t * */
    ngx_array_t              servers;  /* civic_plugin_server_t * */
    ngx_path_t              *state;    /* civic_state; NULL: no department */
    civic_pos_t              state_pos;
    civic_plugin_zone_t     *zone;
    ngx_cycle_t             *cycle;
} civic_plugin_main_conf_t;


typedef struct {
    civic_plugin_mount_t    *mount;    /* NULL: an ordinary location */
} civic_plugin_loc_conf_t;


extern ngx_module_t  ngx_http_civic_plugin_module;


/* civic_department NAME { ... }; by name, or NULL */

char *civic_plugin_department_block(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
civic_plugin_tenant_t *civic_plugin_department_find(
    const civic_plugin_main_conf_t *pmcf, const ngx_str_t *name);

/* whose the plugin is; NULL: nobody's, or its department is off */

civic_plugin_tenant_t *civic_plugin_department_of(
    const civic_plugin_main_conf_t *pmcf, const ngx_str_t *plugin);

/* its word `allow` */

char *civic_plugin_grant_allow(ngx_conf_t *cf,
    civic_plugin_tenant_t *tenant, ngx_str_t *value, ngx_uint_t n);

/* finds what the blocks name, once everything is read */

ngx_int_t civic_plugin_grant_resolve(ngx_conf_t *cf,
    civic_plugin_main_conf_t *pmcf);

/* is `path` below `prefix`, or the same? */

ngx_uint_t civic_plugin_within(const ngx_str_t *path,
    const ngx_str_t *prefix);

/* in the list (ngx_str_t)? */

ngx_uint_t civic_plugin_listed(const ngx_array_t *list,
    const ngx_str_t *name);

/* civic_mount; its checks, once everything is read */

char *civic_plugin_mount_slot(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *civic_plugin_mount_merge(ngx_conf_t *cf, void *parent, void *child);
ngx_int_t civic_plugin_mount_resolve(ngx_conf_t *cf,
    civic_plugin_main_conf_t *pmcf);

/* does the mount take the department's plugins? */

ngx_uint_t civic_plugin_mount_takes(const civic_plugin_mount_t *mount,
    const civic_department_t *department);


#endif /* _CIVIC_PLUGIN_CONF_H_INCLUDED_ */
