
/*
 * Copyright (C) Civic Gate
 *
 * The url that an operator writes for a remote:
 *
 *     http[s]://host[:port][/base]
 *     http[s]://unix:/path/of/socket[:/base]
 *
 * It is taken apart here and not by libcurl, so that what is unusual in it
 * (a user, a query, an empty host) is refused when the configuration is
 * read, and so that nothing in a call's path can become a part of it.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_remote_check.h"
#include "civic_remote_url.h"


#define CIVIC_REMOTE_SOCKET_MAX  107   /* sun_path without its zero */


static const char *civic_remote_url_socket(ngx_str_t *rest,
    civic_remote_url_t *url);
static const char *civic_remote_url_authority(ngx_str_t *rest,
    civic_remote_url_t *url);
static const char *civic_remote_url_port(const u_char *p, const u_char *end);
static ngx_uint_t civic_remote_url_host(const u_char *p, const u_char *end);


const char *
civic_remote_url_parse(const ngx_str_t *text, civic_remote_url_t *url)
{
    ngx_str_t    rest;
    const char  *wrong;

    ngx_memzero(url, sizeof(civic_remote_url_t));

    if (text->len > 8 && ngx_strncmp(text->data, "https://", 8) == 0) {
        url->tls = 1;
        rest.data = text->data + 8;

    } else if (text->len > 7 && ngx_strncmp(text->data, "http://", 7) == 0) {
        rest.data = text->data + 7;

    } else {
        return "is not http://..., https://... or http://unix:/...";
    }

    rest.len = text->data + text->len - rest.data;

    if (rest.len > 5 && ngx_strncmp(rest.data, "unix:", 5) == 0) {
        wrong = civic_remote_url_socket(&rest, url);

    } else {
        wrong = civic_remote_url_authority(&rest, url);
    }

    if (wrong != NULL) {
        return wrong;
    }

    if (rest.len == 0) {
        return NULL;
    }

    if (ngx_strlchr(rest.data, rest.data + rest.len, '?') != NULL
        || civic_remote_check_path(&rest) != NULL)
    {
        return "has a path that is none, or is not plain";
    }

    while (rest.len && rest.data[rest.len - 1] == '/') {
        rest.len--;
    }

    url->base = rest;

    return NULL;
}


/* what is left of the rest is the base path */

static const char *
civic_remote_url_socket(ngx_str_t *rest, civic_remote_url_t *url)
{
    u_char  *p, *end;

    p = rest->data + 5;
    end = rest->data + rest->len;

    url->socket.data = p;

    p = ngx_strlchr(p, end, ':');
    if (p == NULL) {
        p = end;
    }

    url->socket.len = p - url->socket.data;

    if (url->socket.len < 2 || url->socket.data[0] != '/'
        || url->socket.len > CIVIC_REMOTE_SOCKET_MAX)
    {
        return "has a socket that is no absolute path of at most 107 bytes";
    }

    p += (p < end);
    rest->data = p;
    rest->len = end - p;

    return NULL;
}


static const char *
civic_remote_url_authority(ngx_str_t *rest, civic_remote_url_t *url)
{
    u_char  *p, *end, *colon;

    end = rest->data + rest->len;

    for (p = rest->data; p < end && *p != '/'; p++) {

        if (*p == '@') {
            return "has a user; say \"header Authorization file=...\"";
        }
    }

    url->authority.data = rest->data;
    url->authority.len = p - rest->data;

    rest->data = p;
    rest->len = end - p;

    end = p;
    p = url->authority.data;

    if (p < end && *p == '[') {
        colon = ngx_strlchr(p, end, ']');

        if (colon == NULL) {
            return "has no host";
        }

        colon++;

    } else {
        colon = ngx_strlchr(p, end, ':');
    }

    if (colon == NULL) {
        colon = end;
    }

    if (!civic_remote_url_host(p, colon)) {
        return "has no host";
    }

    return civic_remote_url_port(colon, end);
}


static const char *
civic_remote_url_port(const u_char *p, const u_char *end)
{
    ngx_int_t  port;

    if (p == end) {
        return NULL;
    }

    port = (*p == ':') ? ngx_atoi((u_char *) p + 1, end - p - 1) : NGX_ERROR;

    if (port < 1 || port > 65535) {
        return "has a port that is not 1 to 65535";
    }

    return NULL;
}


/* a name, an IPv4 address, or an IPv6 address in brackets */

static ngx_uint_t
civic_remote_url_host(const u_char *p, const u_char *end)
{
    u_char      ch;
    ngx_uint_t  six;

    six = (p < end && *p == '[');

    if (six) {
        p++;
        end--;
    }

    if (p >= end) {
        return 0;
    }

    for ( /* void */ ; p < end; p++) {
        ch = *p;

        if ((ch >= '0' && ch <= '9') || ch == '.') {
            continue;
        }

        if (six ? (ch == ':' || (ch >= 'a' && ch <= 'f')
                   || (ch >= 'A' && ch <= 'F'))
                : ((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z')
                   || ch == '-' || ch == '_'))
        {
            continue;
        }

        return 0;
    }

    return 1;
}
