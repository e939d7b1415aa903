
/*
 * Copyright (C) Civic Gate
 */


#include "civic_jose_digest.h"
#include "civic_signin_session.h"


#define CIVIC_SIGNIN_GRACE   "30"      /* s: requests that were under way */
#define CIVIC_SIGNIN_DIGEST  (2 * CIVIC_JOSE_DIGEST_LEN)


static civic_redis_command_t *civic_signin_session_eval(
    const civic_signin_t *signin, civic_redis_builtin_t *builtin,
    ngx_uint_t nkeys, ngx_str_t *argv, ngx_uint_t argc,
    const civic_signin_reply_t *reply);
static ngx_int_t civic_signin_session_fields(const civic_signin_t *signin,
    const civic_signin_opening_t *opening, ngx_pool_t *pool, ngx_str_t *argv,
    ngx_uint_t *n);
static ngx_int_t civic_signin_session_name(const civic_signin_t *signin,
    const ngx_str_t *name, ngx_pool_t *pool, ngx_str_t *key);
static ngx_int_t civic_signin_session_digest(const ngx_str_t *text,
    u_char hex[CIVIC_SIGNIN_DIGEST]);
static ngx_int_t civic_signin_session_key(const ngx_str_t *prefix,
    const char *kind, const ngx_str_t *text, ngx_pool_t *pool,
    ngx_str_t *key);


/* what a refresh token is sealed with: it is no state */

static const ngx_str_t  civic_signin_sealed = ngx_string("refresh_token");

static civic_redis_builtin_t  civic_signin_renew =
    civic_redis_builtin("signin_renew");
static civic_redis_builtin_t  civic_signin_open =
    civic_redis_builtin("signin_open");
static civic_redis_builtin_t  civic_signin_read =
    civic_redis_builtin("signin_read");
static civic_redis_builtin_t  civic_signin_close =
    civic_redis_builtin("signin_close");
static civic_redis_builtin_t  civic_signin_end =
    civic_redis_builtin("signin_end");


/* per request: on the stack, since a command copies what it is given */

civic_redis_command_t *
civic_signin_session_read(const civic_signin_t *signin,
    const ngx_str_t *token, const ngx_str_t *next,
    const civic_signin_reply_t *reply)
{
    u_char     *p, key[128 + CIVIC_SIGNIN_DIGEST];
    u_char      coming[CIVIC_SIGNIN_DIGEST];
    ngx_str_t   argv[10];

    p = ngx_cpymem(key, signin->tokens.data, signin->tokens.len);

    if (civic_signin_session_digest(token, p) != NGX_OK
        || civic_signin_session_digest(next, coming) != NGX_OK)
    {
        return NULL;
    }

    argv[0].data = key;
    argv[0].len = signin->tokens.len + CIVIC_SIGNIN_DIGEST;
    argv[1].data = p;
    argv[1].len = CIVIC_SIGNIN_DIGEST;
    argv[2] = signin->tokens;
    argv[3] = signin->sessions;
    argv[4] = signin->idle_text;
    argv[5] = signin->rotate_text;
    argv[6].data = coming;
    argv[6].len = CIVIC_SIGNIN_DIGEST;
    ngx_str_set(&argv[7], CIVIC_SIGNIN_GRACE);
    argv[8] = signin->refresh_text;
    argv[9] = signin->retry_text;

    return civic_signin_session_eval(signin, &civic_signin_read, 1, argv, 10,
                                     reply);
}


civic_redis_command_t *
civic_signin_session_open(const civic_signin_t *signin,
    const civic_signin_opening_t *opening, ngx_pool_t *pool,
    const civic_signin_reply_t *reply)
{
    ngx_str_t   argv[22], name;
    ngx_uint_t  n, keys;

    static ngx_str_t  none = ngx_null_string;

    if (civic_signin_flow_random(pool, &name) != NGX_OK
        || civic_signin_session_name(signin, &name, pool, &argv[0]) != NGX_OK
        || civic_signin_session_key(&signin->tokens, "", &opening->token,
                                    pool, &argv[1])
           != NGX_OK
        || civic_signin_session_key(&signin->prefix, "person:",
                                    &opening->subject, pool, &argv[2])
           != NGX_OK)
    {
        return NULL;
    }

    n = 3;

    if (opening->sid.len
        && civic_signin_session_key(&signin->prefix, "sid:", &opening->sid,
                                    pool, &argv[n++])
           != NGX_OK)
    {
        return NULL;
    }

    keys = n;

    argv[n++] = name;
    argv[n].data = argv[1].data + signin->tokens.len;
    argv[n++].len = CIVIC_SIGNIN_DIGEST;
    argv[n++] = signin->ttl_text;
    argv[n++] = signin->idle_text;
    argv[n++] = signin->sessions;

    argv[n] = none;

    if (opening->before.len
        && civic_signin_session_key(&signin->tokens, "", &opening->before,
                                    pool, &argv[n])
           != NGX_OK)
    {
        return NULL;
    }

    n++;

    if (civic_signin_session_fields(signin, opening, pool, argv, &n)
        != NGX_OK)
    {
        return NULL;
    }

    return civic_signin_session_eval(signin, &civic_signin_open, keys, argv,
                                     n, reply);
}


/* adds to argv what is there of claims, scope, tokens: ten at most */

static ngx_int_t
civic_signin_session_fields(const civic_signin_t *signin,
    const civic_signin_opening_t *opening, ngx_pool_t *pool, ngx_str_t *argv,
    ngx_uint_t *n)
{
    ngx_str_t   issued, sealed;
    ngx_uint_t  i;

    const struct {
        const char       *name;
        const ngx_str_t  *value;
    } fields[] = {
        { "claims", &opening->claims }, { "scope", &opening->scope },
        { "id_token", &opening->id_token }, { "issued", &issued },
        { "refresh_token", &sealed }
    };

    ngx_str_null(&issued);
    ngx_str_null(&sealed);

    if (opening->issued) {
        issued.data = ngx_pnalloc(pool, NGX_TIME_T_LEN);
        if (issued.data == NULL) {
            return NGX_ERROR;
        }

        issued.len = ngx_sprintf(issued.data, "%T", opening->issued)
                     - issued.data;
    }

    if (opening->refresh_token.len && signin->refresh) {
        sealed.len = opening->refresh_token.len + CIVIC_JOSE_SEAL_MORE;
        sealed.data = ngx_pnalloc(pool, sealed.len);

        if (sealed.data == NULL
            || civic_jose_seal(signin->key, &opening->refresh_token,
                               &civic_signin_sealed, sealed.data)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {

        if (fields[i].value->len) {
            argv[*n].data = (u_char *) fields[i].name;
            argv[(*n)++].len = ngx_strlen(fields[i].name);
            argv[(*n)++] = *fields[i].value;
        }
    }

    return NGX_OK;
}


ngx_int_t
civic_signin_session_unseal(const civic_signin_t *signin,
    const ngx_str_t *sealed, ngx_pool_t *pool, ngx_str_t *token)
{
    token->data = ngx_pnalloc(pool, sealed->len + 1);
    if (token->data == NULL) {
        return NGX_ERROR;
    }

    return civic_jose_seal_open(signin->key, sealed, &civic_signin_sealed,
                                token);
}


civic_redis_command_t *
civic_signin_session_renew(const civic_signin_t *signin,
    const ngx_str_t *name, const civic_signin_opening_t *renewed,
    ngx_pool_t *pool, const civic_signin_reply_t *reply)
{
    ngx_str_t   argv[11];
    ngx_uint_t  n;

    if (civic_signin_session_name(signin, name, pool, &argv[0]) != NGX_OK) {
        return NULL;
    }

    n = 1;

    if (civic_signin_session_fields(signin, renewed, pool, argv, &n)
        != NGX_OK)
    {
        return NULL;
    }

    return civic_signin_session_eval(signin, &civic_signin_renew, 1, argv, n,
                                     reply);
}


civic_redis_command_t *
civic_signin_session_drop(const civic_signin_t *signin,
    const ngx_str_t *name, ngx_pool_t *pool,
    const civic_signin_reply_t *reply)
{
    ngx_str_t              argv[2];
    civic_redis_request_t  request;

    ngx_str_set(&argv[0], "DEL");

    if (civic_signin_session_name(signin, name, pool, &argv[1]) != NGX_OK) {
        return NULL;
    }

    ngx_memzero(&request, sizeof(civic_redis_request_t));

    request.argv = argv;
    request.argc = 2;
    request.handler = reply->handler;
    request.data = reply->data;

    return civic_redis_send(signin->redis, &request);
}


static ngx_int_t
civic_signin_session_name(const civic_signin_t *signin,
    const ngx_str_t *name, ngx_pool_t *pool, ngx_str_t *key)
{
    key->len = signin->sessions.len + name->len;
    key->data = ngx_pnalloc(pool, key->len);

    if (key->data == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_sprintf(key->data, "%V%V", &signin->sessions, name);

    return NGX_OK;
}


civic_redis_command_t *
civic_signin_session_close(const civic_signin_t *signin,
    const ngx_str_t *token, const civic_signin_reply_t *reply)
{
    u_char     *p, key[128 + CIVIC_SIGNIN_DIGEST];
    ngx_str_t   argv[2];

    p = ngx_cpymem(key, signin->tokens.data, signin->tokens.len);

    if (civic_signin_session_digest(token, p) != NGX_OK) {
        return NULL;
    }

    argv[0].data = key;
    argv[0].len = signin->tokens.len + CIVIC_SIGNIN_DIGEST;
    argv[1] = signin->sessions;

    return civic_signin_session_eval(signin, &civic_signin_close, 1, argv, 2,
                                     reply);
}


civic_redis_command_t *
civic_signin_session_end(const civic_signin_t *signin, const ngx_str_t *sid,
    const ngx_str_t *subject, const ngx_str_t *used, time_t keep,
    ngx_pool_t *pool, const civic_signin_reply_t *reply)
{
    u_char      seconds[NGX_TIME_T_LEN];
    ngx_int_t   rc;
    ngx_str_t   argv[4];
    ngx_uint_t  n;

    rc = sid->len
         ? civic_signin_session_key(&signin->prefix, "sid:", sid, pool,
                                    &argv[0])
         : civic_signin_session_key(&signin->prefix, "person:", subject,
                                    pool, &argv[0]);
    if (rc != NGX_OK) {
        return NULL;
    }

    n = 1;

    if (used->len
        && civic_signin_session_key(&signin->prefix, "used:", used, pool,
                                    &argv[n++])
           != NGX_OK)
    {
        return NULL;
    }

    argv[n] = signin->sessions;
    argv[n + 1].data = seconds;
    argv[n + 1].len = ngx_sprintf(seconds, "%T", ngx_max(keep, 1)) - seconds;

    return civic_signin_session_eval(signin, &civic_signin_end, n, argv,
                                     n + 2, reply);
}


civic_redis_command_t *
civic_signin_session_use(const civic_signin_t *signin, const ngx_str_t *text,
    time_t keep, ngx_pool_t *pool, const civic_signin_reply_t *reply)
{
    u_char                 seconds[NGX_TIME_T_LEN];
    ngx_str_t              argv[6];
    civic_redis_request_t  request;

    ngx_str_set(&argv[0], "SET");

    if (civic_signin_session_key(&signin->prefix, "used:", text, pool,
                                 &argv[1])
        != NGX_OK)
    {
        return NULL;
    }

    ngx_str_set(&argv[2], "1");
    ngx_str_set(&argv[3], "NX");
    ngx_str_set(&argv[4], "EX");
    argv[5].data = seconds;
    argv[5].len = ngx_sprintf(seconds, "%T", ngx_max(keep, 1)) - seconds;

    ngx_memzero(&request, sizeof(civic_redis_request_t));

    request.argv = argv;
    request.argc = 6;
    request.handler = reply->handler;
    request.data = reply->data;

    return civic_redis_send(signin->redis, &request);
}


static civic_redis_command_t *
civic_signin_session_eval(const civic_signin_t *signin,
    civic_redis_builtin_t *builtin, ngx_uint_t nkeys, ngx_str_t *argv,
    ngx_uint_t argc, const civic_signin_reply_t *reply)
{
    civic_redis_request_t  request;

    ngx_memzero(&request, sizeof(civic_redis_request_t));

    request.argv = argv;
    request.argc = argc;
    request.handler = reply->handler;
    request.data = reply->data;

    return civic_redis_run(signin->redis, builtin, nkeys, &request);
}


static ngx_int_t
civic_signin_session_digest(const ngx_str_t *text,
    u_char hex[CIVIC_SIGNIN_DIGEST])
{
    u_char  digest[CIVIC_JOSE_DIGEST_LEN];

    if (civic_jose_digest(text, digest) != NGX_OK) {
        return NGX_ERROR;
    }

    (void) ngx_hex_dump(hex, digest, CIVIC_JOSE_DIGEST_LEN);

    return NGX_OK;
}


static ngx_int_t
civic_signin_session_key(const ngx_str_t *prefix, const char *kind,
    const ngx_str_t *text, ngx_pool_t *pool, ngx_str_t *key)
{
    u_char  *p;

    key->len = prefix->len + ngx_strlen(kind) + CIVIC_SIGNIN_DIGEST;
    key->data = ngx_pnalloc(pool, key->len);

    if (key->data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_sprintf(key->data, "%V%s", prefix, kind);

    return civic_signin_session_digest(text, p);
}
