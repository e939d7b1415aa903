
/*
 * Copyright (C) Civic Gate
 *
 * Content negotiation for the gate's own answers, and no more than that:
 * parameters other than q are ignored, and what cannot be read is skipped,
 * since nobody is refused for an odd Accept.
 */


#include "civic_negotiate.h"


typedef ngx_uint_t (*civic_negotiate_fit_pt)(const ngx_str_t *range,
    const ngx_str_t *name);


static ngx_uint_t civic_negotiate(const ngx_str_t *list,
    const ngx_str_t *name, civic_negotiate_fit_pt fit);
static ngx_uint_t civic_negotiate_fit_media(const ngx_str_t *range,
    const ngx_str_t *type);
static ngx_uint_t civic_negotiate_fit_language(const ngx_str_t *range,
    const ngx_str_t *language);
static ngx_uint_t civic_negotiate_weight(u_char *p, u_char *last);
static u_char *civic_negotiate_skip(u_char *p, u_char *last);


ngx_uint_t
civic_negotiate_media(const ngx_str_t *accept, const ngx_str_t *type)
{
    return civic_negotiate(accept, type, civic_negotiate_fit_media);
}


ngx_uint_t
civic_negotiate_language(const ngx_str_t *accept, const ngx_str_t *language)
{
    return civic_negotiate(accept, language, civic_negotiate_fit_language);
}


static ngx_uint_t
civic_negotiate(const ngx_str_t *list, const ngx_str_t *name,
    civic_negotiate_fit_pt fit)
{
    u_char      *p, *last, *comma, *end;
    ngx_str_t    range;
    ngx_uint_t   best, level, weight;

    best = 0;
    weight = 0;

    if (list->len == 0) {
        return 0;
    }

    last = list->data + list->len;

    for (p = list->data; p < last; p = comma + 1) {

        comma = ngx_strlchr(p, last, ',');
        if (comma == NULL) {
            comma = last;
        }

        p = civic_negotiate_skip(p, comma);

        for (end = p; end < comma; end++) {
            if (*end == ';' || *end == ' ' || *end == '\t') {
                break;
            }
        }

        range.data = p;
        range.len = end - p;

        level = fit(&range, name);

        if (level > best) {
            best = level;
            weight = civic_negotiate_weight(end, comma);
        }
    }

    return weight;
}


/* 0: does not fit; more: fits, and how specifically */

static ngx_uint_t
civic_negotiate_fit_media(const ngx_str_t *range, const ngx_str_t *type)
{
    size_t  major;

    if (range->len == 3 && ngx_strncmp(range->data, "*/*", 3) == 0) {
        return 1;
    }

    major = (u_char *) ngx_strlchr(type->data, type->data + type->len, '/')
            - type->data + 1;

    if (range->len == major + 1
        && range->data[major] == '*'
        && ngx_strncasecmp(range->data, type->data, major) == 0)
    {
        return 2;
    }

    if (range->len == type->len
        && ngx_strncasecmp(range->data, type->data, type->len) == 0)
    {
        return 3;
    }

    return 0;
}


static ngx_uint_t
civic_negotiate_fit_language(const ngx_str_t *range,
    const ngx_str_t *language)
{
    if (range->len == 1 && range->data[0] == '*') {
        return 1;
    }

    if (range->len < language->len
        || ngx_strncasecmp(range->data, language->data, language->len) != 0)
    {
        return 0;
    }

    return range->len == language->len || range->data[language->len] == '-'
           ? 2 : 0;
}


/* thousandths of the q parameter; without one, or an unreadable one, 1000 */

static ngx_uint_t
civic_negotiate_weight(u_char *p, u_char *last)
{
    ngx_uint_t  weight, scale;

    for ( ;; ) {

        p = ngx_strlchr(p, last, ';');
        if (p == NULL) {
            return 1000;
        }

        p = civic_negotiate_skip(p + 1, last);

        if (last - p >= 3 && (*p | 0x20) == 'q' && p[1] == '=') {
            p += 2;
            break;
        }
    }

    if (*p != '0') {
        return 1000;
    }

    weight = 0;
    scale = 100;

    for (p += 2; p < last && *p >= '0' && *p <= '9' && scale; p++) {
        weight += (*p - '0') * scale;
        scale /= 10;
    }

    return weight;
}


static u_char *
civic_negotiate_skip(u_char *p, u_char *last)
{
    while (p < last && (*p == ' ' || *p == '\t')) {
        p++;
    }

    return p;
}
