
/*
 * Copyright (C) Civic Gate
 *
 * How commands end, and what the breaker makes of it.  A command that was
 * answered is told at once, by whoever reads the answer; one that failed is
 * told by an event of its own, one turn of the event loop later.
 */


#include "civic_status.h"
#include "civic_redis_client.h"


static void civic_redis_outcome_tell(civic_redis_command_t *command,
    ngx_uint_t error);


#define CIVIC_REDIS_DELIVERY  1000     /* ms; see _finish() */


/* in the order of civic_redis_error_e */

static const civic_metric_e  civic_redis_outcome_metrics[] = {
    CIVIC_METRIC_REDIS_OK,
    CIVIC_METRIC_REDIS_UNAVAILABLE,
    CIVIC_METRIC_REDIS_TIMEOUT,
    CIVIC_METRIC_REDIS_TOO_LARGE,
    CIVIC_METRIC_REDIS_NOT_DURABLE,
    CIVIC_METRIC_REDIS_REFUSED
};


static const civic_value_t  civic_redis_outcome_unshared = {
    CIVIC_VALUE_STRING,
    { .string = ngx_string("ERR this command cannot be sent over a "
                           "connection that others share") }
};


/* out of where it is; counted no more */

void
civic_redis_outcome_take(civic_redis_command_t *command)
{
    ngx_queue_remove(&command->queue);

    switch (command->place) {

    case CIVIC_REDIS_DONE:
        return;

    case CIVIC_REDIS_UNSENT:
    case CIVIC_REDIS_SENT:
        command->connection->load--;
        break;

    default:
        break;
    }

    command->client->commands--;
    command->client->bytes -= command->size;
}


void
civic_redis_outcome_fail(civic_redis_command_t *command, ngx_uint_t error)
{
    civic_redis_client_t  *client;

    client = command->client;

    civic_redis_outcome_take(command);

    /* a probe that fails in whatever way leaves the breaker open */

    if (command->probe) {
        command->probe = 0;
        civic_redis_outcome_bad(client);
    }

    if (command->handler == NULL) {
        civic_redis_command_free(command);
        return;
    }

    civic_redis_outcome_finish(command, error);
}


/*
 * Some timer has to run until the handler was called: a worker that exits
 * ends when there is none left.
 */

void
civic_redis_outcome_finish(civic_redis_command_t *command, ngx_uint_t error)
{
    civic_redis_client_t  *client;

    client = command->client;

    command->error = error;
    command->connection = NULL;
    command->place = CIVIC_REDIS_DONE;

    ngx_queue_insert_tail(&client->done, &command->queue);

    ngx_add_timer(&command->timer, CIVIC_REDIS_DELIVERY);

    if (!client->deliver.posted) {
        ngx_post_event(&client->deliver, &ngx_posted_next_events);
    }
}


/*
 * What was not sent in time speaks against Redis, except where a connection
 * for durable writes only waits for its replicas.
 */

void
civic_redis_outcome_expired(civic_redis_command_t *command)
{
    ngx_uint_t             i;
    civic_redis_client_t  *client;

    client = command->client;
    i = command->kind == CIVIC_REDIS_DURABLE ? client->redis->connections : 0;

    civic_redis_outcome_fail(command, CIVIC_REDIS_UNAVAILABLE);

    while (i--) {
        if (client->connections[CIVIC_REDIS_DURABLE][i].state
            == CIVIC_REDIS_READY)
        {
            return;
        }
    }

    civic_redis_outcome_bad(client);
}


void
civic_redis_outcome_requeue(civic_redis_command_t *command)
{
    civic_redis_client_t  *client;

    client = command->client;

    if (command->handler == NULL
        || client->breaker.state == CIVIC_REDIS_OPEN)
    {
        civic_redis_outcome_fail(command, CIVIC_REDIS_UNAVAILABLE);
        return;
    }

    ngx_queue_remove(&command->queue);

    command->connection->load--;
    command->connection = NULL;
    command->place = CIVIC_REDIS_WAITING;
    command->chain.next = NULL;

    ngx_queue_insert_head(&client->waiting[command->kind], &command->queue);

    civic_redis_client_post(client);
}


void
civic_redis_outcome_answer(civic_redis_command_t *command, ngx_uint_t error,
    civic_redis_reply_t *reply)
{
    civic_redis_outcome_take(command);

    command->reply = *reply;

    if (command->handler == NULL) {
        civic_redis_command_free(command);
        return;
    }

    civic_redis_outcome_tell(command, error);
}


/* whoever is told may cancel all that it has, this one too */

static void
civic_redis_outcome_tell(civic_redis_command_t *command, ngx_uint_t error)
{
    const civic_value_t  *reply;

    reply = command->reply.value;

    if (reply == NULL && error == CIVIC_REDIS_REFUSED) {
        reply = &civic_redis_outcome_unshared;
    }

    civic_status_count(civic_redis_outcome_metrics[error], 1);

    command->place = CIVIC_REDIS_TOLD;
    command->handler(command->data, error, reply);

    civic_redis_command_free(command);
}


void
civic_redis_outcome_good(civic_redis_client_t *client)
{
    if (civic_redis_breaker_success(&client->breaker)) {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "civic redis \"%V\": breaker closed",
                      &client->redis->name);
    }
}


void
civic_redis_outcome_bad(civic_redis_client_t *client)
{
    ngx_uint_t              kind;
    ngx_queue_t            *q;
    civic_redis_command_t  *command;

    if (!civic_redis_breaker_failure(&client->breaker, ngx_current_msec)) {
        return;
    }

    civic_status_count(CIVIC_METRIC_REDIS_OPENED, 1);

    ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                  "civic redis \"%V\": breaker open for %M ms",
                  &client->redis->name, client->breaker.cooldown);

    for (kind = 0; kind < CIVIC_REDIS_KINDS; kind++) {

        while (!ngx_queue_empty(&client->waiting[kind])) {
            q = ngx_queue_head(&client->waiting[kind]);
            command = ngx_queue_data(q, civic_redis_command_t, queue);

            civic_redis_outcome_fail(command, CIVIC_REDIS_UNAVAILABLE);
        }
    }
}


/*
 * Handlers may send, cancel others and fail again: what comes in meanwhile
 * is for the next turn, so that no handler can keep the loop for itself.
 */

void
civic_redis_outcome_deliver(ngx_event_t *ev)
{
    civic_redis_client_t  *client = ev->data;

    ngx_uint_t              n;
    ngx_queue_t            *q;
    civic_redis_command_t  *command;

    n = 0;

    for (q = ngx_queue_head(&client->done);
         q != ngx_queue_sentinel(&client->done);
         q = ngx_queue_next(q))
    {
        n++;
    }

    while (n-- && !ngx_queue_empty(&client->done)) {

        q = ngx_queue_head(&client->done);
        command = ngx_queue_data(q, civic_redis_command_t, queue);

        ngx_queue_remove(q);

        civic_redis_outcome_tell(command, command->error);
    }

    if (!ngx_queue_empty(&client->done) && !client->deliver.posted) {
        ngx_post_event(&client->deliver, &ngx_posted_next_events);
    }
}
