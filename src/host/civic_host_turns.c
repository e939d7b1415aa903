
/*
 * Copyright (C) Civic Gate
 *
 * Plugins share a worker with everybody's connections.  What is long gives
 * way and waits in line here; between two passes of the event loop those
 * who wait have a few milliseconds together, however many they are.
 *
 * ngx_current_msec changes only in the event loop, but not each time.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <ngx_event.h>

#include "civic.h"
#include "civic_host_turns.h"


#define CIVIC_HOST_TURNS_PASS  2000000 /* ns of plugins in one pass */


static void civic_host_turns_handler(ngx_event_t *ev);
static uint64_t civic_host_turns_time(void);


static ngx_queue_t  civic_host_turns;
static ngx_event_t  civic_host_turns_event;
static ngx_msec_t   civic_host_turns_msec;
static uint64_t     civic_host_turns_since;   /* ns: a pass began */


ngx_uint_t
civic_host_turns_over(void)
{
    return civic_host_turns_time() > CIVIC_HOST_TURNS_PASS;
}


static uint64_t
civic_host_turns_time(void)
{
    uint64_t  now;

    now = civic_now_ns();

    if (civic_host_turns_msec != ngx_current_msec) {
        civic_host_turns_msec = ngx_current_msec;
        civic_host_turns_since = now;
    }

    return now - civic_host_turns_since;
}


void
civic_host_turns_wait(civic_host_turn_t *turn)
{
    if (civic_host_turns_event.handler == NULL) {
        ngx_queue_init(&civic_host_turns);

        civic_host_turns_event.handler = civic_host_turns_handler;
        civic_host_turns_event.log = ngx_cycle->log;
    }

    ngx_queue_insert_tail(&civic_host_turns, &turn->queue);

    if (!civic_host_turns_event.posted) {
        ngx_post_event(&civic_host_turns_event, &ngx_posted_next_events);
    }
}


void
civic_host_turns_leave(civic_host_turn_t *turn)
{
    ngx_queue_remove(&turn->queue);
}


/* whoever gives way again is behind all that are here now */

static void
civic_host_turns_handler(ngx_event_t *ev)
{
    ngx_queue_t        *last;
    civic_host_turn_t  *turn;
    civic_host_turn_t   mark;

    civic_host_turns_msec = ngx_current_msec;
    civic_host_turns_since = civic_now_ns();

    ngx_queue_insert_tail(&civic_host_turns, &mark.queue);

    do {
        last = ngx_queue_head(&civic_host_turns);

        if (last == &mark.queue) {
            break;
        }

        turn = ngx_queue_data(last, civic_host_turn_t, queue);
        ngx_queue_remove(&turn->queue);
        turn->handler(turn->data);

    } while (!civic_host_turns_over());

    ngx_queue_remove(&mark.queue);

    if (!ngx_queue_empty(&civic_host_turns) && !ev->posted) {
        ngx_post_event(ev, &ngx_posted_next_events);
    }
}
