
/*
 * Copyright (C) Civic Gate
 *
 * The text of a requirement, of civic_require lines and of manifests.
 */


#include "civic_require_conf.h"


static ngx_int_t civic_require_parse_scopes(civic_require_rule_t *rule,
    const ngx_str_t *list, ngx_pool_t *pool, ngx_str_t *err);
static ngx_int_t civic_require_parse_error(ngx_pool_t *pool, ngx_str_t *err,
    const char *fmt, const ngx_str_t *a, const ngx_str_t *b);


civic_require_rule_t *
civic_require_parse(const ngx_str_t *line, ngx_pool_t *pool, ngx_str_t *err)
{
    ngx_str_t              list;
    civic_require_rule_t  *rule;

    static const ngx_str_t  word = ngx_string("scope=");

    ngx_str_null(err);

    rule = ngx_pcalloc(pool, sizeof(civic_require_rule_t));
    if (rule == NULL) {
        return NULL;
    }

    if (line->len < word.len
        || ngx_memcmp(line->data, word.data, word.len) != 0)
    {
        (void) civic_require_parse_error(pool, err, "\"%V\": this version "
                                         "knows only scope=SCOPE,... and off",
                                         line, NULL);
        return NULL;
    }

    list.data = line->data + word.len;
    list.len = line->len - word.len;

    if (civic_require_parse_scopes(rule, &list, pool, err) != NGX_OK) {
        return NULL;
    }

    return rule;
}


static ngx_int_t
civic_require_parse_scopes(civic_require_rule_t *rule, const ngx_str_t *list,
    ngx_pool_t *pool, ngx_str_t *err)
{
    u_char     *p, *last, *comma;
    ngx_str_t  *scope;

    rule->scopes = ngx_array_create(pool, 2, sizeof(ngx_str_t));
    if (rule->scopes == NULL) {
        return NGX_ERROR;
    }

    last = list->data + list->len;

    for (p = list->data; p <= last; p = comma + 1) {

        comma = ngx_strlchr(p, last, ',');
        if (comma == NULL) {
            comma = last;
        }

        scope = ngx_array_push(rule->scopes);
        if (scope == NULL) {
            return NGX_ERROR;
        }

        scope->data = p;
        scope->len = comma - p;

        if (!civic_require_scope_valid(scope)) {
            return civic_require_parse_error(pool, err, "\"%V\" in "
                                             "\"scope=%V\" is not a scope",
                                             scope, list);
        }
    }

    return NGX_OK;
}


/* scope-token of RFC 6749, which may stand in quotes in a header */

ngx_uint_t
civic_require_scope_valid(const ngx_str_t *scope)
{
    size_t  i;

    for (i = 0; i < scope->len; i++) {

        if (scope->data[i] <= 0x20
            || scope->data[i] >= 0x7f
            || scope->data[i] == '"'
            || scope->data[i] == '\\')
        {
            return 0;
        }
    }

    return scope->len != 0;
}


static ngx_int_t
civic_require_parse_error(ngx_pool_t *pool, ngx_str_t *err, const char *fmt,
    const ngx_str_t *a, const ngx_str_t *b)
{
    size_t  len;

    len = ngx_strlen(fmt) + a->len + (b ? b->len : 0);

    err->data = ngx_pnalloc(pool, len);

    if (err->data != NULL) {
        err->len = ngx_snprintf(err->data, len, fmt, a, b) - err->data;
    }

    return NGX_ERROR;
}
