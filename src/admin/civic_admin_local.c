
/*
 * Copyright (C) Civic Gate
 *
 * "civic_admin local": who is on this machine.  The peer is asked of the
 * socket, since realip and PROXY protocol put what a client said in the
 * place of the connection's address.  A request that names another host, or
 * that a proxy passed on, may be anybody's: a browser on this machine that
 * was led here by a name that changed its address, or a client of a proxy
 * that runs beside the gate.
 */


#include "civic_admin_conf.h"


static ngx_uint_t civic_admin_local_peer(ngx_connection_t *c);
static ngx_uint_t civic_admin_local_name(ngx_http_request_t *r);
static ngx_uint_t civic_admin_local_passed(ngx_http_request_t *r);
static ngx_uint_t civic_admin_local_begins(const ngx_str_t *name,
    const ngx_str_t *mark);


static const ngx_str_t  civic_admin_local_names[] = {
    ngx_string("localhost"),
    ngx_string("127.0.0.1"),
    ngx_string("[::1]"),
    ngx_null_string
};


/* how what proxies add begins: any of them is enough */

static const ngx_str_t  civic_admin_local_marks[] = {
    ngx_string("forwarded"),
    ngx_string("via"),
    ngx_string("x-forwarded"),
    ngx_string("x-real-ip"),
    ngx_null_string
};


ngx_uint_t
civic_admin_local(ngx_http_request_t *r)
{
    return civic_admin_local_peer(r->connection)
           && civic_admin_local_name(r)
           && !civic_admin_local_passed(r);
}


static ngx_uint_t
civic_admin_local_peer(ngx_connection_t *c)
{
    socklen_t             len;
    ngx_sockaddr_t        sa;
#if (NGX_HAVE_INET6)
    struct in6_addr      *in6;
#endif

    len = sizeof(ngx_sockaddr_t);

    if (getpeername(c->fd, &sa.sockaddr, &len) == -1) {
        return 0;
    }

    switch (sa.sockaddr.sa_family) {

    case AF_UNIX:
        return 1;

    case AF_INET:
        return (ntohl(sa.sockaddr_in.sin_addr.s_addr) >> 24) == 127;

#if (NGX_HAVE_INET6)
    case AF_INET6:
        in6 = &sa.sockaddr_in6.sin6_addr;

        return IN6_IS_ADDR_LOOPBACK(in6)
               || (IN6_IS_ADDR_V4MAPPED(in6) && in6->s6_addr[12] == 127);
#endif

    default:
        return 0;
    }
}


/* nginx has lower-cased it and taken the port away */

static ngx_uint_t
civic_admin_local_name(ngx_http_request_t *r)
{
    const ngx_str_t  *name, *server;

    server = &r->headers_in.server;

    for (name = civic_admin_local_names; name->len; name++) {

        if (server->len == name->len
            && ngx_memcmp(server->data, name->data, name->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
civic_admin_local_passed(ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;
    const ngx_str_t  *mark;

    /* nginx's proxy_pass says no more than this, unless it is told to */

    if (r->http_version < NGX_HTTP_VERSION_11) {
        return 1;
    }

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            for (mark = civic_admin_local_marks; mark->len; mark++) {

                if (civic_admin_local_begins(&h[i].key, mark)) {
                    return 1;
                }
            }
        }
    }

    return 0;
}


/* "x_forwarded_for" is the same to those who pass it on */

static ngx_uint_t
civic_admin_local_begins(const ngx_str_t *name, const ngx_str_t *mark)
{
    size_t  i;
    u_char  ch;

    for (i = 0; i < mark->len && i < name->len; i++) {

        ch = name->data[i] == '_' ? '-' : ngx_tolower(name->data[i]);

        if (ch != mark->data[i]) {
            return 0;
        }
    }

    return i == mark->len;
}
