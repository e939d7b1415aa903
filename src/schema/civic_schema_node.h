
/*
 * Copyright (C) Civic Gate
 *
 * A compiled schema: a node for each schema object, in it a rule for each
 * keyword that asserts something.
 *
 *     { "type": "object", "properties": { "a": { "minLength": 1 } } }
 *
 *     node --- rule type       types = OBJECT
 *         '--- rule properties names = "a"   nodes = node --- rule minLength
 *
 * "$ref" is a rule whose one node is that of the schema it points to, so a
 * schema that contains itself is a circle of nodes.
 */


#ifndef _CIVIC_SCHEMA_NODE_H_INCLUDED_
#define _CIVIC_SCHEMA_NODE_H_INCLUDED_


#include "civic_pcre.h"
#include "civic_schema.h"


/* nodes of one document, each with its rules */

#define CIVIC_SCHEMA_MAX_NODES  20000

/* bytes that its patterns take, compiled: "(ab){1,900}" grows */

#define CIVIC_SCHEMA_MAX_PATTERNS  (2 * 1024 * 1024)


typedef struct civic_schema_rule_s     civic_schema_rule_t;
typedef struct civic_schema_check_s    civic_schema_check_t;
typedef struct civic_schema_keyword_s  civic_schema_keyword_t;


/* what stands behind a keyword */

typedef enum {
    CIVIC_SCHEMA_ANY = 0,              /* any value */
    CIVIC_SCHEMA_TEXT,                 /* a string */
    CIVIC_SCHEMA_FLAG,                 /* a boolean */
    CIVIC_SCHEMA_LIST,                 /* an array */
    CIVIC_SCHEMA_COUNT,                /* a whole number from 0 */
    CIVIC_SCHEMA_NUMBER,
    CIVIC_SCHEMA_POSITIVE,             /* a number above 0 */
    CIVIC_SCHEMA_TYPES,                /* a type, or several */
    CIVIC_SCHEMA_NAMES,                /* strings, each once */
    CIVIC_SCHEMA_NAME_LISTS,           /* an object of such arrays */
    CIVIC_SCHEMA_PATTERN,              /* a regular expression */
    CIVIC_SCHEMA_FORMAT,               /* the name of a format */
    CIVIC_SCHEMA_DIALECT,              /* the name of draft 2020-12 */
    CIVIC_SCHEMA_REF,                  /* "#/..." */
    CIVIC_SCHEMA_ONE,                  /* a schema */
    CIVIC_SCHEMA_SEVERAL,              /* an array of schemas, not empty */
    CIVIC_SCHEMA_NAMED,                /* an object of schemas */
    CIVIC_SCHEMA_PATTERNED             /* the same, its names patterns */
} civic_schema_argument_e;


typedef enum {
    CIVIC_SCHEMA_SOME = 0,             /* its rules decide */
    CIVIC_SCHEMA_ALL,                  /* true */
    CIVIC_SCHEMA_NONE                  /* false */
} civic_schema_kind_e;


/*
 * NGX_OK; NGX_DECLINED: the value breaks the rule, noted; NGX_ERROR: the
 * check cannot go on, noted.
 */

typedef ngx_int_t (*civic_schema_rule_pt)(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value);


/* types: 1 << civic_json_type_e of the values that a rule speaks about */

struct civic_schema_keyword_s {
    const char               *name;
    civic_schema_argument_e   argument;
    ngx_uint_t                types;
    civic_schema_rule_pt      handler; /* NULL: asserts nothing by itself */
};


struct civic_schema_rule_s {
    const civic_schema_keyword_t  *keyword;
    const civic_schema_t          *node;   /* that it belongs to */
    const civic_json_t            *json;   /* what stands behind it */
    ngx_uint_t                     count;  /* or types, or flag, or format */
    civic_schema_t               **nodes;
    ngx_str_t                     *names;  /* of the nodes; or strings */
    pcre2_code                   **codes;
    ngx_uint_t                     n;      /* nodes, names, codes */
};


struct civic_schema_s {
    const civic_json_t            *json;
    civic_schema_kind_e            kind;
    civic_schema_rule_t           *rules;
    ngx_uint_t                     nrules;
    const civic_pcre_t            *pcre;
    civic_schema_t                *next;   /* still to be compiled */
};


const civic_schema_keyword_t *civic_schema_keyword(const ngx_str_t *name);

/* index + 1 of a format, 0: unknown; and whether the text is of it */

ngx_uint_t civic_schema_format(const ngx_str_t *name);
ngx_uint_t civic_schema_format_check(ngx_uint_t format,
    const ngx_str_t *text);

/* the rule of that keyword in the same schema, or NULL */

const civic_schema_rule_t *civic_schema_sibling(
    const civic_schema_rule_t *rule, const char *keyword);

/* formats a sentence, cut at a character's end */

void civic_schema_say(civic_schema_error_t *err, const char *fmt,
    va_list args);

/* adds "/name" to a pointer, cut short with "..." */

void civic_schema_pointer_add(civic_schema_error_t *err,
    const ngx_str_t *name);


#endif /* _CIVIC_SCHEMA_NODE_H_INCLUDED_ */
