
/*
 * Copyright (C) Civic Gate
 *
 * Ranges of addresses, IPv4 and IPv6.  An IPv4 client of an IPv6 socket
 * (::ffff:a.b.c.d) is an IPv4 client.
 */


#ifndef _CIVIC_APP_CIDR_H_INCLUDED_
#define _CIVIC_APP_CIDR_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef struct {
    u_char            address[16];     /* of IPv4: the first four */
    u_char            family;          /* AF_INET, AF_INET6 */
    u_char            bits;            /* that must agree */
} civic_app_cidr_t;


/* "10.0.0.0/8", "10.1.2.3", "2001:db8::/32".  NGX_OK, or a sentence */

ngx_int_t civic_app_cidr_parse(const ngx_str_t *text, civic_app_cidr_t *cidr,
    const char **err);

/* is the address in one of `n` ranges? */

ngx_uint_t civic_app_cidr_match(const civic_app_cidr_t *cidr, ngx_uint_t n,
    const struct sockaddr *sockaddr);


#endif /* _CIVIC_APP_CIDR_H_INCLUDED_ */
