
/*
 * Copyright (C) Civic Gate
 *
 * The words of a civic_cors line.  What a browser would not do as it is
 * written is an error.
 */


#include "civic_cors_conf.h"
#include "civic_route.h"


#define CIVIC_CORS_MAX_AGE  (24 * 60 * 60)

/* RFC 9110 section 5.6.2 */

#define CIVIC_CORS_TOKEN                                                      \
    "!#$%&'*+-.^_`|~0123456789"                                               \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


typedef char *(*civic_cors_item_pt)(ngx_conf_t *cf, civic_cors_t *cors,
    const ngx_str_t *item, const ngx_str_t *word);

typedef struct {
    ngx_str_t            name;         /* "origin=" */
    civic_cors_item_pt   item;         /* NULL: not a list */
    size_t               offset;       /* of the list as it is sent */
} civic_cors_word_t;


static char *civic_cors_line_word(ngx_conf_t *cf, civic_cors_t *cors,
    const ngx_str_t *text, ngx_uint_t *seen);
static char *civic_cors_line_list(ngx_conf_t *cf, civic_cors_t *cors,
    const civic_cors_word_t *word, const ngx_str_t *value);
static char *civic_cors_line_finish(ngx_conf_t *cf, civic_cors_t *cors,
    ngx_uint_t seen);
static char *civic_cors_line_origin(ngx_conf_t *cf, civic_cors_t *cors,
    const ngx_str_t *item, const ngx_str_t *word);
static char *civic_cors_line_method(ngx_conf_t *cf, civic_cors_t *cors,
    const ngx_str_t *item, const ngx_str_t *word);
static char *civic_cors_line_header(ngx_conf_t *cf, civic_cors_t *cors,
    const ngx_str_t *item, const ngx_str_t *word);
static char *civic_cors_line_max_age(ngx_conf_t *cf, civic_cors_t *cors,
    const ngx_str_t *value);
static ngx_int_t civic_cors_line_append(ngx_pool_t *pool, ngx_str_t *list,
    const ngx_str_t *item);


static const civic_cors_word_t  civic_cors_words[] = {
    { ngx_string("origin="), civic_cors_line_origin, 0 },
    { ngx_string("methods="), civic_cors_line_method, 0 },
    { ngx_string("headers="), civic_cors_line_header,
      offsetof(civic_cors_t, headers) },
    { ngx_string("expose="), civic_cors_line_header,
      offsetof(civic_cors_t, expose) },
    { ngx_string("max_age="), NULL, 0 },
    { ngx_null_string, NULL, 0 }
};


char *
civic_cors_line_parse(ngx_conf_t *cf, civic_cors_t *cors)
{
    char        *rv;
    ngx_str_t   *value;
    ngx_uint_t   i, seen;

    seen = 0;
    value = cf->args->elts;

    cors->origins = ngx_array_create(cf->pool, 4,
                                     sizeof(civic_cors_origin_t));
    if (cors->origins == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        rv = civic_cors_line_word(cf, cors, &value[i], &seen);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    return civic_cors_line_finish(cf, cors, seen);
}


static char *
civic_cors_line_word(ngx_conf_t *cf, civic_cors_t *cors,
    const ngx_str_t *text, ngx_uint_t *seen)
{
    ngx_str_t                 value;
    ngx_uint_t                i;
    const civic_cors_word_t  *word;

    if (ngx_strcmp(text->data, "credentials") == 0) {
        cors->credentials = 1;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(text->data, "off") == 0) {
        return civic_conf_error(cf, NULL, "civic_cors off stands alone");
    }

    for (i = 0; civic_cors_words[i].name.len; i++) {
        word = &civic_cors_words[i];

        if (ngx_strncmp(text->data, word->name.data, word->name.len) != 0) {
            continue;
        }

        if (*seen & (1 << i)) {
            return civic_conf_error(cf, NULL, "\"%V\" of civic_cors comes "
                                    "twice", &word->name);
        }

        *seen |= 1 << i;

        value.data = text->data + word->name.len;
        value.len = text->len - word->name.len;

        return word->item ? civic_cors_line_list(cf, cors, word, &value)
                          : civic_cors_line_max_age(cf, cors, &value);
    }

    return civic_conf_error(cf, NULL, "unknown parameter \"%V\" of "
                            "civic_cors", text);
}


static char *
civic_cors_line_list(ngx_conf_t *cf, civic_cors_t *cors,
    const civic_cors_word_t *word, const ngx_str_t *value)
{
    char       *rv;
    u_char     *p, *last, *comma;
    ngx_str_t   item, *list;

    last = value->data + value->len;

    for (p = value->data; p <= last; p = comma + 1) {

        comma = ngx_strlchr(p, last, ',');
        if (comma == NULL) {
            comma = last;
        }

        item.data = p;
        item.len = comma - p;

        if (item.len == 0) {
            return civic_conf_error(cf, NULL, "\"%V\" of civic_cors is "
                                    "empty, or has an empty element",
                                    &word->name);
        }

        rv = word->item(cf, cors, &item, &word->name);
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
civic_cors_line_finish(ngx_conf_t *cf, civic_cors_t *cors, ngx_uint_t seen)
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

    if (cors->max_age.len == 0) {
        ngx_str_set(&cors->max_age, "600");
    }

    return NGX_CONF_OK;
}


static char *
civic_cors_line_origin(ngx_conf_t *cf, civic_cors_t *cors,
    const ngx_str_t *item, const ngx_str_t *word)
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
    const ngx_str_t *item, const ngx_str_t *word)
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
    const ngx_str_t *item, const ngx_str_t *word)
{
    size_t  i;

    for (i = 0; i < item->len; i++) {

        if (item->data[i] == '\0' || item->data[i] == '*'
            || ngx_strchr(CIVIC_CORS_TOKEN, item->data[i]) == NULL)
        {
            return civic_conf_error(cf, NULL, "\"%V\" in \"%V\" of "
                                    "civic_cors is not the name of a header",
                                    item, word);
        }
    }

    return NGX_CONF_OK;
}


static char *
civic_cors_line_max_age(ngx_conf_t *cf, civic_cors_t *cors,
    const ngx_str_t *value)
{
    ngx_int_t  seconds;

    seconds = ngx_parse_time((ngx_str_t *) value, 1);

    if (value->len == 0 || seconds == NGX_ERROR
        || seconds > CIVIC_CORS_MAX_AGE)
    {
        return civic_conf_error(cf, NULL, "\"max_age=%V\" of civic_cors is "
                                "not a time of at most 24h", value);
    }

    cors->max_age.data = ngx_pnalloc(cf->pool, NGX_INT_T_LEN);
    if (cors->max_age.data == NULL) {
        return NGX_CONF_ERROR;
    }

    cors->max_age.len = ngx_sprintf(cors->max_age.data, "%i", seconds)
                        - cors->max_age.data;

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
