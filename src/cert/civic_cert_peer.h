
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_CERT_PEER_H_INCLUDED_
#define _CIVIC_CERT_PEER_H_INCLUDED_


#include "civic.h"
#include "civic_jose_digest.h"


/* whose connection a request came by; of the client's request */

typedef struct {
    u_char           fingerprint[CIVIC_JOSE_DIGEST_LEN];
    ngx_uint_t       asked;            /* look-ups that found nobody */
    unsigned         read:1;
    unsigned         present:1;        /* there is a certificate */
    unsigned         verified:1;       /* ... of an authority we know */
} civic_cert_peer_t;


/* read at its first use; NULL: no memory, or the library failed */

civic_cert_peer_t *civic_cert_peer_get(ngx_http_request_t *r,
    civic_ctx_t *ctx);

/* RFC 2253; of a certificate that is there.  NGX_OK or NGX_ERROR */

ngx_int_t civic_cert_peer_subject(ngx_http_request_t *r, ngx_str_t *subject);


#endif /* _CIVIC_CERT_PEER_H_INCLUDED_ */
