
/*
 * Copyright (C) Civic Gate
 *
 * A request as libcurl is told of it.  What libcurl would do of its own
 * accord and nobody asked for is switched off here: redirects, proxies of
 * the environment, other protocols, headers with a default, a second try of
 * what may not be done twice.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/ssl.h>

#include "civic_remote_conf.h"
#include "civic_remote_check.h"


#define CIVIC_REMOTE_SENT_HEADERS  64


static ngx_int_t civic_remote_easy_url(civic_remote_call_t *call,
    const civic_remote_request_t *request);
static ngx_int_t civic_remote_easy_method(civic_remote_call_t *call,
    const civic_remote_request_t *request);
static ngx_uint_t civic_remote_easy_is(const ngx_str_t *method,
    const char *list);
static ngx_int_t civic_remote_easy_headers(civic_remote_call_t *call,
    const civic_remote_request_t *request);
static ngx_int_t civic_remote_easy_header(civic_remote_call_t *call,
    const ngx_keyval_t *header);
static ngx_int_t civic_remote_easy_line(civic_remote_call_t *call,
    const char *line);
static const ngx_keyval_t *civic_remote_easy_find(const ngx_keyval_t *header,
    ngx_uint_t n, const ngx_str_t *name);
static ngx_int_t civic_remote_easy_tls(civic_remote_call_t *call);
static CURLcode civic_remote_easy_system(CURL *easy, void *ctx,
    void *system);
static ngx_int_t civic_remote_easy_blob(CURL *easy, CURLoption option,
    const ngx_str_t *text);
static ngx_int_t civic_remote_easy_rest(civic_remote_call_t *call);
static int civic_remote_easy_before(void *data, char *remote_ip,
    char *local_ip, int remote_port, int local_port);
static char *civic_remote_easy_text(ngx_pool_t *pool, const ngx_str_t *text);


static const ngx_str_t  civic_remote_easy_agent = ngx_string("User-Agent");
static const ngx_str_t  civic_remote_easy_accept = ngx_string("Accept");
static const ngx_str_t  civic_remote_easy_type = ngx_string("Content-Type");


const char *
civic_remote_easy_check(const civic_remote_request_t *request)
{
    ngx_uint_t   i;
    const char  *wrong;

    wrong = civic_remote_check_method(&request->method);

    if (wrong == NULL) {
        wrong = civic_remote_check_path(&request->path);
    }

    if (wrong == NULL && request->nheaders > CIVIC_REMOTE_SENT_HEADERS) {
        wrong = "it has more than 64 headers";
    }

    if (wrong == NULL && request->body.len
        && civic_remote_easy_is(&request->method, "HEAD"))
    {
        wrong = "a HEAD request has a body";
    }

    for (i = 0; wrong == NULL && i < request->nheaders; i++) {
        wrong = civic_remote_check_header(&request->headers[i].key,
                                          &request->headers[i].value);
    }

    return wrong;
}


ngx_int_t
civic_remote_easy_create(civic_remote_call_t *call,
    const civic_remote_request_t *request)
{
    call->easy = curl_easy_init();

    if (call->easy == NULL
        || civic_remote_easy_url(call, request) != NGX_OK
        || civic_remote_easy_method(call, request) != NGX_OK
        || civic_remote_easy_headers(call, request) != NGX_OK
        || civic_remote_easy_tls(call) != NGX_OK
        || civic_remote_easy_rest(call) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
civic_remote_easy_url(civic_remote_call_t *call,
    const civic_remote_request_t *request)
{
    u_char              *text, *p;
    size_t               len;
    ngx_str_t            host;
    civic_remote_url_t  *url;

    url = &call->remote->url;
    host = url->authority;

    if (url->socket.len) {
        ngx_str_set(&host, "localhost");
    }

    len = sizeof("https://") + host.len + url->base.len + request->path.len;

    text = ngx_pnalloc(call->pool, len);
    if (text == NULL) {
        return NGX_ERROR;
    }

    p = ngx_sprintf(text, "%s://%V%V%V", url->tls ? "https" : "http", &host,
                    &url->base, &request->path);
    *p = '\0';

    if (curl_easy_setopt(call->easy, CURLOPT_URL, text) != CURLE_OK
        || curl_easy_setopt(call->easy, CURLOPT_PATH_AS_IS, 1L) != CURLE_OK)
    {
        return NGX_ERROR;
    }

    if (url->socket.len == 0) {
        return NGX_OK;
    }

    text = (u_char *) civic_remote_easy_text(call->pool, &url->socket);

    if (text == NULL
        || curl_easy_setopt(call->easy, CURLOPT_UNIX_SOCKET_PATH, text)
           != CURLE_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
civic_remote_easy_method(civic_remote_call_t *call,
    const civic_remote_request_t *request)
{
    CURL       *easy;
    char       *method, *body;
    CURLcode    rc;

    easy = call->easy;
    call->replayable = civic_remote_easy_is(&request->method,
                                            "GET HEAD OPTIONS");

    if (civic_remote_easy_is(&request->method, "HEAD")) {
        rc = curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        return rc == CURLE_OK ? NGX_OK : NGX_ERROR;
    }

    method = civic_remote_easy_text(call->pool, &request->method);

    /* what is announced as too large need not come first */

    if (method == NULL
        || curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method) != CURLE_OK
        || (!call->stream
            && curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE,
                                (curl_off_t) call->remote->max_body)
               != CURLE_OK))
    {
        return NGX_ERROR;
    }

    if (request->body.len == 0
        && !civic_remote_easy_is(&request->method, "POST PUT PATCH"))
    {
        return NGX_OK;
    }

    body = civic_remote_easy_text(call->pool, &request->body);

    if (body == NULL
        || curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                            (curl_off_t) request->body.len) != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body) != CURLE_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* one of the words of a list?  Methods are in capitals or are others */

static ngx_uint_t
civic_remote_easy_is(const ngx_str_t *method, const char *list)
{
    size_t       len;
    const char  *p;

    for (p = list; *p; p += len + (p[len] == ' ')) {
        len = strcspn(p, " ");

        if (len == method->len
            && ngx_strncmp(p, method->data, len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/*
 * The operator's headers first; a caller's header of the same name is not
 * sent, so that no plugin is somebody else than the operator says.
 */

static ngx_int_t
civic_remote_easy_headers(civic_remote_call_t *call,
    const civic_remote_request_t *request)
{
    ngx_uint_t           i, n;
    const ngx_keyval_t  *fixed, *header;

    fixed = call->remote->headers.elts;
    n = call->remote->headers.nelts;
    header = request->headers;

    for (i = 0; i < n; i++) {

        if (civic_remote_easy_header(call, &fixed[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    for (i = 0; i < request->nheaders; i++) {

        if (civic_remote_easy_find(fixed, n, &header[i].key) == NULL
            && civic_remote_easy_header(call, &header[i]) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

#define civic_remote_easy_said(name)                                         \
    (civic_remote_easy_find(fixed, n, name) != NULL                          \
     || civic_remote_easy_find(header, request->nheaders, name) != NULL)

    if ((!civic_remote_easy_said(&civic_remote_easy_agent)
         && civic_remote_easy_line(call, "User-Agent: civic-gate") != NGX_OK)
        || (!civic_remote_easy_said(&civic_remote_easy_accept)
            && civic_remote_easy_line(call, "Accept:") != NGX_OK)
        || (!civic_remote_easy_said(&civic_remote_easy_type)
            && civic_remote_easy_line(call, "Content-Type:") != NGX_OK)
        || civic_remote_easy_line(call, "Expect:") != NGX_OK
        || curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->lines)
           != CURLE_OK)
    {
        return NGX_ERROR;
    }

#undef civic_remote_easy_said

    return NGX_OK;
}


static ngx_int_t
civic_remote_easy_header(civic_remote_call_t *call,
    const ngx_keyval_t *header)
{
    u_char     *line, *p;
    ngx_int_t   rc;
    ngx_uint_t  blank;

    line = ngx_alloc(header->key.len + header->value.len + 3, call->log);
    if (line == NULL) {
        return NGX_ERROR;
    }

    /* "Name:" takes a header away, "Name;" sends it empty */

    for (blank = 0;
         blank < header->value.len
         && (header->value.data[blank] == ' '
             || header->value.data[blank] == '\t');
         blank++)
    {
        /* void */
    }

    if (blank == header->value.len) {
        p = ngx_sprintf(line, "%V;", &header->key);

    } else {
        p = ngx_sprintf(line, "%V: %V", &header->key, &header->value);
    }

    *p = '\0';

    rc = civic_remote_easy_line(call, (char *) line);

    /* it may have held a secret */

    ngx_explicit_memzero(line, header->key.len + header->value.len + 3);
    ngx_free(line);

    return rc;
}


static ngx_int_t
civic_remote_easy_line(civic_remote_call_t *call, const char *line)
{
    struct curl_slist  *lines;

    lines = curl_slist_append(call->lines, line);
    if (lines == NULL) {
        return NGX_ERROR;
    }

    call->lines = lines;

    return NGX_OK;
}


static const ngx_keyval_t *
civic_remote_easy_find(const ngx_keyval_t *header, ngx_uint_t n,
    const ngx_str_t *name)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {

        if (header[i].key.len == name->len
            && ngx_strncasecmp(header[i].key.data, name->data, name->len)
               == 0)
        {
            return &header[i];
        }
    }

    return NULL;
}


/*
 * Certificates go as text: libcurl then shares a kept connection only
 * between calls whose texts are the same.  Without `ca` it reads nothing,
 * and is given the system's authorities as they were read at the start.
 */

static ngx_int_t
civic_remote_easy_tls(civic_remote_call_t *call)
{
    CURL            *easy;
    civic_remote_t  *remote;

    easy = call->easy;
    remote = call->remote;

    if (!remote->url.tls) {
        return NGX_OK;
    }

    if (curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, (long) remote->verify)
        != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST,
                            remote->verify ? 2L : 0L) != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_SSLVERSION,
                            (long) CURL_SSLVERSION_TLSv1_2) != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_CAINFO, NULL) != CURLE_OK)
    {
        return NGX_ERROR;
    }

    if (remote->ca.len
        && civic_remote_easy_blob(easy, CURLOPT_CAINFO_BLOB, &remote->ca)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (remote->system != NULL
        && (curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION,
                             civic_remote_easy_system) != CURLE_OK
            || curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, remote->system)
               != CURLE_OK))
    {
        return NGX_ERROR;
    }

    if (remote->certificate.len
        && (civic_remote_easy_blob(easy, CURLOPT_SSLCERT_BLOB,
                                   &remote->certificate) != NGX_OK
            || civic_remote_easy_blob(easy, CURLOPT_SSLKEY_BLOB,
                                      &remote->key) != NGX_OK))
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* from within libcurl, for a new connection */

static CURLcode
civic_remote_easy_system(CURL *easy, void *ctx, void *system)
{
    SSL_CTX_set1_cert_store(ctx, system);

    return CURLE_OK;
}


static ngx_int_t
civic_remote_easy_blob(CURL *easy, CURLoption option, const ngx_str_t *text)
{
    struct curl_blob  blob;

    blob.data = text->data;
    blob.len = text->len;
    blob.flags = CURL_BLOB_COPY;

    return curl_easy_setopt(easy, option, &blob) == CURLE_OK ? NGX_OK
                                                             : NGX_ERROR;
}


static ngx_int_t
civic_remote_easy_rest(civic_remote_call_t *call)
{
    CURL        *easy;
    ngx_msec_t   connect;

    easy = call->easy;
    connect = ngx_min(call->remote->connect_timeout, call->timeout);

    if (curl_easy_setopt(easy, CURLOPT_PRIVATE, call) != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https")
           != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                            (long) CURL_HTTP_VERSION_1_1) != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_PROXY, "") != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_NOPROXY, "*") != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long) connect)
           != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION,
                            civic_remote_answer_head) != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_HEADERDATA, call) != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION,
                            civic_remote_answer_body) != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_WRITEDATA, call) != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->message)
           != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION,
                            civic_remote_worker_socket_open) != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION,
                            civic_remote_worker_socket_close) != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION,
                            civic_remote_easy_before) != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_PREREQDATA, call) != CURLE_OK

        /* a name that is being looked up holds up nobody who gives up */

        || curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) != CURLE_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/*
 * From within libcurl, before it sends.  When a kept connection breaks, it
 * sends once more, whatever the method; but the remote may have acted on
 * the first one.
 */

static int
civic_remote_easy_before(void *data, char *remote_ip, char *local_ip,
    int remote_port, int local_port)
{
    civic_remote_call_t  *call = data;

    if (call->sent++ && !call->replayable) {
        return CURL_PREREQFUNC_ABORT;
    }

    return CURL_PREREQFUNC_OK;
}


static char *
civic_remote_easy_text(ngx_pool_t *pool, const ngx_str_t *text)
{
    u_char  *copy, *p;

    copy = ngx_pnalloc(pool, text->len + 1);
    if (copy == NULL) {
        return NULL;
    }

    p = ngx_cpymem(copy, text->data, text->len);
    *p = '\0';

    return (char *) copy;
}
