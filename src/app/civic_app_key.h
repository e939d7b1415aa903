
/*
 * Copyright (C) Civic Gate
 *
 * The text of an API key:
 *
 *     cg_ID_SECRET
 *
 * ID is 8 characters and may be shown; SECRET is 43 random ones (256 bits)
 * and 6 of a CRC-32 over all before it, so that a typing error is found
 * without asking anybody, and a scanner of secrets knows a key by its look.
 * All are of base62.
 */


#ifndef _CIVIC_APP_KEY_H_INCLUDED_
#define _CIVIC_APP_KEY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define CIVIC_APP_KEY_ID      8
#define CIVIC_APP_KEY_PREFIX  (3 + CIVIC_APP_KEY_ID)
#define CIVIC_APP_KEY_RANDOM  43
#define CIVIC_APP_KEY_CHECK   6
#define CIVIC_APP_KEY_LEN                                                     \
    (CIVIC_APP_KEY_PREFIX + 1 + CIVIC_APP_KEY_RANDOM + CIVIC_APP_KEY_CHECK)


/* NGX_OK: a key could look so; NGX_DECLINED */

ngx_int_t civic_app_key_check(const ngx_str_t *key);

/* a new one, into key[CIVIC_APP_KEY_LEN].  NGX_OK, or NGX_ERROR: no random */

ngx_int_t civic_app_key_create(u_char *key);

/* `len` random characters of base62: every one equally likely */

ngx_int_t civic_app_key_random(u_char *text, size_t len);


#endif /* _CIVIC_APP_KEY_H_INCLUDED_ */
