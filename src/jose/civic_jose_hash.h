
/*
 * Copyright (C) Civic Gate
 *
 * Digests of what comes in pieces, and the comparison of secrets.
 */


#ifndef _CIVIC_JOSE_HASH_H_INCLUDED_
#define _CIVIC_JOSE_HASH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define CIVIC_JOSE_HASH_MAX  64        /* bytes of any digest */


typedef enum {
    CIVIC_JOSE_SHA256 = 0,
    CIVIC_JOSE_SHA512,
    CIVIC_JOSE_SM3,
    CIVIC_JOSE_MD5                     /* only where a protocol demands it */
} civic_jose_hash_e;


typedef struct evp_md_ctx_st  civic_jose_hash_t;


/* bytes of its digests */

size_t civic_jose_hash_len(civic_jose_hash_e algorithm);

/* the caller owns it.  NULL: the library failed */

civic_jose_hash_t *civic_jose_hash_create(civic_jose_hash_e algorithm);
void civic_jose_hash_free(civic_jose_hash_t *hash);

/* NGX_OK, or NGX_ERROR: the library failed */

ngx_int_t civic_jose_hash_update(civic_jose_hash_t *hash,
    const u_char *data, size_t len);
ngx_int_t civic_jose_hash_final(civic_jose_hash_t *hash,
    u_char out[CIVIC_JOSE_HASH_MAX]);

/* takes as long wherever they differ */

ngx_uint_t civic_jose_hash_equal(const u_char *a, const u_char *b,
    size_t len);


#endif /* _CIVIC_JOSE_HASH_H_INCLUDED_ */
