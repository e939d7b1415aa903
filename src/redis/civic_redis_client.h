
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

/* takes it out of its place; the handler is called later, if there is one */

void civic_redis_client_fail(civic_redis_command_t *command,
    ngx_uint_t error);

/* the same for one that was not sent in time */

void civic_redis_client_expired(civic_redis_command_t *command);

/* back to where it waited, before all others */

void civic_redis_client_requeue(civic_redis_command_t *command);

/* calls the handler at once and frees the command */

void civic_redis_client_answer(civic_redis_command_t *command,
    ngx_uint_t error, civic_redis_reply_t *reply);

/* for the breaker */

void civic_redis_client_succeeded(civic_redis_client_t *client);
void civic_redis_client_failed(civic_redis_client_t *client);


#endif /* _CIVIC_REDIS_CLIENT_H_INCLUDED_ */
