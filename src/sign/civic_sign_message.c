
/*
 * Copyright (C) Civic Gate
 *
 * The client's request as it came, whatever locations made of it since:
 * what was signed is what the client wrote.
 */


#include "civic_sign.h"


static void civic_sign_message_method(ngx_http_request_t *r,
    civic_sign_message_t *message);
static ngx_int_t civic_sign_message_authority(ngx_http_request_t *r,
    civic_sign_message_t *message);
static void civic_sign_message_trim(ngx_str_t *value);


ngx_int_t
civic_sign_message_init(ngx_http_request_t *r,
    const civic_sign_rules_t *rules, civic_sign_message_t *message)
{
    ngx_uint_t            i, n;
    ngx_list_part_t      *part;
    ngx_table_elt_t      *h;
    civic_sign_header_t  *header;

    r = r->main;

    civic_sign_message_method(r, message);

    message->target = r->unparsed_uri;
    message->body = (r->headers_in.content_length_n > 0
                     || r->headers_in.chunked);

    ngx_str_set(&message->scheme, "http");

#if (NGX_HTTP_SSL)
    if (r->connection->ssl) {
        ngx_str_set(&message->scheme, "https");
    }
#endif

    if (rules->https) {
        ngx_str_set(&message->scheme, "https");
    }

    n = 0;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        n += part->nelts;
    }

    header = ngx_palloc(r->pool, (n + 1) * sizeof(civic_sign_header_t));
    if (header == NULL) {
        return NGX_ERROR;
    }

    message->headers = header;
    message->nheaders = n;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++, header++) {
            header->name.data = h[i].lowcase_key;
            header->name.len = h[i].key.len;
            header->value = h[i].value;

            civic_sign_message_trim(&header->value);
        }
    }

    return civic_sign_message_authority(r, message);
}


/* an error page is shown as if it had been asked for by GET */

static void
civic_sign_message_method(ngx_http_request_t *r,
    civic_sign_message_t *message)
{
    u_char  *p, *last;

    last = r->request_line.data + r->request_line.len;
    p = ngx_strlchr(r->request_line.data, last, ' ');

    message->method.data = r->request_line.data;
    message->method.len = (p ? p : last) - r->request_line.data;
}


/* RFC 9421, 2.2.3: in lower case, and no port where it is the default */

static ngx_int_t
civic_sign_message_authority(ngx_http_request_t *r,
    civic_sign_message_t *message)
{
    u_char                     *p;
    size_t                      len;
    ngx_uint_t                  n;
    ngx_str_t                   port;
    const civic_sign_header_t  *host;

    ngx_str_null(&message->authority);

    host = civic_sign_message_header(message, "host", &n);

    if (host == NULL || n != 1) {
        return NGX_OK;
    }

    len = host->value.len;

    p = ngx_pnalloc(r->pool, len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_strlow(p, host->value.data, len);

    if (message->scheme.len == 5) {
        ngx_str_set(&port, ":443");

    } else {
        ngx_str_set(&port, ":80");
    }

    if (len > port.len
        && ngx_memcmp(p + len - port.len, port.data, port.len) == 0)
    {
        len -= port.len;
    }

    message->authority.data = p;
    message->authority.len = len;

    return NGX_OK;
}


static void
civic_sign_message_trim(ngx_str_t *value)
{
    while (value->len
           && (value->data[0] == ' ' || value->data[0] == '\t'))
    {
        value->data++;
        value->len--;
    }

    while (value->len
           && (value->data[value->len - 1] == ' '
               || value->data[value->len - 1] == '\t'))
    {
        value->len--;
    }
}
