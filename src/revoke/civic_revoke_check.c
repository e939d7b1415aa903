
/*
 * Copyright (C) Civic Gate
 *
 * Is whoever was accepted revoked?  Every request asks, cached tokens too,
 * so this takes no lock and no memory, and computes digests only of such
 * kinds as something is revoked of.
 */


#include "civic_revoke.h"
#include "civic_revoke_conf.h"


static civic_problem_e civic_revoke_check_unknown(ngx_http_request_t *r);
static ngx_uint_t civic_revoke_check_kind(const civic_revoke_zone_t *zone,
    ngx_uint_t kind, const civic_identity_t *identity);
static size_t civic_revoke_check_what(u_char *what, ngx_uint_t kind,
    const civic_identity_t *identity);


/* where in an identity the two parts are; all but apps are of an issuer */

static const struct {
    ngx_uint_t   issued;
    size_t       value;
} civic_revoke_check_parts[CIVIC_REVOKE_KINDS] = {
    { 0, 0 },
    { 1, offsetof(civic_identity_t, token) },
    { 1, offsetof(civic_identity_t, subject) },
    { 0, offsetof(civic_identity_t, app) },
    { 1, offsetof(civic_identity_t, client) },
    { 1, 0 },
    { 1, 0 }
};


civic_problem_e
civic_revoke_check(ngx_http_request_t *r, const civic_identity_t *identity)
{
    ngx_uint_t                 kind;
    civic_revoke_zone_t       *zone;
    civic_revoke_main_conf_t  *rmcf;

    rmcf = ngx_http_get_module_main_conf(r, ngx_http_civic_revoke_module);

    zone = civic_revoke_zone_get(rmcf);

    if (zone == NULL) {
        return CIVIC_OK;
    }

    if (!__atomic_load_n(&zone->known, __ATOMIC_ACQUIRE) && !rmcf->pass) {
        return civic_revoke_check_unknown(r);
    }

    if (civic_revoke_table_size(zone->table) == 0) {
        return CIVIC_OK;
    }

    for (kind = CIVIC_REVOKE_TOKEN; kind < CIVIC_REVOKE_KINDS; kind++) {

        if (civic_revoke_check_kind(zone, kind, identity)) {
            return CIVIC_TOKEN_REVOKED;
        }
    }

    return CIVIC_OK;
}


/* said once, though error_page may come here again */

static civic_problem_e
civic_revoke_check_unknown(ngx_http_request_t *r)
{
    static ngx_str_t  seconds = ngx_string("1");

    if (civic_ctx_get(r)->main->problem == NULL
        && civic_headers_out_add(r, "Retry-After", &seconds) == NULL)
    {
        return CIVIC_INTERNAL;
    }

    return CIVIC_REVOCATIONS_UNKNOWN;
}


/* a token that does not say when it was issued was issued before anything */

static ngx_uint_t
civic_revoke_check_kind(const civic_revoke_zone_t *zone, ngx_uint_t kind,
    const civic_identity_t *identity)
{
    size_t                len;
    u_char                key[CIVIC_REVOKE_KEY_LEN];
    u_char                what[CIVIC_REVOKE_WHAT];
    civic_revoke_entry_t  entry;

    if (civic_revoke_table_count(zone->table, kind) == 0) {
        return 0;
    }

    len = civic_revoke_check_what(what, kind, identity);

    if (len == 0) {
        return 0;
    }

    civic_revoke_zone_key(zone, what, len, key);

    if (civic_revoke_table_find(zone->table, key, &entry) != NGX_OK
        || (entry.expires && (time_t) entry.expires <= ngx_time()))
    {
        return 0;
    }

    return (int64_t) identity->issued < entry.before;
}


/* 0: it has no such part, or one longer than anything that is revoked */

static size_t
civic_revoke_check_what(u_char *what, ngx_uint_t kind,
    const civic_identity_t *identity)
{
    u_char           *p;
    const ngx_str_t  *word, *value;

    static const ngx_str_t  none = ngx_null_string;

    word = civic_revoke_records_word(kind);

    value = civic_revoke_check_parts[kind].value
            ? (ngx_str_t *) ((u_char *) identity
                             + civic_revoke_check_parts[kind].value)
            : &none;

    if (value->len > CIVIC_REVOKE_VALUE
        || identity->issuer.len > CIVIC_REVOKE_VALUE
        || (civic_revoke_check_parts[kind].value && value->len == 0)
        || (civic_revoke_check_parts[kind].issued
            && identity->issuer.len == 0))
    {
        return 0;
    }

    p = ngx_cpymem(what, word->data, word->len);

    if (kind != CIVIC_REVOKE_ALL && civic_revoke_check_parts[kind].issued) {
        p = ngx_cpymem(p, identity->issuer.data, identity->issuer.len);

        if (value->len) {
            *p++ = ':';
        }
    }

    p = ngx_cpymem(p, value->data, value->len);

    return p - what;
}
