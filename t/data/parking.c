
/*
 * Copyright (C) Civic Gate
 *
 * For t/route-parked.t: a module that does in REWRITE what Lua's sleep does
 * there.  A location that says "park" has its requests wait a moment, once,
 * before the phase goes on.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


#define PARKING_TIME  10               /* ms */


static ngx_int_t parking_handler(ngx_http_request_t *r);
static void parking_wake(ngx_event_t *ev);
static void parking_cleanup(void *data);
static ngx_int_t parking_init(ngx_conf_t *cf);
static void *parking_create_loc_conf(ngx_conf_t *cf);


typedef struct {
    ngx_flag_t  park;
} parking_conf_t;


static ngx_command_t  parking_commands[] = {

    { ngx_string("park"),
      NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(parking_conf_t, park),
      NULL },

      ngx_null_command
};


static ngx_http_module_t  parking_module_ctx = {
    NULL, parking_init, NULL, NULL, NULL, NULL, parking_create_loc_conf, NULL
};


ngx_module_t  ngx_http_parking_module = {
    NGX_MODULE_V1,
    &parking_module_ctx,
    parking_commands,
    NGX_HTTP_MODULE,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    NGX_MODULE_V1_PADDING
};


ngx_module_t  *ngx_modules[] = { &ngx_http_parking_module, NULL };
char          *ngx_module_names[] = { "ngx_http_parking_module", NULL };
char          *ngx_module_order[] = { NULL };


static ngx_int_t
parking_handler(ngx_http_request_t *r)
{
    ngx_event_t         *ev;
    parking_conf_t      *conf;
    ngx_pool_cleanup_t  *cln;

    conf = ngx_http_get_module_loc_conf(r, ngx_http_parking_module);

    if (conf->park != 1
        || ngx_http_get_module_ctx(r, ngx_http_parking_module) != NULL)
    {
        return NGX_DECLINED;
    }

    ev = ngx_pcalloc(r->pool, sizeof(ngx_event_t));
    cln = ngx_pool_cleanup_add(r->pool, 0);

    if (ev == NULL || cln == NULL) {
        return NGX_ERROR;
    }

    ev->handler = parking_wake;
    ev->data = r;
    ev->log = r->connection->log;

    cln->handler = parking_cleanup;
    cln->data = ev;

    ngx_http_set_ctx(r, ev, ngx_http_parking_module);
    ngx_add_timer(ev, PARKING_TIME);

    return NGX_DONE;
}


static void
parking_wake(ngx_event_t *ev)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = ev->data;
    c = r->connection;

    r->write_event_handler(r);
    ngx_http_run_posted_requests(c);
}


static void
parking_cleanup(void *data)
{
    ngx_event_t *ev = data;

    if (ev->timer_set) {
        ngx_del_timer(ev);
    }
}


static ngx_int_t
parking_init(ngx_conf_t *cf)
{
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_REWRITE_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = parking_handler;

    return NGX_OK;
}


static void *
parking_create_loc_conf(ngx_conf_t *cf)
{
    parking_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(parking_conf_t));

    if (conf != NULL) {
        conf->park = NGX_CONF_UNSET;
    }

    return conf;
}
