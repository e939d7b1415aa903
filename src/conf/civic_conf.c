
/*
 * Copyright (C) Civic Gate
 *
 * What directives need while the configuration is read: places in it, and
 * errors that name a place other than where the parser is now.
 */


#include "civic.h"


#define CIVIC_CONF_MESSAGE  1024


static void civic_conf_log(ngx_uint_t level, ngx_conf_t *cf,
    const civic_pos_t *pos, const char *fmt, va_list args);


void
civic_activate(ngx_conf_t *cf)
{
    civic_srv_conf_t   *scf;
    civic_main_conf_t  *mcf;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_civic_module);
    scf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_civic_module);

    mcf->used = 1;
    scf->active = 1;
}


civic_pos_t *
civic_conf_pos(ngx_conf_t *cf)
{
    civic_pos_t  *pos;

    pos = ngx_pcalloc(cf->pool, sizeof(civic_pos_t));
    if (pos == NULL) {
        return NULL;
    }

    if (cf->conf_file != NULL) {
        pos->file = cf->conf_file->file.name;
        pos->line = cf->conf_file->line;
    }

    return pos;
}


char *
civic_conf_error(ngx_conf_t *cf, const civic_pos_t *pos, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    civic_conf_log(NGX_LOG_EMERG, cf, pos, fmt, args);
    va_end(args);

    return NGX_CONF_ERROR;
}


void
civic_conf_warn(ngx_conf_t *cf, const civic_pos_t *pos, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    civic_conf_log(NGX_LOG_WARN, cf, pos, fmt, args);
    va_end(args);
}


static void
civic_conf_log(ngx_uint_t level, ngx_conf_t *cf, const civic_pos_t *pos,
    const char *fmt, va_list args)
{
    size_t   len;
    u_char   message[CIVIC_CONF_MESSAGE];

    len = ngx_vslprintf(message, message + CIVIC_CONF_MESSAGE, fmt, args)
          - message;

    if (pos == NULL || pos->file.len == 0) {
        ngx_conf_log_error(level, cf, 0, "%*s", len, message);
        return;
    }

    ngx_log_error(level, cf->log, 0, "%*s in %V:%ui", len, message,
                  &pos->file, pos->line);
}
