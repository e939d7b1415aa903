
/*
 * Copyright (C) Civic Gate
 *
 * Turns schemas into nodes.  Decides what is a schema at all: a keyword
 * that is not known, or known but not what it says, is an error, because a
 * rule that nobody checks is worse than none.
 *
 * Each schema object of a document has one node, found by its address: that
 * is how "$ref" makes circles, and how what many refer to is compiled once.
 * Nodes wait in a queue, so references are followed without recursion.
 */


#include "civic_schema_argument.h"
#include "civic_schema_node.h"


#define CIVIC_SCHEMA_FIRST_ROOM  64

/* what checking a text against a pattern may keep, in KiB */

#define CIVIC_SCHEMA_PCRE_HEAP   256


static civic_schema_t *civic_schema_set_find(civic_schema_set_t *set,
    const civic_json_t *json);
static ngx_int_t civic_schema_set_grow(civic_schema_set_t *set);
static civic_schema_t **civic_schema_set_place(civic_schema_t **table,
    ngx_uint_t room, const civic_json_t *json);
static ngx_int_t civic_schema_compile_node(civic_schema_set_t *set,
    civic_schema_t *node);
static ngx_int_t civic_schema_compile_rule(civic_schema_set_t *set,
    civic_schema_t *node, const ngx_str_t *name, const civic_json_t *json);
static ngx_int_t civic_schema_trace(civic_schema_error_t *err,
    const civic_json_t *at, const civic_json_t *target);


/* callouts count the steps of a match, whatever the pattern */

static const civic_pcre_setup_t  civic_schema_pcre = {
    PCRE2_UTF|PCRE2_DOLLAR_ENDONLY|PCRE2_ALT_BSUX|PCRE2_MATCH_UNSET_BACKREF
    |PCRE2_NEVER_BACKSLASH_C|PCRE2_AUTO_CALLOUT,
    0,
    CIVIC_SCHEMA_PCRE_HEAP,
    0
};


static civic_schema_t  civic_schema_true = {
    NULL, CIVIC_SCHEMA_ALL, NULL, 0, NULL, NULL
};

static civic_schema_t  civic_schema_false = {
    NULL, CIVIC_SCHEMA_NONE, NULL, 0, NULL, NULL
};


civic_schema_t *
civic_schema_compile(const civic_json_t *schema, const civic_json_t *root,
    ngx_pool_t *pool, civic_schema_error_t *err)
{
    civic_schema_set_t  *set;

    set = civic_schema_set_create(root, pool);

    if (set == NULL) {
        ngx_memzero(err, sizeof(civic_schema_error_t));
        err->keyword = "";
        (void) ngx_cpystrn(err->message, (u_char *) "no memory",
                           sizeof(err->message));
        return NULL;
    }

    return civic_schema_set_compile(set, schema, err);
}


civic_schema_set_t *
civic_schema_set_create(const civic_json_t *root, ngx_pool_t *pool)
{
    civic_schema_set_t  *set;

    set = ngx_pcalloc(pool, sizeof(civic_schema_set_t));
    if (set == NULL) {
        return NULL;
    }

    set->root = root;
    set->pool = pool;
    set->room = CIVIC_SCHEMA_FIRST_ROOM;

    set->table = ngx_pcalloc(pool, set->room * sizeof(civic_schema_t *));
    if (set->table == NULL) {
        return NULL;
    }

    return set;
}


void
civic_schema_set_refs(civic_schema_set_t *set, const char *prefix)
{
    set->refs = prefix;
}


civic_schema_t *
civic_schema_set_compile(civic_schema_set_t *set, const civic_json_t *schema,
    civic_schema_error_t *err)
{
    civic_schema_t  *node, *next;

    ngx_memzero(err, sizeof(civic_schema_error_t));
    err->keyword = "";

    set->err = err;
    set->queue = NULL;
    set->at = schema;
    set->name = NULL;

    node = civic_schema_set_node(set, schema);

    if (node == NULL) {
        return NULL;
    }

    while (set->queue) {
        next = set->queue;
        set->queue = next->next;

        if (civic_schema_compile_node(set, next) != NGX_OK) {

            /* what waits has no rules yet: the set is of no more use */

            set->broken = 1;
            return NULL;
        }
    }

    return node;
}


/* the node of a schema, compiled already or put into the queue */

civic_schema_t *
civic_schema_set_node(civic_schema_set_t *set, const civic_json_t *json)
{
    ngx_uint_t       yes;
    civic_schema_t  *node;

    if (civic_json_boolean(json, &yes) == NGX_OK) {
        return yes ? &civic_schema_true : &civic_schema_false;
    }

    if (civic_json_type(json) != CIVIC_JSON_OBJECT) {
        (void) civic_schema_refuse(set, "a schema is an object, true or "
                                   "false");
        return NULL;
    }

    if (set->broken) {
        (void) civic_schema_refuse(set, "another schema of this document "
                                   "is in error");
        return NULL;
    }

    node = civic_schema_set_find(set, json);

    if (node == NULL) {
        (void) civic_schema_refuse(set, "no memory, or more than %d schemas "
                                   "in one document",
                                   CIVIC_SCHEMA_MAX_NODES);
    }

    return node;
}


static civic_schema_t *
civic_schema_set_find(civic_schema_set_t *set, const civic_json_t *json)
{
    civic_schema_t  *node, **place;

    place = civic_schema_set_place(set->table, set->room, json);

    if (*place) {
        return *place;
    }

    if (set->n == CIVIC_SCHEMA_MAX_NODES) {
        return NULL;
    }

    if (2 * set->n >= set->room) {

        if (civic_schema_set_grow(set) != NGX_OK) {
            return NULL;
        }

        place = civic_schema_set_place(set->table, set->room, json);
    }

    node = ngx_pcalloc(set->pool, sizeof(civic_schema_t));
    if (node == NULL) {
        return NULL;
    }

    node->json = json;
    node->next = set->queue;
    set->queue = node;

    *place = node;
    set->n++;

    return node;
}


static ngx_int_t
civic_schema_set_grow(civic_schema_set_t *set)
{
    ngx_uint_t       i;
    civic_schema_t  *node, **table;

    table = ngx_pcalloc(set->pool, 2 * set->room * sizeof(civic_schema_t *));
    if (table == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < set->room; i++) {
        node = set->table[i];

        if (node) {
            *civic_schema_set_place(table, 2 * set->room, node->json) = node;
        }
    }

    set->table = table;
    set->room *= 2;

    return NGX_OK;
}


static civic_schema_t **
civic_schema_set_place(civic_schema_t **table, ngx_uint_t room,
    const civic_json_t *json)
{
    ngx_uint_t  i;

    /* addresses are multiples of 16; the room is a power of two */

    i = ((uintptr_t) json >> 4) * 0x9e3779b1u;

    for (i &= room - 1; table[i]; i = (i + 1) & (room - 1)) {
        if (table[i]->json == json) {
            break;
        }
    }

    return &table[i];
}


static ngx_int_t
civic_schema_compile_node(civic_schema_set_t *set, civic_schema_t *node)
{
    void                *iter;
    size_t               size;
    ngx_str_t            name;
    const civic_json_t  *json;

    set->at = node->json;

    size = civic_json_length(node->json) * sizeof(civic_schema_rule_t);

    node->rules = ngx_pcalloc(set->pool, size ? size : 1);
    if (node->rules == NULL) {
        return civic_schema_refuse(set, "no memory");
    }

    iter = NULL;

    while ((json = civic_json_next(node->json, &iter, &name)) != NULL) {

        set->name = &name;

        if (civic_schema_compile_rule(set, node, &name, json) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    set->name = NULL;

    return NGX_OK;
}


static ngx_int_t
civic_schema_compile_rule(civic_schema_set_t *set, civic_schema_t *node,
    const ngx_str_t *name, const civic_json_t *json)
{
    civic_schema_rule_t            rule;
    const civic_schema_keyword_t  *keyword;

    keyword = civic_schema_keyword(name);

    if (keyword == NULL) {
        return civic_schema_refuse(set, "\"%V\" is not supported", name);
    }

    set->err->keyword = keyword->name;

    ngx_memzero(&rule, sizeof(civic_schema_rule_t));

    rule.keyword = keyword;
    rule.node = node;
    rule.json = json;

    if (civic_schema_argument(set, &rule) != NGX_OK) {
        return NGX_ERROR;
    }

    if (keyword->handler) {
        node->rules[node->nrules++] = rule;
    }

    if (rule.codes) {
        node->pcre = set->pcre;
    }

    set->err->keyword = "";

    return NGX_OK;
}


const civic_schema_rule_t *
civic_schema_sibling(const civic_schema_rule_t *rule, const char *keyword)
{
    ngx_uint_t                  i;
    const civic_schema_rule_t  *rules;

    rules = rule->node->rules;

    for (i = 0; i < rule->node->nrules; i++) {
        if (ngx_strcmp(rules[i].keyword->name, keyword) == 0) {
            return &rules[i];
        }
    }

    return NULL;
}


civic_pcre_t *
civic_schema_set_pcre(civic_schema_set_t *set)
{
    if (set->pcre == NULL) {
        set->pcre = civic_pcre_create(set->pool, &civic_schema_pcre);
    }

    return set->pcre;
}


/* the pointer is to the keyword at work in the schema at work */

ngx_int_t
civic_schema_refuse(civic_schema_set_t *set, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    civic_schema_say(set->err, fmt, args);
    va_end(args);

    ngx_memzero(set->err->pointer, sizeof(set->err->pointer));

    (void) civic_schema_trace(set->err, set->root, set->at);

    if (set->name) {
        civic_schema_pointer_add(set->err, set->name);
    }

    return NGX_ERROR;
}


/* writes where `target` is, seen from `at`; only errors come so far */

static ngx_int_t
civic_schema_trace(civic_schema_error_t *err, const civic_json_t *at,
    const civic_json_t *target)
{
    void                *iter;
    size_t               len;
    u_char               buf[NGX_INT_T_LEN];
    ngx_str_t            name;
    ngx_uint_t           i;
    const civic_json_t  *inner;

    if (at == target) {
        return NGX_OK;
    }

    len = ngx_strlen(err->pointer);
    iter = NULL;

    for (i = 0; i < civic_json_length(at); i++) {

        if (civic_json_type(at) == CIVIC_JSON_OBJECT) {
            inner = civic_json_next(at, &iter, &name);

        } else {
            inner = civic_json_element(at, i);
            name.data = buf;
            name.len = ngx_sprintf(buf, "%ui", i) - buf;
        }

        civic_schema_pointer_add(err, &name);

        if (civic_schema_trace(err, inner, target) == NGX_OK) {
            return NGX_OK;
        }

        err->pointer[len] = '\0';
    }

    return NGX_DECLINED;
}
