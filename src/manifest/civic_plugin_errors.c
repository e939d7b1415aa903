
/*
 * Copyright (C) Civic Gate
 *
 * Collects sentences about a plugin, each once, and no more of them than
 * someone reads.  What the plugin itself says is part of some: none of them
 * begins another line of a log or a terminal.
 */


#include "civic_plugin_manifest.h"


#define CIVIC_PLUGIN_ERROR_LEN   1024
#define CIVIC_PLUGIN_MAX_ERRORS  100


ngx_int_t
civic_plugin_errors_init(civic_plugin_errors_t *errors, ngx_pool_t *pool)
{
    errors->pool = pool;

    return ngx_array_init(&errors->list, pool, 4, sizeof(ngx_str_t));
}


void
civic_plugin_errors_add(civic_plugin_errors_t *errors, const char *fmt, ...)
{
    u_char      *p, *last, text[CIVIC_PLUGIN_ERROR_LEN];
    va_list      args;
    ngx_str_t   *sentence, error;
    ngx_uint_t   i;

    static ngx_str_t  no_memory = ngx_string("/: no memory");
    static ngx_str_t  more = ngx_string("/: there are more errors");

    if (errors->list.nelts > CIVIC_PLUGIN_MAX_ERRORS) {
        return;
    }

    last = text + CIVIC_PLUGIN_ERROR_LEN;

    va_start(args, fmt);
    p = ngx_vslprintf(text, last, fmt, args);
    va_end(args);

    if (p == last) {

        /* no half of a character at the end */

        while (p > text && (p[-1] & 0xc0) == 0x80) {
            p--;
        }

        p -= (p > text && p[-1] >= 0xc0);
    }

    error.data = text;
    error.len = p - text;

    for (i = 0; i < error.len; i++) {
        if (text[i] < 0x20 || text[i] == 0x7f) {
            text[i] = ' ';
        }
    }

    sentence = errors->list.elts;

    for (i = 0; i < errors->list.nelts; i++) {
        if (sentence[i].len == error.len
            && ngx_memcmp(sentence[i].data, text, error.len) == 0)
        {
            return;
        }
    }

    if (errors->list.nelts == CIVIC_PLUGIN_MAX_ERRORS) {
        error = more;

    } else {
        error.data = ngx_pstrdup(errors->pool, &error);

        if (error.data == NULL) {
            error = no_memory;
        }
    }

    sentence = ngx_array_push(&errors->list);

    if (sentence) {
        *sentence = error;
    }
}
