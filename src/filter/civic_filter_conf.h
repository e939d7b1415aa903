
/*
 * Copyright (C) Civic Gate
 *
 * What the files of filter/ share; nobody else includes it.
 */


#ifndef _CIVIC_FILTER_CONF_H_INCLUDED_
#define _CIVIC_FILTER_CONF_H_INCLUDED_


#include "civic_filter_plugins.h"
#include "civic_host.h"


#define CIVIC_FILTER_MAX  8            /* plugins of one location */


/* a plugin that a civic_filter line names; it may come and go */

typedef struct {
    ngx_str_t                name;
    civic_pos_t              pos;
} civic_filter_use_t;


typedef struct {
    ngx_array_t             *uses;     /* civic_filter_use_t, or NULL */
    size_t                   max_body; /* of an answer that is held */
    unsigned                 off:1;
} civic_filter_loc_conf_t;


/* what tells the way in from the way out */

typedef struct {
    size_t                   function; /* its name's place in the manifest */
    ngx_uint_t               nargs;    /* 1 or 2; in `pool`, or borrowed */

    /* NGX_OK; >= 400, the problem is noted; NGX_ERROR */

    ngx_int_t              (*args)(civic_filter_ctx_t *f,
                                   const civic_plugin_t *plugin,
                                   ngx_pool_t *pool, civic_value_t *args);

    /* NGX_DECLINED: go on; otherwise as above */

    ngx_int_t              (*results)(civic_filter_ctx_t *f,
                                      const civic_host_result_t *result);

    /* the job that was at work is done */

    void                   (*wake)(ngx_http_request_t *r);
} civic_filter_stage_t;


/* what the service was not asked for, to be put back */

typedef struct {
    ngx_str_t                method_name; /* empty: nothing was changed */
    ngx_table_elt_t         *accept_encoding;
    ngx_table_elt_t         *range;
    ngx_table_elt_t         *if_range;
    ngx_table_elt_t         *upgrade;
} civic_filter_asked_t;


/*
 * A request in a location with filters, until it is sent to another.  Owned
 * by the request, whose cleanups end the job and release the plugins.
 */

struct civic_filter_ctx_s {
    ngx_http_request_t          *request;
    civic_ctx_t                 *ctx;
    const ngx_array_t           *uses;    /* of the location */
    civic_plugin_t              *plugins[CIVIC_FILTER_MAX]; /* held, once
                                             they had a turn */
    ngx_uint_t                   turn;    /* whose it is */
    const civic_filter_stage_t  *stage;
    civic_host_job_t            *job;
    const civic_host_result_t   *result;  /* NULL: it is at work */
    ngx_uint_t                   retry;   /* s: a refusal's Retry-After */
    civic_filter_asked_t         asked;

    ngx_str_t                    body;    /* of the answer, so far */
    size_t                       room;
    size_t                       max_body;
    civic_problem_e              refusal; /* what is wrong with the answer */

    unsigned                     starting:1;
    unsigned                     admitted:1; /* the request may go on */
    unsigned                     responds:1; /* the answer is wanted */
    unsigned                     left:1;  /* it is elsewhere now */
    unsigned                     held:1;  /* its header was held back */
    unsigned                     whole:1; /* its body is there */
    unsigned                     cut:1;   /* more of it is not wanted */
    unsigned                     passed:1; /* it is on its way */
};


/* NULL: no memory */

civic_filter_ctx_t *civic_filter_open(ngx_http_request_t *r,
    civic_ctx_t *ctx, const ngx_array_t *uses);

/*
 * Lets the plugins from f->turn on have their turn.  NGX_DECLINED: all had
 * it; NGX_DONE: one is at work, and stage->wake() follows; >= 400: the
 * problem is noted, f->retry set; NGX_ERROR.
 */

ngx_int_t civic_filter_run(civic_filter_ctx_t *f,
    const civic_filter_stage_t *stage);

/* whoever is at work is abandoned */

void civic_filter_stop(civic_filter_ctx_t *f);

/* the plugin gave what its stage does not take: noted, and refused */

ngx_int_t civic_filter_misused(civic_filter_ctx_t *f, const char *why);

extern const civic_filter_stage_t  civic_filter_response_stage;

/* room for so many bytes more of the body: NGX_OK or NGX_ERROR */

ngx_int_t civic_filter_room(civic_filter_ctx_t *f, size_t len);

/* asks the service for an answer that can be read; puts the words back */

ngx_int_t civic_filter_ask(civic_filter_ctx_t *f);
void civic_filter_asked(civic_filter_ctx_t *f);


extern ngx_module_t  ngx_http_civic_filters_module;


#endif /* _CIVIC_FILTER_CONF_H_INCLUDED_ */
