
/*
 * Copyright (C) Civic Gate
 *
 * The first time that a version's Lua runs, it runs in a child: whatever it
 * does there, only the child does it, and no longer than some seconds.  The
 * child says through a pipe what it found, and leaves without touching
 * anything of nginx.  SIGCHLD is held back meanwhile, so that nginx does
 * not wonder about a child it never had.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "civic_watch_trial.h"
#include "civic_plugin_account.h"
#include "civic_plugin_registry.h"


#define CIVIC_WATCH_TRIAL_TEXT  2000   /* bytes */


static void civic_watch_trial_child(const civic_plugin_t *plugin, int fd);
static void civic_watch_trial_settle(int fd);
static void civic_watch_trial_load(const civic_plugin_t *plugin, int fd);
static u_char *civic_watch_trial_functions(const civic_plugin_t *plugin,
    civic_lua_vm_t *vm, u_char *p, u_char *last);
static u_char *civic_watch_trial_function(civic_lua_vm_t *vm,
    const ngx_str_t *name, u_char *p, u_char *last);
static ngx_int_t civic_watch_trial_wait(pid_t pid, int fd,
    civic_plugin_errors_t *errors, ngx_log_t *log);
static ssize_t civic_watch_trial_read(int fd, u_char *text, size_t size,
    ngx_log_t *log);


ngx_int_t
civic_watch_trial(const civic_plugin_t *plugin,
    civic_plugin_errors_t *errors, ngx_log_t *log)
{
    int              fd[2];
    pid_t            pid;
    sigset_t         set, old;
    ngx_int_t        rc;
    struct timespec  now;

    if (pipe(fd) == -1) {
        civic_plugin_errors_add(errors, "pipe() failed: %s",
                                strerror(ngx_errno));
        return NGX_ERROR;
    }

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    (void) sigprocmask(SIG_BLOCK, &set, &old);

    pid = fork();

    if (pid == 0) {
        (void) close(fd[0]);
        civic_watch_trial_child(plugin, fd[1]);
    }

    (void) close(fd[1]);

    if (pid == -1) {
        civic_plugin_errors_add(errors, "fork() failed: %s",
                                strerror(ngx_errno));
        rc = NGX_ERROR;

    } else {
        rc = civic_watch_trial_wait(pid, fd[0], errors, log);
    }

    (void) close(fd[0]);

    ngx_memzero(&now, sizeof(struct timespec));

    while (sigtimedwait(&set, NULL, &now) == SIGCHLD) {
        /* void */
    }

    (void) sigprocmask(SIG_SETMASK, &old, NULL);

    return rc;
}


static void
civic_watch_trial_child(const civic_plugin_t *plugin, int fd)
{
    civic_watch_trial_settle(fd);
    civic_watch_trial_load(plugin, fd);

    _exit(0);
}


/* what the child keeps is its memory, the pipe, and little time */

static void
civic_watch_trial_settle(int fd)
{
    int            i;
    sigset_t       none;
    struct rlimit  limit;

    (void) prctl(PR_SET_PDEATHSIG, SIGKILL);

    for (i = 1; i < 32; i++) {
        (void) signal(i, SIG_DFL);
    }

    sigemptyset(&none);
    (void) sigprocmask(SIG_SETMASK, &none, NULL);

    for (i = 0; i < 1024; i++) {
        if (i != fd) {
            (void) close(i);
        }
    }

    limit.rlim_cur = limit.rlim_max = CIVIC_WATCH_TRIAL_TIME / 1000;
    (void) setrlimit(RLIMIT_CPU, &limit);

    limit.rlim_cur = limit.rlim_max = 0;
    (void) setrlimit(RLIMIT_CORE, &limit);
    (void) setrlimit(RLIMIT_FSIZE, &limit);
    (void) setrlimit(RLIMIT_NPROC, &limit);
}


/* says nothing where all is well */

static void
civic_watch_trial_load(const civic_plugin_t *plugin, int fd)
{
    u_char               text[CIVIC_WATCH_TRIAL_TEXT], *p;
    ngx_log_t            log;
    ngx_pool_t          *pool;
    civic_lua_vm_t      *vm;
    civic_lua_failure_t  failure;

    ngx_memzero(&log, sizeof(ngx_log_t));
    ngx_memzero(&failure, sizeof(civic_lua_failure_t));

    p = text;
    pool = ngx_create_pool(4096, &log);
    vm = NULL;

    if (pool != NULL) {
        vm = civic_lua_vm_create(civic_plugin_lua_conf(plugin), pool, &log,
                                 &failure);
    }

    if (vm == NULL) {
        p = ngx_slprintf(p, text + sizeof(text), "%V", &failure.message);

        if (p == text) {
            p = ngx_slprintf(p, text + sizeof(text),
                             "plugin.lua cannot be loaded");
        }

    } else {
        p = civic_watch_trial_functions(plugin, vm, p, text + sizeof(text));
    }

    if (p != text && write(fd, text, p - text) < 0) {
        _exit(2);
    }
}


static u_char *
civic_watch_trial_functions(const civic_plugin_t *plugin, civic_lua_vm_t *vm,
    u_char *p, u_char *last)
{
    ngx_uint_t                      i;
    civic_plugin_schedule_t        *schedule;
    civic_plugin_route_spec_t      *spec;
    const civic_plugin_manifest_t  *m;

    m = plugin->manifest;
    spec = m->routes.elts;
    schedule = m->schedule.elts;

    for (i = 0; i < m->routes.nelts; i++) {
        p = civic_watch_trial_function(vm, &spec[i].run, p, last);
    }

    for (i = 0; i < m->schedule.nelts; i++) {
        p = civic_watch_trial_function(vm, &schedule[i].run, p, last);
    }

    p = civic_watch_trial_function(vm, &m->filter_access, p, last);
    p = civic_watch_trial_function(vm, &m->filter_response, p, last);

    return civic_watch_trial_function(vm, &m->filter_log, p, last);
}


static u_char *
civic_watch_trial_function(civic_lua_vm_t *vm, const ngx_str_t *name,
    u_char *p, u_char *last)
{
    if (name->len == 0 || civic_lua_vm_has(vm, name)) {
        return p;
    }

    return ngx_slprintf(p, last, "plugin.lua returns no function \"%V\", "
                        "which the manifest names; ", name);
}


static ngx_int_t
civic_watch_trial_wait(pid_t pid, int fd, civic_plugin_errors_t *errors,
    ngx_log_t *log)
{
    int        status;
    u_char     text[CIVIC_WATCH_TRIAL_TEXT];
    ssize_t    n;
    ngx_str_t  said;

    n = civic_watch_trial_read(fd, text, sizeof(text), log);

    if (n < 0) {
        (void) kill(pid, SIGKILL);
    }

    status = 0;

    while (waitpid(pid, &status, 0) == -1 && ngx_errno == NGX_EINTR) {
        /* void */
    }

    if (n < 0) {
        civic_plugin_errors_add(errors, "plugin.lua was still loading after "
                                "%d ms", CIVIC_WATCH_TRIAL_TIME);
        return NGX_ERROR;
    }

    if (n > 0) {
        said.data = text;
        said.len = n;

        if (said.len > 2 && text[n - 2] == ';') {
            said.len -= 2;
        }

        civic_plugin_errors_add(errors, "%V", &said);
        return NGX_ERROR;
    }

    if (WIFSIGNALED(status)) {
        civic_plugin_errors_add(errors, "loading plugin.lua ended with "
                                "signal %d", WTERMSIG(status));
        return NGX_ERROR;
    }

    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        civic_plugin_errors_add(errors, "the trial of plugin.lua failed");
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* until the child is gone; -1: it stays for too long */

static ssize_t
civic_watch_trial_read(int fd, u_char *text, size_t size, ngx_log_t *log)
{
    size_t         len;
    ssize_t        n;
    uint64_t       until;
    struct pollfd  pfd;

    len = 0;
    until = civic_now_ns() + (uint64_t) CIVIC_WATCH_TRIAL_TIME * 1000000;

    pfd.fd = fd;
    pfd.events = POLLIN;

    while (civic_now_ns() < until) {

        if (poll(&pfd, 1, 100) <= 0) {
            civic_plugin_account_watch(log);
            continue;
        }

        n = read(fd, text + len, size - len);

        if (n == -1 && ngx_errno == NGX_EINTR) {
            continue;
        }

        if (n <= 0) {
            return len;
        }

        len += n;

        if (len == size) {
            return len;
        }
    }

    return -1;
}
