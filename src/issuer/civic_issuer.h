
/*
 * Copyright (C) Civic Gate
 *
 * Issuers: whose tokens are believed, with which keys, and what a token of
 * theirs must say.
 */


#ifndef _CIVIC_ISSUER_H_INCLUDED_
#define _CIVIC_ISSUER_H_INCLUDED_


#include "civic.h"
#include "civic_conf_block.h"
#include "civic_issuer_claims.h"
#include "civic_jose_digest.h"
#include "civic_provider.h"


/* where a token may stand */

typedef enum {
    CIVIC_ISSUER_HEADER = 0,           /* Authorization: Bearer */
    CIVIC_ISSUER_COOKIE,
    CIVIC_ISSUER_QUERY
} civic_issuer_place_e;

typedef struct {
    ngx_uint_t              kind;      /* civic_issuer_place_e */
    ngx_str_t               name;      /* of the cookie, of the argument */
} civic_issuer_place_t;


/* "keys remote=..." and "introspect remote=...", as they are written */

typedef struct {
    civic_pos_t             pos;
    ngx_str_t               remote;    /* a civic_remote; empty: not said */
    ngx_str_t               path;
    ngx_msec_t              refresh;   /* of keys */
    ngx_msec_t              cooldown;
    time_t                  cache;     /* s; of answers about tokens */
    ngx_uint_t              always;    /* about all of its tokens */
} civic_issuer_source_t;


/* a civic_issuer block */

typedef struct {
    ngx_str_t               name;
    civic_pos_t             pos;
    civic_issuer_rules_t    rules;
    ngx_array_t            *places;    /* civic_issuer_place_t */
    ngx_uint_t              algorithms; /* civic_alg_e bits */
    ngx_str_t               keys_file; /* full name; empty: none */
    civic_pos_t             keys_pos;
    civic_jose_keyset_t    *keys;      /* of the file, freed with the
                                          configuration; NULL: no file */
    civic_issuer_source_t   keys_from;
    civic_provider_keys_t  *live;      /* NULL: no remote has its keys */
    civic_issuer_source_t   introspect;
    civic_provider_asks_t  *asks;      /* NULL: nobody is asked */

    /*
     * Digest of the key file and of all rules: changes when they change.
     * With live keys it is the part of it that stays.
     */

    u_char                  generation[CIVIC_JOSE_DIGEST_LEN];
} civic_issuer_t;


typedef struct {
    ngx_array_t             issuers;   /* civic_issuer_t * */
    ngx_array_t             queries;   /* ngx_str_t: names of arguments that
                                          hold tokens */
    ngx_shm_zone_t         *zone;      /* remembered tokens */

    /* those that this worker saw last, from when it begins */

    struct civic_issuer_recent_s  *recent;
} civic_issuer_main_conf_t;


extern ngx_module_t  ngx_http_civic_issuer_module;


/* civic_issuer NAME { ... } */

char *civic_issuer_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* reads the keys once the block is read; sets `keys` and `generation` */

char *civic_issuer_load(ngx_conf_t *cf, civic_issuer_t *issuer);

/* "keys remote=NAME path=/... ..." and "introspect ...", in a block */

void civic_issuer_source_init(civic_issuer_t *issuer);

civic_conf_setter_t
    civic_issuer_source_keys,
    civic_issuer_source_introspect;

/* once the http block is read: finds the remotes of all issuers */

ngx_int_t civic_issuer_source_open(ngx_conf_t *cf);

/* in a worker that begins: keys are fetched from now on */

void civic_issuer_source_start(const civic_issuer_main_conf_t *imcf);

/*
 * The keys in force, looked up anew; NULL: there are none yet, or the issuer
 * is only asked.  The generation is theirs until they are looked up again.
 */

const civic_jose_keyset_t *civic_issuer_keys_now(
    const civic_issuer_t *issuer);
const u_char *civic_issuer_generation_now(const civic_issuer_t *issuer);

/* has it keys at all, or is it asked about all tokens? */

ngx_uint_t civic_issuer_has_keys(const civic_issuer_t *issuer);

/* NULL: there is none of that name */

civic_issuer_t *civic_issuer_find(void **main_conf, const ngx_str_t *name);

/* all issuers, as the configuration calls them: ngx_str_t, in r->pool */

const ngx_array_t *civic_issuer_names(ngx_http_request_t *r);

/* takes `size` bytes of shared memory for remembered tokens */

ngx_int_t civic_issuer_zone_add(ngx_conf_t *cf, size_t size);

/*
 * For whatever verified claims in a way of its own (introspection, an ID
 * token): fills an identity of this issuer; `payload` are the claims' text.
 * NGX_OK or NGX_ERROR: no memory.
 */

ngx_int_t civic_issuer_identity(const civic_issuer_t *issuer,
    const civic_issuer_claims_t *claims, const ngx_str_t *payload,
    ngx_pool_t *pool, civic_identity_t *identity);


#endif /* _CIVIC_ISSUER_H_INCLUDED_ */
