
/*
 * Copyright (C) Civic Gate
 *
 * The grant check: what a manifest needs lies within what its department
 * is allowed, and what it claims belongs to nobody else.  It decides
 * nothing about what the plugin then does: host/ holds each operation
 * against the same grant again.
 */


#include "civic_plugin_admit.h"


static void civic_plugin_admit_needs(const civic_plugin_t *plugin,
    civic_plugin_errors_t *errors);
static void civic_plugin_admit_remotes(const civic_plugin_t *plugin,
    civic_plugin_errors_t *errors);
static void civic_plugin_admit_calls(const civic_plugin_t *plugin,
    civic_plugin_errors_t *errors);
static void civic_plugin_admit_prefixes(const civic_plugin_t *plugin,
    civic_plugin_errors_t *errors);
static ngx_uint_t civic_plugin_admit_within(const ngx_array_t *prefixes,
    const ngx_str_t *path);
static void civic_plugin_admit_locations(const civic_plugin_server_t *server,
    const civic_plugin_t *plugin, civic_plugin_errors_t *errors);
static ngx_uint_t civic_plugin_admit_meets(
    const civic_plugin_route_spec_t *spec, const ngx_str_t *location);
static void civic_plugin_admit_claims(const civic_plugin_t *plugin,
    const civic_plugin_t *other, civic_plugin_errors_t *errors);


void
civic_plugin_admit(ngx_cycle_t *cycle, const civic_plugin_t *plugin,
    civic_plugin_errors_t *errors)
{
    civic_plugin_main_conf_t  *pmcf;

    pmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_civic_plugin_module);

    civic_plugin_admit_needs(plugin, errors);
    civic_plugin_admit_remotes(plugin, errors);
    civic_plugin_admit_calls(plugin, errors);
    civic_plugin_admit_prefixes(plugin, errors);

    civic_plugin_routes_try(plugin, NULL, pmcf, errors);
}


static void
civic_plugin_admit_needs(const civic_plugin_t *plugin,
    civic_plugin_errors_t *errors)
{
    ngx_str_t                      *claim;
    ngx_uint_t                      i;
    const civic_department_t       *d;
    const civic_plugin_manifest_t  *m;

    d = plugin->department;
    m = plugin->manifest;

    if (m->store && d->redis == NULL) {
        civic_plugin_errors_add(errors, "/needs/store: not granted; "
                                "civic_department %V would have to say "
                                "\"allow store;\"", &d->name);
    }

    if (m->scripts && !d->scripts) {
        civic_plugin_errors_add(errors, "/needs/scripts: not granted; "
                                "civic_department %V would have to say "
                                "\"allow scripts;\"", &d->name);
    }

    if (m->data.len != 0
        && (d->data.len == 0
            || d->data.data[1] < m->data.data[m->data.len - 1]))
    {
        civic_plugin_errors_add(errors, "/needs/data: not granted; "
                                "civic_department %V would have to say "
                                "\"allow data=%V;\"", &d->name, &m->data);
    }

    claim = m->claims.elts;

    for (i = 0; i < m->claims.nelts; i++) {

        if (!civic_plugin_listed(&d->claims, &claim[i])) {
            civic_plugin_errors_add(errors, "/needs/claims/%ui: not granted; "
                                    "civic_department %V would have to say "
                                    "\"allow claims=%V;\"", i, &d->name,
                                    &claim[i]);
        }
    }
}


static void
civic_plugin_admit_remotes(const civic_plugin_t *plugin,
    civic_plugin_errors_t *errors)
{
    ngx_str_t                 *name;
    ngx_uint_t                 i, n;
    const ngx_str_t           *granted;
    civic_remote_t           **remote;
    const civic_department_t  *d;

    d = plugin->department;
    name = plugin->manifest->http.elts;
    remote = d->http.elts;

    for (i = 0; i < plugin->manifest->http.nelts; i++) {

        for (n = 0; n < d->http.nelts; n++) {
            granted = civic_remote_name(remote[n]);

            if (granted->len == name[i].len
                && ngx_memcmp(granted->data, name[i].data, name[i].len) == 0)
            {
                break;
            }
        }

        if (n == d->http.nelts) {
            civic_plugin_errors_add(errors, "/needs/http/%ui: not granted; "
                                    "civic_department %V would have to say "
                                    "\"allow http=%V;\"", i, &d->name,
                                    &name[i]);
        }
    }
}


/* "data/pay:POST /orders" is granted with all of data/pay */

static void
civic_plugin_admit_calls(const civic_plugin_t *plugin,
    civic_plugin_errors_t *errors)
{
    u_char                    *colon;
    ngx_str_t                 *call, target;
    ngx_uint_t                 i;
    const civic_department_t  *d;

    d = plugin->department;
    call = plugin->manifest->calls.elts;

    for (i = 0; i < plugin->manifest->calls.nelts; i++) {

        target = call[i];
        colon = ngx_strlchr(target.data, target.data + target.len, ':');

        if (colon != NULL) {
            target.len = colon - target.data;
        }

        if (!civic_plugin_listed(&d->calls, &target)) {
            civic_plugin_errors_add(errors, "/needs/calls/%ui: not granted; "
                                    "civic_department %V would have to say "
                                    "\"allow calls=%V;\"", i, &d->name,
                                    &target);
        }
    }
}


static void
civic_plugin_admit_prefixes(const civic_plugin_t *plugin,
    civic_plugin_errors_t *errors)
{
    ngx_str_t                  *prefix, key;
    ngx_uint_t                  i;
    const civic_department_t   *d;
    civic_plugin_route_spec_t  *spec;

    d = plugin->department;
    prefix = plugin->manifest->prefixes.elts;

    for (i = 0; i < plugin->manifest->prefixes.nelts; i++) {

        if (!civic_plugin_admit_within(&d->prefixes, &prefix[i])) {
            civic_plugin_errors_add(errors, "/prefix/%ui: \"%V\" is not "
                                    "below a prefix of civic_department %V, "
                                    "which would have to say \"prefix %V;\"",
                                    i, &prefix[i], &d->name, &prefix[i]);
        }
    }

    spec = plugin->manifest->routes.elts;

    for (i = 0; i < plugin->manifest->routes.nelts; i++) {

        if (!civic_plugin_admit_within(&plugin->manifest->prefixes,
                                       &spec[i].pattern))
        {
            key = civic_plugin_routes_pointer(errors->pool, &spec[i].key);
            civic_plugin_errors_add(errors, "/routes/%V: \"%V\" is not below "
                                    "a prefix of the manifest", &key,
                                    &spec[i].pattern);
        }
    }
}


static ngx_uint_t
civic_plugin_admit_within(const ngx_array_t *prefixes, const ngx_str_t *path)
{
    ngx_str_t   *prefix;
    ngx_uint_t   i;

    prefix = prefixes->elts;

    for (i = 0; i < prefixes->nelts; i++) {
        if (civic_plugin_within(path, &prefix[i])) {
            return 1;
        }
    }

    return 0;
}


void
civic_plugin_admit_beside(const civic_plugin_main_conf_t *pmcf,
    const civic_plugin_t *plugin, const civic_plugin_view_t *view,
    civic_plugin_errors_t *errors)
{
    ngx_uint_t               i;
    civic_plugin_t         **other;
    civic_plugin_server_t  **server;

    server = pmcf->servers.elts;

    for (i = 0; i < pmcf->servers.nelts; i++) {
        civic_plugin_admit_locations(server[i], plugin, errors);
    }

    other = view ? view->plugins.elts : NULL;

    for (i = 0; view && i < view->plugins.nelts; i++) {
        civic_plugin_admit_claims(plugin, other[i], errors);
    }

    if (errors->list.nelts == 0) {
        civic_plugin_routes_try(plugin, view, pmcf, errors);
    }
}


/*
 * As nginx has it, what is longer is more specific: a location that is
 * shorter than the plugin's prefix gives way, a longer one does not.
 */

static void
civic_plugin_admit_locations(const civic_plugin_server_t *server,
    const civic_plugin_t *plugin, civic_plugin_errors_t *errors)
{
    ngx_str_t                  *location, key;
    ngx_uint_t                  i, n;
    civic_plugin_route_spec_t  *spec;

    location = server->locations.elts;
    spec = plugin->manifest->routes.elts;

    for (i = 0; i < server->locations.nelts; i++) {

        if (!civic_plugin_admit_within(&plugin->manifest->prefixes,
                                       &location[i]))
        {
            continue;
        }

        for (n = 0; n < plugin->manifest->routes.nelts; n++) {

            if (!civic_plugin_admit_meets(&spec[n], &location[i])) {
                continue;
            }

            key = civic_plugin_routes_pointer(errors->pool, &spec[n].key);
            civic_plugin_errors_add(errors, "/routes/%V: \"%V\" meets "
                                    "nginx's location \"%V\"", &key,
                                    &spec[n].pattern, &location[i]);
        }
    }
}


/* by the text before the first parameter; with one, by what it may become */

static ngx_uint_t
civic_plugin_admit_meets(const civic_plugin_route_spec_t *spec,
    const ngx_str_t *location)
{
    size_t   n;
    u_char  *brace;

    brace = ngx_strlchr(spec->pattern.data,
                        spec->pattern.data + spec->pattern.len, '{');

    n = brace ? (size_t) (brace - spec->pattern.data) : spec->pattern.len;

    if (n >= location->len) {
        return ngx_memcmp(spec->pattern.data, location->data, location->len)
               == 0;
    }

    return brace != NULL
           && ngx_memcmp(spec->pattern.data, location->data, n) == 0;
}


/*
 * A prefix is one plugin's, and what lies below it too; only those that the
 * operator wrote himself, say /fhir, may be shared.
 */

static void
civic_plugin_admit_claims(const civic_plugin_t *plugin,
    const civic_plugin_t *other, civic_plugin_errors_t *errors)
{
    ngx_str_t   *own, *theirs;
    ngx_uint_t   i, n;

    if (other->name.len == plugin->name.len
        && ngx_memcmp(other->name.data, plugin->name.data, other->name.len)
           == 0)
    {
        return;
    }

    own = plugin->manifest->prefixes.elts;
    theirs = other->manifest->prefixes.elts;

    for (i = 0; i < plugin->manifest->prefixes.nelts; i++) {

        for (n = 0; n < other->manifest->prefixes.nelts; n++) {

            if (!civic_plugin_within(&own[i], &theirs[n])
                && !civic_plugin_within(&theirs[n], &own[i]))
            {
                continue;
            }

            if (own[i].len == theirs[n].len
                && civic_plugin_listed(&plugin->department->prefixes,
                                       &own[i]))
            {
                continue;
            }

            civic_plugin_errors_add(errors, "/prefix/%ui: \"%V\" overlaps "
                                    "with \"%V\" of %V", i, &own[i],
                                    &theirs[n], &other->name);
        }
    }
}
