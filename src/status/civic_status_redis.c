
/*
 * Copyright (C) Civic Gate
 *
 * The state of each Redis, as the worker that answers sees it: others have
 * connections and breakers of their own.  A Redis that is down degrades the
 * gate and does not stop it, since most requests go without.
 */


#include "civic_status.h"
#include "civic_status_page.h"
#include "civic_redis.h"


static ngx_array_t *civic_status_redis_all(ngx_http_request_t *r);


ngx_uint_t
civic_status_redis_down(ngx_http_request_t *r)
{
    ngx_uint_t       i, n;
    ngx_array_t     *all;
    civic_redis_t  **redis;

    all = civic_status_redis_all(r);
    redis = all->elts;
    n = 0;

    for (i = 0; i < all->nelts; i++) {
        n += civic_redis_down(redis[i]);
    }

    return n;
}


void
civic_status_redis_write(ngx_http_request_t *r, civic_status_out_t *out)
{
    ngx_uint_t       i;
    ngx_array_t     *all;
    civic_redis_t  **redis;

    all = civic_status_redis_all(r);
    redis = all->elts;

    if (all->nelts == 0) {
        return;
    }

    for (i = 0; i < all->nelts; i++) {
        civic_status_out_text(out, i ? ",{\"name\":"
                                     : ",\"redis\":[{\"name\":");
        civic_status_out_string(out, civic_redis_name(redis[i]));
        civic_status_out_text(out, civic_redis_down(redis[i])
                                   ? ",\"state\":\"down\"}"
                                   : ",\"state\":\"up\"}");
    }

    civic_status_out_text(out, "]");
}


static ngx_array_t *
civic_status_redis_all(ngx_http_request_t *r)
{
    civic_status_main_conf_t  *smcf;

    smcf = ngx_http_get_module_main_conf(r, ngx_http_civic_status_module);

    return smcf->redis;
}
