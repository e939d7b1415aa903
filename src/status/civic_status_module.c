
/*
 * Copyright (C) Civic Gate
 *
 * The directives of status/, and the one handler behind them: it picks the
 * page, sends it and never lets it be stored.  Who may read a page is the
 * location's to say, as for any other.
 */


#include "civic_status.h"
#include "civic_status_families.h"
#include "civic_status_page.h"
#include "civic_redis.h"
#include "civic_route.h"


typedef struct {
    ngx_str_t                  name;   /* what civic_status is given */
    civic_status_page_pt       write;
    ngx_str_t                  type;
    ngx_str_t                  charset;   /* empty: the type implies it */
} civic_status_view_t;


typedef struct {
    const civic_status_view_t *view;   /* NULL: no page of ours */
    civic_pos_t               *pos;    /* of the line that chose it */
    ngx_flag_t                 routes;
} civic_status_loc_conf_t;


static ngx_int_t civic_status_module_handler(ngx_http_request_t *r);
static ngx_int_t civic_status_module_send(ngx_http_request_t *r,
    civic_status_out_t *out);
static ngx_uint_t civic_status_module_live(ngx_http_request_t *r,
    const civic_status_zone_t *zone, civic_status_out_t *out);
static ngx_uint_t civic_status_module_ready(ngx_http_request_t *r,
    const civic_status_zone_t *zone, civic_status_out_t *out);
static void *civic_status_module_create_main_conf(ngx_conf_t *cf);
static void *civic_status_module_create_loc_conf(ngx_conf_t *cf);
static char *civic_status_module_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *civic_status_module_status(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *civic_status_module_metrics(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *civic_status_module_install(ngx_conf_t *cf,
    civic_status_loc_conf_t *slcf, const civic_status_view_t *view);
static ngx_int_t civic_status_module_postconfiguration(ngx_conf_t *cf);
static ngx_int_t civic_status_module_init(ngx_cycle_t *cycle);
static ngx_int_t civic_status_module_init_process(ngx_cycle_t *cycle);


#define CIVIC_STATUS_JSON  ngx_string("application/json"), ngx_null_string

static const civic_status_view_t  civic_status_views[] = {
    { ngx_string("full"), civic_status_page_full, CIVIC_STATUS_JSON },
    { ngx_string("live"), civic_status_module_live, CIVIC_STATUS_JSON },
    { ngx_string("ready"), civic_status_module_ready, CIVIC_STATUS_JSON },
    { ngx_string("why"), civic_status_page_why, CIVIC_STATUS_JSON },
    { ngx_null_string, NULL, ngx_null_string, ngx_null_string }
};


static const civic_status_view_t  civic_status_view_metrics = {
    ngx_null_string,
    civic_status_page_metrics,
    ngx_string("text/plain; version=0.0.4"),
    ngx_string("utf-8")
};


static ngx_str_t  civic_status_no_store = ngx_string("no-store");
static ngx_str_t  civic_status_methods = ngx_string("GET, HEAD");


static ngx_command_t  civic_status_commands[] = {

    { ngx_string("civic_status"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS|NGX_CONF_TAKE1,
      civic_status_module_status,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("civic_metrics"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      civic_status_module_metrics,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("civic_metrics_routes"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(civic_status_loc_conf_t, routes),
      NULL },

      ngx_null_command
};


static ngx_http_module_t  civic_status_module_ctx = {
    NULL,                                  /* preconfiguration */
    civic_status_module_postconfiguration, /* postconfiguration */

    civic_status_module_create_main_conf,  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    civic_status_module_create_loc_conf,   /* create location configuration */
    civic_status_module_merge_loc_conf     /* merge location configuration */
};


ngx_module_t  ngx_http_civic_status_module = {
    NGX_MODULE_V1,
    &civic_status_module_ctx,              /* module context */
    civic_status_commands,                 /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    civic_status_module_init,              /* init module */
    civic_status_module_init_process,      /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
civic_status_module_handler(ngx_http_request_t *r)
{
    ngx_int_t                 rc;
    civic_status_out_t        out;
    civic_status_zone_t      *zone;
    civic_status_loc_conf_t  *slcf;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {

        if (civic_headers_out_add(r, "Allow", &civic_status_methods) == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_civic_status_module);
    zone = civic_status_zone();

    if (slcf->view == NULL || zone == NULL) {
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    civic_status_out_init(&out, r->pool);

    r->headers_out.status = slcf->view->write(r, zone, &out);
    r->headers_out.content_type = slcf->view->type;
    r->headers_out.content_type_len = slcf->view->type.len;
    r->headers_out.content_type_lowcase = NULL;
    r->headers_out.charset = slcf->view->charset;

    return civic_status_module_send(r, &out);
}


static ngx_int_t
civic_status_module_send(ngx_http_request_t *r, civic_status_out_t *out)
{
    ngx_int_t  rc;

    if (out->failed
        || civic_headers_out_add(r, "Cache-Control", &civic_status_no_store)
           == NULL)
    {
        r->headers_out.status = 0;
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.content_length_n = civic_status_out_size(out);

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    out->buf->last_buf = (r == r->main) ? 1 : 0;
    out->buf->last_in_chain = 1;

    return ngx_http_output_filter(r, out->first);
}


static ngx_uint_t
civic_status_module_live(ngx_http_request_t *r,
    const civic_status_zone_t *zone, civic_status_out_t *out)
{
    civic_status_out_text(out, "{\"status\":\"live\"}\n");

    return NGX_HTTP_OK;
}


static ngx_uint_t
civic_status_module_ready(ngx_http_request_t *r,
    const civic_status_zone_t *zone, civic_status_out_t *out)
{
    const char  *word;

    word = civic_status_page_word(r);

    civic_status_out_format(out, 64, "{\"status\":\"%s\"", word);
    civic_status_redis_write(r, out);
    civic_status_out_text(out, "}\n");

    return word[0] == 's' ? NGX_HTTP_SERVICE_UNAVAILABLE : NGX_HTTP_OK;
}


/* a worker runs only once its configuration is in force */

const char *
civic_status_page_word(ngx_http_request_t *r)
{
    civic_status_state_e        state, worst;
    const civic_status_more_t  *more;

    static const char  *words[] = { "ready", "degraded", "starting" };

    if (ngx_exiting || ngx_quit || ngx_terminate) {
        return "stopping";
    }

    worst = civic_status_redis_down(r) ? CIVIC_STATUS_DEGRADED
                                       : CIVIC_STATUS_READY;

    for (more = civic_status_more(); more; more = more->next) {
        state = more->state ? more->state() : CIVIC_STATUS_READY;
        worst = ngx_max(worst, state);
    }

    return words[worst];
}


ngx_uint_t
civic_status_route_wanted(const civic_route_t *route)
{
    civic_status_loc_conf_t  *slcf;

    slcf = route->service->loc_conf[ngx_http_civic_status_module.ctx_index];

    return slcf->routes;
}


static void *
civic_status_module_create_main_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(civic_status_main_conf_t));
}


static void *
civic_status_module_create_loc_conf(ngx_conf_t *cf)
{
    civic_status_loc_conf_t  *slcf;

    slcf = ngx_pcalloc(cf->pool, sizeof(civic_status_loc_conf_t));
    if (slcf == NULL) {
        return NULL;
    }

    slcf->routes = NGX_CONF_UNSET;

    return slcf;
}


static char *
civic_status_module_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    civic_status_loc_conf_t  *prev = parent;
    civic_status_loc_conf_t  *conf = child;

    ngx_http_core_loc_conf_t  *clcf;

    ngx_conf_merge_value(conf->routes, prev->routes, 0);

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (conf->view != NULL && clcf->handler != civic_status_module_handler) {
        return civic_conf_error(cf, conf->pos,
                                "a status page shares its location with "
                                "another content handler");
    }

    /* an "if" block has a configuration of its own, and the same handler */

    if (conf->view == NULL && clcf->noname) {
        conf->view = prev->view;
    }

    return NGX_CONF_OK;
}


static char *
civic_status_module_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t                  *value;
    const civic_status_view_t  *view;

    value = cf->args->elts;

    if (cf->args->nelts == 1) {
        return civic_status_module_install(cf, conf, &civic_status_views[0]);
    }

    for (view = civic_status_views; view->write; view++) {

        if (view->name.len == value[1].len
            && ngx_strncmp(view->name.data, value[1].data, value[1].len) == 0)
        {
            return civic_status_module_install(cf, conf, view);
        }
    }

    return civic_conf_error(cf, NULL,
                            "civic_status \"%V\" is none of live, ready, "
                            "full and why", &value[1]);
}


static char *
civic_status_module_metrics(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return civic_status_module_install(cf, conf, &civic_status_view_metrics);
}


static char *
civic_status_module_install(ngx_conf_t *cf, civic_status_loc_conf_t *slcf,
    const civic_status_view_t *view)
{
    ngx_http_core_loc_conf_t  *clcf;

    if (slcf->view == view) {
        return "is duplicate";
    }

    if (slcf->view != NULL) {
        return civic_conf_error(cf, NULL,
                                "a location has one status page, and it has "
                                "one in line %ui", slcf->pos->line);
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler != NULL) {
        return civic_conf_error(cf, NULL,
                                "a status page shares its location with "
                                "another content handler");
    }

    slcf->pos = civic_conf_pos(cf);
    if (slcf->pos == NULL) {
        return NGX_CONF_ERROR;
    }

    slcf->view = view;
    clcf->handler = civic_status_module_handler;

    civic_activate(cf);

    return NGX_CONF_OK;
}


static ngx_int_t
civic_status_module_postconfiguration(ngx_conf_t *cf)
{
    civic_status_main_conf_t  *smcf;

    smcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_civic_status_module);

    smcf->services = civic_route_services(cf);
    smcf->routes = civic_route_all(cf);
    smcf->redis = civic_redis_all(cf);

    return NGX_OK;
}


/* nothing that can still fail comes after: the configuration is in force */

static ngx_int_t
civic_status_module_init(ngx_cycle_t *cycle)
{
    civic_status_main_conf_t  *smcf;

    smcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_civic_status_module);

    if (smcf == NULL || smcf->zone == NULL) {
        civic_status_attach(NULL);
        return NGX_OK;
    }

    civic_status_zone_enlist(smcf, cycle->log);
    civic_status_attach(smcf->zone);

    return NGX_OK;
}


/* the slot depends on the worker's number, known only now */

static ngx_int_t
civic_status_module_init_process(ngx_cycle_t *cycle)
{
    civic_status_attach(civic_status_zone());

    return NGX_OK;
}
