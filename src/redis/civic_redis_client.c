
/*
 * Copyright (C) Civic Gate
 *
 * Commands in: whether one may go, where it waits, and which connection
 * takes it.  Nothing is written and no handler runs within
 * civic_redis_send(): what came in during one turn of the event loop is
 * bound to connections and written together at its end.
 */


#include "civic_redis_client.h"
#include "civic_redis_format.h"


static civic_redis_command_t *civic_redis_client_submit(civic_redis_t *redis,
    const ngx_str_t *head, ngx_uint_t nhead,
    const civic_redis_script_t *script, const civic_redis_request_t *request);
static ngx_int_t civic_redis_client_start(civic_redis_t *redis);
static ngx_uint_t civic_redis_client_judge(const ngx_str_t *head,
    ngx_uint_t nhead, const civic_redis_request_t *request, size_t *size);
static ngx_uint_t civic_redis_client_admit(civic_redis_client_t *client,
    civic_redis_command_t *command);
static void civic_redis_client_resume(civic_redis_client_t *client);
static void civic_redis_client_flush(ngx_event_t *ev);
static void civic_redis_client_flush_kind(civic_redis_client_t *client,
    ngx_uint_t kind);
static civic_redis_connection_t *civic_redis_client_choose(
    civic_redis_client_t *client, ngx_uint_t kind);


civic_redis_command_t *
civic_redis_send(civic_redis_t *redis, const civic_redis_request_t *request)
{
    return civic_redis_client_submit(redis, NULL, 0, NULL, request);
}


civic_redis_command_t *
civic_redis_eval(civic_redis_t *redis, const civic_redis_script_t *script,
    ngx_uint_t nkeys, const civic_redis_request_t *request)
{
    u_char     keys[NGX_INT_T_LEN];
    ngx_str_t  head[3];

    ngx_str_set(&head[0], "EVALSHA");

    head[1].data = (u_char *) script->sha1;
    head[1].len = sizeof(script->sha1);

    head[2].data = keys;
    head[2].len = ngx_sprintf(keys, "%ui", nkeys) - keys;

    return civic_redis_client_submit(redis, head, 3, script, request);
}


void
civic_redis_cancel(civic_redis_command_t *command)
{
    civic_redis_client_t  *client;

    client = command->client;

    if (command->place == CIVIC_REDIS_TOLD) {
        return;
    }

    if (command->place == CIVIC_REDIS_SENT) {
        command->handler = NULL;
        return;
    }

    if (command->probe) {
        civic_redis_breaker_forget(&client->breaker);
    }

    civic_redis_outcome_take(command);
    civic_redis_command_free(command);

    civic_redis_client_post(client);
}


static civic_redis_command_t *
civic_redis_client_submit(civic_redis_t *redis, const ngx_str_t *head,
    ngx_uint_t nhead, const civic_redis_script_t *script,
    const civic_redis_request_t *request)
{
    size_t                  size;
    ngx_uint_t              error;
    civic_redis_client_t   *client;
    civic_redis_command_t  *command;

    client = redis->client;

    if (!client->started && civic_redis_client_start(redis) != NGX_OK) {
        return NULL;
    }

    error = civic_redis_client_judge(head, nhead, request, &size);

    command = civic_redis_command_create(client, head, nhead, request, size);
    if (command == NULL) {
        return NULL;
    }

    command->script = script;

    if (error == CIVIC_REDIS_OK) {
        error = civic_redis_client_admit(client, command);
    }

    if (error != CIVIC_REDIS_OK) {
        civic_redis_outcome_finish(command, error);
        return command;
    }

    client->commands++;
    client->bytes += command->size;

    ngx_queue_insert_tail(&client->waiting[command->kind], &command->queue);

    civic_redis_client_post(client);

    return command;
}


static ngx_int_t
civic_redis_client_start(civic_redis_t *redis)
{
    ngx_uint_t                 i, n, kind;
    civic_redis_client_t      *client;
    civic_redis_connection_t  *rc;

    client = redis->client;

    n = civic_redis_client_connections(redis, CIVIC_REDIS_PLAIN)
        + civic_redis_client_connections(redis, CIVIC_REDIS_DURABLE);

    rc = ngx_calloc(n * sizeof(civic_redis_connection_t), ngx_cycle->log);
    if (rc == NULL) {
        return NGX_ERROR;
    }

    client->redis = redis;
    client->breaker.limit = redis->failures;
    client->breaker.cooldown = redis->cooldown;

    ngx_queue_init(&client->done);

    client->flush.handler = civic_redis_client_flush;
    client->flush.data = client;
    client->flush.log = ngx_cycle->log;

    client->deliver.handler = civic_redis_outcome_deliver;
    client->deliver.data = client;
    client->deliver.log = ngx_cycle->log;

    for (kind = 0; kind < CIVIC_REDIS_KINDS; kind++) {

        ngx_queue_init(&client->waiting[kind]);

        client->connections[kind] = rc;
        n = civic_redis_client_connections(redis, kind);

        for (i = 0; i < n; i++) {
            civic_redis_connection_init(rc++, client, kind);
        }
    }

    client->started = 1;

    return NGX_OK;
}


ngx_uint_t
civic_redis_client_connections(const civic_redis_t *redis, ngx_uint_t kind)
{
    return kind == CIVIC_REDIS_DURABLE && redis->replicas == 0
           ? 0 : redis->connections;
}


/* `size` is 0 where the command will not be sent */

static ngx_uint_t
civic_redis_client_judge(const ngx_str_t *head, ngx_uint_t nhead,
    const civic_redis_request_t *request, size_t *size)
{
    size_t  first, rest;

    *size = 0;

    if (nhead == 0
        && (request->argc == 0
            || !civic_redis_format_shared(&request->argv[0])))
    {
        return CIVIC_REDIS_REFUSED;
    }

    first = civic_redis_format_size(head, nhead, CIVIC_REDIS_MAX_COMMAND);
    rest = civic_redis_format_size(request->argv, request->argc,
                                   CIVIC_REDIS_MAX_COMMAND);

    if ((rest == 0 && request->argc)
        || first + rest > CIVIC_REDIS_MAX_COMMAND)
    {
        return CIVIC_REDIS_TOO_LARGE;
    }

    *size = CIVIC_REDIS_HEADER + first + rest;

    return CIVIC_REDIS_OK;
}


static ngx_uint_t
civic_redis_client_admit(civic_redis_client_t *client,
    civic_redis_command_t *command)
{
    if (client->commands >= CIVIC_REDIS_MAX_QUEUED
        || command->size > CIVIC_REDIS_MAX_BYTES - client->bytes)
    {
        return CIVIC_REDIS_UNAVAILABLE;
    }

    switch (civic_redis_breaker_pass(&client->breaker, ngx_current_msec)) {

    case NGX_OK:
        return CIVIC_REDIS_OK;

    case NGX_AGAIN:
        command->probe = 1;
        civic_redis_client_resume(client);
        return CIVIC_REDIS_OK;

    default: /* NGX_DECLINED */
        return CIVIC_REDIS_UNAVAILABLE;
    }
}


/* the breaker paused long enough: the probe need not wait for more */

static void
civic_redis_client_resume(civic_redis_client_t *client)
{
    ngx_uint_t                 i, kind;
    civic_redis_connection_t  *rc;

    for (kind = 0; kind < CIVIC_REDIS_KINDS; kind++) {

        i = civic_redis_client_connections(client->redis, kind);

        while (i--) {
            rc = &client->connections[kind][i];

            if (rc->state == CIVIC_REDIS_DOWN && rc->timer.timer_set) {
                ngx_del_timer(&rc->timer);
            }
        }
    }
}


void
civic_redis_client_post(civic_redis_client_t *client)
{
    if (!client->flush.posted) {
        ngx_post_event(&client->flush, &ngx_posted_events);
    }
}


static void
civic_redis_client_flush(ngx_event_t *ev)
{
    civic_redis_client_t  *client = ev->data;

    ngx_uint_t  kind;

    for (kind = 0; kind < CIVIC_REDIS_KINDS; kind++) {
        civic_redis_client_flush_kind(client, kind);
    }
}


static void
civic_redis_client_flush_kind(civic_redis_client_t *client, ngx_uint_t kind)
{
    ngx_uint_t                 i, n;
    ngx_queue_t               *waiting;
    civic_redis_connection_t  *rc;

    waiting = &client->waiting[kind];
    n = civic_redis_client_connections(client->redis, kind);

    while (!ngx_queue_empty(waiting)) {

        rc = civic_redis_client_choose(client, kind);
        if (rc == NULL) {
            break;
        }

        civic_redis_connection_bind(rc, ngx_queue_data(ngx_queue_head(waiting),
                                                       civic_redis_command_t,
                                                       queue));
    }

    for (i = 0; i < n; i++) {
        rc = &client->connections[kind][i];

        if (rc->state == CIVIC_REDIS_READY && !rc->blocked) {
            civic_redis_connection_flush(rc);

        } else if (rc->state == CIVIC_REDIS_DOWN && !rc->timer.timer_set
                   && !ngx_queue_empty(waiting))
        {
            civic_redis_connection_open(rc);
        }

        civic_redis_connection_settle(rc);
    }
}


/* a durable connection takes no more until the WAIT of its batch returned */

static civic_redis_connection_t *
civic_redis_client_choose(civic_redis_client_t *client, ngx_uint_t kind)
{
    ngx_uint_t                 i, n;
    civic_redis_connection_t  *rc, *best;

    best = NULL;
    n = civic_redis_client_connections(client->redis, kind);

    for (i = 0; i < n; i++) {
        rc = &client->connections[kind][i];

        if (rc->state != CIVIC_REDIS_READY || rc->blocked) {
            continue;
        }

        if (kind == CIVIC_REDIS_DURABLE
            && (rc->wait.place != CIVIC_REDIS_WAITING
                || rc->load >= CIVIC_REDIS_MAX_BATCH))
        {
            continue;
        }

        if (best == NULL || rc->load < best->load) {
            best = rc;
        }
    }

    return best;
}
