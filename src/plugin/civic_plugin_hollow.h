
/*
 * Copyright (C) Civic Gate
 *
 * Plugins without a good version: their routes are not known, but where
 * they would be.
 */


#ifndef _CIVIC_PLUGIN_HOLLOW_H_INCLUDED_
#define _CIVIC_PLUGIN_HOLLOW_H_INCLUDED_


#include "civic_plugin_routes.h"


/*
 * One for each prefix that a plugin claims which view->plugins lacks, within
 * its department's and apart from those of all others.  NGX_ERROR: no memory.
 */

ngx_int_t civic_plugin_hollow_fill(civic_plugin_view_t *view,
    const civic_plugin_main_conf_t *pmcf);

/* is no location of nginx below its prefix? */

ngx_uint_t civic_plugin_hollow_stands(const civic_plugin_t *plugin,
    const civic_plugin_server_t *server);


#endif /* _CIVIC_PLUGIN_HOLLOW_H_INCLUDED_ */
