
/*
 * Copyright (C) Civic Gate
 *
 * Decides whether an origin is listed, byte by byte: browsers write each in
 * one way only, so whoever writes otherwise is no browser, and a word of the
 * configuration that no browser would write is an error.
 */


#include "civic_cors_origin.h"


static const char *civic_cors_origin_host(const ngx_str_t *host,
    ngx_uint_t wild);
static const char *civic_cors_origin_port(const ngx_str_t *port,
    const char *usual);
static size_t civic_cors_origin_label(const u_char *p, size_t len);


static const struct {
    ngx_str_t    name;
    const char  *port;
} civic_cors_origin_schemes[] = {
    { ngx_string("https://"), "443" },
    { ngx_string("http://"), "80" },
    { ngx_null_string, NULL }
};


const char *
civic_cors_origin_parse(civic_cors_origin_t *origin, const ngx_str_t *text)
{
    u_char       *p, *last;
    ngx_str_t     host, port;
    ngx_uint_t    i, wild;
    const char   *err;

    for (i = 0; civic_cors_origin_schemes[i].name.len; i++) {

        if (text->len >= civic_cors_origin_schemes[i].name.len
            && ngx_memcmp(text->data, civic_cors_origin_schemes[i].name.data,
                          civic_cors_origin_schemes[i].name.len)
               == 0)
        {
            break;
        }
    }

    if (civic_cors_origin_schemes[i].name.len == 0) {
        return "has no scheme http:// or https://";
    }

    last = text->data + text->len;
    host.data = text->data + civic_cors_origin_schemes[i].name.len;
    wild = (last - host.data > 2 && ngx_memcmp(host.data, "*.", 2) == 0);

    /* an address in brackets has colons of its own */

    p = ngx_strlchr(host.data, last, ']');
    p = ngx_strlchr(p ? p : host.data, last, ':');

    host.len = (p ? p : last) - host.data;

    if (p != NULL) {
        port.data = p + 1;
        port.len = last - port.data;

        err = civic_cors_origin_port(&port,
                                     civic_cors_origin_schemes[i].port);
        if (err != NULL) {
            return err;
        }
    }

    origin->head = *text;
    ngx_str_null(&origin->tail);

    if (wild) {
        origin->head.len = host.data - text->data;
        origin->tail.data = host.data + 1;
        origin->tail.len = last - origin->tail.data;

        host.data += 2;
        host.len -= 2;
    }

    return civic_cors_origin_host(&host, wild);
}


static const char *
civic_cors_origin_host(const ngx_str_t *host, ngx_uint_t wild)
{
    size_t       i, n;
    ngx_uint_t   labels;

    if (ngx_strlchr(host->data, host->data + host->len, '/') != NULL) {
        return "has a path";
    }

    for (i = 0; i < host->len; i++) {
        if (host->data[i] >= 'A' && host->data[i] <= 'Z') {
            return "has capital letters";
        }
    }

    if (!wild && host->len > 2 && host->data[0] == '[') {

        for (i = 1; i < host->len - 1; i++) {
            if (ngx_strchr("0123456789abcdef:.", host->data[i]) == NULL) {
                return "has a host that is none";
            }
        }

        return host->data[i] == ']' ? NULL : "has a host that is none";
    }

    labels = 0;

    for (i = 0; /* void */ ; i += n + 1) {

        n = civic_cors_origin_label(host->data + i, host->len - i);
        labels++;

        if (n == 0 || (i + n < host->len && host->data[i + n] != '.')) {
            return "has a host that is none";
        }

        if (i + n == host->len) {
            break;
        }
    }

    return (wild && labels < 2)
           ? "is too wide: at least two labels follow the \"*\"" : NULL;
}


static const char *
civic_cors_origin_port(const ngx_str_t *port, const char *usual)
{
    ngx_int_t  n;

    if (ngx_strlchr(port->data, port->data + port->len, '/') != NULL) {
        return "has a path";
    }

    n = ngx_atoi(port->data, port->len);

    if (n < 1 || n > 65535 || port->data[0] == '0') {
        return "has a port that is none";
    }

    if (port->len == ngx_strlen(usual)
        && ngx_memcmp(port->data, usual, port->len) == 0)
    {
        return "names the port that its scheme has anyway";
    }

    return NULL;
}


/* length of the label that `p` begins with, 0: it begins with none */

static size_t
civic_cors_origin_label(const u_char *p, size_t len)
{
    size_t  i;

    for (i = 0; i < len && i < 63; i++) {

        if ((p[i] < 'a' || p[i] > 'z')
            && (p[i] < '0' || p[i] > '9')
            && p[i] != '-')
        {
            break;
        }
    }

    return i;
}


ngx_uint_t
civic_cors_origin_match(const civic_cors_origin_t *origin,
    const ngx_str_t *value)
{
    size_t  n;

    if (value->len < origin->head.len
        || ngx_memcmp(value->data, origin->head.data, origin->head.len) != 0)
    {
        return 0;
    }

    n = civic_cors_origin_label(value->data + origin->head.len,
                                value->len - origin->head.len);

    if (origin->tail.len == 0) {
        return value->len == origin->head.len;
    }

    return n != 0
           && value->len == origin->head.len + n + origin->tail.len
           && ngx_memcmp(value->data + origin->head.len + n,
                         origin->tail.data, origin->tail.len)
              == 0;
}
