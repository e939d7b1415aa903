
/*
 * Copyright (C) Civic Gate
 *
 * A signature serves once.  What makes it unlike others is used up, last
 * of all checks: in shared memory, for the workers of this gate, or in
 * Redis, for all gates.  Who cannot tell refuses.
 */


#include "civic_sign.h"
#include "civic_jose_digest.h"
#include "civic_wait.h"


#define CIVIC_SIGN_NONCE_KEY  (sizeof("civic:nonce:") - 1                     \
                               + 2 * CIVIC_JOSE_DIGEST_LEN)

/* s; workers of before a reload answer what they have begun with */

#define CIVIC_SIGN_NONCE_LEAVING  10


static civic_sign_main_conf_t *civic_sign_nonce_before(ngx_conf_t *cf);
static void civic_sign_nonce_begin(civic_sign_main_conf_t *smcf,
    const civic_sign_main_conf_t *osmcf);
static ngx_uint_t civic_sign_nonce_former(const civic_sign_main_conf_t *smcf,
    const civic_sign_claim_t *claim);
static ngx_int_t civic_sign_nonce_text(ngx_http_request_t *r,
    const civic_sign_claim_t *claim, ngx_str_t *text);
static ngx_int_t civic_sign_nonce_send(ngx_http_request_t *r,
    civic_sign_state_t *state, civic_redis_t *redis, const ngx_str_t *text,
    time_t expires);
static void civic_sign_nonce_handler(void *data, ngx_uint_t error,
    const civic_value_t *reply);
static void civic_sign_nonce_cleanup(void *data);


void
civic_sign_nonce_inherit(ngx_conf_t *cf, civic_sign_main_conf_t *smcf)
{
    ngx_uint_t               i;
    civic_sign_former_t     *former, *before;
    civic_sign_main_conf_t  *osmcf;

    osmcf = civic_sign_nonce_before(cf);
    if (osmcf == NULL) {
        return;
    }

    civic_sign_nonce_begin(smcf, osmcf);

    for (i = 0; i < CIVIC_SIGN_BITS; i++) {
        former = &smcf->former[i];
        before = &osmcf->former[i];

        /* what nobody accepts now may be accepted again after a reload */

        if (smcf->longest[i].window == 0) {
            smcf->longest[i] = osmcf->longest[i];
        }

        /* until nothing is left that was signed then */

        if (before->until + smcf->longest[i].window >= ngx_time()) {
            *former = *before;
        }

        if (osmcf->longest[i].window == 0
            || osmcf->longest[i].window >= smcf->longest[i].window)
        {
            continue;
        }

        /* of two reloads, the shorter window for all until the second */

        former->window = former->until
                         ? ngx_min(former->window, osmcf->longest[i].window)
                         : osmcf->longest[i].window;

        former->until = ngx_time() + osmcf->longest[i].ahead
                        + CIVIC_SIGN_NONCE_LEAVING;
    }
}


/* NULL: nginx starts, or its former configuration knew nothing of us */

static civic_sign_main_conf_t *
civic_sign_nonce_before(ngx_conf_t *cf)
{
    ngx_uint_t    i;
    ngx_cycle_t  *old;

    old = cf->cycle->old_cycle;

    if (old == NULL || ngx_is_init_cycle(old)) {
        return NULL;
    }

    for (i = 0; old->modules[i]; i++) {

        if (old->modules[i] == &ngx_http_civic_sign_module) {
            return ngx_http_cycle_get_module_main_conf(old,
                                                  ngx_http_civic_sign_module);
        }
    }

    return NULL;
}


/* another Redis, or Redis in the place of a zone, which knows when it began */

static void
civic_sign_nonce_begin(civic_sign_main_conf_t *smcf,
    const civic_sign_main_conf_t *osmcf)
{
    ngx_uint_t        i;
    const ngx_str_t  *name, *former;

    name = &smcf->redis_name;
    former = &osmcf->redis_name;

    smcf->began = osmcf->began;

    if (smcf->redis == NULL
        || (osmcf->redis == NULL && osmcf->zone == NULL)
        || (name->len == former->len
            && ngx_memcmp(name->data, former->data, name->len) == 0))
    {
        return;
    }

    for (i = 0; i < CIVIC_SIGN_BITS; i++) {
        smcf->began = ngx_max(smcf->began,
                              ngx_time() + osmcf->longest[i].ahead);
    }
}


/* true: its nonce may have been used and forgotten */

static ngx_uint_t
civic_sign_nonce_former(const civic_sign_main_conf_t *smcf,
    const civic_sign_claim_t *claim)
{
    const civic_sign_former_t  *former;

    former = &smcf->former[claim->scheme->bit];

    return claim->created <= (int64_t) former->until
           && claim->created + former->window < (int64_t) ngx_time();
}


ngx_int_t
civic_sign_nonce_use(ngx_http_request_t *r, civic_sign_state_t *state)
{
    time_t                   expires;
    ngx_str_t                text;
    civic_sign_main_conf_t  *smcf;

    if (state->command != NULL) {
        return civic_wait_join(r, &state->waiting) == NGX_DONE ? NGX_AGAIN
                                                               : NGX_ERROR;
    }

    if (state->asked) {
        state->problem = state->nonce;
        return (state->problem == CIVIC_OK) ? NGX_OK : NGX_DECLINED;
    }

    /* the body may have taken its time */

    state->problem = civic_sign_scheme_clock(&state->claim, state->rules,
                                             ngx_time());
    if (state->problem != CIVIC_OK) {
        return NGX_DECLINED;
    }

    smcf = ngx_http_get_module_main_conf(r, ngx_http_civic_sign_module);

    if (state->claim.created <= (int64_t) smcf->began) {
        state->problem = CIVIC_SIGNATURE_BEFORE_START;
        return NGX_DECLINED;
    }

    if (civic_sign_nonce_former(smcf, &state->claim)) {
        state->problem = CIVIC_SIGNATURE_STALE;
        return NGX_DECLINED;
    }

    if (civic_sign_nonce_text(r, &state->claim, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    /* the last second in which the same signature would do anywhere */

    expires = (time_t) state->claim.created
              + smcf->longest[state->claim.scheme->bit].window;

    if (smcf->redis != NULL) {
        return civic_sign_nonce_send(r, state, smcf->redis, &text, expires);
    }

    state->problem = civic_sign_zone_use(smcf, state, &text, expires,
                                         r->connection->log);

    return (state->problem == CIVIC_OK) ? NGX_OK : NGX_DECLINED;
}


/* SCHEME NUL KEYID NUL NONCE: of two keys or schemes none is the same */

static ngx_int_t
civic_sign_nonce_text(ngx_http_request_t *r, const civic_sign_claim_t *claim,
    ngx_str_t *text)
{
    u_char  *p;

    text->len = claim->scheme->name.len + claim->keyid.len
                + claim->nonce.len + 2;

    p = ngx_pnalloc(r->pool, text->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    text->data = p;

    p = ngx_cpymem(p, claim->scheme->name.data, claim->scheme->name.len);
    *p++ = '\0';
    p = ngx_cpymem(p, claim->keyid.data, claim->keyid.len);
    *p++ = '\0';
    ngx_memcpy(p, claim->nonce.data, claim->nonce.len);

    return NGX_OK;
}


static ngx_int_t
civic_sign_nonce_send(ngx_http_request_t *r, civic_sign_state_t *state,
    civic_redis_t *redis, const ngx_str_t *text, time_t expires)
{
    u_char                 *p, key[CIVIC_SIGN_NONCE_KEY], ttl[NGX_INT64_LEN];
    u_char                  digest[CIVIC_JOSE_DIGEST_LEN];
    ngx_str_t               argv[6];
    ngx_pool_cleanup_t     *cln;
    civic_redis_request_t   request;

    if (civic_jose_digest(text, digest) != NGX_OK) {
        return NGX_ERROR;
    }

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = civic_sign_nonce_cleanup;
    cln->data = state;

    p = ngx_cpymem(key, "civic:nonce:", sizeof("civic:nonce:") - 1);
    (void) ngx_hex_dump(p, digest, CIVIC_JOSE_DIGEST_LEN);

    ngx_str_set(&argv[0], "SET");
    argv[1].data = key;
    argv[1].len = sizeof(key);
    ngx_str_set(&argv[2], "1");
    ngx_str_set(&argv[3], "NX");
    ngx_str_set(&argv[4], "PX");
    argv[5].data = ttl;
    argv[5].len = ngx_sprintf(ttl, "%T", (expires - ngx_time() + 1) * 1000)
                  - ttl;

    ngx_memzero(&request, sizeof(civic_redis_request_t));

    request.argv = argv;
    request.argc = 6;
    request.handler = civic_sign_nonce_handler;
    request.data = state;

    if (civic_wait_join(r, &state->waiting) != NGX_DONE) {
        return NGX_ERROR;
    }

    state->command = civic_redis_send(redis, &request);

    if (state->command == NULL) {
        state->waiting = NULL;
        return NGX_ERROR;
    }

    return NGX_AGAIN;
}


/* nil: somebody was there before */

static void
civic_sign_nonce_handler(void *data, ngx_uint_t error,
    const civic_value_t *reply)
{
    civic_sign_state_t  *state = data;

    state->command = NULL;
    state->asked = 1;

    if (error != CIVIC_REDIS_OK) {
        state->nonce = CIVIC_NONCES_UNAVAILABLE;

    } else if (reply->type == CIVIC_VALUE_STRING) {
        state->nonce = CIVIC_OK;

    } else {
        state->nonce = CIVIC_NONCE_REPLAYED;
    }

    civic_wait_wake_all(&state->waiting);
}


static void
civic_sign_nonce_cleanup(void *data)
{
    civic_sign_state_t  *state = data;

    if (state->command != NULL) {
        civic_redis_cancel(state->command);
        state->command = NULL;
    }
}
