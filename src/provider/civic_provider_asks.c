
/*
 * Copyright (C) Civic Gate
 *
 * Questions about tokens (RFC 7662): one call for each token and worker,
 * whoever asks about the same token meanwhile waits for the same answer.
 * An answer is a JSON object with "active"; whether it is true, and what else
 * is said, is not judged here.  No token is logged.
 */


#include "civic_provider_wait.h"
#include "civic_json.h"


#define CIVIC_PROVIDER_ASKS_MAX     CIVIC_JOSE_MAX_TOKEN  /* of an answer */
#define CIVIC_PROVIDER_ASKS_SILENT  1000     /* ms */


struct civic_provider_asks_s {
    civic_provider_asks_conf_t   conf;

    /* of this worker */

    ngx_queue_t                  flights; /* civic_provider_flight_t */
    char                         why[CIVIC_PROVIDER_ERROR]; /* it failed */
    ngx_msec_t                   told; /* the log, that */
};


typedef struct {
    ngx_queue_t                  queue;
    civic_provider_asks_t       *asks;
    ngx_pool_t                  *pool;
    u_char                       digest[CIVIC_JOSE_DIGEST_LEN];
    ngx_queue_t                  waiting; /* civic_provider_wait_t */
} civic_provider_flight_t;


static civic_provider_flight_t *civic_provider_asks_find(
    civic_provider_asks_t *asks, const u_char *digest);
static civic_provider_flight_t *civic_provider_asks_begin(
    civic_provider_asks_t *asks, const u_char *digest,
    const ngx_str_t *token);
static ngx_int_t civic_provider_asks_call(civic_provider_flight_t *flight,
    const ngx_str_t *token);
static ngx_int_t civic_provider_asks_form(ngx_pool_t *pool,
    const ngx_str_t *token, ngx_str_t *form);
static void civic_provider_asks_done(void *data, ngx_uint_t error,
    const civic_remote_response_t *response);
static ngx_uint_t civic_provider_asks_good(ngx_uint_t error,
    const civic_remote_response_t *response, char *why, size_t size);
static void civic_provider_asks_tell(civic_provider_asks_t *asks,
    const char *why);


civic_provider_asks_t *
civic_provider_asks_create(ngx_conf_t *cf,
    const civic_provider_asks_conf_t *conf)
{
    civic_provider_asks_t  *asks;

    asks = ngx_pcalloc(cf->pool, sizeof(civic_provider_asks_t));
    if (asks == NULL) {
        return NULL;
    }

    asks->conf = *conf;

    ngx_queue_init(&asks->flights);

    return asks;
}


ngx_int_t
civic_provider_asks_start(civic_provider_asks_t *asks,
    civic_provider_wait_t *wait, const u_char *digest,
    const ngx_str_t *token)
{
    civic_provider_flight_t  *flight;

    flight = civic_provider_asks_find(asks, digest);

    if (flight == NULL) {
        flight = civic_provider_asks_begin(asks, digest, token);
    }

    if (flight == NULL) {
        return NGX_ERROR;
    }

    ngx_str_null(&wait->answer);

    civic_provider_wait_join(wait, &flight->waiting);

    return NGX_AGAIN;
}


static civic_provider_flight_t *
civic_provider_asks_find(civic_provider_asks_t *asks, const u_char *digest)
{
    ngx_queue_t              *q;
    civic_provider_flight_t  *flight;

    for (q = ngx_queue_head(&asks->flights);
         q != ngx_queue_sentinel(&asks->flights);
         q = ngx_queue_next(q))
    {
        flight = ngx_queue_data(q, civic_provider_flight_t, queue);

        if (ngx_memcmp(flight->digest, digest, CIVIC_JOSE_DIGEST_LEN) == 0) {
            return flight;
        }
    }

    return NULL;
}


/* a flight has a pool of its own: whoever began it may leave */

static civic_provider_flight_t *
civic_provider_asks_begin(civic_provider_asks_t *asks, const u_char *digest,
    const ngx_str_t *token)
{
    ngx_pool_t               *pool;
    civic_provider_flight_t  *flight;

    pool = ngx_create_pool(1024, ngx_cycle->log);
    if (pool == NULL) {
        return NULL;
    }

    flight = ngx_pcalloc(pool, sizeof(civic_provider_flight_t));

    if (flight != NULL) {
        flight->asks = asks;
        flight->pool = pool;
        ngx_memcpy(flight->digest, digest, CIVIC_JOSE_DIGEST_LEN);
        ngx_queue_init(&flight->waiting);
    }

    if (flight == NULL || civic_provider_asks_call(flight, token) != NGX_OK) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    ngx_queue_insert_tail(&asks->flights, &flight->queue);

    return flight;
}


static ngx_int_t
civic_provider_asks_call(civic_provider_flight_t *flight,
    const ngx_str_t *token)
{
    civic_remote_request_t  request;

    static const ngx_keyval_t  headers[] = {
        { ngx_string("Accept"), ngx_string("application/json") },
        { ngx_string("Content-Type"),
          ngx_string("application/x-www-form-urlencoded") }
    };

    static const civic_remote_handlers_t  handlers = {
        civic_provider_asks_done, NULL, NULL
    };

    ngx_memzero(&request, sizeof(civic_remote_request_t));

    if (civic_provider_asks_form(flight->pool, token, &request.body)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_str_set(&request.method, "POST");
    request.path = flight->asks->conf.path;
    request.headers = headers;
    request.nheaders = 2;

    return civic_remote_start(flight->asks->conf.remote, &request, &handlers,
                              flight)
           ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
civic_provider_asks_form(ngx_pool_t *pool, const ngx_str_t *token,
    ngx_str_t *form)
{
    u_char     *p;
    uintptr_t   escaped;

    static const ngx_str_t  name = ngx_string("token=");
    static const ngx_str_t  hint = ngx_string("&token_type_hint=access_token");

    escaped = ngx_escape_uri(NULL, token->data, token->len,
                             NGX_ESCAPE_URI_COMPONENT);

    form->len = name.len + token->len + 2 * escaped + hint.len;

    form->data = ngx_pnalloc(pool, form->len);
    if (form->data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(form->data, name.data, name.len);
    p = (u_char *) ngx_escape_uri(p, token->data, token->len,
                                  NGX_ESCAPE_URI_COMPONENT);
    ngx_memcpy(p, hint.data, hint.len);

    return NGX_OK;
}


/*
 * The flight is over before anybody is woken: who asks again begins another.
 * Each who waits has the answer in his own pool.
 */

static void
civic_provider_asks_done(void *data, ngx_uint_t error,
    const civic_remote_response_t *response)
{
    civic_provider_flight_t  *flight = data;

    char                    why[CIVIC_PROVIDER_ERROR];
    ngx_uint_t              good;
    ngx_queue_t            *q;
    civic_provider_wait_t  *wait;

    ngx_queue_remove(&flight->queue);

    good = civic_provider_asks_good(error, response, why, sizeof(why));

    civic_provider_asks_tell(flight->asks, good ? "" : why);

    for (q = ngx_queue_head(&flight->waiting);
         good && q != ngx_queue_sentinel(&flight->waiting);
         q = ngx_queue_next(q))
    {
        wait = ngx_queue_data(q, civic_provider_wait_t, queue);

        wait->answer.len = response->body.len;
        wait->answer.data = ngx_pstrdup(wait->request->pool,
                                        (ngx_str_t *) &response->body);
    }

    civic_provider_wait_wake(&flight->waiting);

    ngx_destroy_pool(flight->pool);
}


static ngx_uint_t
civic_provider_asks_good(ngx_uint_t error,
    const civic_remote_response_t *response, char *why, size_t size)
{
    ngx_uint_t     active;
    civic_json_t  *answer;

    if (error != CIVIC_REMOTE_OK) {
        (void) snprintf(why, size, "%s",
                        (char *) civic_remote_code(error)->data);
        return 0;
    }

    if (response->status != NGX_HTTP_OK) {
        (void) snprintf(why, size, "it answers %d", (int) response->status);
        return 0;
    }

    if (response->body.len == 0
        || response->body.len > CIVIC_PROVIDER_ASKS_MAX)
    {
        (void) snprintf(why, size, "its answer has %d bytes, and not 1 to %d",
                        (int) response->body.len, CIVIC_PROVIDER_ASKS_MAX);
        return 0;
    }

    answer = civic_json_parse(&response->body, CIVIC_PROVIDER_ASKS_MAX, NULL,
                              0);

    if (civic_json_boolean(civic_json_member(answer, "active"), &active)
        != NGX_OK)
    {
        civic_json_free(answer);

        (void) snprintf(why, size, "its answer has no \"active\"");
        return 0;
    }

    civic_json_free(answer);

    return 1;
}


/*
 * Once for each reason, since every request may be such a one; and where
 * reasons alternate, as with some calls too many, once a second.
 */

static void
civic_provider_asks_tell(civic_provider_asks_t *asks, const char *why)
{
    if (strcmp(asks->why, why) == 0
        || ngx_current_msec - asks->told < CIVIC_PROVIDER_ASKS_SILENT)
    {
        return;
    }

    asks->told = ngx_current_msec;

    (void) snprintf(asks->why, sizeof(asks->why), "%s", why);

    if (*why) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "civic provider: remote \"%V\" cannot be asked about "
                      "tokens of issuer \"%V\": %s",
                      civic_remote_name(asks->conf.remote), &asks->conf.name,
                      why);

    } else {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "civic provider: remote \"%V\" answers again about "
                      "tokens of issuer \"%V\"",
                      civic_remote_name(asks->conf.remote),
                      &asks->conf.name);
    }
}
