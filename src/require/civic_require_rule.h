
/*
 * Copyright (C) Civic Gate
 *
 * One requirement: a test, and whom it concerns.  There is no language of
 * conditions: a line is one test, lines are all of them.  Pure.
 */


#ifndef _CIVIC_REQUIRE_RULE_H_INCLUDED_
#define _CIVIC_REQUIRE_RULE_H_INCLUDED_


#include "civic_source.h"


/* what is tested */

typedef enum {
    CIVIC_REQUIRE_SCOPE = 0,
    CIVIC_REQUIRE_ROLE,
    CIVIC_REQUIRE_LEVEL,
    CIVIC_REQUIRE_APP,
    CIVIC_REQUIRE_ISSUER,
    CIVIC_REQUIRE_REGION,
    CIVIC_REQUIRE_SOURCE
} civic_require_what_e;


typedef enum {
    CIVIC_REQUIRE_EQ = 0,
    CIVIC_REQUIRE_NE,
    CIVIC_REQUIRE_GE,
    CIVIC_REQUIRE_LE,
    CIVIC_REQUIRE_GT,
    CIVIC_REQUIRE_LT
} civic_require_op_e;


typedef struct {
    ngx_uint_t              what;      /* civic_require_what_e */
    ngx_uint_t              op;        /* civic_require_op_e */
    civic_source_t          source;    /* REGION: its value; SOURCE: left */
    civic_source_t          claim;     /* SOURCE: right; no name: values */
    ngx_array_t            *values;    /* ngx_str_t: any of them, or NULL */
    double                 *numbers;   /* SOURCE, LEVEL: of the values; NAN */
    ngx_array_t            *roles;     /* for=: ngx_str_t; NULL: everybody */
    ngx_str_t               challenge; /* SCOPE, LEVEL: WWW-Authenticate */
    civic_pos_t             pos;
} civic_require_rule_t;


/*
 * The words of one line.  NULL: no memory, or `err` (in `pool`) says what
 * is wrong.  Strings are borrowed.
 */

civic_require_rule_t *civic_require_rule_parse(const ngx_str_t *words,
    ngx_uint_t n, ngx_pool_t *pool, ngx_str_t *err);

/* likewise, of words in one text, separated by single spaces */

civic_require_rule_t *civic_require_rule_parse_text(const ngx_str_t *text,
    ngx_pool_t *pool, ngx_str_t *err);

/* scope-token of RFC 6749, which may stand in quotes in a header */

ngx_uint_t civic_require_rule_scope(const ngx_str_t *scope);

/* `Bearer error="ERROR", NAME="A B"`; NGX_ERROR: no memory */

ngx_int_t civic_require_rule_challenge(ngx_pool_t *pool, const char *error,
    const char *name, const ngx_array_t *values, ngx_str_t *challenge);

/*
 * The first parameter of the path that the rule reads and `params` lack, or
 * NULL.
 */

const ngx_str_t *civic_require_rule_lacks(const civic_require_rule_t *rule,
    const ngx_str_t *params, ngx_uint_t nparams);


#endif /* _CIVIC_REQUIRE_RULE_H_INCLUDED_ */
