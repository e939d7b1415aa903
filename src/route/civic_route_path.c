
/*
 * Copyright (C) Civic Gate
 *
 * One rule for paths.  nginx decodes and tidies the path before anybody
 * sees it, while a proxied service gets the raw bytes.  Where the two could
 * be read as different paths, the request is refused: dot segments, also
 * those that some services find before a semicolon, merged slashes, encoded
 * letters, and encoded separators and control bytes always.
 */


#include "civic_route_conf.h"


static ngx_int_t civic_route_path_decode(u_char *p, u_char *last,
    u_char *decoded);
static ngx_uint_t civic_route_path_unreserved(u_char ch);
static ngx_uint_t civic_route_path_dotted(u_char *u, u_char *end);


ngx_int_t
civic_route_path_check(const ngx_str_t *raw, const ngx_str_t *uri)
{
    u_char  *p, *last, *u, *end, ch;

    u = uri->data;
    end = uri->data + uri->len;

    p = raw->data;
    last = raw->data + raw->len;

    /* "GET http://host HTTP/1.1" has no path, and nginx reads "/" */

    if (p == last || *p == '?') {
        return uri->len == 1 ? NGX_OK : NGX_DECLINED;
    }

    while (p < last && *p != '?') {

        ch = *p;

        if (ch == '%') {
            if (civic_route_path_decode(p, last, &ch) != NGX_OK) {
                return NGX_DECLINED;
            }

            p += 2;

        } else if (ch == '#') {
            return NGX_DECLINED;
        }

        if (ch < 0x20 || ch == 0x7f || ch == '\\' || u == end || ch != *u) {
            return NGX_DECLINED;
        }

        p++;
        u++;
    }

    if (u != end || civic_route_path_dotted(uri->data, end)) {
        return NGX_DECLINED;
    }

    return NGX_OK;
}


/* of an encoded byte: NGX_DECLINED if it had no need to be encoded */

static ngx_int_t
civic_route_path_decode(u_char *p, u_char *last, u_char *decoded)
{
    ngx_int_t  value;

    if (last - p < 3) {
        return NGX_DECLINED;
    }

    value = ngx_hextoi(p + 1, 2);

    if (value == NGX_ERROR
        || value == '/'
        || civic_route_path_unreserved((u_char) value))
    {
        return NGX_DECLINED;
    }

    *decoded = (u_char) value;

    return NGX_OK;
}


/* RFC 3986, 2.3: equivalent with and without encoding, so never encoded */

static ngx_uint_t
civic_route_path_unreserved(u_char ch)
{
    return (ch >= 'a' && ch <= 'z')
           || (ch >= 'A' && ch <= 'Z')
           || (ch >= '0' && ch <= '9')
           || ch == '-' || ch == '.' || ch == '_' || ch == '~';
}


/*
 * "..;x" is a name to nginx, and ".." with a parameter to Java's servlets.
 * nginx flags every segment that begins with a dot, so this is seen.
 */

static ngx_uint_t
civic_route_path_dotted(u_char *u, u_char *end)
{
    u_char  *p;

    for (p = u; p < end; p++) {

        if (*p != ';' || p - u < 2 || p[-1] != '.') {
            continue;
        }

        if (p[-2] == '/' || (p[-2] == '.' && p - u > 2 && p[-3] == '/')) {
            return 1;
        }
    }

    return 0;
}
