
/*
 * Copyright (C) Civic Gate
 *
 * What an assertion says, and its signature.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <sodium.h>

#include "civic_assertion_conf.h"
#include "civic_auth.h"
#include "civic_jose_base64url.h"


#define CIVIC_ASSERTION_ID  16         /* random bytes of "jti" */


typedef struct {
    ngx_str_t   name;
    size_t      offset;                /* in civic_identity_t */
} civic_assertion_member_t;


static civic_json_t *civic_assertion_token_json(ngx_http_request_t *r,
    const civic_assertion_t *line, civic_identity_t *identity,
    time_t *expires);
static ngx_int_t civic_assertion_token_who(civic_json_t *json,
    const civic_identity_t *identity);
static ngx_int_t civic_assertion_token_roles(civic_json_t *json,
    const ngx_str_t *roles);
static ngx_int_t civic_assertion_token_claims(ngx_http_request_t *r,
    civic_json_t *json, const civic_assertion_t *line,
    civic_identity_t *identity);
static ngx_int_t civic_assertion_token_id(civic_json_t *json);
static ngx_int_t civic_assertion_token_text(civic_json_t *json,
    const char *name, const ngx_str_t *value);
static ngx_int_t civic_assertion_token_time(civic_json_t *json,
    const char *name, time_t value);
static ngx_int_t civic_assertion_token_sign(ngx_pool_t *pool,
    const civic_assertion_main_conf_t *amcf, const ngx_str_t *payload,
    ngx_str_t *token);


static const civic_assertion_member_t  civic_assertion_members[] = {
    { ngx_string("caller"), offsetof(civic_identity_t, caller) },
    { ngx_string("app"), offsetof(civic_identity_t, app) },
    { ngx_string("client_id"), offsetof(civic_identity_t, client) },
    { ngx_string("scope"), offsetof(civic_identity_t, scope) },
    { ngx_string("region"), offsetof(civic_identity_t, region) },
    { ngx_string("acr"), offsetof(civic_identity_t, level) },
    { ngx_null_string, 0 }
};


ngx_int_t
civic_assertion_token(ngx_http_request_t *r, const civic_assertion_t *line,
    civic_identity_t *identity, ngx_str_t *token, time_t *renew)
{
    time_t                        now, expires;
    ngx_int_t                     rc;
    ngx_str_t                     payload;
    civic_json_t                 *json;
    civic_assertion_main_conf_t  *amcf;

    amcf = ngx_http_get_module_main_conf(r, ngx_http_civic_assertion_module);

    now = ngx_time();
    expires = now + line->ttl;

    if (identity->expires && identity->expires < expires) {
        expires = identity->expires;
    }

    json = civic_assertion_token_json(r, line, identity, &expires);
    if (json == NULL) {
        return NGX_ERROR;
    }

    rc = civic_json_text(json, r->pool, &payload);

    civic_json_free(json);

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    *renew = expires - (expires - now) / 4;

    return civic_assertion_token_sign(r->pool, amcf, &payload, token);
}


static civic_json_t *
civic_assertion_token_json(ngx_http_request_t *r,
    const civic_assertion_t *line, civic_identity_t *identity,
    time_t *expires)
{
    civic_json_t                 *json;
    civic_assertion_main_conf_t  *amcf;

    amcf = ngx_http_get_module_main_conf(r, ngx_http_civic_assertion_module);

    json = civic_json_new(CIVIC_JSON_OBJECT);
    if (json == NULL) {
        return NULL;
    }

    if (civic_assertion_token_text(json, "iss", &amcf->issuer) == NGX_OK
        && civic_assertion_token_text(json, "aud", &line->audience) == NGX_OK
        && civic_assertion_token_who(json, identity) == NGX_OK
        && civic_assertion_token_claims(r, json, line, identity) == NGX_OK
        && civic_assertion_token_id(json) == NGX_OK
        && civic_assertion_token_time(json, "iat", ngx_time()) == NGX_OK
        && civic_assertion_token_time(json, "exp", *expires) == NGX_OK)
    {
        return json;
    }

    civic_json_free(json);

    return NULL;
}


static ngx_int_t
civic_assertion_token_who(civic_json_t *json,
    const civic_identity_t *identity)
{
    ngx_uint_t        i;
    const ngx_str_t  *value;

    value = identity->subject.len ? &identity->subject : &identity->caller;

    if (civic_assertion_token_text(json, "sub", value) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; civic_assertion_members[i].name.len; i++) {

        value = (const ngx_str_t *) ((const u_char *) identity
                                     + civic_assertion_members[i].offset);

        if (value->len
            && civic_json_set(json, &civic_assertion_members[i].name,
                              civic_json_new_string(value))
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return identity->roles.len
           ? civic_assertion_token_roles(json, &identity->roles) : NGX_OK;
}


static ngx_int_t
civic_assertion_token_roles(civic_json_t *json, const ngx_str_t *roles)
{
    u_char        *p, *last, *space;
    ngx_str_t      role;
    civic_json_t  *array;

    static const ngx_str_t  name = ngx_string("roles");

    array = civic_json_new(CIVIC_JSON_ARRAY);
    if (array == NULL) {
        return NGX_ERROR;
    }

    last = roles->data + roles->len;

    for (p = roles->data; p < last; p = space + 1) {

        space = ngx_strlchr(p, last, ' ');
        if (space == NULL) {
            space = last;
        }

        role.data = p;
        role.len = space - p;

        if (civic_json_append(array, civic_json_new_string(&role)) != NGX_OK)
        {
            civic_json_free(array);
            return NGX_ERROR;
        }
    }

    return civic_json_set(json, &name, array);
}


static ngx_int_t
civic_assertion_token_claims(ngx_http_request_t *r, civic_json_t *json,
    const civic_assertion_t *line, civic_identity_t *identity)
{
    ngx_uint_t           i;
    civic_json_t        *object;
    const civic_json_t  *claims, *value;

    static const ngx_str_t  name = ngx_string("claims");

    claims = line->nclaims ? civic_auth_claims(r, identity) : NULL;

    if (claims == NULL) {
        return NGX_OK;
    }

    object = civic_json_new(CIVIC_JSON_OBJECT);
    if (object == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < line->nclaims; i++) {

        value = civic_json_path(claims, &line->claims[i]);

        if (value != NULL
            && civic_json_set(object, &line->claims[i],
                              civic_json_copy(value))
               != NGX_OK)
        {
            civic_json_free(object);
            return NGX_ERROR;
        }
    }

    return civic_json_set(json, &name, object);
}


static ngx_int_t
civic_assertion_token_id(civic_json_t *json)
{
    u_char     random[CIVIC_ASSERTION_ID];
    u_char     buf[civic_jose_base64url_len(CIVIC_ASSERTION_ID)];
    ngx_str_t  bytes, text;

    randombytes_buf(random, sizeof(random));

    bytes.data = random;
    bytes.len = sizeof(random);

    text.data = buf;
    text.len = civic_jose_base64url_encode(buf, &bytes) - buf;

    return civic_assertion_token_text(json, "jti", &text);
}


static ngx_int_t
civic_assertion_token_text(civic_json_t *json, const char *name,
    const ngx_str_t *value)
{
    ngx_str_t  member;

    member.data = (u_char *) name;
    member.len = ngx_strlen(name);

    return civic_json_set(json, &member, civic_json_new_string(value));
}


static ngx_int_t
civic_assertion_token_time(civic_json_t *json, const char *name,
    time_t value)
{
    ngx_str_t  member;

    member.data = (u_char *) name;
    member.len = ngx_strlen(name);

    return civic_json_set(json, &member, civic_json_new_integer(value));
}


static ngx_int_t
civic_assertion_token_sign(ngx_pool_t *pool,
    const civic_assertion_main_conf_t *amcf, const ngx_str_t *payload,
    ngx_str_t *token)
{
    u_char     *p, bytes[CIVIC_JOSE_SIGNATURE];
    ngx_str_t   signature;

    /* like any value of a request header it ends with a zero byte */

    token->data = ngx_pnalloc(pool, amcf->header.len + 1
                                + civic_jose_base64url_len(payload->len) + 1
                                + civic_jose_base64url_len(sizeof(bytes))
                                + 1);
    if (token->data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(token->data, amcf->header.data, amcf->header.len);
    *p++ = '.';
    p = civic_jose_base64url_encode(p, payload);

    token->len = p - token->data;

    if (civic_jose_signer_sign(amcf->keys[0].signer, token, bytes) != NGX_OK)
    {
        return NGX_ERROR;
    }

    signature.data = bytes;
    signature.len = sizeof(bytes);

    *p++ = '.';
    p = civic_jose_base64url_encode(p, &signature);
    *p = '\0';

    token->len = p - token->data;

    return NGX_OK;
}
