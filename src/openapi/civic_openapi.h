
/*
 * Copyright (C) Civic Gate
 *
 * OpenAPI 3.1 of what plugins answer.  Pure.
 *
 * This is the only header of openapi/ that others may include.
 */


#ifndef _CIVIC_OPENAPI_H_INCLUDED_
#define _CIVIC_OPENAPI_H_INCLUDED_


#include "civic_plugin_manifest.h"


typedef struct {
    ngx_str_t                       name;      /* "health/booking" */
    const civic_plugin_manifest_t  *manifest;
} civic_openapi_plugin_t;


/*
 * `issuers`: ngx_str_t.  Routes for plugins only are left out.  NGX_OK, or
 * NGX_ERROR: no memory.
 */

ngx_int_t civic_openapi(const civic_openapi_plugin_t *plugins,
    ngx_uint_t n, const ngx_array_t *issuers, ngx_pool_t *pool,
    ngx_str_t *text);


#endif /* _CIVIC_OPENAPI_H_INCLUDED_ */
