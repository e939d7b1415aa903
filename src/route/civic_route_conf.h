
/*
 * Copyright (C) Civic Gate
 *
 * The configuration of routing, shared by the files of route/ that know
 * nginx.
 */


#ifndef _CIVIC_ROUTE_CONF_H_INCLUDED_
#define _CIVIC_ROUTE_CONF_H_INCLUDED_


#include "civic_route_table.h"


typedef struct {
    ngx_array_t            *services;  /* civic_service_t * */
    ngx_array_t            *routes;    /* civic_route_t * */
} civic_route_main_conf_t;


typedef struct {
    civic_route_table_t    *table;     /* NULL: a server without routes */
    const civic_route_source_t  *source; /* NULL: no others */
} civic_route_srv_conf_t;


typedef struct {
    civic_service_t        *service;   /* NULL: an ordinary location */
    ngx_flag_t              accel_redirect;
} civic_route_loc_conf_t;


extern ngx_module_t  ngx_http_civic_route_module;


/* as civic_route_table_find(), in all tables of the request's server */

ngx_int_t civic_route_find_method(ngx_http_request_t *r, ngx_uint_t method,
    civic_route_match_t *match);

/*
 * What became of OPTIONS, as civic_route_find_method() has it.  A preflight
 * is led where its method would go, and ctx->preflight says so.
 */

ngx_int_t civic_route_preflight_find(ngx_http_request_t *r, civic_ctx_t *ctx,
    ngx_int_t rc, civic_route_match_t *match);


/* $civic_route, $civic_param_NAME */

ngx_int_t civic_route_variables_add(ngx_conf_t *cf);

/*
 * Is the raw path the canonical encoding of `uri`, so that the service
 * reads in it what the policy read?  NGX_OK or NGX_DECLINED.  Pure.
 */

ngx_int_t civic_route_path_check(const ngx_str_t *raw, const ngx_str_t *uri);


#endif /* _CIVIC_ROUTE_CONF_H_INCLUDED_ */
