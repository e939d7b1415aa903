
/*
 * Copyright (C) Civic Gate
 *
 * What an identity is made of, read from claims that were found good.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_issuer_claims.h"
#include "civic_jose_base64url.h"
#include "civic_text.h"


typedef struct {
    size_t            path;            /* in the rules */
    ngx_str_t         fixed;           /* or a name that nobody chooses */
    size_t            out;             /* in what is read */
    civic_problem_e (*read)(const ngx_str_t *path, const civic_json_t *claims,
                            ngx_pool_t *pool, ngx_str_t *value);
} civic_issuer_claims_text_t;


static civic_problem_e civic_issuer_claims_subject(
    const civic_issuer_rules_t *rules, const civic_json_t *claims,
    ngx_pool_t *pool, ngx_str_t *subject);
static civic_problem_e civic_issuer_claims_region(
    const civic_issuer_rules_t *rules, const civic_json_t *claims,
    ngx_pool_t *pool, ngx_str_t *region);
static civic_problem_e civic_issuer_claims_scope(const ngx_str_t *path,
    const civic_json_t *claims, ngx_pool_t *pool, ngx_str_t *list);
static civic_problem_e civic_issuer_claims_roles(const ngx_str_t *path,
    const civic_json_t *claims, ngx_pool_t *pool, ngx_str_t *list);
static civic_problem_e civic_issuer_claims_list(const ngx_str_t *path,
    const civic_json_t *claims, ngx_pool_t *pool, ngx_str_t *list,
    ngx_uint_t strict);
static ngx_int_t civic_issuer_claims_word(const civic_json_t *claim,
    ngx_uint_t array, ngx_uint_t i, ngx_str_t *value);
static civic_problem_e civic_issuer_claims_text(const ngx_str_t *path,
    const civic_json_t *claims, ngx_pool_t *pool, ngx_str_t *text);
static civic_problem_e civic_issuer_claims_binding(
    const civic_json_t *claims, ngx_pool_t *pool, ngx_str_t *binding);
static u_char *civic_issuer_claims_words(u_char *p, const u_char *start,
    const ngx_str_t *text);


static const civic_issuer_claims_text_t  civic_issuer_claims_texts[] = {

    { offsetof(civic_issuer_rules_t, scope), ngx_null_string,
      offsetof(civic_issuer_claims_t, scope), civic_issuer_claims_scope },

    { offsetof(civic_issuer_rules_t, roles), ngx_null_string,
      offsetof(civic_issuer_claims_t, roles), civic_issuer_claims_roles },

    { offsetof(civic_issuer_rules_t, level), ngx_null_string,
      offsetof(civic_issuer_claims_t, level), civic_issuer_claims_text },

    { offsetof(civic_issuer_rules_t, client), ngx_null_string,
      offsetof(civic_issuer_claims_t, client), civic_issuer_claims_text },

    { 0, ngx_string("jti"),
      offsetof(civic_issuer_claims_t, token), civic_issuer_claims_text },

    { 0, ngx_null_string, 0, NULL }
};


civic_problem_e
civic_issuer_claims_read(const civic_issuer_rules_t *rules,
    const civic_json_t *claims, ngx_pool_t *pool, civic_issuer_claims_t *out)
{
    ngx_uint_t        i;
    civic_problem_e   problem;
    const ngx_str_t  *path;

    problem = civic_issuer_claims_subject(rules, claims, pool, &out->subject);

    if (problem == CIVIC_OK) {
        problem = civic_issuer_claims_region(rules, claims, pool,
                                             &out->region);
    }

    if (problem == CIVIC_OK) {
        problem = civic_issuer_claims_binding(claims, pool, &out->binding);
    }

    for (i = 0; problem == CIVIC_OK && civic_issuer_claims_texts[i].read; i++)
    {
        path = civic_issuer_claims_texts[i].fixed.len
               ? &civic_issuer_claims_texts[i].fixed
               : (const ngx_str_t *) ((const u_char *) rules
                                      + civic_issuer_claims_texts[i].path);

        if (path->len == 0) {
            continue;
        }

        problem = civic_issuer_claims_texts[i].read(
                      path, claims, pool,
                      (ngx_str_t *) ((u_char *) out
                                     + civic_issuer_claims_texts[i].out));
    }

    return problem;
}


static civic_problem_e
civic_issuer_claims_subject(const civic_issuer_rules_t *rules,
    const civic_json_t *claims, ngx_pool_t *pool, ngx_str_t *subject)
{
    ngx_str_t            value;
    const civic_json_t  *claim;

    claim = civic_json_path(claims, &rules->subject);

    if (claim == NULL) {
        return CIVIC_CLAIM_MISSING;
    }

    if (civic_json_string(claim, &value) != NGX_OK || value.len == 0
        || !civic_text_clean(&value))
    {
        return CIVIC_CLAIMS_MALFORMED;
    }

    subject->len = value.len;
    subject->data = ngx_pstrdup(pool, &value);

    return subject->data ? CIVIC_OK : CIVIC_INTERNAL;
}


/* GB/T 2260 and its extension: two digits a level, then three */

static civic_problem_e
civic_issuer_claims_region(const civic_issuer_rules_t *rules,
    const civic_json_t *claims, ngx_pool_t *pool, ngx_str_t *region)
{
    size_t               i;
    ngx_str_t            value;
    const civic_json_t  *claim;

    claim = civic_json_path(claims, &rules->region);

    if (claim == NULL) {
        return CIVIC_OK;
    }

    if (civic_json_string(claim, &value) != NGX_OK
        || (value.len != 2 && value.len != 4 && value.len != 6
            && value.len != 9 && value.len != 12))
    {
        return CIVIC_CLAIMS_MALFORMED;
    }

    for (i = 0; i < value.len; i++) {
        if (value.data[i] < '0' || value.data[i] > '9') {
            return CIVIC_CLAIMS_MALFORMED;
        }
    }

    region->len = value.len;
    region->data = ngx_pstrdup(pool, &value);

    return region->data ? CIVIC_OK : CIVIC_INTERNAL;
}


/*
 * RFC 8693 has one string of words, others an array of them.  A word of an
 * array that had a space in it would become two.
 */

static civic_problem_e
civic_issuer_claims_scope(const ngx_str_t *path, const civic_json_t *claims,
    ngx_pool_t *pool, ngx_str_t *list)
{
    return civic_issuer_claims_list(path, claims, pool, list, 1);
}


/* directories have roles with spaces, and such as are none of our business */

static civic_problem_e
civic_issuer_claims_roles(const ngx_str_t *path, const civic_json_t *claims,
    ngx_pool_t *pool, ngx_str_t *list)
{
    return civic_issuer_claims_list(path, claims, pool, list, 0);
}


/* `strict`: what is no word is an error; else it is left out */

static civic_problem_e
civic_issuer_claims_list(const ngx_str_t *path, const civic_json_t *claims,
    ngx_pool_t *pool, ngx_str_t *list, ngx_uint_t strict)
{
    size_t               len;
    u_char              *p;
    ngx_str_t            value;
    ngx_uint_t           i, n, array;
    const civic_json_t  *claim;

    claim = civic_json_path(claims, path);

    if (claim == NULL) {
        return CIVIC_OK;
    }

    array = (civic_json_type(claim) == CIVIC_JSON_ARRAY);
    n = array ? civic_json_length(claim) : 1;
    len = 0;

    for (i = 0; i < n; i++) {

        if (civic_issuer_claims_word(claim, array, i, &value) == NGX_OK) {
            len += value.len + 1;

        } else if (strict || !array) {
            return CIVIC_CLAIMS_MALFORMED;
        }
    }

    p = ngx_pnalloc(pool, len + 1);
    if (p == NULL) {
        return CIVIC_INTERNAL;
    }

    list->data = p;

    for (i = 0; i < n; i++) {

        if (civic_issuer_claims_word(claim, array, i, &value) == NGX_OK) {
            p = civic_issuer_claims_words(p, list->data, &value);
        }
    }

    list->len = p - list->data;

    return CIVIC_OK;
}


/* NGX_DECLINED: no word, or not only one */

static ngx_int_t
civic_issuer_claims_word(const civic_json_t *claim, ngx_uint_t array,
    ngx_uint_t i, ngx_str_t *value)
{
    if (array) {
        claim = civic_json_element(claim, i);
    }

    if (civic_json_string(claim, value) != NGX_OK
        || !civic_text_clean(value)
        || (array && (value->len == 0
                      || memchr(value->data, ' ', value->len))))
    {
        return NGX_DECLINED;
    }

    return NGX_OK;
}


/* a string or a number, as text */

static civic_problem_e
civic_issuer_claims_text(const ngx_str_t *path, const civic_json_t *claims,
    ngx_pool_t *pool, ngx_str_t *text)
{
    const civic_json_t  *claim;

    claim = civic_json_path(claims, path);

    if (claim == NULL) {
        return CIVIC_OK;
    }

    if (civic_json_type(claim) != CIVIC_JSON_STRING
        && civic_json_type(claim) != CIVIC_JSON_INTEGER)
    {
        return CIVIC_CLAIMS_MALFORMED;
    }

    if (civic_json_text(claim, pool, text) != NGX_OK) {
        return CIVIC_INTERNAL;
    }

    return civic_text_clean(text) ? CIVIC_OK : CIVIC_CLAIMS_MALFORMED;
}


/* RFC 8705 section 3.1 */

static civic_problem_e
civic_issuer_claims_binding(const civic_json_t *claims, ngx_pool_t *pool,
    ngx_str_t *binding)
{
    void                *iter;
    ngx_str_t            text, name, other;
    const civic_json_t  *claim, *member;

    claim = civic_json_member(claims, "cnf");

    if (claim == NULL) {
        return CIVIC_OK;
    }

    iter = NULL;
    member = civic_json_next(claim, &iter, &name);

    if (member == NULL
        || civic_json_next(claim, &iter, &other) != NULL
        || name.len != 8
        || ngx_memcmp(name.data, "x5t#S256", 8) != 0
        || civic_json_string(member, &text) != NGX_OK
        || text.len != 43)
    {
        return CIVIC_CLAIMS_MALFORMED;
    }

    binding->data = ngx_pnalloc(pool, text.len);
    if (binding->data == NULL) {
        return CIVIC_INTERNAL;
    }

    return civic_jose_base64url_decode(binding, &text) == NGX_OK
           && binding->len == 32
           ? CIVIC_OK : CIVIC_CLAIMS_MALFORMED;
}


/* adds the words of `text`; one space between any two since `start` */

static u_char *
civic_issuer_claims_words(u_char *p, const u_char *start,
    const ngx_str_t *text)
{
    size_t      i;
    ngx_uint_t  inside;

    inside = 0;

    for (i = 0; i < text->len; i++) {

        if (text->data[i] == ' ') {
            inside = 0;
            continue;
        }

        if (!inside && p != start) {
            *p++ = ' ';
        }

        inside = 1;
        *p++ = text->data[i];
    }

    return p;
}
