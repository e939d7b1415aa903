/* sources: src/jose/civic_jose_keyset.c src/jose/civic_jose_key.c
 * src/jose/civic_jose_pkey.c src/jose/civic_jose_verifier.c
 * src/jose/civic_jose_jwa.c src/jose/civic_jose_base64url.c
 * src/json/civic_json.c */

/*
 * Copyright (C) Civic Gate
 *
 * Any text as a set of keys: it is refused with a sentence, or holds keys
 * that may verify something.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_jose_key.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
fuzz_set(civic_jose_keyset_t *set, const char *err)
{
    ngx_uint_t  n;

    if (set == NULL) {
        if (err[0] == '\0') {
            abort();
        }

        return;
    }

    n = civic_jose_keyset_size(set);

    if (n == 0 || n > CIVIC_JOSE_MAX_KEYS) {
        abort();
    }

    civic_jose_keyset_free(set);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char       err[64];
    ngx_str_t  json;

    json.data = (u_char *) data;
    json.len = size;

    err[0] = '\0';
    fuzz_set(civic_jose_keyset_parse(&json, 0x3fff, err, sizeof(err)), err);

    err[0] = '\0';
    fuzz_set(civic_jose_keyset_parse_public(&json, 0x3fff, err, sizeof(err)),
             err);

    return 0;
}
