
/*
 * Copyright (C) Civic Gate
 *
 * Where the timers of a plugin are in Redis, and the scripts over them; and
 * the time itself.
 */


#include "civic_clock.h"
#include "civic_host.h"


#define CIVIC_CLOCK_FILE  32           /* bytes of the offset's file */


static int64_t civic_clock_offset(void);


static struct {
    civic_redis_builtin_t  builtin;
    ngx_uint_t             nkeys;
} civic_clock_scripts[CIVIC_CLOCK_SCRIPTS] = {
    { civic_redis_builtin("timers_at"), 3 },
    { civic_redis_builtin("timers_cancel"), 3 },
    { civic_redis_builtin("timers_claim"), 4 },
    { civic_redis_builtin("timers_done"), 4 }
};


static const char  *civic_clock_keys[CIVIC_CLOCK_KEYS] = {
    "due", "work", "state", "failed"
};


static ngx_str_t  civic_clock_file;


civic_redis_command_t *
civic_clock_eval(const civic_plugin_t *plugin, civic_clock_script_e script,
    ngx_str_t *argv, ngx_pool_t *pool, civic_redis_request_t *request)
{
    u_char      *p;
    ngx_uint_t   i, skip, nkeys;

    /* keys that a script does not have leave their room unused */

    nkeys = civic_clock_scripts[script].nkeys;
    skip = CIVIC_CLOCK_KEYS - nkeys;

    for (i = 0; i < nkeys; i++) {
        p = ngx_pnalloc(pool, sizeof("civic:timers:{}:") + plugin->name.len
                              + sizeof("failed"));
        if (p == NULL) {
            return NULL;
        }

        argv[skip + i].data = p;
        argv[skip + i].len = ngx_sprintf(p, "civic:timers:{%V}:%s",
                                         &plugin->name, civic_clock_keys[i])
                             - p;
    }

    request->argv = argv + skip;
    request->argc -= skip;

    return civic_redis_run(plugin->department->redis,
                           &civic_clock_scripts[script].builtin, nkeys,
                           request);
}


void
civic_clock_set_file(const ngx_str_t *path)
{
    civic_clock_file = *path;
}


int64_t
civic_host_now(void)
{
    ngx_time_t  *tp;

    tp = ngx_timeofday();

    return (int64_t) tp->sec * 1000 + (int64_t) tp->msec
           + (civic_clock_file.len ? civic_clock_offset() : 0);
}


/* only where a test has set it; what cannot be read is no offset */

static int64_t
civic_clock_offset(void)
{
    char       text[CIVIC_CLOCK_FILE + 1];
    ssize_t    n;
    ngx_fd_t   fd;

    fd = ngx_open_file(civic_clock_file.data, NGX_FILE_RDONLY,
                       NGX_FILE_OPEN, 0);
    if (fd == NGX_INVALID_FILE) {
        return 0;
    }

    n = ngx_read_fd(fd, text, CIVIC_CLOCK_FILE);

    (void) ngx_close_file(fd);

    if (n <= 0) {
        return 0;
    }

    text[n] = '\0';

    return (int64_t) (strtod(text, NULL) * 1000);
}
