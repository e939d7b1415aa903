
/*
 * Copyright (C) Civic Gate
 *
 * What the files of limit/ share; nobody else includes it.  All of it is
 * written while the configuration is read, except the request's part at the
 * end.
 */


#ifndef _CIVIC_LIMIT_CONF_H_INCLUDED_
#define _CIVIC_LIMIT_CONF_H_INCLUDED_


#include "civic_limit.h"
#include "civic_limit_gcra.h"
#include "civic_shm.h"


#define CIVIC_LIMIT_MAX        16      /* policies of one location */
#define CIVIC_LIMIT_HASH_KEY   16      /* of SipHash */


/* what a request counts by whose key is empty: anonymous= */

typedef enum {
    CIVIC_LIMIT_ADDRESS = 0,
    CIVIC_LIMIT_SKIP,
    CIVIC_LIMIT_DENY
} civic_limit_anonymous_e;


/* a civic_limit_policy line */

typedef struct {
    ngx_str_t                   name;
    ngx_str_t                   key_text;
    ngx_http_complex_value_t    key;
    civic_limit_gcra_t          gcra;
    ngx_uint_t                  anonymous; /* civic_limit_anonymous_e */
    ngx_str_t                   header;    /* "NAME";q=N;w=SECONDS */
    const civic_pos_t          *pos;
    ngx_uint_t                  used;

    /*
     * Two spaces of keys per policy: a caller whose name looks like an
     * address is not that address.  The zone makes them.
     */

    u_char                      by_key[CIVIC_LIMIT_HASH_KEY];
    u_char                      by_address[CIVIC_LIMIT_HASH_KEY];
} civic_limit_policy_t;


/* a policy named by a civic_limit line */

typedef struct {
    ngx_str_t                   name;
    ngx_uint_t                  early;
    const ngx_array_t          *classes;   /* ngx_str_t; NULL: all callers */
    const civic_pos_t          *pos;
    civic_limit_policy_t       *policy;
} civic_limit_use_t;


/* all that holds in a location: first those that are early */

struct civic_limit_set_s {
    ngx_uint_t                  n;
    ngx_uint_t                  nearly;
    civic_limit_use_t           uses[CIVIC_LIMIT_MAX];
    ngx_str_t                   header;    /* RateLimit-Policy */
    ngx_uint_t                  classed;   /* not of everybody, though */
};


typedef struct {
    u_char                      secret[CIVIC_LIMIT_HASH_KEY];
    civic_shm_t                *store;
    u_char                      log_ctx[sizeof(" in civic limits")];
} civic_limit_sh_t;


typedef struct {
    ngx_array_t                 policies;  /* civic_limit_policy_t * */
    ngx_uint_t                  ruled;     /* routes may name some later */
    ngx_slab_pool_t            *shpool;
    civic_limit_sh_t           *sh;
} civic_limit_main_conf_t;


typedef struct {
    ngx_array_t                *lines;     /* civic_limit_use_t, unresolved */
    ngx_uint_t                  off;
    ngx_uint_t                  merged;
    const civic_limit_set_t    *set;       /* NULL: no policy */

    ngx_flag_t                  dry_run;
    ngx_uint_t                  status;
    ngx_uint_t                  log_level;
} civic_limit_loc_conf_t;


/* a policy as it was judged for a key */

typedef struct {
    const civic_limit_use_t    *use;
    uint64_t                    now;       /* ns; 0: it was not counted */
    civic_limit_time_t          tat;
    ngx_uint_t                  refused;
    ngx_uint_t                  settled;   /* charged, or refused for good */
    u_char                      key[CIVIC_SHM_KEY_LEN];
} civic_limit_item_t;


struct civic_limit_ctx_s {
    const civic_limit_set_t    *set;       /* of the headers, or NULL */
    uint64_t                    retry_after; /* seconds; 0: not refused */
    ngx_array_t                 items;     /* judged, of all locations */
};


extern ngx_module_t  ngx_http_civic_limit_module;


/* civic_limit_policy.c: the directive; by name, or NULL; what nobody uses */

char *civic_limit_policy(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
civic_limit_policy_t *civic_limit_policy_find(civic_limit_main_conf_t *lmcf,
    const ngx_str_t *name);
void civic_limit_policy_warn_unused(ngx_conf_t *cf,
    civic_limit_main_conf_t *lmcf);

/*
 * civic_limit_zone.c: judges all items at one instant, under the lock.
 * NGX_OK: all were charged; NGX_BUSY: those marked were refused, and none
 * was charged; NGX_ERROR.
 */

ngx_int_t civic_limit_zone_judge(civic_limit_main_conf_t *lmcf,
    civic_limit_item_t *items, ngx_uint_t n, ngx_log_t *log);


#endif /* _CIVIC_LIMIT_CONF_H_INCLUDED_ */
