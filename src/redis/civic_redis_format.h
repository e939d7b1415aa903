
/*
 * Copyright (C) Civic Gate
 *
 * Commands as RESP: an array of bulk strings.
 */


#ifndef _CIVIC_REDIS_FORMAT_H_INCLUDED_
#define _CIVIC_REDIS_FORMAT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* how long these are, each as a bulk string; 0: more than `max` bytes */

size_t civic_redis_format_size(const ngx_str_t *argv, ngx_uint_t argc,
    size_t max);

#define CIVIC_REDIS_HEADER  (sizeof("*\r\n") - 1 + NGX_INT_T_LEN)

/* write and return the end */

u_char *civic_redis_format_header(u_char *p, ngx_uint_t argc);
u_char *civic_redis_format(u_char *p, const ngx_str_t *argv,
    ngx_uint_t argc);

/*
 * May it go over a connection that others share?  Not what changes the
 * connection itself, answers other than once, or waits in Redis.
 */

ngx_uint_t civic_redis_format_shared(const ngx_str_t *command);


#endif /* _CIVIC_REDIS_FORMAT_H_INCLUDED_ */
