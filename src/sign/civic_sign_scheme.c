
/*
 * Copyright (C) Civic Gate
 */


#include "civic_sign_scheme.h"


const civic_sign_scheme_t  *civic_sign_schemes[] = {
    &civic_sign_rfc9421,
    &civic_sign_xca,
    &civic_sign_xtif,
    NULL
};


const civic_sign_scheme_t *
civic_sign_scheme_named(const ngx_str_t *name)
{
    const civic_sign_scheme_t  **s;

    for (s = civic_sign_schemes; *s; s++) {

        if ((*s)->name.len == name->len
            && ngx_memcmp((*s)->name.data, name->data, name->len) == 0)
        {
            return *s;
        }
    }

    return NULL;
}


ngx_int_t
civic_sign_scheme_find(const civic_sign_message_t *message,
    ngx_uint_t schemes, const civic_sign_scheme_t **scheme)
{
    ngx_uint_t                   n;
    const civic_sign_scheme_t  **s;

    *scheme = NULL;

    for (s = civic_sign_schemes; *s; s++) {

        if (!((*s)->bit & schemes)
            || civic_sign_message_header(message, (*s)->header, &n) == NULL)
        {
            continue;
        }

        if (*scheme != NULL) {
            return NGX_BUSY;
        }

        *scheme = *s;
    }

    return *scheme ? NGX_OK : NGX_DECLINED;
}


time_t
civic_sign_scheme_window(const civic_sign_scheme_t *scheme,
    const civic_sign_rules_t *rules)
{
    return rules->window ? rules->window : scheme->window;
}


civic_problem_e
civic_sign_scheme_clock(const civic_sign_claim_t *claim,
    const civic_sign_rules_t *rules, time_t now)
{
    time_t  window;

    window = civic_sign_scheme_window(claim->scheme, rules);

    if (claim->created > (int64_t) now + rules->ahead) {
        return CIVIC_SIGNATURE_EARLY;
    }

    if (claim->created + window < (int64_t) now
        || (claim->expires && claim->expires <= (int64_t) now))
    {
        return CIVIC_SIGNATURE_STALE;
    }

    return CIVIC_OK;
}


civic_problem_e
civic_sign_scheme_header(const civic_sign_message_t *message,
    const char *name, ngx_str_t *value)
{
    ngx_uint_t                  n;
    const civic_sign_header_t  *header;

    header = civic_sign_message_header(message, name, &n);

    if (n > 1) {
        return CIVIC_SIGNATURE_MALFORMED;
    }

    if (header == NULL) {
        ngx_str_null(value);

    } else {
        *value = header->value;
    }

    return CIVIC_OK;
}


int64_t
civic_sign_scheme_number(const ngx_str_t *text)
{
    size_t   i;
    int64_t  n;

    if (text->len == 0 || text->len > 15) {
        return -1;
    }

    for (i = 0, n = 0; i < text->len; i++) {

        if (text->data[i] < '0' || text->data[i] > '9') {
            return -1;
        }

        n = n * 10 + (text->data[i] - '0');
    }

    return n;
}
