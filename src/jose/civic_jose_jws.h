
/*
 * Copyright (C) Civic Gate
 *
 * JSON Web Signature, compact serialization (RFC 7515), and its keys (RFC
 * 7517, RFC 8037; SM2 with SM3 as "SM2").  Pure: plain values in, a problem
 * out; no request, no configuration, no clock.
 *
 * A key is typed when it is read: it knows which algorithms it may verify,
 * so that a token's "alg" can only agree or be refused.
 */


#ifndef _CIVIC_JOSE_JWS_H_INCLUDED_
#define _CIVIC_JOSE_JWS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_problem.h"


#define CIVIC_JOSE_MAX_TOKEN  8192     /* bytes; longer ones are not read */
#define CIVIC_JOSE_MAX_KEYS   64       /* of one set */
#define CIVIC_JOSE_MAX_KID    256      /* bytes */


/* algorithms are bits, so that a set of them is a word */

typedef enum {
    CIVIC_ALG_RS256 = 0x0001,
    CIVIC_ALG_RS384 = 0x0002,
    CIVIC_ALG_RS512 = 0x0004,
    CIVIC_ALG_PS256 = 0x0008,
    CIVIC_ALG_PS384 = 0x0010,
    CIVIC_ALG_PS512 = 0x0020,
    CIVIC_ALG_ES256 = 0x0040,
    CIVIC_ALG_ES384 = 0x0080,
    CIVIC_ALG_ES512 = 0x0100,
    CIVIC_ALG_EDDSA = 0x0200,
    CIVIC_ALG_HS256 = 0x0400,
    CIVIC_ALG_HS384 = 0x0800,
    CIVIC_ALG_HS512 = 0x1000,
    CIVIC_ALG_SM2   = 0x2000
} civic_alg_e;

#define CIVIC_ALG_HMAC                                                        \
    (CIVIC_ALG_HS256|CIVIC_ALG_HS384|CIVIC_ALG_HS512)


typedef struct civic_jose_key_s     civic_jose_key_t;
typedef struct civic_jose_keyset_s  civic_jose_keyset_t;


/*
 * A token taken apart.  `header` members and `payload` point into the
 * caller's buffer; `signed_part` and `signature` text into the token.
 */

typedef struct {
    ngx_uint_t        alg;             /* one civic_alg_e */
    ngx_str_t         kid;             /* data NULL: the header has none */
    ngx_str_t         typ;             /* data NULL: the header has none */
    ngx_str_t         payload;         /* decoded, any bytes */
    ngx_str_t         signature;       /* decoded */
    ngx_str_t         signed_part;     /* HEADER.PAYLOAD as it came */
} civic_jose_jws_t;


/* one bit, or 0 for a name that nobody verifies ("none" among them) */

ngx_uint_t civic_jose_alg_parse(const ngx_str_t *name);
const char *civic_jose_alg_name(ngx_uint_t alg);

/*
 * Reads a JWKS (or a single JWK).  `allowed` are the algorithms that the
 * operator names; a key that none of them fits is an error, so is a
 * symmetric key where no HS* is named.  NULL: `err` gets a sentence.
 * The caller owns the set.
 */

civic_jose_keyset_t *civic_jose_keyset_parse(const ngx_str_t *json,
    ngx_uint_t allowed, char *err, size_t errlen);

/*
 * A JWKS that another publishes.  Keys that are not ours to use (another
 * "use", algorithm or kind, a private key) are left out; a symmetric key
 * is an error, and so is a set of which nothing remains.
 */

civic_jose_keyset_t *civic_jose_keyset_parse_public(const ngx_str_t *json,
    ngx_uint_t allowed, char *err, size_t errlen);

void civic_jose_keyset_free(civic_jose_keyset_t *set);
ngx_uint_t civic_jose_keyset_size(const civic_jose_keyset_t *set);

/*
 * The key for a token: the one whose kid is the token's and which may
 * verify its alg; without kid, the only key that may.  NULL: none, or
 * without kid more than one; `*problem` says KEY_UNKNOWN or
 * ALGORITHM_REFUSED.
 */

civic_jose_key_t *civic_jose_keyset_find(const civic_jose_keyset_t *set,
    const civic_jose_jws_t *jws, civic_problem_e *problem);

/*
 * Takes a token apart.  `buf` has at least token->len bytes.  CIVIC_OK,
 * TOKEN_TOO_LARGE, TOKEN_MALFORMED, HEADER_REFUSED or ALGORITHM_REFUSED.
 */

civic_problem_e civic_jose_jws_parse(const ngx_str_t *token, u_char *buf,
    civic_jose_jws_t *jws);

/*
 * The one function that verifies: this key, this signature, nothing else.
 * CIVIC_OK, ALGORITHM_REFUSED (the key may not), SIGNATURE_INVALID, or
 * INTERNAL (the library failed).  Uses the key's own OpenSSL contexts: one
 * thread.
 */

civic_problem_e civic_jose_jws_verify(civic_jose_key_t *key,
    const civic_jose_jws_t *jws);


#endif /* _CIVIC_JOSE_JWS_H_INCLUDED_ */
