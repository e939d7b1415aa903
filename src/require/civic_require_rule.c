
/*
 * Copyright (C) Civic Gate
 *
 * The text of requirements, of civic_require lines and of manifests: a table
 * of what can be tested, by which signs, against what.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <math.h>

#include "civic_conf_list.h"
#include "civic_require_rule.h"
#include "civic_require_value.h"
#include "civic_text.h"


#define CIVIC_REQUIRE_MAX_WORDS  3
#define CIVIC_REQUIRE_MESSAGE    512
#define CIVIC_REQUIRE_ANY        ~(ngx_uint_t) 0


/* what is being read: "LEFT OP RIGHT" */

typedef struct {
    ngx_pool_t             *pool;
    ngx_str_t              *err;
    ngx_str_t               word;
    ngx_str_t               left;
    ngx_uint_t              op;
    ngx_str_t               right;
} civic_require_test_t;


typedef ngx_int_t (*civic_require_read_pt)(civic_require_test_t *test,
    civic_require_rule_t *rule);


static ngx_int_t civic_require_rule_word(civic_require_test_t *test,
    civic_require_rule_t *rule);
static ngx_int_t civic_require_rule_for(civic_require_test_t *test,
    civic_require_rule_t *rule);
static ngx_int_t civic_require_rule_split(civic_require_test_t *test);
static ngx_int_t civic_require_rule_test(civic_require_test_t *test,
    civic_require_rule_t *rule);
static ngx_int_t civic_require_rule_scopes(civic_require_test_t *test,
    civic_require_rule_t *rule);
static ngx_int_t civic_require_rule_roles(civic_require_test_t *test,
    civic_require_rule_t *rule);
static ngx_int_t civic_require_rule_levels(civic_require_test_t *test,
    civic_require_rule_t *rule);
static ngx_int_t civic_require_rule_names(civic_require_test_t *test,
    civic_require_rule_t *rule);
static ngx_int_t civic_require_rule_region(civic_require_test_t *test,
    civic_require_rule_t *rule);
static ngx_int_t civic_require_rule_source(civic_require_test_t *test,
    civic_require_rule_t *rule);
static ngx_int_t civic_require_rule_numbers(civic_require_test_t *test,
    civic_require_rule_t *rule);
static ngx_array_t *civic_require_rule_list(civic_require_test_t *test,
    ngx_uint_t (*check)(const ngx_str_t *value), const char *what);
static ngx_uint_t civic_require_rule_text(const ngx_str_t *text);
static ngx_int_t civic_require_rule_error(civic_require_test_t *test,
    const char *fmt, ...);


#define CIVIC_REQUIRE_OP(op)  ((ngx_uint_t) 1 << CIVIC_REQUIRE_ ## op)


static const struct {
    ngx_str_t               word;
    ngx_uint_t              what;
    ngx_uint_t              ops;
    const char             *signs;
    civic_require_read_pt   read;
} civic_require_rule_words[] = {

    { ngx_string("scope"), CIVIC_REQUIRE_SCOPE, CIVIC_REQUIRE_OP(EQ),
      "=", civic_require_rule_scopes },

    { ngx_string("role"), CIVIC_REQUIRE_ROLE, CIVIC_REQUIRE_OP(EQ),
      "=", civic_require_rule_roles },

    { ngx_string("level"), CIVIC_REQUIRE_LEVEL,
      CIVIC_REQUIRE_OP(EQ)|CIVIC_REQUIRE_OP(GE),
      "= and >=", civic_require_rule_levels },

    { ngx_string("app"), CIVIC_REQUIRE_APP, CIVIC_REQUIRE_OP(EQ),
      "=", civic_require_rule_names },

    { ngx_string("issuer"), CIVIC_REQUIRE_ISSUER, CIVIC_REQUIRE_OP(EQ),
      "=", civic_require_rule_names },

    { ngx_string("region"), CIVIC_REQUIRE_REGION, CIVIC_REQUIRE_OP(EQ),
      "=", civic_require_rule_region },

    { ngx_null_string, CIVIC_REQUIRE_SOURCE, CIVIC_REQUIRE_ANY,
      NULL, civic_require_rule_source }
};


/* longer ones first */

static const struct {
    ngx_str_t               sign;
    ngx_uint_t              op;
} civic_require_rule_ops[] = {
    { ngx_string("!="), CIVIC_REQUIRE_NE },
    { ngx_string(">="), CIVIC_REQUIRE_GE },
    { ngx_string("<="), CIVIC_REQUIRE_LE },
    { ngx_string(">"), CIVIC_REQUIRE_GT },
    { ngx_string("<"), CIVIC_REQUIRE_LT },
    { ngx_string("="), CIVIC_REQUIRE_EQ },
    { ngx_null_string, 0 }
};


civic_require_rule_t *
civic_require_rule_parse(const ngx_str_t *words, ngx_uint_t n,
    ngx_pool_t *pool, ngx_str_t *err)
{
    ngx_uint_t             i;
    civic_require_test_t   test;
    civic_require_rule_t  *rule;

    ngx_str_null(err);

    rule = ngx_pcalloc(pool, sizeof(civic_require_rule_t));
    if (rule == NULL) {
        return NULL;
    }

    ngx_memzero(&test, sizeof(civic_require_test_t));
    test.pool = pool;
    test.err = err;

    rule->what = CIVIC_REQUIRE_ANY;

    for (i = 0; i < n; i++) {
        test.word = words[i];

        if (civic_require_rule_word(&test, rule) != NGX_OK) {
            return NULL;
        }
    }

    if (rule->what == CIVIC_REQUIRE_ANY) {
        (void) civic_require_rule_error(&test, "tests nothing: \"%V\"",
                                        &words[0]);
        return NULL;
    }

    return rule;
}


civic_require_rule_t *
civic_require_rule_parse_text(const ngx_str_t *text, ngx_pool_t *pool,
    ngx_str_t *err)
{
    u_char      *p, *last, *blank;
    ngx_str_t    words[CIVIC_REQUIRE_MAX_WORDS];
    ngx_uint_t   n;

    last = text->data + text->len;
    n = 0;

    for (p = text->data; p <= last && n < CIVIC_REQUIRE_MAX_WORDS;
         p = blank + 1)
    {
        blank = ngx_strlchr(p, last, ' ');

        if (blank == NULL || n == CIVIC_REQUIRE_MAX_WORDS - 1) {
            blank = last;
        }

        words[n].data = p;
        words[n].len = blank - p;
        n++;
    }

    return civic_require_rule_parse(words, n, pool, err);
}


static ngx_int_t
civic_require_rule_word(civic_require_test_t *test,
    civic_require_rule_t *rule)
{
    if (civic_require_rule_split(test) != NGX_OK) {
        return civic_require_rule_error(test, "\"%V\" is no test: write "
                                        "WHAT=VALUE,... like scope=read",
                                        &test->word);
    }

    if (test->right.len == 0) {
        return civic_require_rule_error(test, "\"%V\" has no value",
                                        &test->word);
    }

    if (test->left.len == 3 && ngx_memcmp(test->left.data, "for", 3) == 0) {
        return civic_require_rule_for(test, rule);
    }

    if (rule->what != CIVIC_REQUIRE_ANY) {
        return civic_require_rule_error(test, "\"%V\" is a second test: each "
                                        "has a line of its own", &test->word);
    }

    return civic_require_rule_test(test, rule);
}


static ngx_int_t
civic_require_rule_for(civic_require_test_t *test, civic_require_rule_t *rule)
{
    if (rule->roles != NULL) {
        return civic_require_rule_error(test, "has more than one \"for=\"");
    }

    if (test->op != CIVIC_REQUIRE_EQ) {
        return civic_require_rule_error(test, "\"%V\": write for=ROLE,...",
                                        &test->word);
    }

    rule->roles = civic_require_rule_list(test, civic_require_rule_text,
                                          "a role");

    return rule->roles ? NGX_OK : NGX_ERROR;
}


/* at the first sign; names of what is tested have none */

static ngx_int_t
civic_require_rule_split(civic_require_test_t *test)
{
    size_t            i, left;
    ngx_uint_t        n;
    const ngx_str_t  *sign;

    for (i = 0; i < test->word.len; i++) {
        left = test->word.len - i;

        for (n = 0; civic_require_rule_ops[n].sign.len; n++) {
            sign = &civic_require_rule_ops[n].sign;

            if (left < sign->len
                || ngx_memcmp(&test->word.data[i], sign->data, sign->len)
                   != 0)
            {
                continue;
            }

            test->left.data = test->word.data;
            test->left.len = i;
            test->op = civic_require_rule_ops[n].op;
            test->right.data = test->word.data + i + sign->len;
            test->right.len = left - sign->len;

            return i ? NGX_OK : NGX_DECLINED;
        }
    }

    return NGX_DECLINED;
}


static ngx_int_t
civic_require_rule_test(civic_require_test_t *test,
    civic_require_rule_t *rule)
{
    ngx_uint_t        i;
    const ngx_str_t  *word;

    for (i = 0; civic_require_rule_words[i].word.len; i++) {
        word = &civic_require_rule_words[i].word;

        if (word->len == test->left.len
            && ngx_memcmp(word->data, test->left.data, word->len) == 0)
        {
            break;
        }
    }

    rule->what = civic_require_rule_words[i].what;
    rule->op = test->op;

    if (!(civic_require_rule_words[i].ops & ((ngx_uint_t) 1 << test->op))) {
        return civic_require_rule_error(test, "\"%V\": %V takes %s",
                                        &test->word, word,
                                        civic_require_rule_words[i].signs);
    }

    return civic_require_rule_words[i].read(test, rule);
}


static ngx_int_t
civic_require_rule_scopes(civic_require_test_t *test,
    civic_require_rule_t *rule)
{
    rule->values = civic_require_rule_list(test, civic_require_rule_scope,
                                           "a scope");
    if (rule->values == NULL) {
        return NGX_ERROR;
    }

    return civic_require_rule_challenge(test->pool, "insufficient_scope",
                                        "scope", rule->values,
                                        &rule->challenge);
}


static ngx_int_t
civic_require_rule_roles(civic_require_test_t *test,
    civic_require_rule_t *rule)
{
    rule->values = civic_require_rule_list(test, civic_require_rule_text,
                                           "a role");

    return rule->values ? NGX_OK : NGX_ERROR;
}


/* RFC 9470: who may sign in again is told how well */

static ngx_int_t
civic_require_rule_levels(civic_require_test_t *test,
    civic_require_rule_t *rule)
{
    rule->values = civic_require_rule_list(test, civic_require_rule_scope,
                                           "a level");

    if (rule->values == NULL
        || civic_require_rule_numbers(test, rule) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return civic_require_rule_challenge(test->pool,
                                        "insufficient_user_authentication",
                                        "acr_values", rule->values,
                                        &rule->challenge);
}


static ngx_int_t
civic_require_rule_names(civic_require_test_t *test,
    civic_require_rule_t *rule)
{
    rule->values = civic_require_rule_list(test, civic_text_name, "a name");

    return rule->values ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
civic_require_rule_region(civic_require_test_t *test,
    civic_require_rule_t *rule)
{
    const char  *err;

    switch (civic_source_parse(&test->right, &rule->source, &err)) {

    case NGX_OK:
        return NGX_OK;

    case NGX_DECLINED:
        return civic_require_rule_error(test, "\"%V\": region= takes the "
                                        "source of a division: param.NAME, "
                                        "query.NAME, header.NAME, "
                                        "cookie.NAME or claim.PATH",
                                        &test->word);

    default:
        return civic_require_rule_error(test, "\"%V\" %s", &test->right, err);
    }
}


/* a source on the left; values or a claim on the right */

static ngx_int_t
civic_require_rule_source(civic_require_test_t *test,
    civic_require_rule_t *rule)
{
    const char      *err;
    ngx_int_t        rc;
    civic_source_t   right;

    rc = civic_source_parse(&test->left, &rule->source, &err);

    if (rc == NGX_DECLINED) {
        return civic_require_rule_error(test, "\"%V\": unknown \"%V\"; it "
                                        "knows scope, role, level, app, "
                                        "issuer, region, for, and sources: "
                                        "param.NAME, query.NAME, "
                                        "header.NAME, cookie.NAME, "
                                        "claim.PATH",
                                        &test->word, &test->left);
    }

    if (rc != NGX_OK) {
        return civic_require_rule_error(test, "\"%V\" %s", &test->left, err);
    }

    rc = civic_source_parse(&test->right, &right, &err);

    if (rc == NGX_OK && right.from == CIVIC_SOURCE_CLAIM) {
        rule->claim = right;
        return NGX_OK;
    }

    if (rc == NGX_OK) {
        return civic_require_rule_error(test, "\"%V\": what the request says "
                                        "stands on the left, a value or "
                                        "claim.PATH on the right",
                                        &test->word);
    }

    if (rc == NGX_ERROR) {
        return civic_require_rule_error(test, "\"%V\" %s", &test->right, err);
    }

    rule->values = civic_require_rule_list(test, civic_require_rule_text,
                                           "a value");

    return rule->values ? civic_require_rule_numbers(test, rule) : NGX_ERROR;
}


/* <, <=, > and >= take one value, which is a number */

static ngx_int_t
civic_require_rule_numbers(civic_require_test_t *test,
    civic_require_rule_t *rule)
{
    ngx_str_t   *value;
    ngx_uint_t   i, order;

    order = (rule->op != CIVIC_REQUIRE_EQ && rule->op != CIVIC_REQUIRE_NE);

    rule->numbers = ngx_palloc(test->pool,
                               rule->values->nelts * sizeof(double));
    if (rule->numbers == NULL) {
        return NGX_ERROR;
    }

    value = rule->values->elts;

    for (i = 0; i < rule->values->nelts; i++) {

        if (civic_require_value_number(&value[i], &rule->numbers[i])
            == NGX_OK)
        {
            continue;
        }

        if (order) {
            return civic_require_rule_error(test, "\"%V\": \"%V\" is not a "
                                            "number", &test->word, &value[i]);
        }

        rule->numbers[i] = NAN;
    }

    if (order && rule->values->nelts > 1) {
        return civic_require_rule_error(test, "\"%V\" takes one number",
                                        &test->word);
    }

    return NGX_OK;
}


/* "a,b": NULL with test->err, or no memory */

static ngx_array_t *
civic_require_rule_list(civic_require_test_t *test,
    ngx_uint_t (*check)(const ngx_str_t *value), const char *what)
{
    ngx_str_t     rest, item, *value;
    ngx_array_t  *list;

    list = ngx_array_create(test->pool, 2, sizeof(ngx_str_t));
    if (list == NULL) {
        return NULL;
    }

    rest = test->right;

    while (civic_conf_list_next(&rest, &item)) {

        value = ngx_array_push(list);
        if (value == NULL) {
            return NULL;
        }

        *value = item;

        if (value->len == 0 || !check(value)) {
            (void) civic_require_rule_error(test, "\"%V\" in \"%V\" is not "
                                            "%s", value, &test->word, what);
            return NULL;
        }
    }

    return list;
}


ngx_uint_t
civic_require_rule_scope(const ngx_str_t *scope)
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


/* UTF-8 without blanks in roles, which an identity separates by blanks */

static ngx_uint_t
civic_require_rule_text(const ngx_str_t *text)
{
    size_t  i;

    for (i = 0; i < text->len; i++) {

        if (text->data[i] <= 0x20 || text->data[i] == 0x7f) {
            return 0;
        }
    }

    return civic_json_is_utf8(text);
}


ngx_int_t
civic_require_rule_challenge(ngx_pool_t *pool, const char *error,
    const char *name, const ngx_array_t *values, ngx_str_t *challenge)
{
    size_t       len;
    u_char      *p;
    ngx_str_t   *value;
    ngx_uint_t   i;

    len = sizeof("Bearer error=\"\", =\"\"") - 1 + ngx_strlen(error)
          + ngx_strlen(name);

    value = values->elts;

    for (i = 0; i < values->nelts; i++) {
        len += value[i].len + 1;
    }

    p = ngx_pnalloc(pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    challenge->data = p;

    p = ngx_sprintf(p, "Bearer error=\"%s\", %s=\"", error, name);

    for (i = 0; i < values->nelts; i++) {
        p = ngx_sprintf(p, "%s%V", i ? " " : "", &value[i]);
    }

    *p++ = '"';

    challenge->len = p - challenge->data;

    return NGX_OK;
}


const ngx_str_t *
civic_require_rule_lacks(const civic_require_rule_t *rule,
    const ngx_str_t *params, ngx_uint_t nparams)
{
    ngx_uint_t        i;
    const ngx_str_t  *name;

    if ((rule->what != CIVIC_REQUIRE_REGION
         && rule->what != CIVIC_REQUIRE_SOURCE)
        || rule->source.from != CIVIC_SOURCE_PARAM)
    {
        return NULL;
    }

    name = &rule->source.name;

    for (i = 0; i < nparams; i++) {

        if (params[i].len == name->len
            && ngx_memcmp(params[i].data, name->data, name->len) == 0)
        {
            return NULL;
        }
    }

    return name;
}


static ngx_int_t
civic_require_rule_error(civic_require_test_t *test, const char *fmt, ...)
{
    u_char   *p, buf[CIVIC_REQUIRE_MESSAGE];
    va_list   args;

    va_start(args, fmt);
    p = ngx_vslprintf(buf, buf + CIVIC_REQUIRE_MESSAGE, fmt, args);
    va_end(args);

    test->err->data = ngx_pnalloc(test->pool, p - buf);

    if (test->err->data != NULL) {
        test->err->len = p - buf;
        ngx_memcpy(test->err->data, buf, p - buf);
    }

    return NGX_ERROR;
}
