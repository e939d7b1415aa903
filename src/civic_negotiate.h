
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_NEGOTIATE_H_INCLUDED_
#define _CIVIC_NEGOTIATE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * The weight, 0 to 1000, that Accept gives to a media type and
 * Accept-Language to a language (RFC 9110, 12.4.2 and 12.5): of all ranges
 * that fit, the most specific one counts.  0: not wanted, or not named.
 * "zh-CN" is a range that "zh" fits: there is one kind of Chinese here.
 * Pure.
 */

ngx_uint_t civic_negotiate_media(const ngx_str_t *accept,
    const ngx_str_t *type);
ngx_uint_t civic_negotiate_language(const ngx_str_t *accept,
    const ngx_str_t *language);


#endif /* _CIVIC_NEGOTIATE_H_INCLUDED_ */
