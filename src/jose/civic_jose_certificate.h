
/*
 * Copyright (C) Civic Gate
 *
 * A certificate's fingerprint, as RFC 8705 and applications name it.
 */


#ifndef _CIVIC_JOSE_CERTIFICATE_H_INCLUDED_
#define _CIVIC_JOSE_CERTIFICATE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/x509.h>

#include "civic_jose_digest.h"


/* SHA-256 of its DER.  NGX_OK, or NGX_ERROR: the library failed */

ngx_int_t civic_jose_certificate_digest(const X509 *certificate,
    u_char out[CIVIC_JOSE_DIGEST_LEN]);


#endif /* _CIVIC_JOSE_CERTIFICATE_H_INCLUDED_ */
