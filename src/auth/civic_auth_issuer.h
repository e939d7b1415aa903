
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_AUTH_ISSUER_H_INCLUDED_
#define _CIVIC_AUTH_ISSUER_H_INCLUDED_


#include "civic.h"
#include "civic_auth_claims.h"
#include "civic_jose_digest.h"


/* a civic_issuer block */

typedef struct {
    ngx_str_t               name;
    civic_pos_t             pos;
    civic_auth_rules_t      rules;
    ngx_uint_t              algorithms; /* civic_alg_e bits */
    ngx_str_t               keys_file; /* full name */
    civic_pos_t             keys_pos;
    civic_jose_keyset_t    *keys;      /* freed with the configuration */
    ngx_uint_t              words;     /* bits: the words read so far */

    /* digest of the key file and of all rules: changes when they change */

    u_char                  generation[CIVIC_JOSE_DIGEST_LEN];
} civic_auth_issuer_t;


/* civic_issuer NAME { ... } */

char *civic_auth_issuer_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* reads the keys once the block is read; sets `keys` and `generation` */

char *civic_auth_issuer_load(ngx_conf_t *cf, civic_auth_issuer_t *issuer);


#endif /* _CIVIC_AUTH_ISSUER_H_INCLUDED_ */
