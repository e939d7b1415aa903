/* sources: src/auth/civic_auth_keyset.c src/auth/civic_auth_key.c
 * src/auth/civic_auth_pkey.c src/auth/civic_auth_verifier.c
 * src/auth/civic_auth_jwa.c src/auth/civic_auth_base64url.c src/civic_json.c */

/*
 * Copyright (C) Civic Gate
 *
 * Any text as a set of keys: it is refused with a sentence, or holds keys
 * that may verify something.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_auth_key.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char                  err[64];
    ngx_str_t             json;
    ngx_uint_t            n;
    civic_auth_keyset_t  *set;

    json.data = (u_char *) data;
    json.len = size;
    err[0] = '\0';

    set = civic_auth_keyset_parse(&json, 0x3fff, err, sizeof(err));

    if (set == NULL) {
        if (err[0] == '\0') {
            abort();
        }

        return 0;
    }

    n = civic_auth_keyset_size(set);

    if (n == 0 || n > CIVIC_AUTH_MAX_KEYS) {
        abort();
    }

    civic_auth_keyset_free(set);

    return 0;
}
