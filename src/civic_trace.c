
/*
 * Copyright (C) Civic Gate
 *
 * W3C Trace Context, level 1.  A traceparent that does not follow the
 * standard to the letter, or comes twice, is as good as none; tracestate
 * goes on only with a traceparent that was accepted.
 */


#include "civic_trace.h"

#include <openssl/rand.h>


/* "00-" trace "-" span "-" flags */

#define CIVIC_TRACEPARENT_LEN                                                 \
    (3 + CIVIC_TRACE_ID_LEN + 1 + CIVIC_SPAN_ID_LEN + 3)

#define CIVIC_TRACE_RANDOM  4096


static civic_header_name_t  civic_trace_parent =
    civic_header_name("traceparent", "traceparent");


typedef struct {
    ngx_table_elt_t  *parent;
    ngx_uint_t        parents;
    ngx_uint_t        states;
} civic_trace_headers_t;


static void civic_trace_find(ngx_http_request_t *r,
    civic_trace_headers_t *headers);
static ngx_uint_t civic_trace_match(ngx_table_elt_t *h, void *data);
static ngx_int_t civic_trace_accept(const ngx_str_t *value, civic_ctx_t *ctx,
    u_char *flags);
static ngx_uint_t civic_trace_hex(const u_char *p, size_t len);
static ngx_int_t civic_trace_random(u_char *hex, size_t len);


ngx_int_t
civic_trace_open(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    u_char                 *p, flags[2];
    ngx_str_t               value;
    civic_trace_headers_t   headers;

    flags[0] = '0';
    flags[1] = '0';

    civic_trace_find(r, &headers);

    if (headers.parents != 1
        || civic_trace_accept(&headers.parent->value, ctx, flags) != NGX_OK)
    {
        if (headers.parents + headers.states != 0
            && civic_headers_in_remove(r, civic_trace_match, NULL) != NGX_OK)
        {
            return NGX_ERROR;
        }

        headers.parent = NULL;

        if (civic_trace_random(ctx->trace_id, CIVIC_TRACE_ID_LEN) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (civic_trace_random(ctx->span_id, CIVIC_SPAN_ID_LEN) != NGX_OK) {
        return NGX_ERROR;
    }

    value.data = ngx_pnalloc(r->pool, CIVIC_TRACEPARENT_LEN);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(value.data, "00-", 3);
    p = ngx_cpymem(p, ctx->trace_id, CIVIC_TRACE_ID_LEN);
    *p++ = '-';
    p = ngx_cpymem(p, ctx->span_id, CIVIC_SPAN_ID_LEN);
    *p++ = '-';
    p = ngx_cpymem(p, flags, 2);

    value.len = p - value.data;

    if (headers.parent != NULL) {
        headers.parent->value = value;
        return NGX_OK;
    }

    return civic_headers_in_add(r, &civic_trace_parent, &value);
}


static void
civic_trace_find(ngx_http_request_t *r, civic_trace_headers_t *headers)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    ngx_memzero(headers, sizeof(civic_trace_headers_t));

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (!civic_trace_match(&h[i], NULL)) {
                continue;
            }

            if (h[i].key.len == sizeof("tracestate") - 1) {
                headers->states++;
                continue;
            }

            headers->parent = &h[i];
            headers->parents++;
        }
    }
}


static ngx_uint_t
civic_trace_match(ngx_table_elt_t *h, void *data)
{
    switch (h->key.len) {

    case sizeof("tracestate") - 1:
        return ngx_strncmp(h->lowcase_key, "tracestate", 10) == 0;

    case sizeof("traceparent") - 1:
        return ngx_strncmp(h->lowcase_key, "traceparent", 11) == 0;

    default:
        return 0;
    }
}


/*
 * A version after 00 may have more behind the flags; what it has before
 * them is fixed by the standard.
 */

static ngx_int_t
civic_trace_accept(const ngx_str_t *value, civic_ctx_t *ctx, u_char *flags)
{
    u_char  *version, *trace, *span, *end;

    if (value->len < CIVIC_TRACEPARENT_LEN) {
        return NGX_DECLINED;
    }

    version = value->data;
    trace = version + 3;
    span = trace + CIVIC_TRACE_ID_LEN + 1;
    end = span + CIVIC_SPAN_ID_LEN + 1;

    if (version[2] != '-' || span[-1] != '-' || end[-1] != '-') {
        return NGX_DECLINED;
    }

    if (value->len > CIVIC_TRACEPARENT_LEN
        && (end[2] != '-' || (version[0] == '0' && version[1] == '0')))
    {
        return NGX_DECLINED;
    }

    if (civic_trace_hex(version, 2) == 0 && ngx_strncmp(version, "00", 2)) {
        return NGX_DECLINED;
    }

    if (ngx_strncmp(version, "ff", 2) == 0
        || civic_trace_hex(trace, CIVIC_TRACE_ID_LEN) == 0
        || civic_trace_hex(span, CIVIC_SPAN_ID_LEN) == 0
        || (civic_trace_hex(end, 2) == 0 && ngx_strncmp(end, "00", 2)))
    {
        return NGX_DECLINED;
    }

    ngx_memcpy(ctx->trace_id, trace, CIVIC_TRACE_ID_LEN);

    /* "sampled" is the one flag of version 00; the others must be cleared */

    flags[1] = (ngx_hextoi(end, 2) & 1) ? '1' : '0';

    return NGX_OK;
}


/* lower-case hexadecimal digits, and not all of them zero */

static ngx_uint_t
civic_trace_hex(const u_char *p, size_t len)
{
    size_t      i;
    ngx_uint_t  any;

    any = 0;

    for (i = 0; i < len; i++) {

        if (!((p[i] >= '0' && p[i] <= '9') || (p[i] >= 'a' && p[i] <= 'f'))) {
            return 0;
        }

        any |= (p[i] != '0');
    }

    return any;
}


/*
 * Random bytes are bought wholesale: one at a time costs a hundredfold.  The
 * buffer is empty when workers are forked, so no two share it.
 */

static ngx_int_t
civic_trace_random(u_char *hex, size_t len)
{
    static size_t  left = 0;
    static u_char  random[CIVIC_TRACE_RANDOM];

    if (left < len / 2) {

        if (RAND_bytes(random, CIVIC_TRACE_RANDOM) != 1) {
            return NGX_ERROR;
        }

        left = CIVIC_TRACE_RANDOM;
    }

    left -= len / 2;
    ngx_hex_dump(hex, random + left, len / 2);

    return NGX_OK;
}
