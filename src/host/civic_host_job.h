
/*
 * Copyright (C) Civic Gate
 *
 * A job as operations see it.  An operation answers at once, or parks the
 * job with a way to cancel what it waits for, and answers later.
 *
 *     start     NGX_OK     answered
 *               NGX_AGAIN  parked
 *               NGX_DONE   the run is over, job->result is set
 *               NGX_ERROR  no memory
 */


#ifndef _CIVIC_HOST_JOB_H_INCLUDED_
#define _CIVIC_HOST_JOB_H_INCLUDED_


#include "civic_host.h"
#include "civic_host_turns.h"


#define CIVIC_HOST_MAX_OPERATIONS  1000
#define CIVIC_HOST_MAX_WEIGHT      (32 * 1024 * 1024)
#define CIVIC_HOST_MAX_LINES       100
#define CIVIC_HOST_MAX_DEPTH       3


typedef void (*civic_host_cancel_pt)(civic_host_job_t *job);


typedef enum {
    CIVIC_HOST_RESULTS = 0,
    CIVIC_HOST_RAISES,                 /* the problem `code` */
    CIVIC_HOST_FAILS                   /* a Lua error: `message` */
} civic_host_answer_e;


/* what the operation gives; `values` need live no longer than the resume */

typedef struct {
    ngx_uint_t                        kind;    /* civic_host_answer_e */
    const civic_value_t              *values;
    ngx_uint_t                        nvalues;
    civic_value_t                     own[2];  /* room for a few */
    ngx_str_t                         code;
    ngx_str_t                         message;
} civic_host_answer_t;


typedef struct civic_host_operation_s  civic_host_operation_t;


struct civic_host_job_s {
    ngx_pool_t                       *pool;
    ngx_pool_t                       *step;    /* of one operation: emptied
                                                  when Lua has its answer */
    ngx_log_t                        *log;
    civic_plugin_t                   *plugin;
    const civic_plugin_route_spec_t  *spec;
    ngx_str_t                         function;
    ngx_str_t                         trace;
    ngx_uint_t                        language; /* civic_reply_language_e */
    uint64_t                          since;   /* ns */
    ngx_msec_t                        deadline; /* as ngx_current_msec */
    ngx_event_t                       timer;
    civic_host_turn_t                 turn;
    ngx_uint_t                        depth;

    civic_lua_run_t                   run;
    civic_host_answer_t               answer;
    civic_host_result_t               result;
    ngx_uint_t                        outcome; /* civic_plugin_outcome_e */
    civic_host_done_pt                done;
    void                             *data;

    const civic_host_operation_t     *operation; /* at work, or NULL */
    civic_host_cancel_pt              cancel;  /* NULL: nothing is waited for */
    void                             *waiting; /* owned by the operation */
    void                            (*release)(void *data); /* or NULL: of
                                                  what the answer lies in */
    void                             *released;

    ngx_uint_t                        noperations;
    ngx_uint_t                        nlines;
    size_t                            weight;  /* of all that was asked */

    unsigned                          forward:1;
    unsigned                          started:1; /* the run needs its end */
    unsigned                          busy:1;  /* on the stack */
    unsigned                          answered:1; /* and gave way then */
    unsigned                          over:1;  /* done, or about to be */
    unsigned                          ended:1; /* free it when not busy */
};


/* answers; all return NGX_OK */

ngx_int_t civic_host_job_give(civic_host_job_t *job,
    const civic_value_t *values, ngx_uint_t n);
ngx_int_t civic_host_job_raise(civic_host_job_t *job, const char *code);
ngx_int_t civic_host_job_fail(civic_host_job_t *job, const char *fmt, ...);

/* parks; returns NGX_AGAIN */

ngx_int_t civic_host_job_park(civic_host_job_t *job,
    civic_host_cancel_pt cancel, void *waiting);

/* a parked job has its answer: goes on, and may be freed on the way */

void civic_host_job_resume(civic_host_job_t *job);

/* what is left until the deadline, at least 1 */

ngx_msec_t civic_host_job_left(const civic_host_job_t *job);

/* ends the run: a refusal with a reason for the error log */

void civic_host_job_refuse(civic_host_job_t *job, civic_problem_e problem,
    ngx_uint_t outcome, const char *why);

/* `text` as one line of at most `max` bytes; returns its length */

size_t civic_host_line(u_char *dst, size_t max, const ngx_str_t *text);

/* carries out job->run.operation, as `start` above */

ngx_int_t civic_host_operations_start(civic_host_job_t *job);

/* counts how the operation at work ended, by job->answer */

void civic_host_operations_count(civic_host_job_t *job);

const ngx_str_t *civic_host_operations_name(const civic_host_job_t *job);


#endif /* _CIVIC_HOST_JOB_H_INCLUDED_ */
