
/*
 * Copyright (C) Civic Gate
 *
 * The method "app:certificate" of civic_auth: a certificate that nginx has
 * verified is looked up among the applications, by its fingerprint first,
 * then by its subject.
 *
 * One that no application has is no credential: it may be there for a token
 * that is bound to it.  One that nginx did not verify refuses the request.
 */


#include "civic_app.h"
#include "civic_auth_method.h"
#include "civic_cert.h"
#include "civic_cert_peer.h"


static void *civic_cert_method_find(void **main_conf, const ngx_str_t *word);
static ngx_int_t civic_cert_method_judge(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_auth_group_t *group,
    civic_auth_verdict_t *verdict);
static ngx_int_t civic_cert_method_look(ngx_http_request_t *r,
    civic_ctx_t *ctx, civic_cert_peer_t *peer, const civic_app_t **app,
    civic_problem_e *problem);
static ngx_int_t civic_cert_method_value(ngx_http_request_t *r,
    civic_cert_peer_t *peer, civic_app_by_e by, ngx_str_t *value);
static ngx_int_t civic_cert_method_leave(ngx_http_request_t *r,
    civic_ctx_t *ctx);


const civic_auth_method_t  civic_cert_method = {
    civic_cert_method_find,
    civic_cert_method_judge,
    civic_cert_method_leave,
    civic_cert_method_leave,
    NULL,
    NULL
};


static const civic_app_by_e  civic_cert_method_order[] = {
    CIVIC_APP_BY_FINGERPRINT,
    CIVIC_APP_BY_SUBJECT
};

#define CIVIC_CERT_METHOD_ORDER                                               \
    (sizeof(civic_cert_method_order) / sizeof(civic_cert_method_order[0]))


static void *
civic_cert_method_find(void **main_conf, const ngx_str_t *word)
{
    static const ngx_str_t  name = ngx_string("app:certificate");

    if (word->len != name.len
        || ngx_memcmp(word->data, name.data, name.len) != 0
        || !civic_app_configured(main_conf))
    {
        return NULL;
    }

    return (void *) &civic_cert_method;
}


static ngx_int_t
civic_cert_method_judge(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_auth_group_t *group, civic_auth_verdict_t *verdict)
{
    ngx_int_t           rc;
    const civic_app_t  *app;
    civic_cert_peer_t  *peer;

    peer = civic_cert_peer_get(r, ctx);
    if (peer == NULL) {
        return NGX_ERROR;
    }

    if (!peer->present) {
        return NGX_DECLINED;
    }

    if (!peer->verified) {
        verdict->problem = CIVIC_CERTIFICATE_UNVERIFIED;
        return NGX_ABORT;
    }

    rc = civic_cert_method_look(r, ctx, peer, &app, &verdict->problem);

    if (rc != NGX_OK) {
        return rc;
    }

    verdict->identity = ngx_pcalloc(r->main->pool, sizeof(civic_identity_t));

    if (verdict->identity == NULL
        || civic_app_identity(app, r->main->pool, verdict->identity)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    verdict->object = *(void **) group->objects.elts;

    return NGX_OK;
}


/* what was asked in vain is not asked again when the request is woken */

static ngx_int_t
civic_cert_method_look(ngx_http_request_t *r, civic_ctx_t *ctx,
    civic_cert_peer_t *peer, const civic_app_t **app,
    civic_problem_e *problem)
{
    ngx_int_t       rc;
    ngx_str_t       value;
    civic_app_by_e  by;

    for ( /* void */ ; peer->asked < CIVIC_CERT_METHOD_ORDER; peer->asked++) {

        by = civic_cert_method_order[peer->asked];

        rc = civic_cert_method_value(r, peer, by, &value);

        if (rc == NGX_DECLINED) {
            continue;
        }

        if (rc == NGX_OK) {
            rc = civic_app_find(r, ctx, by, &value, app, problem);
        }

        if (rc != NGX_DECLINED) {
            return rc;
        }

        if (*problem != CIVIC_KEY_UNKNOWN) {
            return NGX_ABORT;
        }
    }

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "civic cert: no application has the client's certificate");

    return NGX_DECLINED;
}


/* NGX_DECLINED: no application could be named so */

static ngx_int_t
civic_cert_method_value(ngx_http_request_t *r, civic_cert_peer_t *peer,
    civic_app_by_e by, ngx_str_t *value)
{
    if (by == CIVIC_APP_BY_FINGERPRINT) {
        value->data = peer->fingerprint;
        value->len = sizeof(peer->fingerprint);

        return NGX_OK;
    }

    if (civic_cert_peer_subject(r, value) != NGX_OK) {
        return NGX_ERROR;
    }

    return (value->len && value->len <= CIVIC_APP_VALUE) ? NGX_OK
                                                         : NGX_DECLINED;
}


/* it is the connection's: no service gets it, nor is it taken from one */

static ngx_int_t
civic_cert_method_leave(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    return NGX_OK;
}
