
/*
 * Copyright (C) Civic Gate
 *
 * Private to redis/: one Redis as a worker sees it.
 *
 *     civic_redis_send()
 *           |
 *        waiting[kind]      not bound to a connection
 *           |  flush event: all that came in this turn of the event loop
 *        unsent             bound, not a byte written
 *           |  writable
 *        sent               written, at least in part; replies come in order
 *           |  reply             |  reply, over a durable connection
 *        handler              replied: waits for the WAIT of its batch
 *                                |
 *                             handler
 *
 * What fails goes from wherever it is to `done`, and its handler is called
 * by an event of its own.  A command that was cancelled after it was sent
 * stays in its place, without a handler, until its reply was swallowed.
 */


#ifndef _CIVIC_REDIS_CLIENT_H_INCLUDED_
#define _CIVIC_REDIS_CLIENT_H_INCLUDED_


#include <ngx_event.h>
#include <ngx_event_connect.h>

#include "civic_redis_breaker.h"
#include "civic_redis_conf.h"
#include "civic_redis_reply.h"


#define CIVIC_REDIS_MAX_COMMAND   (8 * 1024 * 1024)
#define CIVIC_REDIS_MAX_REPLY     (8 * 1024 * 1024)
#define CIVIC_REDIS_MAX_QUEUED    8192 /* commands, sent or not */
#define CIVIC_REDIS_MAX_BYTES     (32 * 1024 * 1024)
#define CIVIC_REDIS_MAX_BATCH     128  /* durable writes of one WAIT */
#define CIVIC_REDIS_HANDSHAKE     1000 /* ms */


typedef struct civic_redis_connection_s  civic_redis_connection_t;


typedef enum {
    CIVIC_REDIS_PLAIN = 0,
    CIVIC_REDIS_DURABLE,
    CIVIC_REDIS_KINDS
} civic_redis_kind_e;


typedef enum {
    CIVIC_REDIS_WAITING = 0,
    CIVIC_REDIS_UNSENT,
    CIVIC_REDIS_SENT,
    CIVIC_REDIS_REPLIED,
    CIVIC_REDIS_DONE
} civic_redis_place_e;


struct civic_redis_command_s {
    ngx_queue_t              queue;
    civic_redis_client_t    *client;
    civic_redis_connection_t *connection; /* while unsent, sent, replied */
    const civic_redis_script_t *script; /* to send if NOSCRIPT; the caller's */
    civic_redis_handler_pt   handler;  /* NULL: cancelled */
    void                    *data;
    ngx_event_t              timer;    /* the deadline */
    ngx_buf_t                buf;
    ngx_chain_t              chain;
    u_char                  *bytes;    /* what buf points to, if not behind */
    size_t                   size;     /* as counted in the client */
    size_t                   tail;     /* EVALSHA: where nkeys stand */
    ngx_uint_t               argc;
    civic_redis_reply_t      reply;    /* while replied */
    ngx_uint_t               error;    /* civic_redis_error_e, when done */
    unsigned                 place:4;  /* civic_redis_place_e */
    unsigned                 kind:4;   /* civic_redis_kind_e */
    unsigned                 wait:1;   /* the WAIT of its connection */
    unsigned                 probe:1;  /* the breaker waits for it */
};


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


/* civic_redis_client.c */

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


/* civic_redis_command.c */

/* formatted, with its timer running.  NULL: no memory */

civic_redis_command_t *civic_redis_command_create(
    civic_redis_client_t *client, const ngx_str_t *head, ngx_uint_t nhead,
    const civic_redis_request_t *request, size_t size);
void civic_redis_command_free(civic_redis_command_t *command);

/* EVALSHA becomes EVAL.  NGX_DECLINED: it grows too large; NGX_ERROR */

ngx_int_t civic_redis_command_eval(civic_redis_command_t *command);


/* civic_redis_connection.c */

void civic_redis_connection_init(civic_redis_connection_t *rc,
    civic_redis_client_t *client, ngx_uint_t kind);
void civic_redis_connection_open(civic_redis_connection_t *rc);

/* binds a command that waits; flush comes after */

void civic_redis_connection_bind(civic_redis_connection_t *rc,
    civic_redis_command_t *command);
void civic_redis_connection_flush(civic_redis_connection_t *rc);

/* `why` for the log; NULL: nothing is wrong */

void civic_redis_connection_drop(civic_redis_connection_t *rc,
    const char *why);

/* has it become idle?  an idle one does not hold a worker that exits */

void civic_redis_connection_settle(civic_redis_connection_t *rc);


/* civic_redis_receive.c */

void civic_redis_receive_handler(ngx_event_t *rev);


#endif /* _CIVIC_REDIS_CLIENT_H_INCLUDED_ */
