
/*
 * Copyright (C) Civic Gate
 *
 * Reads rates and bursts as operators write them.  Says what is wrong with
 * a value, not where it stands.
 */


#include "civic_limit_policy_value.h"
#include "civic_limit_gcra.h"


static size_t civic_limit_policy_value_number(const ngx_str_t *text,
    uint64_t max, uint64_t *n);


static const struct {
    u_char       unit;
    uint64_t     period;               /* ns */
} civic_limit_policy_value_units[] = {
    { 's', CIVIC_LIMIT_SECOND },
    { 'm', CIVIC_LIMIT_SECOND * 60 },
    { 'h', CIVIC_LIMIT_SECOND * 3600 },
    { 'd', CIVIC_LIMIT_SECOND * 86400 },
    { '\0', 0 }
};


ngx_int_t
civic_limit_policy_value_rate(const ngx_str_t *text, uint64_t *count,
    uint64_t *period, const char **err)
{
    size_t       len;
    u_char      *p;
    ngx_uint_t   i;

    /* more than any rate may be, and ten times it is no overflow yet */

    len = civic_limit_policy_value_number(text, (uint64_t) 1 << 58, count);

    p = text->data + len;

    if (len == 0 || text->len - len != 3 || p[0] != 'r' || p[1] != '/') {
        *err = "is not a rate such as 50r/s, 50r/m, 50r/h or 50r/d";
        return NGX_ERROR;
    }

    for (i = 0; civic_limit_policy_value_units[i].period; i++) {

        if (civic_limit_policy_value_units[i].unit == p[2]) {
            break;
        }
    }

    *period = civic_limit_policy_value_units[i].period;

    if (*period == 0) {
        *err = "has an unknown unit; it is r/s, r/m, r/h or r/d";
        return NGX_ERROR;
    }

    if (*count == 0) {
        *err = "lets nothing through; a rate is at least 1";
        return NGX_ERROR;
    }

    if (*count > *period / 1000) {
        *err = "is more than 1000000r/s";
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
civic_limit_policy_value_burst(const ngx_str_t *text, uint64_t *burst,
    const char **err)
{
    size_t  len;

    len = civic_limit_policy_value_number(text, CIVIC_LIMIT_MAX_BURST + 1,
                                          burst);

    if (len == 0 || len != text->len) {
        *err = "is not a whole number";
        return NGX_ERROR;
    }

    if (*burst > CIVIC_LIMIT_MAX_BURST) {
        *err = "is more than 1000000000";
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* how many digits `text` begins with; what they say, at most `max` */

static size_t
civic_limit_policy_value_number(const ngx_str_t *text, uint64_t max,
    uint64_t *n)
{
    size_t  i;

    *n = 0;

    for (i = 0; i < text->len; i++) {

        if (text->data[i] < '0' || text->data[i] > '9') {
            break;
        }

        *n = ngx_min(*n * 10 + (text->data[i] - '0'), max);
    }

    return i;
}
