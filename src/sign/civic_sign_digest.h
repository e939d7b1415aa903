
/*
 * Copyright (C) Civic Gate
 *
 * What a request says of the bytes of its body, and whether it is so:
 * Content-Digest (RFC 9530) and Content-MD5 (RFC 1864).
 */


#ifndef _CIVIC_SIGN_DIGEST_H_INCLUDED_
#define _CIVIC_SIGN_DIGEST_H_INCLUDED_


#include "civic_jose_hash.h"
#include "civic_problem.h"


#define CIVIC_SIGN_DIGESTS  3          /* kinds in one Content-Digest */


typedef struct {
    ngx_uint_t              n;
    struct {
        civic_jose_hash_e   algorithm;
        civic_jose_hash_t  *hash;      /* NULL: none is running */
        u_char              value[CIVIC_JOSE_HASH_MAX];
    } items[CIVIC_SIGN_DIGESTS];
} civic_sign_digest_t;


/*
 * A dictionary of "sha-256", "sha-512" and, ours, "sm3"; others say
 * nothing, and one of these must be there.  CIVIC_OK, SIGNATURE_MALFORMED,
 * or ALGORITHM_REFUSED: there is none of these.
 */

civic_problem_e civic_sign_digest_parse(const ngx_str_t *text,
    civic_sign_digest_t *digest);

/* CIVIC_OK or SIGNATURE_MALFORMED */

civic_problem_e civic_sign_digest_parse_md5(const ngx_str_t *text,
    civic_sign_digest_t *digest);

/* NGX_OK, or NGX_ERROR; civic_sign_digest_free() must follow start */

ngx_int_t civic_sign_digest_start(civic_sign_digest_t *digest);
ngx_int_t civic_sign_digest_update(civic_sign_digest_t *digest,
    const u_char *data, size_t len);
void civic_sign_digest_free(civic_sign_digest_t *digest);

/* all of them: CIVIC_OK, DIGEST_MISMATCH or INTERNAL */

civic_problem_e civic_sign_digest_check(civic_sign_digest_t *digest);


#endif /* _CIVIC_SIGN_DIGEST_H_INCLUDED_ */
