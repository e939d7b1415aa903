
/*
 * Copyright (C) Civic Gate
 *
 * One plugin as the watcher knows it, and the verdict on its folder.
 */


#ifndef _CIVIC_WATCH_JUDGE_H_INCLUDED_
#define _CIVIC_WATCH_JUDGE_H_INCLUDED_


#include "civic_plugin_conf.h"


typedef struct {
    ngx_pool_t                *pool;   /* its own */
    civic_plugin_main_conf_t  *pmcf;
    civic_plugin_tenant_t     *tenant;
    ngx_str_t                  name;   /* "health/booking" */
    ngx_str_t                  path;   /* of the folder */
    uint64_t                   sign;   /* as it looked last */
    uint64_t                   judged; /* as it looked when it was judged */
    uint64_t                   missing; /* ms: since when; 0: it is there */
    ngx_uint_t                 seen;   /* the pass */
    uint64_t                   withdrawn; /* ms: since when; 0: it is not */
    ngx_uint_t                 due;    /* of passes: to be judged since; 0: not
                                          to be */
    civic_plugin_record_t      record; /* as published */
    struct timespec            kept;   /* mtime of its place in state/, once
                                          that will not come again */
    u_char                     pin[CIVIC_PLUGIN_HASH_LEN]; /* if pinned */
    ngx_file_info_t            info;
    unsigned                   known:1; /* there is a record */
    unsigned                   good:1; /* record.hash may serve */
    unsigned                   stopped:1;
    unsigned                   pinned:1;
} civic_watched_t;


/* takes over what is published of it.  NULL: no memory */

civic_watched_t *civic_watch_judge_create(civic_plugin_main_conf_t *pmcf,
    civic_plugin_tenant_t *tenant, const ngx_str_t *name);

/* obeys ./civic plugin stop, start, rollback and deploy */

void civic_watch_judge_words(civic_watched_t *w);

/* reads, checks, tries, keeps and publishes the folder, or the reason */

void civic_watch_judge(civic_watched_t *w);

void civic_watch_judge_withdraw(civic_watched_t *w);


#endif /* _CIVIC_WATCH_JUDGE_H_INCLUDED_ */
