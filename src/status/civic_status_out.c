
/*
 * Copyright (C) Civic Gate
 *
 * The chain that grows.  A piece of text never spans two buffers; what
 * remains of the buffer before is left empty.
 */


#include "civic_status_out.h"
#include "civic_status_text.h"
#include "civic_json.h"


#define CIVIC_STATUS_OUT_BUFFER  16384


static u_char *civic_status_out_space(civic_status_out_t *out, size_t len);


void
civic_status_out_init(civic_status_out_t *out, ngx_pool_t *pool)
{
    ngx_memzero(out, sizeof(civic_status_out_t));

    out->pool = pool;
    out->last = &out->first;
}


void
civic_status_out_text(civic_status_out_t *out, const char *text)
{
    size_t   len;
    u_char  *p;

    len = ngx_strlen(text);

    p = civic_status_out_space(out, len);
    if (p != NULL) {
        out->buf->last = ngx_cpymem(p, text, len);
    }
}


void
civic_status_out_format(civic_status_out_t *out, size_t max, const char *fmt,
    ...)
{
    u_char   *p;
    va_list   args;

    p = civic_status_out_space(out, max);
    if (p == NULL) {
        return;
    }

    va_start(args, fmt);
    out->buf->last = ngx_vslprintf(p, p + max, fmt, args);
    va_end(args);
}


void
civic_status_out_string(civic_status_out_t *out, const ngx_str_t *text)
{
    u_char  *p;

    p = civic_status_out_space(out, civic_json_escaped_len(text) + 2);
    if (p == NULL) {
        return;
    }

    *p++ = '"';
    p = civic_json_escape(p, text);
    *p++ = '"';

    out->buf->last = p;
}


void
civic_status_out_label(civic_status_out_t *out, const ngx_str_t *text)
{
    u_char  *p;

    p = civic_status_out_space(out, 2 * text->len + 2);
    if (p == NULL) {
        return;
    }

    *p++ = '"';
    p = civic_status_label_escape(p, text);
    *p++ = '"';

    out->buf->last = p;
}


void
civic_status_out_number(civic_status_out_t *out, uint64_t value,
    ngx_uint_t nano)
{
    if (nano) {
        civic_status_out_format(out, NGX_INT64_LEN + sizeof(".999999999"),
                                "%uL.%09uL", value / 1000000000,
                                value % 1000000000);
        return;
    }

    civic_status_out_format(out, NGX_INT64_LEN, "%uL", value);
}


off_t
civic_status_out_size(const civic_status_out_t *out)
{
    off_t         size;
    ngx_chain_t  *cl;

    size = 0;

    for (cl = out->first; cl; cl = cl->next) {
        size += ngx_buf_size(cl->buf);
    }

    return size;
}


static u_char *
civic_status_out_space(civic_status_out_t *out, size_t len)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    if (out->failed) {
        return NULL;
    }

    if (out->buf != NULL && (size_t) (out->buf->end - out->buf->last) >= len) {
        return out->buf->last;
    }

    b = ngx_create_temp_buf(out->pool, ngx_max(len, CIVIC_STATUS_OUT_BUFFER));
    cl = ngx_alloc_chain_link(out->pool);

    if (b == NULL || cl == NULL) {
        out->failed = 1;
        return NULL;
    }

    cl->buf = b;
    cl->next = NULL;

    *out->last = cl;
    out->last = &cl->next;
    out->buf = b;

    return b->last;
}
