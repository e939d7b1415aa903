
/*
 * Copyright (C) Civic Gate
 *
 * lua/civic/ and lua/redis/ as part of the .so: the assembler includes the
 * files as they are, so nothing is generated and nothing is read at run
 * time.  The two lists are the only place where their names stand; `config`
 * makes the objects depend on the files.
 */


#include "civic_lua_sandbox.h"


#define CIVIC_LUA_MODULES(M)                                                  \
    M(civic, base)                                                            \
    M(civic, call)                                                            \
    M(civic, capacity)                                                        \
    M(civic, crypto)                                                          \
    M(civic, forward)                                                         \
    M(civic, http)                                                            \
    M(civic, intervals)                                                       \
    M(civic, json)                                                            \
    M(civic, log)                                                             \
    M(civic, metric)                                                          \
    M(civic, once)                                                            \
    M(civic, secret)                                                          \
    M(civic, store)                                                           \
    M(civic, text)                                                            \
    M(civic, time)                                                            \
    M(civic, timers)

#define CIVIC_LUA_SCRIPTS(M)                                                  \
    M(redis, app_changes)                                                     \
    M(redis, app_find)                                                        \
    M(redis, app_get)                                                         \
    M(redis, app_list)                                                        \
    M(redis, app_put)                                                         \
    M(redis, capacity_confirm)                                                \
    M(redis, capacity_count)                                                  \
    M(redis, capacity_find)                                                   \
    M(redis, capacity_hold)                                                   \
    M(redis, capacity_list)                                                   \
    M(redis, capacity_note)                                                   \
    M(redis, capacity_open)                                                   \
    M(redis, capacity_release)                                                \
    M(redis, intervals_hold)                                                  \
    M(redis, intervals_list)                                                  \
    M(redis, intervals_release)                                               \
    M(redis, intervals_settle)                                                \
    M(redis, once_begin)                                                      \
    M(redis, once_end)                                                        \
    M(redis, once_free)                                                       \
    M(redis, revocations_add)                                                 \
    M(redis, revocations_lift)                                                \
    M(redis, revocations_read)                                                \
    M(redis, signin_close)                                                    \
    M(redis, signin_end)                                                      \
    M(redis, signin_open)                                                     \
    M(redis, signin_read)                                                     \
    M(redis, signin_renew)                                                    \
    M(redis, timers_at)                                                       \
    M(redis, timers_cancel)                                                   \
    M(redis, timers_claim)                                                    \
    M(redis, timers_done)


/* their names are no C identifiers of anybody else: civic_lua_src_x_y */

#define CIVIC_LUA_SOURCE_TEXT(folder, file)                                   \
    __asm__(".pushsection .rodata\n"                                          \
            ".hidden civic_lua_src_" #folder "_" #file "\n"                   \
            ".hidden civic_lua_src_end_" #folder "_" #file "\n"               \
            ".global civic_lua_src_" #folder "_" #file "\n"                   \
            ".global civic_lua_src_end_" #folder "_" #file "\n"               \
            "civic_lua_src_" #folder "_" #file ":\n"                          \
            ".incbin \"" #folder "/" #file ".lua\"\n"                         \
            "civic_lua_src_end_" #folder "_" #file ":\n"                      \
            ".byte 0\n"                                                       \
            ".popsection\n");                                                 \
    extern u_char  civic_lua_src_##folder##_##file[];                         \
    extern u_char  civic_lua_src_end_##folder##_##file[];

#define CIVIC_LUA_SOURCE(prefix, folder, file)                                \
    { { sizeof(prefix #file) - 1, (u_char *) prefix #file },                  \
      { 0, civic_lua_src_##folder##_##file },                                 \
      civic_lua_src_end_##folder##_##file },

#define CIVIC_LUA_MODULE(folder, file)  CIVIC_LUA_SOURCE("civic.", folder, file)
#define CIVIC_LUA_SCRIPT(folder, file)  CIVIC_LUA_SOURCE("", folder, file)


CIVIC_LUA_MODULES(CIVIC_LUA_SOURCE_TEXT)
CIVIC_LUA_SCRIPTS(CIVIC_LUA_SOURCE_TEXT)


typedef struct {
    ngx_str_t                name;
    ngx_str_t                text;
    u_char                  *end;
} civic_lua_sources_t;


static const civic_lua_source_t *civic_lua_sources_find(
    civic_lua_sources_t *sources, const ngx_str_t *name);


static civic_lua_sources_t  civic_lua_modules[] = {
    CIVIC_LUA_MODULES(CIVIC_LUA_MODULE)
    { ngx_null_string, ngx_null_string, NULL }
};


static civic_lua_sources_t  civic_lua_scripts[] = {
    CIVIC_LUA_SCRIPTS(CIVIC_LUA_SCRIPT)
    { ngx_null_string, ngx_null_string, NULL }
};


const civic_lua_source_t *
civic_lua_module(const ngx_str_t *name)
{
    return civic_lua_sources_find(civic_lua_modules, name);
}


const civic_lua_source_t *
civic_lua_script(const ngx_str_t *name)
{
    return civic_lua_sources_find(civic_lua_scripts, name);
}


/* a source is the head of its entry; the assembler knows the length */

static const civic_lua_source_t *
civic_lua_sources_find(civic_lua_sources_t *sources, const ngx_str_t *name)
{
    civic_lua_sources_t  *s;

    for (s = sources; s->end; s++) {

        if (s->name.len == name->len
            && ngx_memcmp(s->name.data, name->data, name->len) == 0)
        {
            s->text.len = s->end - s->text.data;
            return (civic_lua_source_t *) s;
        }
    }

    return NULL;
}
