
/*
 * Copyright (C) Civic Gate
 *
 * The state folder: written by the watcher and by ./civic plugin, which has
 * two files of its own there.  A reader trusts no more of a file than that
 * it may have been written by a person: what is no hash is not one.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <dirent.h>

#include "civic_watch_keep.h"
#include "civic_watch_folder.h"
#include "civic_plugin_registry.h"


static size_t civic_watch_keep_hash(const ngx_str_t *text, u_char *hash);
static ngx_uint_t civic_watch_keep_whole(ngx_pool_t *pool,
    const ngx_str_t *place, const ngx_str_t *hash);
static void civic_watch_keep_tidy(ngx_pool_t *pool, const ngx_str_t *folder,
    const ngx_str_t *hash);
static ngx_int_t civic_watch_keep_mkdirs(const char *path);
static ngx_int_t civic_watch_keep_write(ngx_pool_t *pool,
    const ngx_str_t *folder, const char *name, const ngx_str_t *text);
static ngx_int_t civic_watch_keep_history(ngx_pool_t *pool,
    const ngx_str_t *folder, const ngx_str_t *hash, ngx_str_t *list);
static void civic_watch_keep_prune(const ngx_str_t *folder,
    const ngx_str_t *list);


void
civic_watch_keep_read(const civic_plugin_main_conf_t *pmcf,
    const ngx_str_t *name, civic_watch_kept_t *kept)
{
    size_t       i;
    ngx_str_t    folder, text;
    ngx_pool_t  *pool;

    ngx_memzero(kept, sizeof(civic_watch_kept_t));

    pool = ngx_create_pool(1024, ngx_cycle->log);
    if (pool == NULL) {
        return;
    }

    if (civic_plugin_folder(pool, pmcf, name, NULL, &folder) == NGX_OK) {

        if (civic_plugin_read(pool, &folder, "current", 256, &text) == NGX_OK)
        {
            kept->hash_len = civic_watch_keep_hash(&text, kept->hash);

            for (i = CIVIC_PLUGIN_HASH_LEN + 1;
                 i < text.len && text.data[i] > 0x20
                 && kept->version_len < CIVIC_PLUGIN_VERSION_LEN;
                 i++)
            {
                kept->version[kept->version_len++] = text.data[i];
            }
        }

        if (civic_plugin_read(pool, &folder, "pin", 256, &text) == NGX_OK) {
            kept->pin_len = civic_watch_keep_hash(&text, kept->pin);
        }

        kept->stopped = civic_plugin_read(pool, &folder, "stopped", 4096,
                                          &text)
                        == NGX_OK;
    }

    ngx_destroy_pool(pool);
}


static size_t
civic_watch_keep_hash(const ngx_str_t *text, u_char *hash)
{
    u_char  ch;
    size_t  i;

    if (text->len < CIVIC_PLUGIN_HASH_LEN
        || (text->len > CIVIC_PLUGIN_HASH_LEN
            && text->data[CIVIC_PLUGIN_HASH_LEN] > 0x20))
    {
        return 0;
    }

    for (i = 0; i < CIVIC_PLUGIN_HASH_LEN; i++) {
        ch = text->data[i];

        if (!((ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'f'))) {
            return 0;
        }
    }

    ngx_memcpy(hash, text->data, CIVIC_PLUGIN_HASH_LEN);

    return CIVIC_PLUGIN_HASH_LEN;
}


ngx_int_t
civic_watch_keep_temp(const civic_plugin_main_conf_t *pmcf, ngx_pool_t *pool,
    const ngx_str_t *hash, ngx_str_t *path)
{
    size_t  len;

    len = pmcf->state->name.len + sizeof("/tmp/") + hash->len + 1;

    path->data = ngx_pnalloc(pool, len);
    if (path->data == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_snprintf(path->data, len, "%V/tmp%Z", &pmcf->state->name);

    if (civic_watch_keep_mkdirs((char *) path->data) != NGX_OK) {
        return NGX_ERROR;
    }

    path->len = ngx_snprintf(path->data, len, "%V/tmp/%V%Z",
                             &pmcf->state->name, hash)
                - path->data - 1;

    civic_watch_folder_remove((char *) path->data);

    return NGX_OK;
}


void
civic_watch_keep_sweep(const civic_plugin_main_conf_t *pmcf)
{
    char  path[NGX_MAX_PATH];

    if (snprintf(path, sizeof(path), "%s/tmp", pmcf->state->name.data)
        < (int) sizeof(path))
    {
        civic_watch_folder_remove(path);
    }
}


static ngx_int_t
civic_watch_keep_mkdirs(const char *path)
{
    char  *slash, full[NGX_MAX_PATH];

    if (ngx_strlen(path) + 1 > sizeof(full)) {
        ngx_set_errno(ENAMETOOLONG);
        return NGX_ERROR;
    }

    ngx_memcpy(full, path, ngx_strlen(path) + 1);

    for (slash = strchr(full + 1, '/'); slash; slash = strchr(slash + 1, '/'))
    {
        *slash = '\0';
        (void) mkdir(full, 0700);
        *slash = '/';
    }

    if (mkdir(full, 0700) == -1 && ngx_errno != EEXIST) {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/*
 * The same contents have the same place: one that is there already is it,
 * unless somebody has changed what lies there.
 */

ngx_int_t
civic_watch_keep_copy(const civic_plugin_main_conf_t *pmcf, ngx_pool_t *pool,
    const ngx_str_t *temp, const ngx_str_t *name, const ngx_str_t *hash)
{
    ngx_str_t  folder, place;

    if (civic_plugin_folder(pool, pmcf, name, NULL, &folder) != NGX_OK
        || civic_plugin_folder(pool, pmcf, name, hash, &place) != NGX_OK
        || civic_watch_keep_mkdirs((char *) folder.data) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (!civic_watch_keep_whole(pool, &place, hash)) {

        civic_watch_folder_remove((char *) place.data);

        if (rename((char *) temp->data, (char *) place.data) == -1
            || civic_watch_folder_sync((char *) folder.data) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    civic_watch_keep_tidy(pool, &folder, hash);

    return NGX_OK;
}


static ngx_uint_t
civic_watch_keep_whole(ngx_pool_t *pool, const ngx_str_t *place,
    const ngx_str_t *hash)
{
    civic_watch_folder_t   there;
    civic_plugin_errors_t  errors;

    return civic_plugin_errors_init(&errors, pool) == NGX_OK
           && civic_watch_folder_read(&there, place, pool, &errors) == NGX_OK
           && ngx_memcmp(there.hash.data, hash->data, CIVIC_PLUGIN_HASH_LEN)
              == 0;
}


/* versions that never served are in no history: only the last is kept */

static void
civic_watch_keep_tidy(ngx_pool_t *pool, const ngx_str_t *folder,
    const ngx_str_t *hash)
{
    u_char     *p;
    ngx_str_t   current, history, list;

    if (civic_plugin_read(pool, folder, "current", 256, &current) != NGX_OK
        || current.len < CIVIC_PLUGIN_HASH_LEN)
    {
        current = *hash;
    }

    if (civic_plugin_read(pool, folder, "history", 4096, &history) != NGX_OK)
    {
        ngx_str_null(&history);
    }

    list.data = ngx_pnalloc(pool, history.len
                                  + 2 * (CIVIC_PLUGIN_HASH_LEN + 1));
    if (list.data == NULL) {
        return;
    }

    p = ngx_cpymem(list.data, hash->data, CIVIC_PLUGIN_HASH_LEN);
    *p++ = '\n';
    p = ngx_cpymem(p, current.data, CIVIC_PLUGIN_HASH_LEN);
    *p++ = '\n';
    p = ngx_cpymem(p, history.data, history.len);

    list.len = p - list.data;

    civic_watch_keep_prune(folder, &list);
}


ngx_int_t
civic_watch_keep_current(const civic_plugin_main_conf_t *pmcf,
    ngx_pool_t *pool, const ngx_str_t *name, const ngx_str_t *hash,
    const ngx_str_t *version)
{
    ngx_str_t  folder, text, list;

    if (civic_plugin_folder(pool, pmcf, name, NULL, &folder) != NGX_OK) {
        return NGX_ERROR;
    }

    text.data = ngx_pnalloc(pool, hash->len + version->len + 2);
    if (text.data == NULL) {
        return NGX_ERROR;
    }

    text.len = ngx_sprintf(text.data, "%V %V\n", hash, version) - text.data;

    if (civic_watch_keep_write(pool, &folder, "current", &text) != NGX_OK
        || civic_watch_keep_history(pool, &folder, hash, &list) != NGX_OK
        || civic_watch_keep_write(pool, &folder, "history", &list) != NGX_OK)
    {
        return NGX_ERROR;
    }

    civic_watch_keep_prune(&folder, &list);

    return NGX_OK;
}


static ngx_int_t
civic_watch_keep_write(ngx_pool_t *pool, const ngx_str_t *folder,
    const char *name, const ngx_str_t *text)
{
    int      fd;
    char     temp[NGX_MAX_PATH], path[NGX_MAX_PATH];
    ssize_t  n;

    if (snprintf(temp, sizeof(temp), "%s/.%s.new", folder->data, name)
        >= (int) sizeof(temp)
        || snprintf(path, sizeof(path), "%s/%s", folder->data, name)
           >= (int) sizeof(path))
    {
        ngx_set_errno(ENAMETOOLONG);
        return NGX_ERROR;
    }

    fd = open(temp, O_WRONLY|O_CREAT|O_TRUNC|O_NOFOLLOW|O_CLOEXEC, 0644);
    if (fd == -1) {
        return NGX_ERROR;
    }

    n = write(fd, text->data, text->len);

    if (n >= 0 && fsync(fd) == -1) {
        n = -1;
    }

    if (close(fd) == -1 || n < 0 || (size_t) n != text->len
        || rename(temp, path) == -1)
    {
        return NGX_ERROR;
    }

    return civic_watch_folder_sync((char *) folder->data);
}


/* lines of hashes: this one first, then the others in their order */

static ngx_int_t
civic_watch_keep_history(ngx_pool_t *pool, const ngx_str_t *folder,
    const ngx_str_t *hash, ngx_str_t *list)
{
    u_char      *p, old[CIVIC_PLUGIN_HASH_LEN];
    size_t       at;
    ngx_str_t    text, line;
    ngx_uint_t   n;

    if (civic_plugin_read(pool, folder, "history", 4096, &text) != NGX_OK) {
        ngx_str_null(&text);
    }

    list->data = ngx_pnalloc(pool, CIVIC_WATCH_KEEP
                                   * (CIVIC_PLUGIN_HASH_LEN + 1));
    if (list->data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(list->data, hash->data, hash->len);
    *p++ = '\n';
    n = 1;

    for (at = 0; at < text.len && n < CIVIC_WATCH_KEEP;
         at += CIVIC_PLUGIN_HASH_LEN + 1)
    {
        line.data = text.data + at;
        line.len = text.len - at;

        if (civic_watch_keep_hash(&line, old) == 0) {
            break;
        }

        if (ngx_memcmp(old, hash->data, hash->len) != 0) {
            p = ngx_cpymem(p, old, CIVIC_PLUGIN_HASH_LEN);
            *p++ = '\n';
            n++;
        }
    }

    list->len = p - list->data;

    return NGX_OK;
}


static void
civic_watch_keep_prune(const ngx_str_t *folder, const ngx_str_t *list)
{
    DIR            *dir;
    char            path[NGX_MAX_PATH];
    size_t          at;
    u_char          hash[CIVIC_PLUGIN_HASH_LEN];
    ngx_str_t       name;
    struct dirent  *entry;

    dir = opendir((char *) folder->data);
    if (dir == NULL) {
        return;
    }

    while ((entry = readdir(dir)) != NULL) {

        name.data = (u_char *) entry->d_name;
        name.len = ngx_strlen(entry->d_name);

        if (civic_watch_keep_hash(&name, hash) == 0) {
            continue;
        }

        for (at = 0;
             at + CIVIC_PLUGIN_HASH_LEN <= list->len;
             at += CIVIC_PLUGIN_HASH_LEN + 1)
        {
            if (ngx_memcmp(list->data + at, hash, CIVIC_PLUGIN_HASH_LEN)
                == 0)
            {
                break;
            }
        }

        if (at + CIVIC_PLUGIN_HASH_LEN > list->len
            && snprintf(path, sizeof(path), "%s/%s", folder->data,
                        entry->d_name)
               < (int) sizeof(path))
        {
            civic_watch_folder_remove(path);
        }
    }

    (void) closedir(dir);
}


void
civic_watch_keep_forget(const civic_plugin_main_conf_t *pmcf,
    ngx_pool_t *pool, const ngx_str_t *name)
{
    char       path[NGX_MAX_PATH];
    ngx_str_t  folder;

    if (civic_plugin_folder(pool, pmcf, name, NULL, &folder) == NGX_OK
        && snprintf(path, sizeof(path), "%s/current", folder.data)
           < (int) sizeof(path))
    {
        (void) unlink(path);
    }
}


void
civic_watch_keep_drop(const civic_plugin_main_conf_t *pmcf,
    const ngx_str_t *name)
{
    char         path[NGX_MAX_PATH];
    ngx_str_t    folder, none;
    ngx_uint_t   i;
    ngx_pool_t  *pool;

    static const char  *const  files[] = { "current", "history", "pin" };

    pool = ngx_create_pool(1024, ngx_cycle->log);
    if (pool == NULL) {
        return;
    }

    ngx_str_null(&none);

    if (civic_plugin_folder(pool, pmcf, name, NULL, &folder) == NGX_OK) {

        for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {

            if (snprintf(path, sizeof(path), "%s/%s", folder.data, files[i])
                < (int) sizeof(path))
            {
                (void) unlink(path);
            }
        }

        civic_watch_keep_prune(&folder, &none);
        (void) rmdir((char *) folder.data);
    }

    ngx_destroy_pool(pool);
}
