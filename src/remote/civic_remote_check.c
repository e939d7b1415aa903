
/*
 * Copyright (C) Civic Gate
 *
 * Decides what a request to a remote may say, byte by byte: libcurl sends
 * what it is given, so a line feed in a header would be a second header and
 * ".." in a path another service.  Allow-lists; nothing is repaired.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_remote_check.h"
#include "civic_text.h"


#define CIVIC_REMOTE_METHOD_MAX  32
#define CIVIC_REMOTE_PATH_MAX    16384
#define CIVIC_REMOTE_VALUE_MAX   16384


static ngx_uint_t civic_remote_check_named(const ngx_str_t *name,
    const ngx_str_t *list);
static ngx_int_t civic_remote_check_byte(const u_char *p, const u_char *end,
    u_char *byte);
static const char *civic_remote_check_bytes(const ngx_str_t *path);
static ngx_uint_t civic_remote_check_dots(const u_char *p,
    const u_char *end);


static const ngx_str_t  civic_remote_check_hops[] = {
    ngx_string("connection"),
    ngx_string("keep-alive"),
    ngx_string("proxy-authenticate"),
    ngx_string("proxy-authorization"),
    ngx_string("proxy-connection"),
    ngx_string("te"),
    ngx_string("trailer"),
    ngx_string("transfer-encoding"),
    ngx_string("upgrade"),
    ngx_null_string
};


/* what libcurl says itself, or what would change whom it talks to */

static const ngx_str_t  civic_remote_check_ours[] = {
    ngx_string("host"),
    ngx_string("content-length"),
    ngx_string("expect"),
    ngx_null_string
};


const char *
civic_remote_check_method(const ngx_str_t *method)
{
    if (method->len > CIVIC_REMOTE_METHOD_MAX || !civic_text_token(method)) {
        return "the method is no word";
    }

    if ((method->len == 7
         && ngx_strncasecmp(method->data, (u_char *) "CONNECT", 7) == 0)
        || (method->len == 5
            && ngx_strncasecmp(method->data, (u_char *) "TRACE", 5) == 0))
    {
        return "the method is CONNECT or TRACE";
    }

    return NULL;
}


const char *
civic_remote_check_path(const ngx_str_t *path)
{
    u_char       *end;
    const char   *wrong;

    if (path->len == 0 || path->data[0] != '/') {
        return "the path does not begin with a slash";
    }

    if (path->len > CIVIC_REMOTE_PATH_MAX) {
        return "the path is too long";
    }

    wrong = civic_remote_check_bytes(path);
    if (wrong != NULL) {
        return wrong;
    }

    end = ngx_strlchr(path->data, path->data + path->len, '?');
    if (end == NULL) {
        end = path->data + path->len;
    }

    if (civic_remote_check_dots(path->data, end)) {
        return "the path has a segment of dots";
    }

    return NULL;
}


const char *
civic_remote_check_header(const ngx_str_t *name, const ngx_str_t *value)
{
    if (!civic_text_token(name)) {
        return "a header's name is no word";
    }

    if (civic_remote_check_hop(name)
        || civic_remote_check_named(name, civic_remote_check_ours))
    {
        return "a header belongs to the connection";
    }

    if (value->len > CIVIC_REMOTE_VALUE_MAX) {
        return "a header's value is too long";
    }

    if (!civic_text_value(value)) {
        return "a header's value has control bytes";
    }

    return NULL;
}


ngx_uint_t
civic_remote_check_hop(const ngx_str_t *name)
{
    return civic_remote_check_named(name, civic_remote_check_hops);
}


static ngx_uint_t
civic_remote_check_named(const ngx_str_t *name, const ngx_str_t *list)
{
    for ( /* void */ ; list->len; list++) {

        if (list->len == name->len
            && ngx_strncasecmp(list->data, name->data, name->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* the byte that one or three bytes of a path stand for, and how many */

static ngx_int_t
civic_remote_check_byte(const u_char *p, const u_char *end, u_char *byte)
{
    ngx_int_t  n;

    if (*p != '%') {
        *byte = *p;
        return 1;
    }

    if (end - p < 3) {
        return NGX_ERROR;
    }

    n = ngx_hextoi((u_char *) p + 1, 2);
    if (n == NGX_ERROR) {
        return NGX_ERROR;
    }

    *byte = (u_char) n;

    return 3;
}


static const char *
civic_remote_check_bytes(const ngx_str_t *path)
{
    u_char     byte, *p, *end;
    ngx_int_t  n;

    end = path->data + path->len;

    for (p = path->data; p < end; p += n) {

        if (*p <= 0x20 || *p >= 0x7f || *p == '#' || *p == '\\') {
            return "the path has bytes that must be encoded";
        }

        n = civic_remote_check_byte(p, end, &byte);

        if (n == NGX_ERROR) {
            return "the path has a broken encoding";
        }
    }

    return NULL;
}


/*
 * Is there a segment that somebody could read as "." or ".."?  Services
 * differ in what they decode first: "%2F" and "%5C" count as separators, as
 * do ";", which begins a segment's parameters, and "%00", where the string
 * ends for some.
 */

static ngx_uint_t
civic_remote_check_dots(const u_char *p, const u_char *end)
{
    u_char      byte;
    ngx_int_t   n;
    ngx_uint_t  dots, other;

    byte = 0;
    dots = 0;
    other = 0;

    while (p < end) {

        n = civic_remote_check_byte(p, end, &byte);
        p += n;

        if (byte != '/' && byte != '\\' && byte != ';' && byte != '\0') {
            dots += (byte == '.');
            other += (byte != '.');
            continue;
        }

        if (!other && (dots == 1 || dots == 2)) {
            return 1;
        }

        dots = 0;

        /* what follows ";" is no segment */

        other = (byte == ';');
    }

    return !other && (dots == 1 || dots == 2);
}
