
/*
 * Copyright (C) Civic Gate
 *
 * What a worker remembers of the applications in Redis: records, the one
 * used last first, within a size; and, in room of their own, credentials
 * that led nowhere, so that a flood of those takes nothing from the others.
 */


#ifndef _CIVIC_APP_CACHE_H_INCLUDED_
#define _CIVIC_APP_CACHE_H_INCLUDED_


#include "civic_app_index.h"


typedef struct {
    u_char                  tag[16];   /* of the credential's digest */
    ngx_msec_t              until;
    ngx_uint_t              problem;   /* civic_problem_e; 0: free */
} civic_app_nobody_t;


typedef struct {
    civic_app_index_t       index;
    ngx_queue_t             records;
    ngx_rbtree_t            names;     /* of the same records */
    ngx_rbtree_node_t       sentinel;
    ngx_uint_t              nrecords;
    size_t                  max;
    size_t                  used;
    civic_app_nobody_t     *nobody;    /* a table, by the tag's first bytes */
} civic_app_cache_t;


/* NGX_OK, or NGX_ERROR: no memory.  For the life of the process */

ngx_int_t civic_app_cache_init(civic_app_cache_t *cache, size_t max);

civic_app_credential_t *civic_app_cache_find(civic_app_cache_t *cache,
    ngx_uint_t by, const ngx_str_t *value);

/* takes the record, whose pool it frees some day; others may have to go */

void civic_app_cache_add(civic_app_cache_t *cache,
    civic_app_record_t *record, size_t size);

void civic_app_cache_forget(civic_app_cache_t *cache, const ngx_str_t *name);
void civic_app_cache_flush(civic_app_cache_t *cache);

/* CIVIC_OK: not known to lead nowhere */

civic_problem_e civic_app_cache_nobody(civic_app_cache_t *cache,
    ngx_uint_t by, const ngx_str_t *value);

void civic_app_cache_nobody_add(civic_app_cache_t *cache, ngx_uint_t by,
    const ngx_str_t *value, civic_problem_e problem);

/* somebody was added or changed: he may be one of them */

void civic_app_cache_nobody_flush(civic_app_cache_t *cache);


#endif /* _CIVIC_APP_CACHE_H_INCLUDED_ */
