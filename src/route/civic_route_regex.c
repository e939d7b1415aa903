
/*
 * Copyright (C) Civic Gate
 *
 * All expressions are alternatives of one pattern, the longer text first:
 *
 *     \A(?: (?>(?=\/a\/)(?:^/a/(?<id>\d+)$)) (*MARK:0)(?C1)
 *         | (?>(?:^/b/.*))                   (*MARK:1)(?C1) )
 *
 * The lookahead holds an expression inside its location, whatever it says
 * after a "|".  A callout ends each alternative: the mark tells which route
 * has matched, and where that does not take the method, PCRE2 is told to go
 * on with the next.  The winner's own pattern then yields its parameters.
 *
 * PCRE2 limits the size of a pattern; beyond that there are several, asked
 * one after the other.
 */


#include "civic_route_regex.h"
#include "civic_error.h"
#include "civic_route_methods.h"
#include "civic_route_pattern.h"
#include "civic_route_syntax.h"


/* backtracks that trying one more alternative may cost */

#define CIVIC_ROUTE_REGEX_STEPS  16

#define CIVIC_ROUTE_REGEX_ITEM_LEN                                            \
    (sizeof("|(*MARK:)(?C1)") - 1 + NGX_INT_T_LEN)


typedef struct {
    civic_route_t            *route;
    ngx_str_t                 key;     /* the text, without names */
    ngx_str_t                 wrapped; /* the alternative */
    civic_route_methods_t    *methods; /* of all routes with this key */
    pcre2_code               *code;
    u_char                    groups[CIVIC_MAX_PARAMS];
} civic_route_regex_item_t;


typedef struct {
    pcre2_code               *code;
    uint32_t                  limit;
} civic_route_regex_set_t;


struct civic_route_regex_s {
    ngx_pool_t               *pool;
    civic_pcre_t             *pcre;
    ngx_array_t               items;   /* civic_route_regex_item_t * */
    ngx_array_t               sets;    /* civic_route_regex_set_t */
};


typedef struct {
    civic_route_regex_item_t  **items;
    civic_route_regex_item_t   *found;
    ngx_uint_t                  method;
    civic_route_match_t        *match;
} civic_route_regex_walk_t;


static ngx_int_t civic_route_regex_check(civic_route_regex_t *regex,
    const ngx_str_t *text, const ngx_str_t *prefix, ngx_str_t *err);
static ngx_uint_t civic_route_regex_begins(const ngx_str_t *text,
    const ngx_str_t *prefix);
static ngx_int_t civic_route_regex_key(civic_route_regex_t *regex,
    civic_route_regex_item_t *item, const ngx_str_t *text, ngx_str_t *err);
static ngx_int_t civic_route_regex_wrap(civic_route_regex_t *regex,
    civic_route_regex_item_t *item, const ngx_str_t *text,
    const ngx_str_t *prefix, ngx_str_t *err);
static ngx_int_t civic_route_regex_params(civic_route_regex_t *regex,
    civic_route_regex_item_t *item, ngx_str_t *err);
static ngx_int_t civic_route_regex_share(civic_route_regex_t *regex,
    civic_route_regex_item_t *item, ngx_str_t *err);
static int ngx_libc_cdecl civic_route_regex_cmp(const void *one,
    const void *two);
static ngx_int_t civic_route_regex_compile_set(civic_route_regex_t *regex,
    ngx_uint_t from, ngx_uint_t to, ngx_str_t *err);
static int civic_route_regex_callout(pcre2_callout_block *block, void *data);


civic_route_regex_t *
civic_route_regex_create(ngx_pool_t *pool, civic_pcre_t *pcre)
{
    civic_route_regex_t  *regex;

    regex = ngx_pcalloc(pool, sizeof(civic_route_regex_t));
    if (regex == NULL) {
        return NULL;
    }

    regex->pool = pool;
    regex->pcre = pcre;

    if (ngx_array_init(&regex->items, pool, 4,
                       sizeof(civic_route_regex_item_t *))
        != NGX_OK)
    {
        return NULL;
    }

    if (ngx_array_init(&regex->sets, pool, 1,
                       sizeof(civic_route_regex_set_t))
        != NGX_OK)
    {
        return NULL;
    }

    return regex;
}


ngx_int_t
civic_route_regex_add(civic_route_regex_t *regex, civic_route_t *route,
    const ngx_str_t *prefix, ngx_str_t *err)
{
    ngx_str_t                   text, reason;
    civic_route_regex_item_t   *item, **slot;

    text.data = route->pattern.data + 1;
    text.len = route->pattern.len - 1;

    if (civic_route_regex_check(regex, &text, prefix, err) != NGX_OK) {
        return NGX_ERROR;
    }

    item = ngx_pcalloc(regex->pool, sizeof(civic_route_regex_item_t));
    if (item == NULL) {
        return civic_error_no_memory(err);
    }

    item->route = route;

    if (civic_route_regex_key(regex, item, &text, err) != NGX_OK
        || civic_route_regex_wrap(regex, item, &text, prefix, err) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (civic_pcre_compile(regex->pcre, &item->wrapped, PCRE2_ANCHORED,
                           &item->code, &reason)
        != NGX_OK)
    {
        return civic_error_write(regex->pool, err, "the expression \"~%V\" "
                                 "is invalid: %V", &text, &reason);
    }

    if (civic_route_regex_params(regex, item, err) != NGX_OK
        || civic_route_regex_share(regex, item, err) != NGX_OK)
    {
        return NGX_ERROR;
    }

    slot = ngx_array_push(&regex->items);
    if (slot == NULL) {
        return civic_error_no_memory(err);
    }

    *slot = item;

    return NGX_OK;
}


static ngx_int_t
civic_route_regex_check(civic_route_regex_t *regex, const ngx_str_t *text,
    const ngx_str_t *prefix, ngx_str_t *err)
{
    ngx_str_t                 reason;
    const char               *refused;
    civic_pcre_info_t         info;

    if (text->len >= CIVIC_ROUTE_PATTERN_LEN) {
        return civic_error_write(regex->pool, err, "the expression "
                                 "\"~%*s...\" is longer than %d bytes",
                                 (size_t) 64, text->data,
                                 CIVIC_ROUTE_PATTERN_LEN);
    }

    if (text->len == 0 || text->data[0] != '^') {
        return civic_error_write(regex->pool, err, "the expression \"~%V\" "
                                 "must begin with \"~^\"", text);
    }

    if (prefix && !civic_route_regex_begins(text, prefix)) {
        return civic_error_write(regex->pool, err, "the expression \"~%V\" "
                                 "must begin with its location's name, "
                                 "\"%V\", as plain text after \"~^\"",
                                 text, prefix);
    }

    refused = civic_route_syntax_check(text);

    if (refused) {
        return civic_error_write(regex->pool, err, "the expression \"~%V\" "
                                 "is refused: %s", text, refused);
    }

    if (civic_pcre_check(regex->pcre, text, &info, &reason) != NGX_OK) {
        return civic_error_write(regex->pool, err, "the expression \"~%V\" "
                                 "is invalid: %V", text, &reason);
    }

    if (info.captures > CIVIC_MAX_PARAMS) {
        return civic_error_write(regex->pool, err, "the expression \"~%V\" "
                                 "has more than %d groups that capture",
                                 text, CIVIC_MAX_PARAMS);
    }

    return NGX_OK;
}


/* does the text, after its "^", match nothing but `prefix` at first? */

static ngx_uint_t
civic_route_regex_begins(const ngx_str_t *text, const ngx_str_t *prefix)
{
    u_char      *p, *last;
    ngx_uint_t   i;

    p = text->data + 1;
    last = text->data + text->len;

    for (i = 0; i < prefix->len; i++, p++) {

        if (p == last) {
            return 0;
        }

        if (*p == '\\') {

            if (++p == last
                || (*p >= '0' && *p <= '9')
                || (*p >= 'a' && *p <= 'z')
                || (*p >= 'A' && *p <= 'Z'))
            {
                return 0;
            }

        } else if (ngx_strchr(".[()*+?{|^$", *p) != NULL) {
            return 0;
        }

        if (*p != prefix->data[i]) {
            return 0;
        }
    }

    /* a quantifier would concern the last byte of the prefix */

    return p == last || (*p != '?' && *p != '*' && *p != '+' && *p != '{');
}


static ngx_int_t
civic_route_regex_key(civic_route_regex_t *regex,
    civic_route_regex_item_t *item, const ngx_str_t *text, ngx_str_t *err)
{
    u_char      *p, *last, *next, *dst;
    const char  *reason;

    dst = ngx_pnalloc(regex->pool, text->len);
    if (dst == NULL) {
        return civic_error_no_memory(err);
    }

    item->key.data = dst;

    last = text->data + text->len;

    for (p = text->data; p < last; p = next) {

        next = civic_route_syntax_named_group(p, last);

        if (next) {
            dst = ngx_cpymem(dst, "(?<>", 4);
            continue;
        }

        next = civic_route_syntax_next(p, last, &reason);
        if (next == NULL) {
            next = last;
        }

        dst = ngx_cpymem(dst, p, next - p);
    }

    item->key.len = dst - item->key.data;

    return NGX_OK;
}


static ngx_int_t
civic_route_regex_wrap(civic_route_regex_t *regex,
    civic_route_regex_item_t *item, const ngx_str_t *text,
    const ngx_str_t *prefix, ngx_str_t *err)
{
    u_char  *p;
    size_t   len;

    len = sizeof("(?>(?=)(?:))") - 1 + text->len;

    if (prefix) {
        len += 2 * prefix->len;
    }

    p = ngx_pnalloc(regex->pool, len);
    if (p == NULL) {
        return civic_error_no_memory(err);
    }

    item->wrapped.data = p;

    p = ngx_cpymem(p, "(?>", 3);

    if (prefix) {
        p = ngx_cpymem(p, "(?=", 3);
        p = civic_route_syntax_quote(p, prefix);
        *p++ = ')';
    }

    p = ngx_cpymem(p, "(?:", 3);
    p = ngx_cpymem(p, text->data, text->len);
    *p++ = ')';
    *p++ = ')';

    item->wrapped.len = p - item->wrapped.data;

    return NGX_OK;
}


/* named groups become parameters, in the order of their numbers */

static ngx_int_t
civic_route_regex_params(civic_route_regex_t *regex,
    civic_route_regex_item_t *item, ngx_str_t *err)
{
    u_char         *entry;
    uint32_t        count, size;
    ngx_uint_t      i, k, group;
    ngx_str_t      *params;
    civic_route_t  *route;

    route = item->route;

    (void) pcre2_pattern_info(item->code, PCRE2_INFO_NAMECOUNT, &count);
    (void) pcre2_pattern_info(item->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
    (void) pcre2_pattern_info(item->code, PCRE2_INFO_NAMETABLE, &entry);

    params = ngx_pcalloc(regex->pool,
                         ngx_max(count, 1) * sizeof(ngx_str_t));
    if (params == NULL) {
        return civic_error_no_memory(err);
    }

    /* an entry is the number, in two bytes, and the name with a zero */

    for (i = 0; i < count; i++, entry += size) {

        group = (entry[0] << 8) + entry[1];

        for (k = i; k > 0 && item->groups[k - 1] > group; k--) {
            item->groups[k] = item->groups[k - 1];
            params[k] = params[k - 1];
        }

        item->groups[k] = (u_char) group;
        params[k].len = ngx_strlen(entry + 2);
        params[k].data = ngx_pnalloc(regex->pool, params[k].len);

        if (params[k].data == NULL) {
            return civic_error_no_memory(err);
        }

        ngx_memcpy(params[k].data, entry + 2, params[k].len);
    }

    route->params = params;
    route->nparams = count;

    return NGX_OK;
}


/* joins the routes of the same text */

static ngx_int_t
civic_route_regex_share(civic_route_regex_t *regex,
    civic_route_regex_item_t *item, ngx_str_t *err)
{
    ngx_uint_t                  i;
    civic_route_methods_t      *methods;
    civic_route_regex_item_t  **items;

    methods = NULL;
    items = regex->items.elts;

    for (i = 0; i < regex->items.nelts; i++) {

        if (items[i]->key.len == item->key.len
            && ngx_memcmp(items[i]->key.data, item->key.data, item->key.len)
               == 0)
        {
            methods = items[i]->methods;
            break;
        }
    }

    if (methods == NULL) {
        methods = ngx_pcalloc(regex->pool, sizeof(civic_route_methods_t));
        if (methods == NULL) {
            return civic_error_no_memory(err);
        }
    }

    item->methods = methods;

    return civic_route_methods_add(methods, item->route, regex->pool, err);
}


ngx_int_t
civic_route_regex_compile(civic_route_regex_t *regex, ngx_str_t *err)
{
    if (regex->items.nelts == 0) {
        return NGX_OK;
    }

    ngx_qsort(regex->items.elts, regex->items.nelts,
              sizeof(civic_route_regex_item_t *), civic_route_regex_cmp);

    return civic_route_regex_compile_set(regex, 0, regex->items.nelts, err);
}


static int ngx_libc_cdecl
civic_route_regex_cmp(const void *one, const void *two)
{
    const civic_route_regex_item_t  *a, *b;

    a = *(civic_route_regex_item_t * const *) one;
    b = *(civic_route_regex_item_t * const *) two;

    if (a->key.len != b->key.len) {
        return (a->key.len > b->key.len) ? -1 : 1;
    }

    return ngx_memcmp(a->key.data, b->key.data, a->key.len);
}


/* items from..to, in halves if they are more than PCRE2 takes at once */

static ngx_int_t
civic_route_regex_compile_set(civic_route_regex_t *regex, ngx_uint_t from,
    ngx_uint_t to, ngx_str_t *err)
{
    u_char                     *p;
    ngx_int_t                   rc;
    ngx_str_t                   text, reason;
    ngx_uint_t                  i;
    pcre2_code                 *code;
    civic_route_regex_set_t    *set;
    civic_route_regex_item_t  **items;

    items = regex->items.elts;

    text.len = sizeof("\\A(?:)") - 1;

    for (i = from; i < to; i++) {
        text.len += items[i]->wrapped.len + CIVIC_ROUTE_REGEX_ITEM_LEN;
    }

    text.data = ngx_alloc(text.len, regex->pool->log);
    if (text.data == NULL) {
        return civic_error_no_memory(err);
    }

    p = ngx_cpymem(text.data, "\\A(?:", 5);

    for (i = from; i < to; i++) {
        p = ngx_sprintf(p, "%s%V(*MARK:%ui)(?C1)", (i == from) ? "" : "|",
                        &items[i]->wrapped, i);
    }

    *p++ = ')';
    text.len = p - text.data;

    rc = civic_pcre_compile(regex->pcre, &text,
                            PCRE2_ANCHORED|PCRE2_DUPNAMES, &code, &reason);

    ngx_free(text.data);

    if (rc == NGX_DECLINED && to - from > 1) {
        i = from + (to - from) / 2;

        if (civic_route_regex_compile_set(regex, from, i, err) != NGX_OK) {
            return NGX_ERROR;
        }

        return civic_route_regex_compile_set(regex, i, to, err);
    }

    if (rc != NGX_OK) {
        return civic_error_write(regex->pool, err, "the expressions from "
                                 "\"%V\" on cannot be compiled: %V",
                                 &items[from]->route->pattern, &reason);
    }

    set = ngx_array_push(&regex->sets);
    if (set == NULL) {
        return civic_error_no_memory(err);
    }

    set->code = code;
    set->limit = (uint32_t) (CIVIC_PCRE_LIMIT
                             + CIVIC_ROUTE_REGEX_STEPS * (to - from));

    return NGX_OK;
}


ngx_int_t
civic_route_regex_find(const civic_route_regex_t *regex,
    const ngx_str_t *path, ngx_uint_t method, civic_route_match_t *match)
{
    ngx_int_t                  rc;
    ngx_uint_t                 i;
    civic_route_regex_set_t   *sets;
    civic_route_regex_item_t  *item;
    civic_route_regex_walk_t   walk;

    walk.items = regex->items.elts;
    walk.found = NULL;
    walk.method = method;
    walk.match = match;

    sets = regex->sets.elts;

    for (i = 0; i < regex->sets.nelts && walk.found == NULL; i++) {

        civic_pcre_callout(regex->pcre, civic_route_regex_callout, &walk);

        rc = civic_pcre_match(regex->pcre, sets[i].code, path, sets[i].limit);

        civic_pcre_callout(regex->pcre, NULL, NULL);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }
    }

    item = walk.found;

    if (item == NULL) {
        return NGX_DECLINED;
    }

    match->nvalues = item->route->nparams;

    if (match->nvalues == 0) {
        return NGX_OK;
    }

    if (civic_pcre_match(regex->pcre, item->code, path, CIVIC_PCRE_LIMIT)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < match->nvalues; i++) {
        civic_pcre_capture(regex->pcre, path, item->groups[i],
                                 &match->values[i]);
    }

    return NGX_OK;
}


/* 0: the match ends here; 1: PCRE2 tries the next alternative */

static int
civic_route_regex_callout(pcre2_callout_block *block, void *data)
{
    civic_route_regex_walk_t *walk = data;

    ngx_uint_t                 n;
    const u_char              *p;
    civic_route_regex_item_t  *item;

    n = 0;

    for (p = block->mark; *p; p++) {
        n = n * 10 + (*p - '0');
    }

    item = walk->items[n];

    if (civic_route_methods_find(item->methods, walk->method, walk->match)
        != NGX_OK)
    {
        return 1;
    }

    /* the route that takes it may be the same text in another location */

    if (walk->match->route != item->route) {
        return 1;
    }

    walk->found = item;

    return 0;
}
