
/*
 * Copyright (C) Civic Gate
 *
 * The material of a JWK (RFC 7518 section 6, RFC 8037): numbers in, an
 * OpenSSL key out, or a sentence.
 */


#ifndef _CIVIC_JOSE_PKEY_H_INCLUDED_
#define _CIVIC_JOSE_PKEY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/evp.h>

#include "civic_json.h"


#define CIVIC_JOSE_PKEY_MAX  1024      /* bytes of any number: RSA 8192 */


/*
 * The public key of a JWK of kty "RSA", "EC" or "OKP"; the point was found
 * to lie on its curve.  The caller owns it.  NULL: `err` says why.
 */

EVP_PKEY *civic_jose_pkey_parse(const civic_json_t *jwk,
    const ngx_str_t *kty, char *err, size_t errlen);

/*
 * A base64url member, decoded into buf[CIVIC_JOSE_PKEY_MAX].  NGX_OK, or
 * NGX_DECLINED: absent, empty, too long or misspelt, and `err` says so.
 */

ngx_int_t civic_jose_pkey_bytes(const civic_json_t *jwk, const char *name,
    u_char *buf, ngx_str_t *value, char *err, size_t errlen);


#endif /* _CIVIC_JOSE_PKEY_H_INCLUDED_ */
