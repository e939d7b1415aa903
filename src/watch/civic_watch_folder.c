
/*
 * Copyright (C) Civic Gate
 *
 * Folders of departments are read with suspicion: every file is opened
 * without following a link and must be a regular one, sizes and numbers are
 * capped, and what was read is what is hashed, checked and kept.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <dirent.h>

#include "civic_watch_folder.h"
#include "civic_jose_digest.h"


typedef struct {
    civic_watch_folder_t   *folder;
    civic_plugin_errors_t  *errors;
    uint64_t                sign;
    ngx_uint_t              names;     /* seen below lib/ and redis/ */
} civic_watch_walk_t;


typedef void (*civic_watch_visit_pt)(civic_watch_walk_t *walk, int dir,
    const char *name, const char *full);


static ngx_int_t civic_watch_folder_walk(civic_watch_walk_t *walk,
    const ngx_str_t *path, civic_watch_visit_pt visit);
static void civic_watch_folder_walk_lua(civic_watch_walk_t *walk, int parent,
    const char *name, const char *full, civic_watch_visit_pt visit,
    ngx_uint_t depth);
static ngx_uint_t civic_watch_folder_full(civic_watch_walk_t *walk);
static ngx_uint_t civic_watch_folder_is_lua(const char *name);
static void civic_watch_folder_sign_folder(civic_watch_walk_t *walk, int dir,
    const char *name);
static void civic_watch_folder_visit_sign(civic_watch_walk_t *walk, int dir,
    const char *name, const char *full);
static void civic_watch_folder_visit_read(civic_watch_walk_t *walk, int dir,
    const char *name, const char *full);
static ngx_int_t civic_watch_folder_take(civic_watch_folder_t *folder,
    int fd, size_t size, const char *full);
static int civic_watch_folder_cmp(const void *one, const void *two);
static ngx_int_t civic_watch_folder_hash(civic_watch_folder_t *folder);
static ngx_int_t civic_watch_folder_write_file(const char *path,
    const ngx_str_t *text);


static const char  *civic_watch_folder_files[] = {
    "manifest.json", "plugin.lua", "config.json", NULL
};


static const char  *civic_watch_folder_folders[] = { "lib", "redis", NULL };


ngx_int_t
civic_watch_folder_sign(const ngx_str_t *path, uint64_t *sign)
{
    ngx_int_t           rc;
    civic_watch_walk_t  walk;

    ngx_memzero(&walk, sizeof(civic_watch_walk_t));

    walk.sign = 1;

    rc = civic_watch_folder_walk(&walk, path, civic_watch_folder_visit_sign);

    *sign = walk.sign;

    return rc;
}


ngx_int_t
civic_watch_folder_read(civic_watch_folder_t *folder, const ngx_str_t *path,
    ngx_pool_t *pool, civic_plugin_errors_t *errors)
{
    civic_watch_walk_t  walk;

    ngx_memzero(&walk, sizeof(civic_watch_walk_t));
    ngx_memzero(folder, sizeof(civic_watch_folder_t));

    walk.folder = folder;
    walk.errors = errors;
    folder->pool = pool;

    if (ngx_array_init(&folder->files, pool, 16, sizeof(civic_watch_file_t))
        != NGX_OK)
    {
        civic_plugin_errors_add(errors, "no memory");
        return NGX_ERROR;
    }

    if (civic_watch_folder_walk(&walk, path, civic_watch_folder_visit_read)
        != NGX_OK)
    {
        civic_plugin_errors_add(errors, "the folder cannot be read: %s",
                                strerror(ngx_errno));
    }

    if (errors->list.nelts != 0) {
        return NGX_ERROR;
    }

    ngx_qsort(folder->files.elts, folder->files.nelts,
              sizeof(civic_watch_file_t), civic_watch_folder_cmp);

    if (civic_watch_folder_hash(folder) != NGX_OK) {
        civic_plugin_errors_add(errors, "no memory");
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
civic_watch_folder_walk(civic_watch_walk_t *walk, const ngx_str_t *path,
    civic_watch_visit_pt visit)
{
    int          dir;
    ngx_uint_t   i;

    dir = open((char *) path->data,
               O_RDONLY|O_DIRECTORY|O_NOFOLLOW|O_CLOEXEC);
    if (dir == -1) {
        return NGX_DECLINED;
    }

    for (i = 0; civic_watch_folder_files[i]; i++) {
        visit(walk, dir, civic_watch_folder_files[i],
              civic_watch_folder_files[i]);
    }

    for (i = 0; civic_watch_folder_folders[i]; i++) {
        civic_watch_folder_sign_folder(walk, dir,
                                       civic_watch_folder_folders[i]);
        civic_watch_folder_walk_lua(walk, dir, civic_watch_folder_folders[i],
                                    civic_watch_folder_folders[i], visit, 1);
    }

    (void) close(dir);

    return NGX_OK;
}


static void
civic_watch_folder_walk_lua(civic_watch_walk_t *walk, int parent,
    const char *name, const char *full, civic_watch_visit_pt visit,
    ngx_uint_t depth)
{
    int             fd;
    DIR            *dir;
    char            path[NAME_MAX + 256];
    struct stat     st;
    struct dirent  *entry;

    fd = openat(parent, name, O_RDONLY|O_DIRECTORY|O_NOFOLLOW|O_CLOEXEC);

    if (fd == -1) {

        if (ngx_errno != ENOENT && walk->errors != NULL) {
            civic_plugin_errors_add(walk->errors, "%s is no folder: %s",
                                    full, strerror(ngx_errno));
        }

        return;
    }

    dir = fdopendir(fd);

    if (dir == NULL) {
        (void) close(fd);
        return;
    }

    while (!civic_watch_folder_full(walk)
           && (entry = readdir(dir)) != NULL)
    {
        if (entry->d_name[0] == '.'
            || snprintf(path, sizeof(path), "%s/%s", full, entry->d_name)
               >= (int) sizeof(path))
        {
            continue;
        }

        if (civic_watch_folder_is_lua(entry->d_name)) {
            visit(walk, dirfd(dir), entry->d_name, path);

        } else if (depth < CIVIC_WATCH_DEPTH
                   && fstatat(dirfd(dir), entry->d_name, &st,
                              AT_SYMLINK_NOFOLLOW)
                      == 0
                   && S_ISDIR(st.st_mode))
        {
            civic_watch_folder_walk_lua(walk, dirfd(dir), entry->d_name,
                                        path, visit, depth + 1);
        }
    }

    (void) closedir(dir);
}


/* whoever waits for this folder to be read is all other departments */

static ngx_uint_t
civic_watch_folder_full(civic_watch_walk_t *walk)
{
    if (walk->names++ < CIVIC_WATCH_NAMES_MAX) {
        return 0;
    }

    if (walk->errors != NULL) {
        civic_plugin_errors_add(walk->errors, "lib/ and redis/ hold more "
                                "than %d names", CIVIC_WATCH_NAMES_MAX);
    }

    return 1;
}


static ngx_uint_t
civic_watch_folder_is_lua(const char *name)
{
    size_t  len;

    len = ngx_strlen(name);

    return len > 4 && ngx_strcmp(name + len - 4, ".lua") == 0;
}


/* what it is and who may read it: files in it come and go by themselves */

static void
civic_watch_folder_sign_folder(civic_watch_walk_t *walk, int dir,
    const char *name)
{
    struct stat  st;

    if (walk->errors == NULL
        && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
    {
        walk->sign += (uint64_t) st.st_ino * 0x100000001b3ULL + st.st_mode;
    }
}


/* FNV-1a of each file's facts; their sum does not ask for an order */

static void
civic_watch_folder_visit_sign(civic_watch_walk_t *walk, int dir,
    const char *name, const char *full)
{
    u_char       text[NAME_MAX + 512], *p, *last;
    uint64_t     hash;
    struct stat  st;

    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1) {
        return;
    }

    last = ngx_snprintf(text, sizeof(text), "%s %uL %uL %uL %uL %uL %uL %uL",
                        full, (uint64_t) st.st_ino, (uint64_t) st.st_mode,
                        (uint64_t) st.st_size, (uint64_t) st.st_mtim.tv_sec,
                        (uint64_t) st.st_mtim.tv_nsec,
                        (uint64_t) st.st_ctim.tv_sec,
                        (uint64_t) st.st_ctim.tv_nsec);

    hash = 0xcbf29ce484222325ULL;

    for (p = text; p < last; p++) {
        hash = (hash ^ *p) * 0x100000001b3ULL;
    }

    walk->sign += hash;
}


static void
civic_watch_folder_visit_read(civic_watch_walk_t *walk, int dir,
    const char *name, const char *full)
{
    int          fd;
    struct stat  st;

    fd = openat(dir, name, O_RDONLY|O_NOFOLLOW|O_NONBLOCK|O_CLOEXEC);

    if (fd == -1) {

        if (ngx_errno != ENOENT) {
            civic_plugin_errors_add(walk->errors, "%s cannot be read: %s",
                                    full, ngx_errno == ELOOP
                                          ? "it is a link"
                                          : strerror(ngx_errno));
        }

        return;
    }

    if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
        civic_plugin_errors_add(walk->errors, "%s is no regular file", full);

    } else if (st.st_size > CIVIC_WATCH_FILE_MAX
               || (ngx_strcmp(full, "manifest.json") == 0
                   && st.st_size > CIVIC_PLUGIN_MANIFEST_MAX))
    {
        civic_plugin_errors_add(walk->errors, "%s is too large: %O bytes",
                                full, (off_t) st.st_size);

    } else if (walk->folder->files.nelts >= CIVIC_WATCH_FILES_MAX
               || walk->folder->size + st.st_size > CIVIC_WATCH_FOLDER_MAX)
    {
        civic_plugin_errors_add(walk->errors, "%s is too much: a plugin has "
                                "at most %d files and %d bytes", full,
                                CIVIC_WATCH_FILES_MAX,
                                CIVIC_WATCH_FOLDER_MAX);

    } else if (civic_watch_folder_take(walk->folder, fd, st.st_size, full)
               != NGX_OK)
    {
        civic_plugin_errors_add(walk->errors, "%s cannot be read", full);
    }

    (void) close(fd);
}


static ngx_int_t
civic_watch_folder_take(civic_watch_folder_t *folder, int fd, size_t size,
    const char *full)
{
    size_t               len;
    ssize_t              n;
    civic_watch_file_t  *file;

    len = ngx_strlen(full);
    file = ngx_array_push(&folder->files);

    if (file == NULL) {
        return NGX_ERROR;
    }

    file->name.len = len;
    file->name.data = ngx_pnalloc(folder->pool, len + 1);
    file->text.len = size;
    file->text.data = ngx_pnalloc(folder->pool, size + 1);

    if (file->name.data == NULL || file->text.data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(file->name.data, full, len + 1);

    n = read(fd, file->text.data, size + 1);

    /* it grew or shrank while it was looked at */

    if (n < 0 || (size_t) n != size) {
        return NGX_ERROR;
    }

    folder->size += size;

    return NGX_OK;
}


static int
civic_watch_folder_cmp(const void *one, const void *two)
{
    const civic_watch_file_t  *a = one;
    const civic_watch_file_t  *b = two;

    return ngx_strcmp(a->name.data, b->name.data);
}


/* the digest of a list: "DIGEST NAME" line by line, sorted */

static ngx_int_t
civic_watch_folder_hash(civic_watch_folder_t *folder)
{
    size_t               len;
    u_char               digest[CIVIC_JOSE_DIGEST_LEN], *p;
    ngx_str_t            list;
    ngx_uint_t           i;
    civic_watch_file_t  *file;

    file = folder->files.elts;
    len = 0;

    for (i = 0; i < folder->files.nelts; i++) {
        len += file[i].name.len + 2 * CIVIC_JOSE_DIGEST_LEN + 2;
    }

    list.data = ngx_pnalloc(folder->pool, len + 1);
    folder->hash.data = ngx_pnalloc(folder->pool, 2 * CIVIC_JOSE_DIGEST_LEN);

    if (list.data == NULL || folder->hash.data == NULL) {
        return NGX_ERROR;
    }

    p = list.data;

    for (i = 0; i < folder->files.nelts; i++) {

        if (civic_jose_digest(&file[i].text, digest) != NGX_OK) {
            return NGX_ERROR;
        }

        p = ngx_hex_dump(p, digest, CIVIC_JOSE_DIGEST_LEN);
        *p++ = ' ';
        p = ngx_cpymem(p, file[i].name.data, file[i].name.len);
        *p++ = '\n';
    }

    list.len = p - list.data;

    if (civic_jose_digest(&list, digest) != NGX_OK) {
        return NGX_ERROR;
    }

    (void) ngx_hex_dump(folder->hash.data, digest, CIVIC_JOSE_DIGEST_LEN);
    folder->hash.len = CIVIC_PLUGIN_HASH_LEN;

    return NGX_OK;
}


ngx_int_t
civic_watch_folder_write(const civic_watch_folder_t *folder,
    const ngx_str_t *path)
{
    char                *slash, full[NGX_MAX_PATH];
    ngx_uint_t           i;
    civic_watch_file_t  *file;

    if (mkdir((char *) path->data, 0700) == -1) {
        return NGX_ERROR;
    }

    file = folder->files.elts;

    for (i = 0; i < folder->files.nelts; i++) {

        if (snprintf(full, sizeof(full), "%s/%s", path->data,
                     file[i].name.data)
            >= (int) sizeof(full))
        {
            ngx_set_errno(ENAMETOOLONG);
            return NGX_ERROR;
        }

        for (slash = strchr(full + path->len + 1, '/'); slash;
             slash = strchr(slash + 1, '/'))
        {
            *slash = '\0';

            if (mkdir(full, 0700) == -1 && ngx_errno != EEXIST) {
                return NGX_ERROR;
            }

            *slash = '/';
        }

        if (civic_watch_folder_write_file(full, &file[i].text) != NGX_OK) {
            return NGX_ERROR;
        }

        /* the folders between, from the file's upwards */

        while ((slash = strrchr(full, '/')) - full > (ssize_t) path->len) {
            *slash = '\0';

            if (civic_watch_folder_sync(full) != NGX_OK) {
                return NGX_ERROR;
            }
        }
    }

    return civic_watch_folder_sync((char *) path->data);
}


ngx_int_t
civic_watch_folder_sync(const char *path)
{
    int        fd;
    ngx_int_t  rc;

    fd = open(path, O_RDONLY|O_DIRECTORY|O_CLOEXEC);
    if (fd == -1) {
        return NGX_ERROR;
    }

    rc = fsync(fd) == -1 ? NGX_ERROR : NGX_OK;

    (void) close(fd);

    return rc;
}


static ngx_int_t
civic_watch_folder_write_file(const char *path, const ngx_str_t *text)
{
    int      fd;
    ssize_t  n;

    fd = open(path, O_WRONLY|O_CREAT|O_EXCL|O_NOFOLLOW|O_CLOEXEC, 0600);
    if (fd == -1) {
        return NGX_ERROR;
    }

    n = write(fd, text->data, text->len);

    if (n >= 0 && fsync(fd) == -1) {
        n = -1;
    }

    if (close(fd) == -1 || n < 0 || (size_t) n != text->len) {
        return NGX_ERROR;
    }

    return NGX_OK;
}


void
civic_watch_folder_remove(const char *path)
{
    DIR            *dir;
    char            full[NGX_MAX_PATH];
    struct dirent  *entry;

    if (unlink(path) == 0 || (ngx_errno != EISDIR && ngx_errno != EPERM)) {
        return;
    }

    dir = opendir(path);
    if (dir == NULL) {
        return;
    }

    while ((entry = readdir(dir)) != NULL) {

        if (ngx_strcmp(entry->d_name, ".") != 0
            && ngx_strcmp(entry->d_name, "..") != 0
            && snprintf(full, sizeof(full), "%s/%s", path, entry->d_name)
               < (int) sizeof(full))
        {
            civic_watch_folder_remove(full);
        }
    }

    (void) closedir(dir);
    (void) rmdir(path);
}
