
/*
 * Copyright (C) Civic Gate
 *
 * What is asked of an issuer's provider while the gate runs: the keys that
 * he signs with, and whether a token is good (RFC 7662).  What the answers
 * mean is for issuer/ to judge.
 *
 * This is the only header of provider/ that others may include.
 */


#ifndef _CIVIC_PROVIDER_H_INCLUDED_
#define _CIVIC_PROVIDER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "civic_jose_digest.h"
#include "civic_jose_jws.h"
#include "civic_remote.h"


#define CIVIC_PROVIDER_ERROR  160      /* bytes: why an answer is no good */


typedef struct civic_provider_keys_s  civic_provider_keys_t;
typedef struct civic_provider_asks_s  civic_provider_asks_t;


/*
 * A request that waits for an answer.  Lives in r->pool, whose end takes it
 * out of whatever it waits in.
 */

typedef struct {
    ngx_queue_t         queue;
    ngx_http_request_t *request;
    ngx_msec_t          until;         /* it waits no longer */
    uint64_t            ended;         /* fetches, when it began to wait */
    ngx_str_t           answer;        /* to a question: in r->pool; data
                                          NULL: there was none */
    unsigned            waiting:1;
} civic_provider_wait_t;

/* NULL: no memory */

civic_provider_wait_t *civic_provider_wait_create(ngx_http_request_t *r);


/*
 * Key sets that live.  Shared memory has the text of the last good set; each
 * worker reads it again when another was fetched, by whichever worker.
 */

typedef struct {
    ngx_str_t           name;          /* of the issuer */
    ngx_str_t           issuer;        /* "iss" */
    civic_remote_t     *remote;
    ngx_str_t           path;
    ngx_msec_t          refresh;
    ngx_msec_t          cooldown;
    ngx_uint_t          algorithms;    /* civic_alg_e bits */
    const u_char       *generation;    /* of all but the keys */
} civic_provider_keys_conf_t;


typedef struct {
    ngx_uint_t          keys;          /* in the last good set; 0: none yet */
    time_t              age;           /* s, since it was fetched or found
                                          to be as it was */
    uint64_t            good;          /* fetches */
    uint64_t            failed;
    size_t              error_len;     /* 0: the last fetch was good */
    u_char              error[CIVIC_PROVIDER_ERROR];
} civic_provider_keys_state_t;


/*
 * While the configuration is read, once remotes are known; `conf` is copied,
 * its texts are not.  NULL: no memory.
 */

civic_provider_keys_t *civic_provider_keys_create(ngx_conf_t *cf,
    const civic_provider_keys_conf_t *conf);

/* in a worker that begins */

void civic_provider_keys_start(civic_provider_keys_t *keys);

/*
 * The last good set, looked up anew; NULL: there is none yet.  It and the
 * generation, which changes with it, stay until this is called again.
 */

const civic_jose_keyset_t *civic_provider_keys_get(
    civic_provider_keys_t *keys);
const u_char *civic_provider_keys_generation(
    const civic_provider_keys_t *keys);

/*
 * For a token whose key is not in the set, or where there is no set:
 * NGX_AGAIN, a fetch is under way and wakes the request when it has ended;
 * NGX_DECLINED: there is none, and may be none now.
 */

ngx_int_t civic_provider_keys_wait(civic_provider_keys_t *keys,
    civic_provider_wait_t *wait);

void civic_provider_keys_state(const civic_provider_keys_t *keys,
    civic_provider_keys_state_t *state);


/* questions about tokens */

typedef struct {
    ngx_str_t           name;          /* of the issuer */
    civic_remote_t     *remote;
    ngx_str_t           path;
} civic_provider_asks_conf_t;

civic_provider_asks_t *civic_provider_asks_create(ngx_conf_t *cf,
    const civic_provider_asks_conf_t *conf);

/*
 * Asks about a token, `digest` being its SHA-256; who asks about the same
 * one meanwhile waits with him.  NGX_AGAIN: the request is woken with
 * wait->answer, the body of a 200, or with none; NGX_ERROR: no memory.
 */

ngx_int_t civic_provider_asks_start(civic_provider_asks_t *asks,
    civic_provider_wait_t *wait, const u_char *digest,
    const ngx_str_t *token);


#endif /* _CIVIC_PROVIDER_H_INCLUDED_ */
