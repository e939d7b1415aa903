
/*
 * Copyright (C) Civic Gate
 *
 * Origins as browsers write them (RFC 6454 section 6.2).  Pure.
 */


#ifndef _CIVIC_CORS_ORIGIN_H_INCLUDED_
#define _CIVIC_CORS_ORIGIN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* "https://a.example:8443", or "https://" and ".a.example": one label more */

typedef struct {
    ngx_str_t   head;
    ngx_str_t   tail;                  /* empty: `head` is all of it */
} civic_cors_origin_t;


/*
 * Parts of `text`, which must live as long.  NULL, or what is wrong with it:
 * the end of a sentence that begins with "it".
 */

const char *civic_cors_origin_parse(civic_cors_origin_t *origin,
    const ngx_str_t *text);

ngx_uint_t civic_cors_origin_match(const civic_cors_origin_t *origin,
    const ngx_str_t *value);


#endif /* _CIVIC_CORS_ORIGIN_H_INCLUDED_ */
