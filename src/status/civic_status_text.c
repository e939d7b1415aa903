
/*
 * Copyright (C) Civic Gate
 *
 * What must be exact in text that others parse, and in text that others
 * send.  Nothing here allocates.
 */


#include "civic_status_text.h"
#include "civic_status_ring.h"


static ngx_int_t civic_status_trace_decode(const u_char *p,
    const u_char *last, u_char *trace);
static ngx_int_t civic_status_hex(u_char ch);


u_char *
civic_status_label_escape(u_char *dst, const ngx_str_t *src)
{
    size_t  i;
    u_char  ch;

    for (i = 0; i < src->len; i++) {
        ch = src->data[i];

        switch (ch) {

        case '\n':
            *dst++ = '\\';
            *dst++ = 'n';
            break;

        case '\\':
        case '"':
            *dst++ = '\\';
            *dst++ = ch;
            break;

        default:
            *dst++ = ch;
        }
    }

    return dst;
}


ngx_int_t
civic_status_trace_parse(const ngx_str_t *args, u_char *trace)
{
    u_char      *p, *end, *last;
    ngx_uint_t   found;

    static const size_t  len = sizeof("trace=") - 1;

    found = 0;
    last = args->data + args->len;

    for (p = args->data; p < last; p = end + 1) {

        for (end = p; end < last && *end != '&'; end++) { /* void */ }

        if ((size_t) (end - p) < len || ngx_memcmp(p, "trace=", len) != 0) {
            continue;
        }

        if (found++
            || civic_status_trace_decode(p + len, end, trace) != NGX_OK)
        {
            return NGX_DECLINED;
        }
    }

    return found ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
civic_status_trace_decode(const u_char *p, const u_char *last, u_char *trace)
{
    u_char      ch;
    ngx_int_t   high, low;
    ngx_uint_t  n;

    for (n = 0; p < last; n++) {

        ch = *p++;

        if (ch == '%') {

            if (last - p < 2) {
                return NGX_DECLINED;
            }

            high = civic_status_hex(p[0]);
            low = civic_status_hex(p[1]);

            if (high == NGX_ERROR || low == NGX_ERROR) {
                return NGX_DECLINED;
            }

            ch = (u_char) (high << 4 | low);
            p += 2;
        }

        if (n == CIVIC_STATUS_TRACE_LEN || civic_status_hex(ch) == NGX_ERROR) {
            return NGX_DECLINED;
        }

        trace[n] = ngx_tolower(ch);
    }

    return n == CIVIC_STATUS_TRACE_LEN ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
civic_status_hex(u_char ch)
{
    if (ch >= '0' && ch <= '9') {
        return ch - '0';
    }

    ch = ngx_tolower(ch);

    return (ch >= 'a' && ch <= 'f') ? ch - 'a' + 10 : NGX_ERROR;
}


size_t
civic_status_copy_head(u_char *dst, size_t max, const ngx_str_t *src)
{
    size_t  len;

    len = src->len;

    if (len > max) {
        for (len = max; len && (src->data[len] & 0xc0) == 0x80; len--) {
            /* void */
        }
    }

    if (len) {
        ngx_memcpy(dst, src->data, len);
    }

    return len;
}


size_t
civic_status_copy_tail(u_char *dst, size_t max, const ngx_str_t *src)
{
    size_t  skip;

    skip = 0;

    if (src->len > max) {
        for (skip = src->len - max;
             skip < src->len && (src->data[skip] & 0xc0) == 0x80;
             skip++)
        {
            /* void */
        }
    }

    if (src->len == skip) {
        return 0;
    }

    ngx_memcpy(dst, src->data + skip, src->len - skip);

    return src->len - skip;
}
