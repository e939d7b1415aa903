
/*
 * Copyright (C) Civic Gate
 *
 * The url of a remote, in its parts.  Pure.
 */


#ifndef _CIVIC_REMOTE_URL_H_INCLUDED_
#define _CIVIC_REMOTE_URL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef struct {
    ngx_str_t                authority; /* host[:port]; empty for a socket */
    ngx_str_t                socket;    /* path of a Unix socket, or empty */
    ngx_str_t                base;      /* "/base", or empty */
    ngx_uint_t               tls;
} civic_remote_url_t;


/* NULL, or what is wrong with it; the parts point into the text */

const char *civic_remote_url_parse(const ngx_str_t *text,
    civic_remote_url_t *url);


#endif /* _CIVIC_REMOTE_URL_H_INCLUDED_ */
