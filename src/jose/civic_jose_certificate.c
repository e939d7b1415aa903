
/*
 * Copyright (C) Civic Gate
 *
 * OpenSSL keeps the bytes that a certificate was read from: they are hashed,
 * not written anew.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "civic_jose_certificate.h"


ngx_int_t
civic_jose_certificate_digest(const X509 *certificate,
    u_char out[CIVIC_JOSE_DIGEST_LEN])
{
    if (X509_digest(certificate, EVP_sha256(), out, NULL) != 1) {
        ERR_clear_error();
        return NGX_ERROR;
    }

    return NGX_OK;
}
