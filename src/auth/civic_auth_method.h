
/*
 * Copyright (C) Civic Gate
 *
 * The ways to say who one is, each behind the same five functions.  A
 * method finds its credential in the request, judges it, and knows nothing
 * of other methods; civic_auth_step.c asks them, puts the answers together
 * and is the only one that refuses.
 */


#ifndef _CIVIC_AUTH_METHOD_H_INCLUDED_
#define _CIVIC_AUTH_METHOD_H_INCLUDED_


#include "civic.h"


typedef enum {
    CIVIC_AUTH_BEARER = 0,             /* issuer/: tokens */
    CIVIC_AUTH_APP_KEY,                /* app/: API keys */
    CIVIC_AUTH_SIGNATURE,              /* sign/: signed requests */
    CIVIC_AUTH_SIGNIN,                 /* signin/: browsers' sessions */
    CIVIC_AUTH_CERTIFICATE,            /* cert/: of TLS, for applications */
    CIVIC_AUTH_METHODS
} civic_auth_method_e;


/*
 * All words of one civic_auth line that one method answers for: a request
 * has one token, whichever of the line's issuers made it.
 */

typedef struct {
    ngx_uint_t              method;    /* civic_auth_method_e */
    ngx_array_t             objects;   /* void *: the method's own */
} civic_auth_group_t;


typedef struct {
    civic_identity_t       *identity;  /* NGX_OK: in r->main->pool */
    const void             *object;    /* NGX_OK: whichever accepted it */
    civic_problem_e         problem;   /* NGX_ABORT */
    unsigned                cached:1;  /* NGX_OK: judged earlier */
} civic_auth_verdict_t;


typedef struct {
    /* what "NAME" or "app:key" stands for; NULL: nothing of this method's */

    void                 *(*find)(void **main_conf, const ngx_str_t *word);

    /*
     * NGX_OK        it is `verdict->identity`
     * NGX_DECLINED  no such credential came
     * NGX_ABORT     one came that nobody may use: `verdict->problem`
     * NGX_AGAIN     it waits (civic_wait.h), and wakes the request
     * NGX_ERROR
     *
     * Called again after NGX_AGAIN, and at the next location; what must be
     * judged once only (a nonce) is in the method's own `state`.
     */

    ngx_int_t             (*judge)(ngx_http_request_t *r, civic_ctx_t *ctx,
                                   const civic_auth_group_t *group,
                                   civic_auth_verdict_t *verdict);

    /*
     * The credential that was used: taken from what the service will get,
     * or put back if an earlier location took it.
     */

    ngx_int_t             (*remove)(ngx_http_request_t *r, civic_ctx_t *ctx);
    ngx_int_t             (*pass)(ngx_http_request_t *r, civic_ctx_t *ctx);

    /*
     * For WWW-Authenticate of a 401, CREDENTIALS_MISSING or a worse problem;
     * NULL: this method has no scheme.
     */

    const ngx_str_t      *(*challenge)(civic_problem_e problem);

    /*
     * For whoever came without a credential: NGX_DECLINED, or the status of
     * another answer than 401 (a redirect, its headers set).  NULL: none.
     */

    ngx_int_t             (*invite)(ngx_http_request_t *r, civic_ctx_t *ctx,
                                    const civic_auth_group_t *group);
} civic_auth_method_t;


/* of a client's request, kept for all locations and subrequests */

struct civic_auth_ctx_s {
    struct {
        civic_identity_t   *identity;  /* accepted, or NULL */
        const void         *object;
        void               *state;     /* the method's own */
        unsigned            cached:1;
    } slots[CIVIC_AUTH_METHODS];

    struct civic_auth_turn_s  *turns;  /* civic_auth_turn.c's own */
};


extern const civic_auth_method_t  *civic_auth_methods[CIVIC_AUTH_METHODS];

extern const civic_auth_method_t  civic_issuer_bearer_method;
extern const civic_auth_method_t  civic_app_key_method;
extern const civic_auth_method_t  civic_sign_signature_method;
extern const civic_auth_method_t  civic_signin_method;
extern const civic_auth_method_t  civic_cert_method;


/* of the client's request; NULL: no memory */

civic_auth_ctx_t *civic_auth_state(ngx_http_request_t *r, civic_ctx_t *ctx);


#endif /* _CIVIC_AUTH_METHOD_H_INCLUDED_ */
