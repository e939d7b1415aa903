
/*
 * Copyright (C) Civic Gate
 *
 * SHA-256 of a text, by which tokens are remembered instead of themselves.
 */


#ifndef _CIVIC_JOSE_DIGEST_H_INCLUDED_
#define _CIVIC_JOSE_DIGEST_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define CIVIC_JOSE_DIGEST_LEN  32


/* NGX_OK, or NGX_ERROR: the library failed.  One thread. */

ngx_int_t civic_jose_digest(const ngx_str_t *text,
    u_char out[CIVIC_JOSE_DIGEST_LEN]);


#endif /* _CIVIC_JOSE_DIGEST_H_INCLUDED_ */
