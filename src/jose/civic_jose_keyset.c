
/*
 * Copyright (C) Civic Gate
 *
 * The keys of one issuer.  A set is read as a whole or not at all, and no
 * two of its keys may answer to the same kid for the same algorithm, so
 * that a token leads to one key or to none.  Of a set that another publishes
 * the keys that are none of ours are left out (RFC 7517, section 5); but a
 * symmetric key that is published is no secret, and its set is no good.
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


typedef ngx_int_t (*civic_jose_keyset_load_pt)(civic_jose_keyset_t *set,
    const civic_json_t *root, ngx_uint_t allowed, char *err, size_t errlen);


static civic_jose_keyset_t *civic_jose_keyset_read(const ngx_str_t *json,
    ngx_uint_t allowed, civic_jose_keyset_load_pt load, char *err,
    size_t errlen);
static ngx_int_t civic_jose_keyset_load(civic_jose_keyset_t *set,
    const civic_json_t *root, ngx_uint_t allowed, char *err, size_t errlen);
static ngx_int_t civic_jose_keyset_load_public(civic_jose_keyset_t *set,
    const civic_json_t *root, ngx_uint_t allowed, char *err, size_t errlen);
static ngx_int_t civic_jose_keyset_count(const civic_json_t *keys, char *err,
    size_t errlen);
static ngx_uint_t civic_jose_keyset_symmetric(const civic_json_t *jwk);
static ngx_int_t civic_jose_keyset_add(civic_jose_keyset_t *set,
    const civic_json_t *jwk, ngx_uint_t allowed, char *err, size_t errlen);
static ngx_int_t civic_jose_keyset_put(civic_jose_keyset_t *set,
    civic_jose_key_t *key, char *err, size_t errlen);
static ngx_uint_t civic_jose_keyset_named(const civic_jose_key_t *key,
    const ngx_str_t *kid);


civic_jose_keyset_t *
civic_jose_keyset_parse(const ngx_str_t *json, ngx_uint_t allowed, char *err,
    size_t errlen)
{
    return civic_jose_keyset_read(json, allowed, civic_jose_keyset_load, err,
                                  errlen);
}


civic_jose_keyset_t *
civic_jose_keyset_parse_public(const ngx_str_t *json, ngx_uint_t allowed,
    char *err, size_t errlen)
{
    return civic_jose_keyset_read(json, allowed & ~CIVIC_ALG_HMAC,
                                  civic_jose_keyset_load_public, err, errlen);
}


static civic_jose_keyset_t *
civic_jose_keyset_read(const ngx_str_t *json, ngx_uint_t allowed,
    civic_jose_keyset_load_pt load, char *err, size_t errlen)
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
        rc = load(set, root, allowed, err, errlen);
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
    ngx_int_t            i, n;
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

    n = civic_jose_keyset_count(keys, err, errlen);

    if (n == NGX_DECLINED) {
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
civic_jose_keyset_load_public(civic_jose_keyset_t *set,
    const civic_json_t *root, ngx_uint_t allowed, char *err, size_t errlen)
{
    char                 reason[CIVIC_JOSE_KEYSET_ERROR];
    ngx_int_t            i, n;
    civic_jose_key_t    *key;
    const civic_json_t  *keys, *jwk;

    keys = civic_json_member(root, "keys");

    if (keys == NULL) {
        (void) snprintf(err, errlen, "no JWKS: it has no member \"keys\"");
        return NGX_DECLINED;
    }

    n = civic_jose_keyset_count(keys, err, errlen);

    if (n == NGX_DECLINED) {
        return NGX_DECLINED;
    }

    reason[0] = '\0';

    for (i = 0; i < n; i++) {
        jwk = civic_json_element(keys, i);

        if (civic_jose_keyset_symmetric(jwk)) {
            (void) snprintf(err, errlen, "key %d: is symmetric", (int) i + 1);
            return NGX_DECLINED;
        }

        key = civic_jose_key_parse(jwk, allowed, reason, sizeof(reason));

        if (key != NULL
            && civic_jose_keyset_put(set, key, err, errlen) != NGX_OK)
        {
            return NGX_DECLINED;
        }
    }

    if (set->nkeys == 0) {
        (void) snprintf(err, errlen, "none of its keys can be used; the last "
                        "%s", reason);
        return NGX_DECLINED;
    }

    return NGX_OK;
}


/* NGX_DECLINED, or how many there are */

static ngx_int_t
civic_jose_keyset_count(const civic_json_t *keys, char *err, size_t errlen)
{
    ngx_uint_t  n;

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

    return n;
}


/* whatever it is called: a "k" is the secret itself */

static ngx_uint_t
civic_jose_keyset_symmetric(const civic_json_t *jwk)
{
    ngx_str_t  kty;

    return civic_json_member(jwk, "k") != NULL
           || (civic_json_string(civic_json_member(jwk, "kty"), &kty)
               == NGX_OK
               && kty.len == 3 && ngx_strncmp(kty.data, "oct", 3) == 0);
}


static ngx_int_t
civic_jose_keyset_add(civic_jose_keyset_t *set, const civic_json_t *jwk,
    ngx_uint_t allowed, char *err, size_t errlen)
{
    char               reason[CIVIC_JOSE_KEYSET_ERROR];
    civic_jose_key_t  *key;

    key = civic_jose_key_parse(jwk, allowed, reason, sizeof(reason));

    if (key == NULL) {
        (void) snprintf(err, errlen, "key %d: %s", (int) set->nkeys + 1,
                        reason);
        return NGX_DECLINED;
    }

    return civic_jose_keyset_put(set, key, err, errlen);
}


/* the key is the set's, or gone */

static ngx_int_t
civic_jose_keyset_put(civic_jose_keyset_t *set, civic_jose_key_t *key,
    char *err, size_t errlen)
{
    ngx_uint_t         i;
    civic_jose_key_t  *other;

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
