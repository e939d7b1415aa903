
/*
 * Copyright (C) Civic Gate
 *
 * Signed requests, the method "app:signature" of civic_auth: what the files
 * of sign/ that know nginx share.  Configuration is frozen once the http
 * block is read; the state belongs to the client's request.
 */


#ifndef _CIVIC_SIGN_H_INCLUDED_
#define _CIVIC_SIGN_H_INCLUDED_


#include "civic_app.h"
#include "civic_auth_method.h"
#include "civic_redis.h"
#include "civic_sign_digest.h"
#include "civic_sign_recheck.h"
#include "civic_sign_scheme.h"


/*
 * What may be asked of one scheme, at most, wherever: what was used at one
 * location must not be good again at another.  Of a scheme that no location
 * accepts any more, what was.
 */

typedef struct {
    time_t                  window;
    time_t                  ahead;
} civic_sign_longest_t;


/*
 * A reload that makes windows longer finds nonces that were kept for the
 * former one: what was signed until then is good for no longer than that.
 */

typedef struct {
    time_t                  until;     /* 0: nothing of the kind */
    time_t                  window;
} civic_sign_former_t;


typedef struct {
    ngx_str_t               redis_name; /* empty: the zone */
    civic_redis_t          *redis;
    size_t                  size;      /* of the zone */
    ngx_shm_zone_t         *zone;
    civic_sign_longest_t    longest[CIVIC_SIGN_BITS]; /* by a scheme's bit */
    civic_sign_former_t     former[CIVIC_SIGN_BITS];
    time_t                  began;     /* what is signed until then may have
                                          been used before Redis was asked */
    civic_pos_t            *pos;       /* NULL: nothing was said */
} civic_sign_main_conf_t;


typedef struct {
    civic_sign_rules_t     *rules;
} civic_sign_loc_conf_t;


typedef struct {
    const civic_sign_rules_t  *rules;  /* that it was judged by */
    civic_sign_message_t    message;
    civic_sign_claim_t      claim;
    civic_sign_digest_t     digest;    /* n is 0: none is asked for */
    civic_identity_t       *identity;  /* the signature is right; or NULL */
    civic_problem_e         problem;   /* it is refused, once and for all */
    ngx_uint_t              stage;     /* the next; owned by _method.c */

    ngx_str_t               form;      /* as far as it came */
    ngx_http_request_t     *request;   /* that waits for the body, or NULL */
    ngx_http_posted_request_t  *waiting; /* for Redis */
    civic_redis_command_t  *command;   /* under way, or NULL */
    civic_problem_e         nonce;     /* what Redis answered */
    ngx_array_t            *taken;     /* civic_sign_header_t, removed */
    unsigned                reading:1; /* the body */
    unsigned                read:1;
    unsigned                asked:1;   /* Redis answered */
} civic_sign_state_t;


extern ngx_module_t  ngx_http_civic_sign_module;


/* what the location says, or the default */

const civic_sign_rules_t *civic_sign_rules(ngx_http_request_t *r);

/* the client's request, as schemes see it.  NGX_OK or NGX_ERROR */

ngx_int_t civic_sign_message_init(ngx_http_request_t *r,
    const civic_sign_rules_t *rules, civic_sign_message_t *message);

/*
 * The stages that may wait: NGX_OK; NGX_AGAIN: parked; NGX_DECLINED:
 * state->problem; NGX_ERROR.
 */

ngx_int_t civic_sign_body_read(ngx_http_request_t *r,
    civic_sign_state_t *state);
ngx_int_t civic_sign_nonce_use(ngx_http_request_t *r,
    civic_sign_state_t *state);

/* once the http block is read: what a former configuration kept, and how */

void civic_sign_nonce_inherit(ngx_conf_t *cf, civic_sign_main_conf_t *smcf);

/* digests, and keeps, what comes of a body that is waited for */

ngx_int_t civic_sign_body_init(ngx_conf_t *cf);

ngx_int_t civic_sign_zone_add(ngx_conf_t *cf,
    civic_sign_main_conf_t *smcf);

/* CIVIC_OK, NONCE_REPLAYED, NONCES_FULL or SIGNATURE_BEFORE_START */

civic_problem_e civic_sign_zone_use(civic_sign_main_conf_t *smcf,
    const civic_sign_state_t *state, const ngx_str_t *text, time_t expires,
    ngx_log_t *log);

/* headers of the scheme; and those that only gateways set for x-tif */

ngx_int_t civic_sign_headers_remove(ngx_http_request_t *r,
    civic_sign_state_t *state);
ngx_int_t civic_sign_headers_pass(ngx_http_request_t *r,
    civic_sign_state_t *state);
ngx_int_t civic_sign_headers_strip(ngx_http_request_t *r,
    const civic_sign_rules_t *rules);

/* tells the caller what x-ca should have signed: civic_signature debug=on */

ngx_int_t civic_sign_headers_debug(ngx_http_request_t *r,
    const ngx_str_t *text);


#endif /* _CIVIC_SIGN_H_INCLUDED_ */
