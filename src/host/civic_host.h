
/*
 * Copyright (C) Civic Gate
 *
 * Carries out what plugins ask for.  A job is one run of a function of a
 * plugin, for a client's request, another plugin's call, a filter or the
 * clock; it is parked at each operation and resumed with the answer, until
 * it is done, fails, or its deadline passes.
 *
 * This is the only header of host/ that others may include.
 */


#ifndef _CIVIC_HOST_H_INCLUDED_
#define _CIVIC_HOST_H_INCLUDED_


#include "civic_plugin.h"


typedef struct civic_host_job_s  civic_host_job_t;


typedef enum {
    CIVIC_HOST_DONE = 0,               /* results */
    CIVIC_HOST_PROBLEM,                /* code, fields: the plugin's own */
    CIVIC_HOST_REFUSED,                /* problem: civic_problem_e */
    CIVIC_HOST_FORWARD                 /* results: a remote's name, and a
                                          request for it, to be streamed */
} civic_host_outcome_e;


typedef struct {
    ngx_uint_t               outcome;  /* civic_host_outcome_e */
    const civic_value_t     *results;
    ngx_uint_t               nresults;
    ngx_str_t                code;
    civic_value_t            fields;
    civic_problem_e          problem;
    ngx_uint_t               retry_after; /* s, of a refusal; 0: not said */
    uint64_t                 cpu;      /* ns, spent in Lua */
} civic_host_result_t;


/* once, possibly from within civic_host_start(); strings die with the pool */

typedef void (*civic_host_done_pt)(void *data,
    const civic_host_result_t *result);


typedef struct {
    civic_plugin_t                   *plugin;  /* held until it is done */
    const civic_plugin_route_spec_t  *spec;    /* NULL: no route */
    ngx_str_t                         function;
    const civic_value_t              *args;
    ngx_uint_t                        nargs;
    const civic_identity_t           *identity; /* NULL: nobody */
    ngx_str_t                         trace;   /* 32 hex digits, or empty */
    ngx_uint_t                        language; /* civic_reply_language_e */
    ngx_msec_t                        timeout; /* from now */
    ngx_uint_t                        depth;   /* of civic.call */
    ngx_log_t                        *log;
    civic_host_done_pt                done;
    void                             *data;
    unsigned                          forward:1; /* may it be streamed? */
} civic_host_order_t;


/*
 * The job has a pool of its own, independent of any request.  NULL: no
 * memory; `done` was not called.  After `done` was called, the job is the
 * caller's to end.
 */

civic_host_job_t *civic_host_start(const civic_host_order_t *order);

/* frees the job; one that is not done is abandoned, `done` is not called */

void civic_host_end(civic_host_job_t *job);

ngx_pool_t *civic_host_pool(civic_host_job_t *job);

/*
 * Milliseconds since 1970: the only clock that plugins, timers and schedules
 * are told of.
 */

int64_t civic_host_now(void);


/* content handler of mounted locations */

ngx_int_t civic_host_request_handler(ngx_http_request_t *r);


#endif /* _CIVIC_HOST_H_INCLUDED_ */
