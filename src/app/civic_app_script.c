
/*
 * Copyright (C) Civic Gate
 *
 * The scripts over the applications in Redis.  All keys have one hash tag,
 * so that a cluster keeps them in one place:
 *
 *     civic:{apps}:records   hash: name -> record, as JSON
 *     civic:{apps}:index     hash: credential -> name
 *     civic:{apps}:fields    hash: name -> its credentials, a line each
 *     civic:{apps}:names     sorted set, all at 0: names in order
 *     civic:{apps}:changes   sorted set: names by the version that changed
 *                            them last
 *     civic:{apps}:state     hash: epoch, version, floor
 */


#include "civic_app_conf.h"


#define CIVIC_APP_SCRIPT_KEYS  6
#define CIVIC_APP_SCRIPT_ARGS  (4 + 8 + 8 + 16 + 1)


static struct {
    civic_redis_builtin_t   builtin;
    ngx_uint_t              nkeys;
    ngx_uint_t              keys[CIVIC_APP_SCRIPT_KEYS];
    ngx_uint_t              durable;
} civic_app_scripts[] = {
    { civic_redis_builtin("app_find"), 3, { 0, 1, 5 }, 0 },
    { civic_redis_builtin("app_changes"), 2, { 4, 5 }, 0 },
    { civic_redis_builtin("app_get"), 1, { 0 }, 0 },
    { civic_redis_builtin("app_list"), 2, { 0, 3 }, 0 },
    { civic_redis_builtin("app_put"), 6, { 0, 1, 2, 3, 4, 5 }, 1 }
};


static const ngx_str_t  civic_app_script_keys[CIVIC_APP_SCRIPT_KEYS] = {
    ngx_string("civic:{apps}:records"),
    ngx_string("civic:{apps}:index"),
    ngx_string("civic:{apps}:fields"),
    ngx_string("civic:{apps}:names"),
    ngx_string("civic:{apps}:changes"),
    ngx_string("civic:{apps}:state")
};


civic_redis_command_t *
civic_app_script(civic_redis_t *redis, civic_app_script_e script,
    const ngx_str_t *args, ngx_uint_t nargs, civic_redis_handler_pt handler,
    void *data)
{
    ngx_str_t              argv[CIVIC_APP_SCRIPT_KEYS + CIVIC_APP_SCRIPT_ARGS];
    ngx_uint_t             i, n;
    civic_redis_request_t  request;

    n = civic_app_scripts[script].nkeys;

    for (i = 0; i < n; i++) {
        argv[i] = civic_app_script_keys[civic_app_scripts[script].keys[i]];
    }

    for (i = 0; i < nargs; i++) {
        argv[n + i] = args[i];
    }

    ngx_memzero(&request, sizeof(civic_redis_request_t));

    request.argv = argv;
    request.argc = n + nargs;
    request.durable = civic_app_scripts[script].durable;
    request.handler = handler;
    request.data = data;

    return civic_redis_run(redis, &civic_app_scripts[script].builtin, n,
                           &request);
}
