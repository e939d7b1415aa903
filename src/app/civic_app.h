
/*
 * Copyright (C) Civic Gate
 *
 * Applications: servers of departments and firms, and what they may.  Each
 * has a name, and any number of credentials that lead to it: API keys (kept
 * as digests), signing keys, certificates.
 *
 * This is the only header of app/ that others may include.
 */


#ifndef _CIVIC_APP_H_INCLUDED_
#define _CIVIC_APP_H_INCLUDED_


#include "civic.h"
#include "civic_sign_algorithm.h"


#define CIVIC_APP_NAME   64            /* bytes; letters, digits, "_", "-" */
#define CIVIC_APP_VALUE  512           /* of what a credential is found by */


/* by what a credential is found */

typedef enum {
    CIVIC_APP_BY_KEY = 0,              /* SHA-256 of an API key, 32 bytes */
    CIVIC_APP_BY_SIGNER,               /* id of a signing key, as clients say */
    CIVIC_APP_BY_FINGERPRINT,          /* SHA-256 of a certificate, 32 bytes */
    CIVIC_APP_BY_SUBJECT               /* of a certificate, RFC 2253 text */
} civic_app_by_e;


/* one credential that verifies signatures; one of `secret` and `jwk` */

typedef struct {
    ngx_str_t               id;
    const civic_sign_algorithm_t  *algorithm;
    ngx_str_t               schemes;   /* "rfc9421 x-ca", single spaces */
    ngx_str_t               secret;    /* bytes; never logged */
    civic_jose_key_t       *key;       /* public, ready to verify */
} civic_app_signer_t;


/*
 * What was found.  Belongs to app/ and lives until the event loop is
 * entered again: copy what is needed for longer.
 */

typedef struct {
    ngx_str_t               name;
    ngx_str_t               scope;     /* separated by single spaces */
    ngx_str_t               region;
    ngx_str_t               class;     /* of limits */
    time_t                  expires;   /* of the credential, or the app; 0 */
    const civic_app_signer_t  *signer; /* BY_SIGNER, else NULL */
} civic_app_t;


/*
 * NGX_OK: `*app`, which is enabled, not expired, and may call from the
 * client's address; NGX_DECLINED: `*problem` says why not (KEY_UNKNOWN,
 * APP_DISABLED, CREDENTIAL_EXPIRED, ADDRESS_REFUSED, APPS_UNAVAILABLE);
 * NGX_AGAIN: parked, ask again when woken (one look-up at a time of a
 * request); NGX_ERROR.
 */

ngx_int_t civic_app_find(ngx_http_request_t *r, civic_ctx_t *ctx,
    civic_app_by_e by, const ngx_str_t *value, const civic_app_t **app,
    civic_problem_e *problem);

/* the identity of an application, copied to `pool`: "app:NAME" */

ngx_int_t civic_app_identity(const civic_app_t *app, ngx_pool_t *pool,
    civic_identity_t *identity);

/* civic_apps is configured; there is one list of applications in all */

ngx_uint_t civic_app_configured(void **main_conf);


#endif /* _CIVIC_APP_H_INCLUDED_ */
