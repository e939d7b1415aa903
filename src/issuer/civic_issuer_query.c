
/*
 * Copyright (C) Civic Gate
 *
 * Tokens in the address (RFC 6750, 2.3).  An address is logged everywhere
 * and goes on to the service; so where some issuer takes tokens from there,
 * they are taken out before anything else sees the request, and the bytes
 * that nginx's logs print are overwritten.
 */


#include "civic_auth_method.h"
#include "civic_issuer_query.h"
#include "civic_issuer_token.h"


typedef struct {
    ngx_http_request_t      *request;
    civic_issuer_tokens_t   *state;
    ngx_array_t             *names;    /* ngx_str_t */
} civic_issuer_query_t;


static ngx_int_t civic_issuer_query_strip(civic_issuer_query_t *q);
static ngx_int_t civic_issuer_query_take(civic_issuer_query_t *q,
    const ngx_str_t *name, const ngx_str_t *value);
static ngx_str_t *civic_issuer_query_name(civic_issuer_query_t *q,
    const ngx_str_t *raw);
static ngx_int_t civic_issuer_query_decode(ngx_pool_t *pool,
    const ngx_str_t *raw, ngx_str_t *text);
static ngx_int_t civic_issuer_query_rewrite(ngx_http_request_t *r,
    const ngx_str_t *args);


ngx_int_t
civic_issuer_query_open(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    civic_auth_ctx_t          *auth;
    civic_issuer_query_t       q;
    civic_issuer_main_conf_t  *imcf;

    imcf = ngx_http_get_module_main_conf(r, ngx_http_civic_issuer_module);

    if (imcf->queries.nelts == 0 || r->args.len == 0) {
        return NGX_OK;
    }

    auth = civic_auth_state(r, ctx);
    q.state = ngx_pcalloc(r->pool, sizeof(civic_issuer_tokens_t));

    if (auth == NULL || q.state == NULL) {
        return NGX_ERROR;
    }

    auth->slots[CIVIC_AUTH_BEARER].state = q.state;

    q.request = r;
    q.names = &imcf->queries;

    return civic_issuer_query_strip(&q);
}


/* copies what is no token to new arguments */

static ngx_int_t
civic_issuer_query_strip(civic_issuer_query_t *q)
{
    u_char     *p, *end, *last, *equals, *to;
    ngx_str_t   args, raw, value, *name;

    args = q->request->args;
    p = args.data;
    last = p + args.len;

    args.data = ngx_pnalloc(q->request->pool, args.len);
    if (args.data == NULL) {
        return NGX_ERROR;
    }

    to = args.data;

    for ( /* void */ ; p < last; p = end + 1) {

        end = ngx_strlchr(p, last, '&');
        if (end == NULL) {
            end = last;
        }

        equals = ngx_strlchr(p, end, '=');

        raw.data = p;
        raw.len = (equals ? equals : end) - p;

        name = civic_issuer_query_name(q, &raw);

        if (name != NULL) {
            value.data = equals ? equals + 1 : end;
            value.len = end - value.data;

            if (civic_issuer_query_take(q, name, &value) != NGX_OK) {
                return NGX_ERROR;
            }

            continue;
        }

        if (to != args.data) {
            *to++ = '&';
        }

        to = ngx_cpymem(to, p, end - p);
    }

    args.len = to - args.data;

    return args.len == q->request->args.len
           ? NGX_OK : civic_issuer_query_rewrite(q->request, &args);
}


static ngx_int_t
civic_issuer_query_take(civic_issuer_query_t *q, const ngx_str_t *name,
    const ngx_str_t *value)
{
    civic_issuer_token_t  *token;

    if (q->state->ntokens) {
        q->state->twice = 1;

    } else {
        token = &q->state->tokens[q->state->ntokens++];
        token->place.kind = CIVIC_ISSUER_QUERY;
        token->place.name = *name;

        if (civic_issuer_query_decode(q->request->pool, value, &token->text)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    civic_issuer_query_hide(q->request, value);

    return NGX_OK;
}


/* the name that some issuer has for it, or NULL */

static ngx_str_t *
civic_issuer_query_name(civic_issuer_query_t *q, const ngx_str_t *raw)
{
    ngx_str_t   *name, decoded;
    ngx_uint_t   i;

    if (civic_issuer_query_decode(q->request->pool, raw, &decoded) != NGX_OK)
    {
        return NULL;
    }

    name = q->names->elts;

    for (i = 0; i < q->names->nelts; i++) {

        if (name[i].len == decoded.len
            && ngx_memcmp(name[i].data, decoded.data, decoded.len) == 0)
        {
            return &name[i];
        }
    }

    return NULL;
}


/* only what has escapes is copied; a token has no '+', which stays one */

static ngx_int_t
civic_issuer_query_decode(ngx_pool_t *pool, const ngx_str_t *raw,
    ngx_str_t *text)
{
    u_char  *src, *dst;

    *text = *raw;

    if (raw->len == 0
        || ngx_strlchr(raw->data, raw->data + raw->len, '%') == NULL)
    {
        text->data = ngx_pstrdup(pool, text);
        return text->data ? NGX_OK : NGX_ERROR;
    }

    dst = ngx_pnalloc(pool, raw->len);
    if (dst == NULL) {
        return NGX_ERROR;
    }

    text->data = dst;
    src = raw->data;

    ngx_unescape_uri(&dst, &src, raw->len, 0);

    text->len = dst - text->data;

    return NGX_OK;
}


/*
 * The address is in one buffer with the request line of HTTP/1; of HTTP/2
 * the line is a copy.  No other place is touched: nginx reads the method and
 * the path from there.
 */

void
civic_issuer_query_hide(ngx_http_request_t *r, const ngx_str_t *value)
{
    u_char  *p, *last;

    last = r->request_line.data + r->request_line.len;
    p = ngx_strlchr(r->request_line.data, last, '?');

    if (p != NULL) {
        p += 1 + (value->data - r->args.data);

        if (p != value->data && p + value->len <= last
            && ngx_memcmp(p, value->data, value->len) == 0)
        {
            ngx_memset(p, '*', value->len);
        }
    }

    ngx_memset(value->data, '*', value->len);
}


static ngx_int_t
civic_issuer_query_rewrite(ngx_http_request_t *r, const ngx_str_t *args)
{
    u_char     *p, *query;
    ngx_str_t   uri;

    query = ngx_strlchr(r->unparsed_uri.data,
                        r->unparsed_uri.data + r->unparsed_uri.len, '?');
    if (query == NULL) {
        r->args = *args;
        return NGX_OK;
    }

    uri.len = query - r->unparsed_uri.data + (args->len ? 1 + args->len : 0);

    uri.data = ngx_pnalloc(r->pool, uri.len);
    if (uri.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(uri.data, r->unparsed_uri.data,
                   query - r->unparsed_uri.data);

    if (args->len) {
        *p++ = '?';
        ngx_memcpy(p, args->data, args->len);
    }

    r->unparsed_uri = uri;
    r->args = *args;

    return NGX_OK;
}
