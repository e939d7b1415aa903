
/*
 * Copyright (C) Civic Gate
 *
 * A typed key: it knows what it may verify, and is ready to.
 */


#ifndef _CIVIC_JOSE_KEY_H_INCLUDED_
#define _CIVIC_JOSE_KEY_H_INCLUDED_


#include "civic_jose_jws.h"
#include "civic_jose_verifier.h"
#include "civic_json.h"


/* RS and PS with three digests each: no key fits more */

#define CIVIC_JOSE_KEY_VERIFIERS  6


struct civic_jose_key_s {
    ngx_str_t              kid;        /* data NULL: the JWK has none */
    ngx_uint_t             algs;       /* those it may verify */
    ngx_uint_t             nverifiers;
    civic_jose_verifier_t  verifiers[CIVIC_JOSE_KEY_VERIFIERS];
};


/*
 * Reads a JWK that is meant to verify signatures with one of `allowed`.
 * NULL: `err` gets a sentence.  The caller owns the key.
 */

civic_jose_key_t *civic_jose_key_parse(const civic_json_t *jwk,
    ngx_uint_t allowed, char *err, size_t errlen);
void civic_jose_key_free(civic_jose_key_t *key);

/* NULL: this key may not verify this algorithm */

civic_jose_verifier_t *civic_jose_key_verifier(civic_jose_key_t *key,
    ngx_uint_t alg);


#endif /* _CIVIC_JOSE_KEY_H_INCLUDED_ */
