
/*
 * Copyright (C) Civic Gate
 *
 * May this plugin live here?  Says everything that stands in the way at
 * once, and where a grant is missing, the word that the operator would have
 * to write.
 */


#ifndef _CIVIC_PLUGIN_ADMIT_H_INCLUDED_
#define _CIVIC_PLUGIN_ADMIT_H_INCLUDED_


#include "civic_plugin_conf.h"
#include "civic_plugin_routes.h"


/* against its department, and what the configuration names */

void civic_plugin_admit(ngx_cycle_t *cycle, const civic_plugin_t *plugin,
    civic_plugin_errors_t *errors);

/* against nginx's locations, civic_route lines and the plugins of `view` */

void civic_plugin_admit_beside(const civic_plugin_main_conf_t *pmcf,
    const civic_plugin_t *plugin, const civic_plugin_view_t *view,
    civic_plugin_errors_t *errors);


#endif /* _CIVIC_PLUGIN_ADMIT_H_INCLUDED_ */
