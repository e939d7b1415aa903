
/*
 * Copyright (C) Civic Gate
 *
 * One command: its bytes, made once, and its deadline.  It owns everything
 * that it needs, since the request that asked may be gone at any time; only
 * a script's text stays its caller's, until the handler is called or the
 * command cancelled.
 */


#include "civic_redis_client.h"
#include "civic_redis_format.h"


static void civic_redis_command_expired(ngx_event_t *ev);


civic_redis_command_t *
civic_redis_command_create(civic_redis_client_t *client,
    const ngx_str_t *head, ngx_uint_t nhead,
    const civic_redis_request_t *request, size_t size)
{
    u_char                 *p, *start;
    ngx_msec_t              timeout;
    civic_redis_t          *redis;
    civic_redis_command_t  *command;

    redis = client->redis;

    command = ngx_alloc(sizeof(civic_redis_command_t) + size, ngx_cycle->log);
    if (command == NULL) {
        return NULL;
    }

    ngx_memzero(command, sizeof(civic_redis_command_t));

    command->client = client;
    command->handler = request->handler;
    command->data = request->data;
    command->size = size;
    command->argc = nhead + request->argc;

    start = (u_char *) command + sizeof(civic_redis_command_t);

    if (size) {
        p = civic_redis_format_header(start, command->argc);

        if (nhead) {

            /* of a script: what EVAL says otherwise comes first */

            p = civic_redis_format(p, head, nhead - 1);
            command->tail = p - start;
            p = civic_redis_format(p, &head[nhead - 1], 1);
        }

        p = civic_redis_format(p, request->argv, request->argc);

    } else {
        p = start;
    }

    command->buf.pos = start;
    command->buf.last = p;
    command->buf.start = start;
    command->buf.end = p;
    command->buf.temporary = 1;
    command->chain.buf = &command->buf;

    timeout = request->timeout ? request->timeout : redis->timeout;

    if (request->durable && redis->replicas) {
        command->kind = CIVIC_REDIS_DURABLE;
        timeout += redis->replicas_timeout + CIVIC_REDIS_WAIT_LATE;
    }

    command->timer.handler = civic_redis_command_expired;
    command->timer.data = command;
    command->timer.log = ngx_cycle->log;

    /* whoever asks may have been at work since the clock was read */

    ngx_time_update();

    ngx_add_timer(&command->timer, timeout);

    return command;
}


void
civic_redis_command_free(civic_redis_command_t *command)
{
    if (command->timer.timer_set) {
        ngx_del_timer(&command->timer);
    }

    if (command->reply.pool != NULL) {
        ngx_destroy_pool(command->reply.pool);
    }

    if (command->bytes != NULL) {
        ngx_free(command->bytes);
    }

    ngx_free(command);
}


ngx_int_t
civic_redis_command_eval(civic_redis_command_t *command)
{
    u_char     *p, *bytes;
    size_t      size, tail;
    ngx_str_t   head[2];

    ngx_str_set(&head[0], "EVAL");
    head[1] = command->script->text;

    tail = command->buf.end - command->buf.start - command->tail;

    size = civic_redis_format_size(head, 2, CIVIC_REDIS_MAX_COMMAND);

    if (size == 0 || tail > CIVIC_REDIS_MAX_COMMAND - size) {
        return NGX_DECLINED;
    }

    bytes = ngx_alloc(CIVIC_REDIS_HEADER + size + tail, ngx_cycle->log);
    if (bytes == NULL) {
        return NGX_ERROR;
    }

    p = civic_redis_format_header(bytes, command->argc);
    p = civic_redis_format(p, head, 2);
    p = ngx_cpymem(p, command->buf.start + command->tail, tail);

    command->bytes = bytes;
    command->script = NULL;

    command->buf.start = bytes;
    command->buf.pos = bytes;
    command->buf.last = p;
    command->buf.end = p;

    return NGX_OK;
}


/*
 * Not yet written: nothing has happened, and nothing will.  Written: nobody
 * knows, and a reply that comes later must not be taken for another's, so
 * the connection goes, and this command with it.
 */

static void
civic_redis_command_expired(ngx_event_t *ev)
{
    civic_redis_command_t  *command = ev->data;

    switch (command->place) {

    case CIVIC_REDIS_WAITING:
    case CIVIC_REDIS_UNSENT:
        civic_redis_outcome_expired(command);
        break;

    case CIVIC_REDIS_SENT:
    case CIVIC_REDIS_REPLIED:
        civic_redis_connection_drop(command->connection,
                                    "a command timed out");
        break;

    default: /* CIVIC_REDIS_DONE */
        break;
    }
}
