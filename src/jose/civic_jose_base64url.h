
/*
 * Copyright (C) Civic Gate
 *
 * base64url as RFC 7515 section 2 has it: no padding, no white space, and
 * the unused bits of the last character are zero, so that every value has
 * exactly one spelling.
 */


#ifndef _CIVIC_JOSE_BASE64URL_H_INCLUDED_
#define _CIVIC_JOSE_BASE64URL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * Decodes into dst->data, which has room for three quarters of src->len,
 * and sets dst->len.  NGX_OK, or NGX_DECLINED: not base64url.
 */

ngx_int_t civic_jose_base64url_decode(ngx_str_t *dst, const ngx_str_t *src);

/* room for civic_jose_base64url_len(src->len); returns the end */

#define civic_jose_base64url_len(len)  (((len) * 4 + 2) / 3)

u_char *civic_jose_base64url_encode(u_char *dst, const ngx_str_t *src);


#endif /* _CIVIC_JOSE_BASE64URL_H_INCLUDED_ */
