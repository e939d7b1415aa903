
/*
 * Copyright (C) Civic Gate
 */


#include "civic_sign_query.h"


static ngx_uint_t civic_sign_query_byte(u_char **p, u_char *last,
    u_char *out);
static ngx_uint_t civic_sign_query_plain(u_char ch);


ngx_int_t
civic_sign_query_next(ngx_str_t *rest, civic_sign_pair_t *pair)
{
    u_char  *p, *last, *end, *equals;

    p = rest->data;
    last = p + rest->len;

    while (p < last && *p == '&') {
        p++;
    }

    if (p == last) {
        return NGX_DONE;
    }

    end = ngx_strlchr(p, last, '&');
    end = end ? end : last;

    equals = ngx_strlchr(p, end, '=');

    pair->name.data = p;
    pair->name.len = (equals ? equals : end) - p;
    pair->value.data = equals ? equals + 1 : end;
    pair->value.len = end - pair->value.data;

    rest->data = end;
    rest->len = last - end;

    return NGX_OK;
}


ngx_int_t
civic_sign_query_decode(u_char *dst, ngx_str_t *out, const ngx_str_t *src)
{
    u_char  *p, *last;

    p = src->data;
    last = p + src->len;
    out->data = dst;

    while (p < last) {
        if (!civic_sign_query_byte(&p, last, dst++)) {
            return NGX_DECLINED;
        }
    }

    out->len = dst - out->data;

    return NGX_OK;
}


u_char *
civic_sign_query_recode(u_char *dst, const ngx_str_t *src)
{
    u_char  *p, *last, ch;

    static u_char  hex[] = "0123456789ABCDEF";

    p = src->data;
    last = p + src->len;

    while (p < last) {

        (void) civic_sign_query_byte(&p, last, &ch);

        if (civic_sign_query_plain(ch)) {
            *dst++ = ch;

        } else {
            *dst++ = '%';
            *dst++ = hex[ch >> 4];
            *dst++ = hex[ch & 0xf];
        }
    }

    return dst;
}


/* 0: it was a "%" that stands for itself */

static ngx_uint_t
civic_sign_query_byte(u_char **p, u_char *last, u_char *out)
{
    ngx_int_t  value;

    if (**p == '%' && last - *p > 2) {

        value = ngx_hextoi(*p + 1, 2);

        if (value != NGX_ERROR) {
            *out = (u_char) value;
            *p += 3;
            return 1;
        }
    }

    *out = (**p == '+') ? ' ' : **p;

    return *(*p)++ != '%';
}


static ngx_uint_t
civic_sign_query_plain(u_char ch)
{
    return ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z')
           || (ch >= '0' && ch <= '9')
           || ch == '*' || ch == '-' || ch == '.' || ch == '_';
}
