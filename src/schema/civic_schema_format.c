
/*
 * Copyright (C) Civic Gate
 *
 * The formats, asserted: dates and times of RFC 3339, UUIDs of RFC 4122,
 * mail addresses of RFC 5321, URIs of RFC 3986, IP addresses.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <arpa/inet.h>

#include "civic_schema_node.h"


typedef ngx_uint_t (*civic_schema_format_pt)(const u_char *p, size_t len);


static ngx_uint_t civic_schema_format_date(const u_char *p, size_t len);
static ngx_uint_t civic_schema_format_date_time(const u_char *p, size_t len);
static ngx_uint_t civic_schema_format_time(const u_char *p, size_t len);
static ngx_uint_t civic_schema_format_uuid(const u_char *p, size_t len);
static ngx_uint_t civic_schema_format_email(const u_char *p, size_t len);
static ngx_uint_t civic_schema_format_domain(const u_char *p, size_t len);
static ngx_uint_t civic_schema_format_uri(const u_char *p, size_t len);
static ngx_uint_t civic_schema_format_authority(const u_char *p,
    const u_char *last);
static ngx_uint_t civic_schema_format_literal(const u_char *p, size_t len);
static ngx_uint_t civic_schema_format_chars(const u_char *p,
    const u_char *last, const char *more);
static ngx_uint_t civic_schema_format_ipv4(const u_char *p, size_t len);
static ngx_uint_t civic_schema_format_ipv6(const u_char *p, size_t len);
static ngx_int_t civic_schema_format_digits(const u_char *p, size_t n);
static ngx_uint_t civic_schema_format_alnum(u_char ch);


static const struct {
    const char              *name;
    civic_schema_format_pt   check;
} civic_schema_formats[] = {
    { "date",      civic_schema_format_date },
    { "date-time", civic_schema_format_date_time },
    { "time",      civic_schema_format_time },
    { "uuid",      civic_schema_format_uuid },
    { "email",     civic_schema_format_email },
    { "uri",       civic_schema_format_uri },
    { "ipv4",      civic_schema_format_ipv4 },
    { "ipv6",      civic_schema_format_ipv6 },
    { NULL, NULL }
};


ngx_uint_t
civic_schema_format(const ngx_str_t *name)
{
    ngx_uint_t  i;

    for (i = 0; civic_schema_formats[i].name; i++) {
        if (ngx_strlen(civic_schema_formats[i].name) == name->len
            && ngx_memcmp(civic_schema_formats[i].name, name->data,
                          name->len) == 0)
        {
            return i + 1;
        }
    }

    return 0;
}


ngx_uint_t
civic_schema_format_check(ngx_uint_t format, const ngx_str_t *text)
{
    return civic_schema_formats[format - 1].check(text->data, text->len);
}


/* "2026-02-28" */

static ngx_uint_t
civic_schema_format_date(const u_char *p, size_t len)
{
    ngx_int_t  year, month, day, last;

    static const u_char  days[] = {
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
    };

    if (len != 10 || p[4] != '-' || p[7] != '-') {
        return 0;
    }

    year = civic_schema_format_digits(p, 4);
    month = civic_schema_format_digits(p + 5, 2);
    day = civic_schema_format_digits(p + 8, 2);

    if (year < 0 || month < 1 || month > 12) {
        return 0;
    }

    last = days[month - 1];

    if (month == 2
        && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
    {
        last = 29;
    }

    return day >= 1 && day <= last;
}


static ngx_uint_t
civic_schema_format_date_time(const u_char *p, size_t len)
{
    return len > 11 && civic_schema_format_date(p, 10)
           && (p[10] | 0x20) == 't'
           && civic_schema_format_time(p + 11, len - 11);
}


/* "23:59:60.5+08:00", a leap second only where there can be one */

static ngx_uint_t
civic_schema_format_time(const u_char *p, size_t len)
{
    size_t     i;
    ngx_int_t  hour, minute, second, offset, west;

    if (len < 9 || p[2] != ':' || p[5] != ':') {
        return 0;
    }

    hour = civic_schema_format_digits(p, 2);
    minute = civic_schema_format_digits(p + 3, 2);
    second = civic_schema_format_digits(p + 6, 2);

    if (hour < 0 || hour > 23 || minute < 0 || minute > 59
        || second < 0 || second > 60)
    {
        return 0;
    }

    i = 8;

    if (p[i] == '.') {

        for (i++; i < len && p[i] >= '0' && p[i] <= '9'; i++) { /* void */ }

        if (i == 9) {
            return 0;
        }
    }

    if (len - i == 1 && (p[i] | 0x20) == 'z') {
        offset = 0;

    } else if (len - i == 6 && (p[i] == '+' || p[i] == '-')
               && p[i + 3] == ':')
    {
        west = (p[i] == '-') ? 1 : -1;
        offset = civic_schema_format_digits(p + i + 1, 2);

        if (offset < 0 || offset > 23) {
            return 0;
        }

        offset *= 60;

        i = i + 4;

        if (civic_schema_format_digits(p + i, 2) < 0
            || civic_schema_format_digits(p + i, 2) > 59)
        {
            return 0;
        }

        offset = west * (offset + civic_schema_format_digits(p + i, 2));

    } else {
        return 0;
    }

    return second < 60
           || (hour * 60 + minute + offset + 2 * 1440) % 1440 == 1439;
}


static ngx_uint_t
civic_schema_format_uuid(const u_char *p, size_t len)
{
    size_t  i;

    if (len != 36) {
        return 0;
    }

    for (i = 0; i < len; i++) {

        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (p[i] != '-') {
                return 0;
            }

        } else if (ngx_hextoi((u_char *) p + i, 1) == NGX_ERROR) {
            return 0;
        }
    }

    return 1;
}


static ngx_uint_t
civic_schema_format_email(const u_char *p, size_t len)
{
    size_t  at, i;

    for (at = len; at > 0 && p[at - 1] != '@'; at--) { /* void */ }

    if (at < 2 || at > 65) {
        return 0;
    }

    at--;

    if (!civic_schema_format_domain(p + at + 1, len - at - 1)) {
        return 0;
    }

    if (p[0] == '"') {

        for (i = 1; i < at; i++) {

            if (p[i] == '\\') {
                i++;

            } else if (p[i] == '"') {
                break;
            }

            if (i >= at || p[i] < 0x20 || p[i] > 0x7e) {
                return 0;
            }
        }

        return at > 2 && i == at - 1;
    }

    for (i = 0; i < at; i++) {

        if (p[i] == '.') {
            if (i == 0 || i == at - 1 || p[i - 1] == '.') {
                return 0;
            }

        } else if (!civic_schema_format_alnum(p[i])
                   && (p[i] == '\0'
                       || strchr("!#$%&'*+-/=?^_`{|}~", p[i]) == NULL))
        {
            return 0;
        }
    }

    return 1;
}


/* "mail.example.cn", "[192.0.2.1]", "[IPv6:2001:db8::1]" */

static ngx_uint_t
civic_schema_format_domain(const u_char *p, size_t len)
{
    size_t  i, label;

    if (len > 2 && p[0] == '[' && p[len - 1] == ']') {

        if (len > 7 && ngx_strncasecmp((u_char *) p + 1, (u_char *) "IPv6:",
                                       5) == 0)
        {
            return civic_schema_format_ipv6(p + 6, len - 7);
        }

        return civic_schema_format_ipv4(p + 1, len - 2);
    }

    if (len == 0 || len > 253) {
        return 0;
    }

    for (i = 0, label = 0; i < len; i++) {

        if (p[i] == '.') {
            if (label == 0 || p[i - 1] == '-') {
                return 0;
            }

            label = 0;
            continue;
        }

        if (!civic_schema_format_alnum(p[i])
            && (p[i] != '-' || label == 0))
        {
            return 0;
        }

        if (++label > 63) {
            return 0;
        }
    }

    return label > 0 && p[len - 1] != '-';
}


/* with a scheme: relative references are no URIs */

static ngx_uint_t
civic_schema_format_uri(const u_char *p, size_t len)
{
    const u_char  *last, *mark, *path;

    last = p + len;

    if (len == 0 || ((*p | 0x20) < 'a' || (*p | 0x20) > 'z')) {
        return 0;
    }

    while (p < last
           && (civic_schema_format_alnum(*p)
               || *p == '+' || *p == '-' || *p == '.'))
    {
        p++;
    }

    if (p == last || *p++ != ':') {
        return 0;
    }

    mark = memchr(p, '#', last - p);

    if (mark) {
        if (!civic_schema_format_chars(mark + 1, last, "/?:@")) {
            return 0;
        }

        last = mark;
    }

    mark = memchr(p, '?', last - p);

    if (mark) {
        if (!civic_schema_format_chars(mark + 1, last, "/?:@")) {
            return 0;
        }

        last = mark;
    }

    if (last - p < 2 || p[0] != '/' || p[1] != '/') {
        return civic_schema_format_chars(p, last, "/:@");
    }

    p += 2;
    path = memchr(p, '/', last - p);

    if (path == NULL) {
        path = last;
    }

    return civic_schema_format_authority(p, path)
           && civic_schema_format_chars(path, last, "/:@");
}


/* [user@]host[:port] */

static ngx_uint_t
civic_schema_format_authority(const u_char *p, const u_char *last)
{
    const u_char  *at, *host;

    at = memchr(p, '@', last - p);

    if (at) {
        if (!civic_schema_format_chars(p, at, ":")) {
            return 0;
        }

        p = at + 1;
    }

    host = p;

    if (p < last && *p == '[') {

        p = memchr(p, ']', last - p);

        if (p == NULL || !civic_schema_format_literal(host + 1, p - host - 1))
        {
            return 0;
        }

        p++;

    } else {

        while (p < last && *p != ':') {
            p++;
        }

        if (!civic_schema_format_chars(host, p, "")) {
            return 0;
        }
    }

    if (p == last) {
        return 1;
    }

    if (*p++ != ':') {
        return 0;
    }

    while (p < last && *p >= '0' && *p <= '9') {
        p++;
    }

    return p == last;
}


/* what stands in brackets: an IPv6 address, or "v7.something" */

static ngx_uint_t
civic_schema_format_literal(const u_char *p, size_t len)
{
    size_t  i;

    if (len == 0 || (*p | 0x20) != 'v') {
        return civic_schema_format_ipv6(p, len);
    }

    for (i = 1; i < len && p[i] != '.'; i++) {
        if (ngx_hextoi((u_char *) p + i, 1) == NGX_ERROR) {
            return 0;
        }
    }

    return i > 1 && i + 1 < len
           && memchr(p + i, '%', len - i) == NULL
           && civic_schema_format_chars(p + i + 1, p + len, ":");
}


/* unreserved, sub-delims, "%41", and `more` */

static ngx_uint_t
civic_schema_format_chars(const u_char *p, const u_char *last,
    const char *more)
{
    for ( /* void */ ; p < last; p++) {

        if (civic_schema_format_alnum(*p)) {
            continue;
        }

        if (*p == '%' && last - p > 2
            && ngx_hextoi((u_char *) p + 1, 2) != NGX_ERROR)
        {
            p += 2;
            continue;
        }

        if (*p == '\0' || *p == '%'
            || (strchr("-._~!$&'()*+,;=", *p) == NULL
                && strchr(more, *p) == NULL))
        {
            return 0;
        }
    }

    return 1;
}


static ngx_uint_t
civic_schema_format_ipv4(const u_char *p, size_t len)
{
    size_t      i;
    ngx_uint_t  n, dots, digits;

    n = 0;
    dots = 0;
    digits = 0;

    for (i = 0; i < len; i++) {

        if (p[i] == '.') {
            if (digits == 0 || ++dots > 3) {
                return 0;
            }

            n = 0;
            digits = 0;
            continue;
        }

        if (p[i] < '0' || p[i] > '9' || (digits && n == 0)) {
            return 0;
        }

        n = n * 10 + (p[i] - '0');
        digits++;

        if (n > 255) {
            return 0;
        }
    }

    return dots == 3 && digits > 0;
}


static ngx_uint_t
civic_schema_format_ipv6(const u_char *p, size_t len)
{
    char             text[INET6_ADDRSTRLEN];
    struct in6_addr  address;

    if (len >= sizeof(text) || memchr(p, '\0', len)) {
        return 0;
    }

    ngx_memcpy(text, p, len);
    text[len] = '\0';

    return inet_pton(AF_INET6, text, &address) == 1;
}


/* exactly n ASCII digits, or NGX_ERROR */

static ngx_int_t
civic_schema_format_digits(const u_char *p, size_t n)
{
    return ngx_atoi((u_char *) p, n);
}


static ngx_uint_t
civic_schema_format_alnum(u_char ch)
{
    return (ch >= '0' && ch <= '9')
           || ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z');
}
