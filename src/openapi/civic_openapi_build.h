
/*
 * Copyright (C) Civic Gate
 *
 * Building: where in the document things go.  Whoever fails to make an
 * object gets NULL, and everything takes NULL for one: errors show at the
 * end of a row of calls.
 */


#ifndef _CIVIC_OPENAPI_BUILD_H_INCLUDED_
#define _CIVIC_OPENAPI_BUILD_H_INCLUDED_


#include "civic_openapi.h"
#include "civic_route_pattern.h"


#define CIVIC_OPENAPI_LEN  2048        /* of one text */


typedef struct {
    const civic_openapi_plugin_t   *plugin;
    ngx_pool_t                     *pool;
    civic_json_t                   *paths;
    civic_json_t                   *schemas;
    civic_json_t                   *responses;
    civic_json_t                   *security;
    u_char                          prefix[130]; /* "health.booking" */
} civic_openapi_t;


/* fills an operation */

ngx_int_t civic_openapi_describe(civic_openapi_t *api, civic_json_t
    *operation, const civic_plugin_route_spec_t *spec, const
    civic_route_pattern_t *pattern);

/* a copy whose references lead to where the plugin's schemas are here */

civic_json_t *civic_openapi_schema(civic_openapi_t *api, const civic_json_t
    *schema);

/* puts a value, which may be NULL, into an object, which may be NULL, too */

ngx_int_t civic_openapi_put(civic_json_t *object, const char *name,
    civic_json_t *value);
civic_json_t *civic_openapi_object(civic_json_t *object, const char *name);
civic_json_t *civic_openapi_array(civic_json_t *object, const char *name);
civic_json_t *civic_openapi_item(civic_json_t *array);
ngx_int_t civic_openapi_text(civic_json_t *object, const char *name, const
    char *fmt, ...);

/*
 * One way to say who calls, a word of civic_auth ("citizens", "app:key",
 * "A+B"): as security schemes, and as an alternative that names them, whose
 * first has `scopes`, which it takes.
 */

ngx_int_t civic_openapi_scheme(civic_json_t *schemes, const ngx_str_t *word);
ngx_int_t civic_openapi_party(civic_json_t *item, const ngx_str_t *word,
    civic_json_t *scopes);


#endif /* _CIVIC_OPENAPI_BUILD_H_INCLUDED_ */
