
/*
 * Copyright (C) Civic Gate
 *
 * civic.store: commands and scripts over one aggregate of the plugin.  A
 * plugin names parts of keys; what Redis sees begins with the plugin's name,
 * so there is no way to another's.
 *
 * A script of the plugin's own is read at its first use and kept, with its
 * digest, for as long as somebody waits for it, and then until newer ones
 * take its place: the folder of a version never changes.
 */


#include "civic_host_commands.h"
#include "civic_host_operations.h"


#define CIVIC_HOST_MAX_ARGS     1024
#define CIVIC_HOST_MAX_SCRIPT   (64 * 1024)
#define CIVIC_HOST_SCRIPTS      256
#define CIVIC_HOST_SCRIPT_NAME  64


typedef struct {
    ngx_queue_t             queue;     /* the last used comes first */
    ngx_uint_t              users;
    ngx_str_t               path;      /* of the file, or a built-in's name */
    civic_redis_script_t    script;
} civic_host_script_t;


typedef struct {
    civic_redis_command_t  *command;
    civic_host_script_t    *script;    /* NULL: no script */
} civic_host_store_wait_t;


static ngx_int_t civic_host_store_argv(civic_host_job_t *job,
    const civic_lua_operation_t *op, const civic_value_t *list,
    const char *what, ngx_str_t *argv, ngx_uint_t *argc);
static ngx_int_t civic_host_store_prefix(civic_host_job_t *job,
    const civic_lua_operation_t *op, ngx_str_t *prefix);
static ngx_uint_t civic_host_store_durable(const civic_lua_operation_t *op,
    ngx_uint_t i);
static ngx_int_t civic_host_store_send(civic_host_job_t *job,
    civic_redis_request_t *request, civic_host_script_t *script,
    ngx_uint_t nkeys);
static void civic_host_store_handler(void *data, ngx_uint_t error,
    const civic_value_t *reply);
static void civic_host_store_cancel(civic_host_job_t *job);
static civic_host_script_t *civic_host_script_get(civic_host_job_t *job,
    const ngx_str_t *name);
static ngx_uint_t civic_host_script_is_block(const ngx_str_t *name);
static civic_host_script_t *civic_host_script_own(civic_host_job_t *job,
    const ngx_str_t *name);
static ngx_uint_t civic_host_script_named(const ngx_str_t *name);
static civic_host_script_t *civic_host_script_find(const ngx_str_t *path);
static civic_host_script_t *civic_host_script_add(const ngx_str_t *path,
    const ngx_str_t *text);
static ngx_int_t civic_host_script_read(const ngx_str_t *path,
    ngx_pool_t *pool, ngx_str_t *text);
static void civic_host_script_put(civic_host_script_t *script);


static ngx_queue_t  civic_host_scripts;
static ngx_uint_t   civic_host_nscripts;


/* (aggregate, command, args, {durable}) -> reply */

ngx_int_t
civic_host_store_command(civic_host_job_t *job,
    const civic_lua_operation_t *op)
{
    ngx_int_t               rc;
    ngx_str_t               prefix, *argv;
    ngx_uint_t              argc;
    const char             *err;
    const civic_value_t    *list;
    civic_redis_request_t   request;

    argv = ngx_palloc(job->step,
                      (CIVIC_HOST_MAX_ARGS + 1) * sizeof(ngx_str_t));
    if (argv == NULL) {
        return NGX_ERROR;
    }

    argc = 1;

    if ((rc = civic_host_store_prefix(job, op, &prefix)) != NGX_OK
        || (rc = civic_host_arg_string(job, op, 1, &argv[0])) != NGX_OK
        || (rc = civic_host_arg_table(job, op, 2, &list)) != NGX_OK
        || (rc = civic_host_store_argv(job, op, list, "argument", argv,
                                       &argc)) != NGX_OK)
    {
        return rc;
    }

    rc = civic_host_commands_prepare(argv, argc, &prefix, job->step, &err);

    if (rc == NGX_DECLINED) {
        return civic_host_job_fail(job, "store: \"%V\": %s", &argv[0], err);
    }

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    ngx_memzero(&request, sizeof(civic_redis_request_t));

    request.argv = argv;
    request.argc = argc;
    request.durable = civic_host_store_durable(op, 3);

    return civic_host_store_send(job, &request, NULL, 0);
}


/* (aggregate, script, keys, args, {durable}) -> reply */

ngx_int_t
civic_host_store_run(civic_host_job_t *job, const civic_lua_operation_t *op)
{
    ngx_int_t               rc;
    ngx_str_t               prefix, name, *argv;
    ngx_uint_t              i, argc, nkeys;
    const char             *err;
    civic_host_script_t    *script;
    const civic_value_t    *keys, *args;
    civic_redis_request_t   request;

    argv = ngx_palloc(job->step,
                      (CIVIC_HOST_MAX_ARGS + 1) * sizeof(ngx_str_t));
    if (argv == NULL) {
        return NGX_ERROR;
    }

    argc = 0;

    if ((rc = civic_host_store_prefix(job, op, &prefix)) != NGX_OK
        || (rc = civic_host_arg_string(job, op, 1, &name)) != NGX_OK
        || (rc = civic_host_arg_table(job, op, 2, &keys)) != NGX_OK
        || (rc = civic_host_arg_table(job, op, 3, &args)) != NGX_OK
        || (rc = civic_host_store_argv(job, op, keys, "key", argv, &argc))
           != NGX_OK)
    {
        return rc;
    }

    nkeys = argc;

    for (i = 0; i < nkeys; i++) {
        rc = civic_host_commands_key(&prefix, job->step, &argv[i], &err);

        if (rc == NGX_DECLINED) {
            return civic_host_job_fail(job, "store: \"%V\": %s", &name, err);
        }

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }
    }

    rc = civic_host_store_argv(job, op, args, "argument", argv, &argc);
    if (rc != NGX_OK) {
        return rc;
    }

    script = civic_host_script_get(job, &name);
    if (script == NULL) {
        return NGX_OK;
    }

    ngx_memzero(&request, sizeof(civic_redis_request_t));

    request.argv = argv;
    request.argc = argc;
    request.durable = civic_host_store_durable(op, 4);

    return civic_host_store_send(job, &request, script, nkeys);
}


static ngx_int_t
civic_host_store_prefix(civic_host_job_t *job,
    const civic_lua_operation_t *op, ngx_str_t *prefix)
{
    ngx_int_t    rc;
    ngx_str_t    aggregate;
    const char  *err;

    rc = civic_host_arg_text(job, op, 0, &aggregate);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = civic_host_commands_prefix(&job->plugin->name, &aggregate,
                                    job->step, prefix, &err);

    if (rc == NGX_DECLINED) {
        (void) civic_host_job_fail(job, "store: %s", err);
    }

    return rc;
}


/* appends the items; keys are text too */

static ngx_int_t
civic_host_store_argv(civic_host_job_t *job, const civic_lua_operation_t *op,
    const civic_value_t *list, const char *what, ngx_str_t *argv,
    ngx_uint_t *argc)
{
    ngx_int_t             rc;
    ngx_uint_t            i;
    const civic_table_t  *table;

    if (list == NULL) {
        return NGX_OK;
    }

    table = list->u.table;

    if (table->npairs || *argc + table->nitems > CIVIC_HOST_MAX_ARGS) {
        (void) civic_host_job_fail(job, "%V: the %ss are no list of at most "
                                   "%d", &op->name, what,
                                   CIVIC_HOST_MAX_ARGS);
        return NGX_DECLINED;
    }

    for (i = 0; i < table->nitems; i++) {
        rc = civic_value_text(&table->items[i], job->step, &argv[*argc]);

        if (rc == NGX_DECLINED) {
            (void) civic_host_job_fail(job, "%V: %s %ui is neither string "
                                       "nor number", &op->name, what, i + 1);
        }

        if (rc != NGX_OK) {
            return rc;
        }

        (*argc)++;
    }

    return NGX_OK;
}


static ngx_uint_t
civic_host_store_durable(const civic_lua_operation_t *op, ngx_uint_t i)
{
    const civic_value_t  *durable;

    durable = i < op->nargs ? civic_value_member(&op->args[i], "durable")
                            : NULL;

    return durable != NULL
           && durable->type == CIVIC_VALUE_BOOLEAN
           && durable->u.boolean;
}


static ngx_int_t
civic_host_store_send(civic_host_job_t *job, civic_redis_request_t *request,
    civic_host_script_t *script, ngx_uint_t nkeys)
{
    civic_redis_t            *redis;
    civic_host_store_wait_t  *wait;

    wait = ngx_palloc(job->step, sizeof(civic_host_store_wait_t));

    if (wait == NULL) {
        if (script) {
            civic_host_script_put(script);
        }

        return NGX_ERROR;
    }

    request->handler = civic_host_store_handler;
    request->data = job;

    redis = job->plugin->department->redis;

    wait->script = script;
    wait->command = script
                    ? civic_redis_eval(redis, &script->script, nkeys, request)
                    : civic_redis_send(redis, request);

    if (wait->command == NULL) {

        if (script) {
            civic_host_script_put(script);
        }

        return NGX_ERROR;
    }

    return civic_host_job_park(job, civic_host_store_cancel, wait);
}


static void
civic_host_store_handler(void *data, ngx_uint_t error,
    const civic_value_t *reply)
{
    civic_host_job_t *job = data;

    ngx_str_t                 text;
    civic_host_store_wait_t  *wait;

    wait = job->waiting;

    if (wait->script) {
        civic_host_script_put(wait->script);
    }

    switch (error) {

    case CIVIC_REDIS_OK:
        (void) civic_host_job_give(job, reply, 1);
        break;

    case CIVIC_REDIS_REFUSED:
        if (civic_value_string(reply, &text) != NGX_OK) {
            ngx_str_set(&text, "refused");
        }

        (void) civic_host_job_fail(job, "store: %V", &text);
        break;

    case CIVIC_REDIS_TOO_LARGE:
        (void) civic_host_job_fail(job, "store: command or reply too large");
        break;

    default:
        (void) civic_host_job_raise(job, "store-unavailable");
        break;
    }

    civic_host_job_resume(job);
}


static void
civic_host_store_cancel(civic_host_job_t *job)
{
    civic_host_store_wait_t  *wait;

    wait = job->waiting;

    civic_redis_cancel(wait->command);

    if (wait->script) {
        civic_host_script_put(wait->script);
    }
}


/* NULL: the job has its answer */

static civic_host_script_t *
civic_host_script_get(civic_host_job_t *job, const ngx_str_t *name)
{
    civic_host_script_t       *script;
    const civic_lua_source_t  *source;

    if (civic_host_scripts.next == NULL) {
        ngx_queue_init(&civic_host_scripts);
    }

    source = civic_host_script_is_block(name) ? civic_lua_script(name) : NULL;

    if (source == NULL) {
        return civic_host_script_own(job, name);
    }

    script = civic_host_script_find(name);

    if (script == NULL) {
        script = civic_host_script_add(name, &source->text);
    }

    if (script == NULL) {
        (void) civic_host_job_fail(job, "no memory");
    }

    return script;
}


/*
 * Those that touch no keys but the ones they are given.  The gate has others,
 * for sessions and the like, which make names of what they are told.
 */

static ngx_uint_t
civic_host_script_is_block(const ngx_str_t *name)
{
    ngx_uint_t  i;

    static const ngx_str_t  blocks[] = {
        ngx_string("capacity_"), ngx_string("intervals_"),
        ngx_string("once_"), ngx_string("timers_")
    };

    for (i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {

        if (name->len > blocks[i].len
            && ngx_memcmp(name->data, blocks[i].data, blocks[i].len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static civic_host_script_t *
civic_host_script_own(civic_host_job_t *job, const ngx_str_t *name)
{
    u_char               *p;
    ngx_str_t             path, text;
    ngx_pool_t           *pool;
    civic_host_script_t  *script;

    if (!civic_host_script_named(name)
        || !job->plugin->manifest->scripts
        || !job->plugin->department->scripts)
    {
        (void) civic_host_job_fail(job,
                   job->plugin->manifest->scripts
                   && job->plugin->department->scripts
                   ? "store: there is no script \"%V\""
                   : "store: there is no script \"%V\" in the gate, and the "
                     "manifest's \"needs\" or its civic_department lacks "
                     "\"scripts\"", name);
        return NULL;
    }

    pool = job->step;
    path.len = job->plugin->folder.len + sizeof("/redis/.lua") - 1
               + name->len;
    path.data = ngx_pnalloc(pool, path.len + 1);

    if (path.data == NULL) {
        (void) civic_host_job_fail(job, "no memory");
        return NULL;
    }

    p = ngx_sprintf(path.data, "%V/redis/%V.lua", &job->plugin->folder, name);
    *p = '\0';

    script = civic_host_script_find(&path);

    if (script == NULL && civic_host_script_read(&path, pool, &text) == NGX_OK)
    {
        script = civic_host_script_add(&path, &text);
    }

    if (script == NULL) {
        (void) civic_host_job_fail(job, "store: redis/%V.lua cannot be read "
                                   "or has more than 64 kB", name);
    }

    return script;
}


static ngx_uint_t
civic_host_script_named(const ngx_str_t *name)
{
    size_t  i;
    u_char  c;

    for (i = 0; i < name->len; i++) {
        c = name->data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) {
            return 0;
        }
    }

    return name->len > 0 && name->len <= CIVIC_HOST_SCRIPT_NAME;
}


static civic_host_script_t *
civic_host_script_find(const ngx_str_t *path)
{
    ngx_queue_t          *q;
    civic_host_script_t  *script;

    for (q = ngx_queue_head(&civic_host_scripts);
         q != ngx_queue_sentinel(&civic_host_scripts);
         q = ngx_queue_next(q))
    {
        script = ngx_queue_data(q, civic_host_script_t, queue);

        if (script->path.len == path->len
            && ngx_memcmp(script->path.data, path->data, path->len) == 0)
        {
            ngx_queue_remove(q);
            ngx_queue_insert_head(&civic_host_scripts, q);

            script->users++;

            return script;
        }
    }

    return NULL;
}


static civic_host_script_t *
civic_host_script_add(const ngx_str_t *path, const ngx_str_t *text)
{
    u_char               *p;
    ngx_str_t             copy;
    ngx_queue_t          *q;
    civic_host_script_t  *script, *old;

    script = ngx_alloc(sizeof(civic_host_script_t) + path->len + text->len,
                       ngx_cycle->log);
    if (script == NULL) {
        return NULL;
    }

    p = (u_char *) script + sizeof(civic_host_script_t);

    script->users = 1;
    script->path.data = p;
    script->path.len = path->len;
    p = ngx_cpymem(p, path->data, path->len);

    copy.data = p;
    copy.len = text->len;
    ngx_memcpy(p, text->data, text->len);

    civic_redis_script(&script->script, &copy);

    ngx_queue_insert_head(&civic_host_scripts, &script->queue);
    civic_host_nscripts++;

    q = ngx_queue_last(&civic_host_scripts);
    old = ngx_queue_data(q, civic_host_script_t, queue);

    if (civic_host_nscripts > CIVIC_HOST_SCRIPTS && old->users == 0) {
        ngx_queue_remove(q);
        civic_host_nscripts--;
        ngx_free(old);
    }

    return script;
}


static ngx_int_t
civic_host_script_read(const ngx_str_t *path, ngx_pool_t *pool,
    ngx_str_t *text)
{
    ssize_t          n;
    ngx_fd_t         fd;
    ngx_file_info_t  fi;

    fd = open((char *) path->data, O_RDONLY|O_NOFOLLOW|O_CLOEXEC|O_NONBLOCK);
    if (fd == NGX_INVALID_FILE) {
        return NGX_DECLINED;
    }

    n = -1;

    if (ngx_fd_info(fd, &fi) != NGX_FILE_ERROR
        && ngx_is_file(&fi)
        && ngx_file_size(&fi) <= CIVIC_HOST_MAX_SCRIPT)
    {
        text->len = ngx_file_size(&fi);
        text->data = ngx_pnalloc(pool, text->len + 1);

        if (text->data != NULL) {
            n = ngx_read_fd(fd, text->data, text->len);
        }
    }

    (void) ngx_close_file(fd);

    return n == (ssize_t) text->len ? NGX_OK : NGX_DECLINED;
}


static void
civic_host_script_put(civic_host_script_t *script)
{
    script->users--;
}
