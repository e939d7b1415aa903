
/*
 * Copyright (C) Civic Gate
 *
 * Each worker counts for itself whose credentials it refused, by address, in
 * a table that never grows: some addresses share a place.  What was counted
 * halves each second.
 *
 * A turn is in the request's pool and, while it waits, in the line of its
 * place; a cleanup takes it out where the request ends first.  Places whose
 * line is not empty are served one after the other, a turn each: how many
 * wait elsewhere makes no difference.
 */


#include "civic_auth_method.h"
#include "civic_auth_turn.h"
#include "civic_status.h"
#include "civic_wait.h"


#define CIVIC_AUTH_TURN_PLACES    4096
#define CIVIC_AUTH_TURN_FAILURES  8      /* so many are anybody's mistakes */


typedef struct {
    ngx_queue_t              queue;      /* of places that are waited at */
    ngx_queue_t              line;       /* of turns, once any has waited */
    uint32_t                 second;     /* of the last failure */
    uint32_t                 failures;
} civic_auth_turn_place_t;


struct civic_auth_turn_s {
    ngx_queue_t              queue;
    ngx_http_request_t      *request;
    civic_auth_turn_place_t *place;      /* where it waits */
    civic_auth_turn_t       *next;       /* of the same client's request */
    unsigned                 waiting:1;
    unsigned                 granted:1;
};


static civic_auth_turn_t *civic_auth_turn_find(ngx_http_request_t *r,
    const civic_auth_ctx_t *auth);
static civic_auth_turn_t *civic_auth_turn_create(ngx_http_request_t *r,
    civic_auth_ctx_t *auth);
static void civic_auth_turn_cleanup(void *data);
static void civic_auth_turn_wait(civic_auth_turn_t *turn);
static void civic_auth_turn_leave(civic_auth_turn_t *turn);
static void civic_auth_turn_handler(ngx_event_t *ev);
static civic_auth_turn_place_t *civic_auth_turn_place(
    const ngx_http_request_t *r);
static uint32_t civic_auth_turn_failures(
    const civic_auth_turn_place_t *place);


static civic_auth_turn_place_t
    civic_auth_turn_places[CIVIC_AUTH_TURN_PLACES];

static ngx_queue_t  civic_auth_turns;
static ngx_event_t  civic_auth_turns_event;


ngx_int_t
civic_auth_turn_take(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    civic_auth_ctx_t   *auth;
    civic_auth_turn_t  *turn;

    if (civic_auth_turn_failures(civic_auth_turn_place(r))
        < CIVIC_AUTH_TURN_FAILURES)
    {
        return NGX_OK;
    }

    auth = civic_auth_state(r, ctx);
    if (auth == NULL) {
        return NGX_ERROR;
    }

    turn = civic_auth_turn_find(r, auth);

    if (turn == NULL) {
        turn = civic_auth_turn_create(r, auth);
        if (turn == NULL) {
            return NGX_ERROR;
        }
    }

    if (turn->granted) {
        turn->granted = 0;
        return NGX_OK;
    }

    if (!turn->waiting) {
        civic_auth_turn_wait(turn);
    }

    return civic_wait_park(r) == NGX_DONE ? NGX_AGAIN : NGX_ERROR;
}


void
civic_auth_turn_failed(ngx_http_request_t *r)
{
    civic_auth_turn_place_t  *place;

    place = civic_auth_turn_place(r);

    place->failures = civic_auth_turn_failures(place) + 1;
    place->second = (uint32_t) ngx_time();
}


static civic_auth_turn_t *
civic_auth_turn_find(ngx_http_request_t *r, const civic_auth_ctx_t *auth)
{
    civic_auth_turn_t  *turn;

    for (turn = auth->turns; turn; turn = turn->next) {

        if (turn->request == r) {
            return turn;
        }
    }

    return NULL;
}


static civic_auth_turn_t *
civic_auth_turn_create(ngx_http_request_t *r, civic_auth_ctx_t *auth)
{
    civic_auth_turn_t   *turn;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(civic_auth_turn_t));
    if (cln == NULL) {
        return NULL;
    }

    turn = cln->data;
    ngx_memzero(turn, sizeof(civic_auth_turn_t));

    turn->request = r;
    turn->next = auth->turns;

    auth->turns = turn;
    cln->handler = civic_auth_turn_cleanup;

    return turn;
}


static void
civic_auth_turn_cleanup(void *data)
{
    civic_auth_turn_t  *turn = data;

    if (turn->waiting) {
        civic_auth_turn_leave(turn);
    }
}


static void
civic_auth_turn_wait(civic_auth_turn_t *turn)
{
    civic_auth_turn_place_t  *place;

    if (civic_auth_turns_event.handler == NULL) {
        ngx_queue_init(&civic_auth_turns);

        civic_auth_turns_event.handler = civic_auth_turn_handler;
        civic_auth_turns_event.log = ngx_cycle->log;
    }

    place = civic_auth_turn_place(turn->request);

    if (place->line.next == NULL) {
        ngx_queue_init(&place->line);
    }

    if (ngx_queue_empty(&place->line)) {
        ngx_queue_insert_tail(&civic_auth_turns, &place->queue);
    }

    turn->place = place;
    turn->waiting = 1;

    ngx_queue_insert_tail(&place->line, &turn->queue);

    if (!civic_auth_turns_event.posted) {
        ngx_post_event(&civic_auth_turns_event, &ngx_posted_next_events);
    }

    civic_status_count(CIVIC_METRIC_AUTH_DEFERRED, 1);
}


static void
civic_auth_turn_leave(civic_auth_turn_t *turn)
{
    turn->waiting = 0;

    ngx_queue_remove(&turn->queue);

    if (ngx_queue_empty(&turn->place->line)) {
        ngx_queue_remove(&turn->place->queue);
    }
}


/* posted again before the request runs: it may end this worker's last one */

static void
civic_auth_turn_handler(ngx_event_t *ev)
{
    ngx_queue_t              *q;
    civic_auth_turn_t        *turn;
    civic_auth_turn_place_t  *place;

    if (ngx_queue_empty(&civic_auth_turns)) {
        return;
    }

    q = ngx_queue_head(&civic_auth_turns);
    place = ngx_queue_data(q, civic_auth_turn_place_t, queue);

    turn = ngx_queue_data(ngx_queue_head(&place->line), civic_auth_turn_t,
                          queue);

    civic_auth_turn_leave(turn);
    turn->granted = 1;

    if (!ngx_queue_empty(&place->line)) {
        ngx_queue_remove(&place->queue);
        ngx_queue_insert_tail(&civic_auth_turns, &place->queue);
    }

    if (!ngx_queue_empty(&civic_auth_turns)) {
        ngx_post_event(ev, &ngx_posted_next_events);
    }

    civic_wait_wake(turn->request);
}


/* of IPv6 the network counts: a client has as many addresses as it likes */

static civic_auth_turn_place_t *
civic_auth_turn_place(const ngx_http_request_t *r)
{
    size_t            len;
    u_char           *p;
    struct sockaddr  *sa;

    sa = r->connection->sockaddr;

    switch (sa->sa_family) {

    case AF_INET:
        p = (u_char *) &((struct sockaddr_in *) sa)->sin_addr;
        len = sizeof(in_addr_t);
        break;

#if (NGX_HAVE_INET6)
    case AF_INET6:
        p = (u_char *) &((struct sockaddr_in6 *) sa)->sin6_addr;
        len = 8;
        break;
#endif

    default:
        return civic_auth_turn_places;
    }

    return &civic_auth_turn_places[ngx_murmur_hash2(p, len)
                                   % CIVIC_AUTH_TURN_PLACES];
}


static uint32_t
civic_auth_turn_failures(const civic_auth_turn_place_t *place)
{
    uint32_t  age;

    age = (uint32_t) ngx_time() - place->second;

    return age < 32 ? place->failures >> age : 0;
}
