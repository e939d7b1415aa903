
/*
 * Copyright (C) Civic Gate
 *
 * A visit: a route of a plugin is asked and answers, at most once for each
 * Idempotency-Key.  For a client's request and for another plugin's call.
 */


#ifndef _CIVIC_HOST_VISIT_H_INCLUDED_
#define _CIVIC_HOST_VISIT_H_INCLUDED_


#include "civic_host_response.h"


#define CIVIC_HOST_ONCE_KEY  128       /* bytes of an Idempotency-Key */


typedef struct civic_host_visit_s  civic_host_visit_t;


/* what came of it: lives until the visit is ended */

typedef struct {
    ngx_uint_t                        outcome; /* civic_host_outcome_e */
    civic_host_response_t             response; /* DONE */
    ngx_str_t                         code;    /* PROBLEM */
    civic_value_t                     fields;
    civic_problem_e                   problem; /* REFUSED */
    const civic_value_t              *results; /* FORWARD */
    ngx_uint_t                        nresults;
    ngx_uint_t                        retry_after; /* s; 0: not said */
    uint64_t                          cpu;     /* ns, in Lua */
    unsigned                          replayed:1;
} civic_host_answered_t;


/* once, possibly from within civic_host_visit_start() */

typedef void (*civic_host_visited_pt)(void *data,
    const civic_host_answered_t *answer);


typedef struct {
    civic_plugin_t                   *plugin;
    const civic_plugin_route_spec_t  *spec;
    const civic_value_t              *request; /* borrowed until it runs */
    ngx_str_t                         trace;
    ngx_uint_t                        language; /* civic_reply_language_e */
    ngx_msec_t                        timeout;
    ngx_uint_t                        depth;
    ngx_log_t                        *log;
    ngx_str_t                         key;     /* empty: none */
    ngx_str_t                         caller;  /* whose key it is */
    ngx_str_t                         path;    /* what is done, with query */
    ngx_str_t                         query;   /* and body: for its digest */
    ngx_str_t                         body;
    civic_host_visited_pt             done;
    void                             *data;
    unsigned                          forward:1;
} civic_host_visit_order_t;


/* NULL: no memory, `done` was not called */

civic_host_visit_t *civic_host_visit_start(
    const civic_host_visit_order_t *order);

/*
 * At any moment, from within `done` too.  One that is not done is abandoned;
 * with a key, what has begun goes on, and its answer is kept for whoever
 * asks again.
 */

void civic_host_visit_end(civic_host_visit_t *visit);


#endif /* _CIVIC_HOST_VISIT_H_INCLUDED_ */
