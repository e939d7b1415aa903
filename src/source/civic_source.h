
/*
 * Copyright (C) Civic Gate
 *
 * Sources: the one spelling in which conditions and keys name a value of
 * the request or of its caller.
 *
 *     param.NAME    of the path, as the route has it
 *     query.NAME    of the query string, decoded once
 *     header.NAME   of the request's header, as it is
 *     cookie.NAME   of the header Cookie, as it is
 *     claim.PATH    of the token; dots lead inside
 *
 * What the gate reads must be what the service reads: so a value that comes
 * twice, even under a name that some service takes for the same, is nobody's
 * to choose from, and neither is one that can be decoded in two ways.
 */


#ifndef _CIVIC_SOURCE_H_INCLUDED_
#define _CIVIC_SOURCE_H_INCLUDED_


#include "civic.h"
#include "civic_json.h"


typedef enum {
    CIVIC_SOURCE_PARAM = 0,
    CIVIC_SOURCE_QUERY,
    CIVIC_SOURCE_HEADER,
    CIVIC_SOURCE_COOKIE,
    CIVIC_SOURCE_CLAIM
} civic_source_e;


typedef struct {
    ngx_uint_t              from;      /* civic_source_e */
    ngx_str_t               name;      /* without "query."; borrowed */
} civic_source_t;


/*
 * NGX_OK; NGX_DECLINED: the word begins as no source does; NGX_ERROR: it
 * begins so, but `err` says what is wrong with its name.  Pure.
 */

ngx_int_t civic_source_parse(const ngx_str_t *word, civic_source_t *source,
    const char **err);

/*
 * NGX_OK        `value` is not empty, and has no control byte
 * NGX_DECLINED  there is none, or it is empty, or a claim that is no text,
 *               number or boolean
 * NGX_BUSY      it comes more than once
 * NGX_ABORT     it is not properly encoded
 * NGX_ERROR     no memory
 */

ngx_int_t civic_source_get(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_source_t *source, ngx_str_t *value);

/* what claim.PATH names, of any type; NULL: nobody, or no such claim */

const civic_json_t *civic_source_claim(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_source_t *source);


#endif /* _CIVIC_SOURCE_H_INCLUDED_ */
