
/*
 * Copyright (C) Civic Gate
 *
 * Unit tests only: the other side, which makes keys and signs tokens.
 */


#ifndef _TOKEN_H_INCLUDED_
#define _TOKEN_H_INCLUDED_


#include <openssl/evp.h>

#include "civic_jose_jwa.h"


typedef struct {
    const civic_jose_jwa_t  *jwa;
    EVP_PKEY                *pkey;     /* NULL: HS*, and there is a secret */
    u_char                   secret[64];
    char                     members[2048]; /* of the JWK, without braces */
} token_key_t;


/*
 * Makes a key for the algorithm; an RSA one of `bits`, 0 being 2048.  What
 * fails here ends the process.
 */

void token_key_init(token_key_t *key, const char *alg, ngx_uint_t bits);
void token_key_cleanup(token_key_t *key);

/*
 * Results live until some thirty others were made.  token_format() is
 * printf(); token_sign() signs with key->jwa, whatever the header says.
 */

ngx_str_t token_format(const char *fmt, ...);
ngx_str_t token_base64url(const void *data, size_t len);
ngx_str_t token_sign(token_key_t *key, const char *header,
    const char *payload);

/* the signature alone, raw as JOSE has it, of any text */

ngx_str_t token_signature(token_key_t *key, const ngx_str_t *text);

/* the algorithm's row of the table */

const civic_jose_jwa_t *token_jwa(const char *alg);


#endif /* _TOKEN_H_INCLUDED_ */
