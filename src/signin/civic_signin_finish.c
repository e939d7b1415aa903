
/*
 * Copyright (C) Civic Gate
 *
 * What a civic_signin block comes to, once all that it names is read: all
 * that is the same for every request is made here.
 */


#include "civic_jose_mac.h"
#include "civic_signin.h"


#define CIVIC_SIGNIN_RETRY  10         /* s: beyond the remote's timeout */


static char *civic_signin_finish_names(ngx_conf_t *cf,
    civic_signin_t *signin);
static char *civic_signin_finish_rules(ngx_conf_t *cf,
    civic_signin_t *signin);
static ngx_int_t civic_signin_finish_key(civic_signin_t *signin,
    ngx_pool_t *pool);
static ngx_int_t civic_signin_finish_cookies(civic_signin_t *signin,
    ngx_pool_t *pool);
static ngx_int_t civic_signin_finish_addresses(civic_signin_t *signin,
    ngx_pool_t *pool);
static ngx_int_t civic_signin_finish_scope(civic_signin_t *signin,
    ngx_pool_t *pool, ngx_str_t *scope);
static ngx_int_t civic_signin_finish_authorization(civic_signin_t *signin,
    ngx_pool_t *pool);
static ngx_int_t civic_signin_finish_redis(civic_signin_t *signin,
    ngx_pool_t *pool);
static ngx_int_t civic_signin_finish_number(ngx_pool_t *pool, time_t n,
    ngx_str_t *text);
static ngx_int_t civic_signin_finish_escape(ngx_pool_t *pool,
    const ngx_str_t *text, ngx_str_t *escaped);
static ngx_int_t civic_signin_finish_text(ngx_pool_t *pool, ngx_str_t *text,
    const char *fmt, ...);


char *
civic_signin_finish(ngx_conf_t *cf, civic_signin_t *signin)
{
    char  *rv;

    rv = civic_signin_finish_names(cf, signin);

    if (rv == NGX_CONF_OK) {
        rv = civic_signin_finish_rules(cf, signin);
    }

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (civic_signin_finish_key(signin, cf->pool) != NGX_OK
        || civic_signin_finish_cookies(signin, cf->pool) != NGX_OK
        || civic_signin_finish_addresses(signin, cf->pool) != NGX_OK
        || civic_signin_finish_authorization(signin, cf->pool) != NGX_OK
        || civic_signin_finish_redis(signin, cf->pool) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
civic_signin_finish_names(ngx_conf_t *cf, civic_signin_t *signin)
{
    ngx_http_conf_ctx_t  *ctx;

    ctx = cf->ctx;

    signin->issuer = civic_issuer_find(ctx->main_conf, &signin->issuer_name);
    signin->remote = civic_remote_find(cf, &signin->remote_name);
    signin->redis = civic_redis_find(cf, &signin->redis_name);

    if (civic_issuer_find(ctx->main_conf, &signin->name) != NULL) {
        return civic_conf_error(cf, signin->pos, "civic_signin \"%V\" has "
                                "the name of a civic_issuer: civic_auth "
                                "could not tell them apart", &signin->name);
    }

    if (signin->issuer == NULL) {
        return civic_conf_error(cf, signin->pos, "civic_signin \"%V\" names "
                                "an unknown civic_issuer \"%V\"",
                                &signin->name, &signin->issuer_name);
    }

    if (!civic_issuer_has_keys(signin->issuer)) {
        return civic_conf_error(cf, signin->pos, "civic_signin \"%V\" "
                                "cannot check ID tokens: civic_issuer "
                                "\"%V\" has no \"keys\"", &signin->name,
                                &signin->issuer_name);
    }

    if (signin->remote == NULL) {
        return civic_conf_error(cf, signin->pos, "civic_signin \"%V\" names "
                                "an unknown civic_remote \"%V\"",
                                &signin->name, &signin->remote_name);
    }

    if (signin->redis == NULL) {
        return civic_conf_error(cf, signin->pos, "civic_signin \"%V\" names "
                                "an unknown civic_redis \"%V\"",
                                &signin->name, &signin->redis_name);
    }

    return NGX_CONF_OK;
}


/* ID tokens are for the client, and say less than access tokens */

static char *
civic_signin_finish_rules(ngx_conf_t *cf, civic_signin_t *signin)
{
    ngx_str_t             *audience;
    civic_issuer_rules_t  *rules;

    rules = &signin->rules;

    *rules = signin->issuer->rules;

    rules->required = NULL;
    rules->lifetime = 0;
    ngx_str_null(&rules->type);

    rules->audiences = ngx_array_create(cf->pool, 1, sizeof(ngx_str_t));
    if (rules->audiences == NULL) {
        return NGX_CONF_ERROR;
    }

    audience = ngx_array_push(rules->audiences);
    if (audience == NULL) {
        return NGX_CONF_ERROR;
    }

    *audience = signin->client_id;

    return NGX_CONF_OK;
}


/* all gates that know the secret have this key, and nobody else */

static ngx_int_t
civic_signin_finish_key(civic_signin_t *signin, ngx_pool_t *pool)
{
    size_t     len;
    u_char     mac[CIVIC_JOSE_MAC_MAX];
    ngx_str_t  use;

    static const ngx_str_t  sha256 = ngx_string("sha256");

    if (civic_signin_finish_text(pool, &use, "civic signin %V",
                                 &signin->name)
        != NGX_OK
        || civic_jose_mac_hmac(&sha256, &signin->secret, &use, mac, &len)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_memcpy(signin->key, mac, CIVIC_JOSE_SEAL_KEY);

    return NGX_OK;
}


static ngx_int_t
civic_signin_finish_cookies(civic_signin_t *signin, ngx_pool_t *pool)
{
    const char  *prefix;

    prefix = signin->insecure ? "" : "__Host-";

    if (civic_signin_finish_text(pool, &signin->cookie, "%scivic-%V", prefix,
                                 &signin->name)
        != NGX_OK
        || civic_signin_finish_text(pool, &signin->browser,
                                    "%scivic-%V-browser", prefix,
                                    &signin->name)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return civic_signin_finish_text(pool, &signin->attributes,
                                    "; Path=/; HttpOnly; SameSite=Lax%s",
                                    signin->insecure ? "" : "; Secure");
}


static ngx_int_t
civic_signin_finish_addresses(civic_signin_t *signin, ngx_pool_t *pool)
{
    u_char     *p;
    ngx_str_t   address, client, scope, home;

    if (civic_signin_finish_text(pool, &address, "%V%V", &signin->origin,
                                 &signin->callback)
        != NGX_OK
        || civic_signin_finish_escape(pool, &address, &signin->redirect)
           != NGX_OK
        || civic_signin_finish_escape(pool, &signin->client_id, &client)
           != NGX_OK
        || civic_signin_finish_scope(signin, pool, &scope) != NGX_OK)
    {
        return NGX_ERROR;
    }

    p = ngx_strlchr(signin->authorize.data,
                    signin->authorize.data + signin->authorize.len, '?');

    if (civic_signin_finish_text(pool, &signin->invitation,
            "%V%sresponse_type=code&client_id=%V&redirect_uri=%V&scope=%V"
            "&code_challenge_method=S256", &signin->authorize, p ? "&" : "?",
            &client, &signin->redirect, &scope)
        != NGX_OK
        || civic_signin_finish_text(pool, &address, "%V%V", &signin->origin,
                                    &signin->home)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (signin->end_session.len == 0) {
        signin->goodbye = address;
        return NGX_OK;
    }

    if (civic_signin_finish_escape(pool, &address, &home) != NGX_OK) {
        return NGX_ERROR;
    }

    p = ngx_strlchr(signin->end_session.data,
                    signin->end_session.data + signin->end_session.len, '?');

    return civic_signin_finish_text(pool, &signin->goodbye,
                                    "%V%sclient_id=%V"
                                    "&post_logout_redirect_uri=%V",
                                    &signin->end_session, p ? "&" : "?",
                                    &client, &home);
}


/* "openid" comes first, said or not: without it there is no ID token */

static ngx_int_t
civic_signin_finish_scope(civic_signin_t *signin, ngx_pool_t *pool,
    ngx_str_t *scope)
{
    ngx_str_t   *word, escaped;
    ngx_uint_t   i;

    ngx_str_set(scope, "openid");

    if (signin->scopes == NULL) {
        return NGX_OK;
    }

    word = signin->scopes->elts;

    for (i = 0; i < signin->scopes->nelts; i++) {

        if (ngx_strcmp(word[i].data, "openid") == 0) {
            continue;
        }

        if (civic_signin_finish_escape(pool, &word[i], &escaped) != NGX_OK
            || civic_signin_finish_text(pool, scope, "%V%%20%V", scope,
                                        &escaped)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* RFC 6749, 2.3.1: both are escaped as in a form, then base64 */

static ngx_int_t
civic_signin_finish_authorization(civic_signin_t *signin, ngx_pool_t *pool)
{
    ngx_str_t  client, secret, pair, encoded;

    if (civic_signin_finish_escape(pool, &signin->client_id, &client)
        != NGX_OK
        || civic_signin_finish_escape(pool, &signin->secret, &secret)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (signin->client_auth == CIVIC_SIGNIN_AUTH_POST) {
        return civic_signin_finish_text(pool, &signin->authorization,
                                        "&client_id=%V&client_secret=%V",
                                        &client, &secret);
    }

    if (civic_signin_finish_text(pool, &pair, "%V:%V", &client, &secret)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    encoded.data = ngx_pnalloc(pool, ngx_base64_encoded_length(pair.len));
    if (encoded.data == NULL) {
        return NGX_ERROR;
    }

    ngx_encode_base64(&encoded, &pair);

    return civic_signin_finish_text(pool, &signin->authorization, "Basic %V",
                                    &encoded);
}


static ngx_int_t
civic_signin_finish_redis(civic_signin_t *signin, ngx_pool_t *pool)
{
    if (civic_signin_finish_text(pool, &signin->prefix, "civic:{signin:%V}:",
                                 &signin->name)
        != NGX_OK
        || civic_signin_finish_text(pool, &signin->tokens, "%Vtoken:",
                                    &signin->prefix)
           != NGX_OK
        || civic_signin_finish_text(pool, &signin->sessions, "%Vsession:",
                                    &signin->prefix)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (civic_signin_finish_number(pool, signin->ttl, &signin->ttl_text)
        != NGX_OK
        || civic_signin_finish_number(pool, signin->idle, &signin->idle_text)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (civic_signin_finish_number(pool, signin->refresh,
                                   &signin->refresh_text)
        != NGX_OK
        || civic_signin_finish_number(pool,
               civic_remote_timeout(signin->remote) / 1000
               + CIVIC_SIGNIN_RETRY, &signin->retry_text)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return civic_signin_finish_number(pool, signin->rotate,
                                      &signin->rotate_text);
}


static ngx_int_t
civic_signin_finish_number(ngx_pool_t *pool, time_t n, ngx_str_t *text)
{
    return civic_signin_finish_text(pool, text, "%T", n);
}


static ngx_int_t
civic_signin_finish_escape(ngx_pool_t *pool, const ngx_str_t *text,
    ngx_str_t *escaped)
{
    escaped->data = ngx_pnalloc(pool, 3 * text->len + 1);
    if (escaped->data == NULL) {
        return NGX_ERROR;
    }

    escaped->len = (u_char *) ngx_escape_uri(escaped->data, text->data,
                                             text->len,
                                             NGX_ESCAPE_URI_COMPONENT)
                   - escaped->data;

    return NGX_OK;
}


static ngx_int_t
civic_signin_finish_text(ngx_pool_t *pool, ngx_str_t *text, const char *fmt,
    ...)
{
    size_t   size;
    u_char  *p, *buf;
    va_list  args;

    size = 8192;

    buf = ngx_alloc(size, ngx_cycle->log);
    if (buf == NULL) {
        return NGX_ERROR;
    }

    va_start(args, fmt);
    p = ngx_vslprintf(buf, buf + size, fmt, args);
    va_end(args);

    text->len = p - buf;
    text->data = ngx_pnalloc(pool, text->len + 1);

    if (text->data != NULL) {
        ngx_memcpy(text->data, buf, text->len);
        text->data[text->len] = '\0';
    }

    ngx_free(buf);

    return text->data && text->len < size ? NGX_OK : NGX_ERROR;
}
