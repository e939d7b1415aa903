
/*
 * Copyright (C) Civic Gate
 *
 * Decides when an issuer's keys are fetched, and whether an answer is a set
 * of keys.  One worker fetches, whichever takes the lease in shared memory;
 * all look there once a second, at each token, and often while a request
 * waits for a fetch of another worker.
 *
 *     due, or a token names an unknown key
 *         \_ lease -> call -> good: the set and its version in the zone
 *                        \_ bad: the reason; the last good set stays
 *                                \_ whoever waits is judged once more
 *
 * What a worker knows of a set is not the configuration, though it lives as
 * long.
 */


#include "civic_provider_fresh.h"
#include "civic_provider_wait.h"
#include "civic_provider_zone.h"
#include "civic_status.h"


#define CIVIC_PROVIDER_KEYS_TICK     1000    /* ms */
#define CIVIC_PROVIDER_KEYS_POLL     20      /* ms, while somebody waits */
#define CIVIC_PROVIDER_KEYS_MARGIN   5000    /* ms, to a call's timeout */
#define CIVIC_PROVIDER_KEYS_WAITING  256     /* requests, of one worker */


struct civic_provider_keys_s {
    civic_provider_keys_conf_t   conf;
    civic_provider_zone_t        zone;
    ngx_log_t                   *log;

    /* event ident must be after 3 pointers as in ngx_connection_t */

    ngx_int_t                    ident;

    /* of this worker */

    civic_jose_keyset_t         *set;  /* NULL: none yet */
    uint64_t                     version; /* of the set */
    u_char                       generation[CIVIC_JOSE_DIGEST_LEN];
    ngx_event_t                  timer;
    ngx_queue_t                  waiting; /* civic_provider_wait_t */
    civic_remote_call_t         *call; /* NULL: this worker does not fetch */
    uint64_t                     lease;
};


static ngx_int_t civic_provider_keys_place(
    const civic_provider_keys_conf_t *conf, ngx_pool_t *pool,
    ngx_str_t *place);
static void civic_provider_keys_cleanup(void *data);
static void civic_provider_keys_read(civic_provider_keys_t *keys);
static ngx_int_t civic_provider_keys_mix(const civic_provider_keys_t *keys,
    const ngx_str_t *text, u_char *generation);
static ngx_int_t civic_provider_keys_fetch(civic_provider_keys_t *keys,
    civic_provider_reason_e reason);
static void civic_provider_keys_call(civic_provider_keys_t *keys);
static void civic_provider_keys_done(void *data, ngx_uint_t error,
    const civic_remote_response_t *response);
static ngx_uint_t civic_provider_keys_judge(
    const civic_provider_keys_t *keys, ngx_uint_t error,
    const civic_remote_response_t *response, char *why, size_t size);
static ngx_msec_t civic_provider_keys_next(const civic_provider_keys_t *keys,
    const civic_remote_response_t *response);
static void civic_provider_keys_header(
    const civic_remote_response_t *response, const char *name,
    ngx_str_t *value);
static void civic_provider_keys_bad(civic_provider_keys_t *keys,
    const char *why);
static void civic_provider_keys_tick(ngx_event_t *ev);
static void civic_provider_keys_look(civic_provider_keys_t *keys);
static void civic_provider_keys_wind(civic_provider_keys_t *keys,
    ngx_msec_t timer);


civic_provider_keys_t *
civic_provider_keys_create(ngx_conf_t *cf,
    const civic_provider_keys_conf_t *conf)
{
    ngx_str_t               place;
    ngx_pool_cleanup_t     *cln;
    civic_provider_keys_t  *keys;

    keys = ngx_pcalloc(cf->pool, sizeof(civic_provider_keys_t));
    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (keys == NULL || cln == NULL) {
        return NULL;
    }

    cln->handler = civic_provider_keys_cleanup;
    cln->data = keys;

    keys->conf = *conf;
    keys->ident = -1;

    ngx_queue_init(&keys->waiting);

    if (civic_provider_keys_place(conf, cf->temp_pool, &place) != NGX_OK
        || civic_provider_zone_add(cf, &keys->zone, &conf->name, &place)
           != NGX_OK)
    {
        return NULL;
    }

    return keys;
}


/* all that makes a set of keys the one that is meant */

static ngx_int_t
civic_provider_keys_place(const civic_provider_keys_conf_t *conf,
    ngx_pool_t *pool, ngx_str_t *place)
{
    ngx_str_t  url;

    if (civic_remote_place(conf->remote, pool, &url) != NGX_OK) {
        return NGX_ERROR;
    }

    place->data = ngx_pnalloc(pool, url.len + conf->path.len
                                    + conf->issuer.len + NGX_INT_T_LEN + 2);
    if (place->data == NULL) {
        return NGX_ERROR;
    }

    place->len = ngx_sprintf(place->data, "%V%V %V %ui", &url, &conf->path,
                             &conf->issuer, conf->algorithms)
                 - place->data;

    return NGX_OK;
}


static void
civic_provider_keys_cleanup(void *data)
{
    civic_provider_keys_t  *keys = data;

    civic_jose_keyset_free(keys->set);
}


void
civic_provider_keys_start(civic_provider_keys_t *keys)
{
    keys->log = ngx_cycle->log;

    keys->timer.handler = civic_provider_keys_tick;
    keys->timer.data = keys;
    keys->timer.log = keys->log;
    keys->timer.cancelable = 1;

    ngx_add_timer(&keys->timer, 1);
}


const civic_jose_keyset_t *
civic_provider_keys_get(civic_provider_keys_t *keys)
{
    if (civic_provider_zone_version(&keys->zone) != keys->version) {
        civic_provider_keys_read(keys);
    }

    return keys->set;
}


const u_char *
civic_provider_keys_generation(const civic_provider_keys_t *keys)
{
    return keys->set ? keys->generation : keys->conf.generation;
}


void
civic_provider_keys_state(const civic_provider_keys_t *keys,
    civic_provider_keys_state_t *state)
{
    civic_provider_zone_state(&keys->zone, state);
}


/* where memory is short the set is as it was, and looked at again later */

static void
civic_provider_keys_read(civic_provider_keys_t *keys)
{
    char                  err[CIVIC_PROVIDER_ERROR];
    u_char                generation[CIVIC_JOSE_DIGEST_LEN];
    uint64_t              version;
    ngx_str_t             text;
    ngx_pool_t           *pool;
    civic_jose_keyset_t  *set;

    pool = ngx_create_pool(4096, keys->log);
    if (pool == NULL) {
        return;
    }

    set = NULL;

    if (civic_provider_zone_read(&keys->zone, pool, &text, &version)
        == NGX_OK
        && civic_provider_keys_mix(keys, &text, generation) == NGX_OK)
    {
        set = civic_jose_keyset_parse_public(&text, keys->conf.algorithms,
                                             err, sizeof(err));
    }

    if (set != NULL) {
        civic_jose_keyset_free(keys->set);

        keys->set = set;
        keys->version = version;
        ngx_memcpy(keys->generation, generation, CIVIC_JOSE_DIGEST_LEN);
    }

    ngx_destroy_pool(pool);
}


static ngx_int_t
civic_provider_keys_mix(const civic_provider_keys_t *keys,
    const ngx_str_t *text, u_char *generation)
{
    u_char     both[2 * CIVIC_JOSE_DIGEST_LEN];
    ngx_str_t  mixed;

    ngx_memcpy(both, keys->conf.generation, CIVIC_JOSE_DIGEST_LEN);

    if (civic_jose_digest(text, both + CIVIC_JOSE_DIGEST_LEN) != NGX_OK) {
        return NGX_ERROR;
    }

    mixed.data = both;
    mixed.len = sizeof(both);

    return civic_jose_digest(&mixed, generation);
}


ngx_int_t
civic_provider_keys_wait(civic_provider_keys_t *keys,
    civic_provider_wait_t *wait)
{
    ngx_uint_t    n;
    ngx_queue_t  *q;

    n = 0;

    for (q = ngx_queue_head(&keys->waiting);
         q != ngx_queue_sentinel(&keys->waiting);
         q = ngx_queue_next(q))
    {
        n++;
    }

    if (n >= CIVIC_PROVIDER_KEYS_WAITING) {
        return NGX_DECLINED;
    }

    wait->ended = civic_provider_zone_ended(&keys->zone);

    if (civic_provider_keys_fetch(keys, keys->set ? CIVIC_PROVIDER_ASKED
                                                  : CIVIC_PROVIDER_DUE)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    wait->until = ngx_current_msec + civic_remote_timeout(keys->conf.remote);

    civic_provider_wait_join(wait, &keys->waiting);

    /* not for each: who comes often would put it off for ever */

    if (n == 0) {
        civic_provider_keys_wind(keys, CIVIC_PROVIDER_KEYS_POLL);
    }

    return NGX_AGAIN;
}


/* NGX_OK: one is under way, whoever began it; NGX_DECLINED: none is */

static ngx_int_t
civic_provider_keys_fetch(civic_provider_keys_t *keys,
    civic_provider_reason_e reason)
{
    ngx_int_t  rc;

    if (keys->call != NULL) {
        return NGX_OK;
    }

    rc = civic_provider_zone_take(&keys->zone, reason,
                                  civic_remote_timeout(keys->conf.remote)
                                  + CIVIC_PROVIDER_KEYS_MARGIN,
                                  keys->conf.cooldown, &keys->lease);
    if (rc == NGX_BUSY) {
        return NGX_OK;
    }

    if (rc != NGX_OK) {
        return NGX_DECLINED;
    }

    civic_provider_keys_call(keys);

    return keys->call ? NGX_OK : NGX_DECLINED;
}


static void
civic_provider_keys_call(civic_provider_keys_t *keys)
{
    civic_remote_request_t  request;

    static const ngx_keyval_t  accept = {
        ngx_string("Accept"),
        ngx_string("application/jwk-set+json, application/json")
    };

    static const civic_remote_handlers_t  handlers = {
        civic_provider_keys_done, NULL, NULL
    };

    ngx_memzero(&request, sizeof(civic_remote_request_t));

    ngx_str_set(&request.method, "GET");
    request.path = keys->conf.path;
    request.headers = &accept;
    request.nheaders = 1;

    keys->call = civic_remote_start(keys->conf.remote, &request, &handlers,
                                    keys);
    if (keys->call == NULL) {
        civic_provider_keys_bad(keys, "no memory");
    }
}


static void
civic_provider_keys_done(void *data, ngx_uint_t error,
    const civic_remote_response_t *response)
{
    civic_provider_keys_t  *keys = data;

    char        why[CIVIC_PROVIDER_ERROR];
    ngx_uint_t  n;

    keys->call = NULL;

    n = civic_provider_keys_judge(keys, error, response, why, sizeof(why));

    if (n == 0) {
        civic_provider_keys_bad(keys, why);

    } else {
        civic_status_count(CIVIC_METRIC_KEYS_GOOD, 1);

        if (civic_provider_zone_good(&keys->zone, keys->lease,
                                     &response->body, n,
                                     civic_provider_keys_next(keys,
                                                              response)))
        {
            ngx_log_error(NGX_LOG_NOTICE, keys->log, 0,
                          "civic provider: keys of issuer \"%V\" are fetched "
                          "again", &keys->conf.name);
        }
    }

    civic_provider_keys_look(keys);
}


/* how many keys of use, or 0 and why it is no good */

static ngx_uint_t
civic_provider_keys_judge(const civic_provider_keys_t *keys,
    ngx_uint_t error, const civic_remote_response_t *response, char *why,
    size_t size)
{
    ngx_uint_t            n;
    civic_jose_keyset_t  *set;

    if (error != CIVIC_REMOTE_OK) {
        (void) snprintf(why, size, "%s",
                        (char *) civic_remote_code(error)->data);
        return 0;
    }

    if (response->status != NGX_HTTP_OK) {
        (void) snprintf(why, size, "it answers %d", (int) response->status);
        return 0;
    }

    if (response->body.len > CIVIC_PROVIDER_TEXT_MAX) {
        (void) snprintf(why, size, "it is larger than %d kB",
                        CIVIC_PROVIDER_TEXT_MAX / 1024);
        return 0;
    }

    set = civic_jose_keyset_parse_public(&response->body,
                                         keys->conf.algorithms, why, size);
    if (set == NULL) {
        return 0;
    }

    n = civic_jose_keyset_size(set);
    civic_jose_keyset_free(set);

    return n;
}


static ngx_msec_t
civic_provider_keys_next(const civic_provider_keys_t *keys,
    const civic_remote_response_t *response)
{
    ngx_str_t  cache_control, age;

    civic_provider_keys_header(response, "Cache-Control", &cache_control);
    civic_provider_keys_header(response, "Age", &age);

    return civic_provider_fresh_next(civic_provider_fresh_for(&cache_control,
                                                              &age),
                                     keys->conf.refresh,
                                     keys->conf.cooldown);
}


/* empty: there is none */

static void
civic_provider_keys_header(const civic_remote_response_t *response,
    const char *name, ngx_str_t *value)
{
    ngx_uint_t     i;
    ngx_keyval_t  *header;

    ngx_str_null(value);

    header = response->headers.elts;

    for (i = 0; i < response->headers.nelts; i++) {

        if (header[i].key.len == ngx_strlen(name)
            && ngx_strncasecmp(header[i].key.data, (u_char *) name,
                               header[i].key.len)
               == 0)
        {
            *value = header[i].value;
            return;
        }
    }
}


static void
civic_provider_keys_bad(civic_provider_keys_t *keys, const char *why)
{
    civic_status_count(CIVIC_METRIC_KEYS_FAILED, 1);

    if (civic_provider_zone_bad(&keys->zone, keys->lease, why,
                                keys->conf.cooldown))
    {
        ngx_log_error(NGX_LOG_ERR, keys->log, 0,
                      "civic provider: keys of issuer \"%V\" were not "
                      "fetched from remote \"%V\": %s; %s", &keys->conf.name,
                      civic_remote_name(keys->conf.remote), why,
                      civic_provider_keys_get(keys)
                      ? "the last good ones stay" : "there are none yet");
    }
}


static void
civic_provider_keys_tick(ngx_event_t *ev)
{
    civic_provider_keys_t  *keys;

    keys = ev->data;

    if (!ngx_exiting) {
        (void) civic_provider_keys_fetch(keys, CIVIC_PROVIDER_DUE);
    }

    civic_provider_keys_look(keys);
}


/* the next look is set before anybody is woken */

static void
civic_provider_keys_look(civic_provider_keys_t *keys)
{
    uint64_t                ended;
    ngx_queue_t            *q, *next, ready;
    civic_provider_wait_t  *wait;

    (void) civic_provider_keys_get(keys);

    ended = civic_provider_zone_ended(&keys->zone);

    ngx_queue_init(&ready);

    for (q = ngx_queue_head(&keys->waiting);
         q != ngx_queue_sentinel(&keys->waiting);
         q = next)
    {
        next = ngx_queue_next(q);
        wait = ngx_queue_data(q, civic_provider_wait_t, queue);

        if (wait->ended != ended
            || (ngx_msec_int_t) (wait->until - ngx_current_msec) <= 0)
        {
            civic_provider_wait_leave(wait);
            civic_provider_wait_join(wait, &ready);
        }
    }

    civic_provider_keys_wind(keys, ngx_queue_empty(&keys->waiting)
                                   ? CIVIC_PROVIDER_KEYS_TICK
                                   : CIVIC_PROVIDER_KEYS_POLL);

    civic_provider_wait_wake(&ready);
}


static void
civic_provider_keys_wind(civic_provider_keys_t *keys, ngx_msec_t timer)
{
    if (keys->timer.timer_set) {
        ngx_del_timer(&keys->timer);
    }

    ngx_add_timer(&keys->timer, timer);
}
