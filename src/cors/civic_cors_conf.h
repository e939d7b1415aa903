
/*
 * Copyright (C) Civic Gate
 *
 * A civic_cors line, with header values as they are sent.  Frozen once the
 * http block is read.
 */


#ifndef _CIVIC_CORS_CONF_H_INCLUDED_
#define _CIVIC_CORS_CONF_H_INCLUDED_


#include "civic_cors.h"
#include "civic_cors_origin.h"


typedef struct civic_cors_s {
    ngx_array_t            *origins;   /* civic_cors_origin_t */
    ngx_uint_t              methods;   /* 0: those of the path's routes */
    ngx_str_t               headers;   /* "A, B" */
    ngx_str_t               expose;    /* empty: none */
    time_t                  age;       /* max_age= */
    ngx_str_t               max_age;   /* as it is sent */
    ngx_uint_t              credentials;
    unsigned                any:1;     /* origin=* */
    unsigned                off:1;
} civic_cors_t;


typedef struct {
    const civic_cors_t     *cors;      /* NULL: nothing is said */
} civic_cors_loc_conf_t;


extern ngx_module_t  ngx_http_civic_cors_module;


/* the words of a line, after "civic_cors" */

char *civic_cors_line_parse(ngx_conf_t *cf, civic_cors_t *cors);


#endif /* _CIVIC_CORS_CONF_H_INCLUDED_ */
