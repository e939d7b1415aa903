
/*
 * Copyright (C) Civic Gate
 */


#include "civic_wait.h"


/*
 * nginx's own handler of a request whose phases run would not notice that
 * its client left.  Parked in REWRITE means: no reference is counted.
 */

ngx_int_t
civic_wait_park(ngx_http_request_t *r)
{
    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_core_run_phases;

    if (r == r->main
        && ngx_handle_read_event(r->connection->read, 0) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_DONE;
}


/*
 * As nginx itself wakes a request: one that did not wait any more, since the
 * client's socket woke it and it found what it needed, is not run anew.
 */

void
civic_wait_wake(ngx_http_request_t *r)
{
    ngx_connection_t  *c;

    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    r->write_event_handler(r);
    ngx_http_run_posted_requests(c);
}


ngx_int_t
civic_wait_join(ngx_http_request_t *r, ngx_http_posted_request_t **waiting)
{
    ngx_http_posted_request_t  *own;

    for ( /* void */ ; *waiting; waiting = &(*waiting)->next) {

        if ((*waiting)->request == r) {
            return NGX_DONE;
        }
    }

    own = ngx_palloc(r->pool, sizeof(ngx_http_posted_request_t));

    if (own == NULL || civic_wait_park(r) != NGX_DONE) {
        return NGX_ERROR;
    }

    own->request = r;
    own->next = NULL;

    *waiting = own;

    return NGX_DONE;
}


/* the first may end them all: so nginx, which knows, runs the others */

void
civic_wait_wake_all(ngx_http_posted_request_t **waiting)
{
    ngx_http_posted_request_t  *first, *other, *next;

    first = *waiting;
    *waiting = NULL;

    if (first == NULL) {
        return;
    }

    for (other = first->next; other; other = next) {
        next = other->next;
        (void) ngx_http_post_request(other->request, other);
    }

    civic_wait_wake(first->request);
}


void
civic_wait_end(ngx_http_request_t *r)
{
    r->read_event_handler = ngx_http_block_reading;
}
