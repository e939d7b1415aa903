
/*
 * Copyright (C) Civic Gate
 *
 * Sentences for the operator.  Only formats them: who says what, and where
 * it is logged, is decided elsewhere.
 */


#include "civic_error.h"


/* two patterns, a file name and the words between them */

#define CIVIC_ERROR_LEN  4096


ngx_int_t
civic_error_write(ngx_pool_t *pool, ngx_str_t *err, const char *fmt, ...)
{
    u_char   *p, *last;
    va_list   args;

    p = ngx_pnalloc(pool, CIVIC_ERROR_LEN);
    if (p == NULL) {
        return civic_error_no_memory(err);
    }

    va_start(args, fmt);
    last = ngx_vslprintf(p, p + CIVIC_ERROR_LEN, fmt, args);
    va_end(args);

    err->data = p;
    err->len = last - p;

    return NGX_ERROR;
}


ngx_int_t
civic_error_no_memory(ngx_str_t *err)
{
    ngx_str_set(err, "no memory");

    return NGX_ERROR;
}
