
/*
 * Copyright (C) Civic Gate
 *
 * Private to redis/: a connection and what is on it.
 */


#ifndef _CIVIC_REDIS_CONNECTION_H_INCLUDED_
#define _CIVIC_REDIS_CONNECTION_H_INCLUDED_


#include "civic_redis_command.h"


#define CIVIC_REDIS_MAX_REPLY  (8 * 1024 * 1024)
#define CIVIC_REDIS_HANDSHAKE  1000    /* ms */


typedef enum {
    CIVIC_REDIS_DOWN = 0,              /* with a timer set: not before it */
    CIVIC_REDIS_CONNECTING,
    CIVIC_REDIS_GREETING,              /* replies to the greeting awaited */
    CIVIC_REDIS_READY
} civic_redis_connection_state_e;


struct civic_redis_connection_s {
    civic_redis_client_t    *client;
    ngx_connection_t        *connection; /* NULL while down */
    civic_redis_reader_t    *reader;   /* NULL while down */
    ngx_event_t              timer;    /* of the handshake, or the pause */
    ngx_queue_t              unsent;
    ngx_queue_t              sent;
    ngx_queue_t              replied;
    civic_redis_command_t    wait;     /* durable: the WAIT of its batch */
    ngx_buf_t                greeting;
    ngx_uint_t               greetings; /* replies still to come */
    ngx_uint_t               load;     /* unsent and sent */
    ngx_uint_t               attempts; /* in a row that failed */
    ngx_uint_t               addr;     /* the next to try */
    ngx_uint_t               state;    /* civic_redis_connection_state_e */
    unsigned                 kind:4;   /* civic_redis_kind_e */
    unsigned                 blocked:1; /* not writable */
    unsigned                 known:1;  /* it was ready once */
};


void civic_redis_connection_init(civic_redis_connection_t *rc,
    civic_redis_client_t *client, ngx_uint_t kind);
void civic_redis_connection_open(civic_redis_connection_t *rc);

/* binds a command that waits; flush comes after */

void civic_redis_connection_bind(civic_redis_connection_t *rc,
    civic_redis_command_t *command);
void civic_redis_connection_flush(civic_redis_connection_t *rc);

/* sees to it that a WAIT which comes next is not awaited for ever */

void civic_redis_connection_watch(civic_redis_connection_t *rc);

/* `why` for the log; NULL: nothing is wrong */

void civic_redis_connection_drop(civic_redis_connection_t *rc,
    const char *why);

/* has it become idle?  an idle one does not hold a worker that exits */

void civic_redis_connection_settle(civic_redis_connection_t *rc);


/* civic_redis_receive.c: the handler of its read events */

void civic_redis_receive_handler(ngx_event_t *rev);


#endif /* _CIVIC_REDIS_CONNECTION_H_INCLUDED_ */
