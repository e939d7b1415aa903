
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_HEADERS_H_INCLUDED_
#define _CIVIC_HEADERS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * Request headers, safe for proxies, which copy the whole list: elements
 * never move, so that r->headers_in.* keep pointing at them.  A subrequest
 * gets a list of its own before it is changed.
 */

typedef ngx_uint_t (*civic_header_match_pt)(ngx_table_elt_t *h, void *data);


/* a name that is added; `hash` is filled in by the first use */

typedef struct {
    ngx_str_t         key;
    u_char           *lowcase;
    ngx_uint_t        hash;
} civic_header_name_t;

#define civic_header_name(key, lowcase)                                       \
    { ngx_string(key), (u_char *) lowcase, 0 }


/* for `match`: `name`, an ngx_str_t in small letters */

ngx_uint_t civic_headers_in_named(ngx_table_elt_t *h, void *name);

/*
 * The value of the first header that matches: NGX_OK, NGX_BUSY if there are
 * more, NGX_DECLINED if there is none.
 */

ngx_int_t civic_headers_in_find(ngx_http_request_t *r,
    civic_header_match_pt match, void *data, ngx_str_t *value);

ngx_int_t civic_headers_in_remove(ngx_http_request_t *r,
    civic_header_match_pt match, void *data);
ngx_int_t civic_headers_in_add(ngx_http_request_t *r,
    civic_header_name_t *name, const ngx_str_t *value);

/* response headers; the value must live as long as the request */

ngx_table_elt_t *civic_headers_out_add(ngx_http_request_t *r,
    const char *key, ngx_str_t *value);


#endif /* _CIVIC_HEADERS_H_INCLUDED_ */
