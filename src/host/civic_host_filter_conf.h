
/*
 * Copyright (C) Civic Gate
 *
 * The configuration of filters, shared by the files civic_host_filter*.
 */


#ifndef _CIVIC_HOST_FILTER_CONF_H_INCLUDED_
#define _CIVIC_HOST_FILTER_CONF_H_INCLUDED_


#include "civic_host_filter.h"


#define CIVIC_HOST_FILTER_MAX  8       /* plugins of one location */


/* a plugin that a civic_filter line names; it may come and go */

typedef struct {
    ngx_str_t                name;
    civic_pos_t              pos;
} civic_host_filter_use_t;


typedef struct {
    ngx_array_t             *uses;     /* civic_host_filter_use_t, or NULL */
    size_t                   max_body; /* of an answer that is held */
    unsigned                 off:1;
} civic_host_filter_loc_conf_t;


/* a plugin of the location that the request is in */

typedef struct {
    civic_plugin_t                 *plugin;   /* held, once it had a turn */
} civic_host_filter_item_t;


typedef struct civic_host_filter_stage_s  civic_host_filter_stage_t;


/*
 * Owned by the request's pool; its cleanup ends the job and releases the
 * plugins.  `uses` is the array of the location that it was made for.
 */

struct civic_host_filter_ctx_s {
    ngx_http_request_t              *request;
    const ngx_array_t               *uses;
    civic_host_filter_item_t         items[CIVIC_HOST_FILTER_MAX];
    ngx_uint_t                       next;    /* whose turn it is */
    const civic_host_filter_stage_t *stage;
    civic_host_job_t                *job;
    const civic_host_result_t       *result;  /* NULL: it is at work */
    ngx_str_t                        body;    /* of the answer, so far */
    size_t                           room;
    size_t                           max_body;
    unsigned                         starting:1;
    unsigned                         admitted:1; /* the request may go on */
    unsigned                         responds:1; /* the answer is wanted */
    unsigned                         held:1;  /* its header was held back */
    unsigned                         whole:1; /* its body is there */
    unsigned                         unreadable:1; /* it must not pass */
    unsigned                         changed:1; /* a plugin made another */
    unsigned                         passed:1; /* it is on its way */
};


/* what tells the way in from the way out */

struct civic_host_filter_stage_s {

    /* the name of the plugin's function, or an empty string */

    const ngx_str_t *(*function)(const civic_plugin_t *plugin);

    /* how many arguments (at most two), or 0: no memory */

    ngx_uint_t (*args)(civic_host_filter_ctx_t *f, civic_ctx_t *ctx,
        const civic_plugin_t *plugin, civic_value_t *args);

    /* NGX_DECLINED: go on; >= 400, the problem is noted; NGX_ERROR */

    ngx_int_t (*results)(civic_host_filter_ctx_t *f, civic_ctx_t *ctx,
        const civic_host_result_t *result);

    /* the job that was at work is done */

    void (*wake)(ngx_http_request_t *r);
};


civic_host_filter_ctx_t *civic_host_filter_open(ngx_http_request_t *r,
    civic_ctx_t *ctx, const ngx_array_t *uses);

/*
 * Lets the plugins from f->next on have their turn.  NGX_DECLINED: all had
 * it; NGX_DONE: one is at work, and stage->wake() follows; >= 400: the
 * problem is noted; NGX_ERROR.
 */

ngx_int_t civic_host_filter_run(civic_host_filter_ctx_t *f, civic_ctx_t *ctx,
    const civic_host_filter_stage_t *stage);

/* the plugin gave what its stage does not take: noted, and refused */

ngx_int_t civic_host_filter_misused(civic_host_filter_ctx_t *f,
    civic_ctx_t *ctx, const char *why);


extern ngx_module_t  ngx_http_civic_filters_module;


#endif /* _CIVIC_HOST_FILTER_CONF_H_INCLUDED_ */
