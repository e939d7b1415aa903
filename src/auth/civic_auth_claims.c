
/*
 * Copyright (C) Civic Gate
 *
 * The claims of whoever was accepted: text until somebody asks for one,
 * then parsed and kept with the request.
 */


#include "civic_auth.h"


static void civic_auth_claims_cleanup(void *data);


const civic_json_t *
civic_auth_claims(ngx_http_request_t *r, civic_identity_t *identity)
{
    ngx_pool_cleanup_t  *cln;

    if (identity->parsed != NULL || identity->claims.len == 0) {
        return identity->parsed;
    }

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    identity->parsed = civic_json_parse(&identity->claims,
                                        identity->claims.len, NULL, 0);
    if (identity->parsed != NULL) {
        cln->handler = civic_auth_claims_cleanup;
        cln->data = identity->parsed;
    }

    return identity->parsed;
}


static void
civic_auth_claims_cleanup(void *data)
{
    civic_json_free(data);
}
