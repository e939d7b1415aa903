
/*
 * Copyright (C) Civic Gate
 *
 * Unit tests only: the few nginx functions that pure code calls, on top of
 * malloc, so that a sanitizer sees every byte beyond an allocation.  A pool
 * remembers what it gave in its list of large blocks.  Only what is asked
 * for is here; behaviour is nginx's, speed is not.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "stub_nginx.h"


static void *stub_nginx_malloc(size_t size);
static u_char *stub_nginx_number(u_char *buf, u_char *last, uint64_t n,
    u_char zero, ngx_uint_t hex, ngx_uint_t width);


ngx_int_t   stub_nginx_allocations = -1;

ngx_uint_t  ngx_pagesize = 4096;

sig_atomic_t  ngx_event_timer_alarm;


static void *
stub_nginx_malloc(size_t size)
{
    if (stub_nginx_allocations == 0) {
        return NULL;
    }

    if (stub_nginx_allocations > 0) {
        stub_nginx_allocations--;
    }

    return malloc(size);
}


void *
ngx_alloc(size_t size, ngx_log_t *log)
{
    return stub_nginx_malloc(size);
}


void *
ngx_calloc(size_t size, ngx_log_t *log)
{
    void  *p;

    p = stub_nginx_malloc(size);

    return p ? memset(p, 0, size) : NULL;
}


ngx_pool_t *
ngx_create_pool(size_t size, ngx_log_t *log)
{
    ngx_pool_t  *pool;

    pool = ngx_calloc(sizeof(ngx_pool_t), log);

    if (pool) {
        pool->log = log;
    }

    return pool;
}


void
ngx_destroy_pool(ngx_pool_t *pool)
{
    ngx_pool_large_t    *l, *next;
    ngx_pool_cleanup_t  *cln, *after;

    for (cln = pool->cleanup; cln; cln = after) {
        after = cln->next;

        if (cln->handler) {
            cln->handler(cln->data);
        }
    }

    for (l = pool->large; l; l = next) {
        next = l->next;
        free(l->alloc);
        free(l);
    }

    free(pool);
}


void *
ngx_palloc(ngx_pool_t *pool, size_t size)
{
    ngx_pool_large_t  *large;

    large = stub_nginx_malloc(sizeof(ngx_pool_large_t));
    if (large == NULL) {
        return NULL;
    }

    large->alloc = malloc(size);
    if (large->alloc == NULL) {
        free(large);
        return NULL;
    }

    large->next = pool->large;
    pool->large = large;

    return large->alloc;
}


void *
ngx_pnalloc(ngx_pool_t *pool, size_t size)
{
    return ngx_palloc(pool, size);
}


void *
ngx_pcalloc(ngx_pool_t *pool, size_t size)
{
    void  *p;

    p = ngx_palloc(pool, size);

    return p ? memset(p, 0, size) : NULL;
}


ngx_pool_cleanup_t *
ngx_pool_cleanup_add(ngx_pool_t *pool, size_t size)
{
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pcalloc(pool, sizeof(ngx_pool_cleanup_t));
    if (cln == NULL) {
        return NULL;
    }

    if (size) {
        cln->data = ngx_palloc(pool, size);
        if (cln->data == NULL) {
            return NULL;
        }
    }

    cln->next = pool->cleanup;
    pool->cleanup = cln;

    return cln;
}


ngx_array_t *
ngx_array_create(ngx_pool_t *pool, ngx_uint_t n, size_t size)
{
    ngx_array_t  *a;

    a = ngx_palloc(pool, sizeof(ngx_array_t));

    if (a == NULL || ngx_array_init(a, pool, n, size) != NGX_OK) {
        return NULL;
    }

    return a;
}


void *
ngx_array_push(ngx_array_t *a)
{
    return ngx_array_push_n(a, 1);
}


void *
ngx_array_push_n(ngx_array_t *a, ngx_uint_t n)
{
    void        *elts;
    ngx_uint_t   nalloc;

    if (a->nelts + n > a->nalloc) {
        nalloc = 2 * ngx_max(n, a->nalloc);

        elts = ngx_palloc(a->pool, nalloc * a->size);
        if (elts == NULL) {
            return NULL;
        }

        ngx_memcpy(elts, a->elts, a->nelts * a->size);
        a->elts = elts;
        a->nalloc = nalloc;
    }

    elts = (u_char *) a->elts + a->size * a->nelts;
    a->nelts += n;

    return elts;
}


void *
ngx_list_push(ngx_list_t *l)
{
    ngx_list_part_t  *last;

    last = l->last;

    if (last->nelts == l->nalloc) {

        last = ngx_palloc(l->pool, sizeof(ngx_list_part_t));
        if (last == NULL) {
            return NULL;
        }

        last->elts = ngx_palloc(l->pool, l->nalloc * l->size);
        if (last->elts == NULL) {
            return NULL;
        }

        last->nelts = 0;
        last->next = NULL;

        l->last->next = last;
        l->last = last;
    }

    return (char *) last->elts + l->size * last->nelts++;
}


ngx_uint_t
ngx_hash_key(u_char *data, size_t len)
{
    ngx_uint_t  i, key;

    key = 0;

    for (i = 0; i < len; i++) {
        key = ngx_hash(key, data[i]);
    }

    return key;
}


u_char *
ngx_pstrdup(ngx_pool_t *pool, ngx_str_t *src)
{
    u_char  *dst;

    dst = ngx_pnalloc(pool, src->len);

    return dst ? memcpy(dst, src->data, src->len) : NULL;
}


void
ngx_explicit_memzero(void *buf, size_t n)
{
    ngx_memzero(buf, n);
    ngx_memory_barrier();
}


u_char *
ngx_cpystrn(u_char *dst, u_char *src, size_t n)
{
    if (n == 0) {
        return dst;
    }

    while (--n) {
        *dst = *src;

        if (*dst == '\0') {
            return dst;
        }

        dst++;
        src++;
    }

    *dst = '\0';

    return dst;
}


void
ngx_strlow(u_char *dst, u_char *src, size_t n)
{
    while (n--) {
        *dst++ = ngx_tolower(*src);
        src++;
    }
}


ngx_int_t
ngx_strcasecmp(u_char *s1, u_char *s2)
{
    return strcasecmp((char *) s1, (char *) s2);
}


ngx_int_t
ngx_strncasecmp(u_char *s1, u_char *s2, size_t n)
{
    return strncasecmp((char *) s1, (char *) s2, n);
}


ngx_int_t
ngx_memn2cmp(u_char *s1, u_char *s2, size_t n1, size_t n2)
{
    ngx_int_t  m;

    m = ngx_memcmp(s1, s2, ngx_min(n1, n2));

    return m ? m : (n1 < n2) ? -1 : (n1 > n2);
}


ngx_int_t
ngx_atoi(u_char *line, size_t n)
{
    ngx_int_t  value, cutoff, cutlim;

    if (n == 0) {
        return NGX_ERROR;
    }

    cutoff = NGX_MAX_INT_T_VALUE / 10;
    cutlim = NGX_MAX_INT_T_VALUE % 10;

    for (value = 0; n--; line++) {
        if (*line < '0' || *line > '9') {
            return NGX_ERROR;
        }

        if (value >= cutoff && (value > cutoff || *line - '0' > cutlim)) {
            return NGX_ERROR;
        }

        value = value * 10 + (*line - '0');
    }

    return value;
}


void
ngx_encode_base64url(ngx_str_t *dst, ngx_str_t *src)
{
    size_t    i;
    uint32_t  bits;
    u_char   *p;
    unsigned  n;

    static const char  digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz0123456789-_";

    p = dst->data;
    bits = 0;
    n = 0;

    for (i = 0; i < src->len; i++) {
        bits = (bits << 8) | src->data[i];

        for (n += 8; n >= 6; n -= 6) {
            *p++ = digits[(bits >> (n - 6)) & 0x3f];
        }
    }

    if (n) {
        *p++ = digits[(bits << (6 - n)) & 0x3f];
    }

    dst->len = p - dst->data;
}


ngx_int_t
ngx_hextoi(u_char *line, size_t n)
{
    u_char     ch;
    ngx_int_t  value;

    if (n == 0) {
        return NGX_ERROR;
    }

    for (value = 0; n--; line++) {
        ch = *line;

        if (value > NGX_MAX_INT_T_VALUE / 16) {
            return NGX_ERROR;
        }

        if (ch >= '0' && ch <= '9') {
            value = value * 16 + (ch - '0');
            continue;
        }

        ch = (u_char) (ch | 0x20);

        if (ch < 'a' || ch > 'f') {
            return NGX_ERROR;
        }

        value = value * 16 + (ch - 'a' + 10);
    }

    return value;
}


u_char *
ngx_sprintf(u_char *buf, const char *fmt, ...)
{
    u_char   *p;
    va_list   args;

    va_start(args, fmt);
    p = ngx_vslprintf(buf, (void *) -1, fmt, args);
    va_end(args);

    return p;
}


u_char *
ngx_snprintf(u_char *buf, size_t max, const char *fmt, ...)
{
    u_char   *p;
    va_list   args;

    va_start(args, fmt);
    p = ngx_vslprintf(buf, buf + max, fmt, args);
    va_end(args);

    return p;
}


u_char *
ngx_slprintf(u_char *buf, u_char *last, const char *fmt, ...)
{
    u_char   *p;
    va_list   args;

    va_start(args, fmt);
    p = ngx_vslprintf(buf, last, fmt, args);
    va_end(args);

    return p;
}


/*
 * %[0][width][u][x|X]{d i z T D L O}, %[*]s %V %c %p %Z %N %%: the formats
 * in use.  An unknown one aborts, so that nobody believes its output.
 */

u_char *
ngx_vslprintf(u_char *buf, u_char *last, const char *fmt, va_list args)
{
    size_t       slen;
    u_char      *p, zero;
    int64_t      i64;
    ngx_str_t   *v;
    ngx_uint_t   width, sign, hex;

    for ( ; *fmt && buf < last; fmt++) {

        if (*fmt != '%') {
            *buf++ = *fmt;
            continue;
        }

        fmt++;
        zero = (*fmt == '0') ? '0' : ' ';
        slen = (size_t) -1;
        sign = 1;
        hex = 0;
        i64 = 0;
        p = NULL;

        for (width = 0; *fmt >= '0' && *fmt <= '9'; fmt++) {
            width = width * 10 + (*fmt - '0');
        }

        for ( ;; fmt++) {
            if (*fmt == 'u') {
                sign = 0;

            } else if (*fmt == 'x' || *fmt == 'X') {
                hex = (*fmt == 'X') ? 2 : 1;
                sign = 0;

            } else if (*fmt == '*') {
                slen = va_arg(args, size_t);

            } else {
                break;
            }
        }

        switch (*fmt) {

        case 'V':
            v = va_arg(args, ngx_str_t *);
            p = v->data;
            slen = v->len;
            break;

        case 's':
            p = va_arg(args, u_char *);
            slen = (slen == (size_t) -1) ? ngx_strlen(p) : slen;
            break;

        case 'c':
            *buf++ = (u_char) va_arg(args, int);
            continue;

        case 'Z':
            *buf++ = '\0';
            continue;

        case 'N':
            *buf++ = LF;
            continue;

        case '%':
            *buf++ = '%';
            continue;

        case 'd':
            i64 = sign ? (int64_t) va_arg(args, int)
                       : (int64_t) va_arg(args, u_int);
            break;

        case 'D':
            i64 = sign ? (int64_t) va_arg(args, int32_t)
                       : (int64_t) va_arg(args, uint32_t);
            break;

        case 'p':
            hex = 2;
            sign = 0;
            /* fall through */

        case 'i':
        case 'z':
        case 'T':
        case 'L':
        case 'O':
        case 'M':
            i64 = va_arg(args, int64_t);
            break;

        default:
            abort();
        }

        if (p) {
            slen = ngx_min(slen, (size_t) (last - buf));
            buf = ngx_cpymem(buf, p, slen);
            continue;
        }

        if (sign && i64 < 0) {
            *buf++ = '-';
            i64 = (int64_t) (0 - (uint64_t) i64);
        }

        buf = stub_nginx_number(buf, last, (uint64_t) i64, zero, hex, width);
    }

    return buf;
}


static u_char *
stub_nginx_number(u_char *buf, u_char *last, uint64_t n, u_char zero,
    ngx_uint_t hex, ngx_uint_t width)
{
    u_char       temp[NGX_INT64_LEN + 1], *p;
    size_t       len;
    ngx_uint_t   base;
    const char  *digits;

    base = hex ? 16 : 10;
    digits = (hex == 2) ? "0123456789ABCDEF" : "0123456789abcdef";
    p = temp + NGX_INT64_LEN;

    do {
        *--p = digits[n % base];
        n /= base;
    } while (n);

    len = temp + NGX_INT64_LEN - p;

    for ( ; len < width && buf < last; width--) {
        *buf++ = zero;
    }

    len = ngx_min(len, (size_t) (last - buf));

    return ngx_cpymem(buf, p, len);
}


void
ngx_log_error_core(ngx_uint_t level, ngx_log_t *log, ngx_err_t err,
    const char *fmt, ...)
{
    (void) fprintf(stderr, "# log: %s\n", fmt);
}


u_char *
ngx_hex_dump(u_char *dst, u_char *src, size_t len)
{
    static u_char  hex[] = "0123456789abcdef";

    while (len--) {
        *dst++ = hex[*src >> 4];
        *dst++ = hex[*src++ & 0xf];
    }

    return dst;
}


void
ngx_encode_base64(ngx_str_t *dst, ngx_str_t *src)
{
    size_t    i;
    u_char   *p;
    uint32_t  bits;

    static u_char  set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                           "abcdefghijklmnopqrstuvwxyz0123456789+/";

    p = dst->data;

    for (i = 0; i < src->len; i += 3) {

        bits = (uint32_t) src->data[i] << 16;
        bits |= (i + 1 < src->len) ? (uint32_t) src->data[i + 1] << 8 : 0;
        bits |= (i + 2 < src->len) ? src->data[i + 2] : 0;

        *p++ = set[bits >> 18];
        *p++ = set[bits >> 12 & 63];
        *p++ = (i + 1 < src->len) ? set[bits >> 6 & 63] : '=';
        *p++ = (i + 2 < src->len) ? set[bits & 63] : '=';
    }

    dst->len = p - dst->data;
}
