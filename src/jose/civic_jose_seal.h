
/*
 * Copyright (C) Civic Gate
 *
 * Text that only its writer can read or change: AES-256-GCM with a random
 * nonce in front.  `with` is not in it, but must be the same again.
 */


#ifndef _CIVIC_JOSE_SEAL_H_INCLUDED_
#define _CIVIC_JOSE_SEAL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define CIVIC_JOSE_SEAL_KEY    32
#define CIVIC_JOSE_SEAL_EXTRA  28      /* nonce and tag */


/* `out` has room for text->len + CIVIC_JOSE_SEAL_EXTRA.  Or NGX_ERROR. */

ngx_int_t civic_jose_seal(const u_char key[CIVIC_JOSE_SEAL_KEY],
    const ngx_str_t *with, const ngx_str_t *text, u_char *out);

/*
 * `text` has room for sealed->len bytes.  NGX_OK, NGX_DECLINED: sealed by
 * somebody else, with something else, or changed; NGX_ERROR.
 */

ngx_int_t civic_jose_unseal(const u_char key[CIVIC_JOSE_SEAL_KEY],
    const ngx_str_t *with, const ngx_str_t *sealed, ngx_str_t *text);


#endif /* _CIVIC_JOSE_SEAL_H_INCLUDED_ */
