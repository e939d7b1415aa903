
/*
 * Copyright (C) Civic Gate
 *
 * Puts the tree and the regular expressions together: path patterns first,
 * expressions only where none of them took the request.
 */


#include "civic_route_table.h"
#include "civic_error.h"
#include "civic_route_pattern.h"
#include "civic_route_radix.h"
#include "civic_route_regex.h"


struct civic_route_table_s {
    ngx_pool_t             *pool;
    civic_route_radix_t    *radix;
    civic_route_regex_t    *regex;
};


static ngx_int_t civic_route_table_add_pattern(civic_route_table_t *table,
    civic_route_t *route, const ngx_str_t *prefix, ngx_str_t *err);
static ngx_int_t civic_route_table_params(civic_route_table_t *table,
    civic_route_t *route, const civic_route_pattern_t *pattern,
    ngx_str_t *err);


/*
 * A plain "(...)" only groups: parameters are named, and numbers would
 * change their meaning in a larger pattern.  A parameter may need two
 * captures.
 */

static const civic_pcre_setup_t  civic_route_table_pcre = {
    PCRE2_NO_AUTO_CAPTURE|PCRE2_DOLLAR_ENDONLY|PCRE2_NEVER_UTF
    |PCRE2_NEVER_UCP,
    2 * CIVIC_MAX_PARAMS + 1,
    1024,
    1
};


civic_route_table_t *
civic_route_table_create(ngx_pool_t *pool)
{
    civic_pcre_t         *pcre;
    civic_route_table_t  *table;

    table = ngx_pcalloc(pool, sizeof(civic_route_table_t));
    if (table == NULL) {
        return NULL;
    }

    pcre = civic_pcre_create(pool, &civic_route_table_pcre);
    if (pcre == NULL) {
        return NULL;
    }

    table->pool = pool;
    table->radix = civic_route_radix_create(pool, pcre);
    table->regex = civic_route_regex_create(pool, pcre);

    if (table->radix == NULL || table->regex == NULL) {
        return NULL;
    }

    return table;
}


ngx_int_t
civic_route_table_add(civic_route_table_t *table, civic_route_t *route,
    const ngx_str_t *prefix, ngx_str_t *err)
{
    ngx_str_null(err);

    if (prefix && prefix->len == 0) {
        prefix = NULL;
    }

    if (route->pattern.len && route->pattern.data[0] == '~') {
        return civic_route_regex_add(table->regex, route, prefix, err);
    }

    return civic_route_table_add_pattern(table, route, prefix, err);
}


static ngx_int_t
civic_route_table_add_pattern(civic_route_table_t *table,
    civic_route_t *route, const ngx_str_t *prefix, ngx_str_t *err)
{
    ngx_int_t              rc;
    ngx_str_t              reason;
    civic_route_pattern_t  pattern;

    rc = civic_route_pattern_parse(&pattern, table->pool, &route->pattern,
                                   prefix, err);
    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (civic_route_table_params(table, route, &pattern, err) != NGX_OK) {
        return NGX_ERROR;
    }

    if (civic_route_radix_add(table->radix, route, &pattern, &reason)
        != NGX_OK)
    {
        *err = reason;
        return NGX_ERROR;
    }

    return rc;
}


static ngx_int_t
civic_route_table_params(civic_route_table_t *table, civic_route_t *route,
    const civic_route_pattern_t *pattern, ngx_str_t *err)
{
    ngx_uint_t   i;
    ngx_str_t   *param;

    route->nparams = pattern->nparams;
    route->params = NULL;

    if (pattern->nparams == 0) {
        return NGX_OK;
    }

    param = ngx_palloc(table->pool, pattern->nparams * sizeof(ngx_str_t));
    if (param == NULL) {
        return civic_error_no_memory(err);
    }

    route->params = param;

    for (i = 0; i < pattern->ntokens; i++) {
        if (pattern->tokens[i].name.len) {
            *param++ = pattern->tokens[i].name;
        }
    }

    return NGX_OK;
}


ngx_int_t
civic_route_table_compile(civic_route_table_t *table, ngx_str_t *err)
{
    ngx_str_null(err);

    if (civic_route_radix_pack(table->radix) != NGX_OK) {
        return civic_error_no_memory(err);
    }

    return civic_route_regex_compile(table->regex, err);
}


ngx_int_t
civic_route_table_find(const civic_route_table_t *table,
    const ngx_str_t *path, ngx_uint_t method, civic_route_match_t *match)
{
    ngx_int_t  rc;

    match->allow = 0;

    rc = civic_route_radix_find(table->radix, path, method, match);

    if (rc == NGX_DECLINED) {
        rc = civic_route_regex_find(table->regex, path, method, match);
    }

    if (rc == NGX_OK) {
        return NGX_OK;
    }

    match->route = NULL;

    if (rc == NGX_DECLINED && match->allow) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    return rc;
}
