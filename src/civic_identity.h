
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_IDENTITY_H_INCLUDED_
#define _CIVIC_IDENTITY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * Who is calling.  Strings live as long as the request, and are empty where
 * nothing is known.  `caller` never collides: it is "ISSUER:SUBJECT", ISSUER
 * being the word of the configuration, or "app:NAME" of an application.
 */

typedef struct {
    ngx_str_t               caller;
    ngx_str_t               subject;
    ngx_str_t               issuer;
    ngx_str_t               app;       /* an application of civic_apps */
    ngx_str_t               client;    /* whom a token was issued to */
    ngx_str_t               scope;     /* separated by single spaces */
    ngx_str_t               roles;     /* likewise */
    ngx_str_t               region;    /* GB/T 2260 */
    ngx_str_t               level;     /* of assurance */
    ngx_str_t               class;     /* of limits */
    ngx_str_t               token;     /* "jti" */
    ngx_str_t               binding;   /* SHA-256 of the certificate that the
                                          token is bound to, 32 bytes */
    ngx_str_t               claims;    /* the token's payload, JSON text */
    time_t                  issued;    /* 0: unknown */
    time_t                  expires;
    struct json_t          *parsed;    /* owned by auth/: the claims, or NULL */
} civic_identity_t;


#endif /* _CIVIC_IDENTITY_H_INCLUDED_ */
