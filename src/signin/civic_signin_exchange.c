
/*
 * Copyright (C) Civic Gate
 */


#include "civic_json_arena.h"
#include "civic_signin_exchange.h"


#define CIVIC_SIGNIN_EXCHANGE_MAX  (64 * 1024)


static civic_remote_call_t *civic_signin_exchange_start(
    const civic_signin_t *signin, const ngx_str_t *head,
    const ngx_str_t *value, ngx_pool_t *pool,
    const civic_remote_handlers_t *handlers, void *data);
static ngx_int_t civic_signin_exchange_copy(const civic_json_t *json,
    const char *name, ngx_pool_t *pool, ngx_str_t *text);


civic_remote_call_t *
civic_signin_exchange_code(const civic_signin_t *signin,
    const ngx_str_t *code, const ngx_str_t *verifier, ngx_pool_t *pool,
    const civic_remote_handlers_t *handlers, void *data)
{
    ngx_str_t  head;

    head.data = ngx_pnalloc(pool, sizeof("grant_type=authorization_code")
                                  + sizeof("&redirect_uri=&code_verifier=")
                                  + sizeof("&code=") + signin->redirect.len
                                  + verifier->len);
    if (head.data == NULL) {
        return NULL;
    }

    head.len = ngx_sprintf(head.data,
                           "grant_type=authorization_code&redirect_uri=%V"
                           "&code_verifier=%V&code=", &signin->redirect,
                           verifier)
               - head.data;

    return civic_signin_exchange_start(signin, &head, code, pool, handlers,
                                       data);
}


civic_remote_call_t *
civic_signin_exchange_refresh(const civic_signin_t *signin,
    const ngx_str_t *token, ngx_pool_t *pool,
    const civic_remote_handlers_t *handlers, void *data)
{
    static const ngx_str_t  head =
        ngx_string("grant_type=refresh_token&refresh_token=");

    return civic_signin_exchange_start(signin, &head, token, pool, handlers,
                                       data);
}


/* who asks is in Authorization, or at the end of the form */

static civic_remote_call_t *
civic_signin_exchange_start(const civic_signin_t *signin,
    const ngx_str_t *head, const ngx_str_t *value, ngx_pool_t *pool,
    const civic_remote_handlers_t *handlers, void *data)
{
    u_char                  *p;
    ngx_uint_t               post;
    ngx_keyval_t             headers[3];
    civic_remote_request_t   request;

    post = signin->client_auth == CIVIC_SIGNIN_AUTH_POST;

    p = ngx_pnalloc(pool, head->len + 3 * value->len
                          + signin->authorization.len);
    if (p == NULL) {
        return NULL;
    }

    ngx_memzero(&request, sizeof(civic_remote_request_t));

    request.body.data = p;

    p = ngx_cpymem(p, head->data, head->len);
    p = (u_char *) ngx_escape_uri(p, value->data, value->len,
                                  NGX_ESCAPE_URI_COMPONENT);

    if (post) {
        p = ngx_cpymem(p, signin->authorization.data,
                       signin->authorization.len);
    }

    request.body.len = p - request.body.data;

    ngx_str_set(&headers[0].key, "Content-Type");
    ngx_str_set(&headers[0].value, "application/x-www-form-urlencoded");
    ngx_str_set(&headers[1].key, "Accept");
    ngx_str_set(&headers[1].value, "application/json");
    ngx_str_set(&headers[2].key, "Authorization");
    headers[2].value = signin->authorization;

    ngx_str_set(&request.method, "POST");
    request.path = signin->token;
    request.headers = headers;
    request.nheaders = post ? 2 : 3;

    return civic_remote_start(signin->remote, &request, handlers, data);
}


ngx_int_t
civic_signin_exchange_read(const ngx_str_t *body, ngx_pool_t *pool,
    civic_signin_granted_t *granted)
{
    ngx_int_t      rc;
    civic_json_t  *json;

    ngx_memzero(granted, sizeof(civic_signin_granted_t));

    civic_json_arena_enter();

    rc = NGX_DECLINED;
    json = civic_json_parse(body, CIVIC_SIGNIN_EXCHANGE_MAX, NULL, 0);

    if (json != NULL) {
        rc = civic_signin_exchange_copy(json, "id_token", pool,
                                        &granted->id_token);

        if (rc == NGX_OK) {
            rc = civic_signin_exchange_copy(json, "scope", pool,
                                            &granted->scope);
        }

        if (rc == NGX_OK) {
            rc = civic_signin_exchange_copy(json, "refresh_token", pool,
                                            &granted->refresh_token);
        }

        civic_json_free(json);
    }

    civic_json_arena_leave();

    return rc;
}


/* what is no text did not come */

static ngx_int_t
civic_signin_exchange_copy(const civic_json_t *json, const char *name,
    ngx_pool_t *pool, ngx_str_t *text)
{
    ngx_str_t  value;

    if (civic_json_string(civic_json_member(json, name), &value) != NGX_OK) {
        return NGX_OK;
    }

    text->len = value.len;
    text->data = ngx_pstrdup(pool, &value);

    return text->data ? NGX_OK : NGX_ERROR;
}
