
/*
 * Copyright (C) Civic Gate
 *
 * Secrets at rest: AES-256-GCM under one key, each with a random nonce, and
 * bound to a text that says whose it is, so that it cannot be moved.
 */


#ifndef _CIVIC_JOSE_SEAL_H_INCLUDED_
#define _CIVIC_JOSE_SEAL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define CIVIC_JOSE_SEAL_KEY   32
#define CIVIC_JOSE_SEAL_MORE  (12 + 16)    /* nonce before, tag behind */


/*
 * `out` has room for plain->len + CIVIC_JOSE_SEAL_MORE bytes and holds as
 * many.  NGX_OK, or NGX_ERROR: the library failed.
 */

ngx_int_t civic_jose_seal(const u_char key[CIVIC_JOSE_SEAL_KEY],
    const ngx_str_t *plain, const ngx_str_t *whose, u_char *out);

/*
 * `plain->data` has room for sealed->len bytes; sets plain->len.  NGX_OK,
 * NGX_DECLINED: another key sealed it, for another, or it was changed.
 */

ngx_int_t civic_jose_seal_open(const u_char key[CIVIC_JOSE_SEAL_KEY],
    const ngx_str_t *sealed, const ngx_str_t *whose, ngx_str_t *plain);


#endif /* _CIVIC_JOSE_SEAL_H_INCLUDED_ */
