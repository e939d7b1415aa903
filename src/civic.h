
/*
 * Copyright (C) Civic Gate
 *
 * The tour starts here: what every subsystem shares.
 *
 * A client request has one context (civic_ctx_t); so has each subrequest,
 * whose `main` leads to the client's.  Steps of the pipeline
 * (civic_pipeline.c) read and fill it.  All of a step's conditions are in
 * the configuration, which nobody writes after start-up.
 *
 * A step returns
 *
 *     NGX_DECLINED   go on with the next step
 *     NGX_OK         sent to another location: its steps begin anew
 *     NGX_DONE       parked: the step wakes the request itself
 *     204            answered: OPTIONS of a path whose Allow is noted
 *     >= 400         refused: civic_refuse() has noted why, and by which line
 *     NGX_ERROR      ours is broken; the pipeline answers 500
 *
 * and never finalizes the request, which may be gone with its context then.
 */


#ifndef _CIVIC_H_INCLUDED_
#define _CIVIC_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "civic_conf.h"
#include "civic_headers.h"
#include "civic_identity.h"
#include "civic_problem.h"


#define CIVIC_TRACE_ID_LEN   32        /* hex digits, W3C Trace Context */
#define CIVIC_SPAN_ID_LEN    16
#define CIVIC_MAX_PARAMS     16        /* parameters of one route */


typedef struct civic_ctx_s         civic_ctx_t;
typedef struct civic_route_s       civic_route_t;
typedef struct civic_service_s     civic_service_t;
typedef struct civic_auth_ctx_s    civic_auth_ctx_t;
typedef struct civic_auth_terms_s  civic_auth_terms_t;
typedef struct civic_limit_ctx_s   civic_limit_ctx_t;
typedef struct civic_limit_set_s   civic_limit_set_t;
typedef struct civic_filter_ctx_s  civic_filter_ctx_t;


struct civic_ctx_s {
    ngx_http_request_t     *request;
    civic_ctx_t            *main;      /* of the client's request; or itself */

    /* by request (a subrequest has its own) */

    const civic_route_t    *route;     /* NULL: it came by no route */
    const civic_service_t  *service;   /* of the route taken last, or NULL */
    ngx_str_t               looked_up; /* the URI that the router judged */
    ngx_str_t              *params;    /* route->nparams values, of r->uri */
    const void             *admitted;  /* owned by route/: the location */
    void                  **passed;    /* loc_conf whose steps it has passed */
    ngx_uint_t              passed_at; /* r->uri_changes, then */
    ngx_http_upstream_t    *accel;     /* owned by route/: judged already */
    ngx_chain_t            *page;      /* owned by civic_filter.c */
    civic_identity_t       *identity;  /* of the location judged last */
    ngx_uint_t              auth_status; /* civic_auth_status_e */
    ngx_uint_t              preflight; /* the method it asks about, or 0 */
    const struct civic_cors_s  *cors;  /* said by the last location to speak */

    /* by client request: only in the main context */

    civic_auth_ctx_t       *auth;      /* owned by auth/, NULL: none yet */
    ngx_uint_t              require_status; /* civic_require_status_e */
    ngx_uint_t              limit_status; /* civic_limit_status_e */
    civic_limit_ctx_t      *limit;     /* owned by limit/ */
    civic_filter_ctx_t     *filter;    /* owned by filter/, NULL: none */

    const civic_route_t    *last_route; /* for log and metrics */
    const civic_problem_t  *problem;   /* why it was refused, or NULL */
    const civic_pos_t      *refused_by; /* which line refused, or NULL */
    const civic_problem_own_t *own;    /* what `problem` adds, or NULL */

    uint64_t                started;   /* ns; our steps are at work, or 0 */
    uint64_t                gate_time; /* ns spent in our steps */
    uint64_t                plugin_time; /* ns spent in plugins' Lua */

    u_char                  trace_id[CIVIC_TRACE_ID_LEN];
    u_char                  span_id[CIVIC_SPAN_ID_LEN];

    unsigned                replied:1; /* the gate made the answer itself */
    unsigned                asserted:1; /* a service got X-Civic-Assertion */
};


typedef struct {
    size_t                  zone_size; /* civic_zone */
    ngx_flag_t              used;      /* some civic_ directive was read */
    ngx_http_handler_pt     next;      /* owned by civic_pipeline.c */
} civic_main_conf_t;


typedef struct {
    ngx_flag_t              active;    /* some civic_ directive concerns it */
} civic_srv_conf_t;


extern ngx_module_t  ngx_http_civic_module;


/*
 * The context of a request, of its parent where it has none of its own;
 * NULL where the gate has no part in it.
 */

civic_ctx_t *civic_ctx_get(ngx_http_request_t *r);

/*
 * Notes the problem and the line that refused; returns the HTTP status to
 * leave the step with.  `pos` may be NULL and must outlive the request.
 */

ngx_int_t civic_refuse(civic_ctx_t *ctx, civic_problem_e id,
    const civic_pos_t *pos);

/* monotonic, nanoseconds, read from the clock at this moment */

uint64_t civic_now_ns(void);


#endif /* _CIVIC_H_INCLUDED_ */
