
/*
 * Copyright (C) Civic Gate
 *
 * How those who cannot log it themselves tell the operator what is wrong.
 */


#ifndef _CIVIC_ERROR_H_INCLUDED_
#define _CIVIC_ERROR_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* writes the sentence to `err`, in `pool`; always returns NGX_ERROR */

ngx_int_t civic_error_write(ngx_pool_t *pool, ngx_str_t *err,
    const char *fmt, ...);

/* `err` becomes "no memory"; always returns NGX_ERROR */

ngx_int_t civic_error_no_memory(ngx_str_t *err);


#endif /* _CIVIC_ERROR_H_INCLUDED_ */
