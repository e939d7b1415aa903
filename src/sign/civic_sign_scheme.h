
/*
 * Copyright (C) Civic Gate
 *
 * The ways to sign a request, each behind the same functions, and pure: a
 * scheme reads what a request says, builds the text that must have been
 * signed, and compares.  It knows no keys, no clock and no nonces.
 */


#ifndef _CIVIC_SIGN_SCHEME_H_INCLUDED_
#define _CIVIC_SIGN_SCHEME_H_INCLUDED_


#include "civic_sign_algorithm.h"
#include "civic_sign_base.h"


#define CIVIC_SIGN_RFC9421     0x01
#define CIVIC_SIGN_XCA         0x02
#define CIVIC_SIGN_XTIF        0x04
#define CIVIC_SIGN_BITS        0x08    /* none of them has this, or more */

#define CIVIC_SIGN_RFC9421_NAME  "rfc9421"
#define CIVIC_SIGN_XCA_NAME      "x-ca"
#define CIVIC_SIGN_XTIF_NAME     "x-tif"

#define CIVIC_SIGN_MAX_FORM    65536   /* bytes of a form that is signed */
#define CIVIC_SIGN_MAX_NONCE   256
#define CIVIC_SIGN_MAX_KEYID   256


typedef struct civic_sign_scheme_s  civic_sign_scheme_t;


/* a civic_signature line */

typedef struct {
    ngx_uint_t                  schemes; /* bits */
    time_t                      window;  /* 0: each scheme's own */
    time_t                      ahead;   /* of our clock, at most */
    ngx_str_t                   label;   /* empty: there is but one */
    ngx_array_t                *cover;   /* ngx_str_t, or NULL */
    ngx_uint_t                  https;   /* 0: the scheme as it came */
    ngx_uint_t                  clear;   /* x-tif without TLS */
    ngx_uint_t                  debug;   /* x-ca says what it signed */
} civic_sign_rules_t;


/* what a request says of itself; strings live as long as it */

typedef struct {
    const civic_sign_scheme_t  *scheme;
    ngx_str_t                   keyid;
    ngx_str_t                   algorithm; /* empty: whatever the key's is */
    ngx_str_t                   nonce;     /* any bytes */
    ngx_str_t                   signature; /* as the scheme compares it */
    ngx_str_t                   text;      /* that was signed */
    ngx_str_t                   digest;    /* of the body; empty: none */
    int64_t                     created;   /* seconds */
    int64_t                     expires;   /* 0: not said */
    civic_sign_member_t         input;     /* owned by the scheme */
    unsigned                    form:1;    /* text() wants the body */
} civic_sign_claim_t;


struct civic_sign_scheme_s {
    ngx_str_t             name;
    ngx_uint_t            bit;
    time_t                window;      /* seconds, where nothing is said */
    const char           *header;      /* that makes a request one of these */

    /* taken from what the service gets: names, or what they begin with */

    const ngx_str_t      *headers;     /* up to an empty one */

    /* CIVIC_OK, SIGNATURE_MALFORMED, SIGNATURE_INCOMPLETE, INTERNAL */

    civic_problem_e     (*read)(const civic_sign_message_t *message,
                                const civic_sign_rules_t *rules,
                                ngx_pool_t *pool, civic_sign_claim_t *claim);

    /* likewise; `form` is the body where claim->form is set, or NULL */

    civic_problem_e     (*text)(const civic_sign_message_t *message,
                                const civic_sign_rules_t *rules,
                                const ngx_str_t *form, ngx_pool_t *pool,
                                civic_sign_claim_t *claim);

    /* CIVIC_OK, ALGORITHM_REFUSED, SIGNATURE_INVALID, INTERNAL */

    civic_problem_e     (*verify)(const civic_sign_claim_t *claim,
                                  const civic_sign_algorithm_t *algorithm,
                                  const ngx_str_t *secret,
                                  civic_jose_key_t *key);
};


/* up to NULL; the default comes first */

extern const civic_sign_scheme_t  *civic_sign_schemes[];

extern const civic_sign_scheme_t  civic_sign_rfc9421;
extern const civic_sign_scheme_t  civic_sign_xca;
extern const civic_sign_scheme_t  civic_sign_xtif;


/* NULL: there is none of that name */

const civic_sign_scheme_t *civic_sign_scheme_named(const ngx_str_t *name);

/*
 * Which of `schemes` the request is signed by.  NGX_OK, NGX_DECLINED: none
 * of them, or NGX_BUSY: more than one.
 */

ngx_int_t civic_sign_scheme_find(const civic_sign_message_t *message,
    ngx_uint_t schemes, const civic_sign_scheme_t **scheme);

/* CIVIC_OK, SIGNATURE_STALE or SIGNATURE_EARLY */

civic_problem_e civic_sign_scheme_clock(const civic_sign_claim_t *claim,
    const civic_sign_rules_t *rules, time_t now);

/* seconds that a signature of this scheme is good for */

time_t civic_sign_scheme_window(const civic_sign_scheme_t *scheme,
    const civic_sign_rules_t *rules);

/* the one header of a name that there may be: it comes once, or not */

civic_problem_e civic_sign_scheme_header(const civic_sign_message_t *message,
    const char *name, ngx_str_t *value);

/* digits, as seconds or milliseconds have them; -1: something else */

int64_t civic_sign_scheme_number(const ngx_str_t *text);


#endif /* _CIVIC_SIGN_SCHEME_H_INCLUDED_ */
