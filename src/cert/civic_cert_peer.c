
/*
 * Copyright (C) Civic Gate
 *
 * What nginx's TLS knows of the client, asked once in a request.
 */


#include "civic_cert.h"
#include "civic_cert_peer.h"
#include "civic_auth_method.h"
#include "civic_jose_certificate.h"


static ngx_int_t civic_cert_peer_read(ngx_http_request_t *r,
    civic_cert_peer_t *peer);
#if (NGX_HTTP_SSL)
static ngx_uint_t civic_cert_peer_here(ngx_http_request_t *r);
#endif


civic_cert_peer_t *
civic_cert_peer_get(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    void              **state;
    civic_auth_ctx_t   *auth;
    civic_cert_peer_t  *peer;

    auth = civic_auth_state(r, ctx);
    if (auth == NULL) {
        return NULL;
    }

    state = &auth->slots[CIVIC_AUTH_CERTIFICATE].state;

    if (*state == NULL) {
        *state = ngx_pcalloc(r->main->pool, sizeof(civic_cert_peer_t));
    }

    peer = *state;

    if (peer == NULL
        || (!peer->read && civic_cert_peer_read(r, peer) != NGX_OK))
    {
        return NULL;
    }

    return peer;
}


#if (NGX_HTTP_SSL)


static ngx_int_t
civic_cert_peer_read(ngx_http_request_t *r, civic_cert_peer_t *peer)
{
    X509       *cert;
    ngx_int_t   rc;
    ngx_str_t   verdict;

    static const ngx_str_t  success = ngx_string("SUCCESS");

    peer->read = 1;

    if (r->connection->ssl == NULL) {
        return NGX_OK;
    }

    cert = SSL_get1_peer_certificate(r->connection->ssl->connection);
    if (cert == NULL) {
        return NGX_OK;
    }

    rc = civic_jose_certificate_digest(cert, peer->fingerprint);

    X509_free(cert);

    if (rc != NGX_OK
        || ngx_ssl_get_client_verify(r->connection, r->pool, &verdict)
           != NGX_OK)
    {
        peer->read = 0;
        return NGX_ERROR;
    }

    peer->present = 1;
    peer->verified = verdict.len == success.len
                     && ngx_memcmp(verdict.data, success.data, success.len)
                        == 0
                     && civic_cert_peer_here(r);

    return NGX_OK;
}


/*
 * Without SNI the first server of an address verifies, by its authorities,
 * and nginx lets Host choose another one all the same, which may trust
 * others.
 */

static ngx_uint_t
civic_cert_peer_here(ngx_http_request_t *r)
{
    ngx_http_ssl_srv_conf_t  *sscf;

    sscf = ngx_http_get_module_srv_conf(r, ngx_http_ssl_module);

    return SSL_get_SSL_CTX(r->connection->ssl->connection) == sscf->ssl.ctx;
}


ngx_int_t
civic_cert_peer_subject(ngx_http_request_t *r, ngx_str_t *subject)
{
    return ngx_ssl_get_subject_dn(r->connection, r->pool, subject);
}


ngx_uint_t
civic_cert_verifies(ngx_conf_t *cf)
{
    ngx_http_ssl_srv_conf_t  *sscf;

    sscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_ssl_module);

    return sscf->verify != 0;
}


#else


static ngx_int_t
civic_cert_peer_read(ngx_http_request_t *r, civic_cert_peer_t *peer)
{
    peer->read = 1;

    return NGX_OK;
}


ngx_int_t
civic_cert_peer_subject(ngx_http_request_t *r, ngx_str_t *subject)
{
    return NGX_ERROR;
}


ngx_uint_t
civic_cert_verifies(ngx_conf_t *cf)
{
    return 0;
}


#endif
