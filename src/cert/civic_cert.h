
/*
 * Copyright (C) Civic Gate
 *
 * Certificates of clients.  nginx verifies them; here they lead to
 * applications ("app:certificate" of civic_auth), and tokens that are bound
 * to one are held to it.  No header is believed: where something in front
 * of the gate ends TLS, the certificate that counts is that one's.
 *
 * This is the only header of cert/ that others may include.
 */


#ifndef _CIVIC_CERT_H_INCLUDED_
#define _CIVIC_CERT_H_INCLUDED_


#include "civic.h"


/* a check of whoever was accepted: CIVIC_OK, or TOKEN_BINDING_FAILED */

civic_problem_e civic_cert_binding_check(ngx_http_request_t *r,
    const civic_identity_t *identity);

/* does nginx ask clients of the server that `cf` is in for certificates? */

ngx_uint_t civic_cert_verifies(ngx_conf_t *cf);


#endif /* _CIVIC_CERT_H_INCLUDED_ */
