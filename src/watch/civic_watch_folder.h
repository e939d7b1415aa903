
/*
 * Copyright (C) Civic Gate
 *
 * A plugin's folder as its department has it: manifest.json, plugin.lua,
 * config.json, and whatever ends in .lua below lib/ and redis/.  Nothing
 * else is looked at, no link is followed.
 */


#ifndef _CIVIC_WATCH_FOLDER_H_INCLUDED_
#define _CIVIC_WATCH_FOLDER_H_INCLUDED_


#include "civic_plugin_conf.h"


#define CIVIC_WATCH_FILE_MAX    (1024 * 1024)
#define CIVIC_WATCH_FOLDER_MAX  (4 * 1024 * 1024)
#define CIVIC_WATCH_FILES_MAX   200
#define CIVIC_WATCH_NAMES_MAX   1000   /* in lib/ and redis/, of any kind */
#define CIVIC_WATCH_DEPTH       4


typedef struct {
    ngx_str_t                name;     /* "lib/slots.lua" */
    ngx_str_t                text;
} civic_watch_file_t;


typedef struct {
    ngx_pool_t              *pool;
    ngx_array_t              files;    /* civic_watch_file_t, by name */
    size_t                   size;
    ngx_str_t                hash;     /* of all names and contents */
} civic_watch_folder_t;


/*
 * A number that is another when anything in the folder was changed.
 * NGX_OK, or NGX_DECLINED: it cannot be opened.
 */

ngx_int_t civic_watch_folder_sign(const ngx_str_t *path, uint64_t *sign);

/* reads it all.  NGX_OK, or NGX_ERROR: `errors` */

ngx_int_t civic_watch_folder_read(civic_watch_folder_t *folder,
    const ngx_str_t *path, ngx_pool_t *pool, civic_plugin_errors_t *errors);

/* writes it to a new folder, onto the disk.  NGX_OK, or NGX_ERROR: errno */

ngx_int_t civic_watch_folder_write(const civic_watch_folder_t *folder,
    const ngx_str_t *path);

/* what was made, renamed or removed in it is on the disk.  Likewise */

ngx_int_t civic_watch_folder_sync(const char *path);

/* removes a folder and all below it */

void civic_watch_folder_remove(const char *path);


#endif /* _CIVIC_WATCH_FOLDER_H_INCLUDED_ */
