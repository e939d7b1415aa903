
/*
 * Copyright (C) Civic Gate
 *
 * Private to redis/: one Redis as a worker sees it, with the commands that
 * wait for a connection and those whose failure is to be told.
 */


#ifndef _CIVIC_REDIS_CLIENT_H_INCLUDED_
#define _CIVIC_REDIS_CLIENT_H_INCLUDED_


#include "civic_redis_breaker.h"
#include "civic_redis_connection.h"


#define CIVIC_REDIS_MAX_QUEUED  8192   /* commands, sent or not */
#define CIVIC_REDIS_MAX_BYTES   (32 * 1024 * 1024)
#define CIVIC_REDIS_MAX_BATCH   128    /* durable writes of one WAIT */


struct civic_redis_client_s {
    civic_redis_t           *redis;
    civic_redis_breaker_t    breaker;
    civic_redis_connection_t *connections[CIVIC_REDIS_KINDS];
    ngx_queue_t              waiting[CIVIC_REDIS_KINDS];
    ngx_queue_t              done;
    ngx_event_t              flush;
    ngx_event_t              deliver;
    ngx_uint_t               commands; /* everywhere but in `done` */
    size_t                   bytes;
    unsigned                 failing:1; /* the last attempt to connect did */
    unsigned                 started:1;
};


ngx_uint_t civic_redis_client_connections(const civic_redis_t *redis,
    ngx_uint_t kind);

/* the next turn of the event loop binds and writes what waits */

void civic_redis_client_post(civic_redis_client_t *client);


/*
 * civic_redis_outcome.c: ends and breaker.  Out of where it is, and counted
 * no more; it is the caller's then.
 */

void civic_redis_outcome_take(civic_redis_command_t *command);

/* the handler, if there is one, is called later */

void civic_redis_outcome_fail(civic_redis_command_t *command,
    ngx_uint_t error);

/* the same for one that was not sent in time */

void civic_redis_outcome_expired(civic_redis_command_t *command);

/* for one that is in no place, and has a handler */

void civic_redis_outcome_finish(civic_redis_command_t *command,
    ngx_uint_t error);

/* calls the handler at once and frees the command; the reply is taken */

void civic_redis_outcome_answer(civic_redis_command_t *command,
    ngx_uint_t error, civic_redis_reply_t *reply);

/* back to where it waited, before all others */

void civic_redis_outcome_requeue(civic_redis_command_t *command);

/* for the breaker */

void civic_redis_outcome_good(civic_redis_client_t *client);
void civic_redis_outcome_bad(civic_redis_client_t *client);

/* the event of the client that calls handlers */

void civic_redis_outcome_deliver(ngx_event_t *ev);


#endif /* _CIVIC_REDIS_CLIENT_H_INCLUDED_ */
