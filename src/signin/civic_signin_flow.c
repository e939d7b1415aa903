
/*
 * Copyright (C) Civic Gate
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_jose_base64url.h"
#include "civic_jose_digest.h"
#include "civic_jose_mac.h"
#include "civic_signin_flow.h"


#define CIVIC_SIGNIN_FLOW_STATE_MAX  2048


static ngx_int_t civic_signin_flow_derive(const u_char *key,
    const ngx_str_t *browser, ngx_pool_t *pool, civic_signin_flow_t *flow);
static ngx_int_t civic_signin_flow_mac(const u_char *key, const char *use,
    const ngx_str_t *browser, const ngx_str_t *state, ngx_pool_t *pool,
    ngx_str_t *out);
static ngx_int_t civic_signin_flow_encode(ngx_pool_t *pool, u_char *bytes,
    size_t len, ngx_str_t *out);


ngx_int_t
civic_signin_flow_begin(const u_char key[CIVIC_JOSE_SEAL_KEY],
    const ngx_str_t *browser, const ngx_str_t *path, time_t now,
    ngx_pool_t *pool, civic_signin_flow_t *flow)
{
    u_char     *p;
    ngx_str_t   text;

    text.data = ngx_pnalloc(pool, NGX_TIME_T_LEN + 1 + path->len);
    p = ngx_pnalloc(pool, NGX_TIME_T_LEN + 1 + path->len
                          + CIVIC_JOSE_SEAL_MORE);

    if (text.data == NULL || p == NULL) {
        return NGX_ERROR;
    }

    text.len = ngx_sprintf(text.data, "%T %V", now, path) - text.data;

    if (civic_jose_seal(key, &text, browser, p) != NGX_OK
        || civic_signin_flow_encode(pool, p,
                                    text.len + CIVIC_JOSE_SEAL_MORE,
                                    &flow->state)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return civic_signin_flow_derive(key, browser, pool, flow);
}


ngx_int_t
civic_signin_flow_end(const u_char key[CIVIC_JOSE_SEAL_KEY],
    const ngx_str_t *browser, time_t now, ngx_pool_t *pool,
    civic_signin_flow_t *flow, ngx_str_t *path)
{
    u_char     *p;
    time_t      then;
    ngx_int_t   rc;
    ngx_str_t   sealed, text;

    if (flow->state.len > CIVIC_SIGNIN_FLOW_STATE_MAX) {
        return NGX_DECLINED;
    }

    sealed.data = ngx_pnalloc(pool, flow->state.len + 1);
    text.data = ngx_pnalloc(pool, flow->state.len + 1);

    if (sealed.data == NULL || text.data == NULL) {
        return NGX_ERROR;
    }

    if (civic_jose_base64url_decode(&sealed, &flow->state) != NGX_OK) {
        return NGX_DECLINED;
    }

    rc = civic_jose_seal_open(key, &sealed, browser, &text);
    if (rc != NGX_OK) {
        return rc;
    }

    p = ngx_strlchr(text.data, text.data + text.len, ' ');
    if (p == NULL) {
        return NGX_DECLINED;
    }

    then = ngx_atoi(text.data, p - text.data);

    if (then == NGX_ERROR
        || then > now + CIVIC_SIGNIN_FLOW
        || now >= then + CIVIC_SIGNIN_FLOW)
    {
        return NGX_DECLINED;
    }

    path->data = p + 1;
    path->len = text.data + text.len - path->data;

    return civic_signin_flow_derive(key, browser, pool, flow);
}


static ngx_int_t
civic_signin_flow_derive(const u_char *key, const ngx_str_t *browser,
    ngx_pool_t *pool, civic_signin_flow_t *flow)
{
    u_char  digest[CIVIC_JOSE_DIGEST_LEN];

    if (civic_signin_flow_mac(key, "nonce", browser, &flow->state, pool,
                              &flow->nonce)
        != NGX_OK
        || civic_signin_flow_mac(key, "verifier", browser, &flow->state,
                                 pool, &flow->verifier)
           != NGX_OK
        || civic_jose_digest(&flow->verifier, digest) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return civic_signin_flow_encode(pool, digest, CIVIC_JOSE_DIGEST_LEN,
                                    &flow->challenge);
}


/* neither a state nor what a browser has may hold the NUL between them */

static ngx_int_t
civic_signin_flow_mac(const u_char *key, const char *use,
    const ngx_str_t *browser, const ngx_str_t *state, ngx_pool_t *pool,
    ngx_str_t *out)
{
    size_t      len;
    u_char      mac[CIVIC_JOSE_MAC_MAX];
    ngx_str_t   secret, text;

    static const ngx_str_t  sha256 = ngx_string("sha256");

    text.len = ngx_strlen(use) + 1 + browser->len + 1 + state->len;
    text.data = ngx_pnalloc(pool, text.len);

    if (text.data == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_sprintf(text.data, "%s%Z%V%Z%V", use, browser, state);

    secret.data = (u_char *) key;
    secret.len = CIVIC_JOSE_SEAL_KEY;

    if (civic_jose_mac_hmac(&sha256, &secret, &text, mac, &len) != NGX_OK) {
        return NGX_ERROR;
    }

    return civic_signin_flow_encode(pool, mac, len, out);
}


ngx_int_t
civic_signin_flow_random(ngx_pool_t *pool, ngx_str_t *text)
{
    u_char  bytes[32];

    if (civic_jose_mac_random(bytes, sizeof(bytes)) != NGX_OK) {
        return NGX_ERROR;
    }

    return civic_signin_flow_encode(pool, bytes, sizeof(bytes), text);
}


ngx_uint_t
civic_signin_flow_is_random(const ngx_str_t *text)
{
    u_char     bytes[CIVIC_SIGNIN_RANDOM];
    ngx_str_t  decoded;

    decoded.data = bytes;

    return text->len == CIVIC_SIGNIN_RANDOM
           && civic_jose_base64url_decode(&decoded, text) == NGX_OK;
}


ngx_uint_t
civic_signin_flow_is_path(const ngx_str_t *path)
{
    size_t  i;

    if (path->len == 0
        || path->len > CIVIC_SIGNIN_PATH_MAX
        || path->data[0] != '/'
        || (path->len > 1 && path->data[1] == '/'))
    {
        return 0;
    }

    for (i = 0; i < path->len; i++) {
        if (path->data[i] <= ' ' || path->data[i] >= 0x7f
            || path->data[i] == '\\')
        {
            return 0;
        }
    }

    return 1;
}


static ngx_int_t
civic_signin_flow_encode(ngx_pool_t *pool, u_char *bytes, size_t len,
    ngx_str_t *out)
{
    ngx_str_t  src;

    src.data = bytes;
    src.len = len;

    out->data = ngx_pnalloc(pool, ngx_base64_encoded_length(len) + 1);
    if (out->data == NULL) {
        return NGX_ERROR;
    }

    ngx_encode_base64url(out, &src);

    return NGX_OK;
}
