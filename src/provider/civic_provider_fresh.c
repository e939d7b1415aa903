
/*
 * Copyright (C) Civic Gate
 *
 * Decides when keys are fetched again.  The operator's interval is the
 * longest; the provider may ask for a shorter one, but cannot make the gate
 * hurry.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_provider_fresh.h"


#define CIVIC_PROVIDER_FRESH_MAX    (365 * 86400)
#define CIVIC_PROVIDER_FRESH_FIRST  1000    /* ms, after the first failure */


static int64_t civic_provider_fresh_number(const u_char *p,
    const u_char *last);
static const u_char *civic_provider_fresh_skip(const u_char *p,
    const u_char *last);


int64_t
civic_provider_fresh_for(const ngx_str_t *cache_control, const ngx_str_t *age)
{
    int64_t        fresh, old;
    const u_char  *p, *last, *end;

    static const ngx_str_t  name = ngx_string("max-age=");

    fresh = -1;
    p = cache_control->data;
    last = p + cache_control->len;

    while (p < last) {
        p = civic_provider_fresh_skip(p, last);
        end = p;

        while (end < last && *end != ',') {
            end++;
        }

        if ((size_t) (end - p) > name.len
            && ngx_strncasecmp((u_char *) p, name.data, name.len) == 0)
        {
            fresh = civic_provider_fresh_number(p + name.len, end);
        }

        p = end + 1;
    }

    if (fresh == -1) {
        return -1;
    }

    old = civic_provider_fresh_number(age->data, age->data + age->len);

    return old > 0 ? ngx_max(fresh - old, 0) : fresh;
}


/* -1: no number.  Quotes are tolerated, as RFC 9111 section 5.2 has it */

static int64_t
civic_provider_fresh_number(const u_char *p, const u_char *last)
{
    int64_t  n;

    if (p < last && *p == '"') {
        p++;
    }

    if (p >= last || *p < '0' || *p > '9') {
        return -1;
    }

    for (n = 0; p < last && *p >= '0' && *p <= '9'; p++) {
        n = ngx_min(n * 10 + (*p - '0'), CIVIC_PROVIDER_FRESH_MAX);
    }

    return n;
}


static const u_char *
civic_provider_fresh_skip(const u_char *p, const u_char *last)
{
    while (p < last && (*p == ' ' || *p == '\t')) {
        p++;
    }

    return p;
}


ngx_msec_t
civic_provider_fresh_next(int64_t fresh, ngx_msec_t refresh,
    ngx_msec_t cooldown)
{
    ngx_msec_t  age;

    age = refresh;

    if (fresh >= 0 && (ngx_msec_t) fresh * 1000 < age) {
        age = (ngx_msec_t) fresh * 1000;
    }

    age -= age / 10;

    return ngx_min(ngx_max(age, cooldown), refresh);
}


ngx_msec_t
civic_provider_fresh_retry(ngx_uint_t failures, ngx_msec_t cooldown)
{
    ngx_msec_t  wait;

    wait = CIVIC_PROVIDER_FRESH_FIRST;

    while (failures-- > 1 && wait < cooldown) {
        wait *= 2;
    }

    return ngx_min(wait, cooldown);
}
