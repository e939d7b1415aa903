
/*
 * Copyright (C) Civic Gate
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_app_cidr.h"


static ngx_int_t civic_app_cidr_bits(const u_char *p, const u_char *last,
    ngx_uint_t max, u_char *bits);
static ngx_uint_t civic_app_cidr_mapped(const u_char *address);
static ngx_uint_t civic_app_cidr_agree(const u_char *one, const u_char *two,
    ngx_uint_t bits);


ngx_int_t
civic_app_cidr_parse(const ngx_str_t *text, civic_app_cidr_t *cidr,
    const char **err)
{
    char         address[INET6_ADDRSTRLEN];
    size_t       len;
    u_char      *slash;
    ngx_uint_t   i, max;

    slash = ngx_strlchr(text->data, text->data + text->len, '/');
    len = slash ? (size_t) (slash - text->data) : text->len;

    *err = "is no address and no range of addresses";

    if (len == 0 || len >= INET6_ADDRSTRLEN
        || ngx_strlchr(text->data, text->data + len, '\0') != NULL)
    {
        return NGX_DECLINED;
    }

    ngx_memcpy(address, text->data, len);
    address[len] = '\0';

    ngx_memzero(cidr, sizeof(civic_app_cidr_t));

    cidr->family = (ngx_strlchr(text->data, text->data + len, ':') != NULL)
                   ? AF_INET6 : AF_INET;
    max = (cidr->family == AF_INET6) ? 128 : 32;

    if (inet_pton(cidr->family, address, cidr->address) != 1) {
        return NGX_DECLINED;
    }

    if (cidr->family == AF_INET6 && civic_app_cidr_mapped(cidr->address)) {
        *err = "is an IPv4 address written as IPv6";
        return NGX_DECLINED;
    }

    cidr->bits = (u_char) max;

    if (slash != NULL
        && civic_app_cidr_bits(slash + 1, text->data + text->len, max,
                               &cidr->bits)
           != NGX_OK)
    {
        *err = "has a prefix length that is none";
        return NGX_DECLINED;
    }

    for (i = cidr->bits; i < max; i++) {

        if (cidr->address[i / 8] & (0x80 >> (i % 8))) {
            *err = "has bits behind its prefix length";
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_app_cidr_bits(const u_char *p, const u_char *last, ngx_uint_t max,
    u_char *bits)
{
    ngx_int_t  n;

    n = ngx_atoi((u_char *) p, last - p);

    if (last - p < 1 || last - p > 3
        || n == NGX_ERROR || (ngx_uint_t) n > max
        || (*p == '0' && last - p > 1))
    {
        return NGX_DECLINED;
    }

    *bits = (u_char) n;

    return NGX_OK;
}


ngx_uint_t
civic_app_cidr_match(const civic_app_cidr_t *cidr, ngx_uint_t n,
    const struct sockaddr *sockaddr)
{
    u_char         family;
    ngx_uint_t     i;
    const u_char  *address;

    switch (sockaddr->sa_family) {

    case AF_INET:
        family = AF_INET;
        address = (const u_char *)
                  &((const struct sockaddr_in *) sockaddr)->sin_addr;
        break;

    case AF_INET6:
        family = AF_INET6;
        address = (const u_char *)
                  &((const struct sockaddr_in6 *) sockaddr)->sin6_addr;

        if (civic_app_cidr_mapped(address)) {
            family = AF_INET;
            address += 12;
        }

        break;

    default:
        return 0;
    }

    for (i = 0; i < n; i++) {

        if (cidr[i].family == family
            && civic_app_cidr_agree(cidr[i].address, address, cidr[i].bits))
        {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
civic_app_cidr_mapped(const u_char *address)
{
    static const u_char  prefix[12] = {
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff
    };

    return ngx_memcmp(address, prefix, sizeof(prefix)) == 0;
}


static ngx_uint_t
civic_app_cidr_agree(const u_char *one, const u_char *two, ngx_uint_t bits)
{
    u_char  mask;

    if (ngx_memcmp(one, two, bits / 8) != 0) {
        return 0;
    }

    if (bits % 8 == 0) {
        return 1;
    }

    mask = (u_char) (0xff << (8 - bits % 8));

    return ((one[bits / 8] ^ two[bits / 8]) & mask) == 0;
}
