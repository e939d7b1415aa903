
/*
 * Copyright (C) Civic Gate
 *
 * One connection: opened when something waits, greeted before it carries a
 * command, written to in batches, and dropped rather than trusted.  It is
 * never reused once a command on it was given up.
 *
 * The greeting (AUTH, SELECT, PING) is sent in one piece; commands go out
 * only when all of it was answered, so that a server that takes connections
 * and says nothing leaves them unsent, which is known to be harmless.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <ngx_event_connect.h>

#include "civic_redis_client.h"


static ngx_int_t civic_redis_connection_connect(civic_redis_connection_t *rc,
    ngx_err_t *err);
static void civic_redis_connection_greet(civic_redis_connection_t *rc);
static ngx_int_t civic_redis_connection_test(ngx_connection_t *c);
static void civic_redis_connection_write(ngx_event_t *wev);
static void civic_redis_connection_timer(ngx_event_t *ev);
static void civic_redis_connection_batch(civic_redis_connection_t *rc);
static ngx_chain_t *civic_redis_connection_chain(
    civic_redis_connection_t *rc);
static void civic_redis_connection_written(civic_redis_connection_t *rc);
static void civic_redis_connection_lose(civic_redis_connection_t *rc);
static void civic_redis_connection_log(civic_redis_connection_t *rc,
    ngx_err_t err, const char *why);
static void civic_redis_connection_pause(civic_redis_connection_t *rc);


void
civic_redis_connection_init(civic_redis_connection_t *rc,
    civic_redis_client_t *client, ngx_uint_t kind)
{
    rc->client = client;
    rc->kind = kind;

    ngx_queue_init(&rc->unsent);
    ngx_queue_init(&rc->sent);
    ngx_queue_init(&rc->replied);

    rc->timer.handler = civic_redis_connection_timer;
    rc->timer.data = rc;
    rc->timer.log = ngx_cycle->log;
    rc->timer.cancelable = 1;

    rc->wait.client = client;
    rc->wait.connection = rc;
    rc->wait.wait = 1;
    rc->wait.buf.temporary = 1;
    rc->wait.chain.buf = &rc->wait.buf;
}


void
civic_redis_connection_open(civic_redis_connection_t *rc)
{
    ngx_int_t          rv;
    ngx_err_t          err;
    ngx_connection_t  *c;

    rc->reader = civic_redis_reader_create(CIVIC_REDIS_MAX_REPLY,
                                           ngx_cycle->log);
    rv = NGX_ERROR;
    err = 0;

    if (rc->reader != NULL) {
        rv = civic_redis_connection_connect(rc, &err);
    }

    if (rv != NGX_OK && rv != NGX_AGAIN) {
        rc->state = CIVIC_REDIS_CONNECTING;
        civic_redis_connection_log(rc, err, "cannot connect");
        civic_redis_connection_lose(rc);
        civic_redis_connection_pause(rc);
        civic_redis_outcome_bad(rc->client);
        return;
    }

    c = rc->connection;

    c->data = rc;
    c->log = ngx_cycle->log;
    c->read->log = c->log;
    c->write->log = c->log;
    c->log_error = NGX_ERROR_INFO;

    c->read->handler = civic_redis_receive_handler;
    c->write->handler = civic_redis_connection_write;

    rc->state = CIVIC_REDIS_CONNECTING;

    ngx_add_timer(&rc->timer, CIVIC_REDIS_HANDSHAKE);

    if (rv == NGX_OK) {
        civic_redis_connection_greet(rc);
    }
}


/* nginx calls a socket that is not there critical; we say it ourselves */

static ngx_int_t
civic_redis_connection_connect(civic_redis_connection_t *rc, ngx_err_t *err)
{
    ngx_int_t               rv;
    ngx_addr_t             *addr;
    civic_redis_t          *redis;
    ngx_peer_connection_t   peer;

    static ngx_log_t  quiet;

    redis = rc->client->redis;
    addr = &redis->addrs[rc->addr++ % redis->naddrs];

    quiet = *ngx_cycle->log;
    quiet.log_level = NGX_LOG_ALERT;
    quiet.next = NULL;

    ngx_memzero(&peer, sizeof(ngx_peer_connection_t));

    peer.sockaddr = addr->sockaddr;
    peer.socklen = addr->socklen;
    peer.name = &addr->name;
    peer.get = ngx_event_get_peer;
    peer.log = &quiet;
    peer.log_error = NGX_ERROR_INFO;

    rv = ngx_event_connect_peer(&peer);

    *err = ngx_socket_errno;
    rc->connection = peer.connection;

    if ((rv == NGX_OK || rv == NGX_AGAIN)
        && addr->sockaddr->sa_family != AF_UNIX
        && ngx_tcp_nodelay(peer.connection) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return rv;
}


static void
civic_redis_connection_greet(civic_redis_connection_t *rc)
{
    civic_redis_t  *redis;

    redis = rc->client->redis;

    rc->state = CIVIC_REDIS_GREETING;
    rc->greetings = redis->ngreetings;

    ngx_memzero(&rc->greeting, sizeof(ngx_buf_t));

    rc->greeting.pos = redis->greeting.data;
    rc->greeting.last = redis->greeting.data + redis->greeting.len;
    rc->greeting.memory = 1;

    civic_redis_connection_flush(rc);
}


static ngx_int_t
civic_redis_connection_test(ngx_connection_t *c)
{
    int        err;
    socklen_t  len;

    err = 0;
    len = sizeof(int);

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, (void *) &err, &len) == -1) {
        err = ngx_socket_errno;
    }

    ngx_set_socket_errno(err);

    return err ? NGX_ERROR : NGX_OK;
}


static void
civic_redis_connection_write(ngx_event_t *wev)
{
    ngx_connection_t          *c;
    civic_redis_client_t      *client;
    civic_redis_connection_t  *rc;

    c = wev->data;
    rc = c->data;
    client = rc->client;

    if (rc->state == CIVIC_REDIS_CONNECTING) {

        if (civic_redis_connection_test(c) != NGX_OK) {
            civic_redis_connection_drop(rc, "cannot connect");
            return;
        }

        civic_redis_connection_greet(rc);
        return;
    }

    rc->blocked = 0;

    civic_redis_connection_flush(rc);
    civic_redis_client_post(client);
}


/*
 * The pause is over.  While nothing is known to work, one connection tries
 * also when nobody asks, so that the status does not stay bad for want of
 * commands.
 */

static void
civic_redis_connection_timer(ngx_event_t *ev)
{
    civic_redis_connection_t  *rc = ev->data;

    civic_redis_client_t  *client;

    client = rc->client;

    if (rc->state != CIVIC_REDIS_DOWN) {
        civic_redis_connection_drop(rc, rc->state == CIVIC_REDIS_READY
                                        ? "no answer to WAIT"
                                        : "no answer to the greeting");
        return;
    }

    if (client->failing && !ngx_exiting
        && rc == client->connections[CIVIC_REDIS_PLAIN])
    {
        civic_redis_connection_open(rc);
        civic_redis_connection_settle(rc);
    }

    civic_redis_client_post(client);
}


void
civic_redis_connection_bind(civic_redis_connection_t *rc,
    civic_redis_command_t *command)
{
    ngx_queue_remove(&command->queue);
    ngx_queue_insert_tail(&rc->unsent, &command->queue);

    command->connection = rc;
    command->place = CIVIC_REDIS_UNSENT;

    rc->load++;
}


void
civic_redis_connection_flush(civic_redis_connection_t *rc)
{
    ngx_chain_t       *out;
    ngx_connection_t  *c;

    c = rc->connection;

    civic_redis_connection_batch(rc);

    out = civic_redis_connection_chain(rc);
    if (out == NULL) {
        return;
    }

    out = c->send_chain(c, out, 0);

    if (out == NGX_CHAIN_ERROR) {
        civic_redis_connection_written(rc);
        civic_redis_connection_drop(rc, "cannot write");
        return;
    }

    civic_redis_connection_written(rc);
    civic_redis_connection_watch(rc);

    rc->blocked = (out != NULL);

    if (ngx_handle_write_event(c->write, 0) != NGX_OK) {
        civic_redis_connection_drop(rc, "cannot watch the socket");
    }
}


/* durable writes that go out together share one WAIT, behind them */

static void
civic_redis_connection_batch(civic_redis_connection_t *rc)
{
    ngx_str_t  *wait;

    if (rc->kind != CIVIC_REDIS_DURABLE
        || rc->wait.place != CIVIC_REDIS_WAITING
        || ngx_queue_empty(&rc->unsent))
    {
        return;
    }

    wait = &rc->client->redis->wait;

    rc->wait.buf.start = wait->data;
    rc->wait.buf.pos = wait->data;
    rc->wait.buf.last = wait->data + wait->len;
    rc->wait.buf.end = rc->wait.buf.last;
    rc->wait.place = CIVIC_REDIS_UNSENT;

    ngx_queue_insert_tail(&rc->unsent, &rc->wait.queue);
}


/* the greeting alone; or the rest of what was begun, and what is unsent */

static ngx_chain_t *
civic_redis_connection_chain(civic_redis_connection_t *rc)
{
    ngx_queue_t            *q;
    ngx_chain_t            *first, **last;
    civic_redis_command_t  *command;

    if (rc->state == CIVIC_REDIS_GREETING) {

        if (rc->greeting.pos == rc->greeting.last) {
            return NULL;
        }

        /* nothing else is written yet: the chain of the WAIT is free */

        rc->wait.chain.buf = &rc->greeting;
        rc->wait.chain.next = NULL;

        return &rc->wait.chain;
    }

    rc->wait.chain.buf = &rc->wait.buf;

    first = NULL;
    last = &first;

    if (!ngx_queue_empty(&rc->sent)) {
        q = ngx_queue_last(&rc->sent);
        command = ngx_queue_data(q, civic_redis_command_t, queue);

        if (command->buf.pos != command->buf.last) {
            *last = &command->chain;
            last = &command->chain.next;
        }
    }

    for (q = ngx_queue_head(&rc->unsent);
         q != ngx_queue_sentinel(&rc->unsent);
         q = ngx_queue_next(q))
    {
        command = ngx_queue_data(q, civic_redis_command_t, queue);

        *last = &command->chain;
        last = &command->chain.next;
    }

    *last = NULL;

    return first;
}


/* whatever has a byte on its way may happen */

static void
civic_redis_connection_written(civic_redis_connection_t *rc)
{
    ngx_queue_t            *q;
    civic_redis_command_t  *command;

    while (!ngx_queue_empty(&rc->unsent)) {

        q = ngx_queue_head(&rc->unsent);
        command = ngx_queue_data(q, civic_redis_command_t, queue);

        if (command->buf.pos == command->buf.start) {
            break;
        }

        ngx_queue_remove(q);
        ngx_queue_insert_tail(&rc->sent, q);

        command->place = CIVIC_REDIS_SENT;
    }
}


/*
 * As long as commands are in front of the WAIT, their deadlines are its own;
 * they may all have been given up after they were answered.
 */

void
civic_redis_connection_watch(civic_redis_connection_t *rc)
{
    civic_redis_t  *redis;

    redis = rc->client->redis;

    if (rc->wait.place == CIVIC_REDIS_SENT
        && ngx_queue_head(&rc->sent) == &rc->wait.queue
        && !rc->timer.timer_set)
    {
        ngx_add_timer(&rc->timer, redis->timeout + redis->replicas_timeout
                                  + CIVIC_REDIS_WAIT_LATE);
    }
}


void
civic_redis_connection_drop(civic_redis_connection_t *rc, const char *why)
{
    ngx_uint_t  trouble;

    /* that Redis closes a connection that has nothing to do is its right */

    trouble = why != NULL
              && (rc->state != CIVIC_REDIS_READY
                  || rc->load
                  || rc->wait.place != CIVIC_REDIS_WAITING);

    if (trouble) {
        civic_redis_connection_log(rc, ngx_socket_errno, why);
    }

    civic_redis_connection_lose(rc);

    if (trouble) {
        civic_redis_connection_pause(rc);
        civic_redis_outcome_bad(rc->client);
    }

    civic_redis_client_post(rc->client);
}


static void
civic_redis_connection_lose(civic_redis_connection_t *rc)
{
    ngx_queue_t            *q;
    civic_redis_command_t  *command;

    if (rc->connection != NULL) {
        ngx_close_connection(rc->connection);
        rc->connection = NULL;
    }

    if (rc->reader != NULL) {
        civic_redis_reader_destroy(rc->reader);
        rc->reader = NULL;
    }

    if (rc->timer.timer_set) {
        ngx_del_timer(&rc->timer);
    }

    rc->state = CIVIC_REDIS_DOWN;
    rc->blocked = 0;

    if (rc->wait.place != CIVIC_REDIS_WAITING) {
        ngx_queue_remove(&rc->wait.queue);
        rc->wait.place = CIVIC_REDIS_WAITING;
    }

    while (!ngx_queue_empty(&rc->replied)) {
        q = ngx_queue_head(&rc->replied);
        command = ngx_queue_data(q, civic_redis_command_t, queue);
        civic_redis_outcome_fail(command, command->reply.error
                                         ? CIVIC_REDIS_REFUSED
                                         : CIVIC_REDIS_NOT_DURABLE);
    }

    while (!ngx_queue_empty(&rc->sent)) {
        q = ngx_queue_head(&rc->sent);
        command = ngx_queue_data(q, civic_redis_command_t, queue);
        civic_redis_outcome_fail(command, CIVIC_REDIS_TIMEOUT);
    }

    /* from the last to the first: each goes before the others */

    while (!ngx_queue_empty(&rc->unsent)) {
        q = ngx_queue_last(&rc->unsent);
        command = ngx_queue_data(q, civic_redis_command_t, queue);
        civic_redis_outcome_requeue(command);
    }
}


/* of a row of failures the first is told, the rest only to who asks */

static void
civic_redis_connection_log(civic_redis_connection_t *rc, ngx_err_t err,
    const char *why)
{
    ngx_uint_t             level;
    civic_redis_client_t  *client;

    client = rc->client;
    level = client->failing ? NGX_LOG_INFO : NGX_LOG_ERR;

    if (rc->state != CIVIC_REDIS_CONNECTING) {
        err = 0;
    }

    ngx_log_error(level, ngx_cycle->log, err, "civic redis \"%V\" (%V): %s",
                  &client->redis->name, &client->redis->server, why);

    client->failing = 1;
}


static void
civic_redis_connection_pause(civic_redis_connection_t *rc)
{
    ngx_add_timer(&rc->timer, civic_redis_backoff(++rc->attempts,
                                                  (uint32_t) ngx_random()));
}


void
civic_redis_connection_settle(civic_redis_connection_t *rc)
{
    ngx_uint_t  idle;

    if (rc->connection == NULL) {
        return;
    }

    idle = rc->load == 0
           && rc->wait.place == CIVIC_REDIS_WAITING
           && ngx_queue_empty(&rc->client->waiting[rc->kind]);

    rc->connection->idle = idle;

    if (idle && ngx_exiting) {
        civic_redis_connection_drop(rc, NULL);
    }
}
