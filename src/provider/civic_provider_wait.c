
/*
 * Copyright (C) Civic Gate
 *
 * Requests in a queue.  To wake one may end any other, whose pool takes it
 * out of the queue it is in: so nothing is remembered of a queue but its
 * head.
 */


#include "civic_provider_wait.h"
#include "civic_wait.h"


static void civic_provider_wait_cleanup(void *data);


civic_provider_wait_t *
civic_provider_wait_create(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t     *cln;
    civic_provider_wait_t  *wait;

    wait = ngx_pcalloc(r->pool, sizeof(civic_provider_wait_t));
    cln = ngx_pool_cleanup_add(r->pool, 0);

    if (wait == NULL || cln == NULL) {
        return NULL;
    }

    wait->request = r;

    cln->handler = civic_provider_wait_cleanup;
    cln->data = wait;

    return wait;
}


static void
civic_provider_wait_cleanup(void *data)
{
    civic_provider_wait_leave(data);
}


void
civic_provider_wait_join(civic_provider_wait_t *wait, ngx_queue_t *queue)
{
    wait->waiting = 1;
    ngx_queue_insert_tail(queue, &wait->queue);
}


void
civic_provider_wait_leave(civic_provider_wait_t *wait)
{
    if (wait->waiting) {
        wait->waiting = 0;
        ngx_queue_remove(&wait->queue);
    }
}


void
civic_provider_wait_wake(ngx_queue_t *queue)
{
    ngx_queue_t             all;
    civic_provider_wait_t  *wait;

    if (ngx_queue_empty(queue)) {
        return;
    }

    ngx_queue_init(&all);
    ngx_queue_add(&all, queue);
    ngx_queue_init(queue);

    while (!ngx_queue_empty(&all)) {
        wait = ngx_queue_data(ngx_queue_head(&all), civic_provider_wait_t,
                              queue);

        civic_provider_wait_leave(wait);
        civic_wait_wake(wait->request);
    }
}
