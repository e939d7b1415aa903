
/*
 * Copyright (C) Civic Gate
 *
 * The configuration of assertions, shared by the files of assertion/.
 * Frozen once the http block is read.
 */


#ifndef _CIVIC_ASSERTION_CONF_H_INCLUDED_
#define _CIVIC_ASSERTION_CONF_H_INCLUDED_


#include "civic_assertion.h"
#include "civic_jose_signer.h"


#define CIVIC_ASSERTION_KEYS    4
#define CIVIC_ASSERTION_CLAIMS  16


typedef struct {
    civic_jose_signer_t    *signer;
    ngx_str_t               kid;
} civic_assertion_key_t;


typedef struct {
    ngx_uint_t              nkeys;     /* the first signs */
    civic_assertion_key_t   keys[CIVIC_ASSERTION_KEYS];
    ngx_str_t               issuer;
    ngx_str_t               header;    /* of all assertions, base64url */
    ngx_str_t               jwks;      /* what civic_jwks answers */
    const civic_pos_t      *jwks_pos;  /* a civic_jwks line, or NULL */
} civic_assertion_main_conf_t;


/* a civic_assertion line */

typedef struct {
    ngx_str_t               audience;
    time_t                  ttl;
    ngx_uint_t              nclaims;
    ngx_str_t               claims[CIVIC_ASSERTION_CLAIMS];
    ngx_str_t               claims_text; /* as written */
    civic_pos_t             pos;
    unsigned                off:1;
} civic_assertion_t;


typedef struct {
    const civic_assertion_t  *assertion; /* NULL: nobody stated one */
} civic_assertion_loc_conf_t;


extern ngx_module_t  ngx_http_civic_assertion_module;


/* civic_assertion_key, civic_jwks */

char *civic_assertion_key_slot(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *civic_assertion_jwks_slot(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* the words of a civic_assertion line */

char *civic_assertion_line_parse(ngx_conf_t *cf, civic_assertion_t *line);

/* once all keys are read: amcf->header and amcf->jwks */

ngx_int_t civic_assertion_key_publish(ngx_conf_t *cf,
    civic_assertion_main_conf_t *amcf);

/*
 * A new assertion in r->pool, and when to make the next.  NGX_OK, or
 * NGX_ERROR.
 */

ngx_int_t civic_assertion_token(ngx_http_request_t *r,
    const civic_assertion_t *line, civic_identity_t *identity,
    ngx_str_t *token, time_t *renew);


#endif /* _CIVIC_ASSERTION_CONF_H_INCLUDED_ */
