
/*
 * Copyright (C) Civic Gate
 *
 * From claims to an identity.
 */


#include "civic_issuer.h"


ngx_int_t
civic_issuer_identity(const civic_issuer_t *issuer,
    const civic_issuer_claims_t *claims, const ngx_str_t *payload,
    ngx_pool_t *pool, civic_identity_t *identity)
{
    u_char  *p;

    ngx_memzero(identity, sizeof(civic_identity_t));

    identity->caller.len = issuer->name.len + 1 + claims->subject.len;

    p = ngx_pnalloc(pool, identity->caller.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    identity->caller.data = p;

    p = ngx_cpymem(p, issuer->name.data, issuer->name.len);
    *p++ = ':';
    ngx_memcpy(p, claims->subject.data, claims->subject.len);

    identity->subject = claims->subject;
    identity->issuer = issuer->name;
    identity->client = claims->client;
    identity->scope = claims->scope;
    identity->roles = claims->roles;
    identity->region = claims->region;
    identity->level = claims->level;
    identity->token = claims->token;
    identity->binding = claims->binding;
    identity->claims = *payload;
    identity->issued = claims->issued;
    identity->expires = claims->expires;

    return NGX_OK;
}
