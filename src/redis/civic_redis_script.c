
/*
 * Copyright (C) Civic Gate
 *
 * Scripts and the names Redis has for them.  Those of our own, lua/redis/,
 * are part of the module; a process makes one ready when it first runs it.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <ngx_sha1.h>

#include "civic_lua.h"
#include "civic_redis.h"


void
civic_redis_script(civic_redis_script_t *script, const ngx_str_t *text)
{
    u_char      digest[20];
    ngx_sha1_t  sha1;

    script->text = *text;

    ngx_sha1_init(&sha1);
    ngx_sha1_update(&sha1, text->data, text->len);
    ngx_sha1_final(digest, &sha1);

    (void) ngx_hex_dump(script->sha1, digest, sizeof(digest));
}


civic_redis_command_t *
civic_redis_run(civic_redis_t *redis, civic_redis_builtin_t *builtin,
    ngx_uint_t nkeys, const civic_redis_request_t *request)
{
    const civic_lua_source_t  *source;

    if (builtin->script.text.len == 0) {

        source = civic_lua_script(&builtin->name);
        if (source == NULL) {
            ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                          "civic redis: lua/redis/ has no script \"%V\"",
                          &builtin->name);
            return NULL;
        }

        civic_redis_script(&builtin->script, &source->text);
    }

    return civic_redis_eval(redis, &builtin->script, nkeys, request);
}
