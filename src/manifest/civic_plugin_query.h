
/*
 * Copyright (C) Civic Gate
 *
 * The query string of a request as values, of the types that the route's
 * "query" declares.  Pure.
 */


#ifndef _CIVIC_PLUGIN_QUERY_H_INCLUDED_
#define _CIVIC_PLUGIN_QUERY_H_INCLUDED_


#include "civic_plugin_manifest.h"


#define CIVIC_PLUGIN_MAX_PARAMETERS  128


/*
 * `args` as in the request line.  Names that the schema does not have are
 * refused unless it has additionalProperties, repeated ones unless they are
 * arrays; without a schema all are strings, repeated ones arrays of them.
 *
 *     NGX_OK        `query` is a table, and the schema has been asked
 *     NGX_DECLINED  `err` says what is wrong, its pointer where: "/date"
 *     NGX_ERROR     no memory
 */

ngx_int_t civic_plugin_query(const ngx_str_t *args,
    const civic_plugin_route_spec_t *spec, ngx_pool_t *pool,
    civic_value_t *query, civic_schema_error_t *err);


#endif /* _CIVIC_PLUGIN_QUERY_H_INCLUDED_ */
