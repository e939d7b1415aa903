
/*
 * Copyright (C) Civic Gate
 *
 * All methods, in the order of civic_auth_method_e.
 */


#include "civic_auth_method.h"


const civic_auth_method_t  *civic_auth_methods[CIVIC_AUTH_METHODS] = {
    &civic_issuer_bearer_method,
    &civic_app_key_method,
    &civic_sign_signature_method,
    &civic_signin_method,
    &civic_cert_method
};


civic_auth_ctx_t *
civic_auth_state(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    if (ctx->main->auth == NULL) {
        ctx->main->auth = ngx_pcalloc(r->main->pool,
                                      sizeof(civic_auth_ctx_t));
    }

    return ctx->main->auth;
}
