
/*
 * Copyright (C) Civic Gate
 *
 * Where a "response" function will read the answer, the service is asked
 * for one that can be read: plain, whole, with a body, over HTTP.  What the
 * client wanted is put back when the answer is there: nginx may compress
 * for him, and leaves out the body where he asked for none.
 */


#include "civic_filter_conf.h"


static ngx_uint_t civic_filter_ask_match(ngx_table_elt_t *h, void *data);


/* what makes an answer one that cannot be read */

static const ngx_str_t  civic_filter_ask_words[] = {
    ngx_string("accept-encoding"),
    ngx_string("range"),
    ngx_string("if-range"),
    ngx_string("upgrade"),
    ngx_null_string
};


/* NGX_DECLINED: go on; NGX_ERROR */

ngx_int_t
civic_filter_ask(civic_filter_ctx_t *f)
{
    ngx_uint_t           i;
    ngx_http_request_t  *r;

    for (i = 0; i < f->uses->nelts; i++) {

        if (f->plugins[i]->manifest->filter_response.len) {
            f->responds = 1;
        }
    }

    if (!f->responds) {
        return NGX_DECLINED;
    }

    r = f->request;

    f->asked.method_name = r->method_name;
    f->asked.range = r->headers_in.range;
    f->asked.if_range = r->headers_in.if_range;
    f->asked.upgrade = r->headers_in.upgrade;

    r->headers_in.range = NULL;
    r->headers_in.if_range = NULL;
    r->headers_in.upgrade = NULL;

#if (NGX_HTTP_GZIP)
    f->asked.accept_encoding = r->headers_in.accept_encoding;
    r->headers_in.accept_encoding = NULL;
#endif

    /* nginx's caches do the same; it is r->method that suppresses bodies */

    if (r->method == NGX_HTTP_HEAD) {
        ngx_str_set(&r->method_name, "GET");
    }

    return civic_headers_in_remove(r, civic_filter_ask_match, NULL) == NGX_OK
           ? NGX_DECLINED : NGX_ERROR;
}


void
civic_filter_asked(civic_filter_ctx_t *f)
{
    ngx_http_request_t  *r;

    if (f->asked.method_name.len == 0) {
        return;
    }

    r = f->request;

    r->method_name = f->asked.method_name;
    r->headers_in.range = f->asked.range;
    r->headers_in.if_range = f->asked.if_range;
    r->headers_in.upgrade = f->asked.upgrade;

#if (NGX_HTTP_GZIP)
    r->headers_in.accept_encoding = f->asked.accept_encoding;
    r->gzip_tested = 0;
#endif

    f->asked.method_name.len = 0;
}


static ngx_uint_t
civic_filter_ask_match(ngx_table_elt_t *h, void *data)
{
    const ngx_str_t  *word;

    for (word = civic_filter_ask_words; word->len; word++) {

        if (h->key.len == word->len
            && ngx_memcmp(h->lowcase_key, word->data, word->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}
