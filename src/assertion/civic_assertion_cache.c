
/*
 * Copyright (C) Civic Gate
 *
 * Sets of a few places, found by the first bytes of the key: no list to
 * keep in order, and whoever fills a set costs its neighbours a signature.
 */


#include "civic_assertion_cache.h"


#define CIVIC_ASSERTION_CACHE_SETS  512
#define CIVIC_ASSERTION_CACHE_WAYS  4


typedef struct {
    u_char      key[CIVIC_JOSE_DIGEST_LEN];
    ngx_str_t   token;                 /* malloc()ed; data NULL: free */
    time_t      renew;
} civic_assertion_cache_entry_t;


static civic_assertion_cache_entry_t *civic_assertion_cache_set(
    const u_char key[CIVIC_JOSE_DIGEST_LEN]);


static civic_assertion_cache_entry_t
    civic_assertion_cache[CIVIC_ASSERTION_CACHE_SETS]
                         [CIVIC_ASSERTION_CACHE_WAYS];


const ngx_str_t *
civic_assertion_cache_find(const u_char key[CIVIC_JOSE_DIGEST_LEN],
    time_t now)
{
    ngx_uint_t                      i;
    civic_assertion_cache_entry_t  *entry;

    entry = civic_assertion_cache_set(key);

    for (i = 0; i < CIVIC_ASSERTION_CACHE_WAYS; i++) {

        if (entry[i].token.data != NULL
            && entry[i].renew > now
            && ngx_memcmp(entry[i].key, key, CIVIC_JOSE_DIGEST_LEN) == 0)
        {
            return &entry[i].token;
        }
    }

    return NULL;
}


void
civic_assertion_cache_add(const u_char key[CIVIC_JOSE_DIGEST_LEN],
    const ngx_str_t *token, time_t renew)
{
    u_char                         *data;
    ngx_uint_t                      i;
    civic_assertion_cache_entry_t  *entry, *place;

    data = malloc(token->len);
    if (data == NULL) {
        return;
    }

    entry = civic_assertion_cache_set(key);
    place = entry;

    for (i = 0; i < CIVIC_ASSERTION_CACHE_WAYS; i++) {

        if (entry[i].token.data != NULL
            && ngx_memcmp(entry[i].key, key, CIVIC_JOSE_DIGEST_LEN) == 0)
        {
            place = &entry[i];
            break;
        }

        if (entry[i].renew < place->renew) {
            place = &entry[i];
        }
    }

    free(place->token.data);

    ngx_memcpy(place->key, key, CIVIC_JOSE_DIGEST_LEN);
    ngx_memcpy(data, token->data, token->len);

    place->token.data = data;
    place->token.len = token->len;
    place->renew = renew;
}


void
civic_assertion_cache_free(void)
{
    ngx_uint_t                      i;
    civic_assertion_cache_entry_t  *entry;

    entry = &civic_assertion_cache[0][0];

    for (i = 0;
         i < CIVIC_ASSERTION_CACHE_SETS * CIVIC_ASSERTION_CACHE_WAYS;
         i++)
    {
        free(entry[i].token.data);
    }

    ngx_memzero(civic_assertion_cache, sizeof(civic_assertion_cache));
}


static civic_assertion_cache_entry_t *
civic_assertion_cache_set(const u_char key[CIVIC_JOSE_DIGEST_LEN])
{
    return civic_assertion_cache[(key[0] | key[1] << 8)
                                 % CIVIC_ASSERTION_CACHE_SETS];
}
