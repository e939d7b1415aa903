
/*
 * Copyright (C) Civic Gate
 *
 * What stands behind each keyword of a schema: reads it, refuses what is
 * not meant there, and puts it into the rule in the form that checking
 * wants.  Schemas inside are only found their nodes.
 */


#include "civic_schema_argument.h"


#define CIVIC_SCHEMA_URI  "https://json-schema.org/draft/2020-12/schema"


typedef struct {
    ngx_str_t                 name;
    ngx_uint_t                types;
} civic_schema_type_t;


static ngx_int_t civic_schema_argument_count(civic_schema_set_t *set,
    civic_schema_rule_t *rule);
static ngx_int_t civic_schema_argument_number(civic_schema_set_t *set,
    civic_schema_rule_t *rule);
static ngx_int_t civic_schema_argument_types(civic_schema_set_t *set,
    civic_schema_rule_t *rule);
static ngx_uint_t civic_schema_argument_type(const civic_json_t *json);
static ngx_int_t civic_schema_argument_names(civic_schema_set_t *set,
    civic_schema_rule_t *rule);
static ngx_int_t civic_schema_argument_lists(civic_schema_set_t *set,
    civic_schema_rule_t *rule);
static ngx_int_t civic_schema_argument_unique(const civic_json_t *list);
static ngx_int_t civic_schema_argument_text(civic_schema_set_t *set,
    civic_schema_rule_t *rule);
static ngx_int_t civic_schema_argument_pattern(civic_schema_set_t *set,
    const ngx_str_t *text, pcre2_code **code);
static ngx_int_t civic_schema_argument_ref(civic_schema_set_t *set,
    civic_schema_rule_t *rule, const ngx_str_t *text);
static const civic_json_t *civic_schema_argument_find(
    const civic_json_t *root, ngx_str_t pointer, ngx_pool_t *pool);
static size_t civic_schema_argument_unescape(u_char *dst, const u_char *p,
    size_t len);
static const civic_json_t *civic_schema_argument_step(
    const civic_json_t *at, const ngx_str_t *name);
static ngx_int_t civic_schema_argument_schemas(civic_schema_set_t *set,
    civic_schema_rule_t *rule);
static ngx_int_t civic_schema_argument_room(civic_schema_set_t *set,
    civic_schema_rule_t *rule, ngx_uint_t n, ngx_uint_t patterns);


static const civic_schema_type_t  civic_schema_types[] = {
    { ngx_string("null"),    1 << CIVIC_JSON_NULL },
    { ngx_string("boolean"), 1 << CIVIC_JSON_BOOLEAN },
    { ngx_string("integer"), 1 << CIVIC_JSON_INTEGER },
    { ngx_string("number"),  1 << CIVIC_JSON_INTEGER | 1 << CIVIC_JSON_REAL },
    { ngx_string("string"),  1 << CIVIC_JSON_STRING },
    { ngx_string("array"),   1 << CIVIC_JSON_ARRAY },
    { ngx_string("object"),  1 << CIVIC_JSON_OBJECT },
    { ngx_null_string, 0 }
};


ngx_int_t
civic_schema_argument(civic_schema_set_t *set, civic_schema_rule_t *rule)
{
    ngx_int_t  rc;

    switch (rule->keyword->argument) {

    case CIVIC_SCHEMA_ANY:
        return NGX_OK;

    case CIVIC_SCHEMA_FLAG:
        rc = civic_json_boolean(rule->json, &rule->count);
        return (rc == NGX_OK) ? rc
                              : civic_schema_refuse(set, "it is true or "
                                                    "false");

    case CIVIC_SCHEMA_LIST:
        return (civic_json_type(rule->json) == CIVIC_JSON_ARRAY)
               ? NGX_OK : civic_schema_refuse(set, "it is an array");

    case CIVIC_SCHEMA_COUNT:
        return civic_schema_argument_count(set, rule);

    case CIVIC_SCHEMA_NUMBER:
    case CIVIC_SCHEMA_POSITIVE:
        return civic_schema_argument_number(set, rule);

    case CIVIC_SCHEMA_TYPES:
        return civic_schema_argument_types(set, rule);

    case CIVIC_SCHEMA_NAMES:
        return civic_schema_argument_names(set, rule);

    case CIVIC_SCHEMA_NAME_LISTS:
        return civic_schema_argument_lists(set, rule);

    case CIVIC_SCHEMA_ONE:
    case CIVIC_SCHEMA_SEVERAL:
    case CIVIC_SCHEMA_NAMED:
    case CIVIC_SCHEMA_PATTERNED:
        return civic_schema_argument_schemas(set, rule);

    default:
        return civic_schema_argument_text(set, rule);
    }
}


/* 2.0 is a whole number too */

static ngx_int_t
civic_schema_argument_count(civic_schema_set_t *set,
    civic_schema_rule_t *rule)
{
    double  number;

    if (civic_json_number(rule->json, &number) != NGX_OK
        || number < 0 || number > (double) NGX_MAX_INT32_VALUE
        || (double) (ngx_uint_t) number != number)
    {
        return civic_schema_refuse(set, "it is a whole number from 0");
    }

    rule->count = (ngx_uint_t) number;

    return NGX_OK;
}


static ngx_int_t
civic_schema_argument_number(civic_schema_set_t *set,
    civic_schema_rule_t *rule)
{
    double  number;

    if (civic_json_number(rule->json, &number) != NGX_OK) {
        return civic_schema_refuse(set, "it is a number");
    }

    if (rule->keyword->argument == CIVIC_SCHEMA_POSITIVE && number <= 0) {
        return civic_schema_refuse(set, "it is a number above 0");
    }

    return NGX_OK;
}


static ngx_int_t
civic_schema_argument_types(civic_schema_set_t *set,
    civic_schema_rule_t *rule)
{
    ngx_uint_t  i, n, types;

    n = civic_json_length(rule->json);
    rule->count = civic_schema_argument_type(rule->json);

    if (civic_json_type(rule->json) == CIVIC_JSON_ARRAY) {

        for (i = 0; i < n; i++) {
            types = civic_schema_argument_type(civic_json_element(rule->json,
                                                                  i));
            if (types == 0) {
                rule->count = 0;
                break;
            }

            rule->count |= types;
        }

        if (civic_schema_argument_unique(rule->json) != NGX_OK) {
            rule->count = 0;
        }
    }

    if (rule->count == 0) {
        return civic_schema_refuse(set, "it is \"null\", \"boolean\", "
                                   "\"integer\", \"number\", \"string\", "
                                   "\"array\", \"object\", or an array of "
                                   "these, each once");
    }

    return NGX_OK;
}


/* 0: no type */

static ngx_uint_t
civic_schema_argument_type(const civic_json_t *json)
{
    ngx_str_t                   name;
    const civic_schema_type_t  *type;

    if (civic_json_string(json, &name) != NGX_OK) {
        return 0;
    }

    for (type = civic_schema_types; type->name.len; type++) {
        if (type->name.len == name.len
            && ngx_memcmp(type->name.data, name.data, name.len) == 0)
        {
            return type->types;
        }
    }

    return 0;
}


static ngx_int_t
civic_schema_argument_names(civic_schema_set_t *set,
    civic_schema_rule_t *rule)
{
    ngx_uint_t  i;

    if (civic_schema_argument_unique(rule->json) != NGX_OK) {
        return civic_schema_refuse(set, "it is an array of strings, each "
                                   "once");
    }

    rule->n = civic_json_length(rule->json);

    if (civic_schema_argument_room(set, rule, rule->n, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; i < rule->n; i++) {
        (void) civic_json_string(civic_json_element(rule->json, i),
                                 &rule->names[i]);
    }

    return NGX_OK;
}


static ngx_int_t
civic_schema_argument_lists(civic_schema_set_t *set,
    civic_schema_rule_t *rule)
{
    void                *iter;
    ngx_str_t            name;
    const civic_json_t  *list;

    if (civic_json_type(rule->json) != CIVIC_JSON_OBJECT) {
        return civic_schema_refuse(set, "it is an object of arrays");
    }

    iter = NULL;

    while ((list = civic_json_next(rule->json, &iter, &name)) != NULL) {

        if (civic_schema_argument_unique(list) != NGX_OK) {
            return civic_schema_refuse(set, "\"%V\" in it is not an array "
                                       "of strings, each once", &name);
        }
    }

    return NGX_OK;
}


/* NGX_OK: an array of strings, each once */

static ngx_int_t
civic_schema_argument_unique(const civic_json_t *list)
{
    ngx_str_t            name;
    ngx_uint_t           i, k, n, steps;
    const civic_json_t  *item;

    if (civic_json_type(list) != CIVIC_JSON_ARRAY) {
        return NGX_DECLINED;
    }

    n = civic_json_length(list);

    /* each with each: more than so many nobody means */

    if (n > 1000) {
        return NGX_DECLINED;
    }

    steps = 0;

    for (i = 0; i < n; i++) {
        item = civic_json_element(list, i);

        if (civic_json_string(item, &name) != NGX_OK) {
            return NGX_DECLINED;
        }

        for (k = 0; k < i; k++) {
            if (civic_json_equal(item, civic_json_element(list, k), &steps)) {
                return NGX_DECLINED;
            }
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_schema_argument_text(civic_schema_set_t *set,
    civic_schema_rule_t *rule)
{
    ngx_str_t  text;

    if (civic_json_string(rule->json, &text) != NGX_OK) {
        return civic_schema_refuse(set, "it is a string");
    }

    switch (rule->keyword->argument) {

    case CIVIC_SCHEMA_PATTERN:
        if (civic_schema_argument_room(set, rule, 1, 1) != NGX_OK) {
            return NGX_ERROR;
        }

        rule->names[0] = text;
        return civic_schema_argument_pattern(set, &text, &rule->codes[0]);

    case CIVIC_SCHEMA_FORMAT:
        rule->count = civic_schema_format(&text);

        if (rule->count == 0) {
            return civic_schema_refuse(set, "the format \"%V\" is not "
                                       "supported", &text);
        }

        return NGX_OK;

    case CIVIC_SCHEMA_REF:
        return civic_schema_argument_ref(set, rule, &text);

    case CIVIC_SCHEMA_DIALECT:
        if (text.len != sizeof(CIVIC_SCHEMA_URI) - 1
            || ngx_memcmp(text.data, CIVIC_SCHEMA_URI, text.len) != 0)
        {
            return civic_schema_refuse(set, "only draft 2020-12 is "
                                       "supported: " CIVIC_SCHEMA_URI);
        }

        return NGX_OK;

    default:
        return NGX_OK;
    }
}


static ngx_int_t
civic_schema_argument_pattern(civic_schema_set_t *set, const ngx_str_t *text,
    pcre2_code **code)
{
    ngx_str_t      reason;
    civic_pcre_t  *pcre;

    pcre = civic_schema_set_pcre(set);
    if (pcre == NULL) {
        return civic_schema_refuse(set, "no memory");
    }

    if (civic_pcre_compile(pcre, text, 0, code, &reason) != NGX_OK) {
        return civic_schema_refuse(set, "\"%V\" is no regular expression: "
                                   "%V", text, &reason);
    }

    set->patterns += civic_pcre_size(*code);

    if (set->patterns > CIVIC_SCHEMA_MAX_PATTERNS) {
        return civic_schema_refuse(set, "the patterns of this document take "
                                   "more than 2 MB");
    }

    return NGX_OK;
}


static ngx_int_t
civic_schema_argument_ref(civic_schema_set_t *set, civic_schema_rule_t *rule,
    const ngx_str_t *text)
{
    ngx_str_t            pointer;
    const civic_json_t  *json;

    if (text->len == 0 || text->data[0] != '#'
        || (text->len > 1 && text->data[1] != '/'))
    {
        return civic_schema_refuse(set, "only references within the "
                                   "document are supported: \"#/...\"");
    }

    if (set->refs
        && (text->len <= ngx_strlen(set->refs)
            || ngx_memcmp(text->data, set->refs, ngx_strlen(set->refs))
               != 0))
    {
        return civic_schema_refuse(set, "references begin with \"%s\" here",
                                   set->refs);
    }

    pointer.data = text->data + 1;
    pointer.len = text->len - 1;

    json = civic_schema_argument_find(set->root, pointer, set->pool);

    if (json == NULL) {
        return civic_schema_refuse(set, "there is no \"%V\"", text);
    }

    if (civic_schema_argument_room(set, rule, 1, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    rule->nodes[0] = civic_schema_set_node(set, json);

    return rule->nodes[0] ? NGX_OK : NGX_ERROR;
}


/* follows a JSON pointer, percent-encoded as in a URI */

static const civic_json_t *
civic_schema_argument_find(const civic_json_t *root, ngx_str_t pointer,
    ngx_pool_t *pool)
{
    u_char              *p, *last, *slash;
    ngx_str_t            name;
    const civic_json_t  *at;

    name.data = ngx_pnalloc(pool, pointer.len + 1);
    if (name.data == NULL) {
        return NULL;
    }

    last = pointer.data + pointer.len;
    at = root;

    for (p = pointer.data; p < last && at; p = slash) {

        p++;
        slash = ngx_strlchr(p, last, '/');

        if (slash == NULL) {
            slash = last;
        }

        name.len = civic_schema_argument_unescape(name.data, p, slash - p);
        at = civic_schema_argument_step(at, &name);
    }

    return at;
}


/* "%22" first, then "~1" and "~0" */

static size_t
civic_schema_argument_unescape(u_char *dst, const u_char *p, size_t len)
{
    u_char     *end;
    size_t      i, n;
    ngx_int_t   ch;

    end = dst;

    for (i = 0; i < len; i++) {

        ch = (p[i] == '%' && len - i > 2)
             ? ngx_hextoi((u_char *) p + i + 1, 2) : NGX_ERROR;

        if (ch > 0) {
            *end++ = (u_char) ch;
            i += 2;

        } else {
            *end++ = p[i];
        }
    }

    len = end - dst;

    for (i = 0, n = 0; i < len; i++, n++) {

        if (dst[i] == '~' && i + 1 < len
            && (dst[i + 1] == '0' || dst[i + 1] == '1'))
        {
            i++;
            dst[n] = (dst[i] == '0') ? '~' : '/';

        } else {
            dst[n] = dst[i];
        }
    }

    return n;
}


static const civic_json_t *
civic_schema_argument_step(const civic_json_t *at, const ngx_str_t *name)
{
    ngx_int_t  i;

    if (civic_json_type(at) == CIVIC_JSON_OBJECT) {
        return civic_json_named(at, name);
    }

    i = ngx_atoi(name->data, name->len);

    if (i == NGX_ERROR || (name->len > 1 && name->data[0] == '0')) {
        return NULL;
    }

    return civic_json_element(at, i);
}


static ngx_int_t
civic_schema_argument_schemas(civic_schema_set_t *set,
    civic_schema_rule_t *rule)
{
    void                     *iter;
    ngx_uint_t                i, n;
    ngx_uint_t                patterns;
    const civic_json_t       *json;
    civic_schema_argument_e   argument;

    argument = rule->keyword->argument;
    patterns = (argument == CIVIC_SCHEMA_PATTERNED);
    n = (argument == CIVIC_SCHEMA_ONE) ? 1 : civic_json_length(rule->json);

    if (argument == CIVIC_SCHEMA_SEVERAL
        && (civic_json_type(rule->json) != CIVIC_JSON_ARRAY || n == 0))
    {
        return civic_schema_refuse(set, "it is an array of schemas, with at "
                                   "least one");
    }

    if ((argument == CIVIC_SCHEMA_NAMED || patterns)
        && civic_json_type(rule->json) != CIVIC_JSON_OBJECT)
    {
        return civic_schema_refuse(set, "it is an object of schemas");
    }

    if (civic_schema_argument_room(set, rule, n, patterns) != NGX_OK) {
        return NGX_ERROR;
    }

    iter = NULL;

    for (i = 0; i < n; i++) {

        json = rule->json;

        if (argument == CIVIC_SCHEMA_SEVERAL) {
            json = civic_json_element(rule->json, i);

        } else if (argument != CIVIC_SCHEMA_ONE) {
            json = civic_json_next(rule->json, &iter, &rule->names[i]);
        }

        if (patterns
            && civic_schema_argument_pattern(set, &rule->names[i],
                                             &rule->codes[i])
               != NGX_OK)
        {
            return NGX_ERROR;
        }

        rule->nodes[i] = civic_schema_set_node(set, json);

        if (rule->nodes[i] == NULL) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_schema_argument_room(civic_schema_set_t *set,
    civic_schema_rule_t *rule, ngx_uint_t n, ngx_uint_t patterns)
{
    size_t   one;
    u_char  *p;

    one = sizeof(civic_schema_t *) + sizeof(ngx_str_t) + sizeof(pcre2_code *);

    p = ngx_pcalloc(set->pool, n ? n * one : 1);
    if (p == NULL) {
        return civic_schema_refuse(set, "no memory");
    }

    rule->n = n;
    rule->names = (ngx_str_t *) p;
    rule->nodes = (civic_schema_t **) (p + n * sizeof(ngx_str_t));

    if (patterns) {
        rule->codes = (pcre2_code **) (rule->nodes + n);
    }

    return NGX_OK;
}
