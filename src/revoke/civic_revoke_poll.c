
/*
 * Copyright (C) Civic Gate
 *
 * Reading the list: one worker of the gate asks Redis every interval for
 * what has changed, the one that holds the lease.  When it dies, or hangs,
 * the lease ends and another takes its place.  Nothing is lost if two of
 * them read: a page is applied to the version that it continues, or not at
 * all.
 */


#include "civic_revoke_conf.h"


static void civic_revoke_poll_tick(ngx_event_t *ev);
static ngx_uint_t civic_revoke_poll_lease(civic_revoke_zone_t *zone);
static void civic_revoke_poll_send(void);
static void civic_revoke_poll_handler(void *data, ngx_uint_t error,
    const civic_value_t *reply);
static void civic_revoke_poll_failed(const char *why);


/* of this worker */

static struct {
    ngx_event_t                event;
    ngx_connection_t           dummy;
    civic_revoke_main_conf_t  *rmcf;
    civic_redis_command_t     *command;  /* NULL: none is on its way */
    uint64_t                   since;  /* what it asks for */
    uint64_t                   owner;  /* of the zone, as it started */
    unsigned                   again:1; /* something changed meanwhile */
    unsigned                   failing:1; /* and it was said */
} civic_revoke_poll;


void
civic_revoke_poll_start(ngx_cycle_t *cycle, civic_revoke_main_conf_t *rmcf)
{
    civic_revoke_poll.rmcf = rmcf;
    civic_revoke_poll.owner = civic_revoke_zone_get(rmcf)->owner;

    /* an event's log and data are looked at when it is cancelable */

    civic_revoke_poll.dummy.fd = (ngx_socket_t) -1;

    civic_revoke_poll.event.handler = civic_revoke_poll_tick;
    civic_revoke_poll.event.data = &civic_revoke_poll.dummy;
    civic_revoke_poll.event.log = cycle->log;
    civic_revoke_poll.event.cancelable = 1;

    ngx_add_timer(&civic_revoke_poll.event, 1);
}


/*
 * A worker that leaves goes on for the requests that it has yet, unless the
 * zone is the next configuration's: that one may read another Redis.
 */

static void
civic_revoke_poll_tick(ngx_event_t *ev)
{
    civic_revoke_zone_t  *zone;

    zone = civic_revoke_zone_get(civic_revoke_poll.rmcf);

    if (ngx_exiting && zone->owner != civic_revoke_poll.owner) {
        return;
    }

    if (civic_revoke_poll.command == NULL && civic_revoke_poll_lease(zone)) {
        civic_revoke_poll_send();
    }

    ngx_add_timer(ev, civic_revoke_poll.rmcf->interval);
}


/* ours already, or anybody's since it has ended */

static ngx_uint_t
civic_revoke_poll_lease(civic_revoke_zone_t *zone)
{
    uint64_t  until, now;

    now = ngx_current_msec;
    until = __atomic_load_n(&zone->lease, __ATOMIC_ACQUIRE);

    if (now < until
        && __atomic_load_n(&zone->holder, __ATOMIC_RELAXED)
           != (uint64_t) ngx_pid)
    {
        return 0;
    }

    if (!__atomic_compare_exchange_n(&zone->lease, &until,
                                     now + 2 * civic_revoke_poll.rmcf->interval,
                                     0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
    {
        return 0;
    }

    __atomic_store_n(&zone->holder, (uint64_t) ngx_pid, __ATOMIC_RELAXED);

    return 1;
}


void
civic_revoke_poll_now(void)
{
    if (civic_revoke_poll.rmcf == NULL) {
        return;
    }

    if (civic_revoke_poll.command != NULL) {
        civic_revoke_poll.again = 1;
        return;
    }

    civic_revoke_poll_send();
}


static void
civic_revoke_poll_send(void)
{
    u_char     version[NGX_INT64_LEN], limit[NGX_INT64_LEN];
    ngx_str_t  args[2];

    civic_revoke_poll.again = 0;

    civic_revoke_poll.since = civic_revoke_zone_version(
                              civic_revoke_zone_get(civic_revoke_poll.rmcf));

    args[0].data = version;
    args[0].len = ngx_sprintf(version, "%uL", civic_revoke_poll.since)
                  - version;
    args[1].data = limit;
    args[1].len = ngx_sprintf(limit, "%d", CIVIC_REVOKE_PAGE) - limit;

    civic_revoke_poll.command =
        civic_revoke_records_run(civic_revoke_poll.rmcf->redis,
                                 CIVIC_REVOKE_READ, args,
                                 civic_revoke_poll_handler, NULL);

    if (civic_revoke_poll.command == NULL) {
        civic_revoke_poll_failed("no memory");
    }
}


static void
civic_revoke_poll_handler(void *data, ngx_uint_t error,
    const civic_value_t *reply)
{
    ngx_int_t             rc;
    civic_revoke_zone_t  *zone;

    civic_revoke_poll.command = NULL;
    zone = civic_revoke_zone_get(civic_revoke_poll.rmcf);

    if (error != CIVIC_REDIS_OK) {
        civic_revoke_poll_failed(error == CIVIC_REDIS_REFUSED
                                 ? "Redis refuses" : "Redis does not answer");
        return;
    }

    rc = civic_revoke_zone_apply(zone, civic_revoke_poll.since, reply,
                                 ngx_cycle->log);

    if (rc == NGX_DECLINED) {
        civic_revoke_poll_failed("what Redis answers makes no sense");
        return;
    }

    (void) __atomic_fetch_add(&zone->reads, 1, __ATOMIC_RELAXED);
    civic_revoke_poll.failing = 0;

    if (rc == NGX_AGAIN || civic_revoke_poll.again) {
        civic_revoke_poll_send();
    }
}


/* once in a row: the age of the list tells the rest */

static void
civic_revoke_poll_failed(const char *why)
{
    (void) __atomic_fetch_add(
               &civic_revoke_zone_get(civic_revoke_poll.rmcf)->failures, 1,
               __ATOMIC_RELAXED);

    civic_revoke_poll.again = 0;

    if (civic_revoke_poll.failing) {
        return;
    }

    civic_revoke_poll.failing = 1;

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "civic revoke: %s: the list of revocations grows old", why);
}
