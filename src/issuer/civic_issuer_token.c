
/*
 * Copyright (C) Civic Gate
 *
 * Where a token stands: Authorization (RFC 6750, 2.1), a cookie, an
 * argument of the address (2.3).  Two at once are refused, since whoever
 * reads another of them than the gate would see another caller.
 */


#include "civic_auth.h"
#include "civic_auth_headers.h"
#include "civic_issuer_cookie.h"
#include "civic_issuer_token.h"


static civic_issuer_tokens_t *civic_issuer_token_state(ngx_http_request_t *r,
    civic_ctx_t *ctx);
static civic_problem_e civic_issuer_token_look(ngx_http_request_t *r,
    civic_issuer_tokens_t *state, const civic_issuer_place_t *place,
    const civic_issuer_token_t **token);
static civic_problem_e civic_issuer_token_size(const ngx_str_t *text);
static const civic_issuer_token_t *civic_issuer_token_seen(
    const civic_issuer_tokens_t *state, const civic_issuer_place_t *place);
static civic_problem_e civic_issuer_token_header(ngx_http_request_t *r,
    ngx_str_t *text);
static civic_problem_e civic_issuer_token_parse(const ngx_str_t *value,
    ngx_str_t *text);
static civic_problem_e civic_issuer_token_cookie(ngx_http_request_t *r,
    const ngx_str_t *name, ngx_str_t *text);
static ngx_uint_t civic_issuer_token_same(const civic_issuer_place_t *a,
    const civic_issuer_place_t *b);


civic_problem_e
civic_issuer_token_find(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_auth_group_t *group, const civic_issuer_token_t **token)
{
    ngx_uint_t                   i, n;
    civic_issuer_t             **issuer;
    civic_problem_e              problem;
    civic_issuer_place_t        *place;
    civic_issuer_tokens_t       *state;
    const civic_issuer_token_t  *found;

    *token = NULL;

    state = civic_issuer_token_state(r, ctx);
    if (state == NULL) {
        return CIVIC_INTERNAL;
    }

    issuer = group->objects.elts;

    for (i = 0; i < group->objects.nelts; i++) {
        place = issuer[i]->places->elts;

        for (n = 0; n < issuer[i]->places->nelts; n++) {

            problem = civic_issuer_token_look(r, state, &place[n], &found);

            if (problem == CIVIC_CREDENTIALS_MISSING) {
                continue;
            }

            if (problem != CIVIC_OK) {
                return problem;
            }

            if (*token != NULL && *token != found) {
                return CIVIC_CREDENTIALS_MALFORMED;
            }

            *token = found;
        }
    }

    if (*token == NULL) {
        return CIVIC_CREDENTIALS_MISSING;
    }

    if ((*token)->place.kind == CIVIC_ISSUER_COOKIE) {
        problem = civic_auth_origin_check(r);

        if (problem != CIVIC_OK) {
            return problem;
        }
    }

    state->used = *token;

    return CIVIC_OK;
}


static civic_issuer_tokens_t *
civic_issuer_token_state(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    civic_auth_ctx_t  *auth;

    auth = civic_auth_state(r, ctx);
    if (auth == NULL) {
        return NULL;
    }

    if (auth->slots[CIVIC_AUTH_BEARER].state == NULL) {
        auth->slots[CIVIC_AUTH_BEARER].state =
                           ngx_pcalloc(r->pool, sizeof(civic_issuer_tokens_t));
    }

    return auth->slots[CIVIC_AUTH_BEARER].state;
}


static civic_problem_e
civic_issuer_token_look(ngx_http_request_t *r, civic_issuer_tokens_t *state,
    const civic_issuer_place_t *place, const civic_issuer_token_t **token)
{
    ngx_str_t              text;
    civic_problem_e        problem;
    civic_issuer_token_t  *seen;

    if (place->kind == CIVIC_ISSUER_QUERY && state->twice) {
        return CIVIC_CREDENTIALS_MALFORMED;
    }

    *token = civic_issuer_token_seen(state, place);

    if (*token != NULL) {
        return civic_issuer_token_size(&(*token)->text);
    }

    switch (place->kind) {

    case CIVIC_ISSUER_HEADER:
        problem = civic_issuer_token_header(r, &text);
        break;

    case CIVIC_ISSUER_COOKIE:
        problem = civic_issuer_token_cookie(r, &place->name, &text);
        break;

    default:

        /* what the address had was seen when the request came */

        problem = CIVIC_CREDENTIALS_MISSING;
    }

    if (problem != CIVIC_OK) {
        return problem;
    }

    if (state->ntokens == CIVIC_ISSUER_TOKENS) {
        return CIVIC_CREDENTIALS_MALFORMED;
    }

    seen = &state->tokens[state->ntokens++];
    seen->place = *place;
    seen->text = text;

    *token = seen;

    return civic_issuer_token_size(&text);
}


static civic_problem_e
civic_issuer_token_size(const ngx_str_t *text)
{
    if (text->len == 0) {
        return CIVIC_CREDENTIALS_MALFORMED;
    }

    return text->len > CIVIC_JOSE_MAX_TOKEN ? CIVIC_TOKEN_TOO_LARGE
                                            : CIVIC_OK;
}


static const civic_issuer_token_t *
civic_issuer_token_seen(const civic_issuer_tokens_t *state,
    const civic_issuer_place_t *place)
{
    ngx_uint_t  i;

    for (i = 0; i < state->ntokens; i++) {

        if (civic_issuer_token_same(&state->tokens[i].place, place)) {
            return &state->tokens[i];
        }
    }

    return NULL;
}


static civic_problem_e
civic_issuer_token_header(ngx_http_request_t *r, ngx_str_t *text)
{
    ngx_str_t  value;

    switch (civic_auth_headers_find(r, &value)) {

    case NGX_DECLINED:
        return CIVIC_CREDENTIALS_MISSING;

    case NGX_BUSY:
        return CIVIC_CREDENTIALS_MALFORMED;
    }

    return civic_issuer_token_parse(&value, text);
}


/* "Bearer" 1*SP token, the scheme in any case */

static civic_problem_e
civic_issuer_token_parse(const ngx_str_t *value, ngx_str_t *text)
{
    u_char  *p, *last;

    static ngx_str_t  scheme = ngx_string("bearer");

    p = value->data;
    last = p + value->len;

    if (value->len < scheme.len
        || ngx_strncasecmp(p, scheme.data, scheme.len) != 0
        || (value->len > scheme.len && p[scheme.len] != ' '))
    {
        return CIVIC_CREDENTIALS_MISSING;
    }

    for (p += scheme.len; p < last && *p == ' '; p++) { /* void */ }

    text->data = p;
    text->len = last - p;

    return CIVIC_OK;
}


static civic_problem_e
civic_issuer_token_cookie(ngx_http_request_t *r, const ngx_str_t *name,
    ngx_str_t *text)
{
    switch (civic_issuer_cookie_find(r, name, text)) {

    case NGX_OK:
        return CIVIC_OK;

    case NGX_DECLINED:
        return CIVIC_CREDENTIALS_MISSING;
    }

    return CIVIC_CREDENTIALS_MALFORMED;
}


ngx_uint_t
civic_issuer_token_allowed(const civic_issuer_t *issuer,
    const civic_issuer_place_t *place)
{
    ngx_uint_t             i;
    civic_issuer_place_t  *own;

    own = issuer->places->elts;

    for (i = 0; i < issuer->places->nelts; i++) {

        if (civic_issuer_token_same(&own[i], place)) {
            return 1;
        }
    }

    return 0;
}


ngx_uint_t
civic_issuer_token_takes(const civic_issuer_t *issuer, const ngx_str_t *iss,
    const civic_issuer_place_t *place)
{
    const ngx_str_t  *own;

    own = &issuer->rules.issuer;

    return own->len == iss->len
           && ngx_memcmp(own->data, iss->data, iss->len) == 0
           && civic_issuer_token_allowed(issuer, place);
}


static ngx_uint_t
civic_issuer_token_same(const civic_issuer_place_t *a,
    const civic_issuer_place_t *b)
{
    return a->kind == b->kind
           && a->name.len == b->name.len
           && ngx_memcmp(a->name.data, b->name.data, a->name.len) == 0;
}


ngx_int_t
civic_issuer_token_remove(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    const civic_issuer_token_t  *token;

    token = civic_issuer_token_state(r, ctx)->used;

    if (token != NULL && token->place.kind == CIVIC_ISSUER_COOKIE) {
        return civic_issuer_cookie_remove(r, &token->place.name);
    }

    return civic_auth_headers_credential_remove(r);
}


/* a token from elsewhere goes on in the header that is made for it */

ngx_int_t
civic_issuer_token_pass(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    const civic_issuer_token_t  *token;

    token = civic_issuer_token_state(r, ctx)->used;

    if (token == NULL) {
        return NGX_OK;
    }

    return civic_auth_headers_credential_pass(r, &token->text);
}


/* asked only of what is no token: a token is made of less */

ngx_uint_t
civic_issuer_token68(const ngx_str_t *text)
{
    u_char  ch, *p, *last;

    p = text->data;
    last = p + text->len;

    while (p < last && last[-1] == '=') {
        last--;
    }

    if (p == last) {
        return 0;
    }

    for ( /* void */ ; p < last; p++) {
        ch = *p | 0x20;

        if ((ch >= 'a' && ch <= 'z') || (*p >= '0' && *p <= '9')) {
            continue;
        }

        switch (*p) {
        case '-': case '.': case '_': case '~': case '+': case '/':
            continue;
        }

        return 0;
    }

    return 1;
}
