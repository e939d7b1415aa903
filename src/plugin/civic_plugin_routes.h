
/*
 * Copyright (C) Civic Gate
 *
 * The routes of all plugins in this process, as tables: one per server that
 * mounts.  Together with the plugins they lead to they are a view, which is
 * replaced as a whole; requests keep the one they came by.
 */


#ifndef _CIVIC_PLUGIN_ROUTES_H_INCLUDED_
#define _CIVIC_PLUGIN_ROUTES_H_INCLUDED_


#include "civic_plugin_conf.h"


typedef struct {
    ngx_pool_t              *pool;
    ngx_uint_t               refs;
    uint64_t                 generation;
    ngx_array_t              plugins;  /* civic_plugin_t *, held */
    ngx_array_t              hollows;  /* likewise: of those that are not
                                          loaded, one for each prefix */
    civic_route_table_t    **tables;   /* by server */
} civic_plugin_view_t;


/* the view of this moment, or NULL */

civic_plugin_view_t *civic_plugin_view(void);

/*
 * Takes up what was published since.  Reads the copies' manifests at once:
 * small files on this machine.
 */

void civic_plugin_view_refresh(ngx_cycle_t *cycle);

/* until the pool goes.  NGX_OK or NGX_ERROR */

ngx_int_t civic_plugin_view_hold(civic_plugin_view_t *view,
    ngx_pool_t *pool);

/* for civic_route_source_t; data: civic_plugin_server_t */

const civic_route_table_t *civic_plugin_routes_table(void *data);
ngx_int_t civic_plugin_routes_hold(ngx_http_request_t *r,
    const civic_route_t *route);

/* sets view->tables.  NGX_OK, or NGX_ERROR: no memory */

ngx_int_t civic_plugin_routes_build(civic_plugin_view_t *view,
    const civic_plugin_main_conf_t *pmcf);

/*
 * Would the routes of `plugin` stand in the servers' tables, and with `view`
 * beside those of all others and the civic_route lines?  What would not
 * goes to errors.
 */

void civic_plugin_routes_try(const civic_plugin_t *plugin,
    const civic_plugin_view_t *view, const civic_plugin_main_conf_t *pmcf,
    civic_plugin_errors_t *errors);


/* a member's name as part of a JSON pointer; as it is, if memory is short */

ngx_str_t civic_plugin_routes_pointer(ngx_pool_t *pool,
    const ngx_str_t *name);


#endif /* _CIVIC_PLUGIN_ROUTES_H_INCLUDED_ */
