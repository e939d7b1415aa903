
/*
 * Copyright (C) Civic Gate
 *
 * What each route of a plugin cost and how its requests ended.  Runs without
 * a route are counted under an empty key, routes without a slot all under
 * "other", which is no key either.
 */


#ifndef _CIVIC_PLUGIN_TALLY_H_INCLUDED_
#define _CIVIC_PLUGIN_TALLY_H_INCLUDED_


#include "civic_plugin_zone.h"
#include "civic_status_families.h"


/*
 * Finds the slots of the plugin's routes, and gives those that have none
 * theirs if this is the version in force.  Not on a request's way.
 */

void civic_plugin_tally_enlist(civic_plugin_t *plugin);

/* where a run counts: no lock, no search */

civic_plugin_place_t civic_plugin_tally_place(const civic_plugin_t *plugin,
    const civic_plugin_route_spec_t *spec);
civic_plugin_tally_t *civic_plugin_tally_at(ngx_uint_t entry,
    const civic_plugin_place_t *place);

/* what a run cost, which has ended */

void civic_plugin_tally_run(civic_plugin_tally_t *tally,
    const civic_lua_run_t *run);

/* what rests if it keeps failing: all of the plugin, if it has no slot */

civic_plugin_trouble_t *civic_plugin_tally_trouble(ngx_uint_t entry,
    const civic_plugin_place_t *place);

/* the samples of civic_plugin_route_* */

void civic_plugin_tally_requests(const civic_status_walk_t *walk);
void civic_plugin_tally_cpu(const civic_status_walk_t *walk);
void civic_plugin_tally_wall(const civic_status_walk_t *walk);
void civic_plugin_tally_allocated(const civic_status_walk_t *walk);
void civic_plugin_tally_largest(const civic_status_walk_t *walk);
void civic_plugin_tally_kills(const civic_status_walk_t *walk);

/* a list, as JSON */

void civic_plugin_tally_write(civic_status_out_t *out, ngx_uint_t entry);

/* in the order of civic_plugin_outcome_e */

extern const ngx_str_t  civic_plugin_tally_outcomes[CIVIC_PLUGIN_OUTCOMES];


#endif /* _CIVIC_PLUGIN_TALLY_H_INCLUDED_ */
