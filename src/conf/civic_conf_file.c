
/*
 * Copyright (C) Civic Gate
 */


#include "civic_conf_file.h"


static char *civic_conf_file_read_fd(ngx_conf_t *cf, civic_conf_file_t *file,
    ngx_fd_t fd, const ngx_str_t *name, ngx_str_t *text);
static char *civic_conf_file_empty(ngx_conf_t *cf,
    const civic_conf_file_t *file, const ngx_str_t *name);
static char *civic_conf_file_large(ngx_conf_t *cf,
    const civic_conf_file_t *file, const ngx_str_t *name);


char *
civic_conf_file_read(ngx_conf_t *cf, civic_conf_file_t *file,
    const ngx_str_t *name, ngx_str_t *text)
{
    char       *rv;
    ngx_fd_t    fd;
    ngx_str_t   full;

    full = *name;

    if (full.len == 0) {
        return civic_conf_error(cf, file->pos, "a %s has no name",
                                file->what);
    }

    if (ngx_conf_full_name(cf->cycle, &full, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    /* what is no file is not waited for */

    fd = ngx_open_file(full.data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        return civic_conf_error(cf, file->pos, "%s \"%V\" cannot be opened: "
                                "%s", file->what, &full, strerror(ngx_errno));
    }

    rv = civic_conf_file_read_fd(cf, file, fd, &full, text);

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_ALERT, cf, ngx_errno,
                           ngx_close_file_n " \"%V\" failed", &full);
    }

    return rv;
}


static char *
civic_conf_file_read_fd(ngx_conf_t *cf, civic_conf_file_t *file, ngx_fd_t fd,
    const ngx_str_t *name, ngx_str_t *text)
{
    if (ngx_fd_info(fd, &file->info) == NGX_FILE_ERROR
        || !ngx_is_file(&file->info))
    {
        return civic_conf_error(cf, file->pos, "%s \"%V\" is not a file",
                                file->what, name);
    }

    if (file->secret && (file->info.st_mode & (S_IROTH|S_IWOTH))) {
        return civic_conf_error(cf, file->pos, "%s \"%V\" holds a secret, "
                                "and everybody may read or write it: chmod "
                                "o-rwx", file->what, name);
    }

    if (ngx_file_size(&file->info) == 0) {
        return civic_conf_file_empty(cf, file, name);
    }

    if (ngx_file_size(&file->info) > (off_t) file->max) {
        return civic_conf_file_large(cf, file, name);
    }

    text->len = (size_t) ngx_file_size(&file->info);

    text->data = ngx_pnalloc(file->pool, text->len + 1);
    if (text->data == NULL) {
        return NGX_CONF_ERROR;
    }

    if (ngx_read_fd(fd, text->data, text->len) != (ssize_t) text->len) {
        return civic_conf_error(cf, file->pos, "%s \"%V\" cannot be read",
                                file->what, name);
    }

    text->data[text->len] = '\0';

    return NGX_CONF_OK;
}


char *
civic_conf_file_line(ngx_conf_t *cf, civic_conf_file_t *file,
    const ngx_str_t *name, ngx_str_t *text)
{
    char  *rv;

    rv = civic_conf_file_read(cf, file, name, text);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    while (text->len && (text->data[text->len - 1] == LF
                         || text->data[text->len - 1] == CR))
    {
        text->len--;
    }

    return text->len ? NGX_CONF_OK : civic_conf_file_empty(cf, file, name);
}


static char *
civic_conf_file_empty(ngx_conf_t *cf, const civic_conf_file_t *file,
    const ngx_str_t *name)
{
    return civic_conf_error(cf, file->pos, "%s \"%V\" is empty", file->what,
                            name);
}


static char *
civic_conf_file_large(ngx_conf_t *cf, const civic_conf_file_t *file,
    const ngx_str_t *name)
{
    size_t       max;
    const char  *unit;

    max = file->max;
    unit = "bytes";

    if (max % (1024 * 1024) == 0) {
        max /= 1024 * 1024;
        unit = "MB";

    } else if (max % 1024 == 0) {
        max /= 1024;
        unit = "kB";
    }

    return civic_conf_error(cf, file->pos, "%s \"%V\" is larger than %uz %s",
                            file->what, name, max, unit);
}
