
/*
 * Copyright (C) Civic Gate
 *
 * Tokens that are bound to a certificate (RFC 8705 section 3): stolen, they
 * are of no use without its key.  Who has the key has shown it to TLS, so an
 * authority's word is not needed: clients may sign their own.
 */


#include "civic_cert.h"
#include "civic_cert_peer.h"


civic_problem_e
civic_cert_binding_check(ngx_http_request_t *r,
    const civic_identity_t *identity)
{
    civic_cert_peer_t  *peer;

    if (identity->binding.len == 0) {
        return CIVIC_OK;
    }

    peer = civic_cert_peer_get(r, civic_ctx_get(r));

    if (peer == NULL) {
        return CIVIC_INTERNAL;
    }

    /* fingerprints are public: nothing is learnt from the time it takes */

    if (!peer->present
        || identity->binding.len != sizeof(peer->fingerprint)
        || ngx_memcmp(identity->binding.data, peer->fingerprint,
                      sizeof(peer->fingerprint))
           != 0)
    {
        return CIVIC_TOKEN_BINDING_FAILED;
    }

    return CIVIC_OK;
}
