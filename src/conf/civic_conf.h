
/*
 * Copyright (C) Civic Gate
 *
 * What directives need while the configuration is read.
 */


#ifndef _CIVIC_CONF_H_INCLUDED_
#define _CIVIC_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* a place in the configuration, for "refused by FILE:LINE" */

typedef struct {
    ngx_str_t               file;
    ngx_uint_t              line;
} civic_pos_t;


/* for setters of directives: this server, or all of them, takes part */

void civic_activate(ngx_conf_t *cf);

/* where the parser is now: the copy lives in cf->pool.  NULL: no memory */

civic_pos_t *civic_conf_pos(ngx_conf_t *cf);

/* logs [emerg] "... in FILE:LINE"; pos NULL is where the parser is now */

char *civic_conf_error(ngx_conf_t *cf, const civic_pos_t *pos,
    const char *fmt, ...);
void civic_conf_warn(ngx_conf_t *cf, const civic_pos_t *pos,
    const char *fmt, ...);


#endif /* _CIVIC_CONF_H_INCLUDED_ */
