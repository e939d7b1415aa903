
/*
 * Copyright (C) Civic Gate
 *
 * Rules about objects.
 */


#include "civic_schema_rules.h"


/* names looked up in one step */

#define CIVIC_SCHEMA_LOOKUPS  4


static ngx_int_t civic_schema_object_evaluated(civic_schema_check_t *check,
    const civic_schema_rule_t *properties,
    const civic_schema_rule_t *patterns, const ngx_str_t *name);


ngx_int_t
civic_schema_rule_properties(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    ngx_int_t            rc;
    ngx_uint_t           i;
    const civic_json_t  *member;

    if (civic_schema_work(check, rule->n / CIVIC_SCHEMA_LOOKUPS) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; i < rule->n; i++) {

        member = civic_json_named(value, &rule->names[i]);

        if (member == NULL) {
            continue;
        }

        rc = civic_schema_apply_member(check, rule->nodes[i],
                                       &rule->names[i], member);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


ngx_int_t
civic_schema_rule_required(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    ngx_uint_t  i;

    if (civic_schema_work(check, rule->n / CIVIC_SCHEMA_LOOKUPS) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; i < rule->n; i++) {
        if (civic_json_named(value, &rule->names[i]) == NULL) {
            return civic_schema_fail(check, "required", "\"%V\" is missing",
                                     &rule->names[i]);
        }
    }

    return NGX_OK;
}


ngx_int_t
civic_schema_rule_additional(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    void                       *iter;
    ngx_int_t                   rc;
    ngx_str_t                   name;
    const civic_json_t         *member;
    const civic_schema_rule_t  *properties, *patterns;

    properties = civic_schema_sibling(rule, "properties");
    patterns = civic_schema_sibling(rule, "patternProperties");
    iter = NULL;

    while ((member = civic_json_next(value, &iter, &name)) != NULL) {

        rc = civic_schema_object_evaluated(check, properties, patterns,
                                           &name);
        if (rc == NGX_OK) {
            continue;
        }

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rule->nodes[0]->kind == CIVIC_SCHEMA_NONE) {
            return civic_schema_fail(check, "additionalProperties",
                                     "\"%V\" is not known here", &name);
        }

        rc = civic_schema_apply_member(check, rule->nodes[0], &name, member);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


/* is the member one of "properties" or "patternProperties"? */

static ngx_int_t
civic_schema_object_evaluated(civic_schema_check_t *check,
    const civic_schema_rule_t *properties,
    const civic_schema_rule_t *patterns, const ngx_str_t *name)
{
    ngx_int_t   rc;
    ngx_uint_t  i;

    if (civic_schema_work(check, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    if (properties && civic_json_named(properties->json, name)) {
        return NGX_OK;
    }

    for (i = 0; patterns && i < patterns->n; i++) {

        rc = civic_schema_match(check, patterns, i, name);

        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    return NGX_DECLINED;
}


ngx_int_t
civic_schema_rule_patterns(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    void                *iter;
    ngx_int_t            rc;
    ngx_str_t            name;
    ngx_uint_t           i;
    const civic_json_t  *member;

    if (rule->n == 0) {
        return NGX_OK;
    }

    iter = NULL;

    while ((member = civic_json_next(value, &iter, &name)) != NULL) {

        for (i = 0; i < rule->n; i++) {

            rc = civic_schema_match(check, rule, i, &name);

            if (rc == NGX_OK) {
                rc = civic_schema_apply_member(check, rule->nodes[i], &name,
                                               member);
                if (rc != NGX_OK) {
                    return rc;
                }
            }

            if (rc == NGX_ERROR) {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


/* the name is a value for so long */

ngx_int_t
civic_schema_rule_property_names(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    void                *iter;
    ngx_int_t            rc;
    ngx_str_t            name;
    civic_json_t        *text;
    const civic_json_t  *member;

    iter = NULL;

    while ((member = civic_json_next(value, &iter, &name)) != NULL) {

        text = civic_json_new_string(&name);

        if (text == NULL) {
            check->quiet = 0;
            (void) civic_schema_fail(check, "propertyNames", "no memory");
            return NGX_ERROR;
        }

        rc = civic_schema_probe(check, rule->nodes[0], text);

        civic_json_free(text);

        if (rc == NGX_DECLINED) {
            return civic_schema_fail(check, "propertyNames", "\"%V\" is not "
                                     "an allowed name", &name);
        }

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


ngx_int_t
civic_schema_rule_min_properties(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    if (civic_json_length(value) >= rule->count) {
        return NGX_OK;
    }

    return civic_schema_fail(check, "minProperties", "must have at least %ui "
                             "member%s", rule->count,
                             rule->count == 1 ? "" : "s");
}


ngx_int_t
civic_schema_rule_max_properties(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    if (civic_json_length(value) <= rule->count) {
        return NGX_OK;
    }

    return civic_schema_fail(check, "maxProperties", "must have at most %ui "
                             "member%s", rule->count,
                             rule->count == 1 ? "" : "s");
}


ngx_int_t
civic_schema_rule_dependent(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    void                *iter;
    ngx_str_t            name, other;
    ngx_uint_t           i, n;
    const civic_json_t  *list;

    n = civic_json_length(rule->json);

    if (civic_schema_work(check, n / CIVIC_SCHEMA_LOOKUPS) != NGX_OK) {
        return NGX_ERROR;
    }

    iter = NULL;

    while ((list = civic_json_next(rule->json, &iter, &name)) != NULL) {

        if (civic_json_named(value, &name) == NULL) {
            continue;
        }

        n = civic_json_length(list);

        if (civic_schema_work(check, n) != NGX_OK) {
            return NGX_ERROR;
        }

        for (i = 0; i < n; i++) {
            (void) civic_json_string(civic_json_element(list, i), &other);

            if (civic_json_named(value, &other) == NULL) {
                return civic_schema_fail(check, "dependentRequired",
                                         "\"%V\" is missing beside \"%V\"",
                                         &other, &name);
            }
        }
    }

    return NGX_OK;
}
