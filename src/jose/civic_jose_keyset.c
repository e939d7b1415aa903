
/*
 * Copyright (C) Civic Gate
 *
 * The keys of one issuer.  A set is read as a whole or not at all, and no
 * two of its keys may answer to the same kid for the same algorithm, so
 * that a token leads to one key or to none.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/crypto.h>

#include "civic_jose_key.h"


#define CIVIC_JOSE_KEYSET_MAX_TEXT  (1024 * 1024)
#define CIVIC_JOSE_KEYSET_ERROR     256


struct civic_jose_keyset_s {
    ngx_uint_t         nkeys;
    civic_jose_key_t  *keys[CIVIC_JOSE_MAX_KEYS];
};


static ngx_int_t civic_jose_keyset_load(civic_jose_keyset_t *set,
    const civic_json_t *root, ngx_uint_t allowed, char *err, size_t errlen);
static ngx_int_t civic_jose_keyset_add(civic_jose_keyset_t *set,
    const civic_json_t *jwk, ngx_uint_t allowed, char *err, size_t errlen);
static ngx_uint_t civic_jose_keyset_named(const civic_jose_key_t *key,
    const ngx_str_t *kid);


civic_jose_keyset_t *
civic_jose_keyset_parse(const ngx_str_t *json, ngx_uint_t allowed, char *err,
    size_t errlen)
{
    ngx_int_t             rc;
    civic_json_t         *root;
    civic_jose_keyset_t  *set;

    root = civic_json_parse(json, CIVIC_JOSE_KEYSET_MAX_TEXT, err, errlen);
    if (root == NULL) {
        return NULL;
    }

    set = OPENSSL_zalloc(sizeof(civic_jose_keyset_t));

    if (set == NULL) {
        (void) snprintf(err, errlen, "no memory");
        rc = NGX_ERROR;

    } else {
        rc = civic_jose_keyset_load(set, root, allowed, err, errlen);
    }

    civic_json_free(root);

    if (rc != NGX_OK) {
        civic_jose_keyset_free(set);
        return NULL;
    }

    return set;
}


static ngx_int_t
civic_jose_keyset_load(civic_jose_keyset_t *set, const civic_json_t *root,
    ngx_uint_t allowed, char *err, size_t errlen)
{
    ngx_uint_t           i, n;
    const civic_json_t  *keys;

    keys = civic_json_member(root, "keys");

    if (keys == NULL) {

        if (civic_json_member(root, "kty")) {
            return civic_jose_keyset_add(set, root, allowed, err, errlen);
        }

        (void) snprintf(err, errlen, "neither a JWKS nor a JWK: it has no "
                        "member \"keys\" or \"kty\"");
        return NGX_DECLINED;
    }

    if (civic_json_type(keys) != CIVIC_JSON_ARRAY) {
        (void) snprintf(err, errlen, "\"keys\" is no array");
        return NGX_DECLINED;
    }

    n = civic_json_length(keys);

    if (n == 0 || n > CIVIC_JOSE_MAX_KEYS) {
        (void) snprintf(err, errlen, "\"keys\" holds %d keys, and not 1 to %d",
                        (int) n, CIVIC_JOSE_MAX_KEYS);
        return NGX_DECLINED;
    }

    for (i = 0; i < n; i++) {
        if (civic_jose_keyset_add(set, civic_json_element(keys, i), allowed,
                                  err, errlen)
            != NGX_OK)
        {
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_jose_keyset_add(civic_jose_keyset_t *set, const civic_json_t *jwk,
    ngx_uint_t allowed, char *err, size_t errlen)
{
    char               reason[CIVIC_JOSE_KEYSET_ERROR];
    ngx_uint_t         i;
    civic_jose_key_t  *key, *other;

    key = civic_jose_key_parse(jwk, allowed, reason, sizeof(reason));

    if (key == NULL) {
        (void) snprintf(err, errlen, "key %d: %s", (int) set->nkeys + 1,
                        reason);
        return NGX_DECLINED;
    }

    for (i = 0; i < set->nkeys; i++) {
        other = set->keys[i];

        if (key->kid.data && (key->algs & other->algs)
            && civic_jose_keyset_named(other, &key->kid))
        {
            (void) snprintf(err, errlen, "key %d: has the \"kid\" of key %d",
                            (int) set->nkeys + 1, (int) i + 1);
            civic_jose_key_free(key);
            return NGX_DECLINED;
        }
    }

    set->keys[set->nkeys++] = key;

    return NGX_OK;
}


void
civic_jose_keyset_free(civic_jose_keyset_t *set)
{
    ngx_uint_t  i;

    if (set == NULL) {
        return;
    }

    for (i = 0; i < set->nkeys; i++) {
        civic_jose_key_free(set->keys[i]);
    }

    OPENSSL_free(set);
}


ngx_uint_t
civic_jose_keyset_size(const civic_jose_keyset_t *set)
{
    return set->nkeys;
}


civic_jose_key_t *
civic_jose_keyset_find(const civic_jose_keyset_t *set,
    const civic_jose_jws_t *jws, civic_problem_e *problem)
{
    ngx_uint_t         i, able, named;
    civic_jose_key_t  *key, *found;

    found = NULL;
    named = 0;
    able = 0;

    for (i = 0; i < set->nkeys; i++) {
        key = set->keys[i];

        if (jws->kid.data && !civic_jose_keyset_named(key, &jws->kid)) {
            continue;
        }

        named++;

        if (key->algs & jws->alg) {
            found = key;
            able++;
        }
    }

    if (able == 1) {
        return found;
    }

    *problem = (named && able == 0) ? CIVIC_ALGORITHM_REFUSED
                                    : CIVIC_KEY_UNKNOWN;
    return NULL;
}


static ngx_uint_t
civic_jose_keyset_named(const civic_jose_key_t *key, const ngx_str_t *kid)
{
    return key->kid.data && key->kid.len == kid->len
           && ngx_memcmp(key->kid.data, kid->data, kid->len) == 0;
}
