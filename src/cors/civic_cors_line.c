
/*
 * Copyright (C) Civic Gate
 *
 * The words of a civic_cors line.  What a browser would not do as it is
 * written is an error.
 */


#include "civic_conf_block.h"
#include "civic_conf_list.h"
#include "civic_cors_conf.h"
#include "civic_route.h"
#include "civic_text.h"


#define CIVIC_CORS_MAX_AGE  600        /* s, where nothing is said */


typedef char *(*civic_cors_item_pt)(ngx_conf_t *cf, civic_cors_t *cors,
    const ngx_str_t *item, const char *word);


static char *civic_cors_line_list(ngx_conf_t *cf, civic_cors_t *cors,
    const civic_conf_word_t *word, const ngx_str_t *value,
    civic_cors_item_pt judge);
static char *civic_cors_line_finish(ngx_conf_t *cf, civic_cors_t *cors);
static char *civic_cors_line_origin(ngx_conf_t *cf, civic_cors_t *cors,
    const ngx_str_t *item, const char *word);
static char *civic_cors_line_method(ngx_conf_t *cf, civic_cors_t *cors,
    const ngx_str_t *item, const char *word);
static char *civic_cors_line_header(ngx_conf_t *cf, civic_cors_t *cors,
    const ngx_str_t *item, const char *word);
static ngx_int_t civic_cors_line_append(ngx_pool_t *pool, ngx_str_t *list,
    const ngx_str_t *item);


static civic_conf_setter_t  civic_cors_line_origins;
static civic_conf_setter_t  civic_cors_line_methods;
static civic_conf_setter_t  civic_cors_line_headers;


static const civic_conf_range_t  civic_cors_line_age = {
    0, 24 * 60 * 60, "a time of at most 24h"
};


static const civic_conf_word_t  civic_cors_words[] = {

    { "origin=", 1, 1, civic_cors_line_origins, 0, NULL, 0 },

    { "methods=", 1, 1, civic_cors_line_methods, 0, NULL, 0 },

    { "headers=", 1, 1, civic_cors_line_headers,
      offsetof(civic_cors_t, headers), NULL, 0 },

    { "expose=", 1, 1, civic_cors_line_headers,
      offsetof(civic_cors_t, expose), NULL, 0 },

    { "credentials", 0, 0, civic_conf_block_said,
      offsetof(civic_cors_t, credentials), NULL, 0 },

    { "max_age=", 1, 1, civic_conf_block_sec, offsetof(civic_cors_t, age),
      &civic_cors_line_age, 0 },

    { "off", 0, 0, civic_conf_block_alone, 0, NULL, 0 },

    { NULL, 0, 0, NULL, 0, NULL, 0 }
};


char *
civic_cors_line_parse(ngx_conf_t *cf, civic_cors_t *cors)
{
    char                *rv;
    civic_conf_block_t   block;

    cors->age = CIVIC_CORS_MAX_AGE;
    cors->origins = ngx_array_create(cf->pool, 4,
                                     sizeof(civic_cors_origin_t));
    if (cors->origins == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&block, sizeof(civic_conf_block_t));

    block.directive = "civic_cors";
    block.words = civic_cors_words;
    block.conf = cors;

    rv = civic_conf_block_line(cf, &block, 1);

    return rv == NGX_CONF_OK ? civic_cors_line_finish(cf, cors) : rv;
}


static char *
civic_cors_line_origins(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    return civic_cors_line_list(cf, block->conf, word, value,
                                civic_cors_line_origin);
}


static char *
civic_cors_line_methods(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    return civic_cors_line_list(cf, block->conf, word, value,
                                civic_cors_line_method);
}


static char *
civic_cors_line_headers(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    return civic_cors_line_list(cf, block->conf, word, value,
                                civic_cors_line_header);
}


/* kept at the offset, if there is one, as it is sent */

static char *
civic_cors_line_list(ngx_conf_t *cf, civic_cors_t *cors,
    const civic_conf_word_t *word, const ngx_str_t *value,
    civic_cors_item_pt judge)
{
    char       *rv;
    ngx_str_t   rest, item, *list;

    rest = *value;

    while (civic_conf_list_next(&rest, &item)) {

        if (item.len == 0) {
            return civic_conf_error(cf, NULL, "\"%s\" in civic_cors has an "
                                    "empty element", word->name);
        }

        rv = judge(cf, cors, &item, word->name);
        if (rv != NGX_CONF_OK) {
            return rv;
        }

        list = (ngx_str_t *) ((u_char *) cors + word->offset);

        if (word->offset
            && civic_cors_line_append(cf->pool, list, &item) != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
civic_cors_line_finish(ngx_conf_t *cf, civic_cors_t *cors)
{
    if (!cors->any && cors->origins->nelts == 0) {
        return civic_conf_error(cf, NULL, "civic_cors names no origin");
    }

    if (cors->any && cors->origins->nelts) {
        return civic_conf_error(cf, NULL, "origin \"*\" of civic_cors stands "
                                "alone");
    }

    if (cors->any && cors->credentials) {
        return civic_conf_error(cf, NULL, "civic_cors lets anybody "
                                "(\"origin=*\") use credentials");
    }

    if (cors->headers.len == 0) {
        ngx_str_set(&cors->headers, "Authorization, Content-Type");
    }

    cors->max_age.data = ngx_pnalloc(cf->pool, NGX_TIME_T_LEN);
    if (cors->max_age.data == NULL) {
        return NGX_CONF_ERROR;
    }

    cors->max_age.len = ngx_sprintf(cors->max_age.data, "%T", cors->age)
                        - cors->max_age.data;

    return NGX_CONF_OK;
}


static char *
civic_cors_line_origin(ngx_conf_t *cf, civic_cors_t *cors,
    const ngx_str_t *item, const char *word)
{
    ngx_uint_t            i;
    const char           *err;
    civic_cors_origin_t   parsed, *origin;

    if (item->len == 1 && item->data[0] == '*') {
        cors->any = 1;
        return NGX_CONF_OK;
    }

    if (item->len == 4 && ngx_strncmp(item->data, "null", 4) == 0) {
        return civic_conf_error(cf, NULL, "origin \"null\" of civic_cors "
                                "could be anybody");
    }

    err = civic_cors_origin_parse(&parsed, item);

    if (err != NULL) {
        return civic_conf_error(cf, NULL, "origin \"%V\" of civic_cors is "
                                "not one that browsers send: it %s", item,
                                err);
    }

    origin = cors->origins->elts;

    for (i = 0; i < cors->origins->nelts; i++) {

        if (origin[i].head.len + origin[i].tail.len
            == parsed.head.len + parsed.tail.len
            && ngx_memcmp(origin[i].head.data, item->data, item->len) == 0)
        {
            return civic_conf_error(cf, NULL, "origin \"%V\" of civic_cors "
                                    "comes twice", item);
        }
    }

    origin = ngx_array_push(cors->origins);
    if (origin == NULL) {
        return NGX_CONF_ERROR;
    }

    *origin = parsed;

    return NGX_CONF_OK;
}


static char *
civic_cors_line_method(ngx_conf_t *cf, civic_cors_t *cors,
    const ngx_str_t *item, const char *word)
{
    ngx_uint_t  method;

    method = civic_route_methods_mask(item);

    if (method == 0) {
        return civic_conf_error(cf, NULL, "method \"%V\" of civic_cors is "
                                "unknown", item);
    }

    if (method == NGX_HTTP_OPTIONS) {
        return civic_conf_error(cf, NULL, "method \"OPTIONS\" of civic_cors "
                                "is answered by the gate itself");
    }

    cors->methods |= method;

    if (method == NGX_HTTP_GET) {
        cors->methods |= NGX_HTTP_HEAD;
    }

    return NGX_CONF_OK;
}


/* to a request with credentials "*" is a header's name, so it is none here */

static char *
civic_cors_line_header(ngx_conf_t *cf, civic_cors_t *cors,
    const ngx_str_t *item, const char *word)
{
    if (!civic_text_token(item)
        || ngx_strlchr(item->data, item->data + item->len, '*') != NULL)
    {
        return civic_conf_error(cf, NULL, "\"%V\" in \"%s\" of civic_cors is "
                                "not the name of a header", item, word);
    }

    return NGX_CONF_OK;
}


static ngx_int_t
civic_cors_line_append(ngx_pool_t *pool, ngx_str_t *list,
    const ngx_str_t *item)
{
    u_char  *p, *data;

    data = ngx_pnalloc(pool, list->len + 2 + item->len);
    if (data == NULL) {
        return NGX_ERROR;
    }

    p = data;

    if (list->len) {
        p = ngx_cpymem(p, list->data, list->len);
        *p++ = ',';
        *p++ = ' ';
    }

    p = ngx_cpymem(p, item->data, item->len);

    list->data = data;
    list->len = p - data;

    return NGX_OK;
}
