
/*
 * Copyright (C) Civic Gate
 *
 * What state/ holds of a plugin, in plugins/DEPARTMENT/NAME/:
 *
 *     HASH/       a copy
 *     current     "HASH VERSION": what served last, and serves after a
 *                 restart
 *     history     hashes, the newest first; older copies are removed
 *     pin         "HASH", by ./civic plugin rollback: this one serves, and
 *                 the folder waits until the file is gone
 *     stopped     by ./civic plugin stop: it answers 503
 *
 * Each is replaced by rename, so that nobody ever reads half of one, and is
 * on the disk before that: nor does a machine that lost its power.
 */


#ifndef _CIVIC_WATCH_KEEP_H_INCLUDED_
#define _CIVIC_WATCH_KEEP_H_INCLUDED_


#include "civic_plugin_conf.h"


#define CIVIC_WATCH_KEEP  6            /* copies: the current, and five */


typedef struct {
    u_char                   hash[CIVIC_PLUGIN_HASH_LEN];
    u_char                   pin[CIVIC_PLUGIN_HASH_LEN];
    u_char                   version[CIVIC_PLUGIN_VERSION_LEN];
    size_t                   hash_len; /* 0: nothing ever served */
    size_t                   pin_len;
    size_t                   version_len;
    ngx_uint_t               stopped;
} civic_watch_kept_t;


/* reads current, pin and stopped of DIR/plugins/NAME */

void civic_watch_keep_read(const civic_plugin_main_conf_t *pmcf,
    const ngx_str_t *name, civic_watch_kept_t *kept);

/* where a copy is made, before it is known to be good */

ngx_int_t civic_watch_keep_temp(const civic_plugin_main_conf_t *pmcf,
    ngx_pool_t *pool, const ngx_str_t *hash, ngx_str_t *path);
void civic_watch_keep_sweep(const civic_plugin_main_conf_t *pmcf);

/*
 * Moves the copy to its place, and removes what nobody may go back to.
 * NGX_OK, or NGX_ERROR: errno.
 */

ngx_int_t civic_watch_keep_copy(const civic_plugin_main_conf_t *pmcf,
    ngx_pool_t *pool, const ngx_str_t *temp, const ngx_str_t *name,
    const ngx_str_t *hash);

/* `hash` serves from now on: current, history, and what is too old */

ngx_int_t civic_watch_keep_current(const civic_plugin_main_conf_t *pmcf,
    ngx_pool_t *pool, const ngx_str_t *name, const ngx_str_t *hash,
    const ngx_str_t *version);

/* the plugin is gone: nothing of it serves after a restart */

void civic_watch_keep_forget(const civic_plugin_main_conf_t *pmcf,
    ngx_pool_t *pool, const ngx_str_t *name);

/* nor is it needed any more: all goes but `stopped`, an operator's word */

void civic_watch_keep_drop(const civic_plugin_main_conf_t *pmcf,
    const ngx_str_t *name);


#endif /* _CIVIC_WATCH_KEEP_H_INCLUDED_ */
