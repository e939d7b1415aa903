
/*
 * Copyright (C) Civic Gate
 *
 * Gives the location's service its assertion, and takes away the one that
 * was made for another.  Clients' own went with all X-Civic-* at the door.
 */


#include "civic_assertion_cache.h"
#include "civic_assertion_conf.h"


static ngx_int_t civic_assertion_step_get(ngx_http_request_t *r,
    const civic_assertion_t *line, civic_identity_t *identity,
    ngx_str_t *token);
static ngx_int_t civic_assertion_step_key(ngx_http_request_t *r,
    const civic_assertion_t *line, const civic_identity_t *identity,
    u_char key[CIVIC_JOSE_DIGEST_LEN]);
static u_char *civic_assertion_step_field(u_char *p, const void *data,
    size_t len);
static ngx_uint_t civic_assertion_step_ours(ngx_table_elt_t *h, void *data);


static civic_header_name_t  civic_assertion_header =
    civic_header_name("X-Civic-Assertion", "x-civic-assertion");


/* all of an identity that an assertion tells of */

static const size_t  civic_assertion_fields[] = {
    offsetof(civic_identity_t, caller),
    offsetof(civic_identity_t, subject),
    offsetof(civic_identity_t, app),
    offsetof(civic_identity_t, client),
    offsetof(civic_identity_t, scope),
    offsetof(civic_identity_t, roles),
    offsetof(civic_identity_t, region),
    offsetof(civic_identity_t, level),
    offsetof(civic_identity_t, claims)
};

#define CIVIC_ASSERTION_FIELDS                                                \
    (sizeof(civic_assertion_fields) / sizeof(civic_assertion_fields[0]))


ngx_int_t
civic_assertion_step(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    ngx_str_t                     token;
    const civic_assertion_t      *line;
    civic_assertion_loc_conf_t   *alcf;

    if (ctx->main->asserted
        && civic_headers_in_remove(r, civic_assertion_step_ours, NULL)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    alcf = ngx_http_get_module_loc_conf(r, ngx_http_civic_assertion_module);
    line = alcf->assertion;

    if (line == NULL || line->off || ctx->identity == NULL) {
        return NGX_DECLINED;
    }

    if (civic_assertion_step_get(r, line, ctx->identity, &token) != NGX_OK
        || civic_headers_in_add(r, &civic_assertion_header, &token)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    ctx->main->asserted = 1;

    return NGX_DECLINED;
}


static ngx_int_t
civic_assertion_step_get(ngx_http_request_t *r,
    const civic_assertion_t *line, civic_identity_t *identity,
    ngx_str_t *token)
{
    time_t            renew;
    u_char            key[CIVIC_JOSE_DIGEST_LEN];
    const ngx_str_t  *known;

    if (civic_assertion_step_key(r, line, identity, key) != NGX_OK) {
        return NGX_ERROR;
    }

    known = civic_assertion_cache_find(key, ngx_time());

    if (known == NULL) {

        if (civic_assertion_token(r, line, identity, token, &renew) != NGX_OK)
        {
            return NGX_ERROR;
        }

        civic_assertion_cache_add(key, token, renew);

        return NGX_OK;
    }

    /* it may be replaced while the request is still there */

    token->data = ngx_pnalloc(r->pool, known->len + 1);
    if (token->data == NULL) {
        return NGX_ERROR;
    }

    *ngx_cpymem(token->data, known->data, known->len) = '\0';
    token->len = known->len;

    return NGX_OK;
}


/*
 * Of everything that the assertion would say, each with its length before
 * it; of claims only where some are told, for they differ with each token.
 */

static ngx_int_t
civic_assertion_step_key(ngx_http_request_t *r, const civic_assertion_t *line,
    const civic_identity_t *identity, u_char key[CIVIC_JOSE_DIGEST_LEN])
{
    u_char                       *p;
    size_t                        len;
    time_t                        expires;
    ngx_str_t                     text;
    ngx_uint_t                    i, n;
    const ngx_str_t              *field[CIVIC_ASSERTION_FIELDS + 4];
    civic_assertion_main_conf_t  *amcf;

    amcf = ngx_http_get_module_main_conf(r, ngx_http_civic_assertion_module);

    field[0] = &amcf->issuer;
    field[1] = &amcf->header;
    field[2] = &line->audience;
    field[3] = &line->claims_text;

    n = CIVIC_ASSERTION_FIELDS - (line->nclaims == 0);

    for (i = 0; i < n; i++) {
        field[4 + i] = (const ngx_str_t *) ((const u_char *) identity
                                            + civic_assertion_fields[i]);
    }

    n += 4;
    len = 2 * (sizeof(size_t) + sizeof(time_t));

    for (i = 0; i < n; i++) {
        len += sizeof(size_t) + field[i]->len;
    }

    text.data = ngx_pnalloc(r->pool, len);
    if (text.data == NULL) {
        return NGX_ERROR;
    }

    /* of two tokens that both outlive it the assertion is the same */

    expires = identity->expires < ngx_time() + line->ttl ? identity->expires
                                                         : 0;

    p = civic_assertion_step_field(text.data, &line->ttl, sizeof(time_t));
    p = civic_assertion_step_field(p, &expires, sizeof(time_t));

    for (i = 0; i < n; i++) {
        p = civic_assertion_step_field(p, field[i]->data, field[i]->len);
    }

    text.len = p - text.data;

    return civic_jose_digest(&text, key);
}


static u_char *
civic_assertion_step_field(u_char *p, const void *data, size_t len)
{
    p = ngx_cpymem(p, &len, sizeof(size_t));

    return ngx_cpymem(p, data, len);
}


static ngx_uint_t
civic_assertion_step_ours(ngx_table_elt_t *h, void *data)
{
    return h->key.len == civic_assertion_header.key.len
           && ngx_memcmp(h->lowcase_key, civic_assertion_header.lowcase,
                         h->key.len)
              == 0;
}
