
/*
 * Copyright (C) Civic Gate
 *
 * Issuers: whose tokens are believed, with which keys, and what a token of
 * theirs must say.
 */


#ifndef _CIVIC_ISSUER_H_INCLUDED_
#define _CIVIC_ISSUER_H_INCLUDED_


#include "civic.h"
#include "civic_issuer_claims.h"
#include "civic_jose_digest.h"


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


/* a civic_issuer block */

typedef struct {
    ngx_str_t               name;
    civic_pos_t             pos;
    civic_issuer_rules_t    rules;
    ngx_array_t            *places;    /* civic_issuer_place_t */
    ngx_uint_t              algorithms; /* civic_alg_e bits */
    ngx_str_t               keys_file; /* full name */
    civic_pos_t             keys_pos;
    civic_jose_keyset_t    *keys;      /* freed with the configuration */
    ngx_uint_t              words;     /* bits: the words read so far */

    /* digest of the key file and of all rules: changes when they change */

    u_char                  generation[CIVIC_JOSE_DIGEST_LEN];
} civic_issuer_t;


typedef struct {
    ngx_array_t             issuers;   /* civic_issuer_t * */
    ngx_array_t             queries;   /* ngx_str_t: names of arguments that
                                          hold tokens */
    ngx_shm_zone_t         *zone;      /* remembered tokens */
} civic_issuer_main_conf_t;


extern ngx_module_t  ngx_http_civic_issuer_module;


/* civic_issuer NAME { ... } */

char *civic_issuer_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* reads the keys once the block is read; sets `keys` and `generation` */

char *civic_issuer_load(ngx_conf_t *cf, civic_issuer_t *issuer);

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
