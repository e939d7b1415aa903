
/*
 * Copyright (C) Civic Gate
 *
 * The writing half of RESP.  Every argument is a bulk string of a stated
 * length, so no byte of it can be taken for protocol.
 */


#include "civic_redis_format.h"


#define CIVIC_REDIS_BULK  (sizeof("$\r\n\r\n") - 1 + NGX_SIZE_T_LEN)


static const ngx_str_t  civic_redis_format_unshared[] = {
    ngx_string("auth"),
    ngx_string("blmove"),
    ngx_string("blmpop"),
    ngx_string("blpop"),
    ngx_string("brpop"),
    ngx_string("brpoplpush"),
    ngx_string("bzmpop"),
    ngx_string("bzpopmax"),
    ngx_string("bzpopmin"),
    ngx_string("client"),
    ngx_string("discard"),
    ngx_string("exec"),
    ngx_string("hello"),
    ngx_string("monitor"),
    ngx_string("multi"),
    ngx_string("psubscribe"),
    ngx_string("psync"),
    ngx_string("punsubscribe"),
    ngx_string("quit"),
    ngx_string("readonly"),
    ngx_string("readwrite"),
    ngx_string("reset"),
    ngx_string("select"),
    ngx_string("ssubscribe"),
    ngx_string("subscribe"),
    ngx_string("sunsubscribe"),
    ngx_string("sync"),
    ngx_string("unsubscribe"),
    ngx_string("unwatch"),
    ngx_string("wait"),
    ngx_string("waitaof"),
    ngx_string("watch"),
    ngx_null_string
};


size_t
civic_redis_format_size(const ngx_str_t *argv, ngx_uint_t argc, size_t max)
{
    size_t      size;
    ngx_uint_t  i;

    size = 0;

    for (i = 0; i < argc; i++) {

        if (argv[i].len > max || size > max - argv[i].len) {
            return 0;
        }

        size += CIVIC_REDIS_BULK + argv[i].len;
    }

    return size > max ? 0 : size;
}


u_char *
civic_redis_format_header(u_char *p, ngx_uint_t argc)
{
    return ngx_sprintf(p, "*%ui\r\n", argc);
}


u_char *
civic_redis_format(u_char *p, const ngx_str_t *argv, ngx_uint_t argc)
{
    ngx_uint_t  i;

    for (i = 0; i < argc; i++) {
        p = ngx_sprintf(p, "$%uz\r\n", argv[i].len);

        if (argv[i].len) {
            p = ngx_cpymem(p, argv[i].data, argv[i].len);
        }

        *p++ = CR;
        *p++ = LF;
    }

    return p;
}


ngx_uint_t
civic_redis_format_shared(const ngx_str_t *command)
{
    const ngx_str_t  *word;

    for (word = civic_redis_format_unshared; word->len; word++) {

        if (word->len == command->len
            && ngx_strncasecmp(word->data, command->data, word->len) == 0)
        {
            return 0;
        }
    }

    return 1;
}
