
/*
 * Copyright (C) Civic Gate
 *
 * What comes from Redis.  Replies come in the order of the commands, so the
 * first of `sent` owns the next reply.  A reply that nobody asked for, that
 * is no RESP, or that is too large, ends the connection.
 *
 * Handlers run from here.  They send and cancel, but cannot drop the
 * connection: only this file does so while it reads.
 */


#include "civic_status.h"
#include "civic_redis_client.h"


#define CIVIC_REDIS_RECEIVE  (64 * 1024)


static ngx_int_t civic_redis_receive_replies(civic_redis_connection_t *rc);
static void civic_redis_receive_large(civic_redis_connection_t *rc);
static ngx_int_t civic_redis_receive_reply(civic_redis_connection_t *rc,
    civic_redis_reply_t *reply);
static ngx_int_t civic_redis_receive_greeting(civic_redis_connection_t *rc,
    const civic_redis_reply_t *reply);
static void civic_redis_receive_answer(civic_redis_command_t *command,
    civic_redis_reply_t *reply);
static void civic_redis_receive_script(civic_redis_command_t *command);
static void civic_redis_receive_wait(civic_redis_connection_t *rc,
    const civic_redis_reply_t *reply);
static ngx_uint_t civic_redis_receive_begins(
    const civic_redis_reply_t *reply, const ngx_str_t *word);


/* errors that say nothing of the command: the server is not fit for it */

static const ngx_str_t  civic_redis_receive_unfit[] = {
    ngx_string("LOADING "),
    ngx_string("BUSY "),
    ngx_string("MASTERDOWN "),
    ngx_string("READONLY "),
    ngx_string("MISCONF "),
    ngx_string("OOM "),
    ngx_string("NOREPLICAS "),
    ngx_string("NOAUTH "),
    ngx_null_string
};


static const ngx_str_t  civic_redis_receive_noscript =
    ngx_string("NOSCRIPT ");


void
civic_redis_receive_handler(ngx_event_t *rev)
{
    ssize_t                    n;
    ngx_connection_t          *c;
    civic_redis_connection_t  *rc;

    static u_char  buffer[CIVIC_REDIS_RECEIVE];

    c = rev->data;
    rc = c->data;

    if (c->close) {
        civic_redis_connection_drop(rc, NULL);
        return;
    }

    if (rc->state == CIVIC_REDIS_CONNECTING) {
        c->write->handler(c->write);
        return;
    }

    for ( ;; ) {

        n = c->recv(c, buffer, CIVIC_REDIS_RECEIVE);

        if (n == NGX_AGAIN) {
            break;
        }

        if (n == 0 || n == NGX_ERROR) {
            civic_redis_connection_drop(rc, "the connection was closed");
            return;
        }

        if (civic_redis_reader_feed(rc->reader, buffer, n) != NGX_OK) {
            civic_redis_connection_drop(rc, "no memory for a reply");
            return;
        }

        if (civic_redis_receive_replies(rc) != NGX_OK) {
            return;
        }
    }

    if (ngx_handle_read_event(rev, 0) != NGX_OK) {
        civic_redis_connection_drop(rc, "cannot watch the socket");
        return;
    }

    civic_redis_connection_settle(rc);
}


/* NGX_ERROR: the connection is gone */

static ngx_int_t
civic_redis_receive_replies(civic_redis_connection_t *rc)
{
    ngx_int_t            rv;
    civic_redis_reply_t  reply;

    for ( ;; ) {

        rv = civic_redis_reader_next(rc->reader, &reply);

        switch (rv) {

        case NGX_OK:
            if (civic_redis_receive_reply(rc, &reply) != NGX_OK) {
                return NGX_ERROR;
            }

            continue;

        case NGX_AGAIN:
            return NGX_OK;

        case NGX_DECLINED:
            civic_redis_receive_large(rc);
            return NGX_ERROR;

        default: /* NGX_ERROR */
            civic_redis_connection_drop(rc,
                                        civic_redis_reader_error(rc->reader));
            return NGX_ERROR;
        }
    }
}


/* it is the question that was wrong, not Redis */

static void
civic_redis_receive_large(civic_redis_connection_t *rc)
{
    ngx_queue_t            *q;
    civic_redis_command_t  *command;

    if (!ngx_queue_empty(&rc->sent)) {
        q = ngx_queue_head(&rc->sent);
        command = ngx_queue_data(q, civic_redis_command_t, queue);

        if (!command->wait) {
            civic_redis_outcome_good(rc->client);
            command->probe = 0;
            civic_redis_outcome_fail(command, CIVIC_REDIS_TOO_LARGE);
        }
    }

    civic_redis_connection_drop(rc, "a reply is too large");
}


/* takes over the pool of the reply */

static ngx_int_t
civic_redis_receive_reply(civic_redis_connection_t *rc,
    civic_redis_reply_t *reply)
{
    ngx_int_t               rv;
    ngx_queue_t            *q;
    civic_redis_command_t  *command;

    if (rc->state == CIVIC_REDIS_GREETING) {
        rv = civic_redis_receive_greeting(rc, reply);
        ngx_destroy_pool(reply->pool);
        return rv;
    }

    command = NULL;

    if (!ngx_queue_empty(&rc->sent)) {
        q = ngx_queue_head(&rc->sent);
        command = ngx_queue_data(q, civic_redis_command_t, queue);
    }

    if (command == NULL || command->buf.pos != command->buf.last) {
        ngx_destroy_pool(reply->pool);
        civic_redis_connection_drop(rc, "a reply that nobody asked for");
        return NGX_ERROR;
    }

    if (command->wait) {
        civic_redis_receive_wait(rc, reply);
        ngx_destroy_pool(reply->pool);
        return NGX_OK;
    }

    civic_redis_receive_answer(command, reply);
    civic_redis_connection_watch(rc);

    return NGX_OK;
}


static ngx_int_t
civic_redis_receive_greeting(civic_redis_connection_t *rc,
    const civic_redis_reply_t *reply)
{
    ngx_uint_t             level;
    civic_redis_client_t  *client;

    client = rc->client;

    if (reply->error) {
        level = client->failing ? NGX_LOG_INFO : NGX_LOG_ERR;

        ngx_log_error(level, ngx_cycle->log, 0,
                      "civic redis \"%V\" (%V) refused: %V",
                      &client->redis->name, &client->redis->server,
                      &reply->value->u.string);
        client->failing = 1;

        civic_redis_connection_drop(rc, "the greeting was refused");
        return NGX_ERROR;
    }

    if (--rc->greetings) {
        return NGX_OK;
    }

    rc->state = CIVIC_REDIS_READY;
    rc->attempts = 0;

    ngx_del_timer(&rc->timer);

    if (rc->known) {
        civic_status_count(CIVIC_METRIC_REDIS_RECONNECTS, 1);
    }

    rc->known = 1;

    if (client->failing) {
        client->failing = 0;
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "civic redis \"%V\" (%V): connected",
                      &client->redis->name, &client->redis->server);
    }

    civic_redis_client_post(client);

    return NGX_OK;
}


static void
civic_redis_receive_answer(civic_redis_command_t *command,
    civic_redis_reply_t *reply)
{
    civic_redis_t             *redis;
    const ngx_str_t           *word;
    civic_redis_connection_t  *rc;

    rc = command->connection;
    redis = rc->client->redis;

    for (word = civic_redis_receive_unfit; word->len; word++) {

        if (civic_redis_receive_begins(reply, word)) {
            ngx_destroy_pool(reply->pool);
            civic_redis_outcome_fail(command, CIVIC_REDIS_UNAVAILABLE);
            return;
        }
    }

    command->probe = 0;
    civic_redis_outcome_good(rc->client);

    if (command->script != NULL && command->handler != NULL
        && civic_redis_receive_begins(reply, &civic_redis_receive_noscript))
    {
        ngx_destroy_pool(reply->pool);
        civic_redis_receive_script(command);
        return;
    }

    if (command->kind == CIVIC_REDIS_PLAIN) {
        civic_redis_outcome_answer(command, reply->error ? CIVIC_REDIS_REFUSED
                                                        : CIVIC_REDIS_OK,
                                  reply);
        return;
    }

    /* its deadline is for Redis; the replicas have one of their own */

    ngx_queue_remove(&command->queue);
    ngx_queue_insert_tail(&rc->replied, &command->queue);

    rc->load--;

    command->reply = *reply;
    command->place = CIVIC_REDIS_REPLIED;

    /* deleted first: nginx keeps a timer that is only a little too early */

    ngx_del_timer(&command->timer);
    ngx_add_timer(&command->timer, redis->timeout + redis->replicas_timeout
                                   + CIVIC_REDIS_WAIT_LATE);
}


static void
civic_redis_receive_script(civic_redis_command_t *command)
{
    switch (civic_redis_command_eval(command)) {

    case NGX_OK:
        civic_redis_outcome_requeue(command);
        break;

    case NGX_DECLINED:
        civic_redis_outcome_fail(command, CIVIC_REDIS_TOO_LARGE);
        break;

    default: /* NGX_ERROR */
        civic_redis_outcome_fail(command, CIVIC_REDIS_UNAVAILABLE);
        break;
    }
}


/* all that was answered since the last WAIT is as durable as this says */

static void
civic_redis_receive_wait(civic_redis_connection_t *rc,
    const civic_redis_reply_t *reply)
{
    ngx_uint_t              error;
    ngx_queue_t            *q;
    civic_redis_reply_t     own;
    civic_redis_command_t  *command;

    ngx_queue_remove(&rc->wait.queue);
    rc->wait.place = CIVIC_REDIS_WAITING;

    if (rc->timer.timer_set) {
        ngx_del_timer(&rc->timer);
    }

    error = CIVIC_REDIS_NOT_DURABLE;

    if (!reply->error && reply->value->type == CIVIC_VALUE_NUMBER
        && reply->value->u.number >= rc->client->redis->replicas)
    {
        error = CIVIC_REDIS_OK;
    }

    while (!ngx_queue_empty(&rc->replied)) {

        q = ngx_queue_head(&rc->replied);
        command = ngx_queue_data(q, civic_redis_command_t, queue);

        own = command->reply;
        civic_redis_outcome_answer(command, own.error ? CIVIC_REDIS_REFUSED
                                                     : error,
                                  &own);
    }

    civic_redis_client_post(rc->client);
}


static ngx_uint_t
civic_redis_receive_begins(const civic_redis_reply_t *reply,
    const ngx_str_t *word)
{
    return reply->error
           && reply->value->u.string.len >= word->len
           && ngx_strncmp(reply->value->u.string.data, word->data, word->len)
              == 0;
}
