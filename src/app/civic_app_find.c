
/*
 * Copyright (C) Civic Gate
 *
 * From a credential to an application that may call: for all methods by
 * which applications say who they are.  Nothing is allocated where the
 * worker knows the credential.
 */


#include "civic_app_worker.h"
#include "civic_jose_digest.h"


static ngx_int_t civic_app_find_later(ngx_http_request_t *r,
    const civic_ctx_t *ctx);
static civic_problem_e civic_app_find_judge(ngx_http_request_t *r,
    const civic_app_credential_t *credential);
static void civic_app_find_fill(civic_app_t *app,
    const civic_app_credential_t *credential);


ngx_int_t
civic_app_find(ngx_http_request_t *r, civic_ctx_t *ctx, civic_app_by_e by,
    const ngx_str_t *value, const civic_app_t **app, civic_problem_e *problem)
{
    ngx_int_t                rc;
    civic_app_main_conf_t   *amcf;
    civic_app_credential_t  *credential;

    static civic_app_t  found;

    if (value->len == 0 || value->len > CIVIC_APP_VALUE
        || ((by == CIVIC_APP_BY_KEY || by == CIVIC_APP_BY_FINGERPRINT)
            && value->len != CIVIC_JOSE_DIGEST_LEN))
    {
        *problem = CIVIC_KEY_UNKNOWN;
        return NGX_DECLINED;
    }

    amcf = ngx_http_get_module_main_conf(r, ngx_http_civic_app_module);

    if (amcf->redis != NULL && civic_app_worker.conf != NULL) {
        rc = civic_app_lookup(r, by, value, &credential, problem);

        if (rc == NGX_DECLINED && *problem == CIVIC_APPS_UNAVAILABLE) {
            return civic_app_find_later(r, ctx);
        }

        if (rc != NGX_OK) {
            return rc;
        }

    } else {
        credential = civic_app_index_find(&amcf->index, by, value);

        if (credential == NULL) {
            *problem = CIVIC_KEY_UNKNOWN;
            return NGX_DECLINED;
        }
    }

    *problem = civic_app_find_judge(r, credential);

    if (*problem != CIVIC_OK) {
        return NGX_DECLINED;
    }

    civic_app_find_fill(&found, credential);
    *app = &found;

    return NGX_OK;
}


/* for the 503 that follows; once, though error_page may come here again */

static ngx_int_t
civic_app_find_later(ngx_http_request_t *r, const civic_ctx_t *ctx)
{
    static ngx_str_t  seconds = ngx_string("1");

    if (ctx->main->problem == NULL
        && civic_headers_out_add(r, "Retry-After", &seconds) == NULL)
    {
        return NGX_ERROR;
    }

    return NGX_DECLINED;
}


static civic_problem_e
civic_app_find_judge(ngx_http_request_t *r,
    const civic_app_credential_t *credential)
{
    const civic_app_record_t  *record;

    record = credential->record;

    if (!record->enabled) {
        return CIVIC_APP_DISABLED;
    }

    if ((record->expires && record->expires <= ngx_time())
        || (credential->expires && credential->expires <= ngx_time()))
    {
        return CIVIC_CREDENTIAL_EXPIRED;
    }

    if (record->addresses.nelts
        && !civic_app_cidr_match(record->addresses.elts,
                                 record->addresses.nelts,
                                 r->connection->sockaddr))
    {
        return CIVIC_ADDRESS_REFUSED;
    }

    return CIVIC_OK;
}


static void
civic_app_find_fill(civic_app_t *app, const civic_app_credential_t *credential)
{
    const civic_app_record_t  *record;

    record = credential->record;

    app->name = record->name;
    app->scope = record->scope;
    app->region = record->region;
    app->class = record->class;
    app->signer = credential->signer;
    app->expires = credential->expires;

    if (record->expires
        && (app->expires == 0 || record->expires < app->expires))
    {
        app->expires = record->expires;
    }
}


ngx_int_t
civic_app_identity(const civic_app_t *app, ngx_pool_t *pool,
    civic_identity_t *identity)
{
    u_char  *p;

    p = ngx_pnalloc(pool, sizeof("app:") - 1 + app->name.len + app->scope.len
                          + app->region.len + app->class.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(identity, sizeof(civic_identity_t));

    identity->caller.data = p;
    identity->caller.len = sizeof("app:") - 1 + app->name.len;
    p = ngx_cpymem(p, "app:", sizeof("app:") - 1);

    identity->app.data = p;
    identity->app.len = app->name.len;
    p = ngx_cpymem(p, app->name.data, app->name.len);

    identity->scope.data = p;
    identity->scope.len = app->scope.len;
    p = ngx_cpymem(p, app->scope.data, app->scope.len);

    identity->region.data = p;
    identity->region.len = app->region.len;
    p = ngx_cpymem(p, app->region.data, app->region.len);

    identity->class.data = p;
    identity->class.len = app->class.len;
    (void) ngx_cpymem(p, app->class.data, app->class.len);

    identity->expires = app->expires;

    return NGX_OK;
}
