
/*
 * Copyright (C) Civic Gate
 *
 * A private key that signs for the gate: ES256 or EdDSA (Ed25519), from PEM
 * or a JWK.
 */


#ifndef _CIVIC_JOSE_SIGNER_H_INCLUDED_
#define _CIVIC_JOSE_SIGNER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define CIVIC_JOSE_SIGNATURE   64      /* bytes, of either algorithm */
#define CIVIC_JOSE_THUMBPRINT  43      /* base64url of SHA-256 */


typedef struct civic_jose_signer_s  civic_jose_signer_t;


/* NULL: `err` gets the end of a sentence.  The caller owns the signer. */

civic_jose_signer_t *civic_jose_signer_parse(const ngx_str_t *text,
    char *err, size_t errlen);
void civic_jose_signer_free(civic_jose_signer_t *signer);

/* "ES256" or "EdDSA" */

const ngx_str_t *civic_jose_signer_algorithm(
    const civic_jose_signer_t *signer);

/* the public key as RFC 7638 writes it: {"crv":...}; the signer's own */

const ngx_str_t *civic_jose_signer_public(const civic_jose_signer_t *signer);

/* SHA-256 of that, base64url: a name that no other key has */

const ngx_str_t *civic_jose_signer_thumbprint(
    const civic_jose_signer_t *signer);

/* NGX_OK, or NGX_ERROR: the library failed */

ngx_int_t civic_jose_signer_sign(const civic_jose_signer_t *signer,
    const ngx_str_t *text, u_char signature[CIVIC_JOSE_SIGNATURE]);


#endif /* _CIVIC_JOSE_SIGNER_H_INCLUDED_ */
