
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
#include "civic_auth_method.h"


/* "A" or "A+B" of a line: all of these, at most one of each method */

typedef struct {
    ngx_uint_t              n;
    struct {
        ngx_uint_t          group;     /* of the policy */
        const void         *object;
    } terms[CIVIC_AUTH_METHODS];
} civic_auth_choice_t;


/* one civic_auth line: any of its choices */

typedef struct {
    ngx_array_t            *words;     /* ngx_str_t, as written */
    ngx_array_t            *groups;    /* civic_auth_group_t */
    ngx_array_t            *choices;   /* civic_auth_choice_t */
    civic_pos_t             pos;
    unsigned                off:1;
    unsigned                optional:1;
} civic_auth_policy_t;


struct civic_auth_terms_s {
    civic_auth_policy_t    *policy;    /* NULL: open to everybody */
    civic_require_set_t    *require;   /* NULL: nothing more is asked */
};


#define CIVIC_AUTH_CREDENTIALS_REMOVE  0
#define CIVIC_AUTH_CREDENTIALS_PASS    1

#define CIVIC_AUTH_CACHE_PRIVATE       0
#define CIVIC_AUTH_CACHE_PUBLIC        1


typedef struct {
    ngx_array_t            *policies;  /* civic_auth_policy_t * */
    ngx_array_t            *wrapped;   /* owned by civic_auth_cache_guard.c */
} civic_auth_main_conf_t;


typedef struct {
    civic_auth_policy_t    *policy;    /* NULL: nobody stated one */
    ngx_uint_t              credentials;
    ngx_uint_t              cache;
    civic_pos_t             pos;       /* where the block begins */
    civic_auth_guard_t      guards[CIVIC_AUTH_GUARDS];
    unsigned                closed:1;  /* unstated, in a server with routes */
} civic_auth_loc_conf_t;


extern ngx_module_t  ngx_http_civic_auth_module;


/* civic_auth */

char *civic_auth_policy_slot(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* finds what the lines name; all that can be named is read by now */

char *civic_auth_policy_resolve(ngx_conf_t *cf,
    civic_auth_main_conf_t *amcf);

/*
 * From policy->words to groups and choices.  NGX_OK, or NGX_ERROR: no
 * memory, or `err` (in `pool`) says what cannot be.
 */

ngx_int_t civic_auth_policy_build(void **main_conf,
    civic_auth_policy_t *policy, ngx_pool_t *pool, ngx_str_t *err);

/* does it take credentials of this method?  `policy` may be NULL */

ngx_uint_t civic_auth_policy_names(const civic_auth_policy_t *policy,
    civic_auth_method_e method);

/* what is asked of this request here; NULL: nobody is asked anything */

const civic_auth_policy_t *civic_auth_policy_get(ngx_http_request_t *r,
    const civic_ctx_t *ctx);

/* the policy of the route that led here, or NULL */

const civic_auth_policy_t *civic_auth_terms_policy(ngx_http_request_t *r,
    const civic_ctx_t *ctx);

/*
 * One identity from those of a choice's terms, which must be one party.
 * NGX_OK, NGX_DECLINED: two people, or two applications; NGX_ERROR.
 */

ngx_int_t civic_auth_merge(ngx_pool_t *pool, const civic_auth_choice_t *choice,
    const civic_auth_verdict_t *verdicts, civic_identity_t **identity);

/* $civic_caller and its like */

ngx_int_t civic_auth_variables_add(ngx_conf_t *cf);


#endif /* _CIVIC_AUTH_CONF_H_INCLUDED_ */
