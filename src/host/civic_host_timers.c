
/*
 * Copyright (C) Civic Gate
 *
 * civic.timers: what is to run later is written down in Redis, where any
 * worker finds it (src/clock).
 */


#include "civic_clock.h"
#include "civic_host_operations.h"


#define CIVIC_HOST_TIMER_DATA  65536   /* bytes of JSON */
#define CIVIC_HOST_TIMER_LAST  4102444800.0  /* s: the year 2100 */


static ngx_int_t civic_host_timers_id(civic_host_job_t *job,
    const civic_lua_operation_t *op, ngx_str_t *id);
static ngx_int_t civic_host_timers_send(civic_host_job_t *job,
    civic_clock_script_e script, ngx_str_t *argv, ngx_uint_t argc);
static void civic_host_timers_handler(void *data, ngx_uint_t error,
    const civic_value_t *reply);
static void civic_host_timers_stop(civic_host_job_t *job);


/* (id, seconds since 1970, function, data) */

ngx_int_t
civic_host_timers_at(civic_host_job_t *job, const civic_lua_operation_t *op)
{
    double       seconds;
    ngx_int_t    rc;
    ngx_str_t    argv[CIVIC_CLOCK_KEYS + 5], *arg;
    const char  *err;

    arg = argv + CIVIC_CLOCK_KEYS;

    if ((rc = civic_host_timers_id(job, op, &arg[0])) != NGX_OK
        || (rc = civic_host_arg_string(job, op, 2, &arg[2])) != NGX_OK)
    {
        return rc;
    }

    if (civic_value_number(&op->args[1], &seconds) != NGX_OK
        || !(seconds >= 0 && seconds <= CIVIC_HOST_TIMER_LAST))
    {
        return civic_host_job_fail(job, "timers.at: the time is no number of "
                                   "seconds since 1970");
    }

    if (!civic_lua_vm_has(job->run.vm, &arg[2])) {
        return civic_host_job_fail(job, "timers.at: there is no function "
                                   "\"%V\"", &arg[2]);
    }

    ngx_str_set(&arg[3], "");

    if (op->nargs > 3 && op->args[3].type != CIVIC_VALUE_NIL) {
        rc = civic_value_to_json(&op->args[3], job->step,
                                 CIVIC_HOST_TIMER_DATA, &arg[3], &err);

        if (rc == NGX_DECLINED) {
            return civic_host_job_fail(job, "timers.at: data: %s", err);
        }

        if (rc != NGX_OK) {
            return NGX_ERROR;
        }
    }

    arg[1].data = ngx_pnalloc(job->step, 2 * NGX_INT64_LEN);
    if (arg[1].data == NULL) {
        return NGX_ERROR;
    }

    arg[1].len = ngx_sprintf(arg[1].data, "%L", (int64_t) (seconds * 1000))
                 - arg[1].data;

    arg[4].data = arg[1].data + NGX_INT64_LEN;
    arg[4].len = ngx_sprintf(arg[4].data, "%d", CIVIC_CLOCK_MAX_TIMERS)
                 - arg[4].data;

    return civic_host_timers_send(job, CIVIC_CLOCK_AT, argv,
                                  CIVIC_CLOCK_KEYS + 5);
}


/* (id) -> was there one? */

ngx_int_t
civic_host_timers_cancel(civic_host_job_t *job,
    const civic_lua_operation_t *op)
{
    ngx_int_t  rc;
    ngx_str_t  argv[CIVIC_CLOCK_KEYS + 1];

    rc = civic_host_timers_id(job, op, &argv[CIVIC_CLOCK_KEYS]);
    if (rc != NGX_OK) {
        return rc;
    }

    return civic_host_timers_send(job, CIVIC_CLOCK_CANCEL, argv,
                                  CIVIC_CLOCK_KEYS + 1);
}


/* "@" begins the names of what the schedule makes */

static ngx_int_t
civic_host_timers_id(civic_host_job_t *job, const civic_lua_operation_t *op,
    ngx_str_t *id)
{
    ngx_int_t  rc;

    rc = civic_host_arg_text(job, op, 0, id);
    if (rc != NGX_OK) {
        return rc;
    }

    if (id->len == 0 || id->len > CIVIC_CLOCK_ID || id->data[0] == '@') {
        (void) civic_host_job_fail(job, "%V: an id has 1 to %d bytes and "
                                   "does not begin with \"@\"", &op->name,
                                   CIVIC_CLOCK_ID);
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static ngx_int_t
civic_host_timers_send(civic_host_job_t *job, civic_clock_script_e script,
    ngx_str_t *argv, ngx_uint_t argc)
{
    civic_redis_command_t  *command;
    civic_redis_request_t   request;

    ngx_memzero(&request, sizeof(civic_redis_request_t));

    request.argc = argc;
    request.durable = 1;
    request.handler = civic_host_timers_handler;
    request.data = job;

    command = civic_clock_eval(job->plugin, script, argv, job->step,
                               &request);
    if (command == NULL) {
        return NGX_ERROR;
    }

    return civic_host_job_park(job, civic_host_timers_stop, command);
}


static void
civic_host_timers_handler(void *data, ngx_uint_t error,
    const civic_value_t *reply)
{
    civic_host_job_t *job = data;

    double     n;
    ngx_str_t  word;

    if (error == CIVIC_REDIS_REFUSED || error == CIVIC_REDIS_TOO_LARGE) {
        (void) civic_host_job_fail(job, "timers: the store refused");

    } else if (error != CIVIC_REDIS_OK) {
        (void) civic_host_job_raise(job, "store-unavailable");

    } else if (civic_value_string(reply, &word) == NGX_OK
               && word.len == 4
               && ngx_strncmp(word.data, "FULL", 4) == 0)
    {
        (void) civic_host_job_fail(job, "timers.at: there are %d timers "
                                   "already", CIVIC_CLOCK_MAX_TIMERS);

    } else {
        civic_value_set_boolean(&job->answer.own[0],
                                civic_value_number(reply, &n) != NGX_OK
                                || n != 0);
        (void) civic_host_job_give(job, job->answer.own, 1);
    }

    civic_host_job_resume(job);
}


static void
civic_host_timers_stop(civic_host_job_t *job)
{
    civic_redis_cancel(job->waiting);
}
