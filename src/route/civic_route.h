
/*
 * Copyright (C) Civic Gate
 *
 * Routing: civic_route lines become one table per server, looked up once
 * per URI; the winner's location takes the request.
 *
 * This is the only header of route/ that others may include; plugin/, which
 * makes tables of its own, includes civic_route_table.h.
 */


#ifndef _CIVIC_ROUTE_H_INCLUDED_
#define _CIVIC_ROUTE_H_INCLUDED_


#include "civic.h"


/* a location that holds civic_route lines */

struct civic_service_s {
    ngx_str_t               name;      /* the location's: "/a/" or "@b" */
    void                  **srv_conf;
    void                  **loc_conf;
    civic_pos_t             pos;
    ngx_uint_t              slot;      /* in the status zone */
    unsigned                cors:1;    /* set by cors/: it is in force there */
};


/*
 * What the words of a location cannot say of each of its routes: of those
 * that come and go while the gate runs.
 */

typedef struct {
    const civic_auth_terms_t  *auth;   /* NULL: open to everybody */
    const civic_limit_set_t   *limit;  /* NULL: the location's */
} civic_route_rules_t;


/*
 * With thousands of routes a request waits for each line of the cache that
 * it reads of one: fields from `name` on are one, the name's bytes the next.
 */

struct civic_route_s {
    ngx_str_t               pattern;   /* as written */
    civic_pos_t             pos;
    unsigned                any:1;     /* METHODS was "any" */

    ngx_str_t               name;      /* name=, or the pattern */
    civic_service_t        *service;
    ngx_str_t              *params;    /* their names, in pattern order */
    ngx_array_t            *scopes;    /* ngx_str_t: any of them; or NULL */
    const civic_route_rules_t  *rules; /* NULL: a civic_route line */
    ngx_uint_t              slot;      /* in the status zone, or unset */
    uint32_t                methods;   /* NGX_HTTP_GET | ... */
    uint32_t                nparams;   /* at most CIVIC_MAX_PARAMS */
};


/*
 * More routes of a server, asked where its own table has nothing.  table():
 * those of this moment, or NULL; hold(): the route stays until the request
 * ends.
 */

typedef struct {
    const struct civic_route_table_s
                         *(*table)(void *data);
    ngx_int_t             (*hold)(ngx_http_request_t *r,
                                  const civic_route_t *route);
    void                   *data;
} civic_route_source_t;


/*
 * The location that `cf` is in becomes a service, to which routes of
 * `source` lead.  NULL: an error, which was logged; `directive` names who
 * asks.
 */

civic_service_t *civic_route_mount(ngx_conf_t *cf, const char *directive,
    const civic_route_source_t *source);

/* NGX_HTTP_GET ... of a name; 0: a route lists none such */

ngx_uint_t civic_route_methods_mask(const ngx_str_t *name);

/* does the server that `cf` is in have routes?  Known once it is parsed. */

ngx_uint_t civic_route_server_routed(ngx_conf_t *cf);

/* all services, civic_service_t *; valid after the http block is parsed */

ngx_array_t *civic_route_services(ngx_conf_t *cf);

/* all routes, civic_route_t *, likewise */

ngx_array_t *civic_route_all(ngx_conf_t *cf);

/* the same while the gate runs */

ngx_array_t *civic_route_cycle(ngx_cycle_t *cycle);

/* is the request in the location that its route led to? */

ngx_uint_t civic_route_arrived(ngx_http_request_t *r, const civic_ctx_t *ctx);

/*
 * The method that a preflight of CORS asks about: NGX_HTTP_UNKNOWN if it is
 * none of those above; 0: this is no preflight.
 */

ngx_uint_t civic_route_preflight(ngx_http_request_t *r);

/* methods by which this path leads to the service that it led to now */

ngx_uint_t civic_route_preflight_methods(ngx_http_request_t *r,
    const civic_ctx_t *ctx);

/* a response header that lists methods.  NGX_OK or NGX_ERROR */

ngx_int_t civic_route_allow(ngx_http_request_t *r, ngx_uint_t methods,
    const char *header);

/* steps */

ngx_int_t civic_route_check_path(ngx_http_request_t *r, civic_ctx_t *ctx);
ngx_int_t civic_route_lookup(ngx_http_request_t *r, civic_ctx_t *ctx);
ngx_int_t civic_route_admit(ngx_http_request_t *r, civic_ctx_t *ctx);


#endif /* _CIVIC_ROUTE_H_INCLUDED_ */
