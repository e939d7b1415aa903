
/*
 * Copyright (C) Civic Gate
 *
 * The configuration of authentication, shared by the files of auth/ that
 * know nginx.  Frozen once the http block is read.
 */


#ifndef _CIVIC_AUTH_CONF_H_INCLUDED_
#define _CIVIC_AUTH_CONF_H_INCLUDED_


#include "civic_auth.h"
#include "civic_auth_cache_guard.h"
#include "civic_auth_issuer.h"


/* one civic_auth line */

typedef struct {
    ngx_array_t            *names;     /* ngx_str_t, as written */
    ngx_array_t            *issuers;   /* civic_auth_issuer_t *, resolved */
    civic_pos_t             pos;
    unsigned                off:1;
    unsigned                optional:1;
} civic_auth_policy_t;


/* one civic_require scope=... line */

typedef struct {
    ngx_array_t            *scopes;    /* ngx_str_t: any of them */
    civic_pos_t             pos;
} civic_auth_require_t;


struct civic_auth_terms_s {
    civic_auth_policy_t    *policy;    /* NULL: open to everybody */
    ngx_array_t            *requires;  /* civic_auth_require_t *, or NULL */
};


#define CIVIC_AUTH_CREDENTIALS_REMOVE  0
#define CIVIC_AUTH_CREDENTIALS_PASS    1

#define CIVIC_AUTH_CACHE_PRIVATE       0
#define CIVIC_AUTH_CACHE_PUBLIC        1


typedef struct {
    ngx_array_t            *issuers;   /* civic_auth_issuer_t * */
    ngx_array_t            *policies;  /* civic_auth_policy_t * */
    ngx_array_t            *wrapped;   /* owned by civic_auth_cache_guard.c */
    ngx_shm_zone_t         *zone;      /* remembered tokens */
} civic_auth_main_conf_t;


typedef struct {
    civic_auth_policy_t    *policy;    /* NULL: nobody stated one */
    ngx_array_t            *requires;  /* civic_auth_require_t *, or NULL */
    ngx_uint_t              credentials;
    ngx_uint_t              cache;
    civic_pos_t             pos;       /* where the block begins */
    civic_auth_guard_t      guards[CIVIC_AUTH_GUARDS];
    unsigned                require_off:1;
    unsigned                closed:1;  /* unstated, in a server with routes */
} civic_auth_loc_conf_t;


extern ngx_module_t  ngx_http_civic_auth_module;


/* civic_auth */

char *civic_auth_policy_slot(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* finds the issuers that the lines name; all issuers are read by now */

char *civic_auth_policy_resolve(ngx_conf_t *cf,
    civic_auth_main_conf_t *amcf);

/* civic_require */

char *civic_auth_require_slot(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *civic_auth_require_merge(ngx_conf_t *cf, civic_auth_loc_conf_t *prev,
    civic_auth_loc_conf_t *conf);

/* can `text` be the name of a scope? */

ngx_uint_t civic_auth_require_valid(const ngx_str_t *scope);

/* the policy of the route that led here, or NULL */

const civic_auth_policy_t *civic_auth_terms_policy(ngx_http_request_t *r,
    const civic_ctx_t *ctx);

/* do the scopes of routes stand where somebody is authenticated? */

ngx_int_t civic_auth_require_check_routes(ngx_conf_t *cf);

/* $civic_caller and its like */

ngx_int_t civic_auth_variables_add(ngx_conf_t *cf);


#endif /* _CIVIC_AUTH_CONF_H_INCLUDED_ */
