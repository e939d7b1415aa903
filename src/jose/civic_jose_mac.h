
/*
 * Copyright (C) Civic Gate
 *
 * Digests and message authentication codes by name, and random bytes: what
 * plugins are given of them.
 */


#ifndef _CIVIC_JOSE_MAC_H_INCLUDED_
#define _CIVIC_JOSE_MAC_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define CIVIC_JOSE_MAC_MAX  64


/*
 * "sha256", "sha384", "sha512" or "sm3".  NGX_OK: `len` bytes in `out`;
 * NGX_DECLINED: no such algorithm; NGX_ERROR: the library failed.
 */

ngx_int_t civic_jose_mac_digest(const ngx_str_t *algorithm,
    const ngx_str_t *text, u_char out[CIVIC_JOSE_MAC_MAX], size_t *len);
ngx_int_t civic_jose_mac_hmac(const ngx_str_t *algorithm,
    const ngx_str_t *key, const ngx_str_t *text,
    u_char out[CIVIC_JOSE_MAC_MAX], size_t *len);

ngx_int_t civic_jose_mac_random(u_char *out, size_t len);

/* in a time that depends on their lengths alone */

ngx_uint_t civic_jose_mac_equal(const ngx_str_t *a, const ngx_str_t *b);


#endif /* _CIVIC_JOSE_MAC_H_INCLUDED_ */
