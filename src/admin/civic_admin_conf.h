
/*
 * Copyright (C) Civic Gate
 *
 * What the files of admin/ share.
 */


#ifndef _CIVIC_ADMIN_CONF_H_INCLUDED_
#define _CIVIC_ADMIN_CONF_H_INCLUDED_


#include "civic_admin.h"


typedef struct {
    civic_pos_t            *pos;       /* NULL: there is no civic_admin */
    unsigned                local:1;   /* for this machine only */
} civic_admin_loc_conf_t;


extern ngx_module_t  ngx_http_civic_admin_module;


/* all resources, their number */

extern const civic_admin_resource_t  civic_admin_resources[];
extern const ngx_uint_t              civic_admin_nresources;


/* GET of the location itself: what there is */

void civic_admin_index(civic_admin_call_t *call);

/* the content handler */

ngx_int_t civic_admin_request_handler(ngx_http_request_t *r);

/*
 * Did this come from a process of this machine that asked for itself?  By
 * the connection's peer, whatever realip has made of it; a request that a
 * proxy passed on, or that calls us by another machine's name, did not.
 */

ngx_uint_t civic_admin_local(ngx_http_request_t *r);

/*
 * The resource that `path` and the request's method name; fills the call's
 * ids.  NULL: none, and `methods` are the bits of those that would do.
 */

const civic_admin_resource_t *civic_admin_find(civic_admin_call_t *call,
    const ngx_str_t *path, ngx_uint_t method, ngx_uint_t *methods);

/*
 * The body as a table: NGX_OK; NGX_DECLINED: refused, the sentence in `err`
 * is static or in call->pool and `problem` says as what; NGX_ERROR.
 */

ngx_int_t civic_admin_body(civic_admin_call_t *call,
    const civic_admin_resource_t *resource, civic_problem_e *problem,
    const char **err);

/* the first member of `table` that is none of `members`, or NULL */

const ngx_str_t *civic_admin_stranger(const civic_value_t *table,
    const char **members);

/* NGX_OK; NGX_DECLINED: another argument than `arguments`, or an odd one */

ngx_int_t civic_admin_query_check(const ngx_str_t *args,
    const char **arguments);


#endif /* _CIVIC_ADMIN_CONF_H_INCLUDED_ */
