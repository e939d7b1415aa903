
/*
 * Copyright (C) Civic Gate
 *
 * API keys: the method "app:key" of civic_auth.  A key comes in X-Api-Key or
 * in Authorization (the scheme "Apikey"), and in one of them.  What is no
 * key by its checksum asks nobody.
 *
 * A key is never logged; its digest is all that leaves this file.
 */


#include "civic_app_conf.h"
#include "civic_app_key.h"
#include "civic_auth_headers.h"
#include "civic_auth_method.h"
#include "civic_jose_digest.h"


/* of the client's request: a header may be gone by the second location */

typedef struct {
    ngx_str_t               key;
    unsigned                seen:1;
    unsigned                bare:1;    /* it came in X-Api-Key */
} civic_app_method_t;


static void *civic_app_method_find(void **main_conf, const ngx_str_t *word);
static ngx_int_t civic_app_method_judge(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_auth_group_t *group,
    civic_auth_verdict_t *verdict);
static ngx_int_t civic_app_method_look(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_auth_group_t *group,
    civic_auth_verdict_t *verdict);
static ngx_int_t civic_app_method_remove(ngx_http_request_t *r,
    civic_ctx_t *ctx);
static ngx_int_t civic_app_method_pass(ngx_http_request_t *r,
    civic_ctx_t *ctx);
static const ngx_str_t *civic_app_method_challenge(civic_problem_e problem);
static civic_app_method_t *civic_app_method_state(ngx_http_request_t *r,
    civic_ctx_t *ctx);
static civic_problem_e civic_app_method_key(ngx_http_request_t *r,
    civic_app_method_t *state);
static ngx_uint_t civic_app_method_is_bare(ngx_table_elt_t *h, void *data);
static ngx_int_t civic_app_method_scheme(ngx_http_request_t *r,
    ngx_str_t *value);


const civic_auth_method_t  civic_app_key_method = {
    civic_app_method_find,
    civic_app_method_judge,
    civic_app_method_remove,
    civic_app_method_pass,
    civic_app_method_challenge,
    NULL
};


static civic_header_name_t  civic_app_method_header =
    civic_header_name("X-Api-Key", "x-api-key");


static void *
civic_app_method_find(void **main_conf, const ngx_str_t *word)
{
    if (word->len != sizeof("app:key") - 1
        || ngx_strncmp(word->data, "app:key", word->len) != 0
        || !civic_app_configured(main_conf))
    {
        return NULL;
    }

    return main_conf[ngx_http_civic_app_module.ctx_index];
}


static ngx_int_t
civic_app_method_judge(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_auth_group_t *group, civic_auth_verdict_t *verdict)
{
    civic_app_method_t  *state;

    state = civic_app_method_state(r, ctx);
    if (state == NULL) {
        return NGX_ERROR;
    }

    verdict->problem = civic_app_method_key(r, state);

    switch (verdict->problem) {

    case CIVIC_OK:
        return civic_app_method_look(r, ctx, group, verdict);

    case CIVIC_CREDENTIALS_MISSING:
        return NGX_DECLINED;

    default:
        return NGX_ABORT;
    }
}


static ngx_int_t
civic_app_method_look(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_auth_group_t *group, civic_auth_verdict_t *verdict)
{
    u_char              buf[CIVIC_JOSE_DIGEST_LEN];
    ngx_int_t           rc;
    ngx_str_t           digest;
    const civic_app_t  *app;

    digest.data = buf;
    digest.len = sizeof(buf);

    if (civic_jose_digest(&civic_app_method_state(r, ctx)->key, buf)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    rc = civic_app_find(r, ctx, CIVIC_APP_BY_KEY, &digest, &app,
                        &verdict->problem);

    if (rc == NGX_DECLINED) {
        return NGX_ABORT;
    }

    if (rc != NGX_OK) {
        return rc;
    }

    verdict->identity = ngx_palloc(r->main->pool, sizeof(civic_identity_t));

    if (verdict->identity == NULL
        || civic_app_identity(app, r->main->pool, verdict->identity)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    verdict->object = *(void **) group->objects.elts;

    /* whoever had to ask has a waiter there */

    verdict->cached =
        (ngx_http_get_module_ctx(r, ngx_http_civic_app_module) == NULL);

    return NGX_OK;
}


static civic_app_method_t *
civic_app_method_state(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    civic_auth_ctx_t  *auth;

    auth = civic_auth_state(r, ctx);
    if (auth == NULL) {
        return NULL;
    }

    if (auth->slots[CIVIC_AUTH_APP_KEY].state == NULL) {
        auth->slots[CIVIC_AUTH_APP_KEY].state =
                        ngx_pcalloc(r->main->pool, sizeof(civic_app_method_t));
    }

    return auth->slots[CIVIC_AUTH_APP_KEY].state;
}


/* CIVIC_OK, CREDENTIALS_MISSING, CREDENTIALS_MALFORMED, KEY_MALFORMED */

static civic_problem_e
civic_app_method_key(ngx_http_request_t *r, civic_app_method_t *state)
{
    ngx_int_t  bare, scheme;
    ngx_str_t  value;

    if (!state->seen) {
        bare = civic_headers_in_find(r, civic_app_method_is_bare, NULL,
                                     &state->key);
        scheme = civic_app_method_scheme(r, &value);

        if (bare == NGX_BUSY || scheme == NGX_BUSY
            || (bare == NGX_OK && scheme == NGX_OK))
        {
            return CIVIC_CREDENTIALS_MALFORMED;
        }

        if (bare != NGX_OK && scheme != NGX_OK) {
            return CIVIC_CREDENTIALS_MISSING;
        }

        if (scheme == NGX_OK) {
            state->key = value;
        }

        state->bare = (bare == NGX_OK);
        state->seen = 1;
    }

    return civic_app_key_check(&state->key) == NGX_OK ? CIVIC_OK
                                                      : CIVIC_KEY_MALFORMED;
}


/* services read "x_api_key" as the same, where nginx lets it pass */

static ngx_uint_t
civic_app_method_is_bare(ngx_table_elt_t *h, void *data)
{
    return h->key.len == sizeof("x-api-key") - 1
           && ngx_memcmp(h->lowcase_key, "x", 1) == 0
           && ngx_memcmp(h->lowcase_key + 2, "api", 3) == 0
           && ngx_memcmp(h->lowcase_key + 6, "key", 3) == 0
           && (h->lowcase_key[1] == '-' || h->lowcase_key[1] == '_')
           && (h->lowcase_key[5] == '-' || h->lowcase_key[5] == '_');
}


static ngx_int_t
civic_app_method_scheme(ngx_http_request_t *r, ngx_str_t *value)
{
    ngx_int_t  rc;

    static const ngx_str_t  scheme = ngx_string("apikey ");

    rc = civic_auth_headers_find(r, value);

    if (rc != NGX_OK) {
        return rc;
    }

    if (value->len < scheme.len
        || ngx_strncasecmp(value->data, scheme.data, scheme.len) != 0)
    {
        return NGX_DECLINED;
    }

    value->data += scheme.len;
    value->len -= scheme.len;

    while (value->len && *value->data == ' ') {
        value->data++;
        value->len--;
    }

    return NGX_OK;
}


static ngx_int_t
civic_app_method_remove(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    civic_app_method_t  *state;

    state = civic_app_method_state(r, ctx);

    if (!state->bare) {
        return civic_auth_headers_credential_remove(r);
    }

    return civic_headers_in_remove(r, civic_app_method_is_bare, NULL);
}


/* a key that came in Authorization and was taken goes on as X-Api-Key */

static ngx_int_t
civic_app_method_pass(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    ngx_str_t            value;
    civic_app_method_t  *state;

    state = civic_app_method_state(r, ctx);

    if (civic_headers_in_find(r, civic_app_method_is_bare, NULL, &value)
        != NGX_DECLINED
        || (!state->bare && r->headers_in.authorization != NULL))
    {
        return NGX_OK;
    }

    return civic_headers_in_add(r, &civic_app_method_header, &state->key);
}


static const ngx_str_t *
civic_app_method_challenge(civic_problem_e problem)
{
    static ngx_str_t  missing = ngx_string("Apikey realm=\"civic\"");

    return (civic_problems[problem].status == NGX_HTTP_UNAUTHORIZED)
           ? &missing : NULL;
}
