
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_AUTH_CACHE_GUARD_H_INCLUDED_
#define _CIVIC_AUTH_CACHE_GUARD_H_INCLUDED_


#include "civic.h"


#define CIVIC_AUTH_GUARDS  4           /* proxy, fastcgi, uwsgi, scgi */


/* what one level of the configuration says of one family's cache */

typedef struct {
    ngx_str_t               key;       /* data NULL: not stated */
    ngx_flag_t              on;
    ngx_flag_t              pass;      /* not inherited, as in nginx */
} civic_auth_guard_t;


/* from preconfiguration to postconfiguration the setters are wrapped */

ngx_int_t civic_auth_cache_guard_open(ngx_conf_t *cf);
void civic_auth_cache_guard_close(ngx_conf_t *cf);

void civic_auth_cache_guard_init(civic_auth_guard_t *guards);
void civic_auth_cache_guard_merge(const civic_auth_guard_t *prev,
    civic_auth_guard_t *conf);

/* NULL, or the first family of a location whose cache mixes callers */

const ngx_str_t *civic_auth_cache_guard_check(
    const civic_auth_guard_t *guards);


#endif /* _CIVIC_AUTH_CACHE_GUARD_H_INCLUDED_ */
