
/*
 * Copyright (C) Civic Gate
 *
 * Small pieces of text that status/ writes and reads.  Pure.
 */


#ifndef _CIVIC_STATUS_TEXT_H_INCLUDED_
#define _CIVIC_STATUS_TEXT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * The value of a Prometheus label, without the quotes: backslash, quote and
 * line feed escaped.  `dst` has room for twice src->len; returns its end.
 */

u_char *civic_status_label_escape(u_char *dst, const ngx_str_t *src);

/*
 * The trace id in a query string: "trace", once, of 32 hexadecimal digits,
 * percent-encoded or not.  Written to `trace` in lower case.  NGX_OK or
 * NGX_DECLINED.
 */

ngx_int_t civic_status_trace_parse(const ngx_str_t *args, u_char *trace);

/*
 * Copies what fits into `max` bytes and cuts no UTF-8 character in two;
 * _head keeps the beginning, _tail the end.  Returns the length.
 */

size_t civic_status_copy_head(u_char *dst, size_t max, const ngx_str_t *src);
size_t civic_status_copy_tail(u_char *dst, size_t max, const ngx_str_t *src);


#endif /* _CIVIC_STATUS_TEXT_H_INCLUDED_ */
