
/*
 * Copyright (C) Civic Gate
 *
 * Private to redis/: a command, on its way.
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


#ifndef _CIVIC_REDIS_COMMAND_H_INCLUDED_
#define _CIVIC_REDIS_COMMAND_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <ngx_event.h>

#include "civic_redis_conf.h"
#include "civic_redis_reply.h"


#define CIVIC_REDIS_MAX_COMMAND  (8 * 1024 * 1024)

/* ms; Redis, at hz 10, notices so late that a WAIT has waited enough */

#define CIVIC_REDIS_WAIT_LATE    150


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
    CIVIC_REDIS_DONE,
    CIVIC_REDIS_TOLD                   /* its handler runs */
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


/* formatted, with its timer running.  NULL: no memory */

civic_redis_command_t *civic_redis_command_create(
    civic_redis_client_t *client, const ngx_str_t *head, ngx_uint_t nhead,
    const civic_redis_request_t *request, size_t size);
void civic_redis_command_free(civic_redis_command_t *command);

/* EVALSHA becomes EVAL.  NGX_DECLINED: it grows too large; NGX_ERROR */

ngx_int_t civic_redis_command_eval(civic_redis_command_t *command);


#endif /* _CIVIC_REDIS_COMMAND_H_INCLUDED_ */
