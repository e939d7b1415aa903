
/*
 * Copyright (C) Civic Gate
 *
 * What the files of app/ share: the configuration, frozen once it is read,
 * and the scripts over the applications in Redis.
 */


#ifndef _CIVIC_APP_CONF_H_INCLUDED_
#define _CIVIC_APP_CONF_H_INCLUDED_


#include "civic_app_index.h"
#include "civic_jose_seal.h"
#include "civic_redis.h"


typedef struct {
    civic_pos_t            *pos;       /* of civic_apps; NULL: none */
    ngx_str_t               redis_name; /* empty: from a file */
    civic_redis_t          *redis;
    size_t                  cache;     /* bytes, of each worker */
    ngx_str_t               key_file;
    ngx_str_t               file;
    civic_app_index_t       index;     /* of the file's applications */
    ngx_array_t             records;   /* civic_app_record_t *, likewise */
    u_char                  seal[CIVIC_JOSE_SEAL_KEY];
    unsigned                sealing:1; /* `seal` is a key */
} civic_app_main_conf_t;


/* lua/redis/app_*.lua: their keys are what these take of all, in order */

typedef enum {
    CIVIC_APP_SCRIPT_FIND = 0,         /* by a credential */
    CIVIC_APP_SCRIPT_CHANGES,          /* since a version */
    CIVIC_APP_SCRIPT_GET,              /* by name */
    CIVIC_APP_SCRIPT_LIST,
    CIVIC_APP_SCRIPT_PUT
} civic_app_script_e;


extern ngx_module_t  ngx_http_civic_app_module;


/* file= : reads the applications when the configuration is */

char *civic_app_file_load(ngx_conf_t *cf, civic_app_main_conf_t *amcf);

/* key_file= : 32 bytes that nobody else may read */

char *civic_app_file_key(ngx_conf_t *cf, civic_app_main_conf_t *amcf);

/*
 * `args` are behind the keys.  NULL: no memory.  All else comes through the
 * handler.
 */

civic_redis_command_t *civic_app_script(civic_redis_t *redis,
    civic_app_script_e script, const ngx_str_t *args, ngx_uint_t nargs,
    civic_redis_handler_pt handler, void *data);


/* where applications are in Redis, this process asks for them from now on */

ngx_int_t civic_app_worker_start(const civic_app_main_conf_t *amcf);


#endif /* _CIVIC_APP_CONF_H_INCLUDED_ */
