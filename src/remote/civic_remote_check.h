
/*
 * Copyright (C) Civic Gate
 *
 * What a request to a remote may say.  Pure.
 */


#ifndef _CIVIC_REMOTE_CHECK_H_INCLUDED_
#define _CIVIC_REMOTE_CHECK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* NULL: it may go; else what is wrong, in words without its text */

const char *civic_remote_check_method(const ngx_str_t *method);
const char *civic_remote_check_path(const ngx_str_t *path);
const char *civic_remote_check_header(const ngx_str_t *name,
    const ngx_str_t *value);

/* a header that belongs to one connection, and never to what it carries */

ngx_uint_t civic_remote_check_hop(const ngx_str_t *name);


#endif /* _CIVIC_REMOTE_CHECK_H_INCLUDED_ */
