
/*
 * Copyright (C) Civic Gate
 *
 * application/x-www-form-urlencoded: the query of a URI, and bodies of
 * forms.
 */


#ifndef _CIVIC_SIGN_QUERY_H_INCLUDED_
#define _CIVIC_SIGN_QUERY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef struct {
    ngx_str_t   name;                  /* as they came */
    ngx_str_t   value;                 /* empty where there was no "=" */
} civic_sign_pair_t;


/* NGX_OK: the next pair, and `rest` is behind it; NGX_DONE: no more */

ngx_int_t civic_sign_query_next(ngx_str_t *rest, civic_sign_pair_t *pair);

/*
 * Decodes into `dst`, which has room for src->len.  NGX_OK, or
 * NGX_DECLINED: a "%" without two hex digits behind it.
 */

ngx_int_t civic_sign_query_decode(u_char *dst, ngx_str_t *out,
    const ngx_str_t *src);

/*
 * Decodes, and encodes again as RFC 9421, 2.2.8 says, into `dst`, which has
 * room for three times src->len.  Returns the end.
 */

u_char *civic_sign_query_recode(u_char *dst, const ngx_str_t *src);


#endif /* _CIVIC_SIGN_QUERY_H_INCLUDED_ */
