
/*
 * Copyright (C) Civic Gate
 *
 * Redis: commands and scripts over a few pipelined connections of each
 * worker, with a deadline for each and a breaker for all.
 *
 * This is the only header of redis/ that others may include.
 */


#ifndef _CIVIC_REDIS_H_INCLUDED_
#define _CIVIC_REDIS_H_INCLUDED_


#include "civic_value.h"


typedef struct civic_redis_s          civic_redis_t;   /* civic_redis NAME */
typedef struct civic_redis_command_s  civic_redis_command_t;


typedef enum {
    CIVIC_REDIS_OK = 0,
    CIVIC_REDIS_UNAVAILABLE,           /* no connection, breaker open */
    CIVIC_REDIS_TIMEOUT,               /* sent; nobody knows if it was done */
    CIVIC_REDIS_TOO_LARGE,             /* command or reply */
    CIVIC_REDIS_NOT_DURABLE,           /* done, but too few replicas say so */
    CIVIC_REDIS_REFUSED                /* an error reply: `reply` is its text */
} civic_redis_error_e;


/*
 * Called once, from the event loop, never from within civic_redis_send().
 * The reply dies when the handler returns.  Integers are numbers, bulk and
 * simple strings strings, a nil reply is nil, and null within arrays.
 */

typedef void (*civic_redis_handler_pt)(void *data, ngx_uint_t error,
    const civic_value_t *reply);


typedef struct {
    const ngx_str_t         *argv;     /* copied */
    ngx_uint_t               argc;
    ngx_msec_t               timeout;  /* 0: the server's own */
    unsigned                 durable:1; /* and WAIT, as its block says */
    civic_redis_handler_pt   handler;
    void                    *data;
} civic_redis_request_t;


/* a script; `sha1` (40 hex digits) is filled in by civic_redis_script() */

typedef struct {
    ngx_str_t                text;
    u_char                   sha1[40];
} civic_redis_script_t;


/* one of lua/redis/, by its name; civic_redis_run() fills in the script */

typedef struct {
    ngx_str_t                name;
    civic_redis_script_t     script;
} civic_redis_builtin_t;

#define civic_redis_builtin(name)                                             \
    { ngx_string(name), { ngx_null_string, { 0 } } }


/* defined in this configuration?  NULL: no.  After the http block is read */

civic_redis_t *civic_redis_find(ngx_conf_t *cf, const ngx_str_t *name);

/* all of them: civic_redis_t * */

ngx_array_t *civic_redis_all(ngx_conf_t *cf);

const ngx_str_t *civic_redis_name(const civic_redis_t *redis);

/*
 * NULL: no memory.  Every other failure comes through the handler.  What is
 * sent without waiting for an answer between may be done in any order.
 */

civic_redis_command_t *civic_redis_send(civic_redis_t *redis,
    const civic_redis_request_t *request);

void civic_redis_script(civic_redis_script_t *script, const ngx_str_t *text);

/*
 * argv holds the keys, then the arguments.  EVALSHA, with EVAL where the
 * server does not know the script, whose text must therefore live until the
 * handler is called or the command cancelled.
 */

civic_redis_command_t *civic_redis_eval(civic_redis_t *redis,
    const civic_redis_script_t *script, ngx_uint_t nkeys,
    const civic_redis_request_t *request);

/* civic_redis_eval() of a script of our own.  NULL: none has this name, too */

civic_redis_command_t *civic_redis_run(civic_redis_t *redis,
    civic_redis_builtin_t *builtin, ngx_uint_t nkeys,
    const civic_redis_request_t *request);

/* its handler will not be called; what was sent may still happen */

void civic_redis_cancel(civic_redis_command_t *command);

/* for status: is the breaker open, or nothing connected? */

ngx_uint_t civic_redis_down(const civic_redis_t *redis);


#endif /* _CIVIC_REDIS_H_INCLUDED_ */
