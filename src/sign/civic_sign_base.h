
/*
 * Copyright (C) Civic Gate
 *
 * The signature base of RFC 9421: what a signature with this input must
 * have been made over, were it made for this request.  Pure.
 *
 * Components: any header, also as ";bs"; @method, @target-uri, @authority,
 * @scheme, @request-target, @path, @query, @query-param.  ";sf", ";key",
 * ";req" and ";tr" are refused: the first two need the type of every field
 * there is, requests have no use for the third, and trailers do not get
 * through the gate.
 */


#ifndef _CIVIC_SIGN_BASE_H_INCLUDED_
#define _CIVIC_SIGN_BASE_H_INCLUDED_


#include "civic_problem.h"
#include "civic_sign_field.h"


#define CIVIC_SIGN_MAX_COMPONENTS  64

/* components that a request must not lack, as bits */

#define CIVIC_SIGN_METHOD          0x01
#define CIVIC_SIGN_AUTHORITY       0x02
#define CIVIC_SIGN_TARGET_URI      0x04
#define CIVIC_SIGN_REQUEST_TARGET  0x08
#define CIVIC_SIGN_PATH            0x10
#define CIVIC_SIGN_QUERY           0x20
#define CIVIC_SIGN_CONTENT_DIGEST  0x40


typedef struct {
    ngx_str_t                   name;  /* in lower case */
    ngx_str_t                   value; /* without white space around it */
} civic_sign_header_t;


typedef struct {
    ngx_str_t                   method;
    ngx_str_t                   scheme;
    ngx_str_t                   authority; /* without the default port */
    ngx_str_t                   target; /* path and query, as they came */
    const civic_sign_header_t  *headers;
    ngx_uint_t                  nheaders;
    unsigned                    body:1; /* it has one, maybe of no bytes */
} civic_sign_message_t;


/* the header; NULL: there is none.  `*n` gets how many there are */

const civic_sign_header_t *civic_sign_message_header(
    const civic_sign_message_t *message, const char *name, ngx_uint_t *n);

/* all headers of a name as one value, in `pool`.  NGX_DECLINED: none */

ngx_int_t civic_sign_message_combined(const civic_sign_message_t *message,
    const char *name, ngx_pool_t *pool, ngx_str_t *value);

/*
 * CIVIC_OK: `base` in `pool`, and `*covered`; SIGNATURE_MALFORMED;
 * SIGNATURE_INCOMPLETE: it covers what the request does not have;
 * INTERNAL.
 */

civic_problem_e civic_sign_base_build(const civic_sign_message_t *message,
    const civic_sign_member_t *input, ngx_pool_t *pool, ngx_str_t *base,
    ngx_uint_t *covered);

/* is a plain component of this name among those of the input? */

ngx_uint_t civic_sign_base_covers(const civic_sign_member_t *input,
    const ngx_str_t *name);


#endif /* _CIVIC_SIGN_BASE_H_INCLUDED_ */
