
/*
 * Copyright (C) Civic Gate
 *
 * Rules about arrays.
 */


#include "civic_schema_rules.h"


static ngx_uint_t civic_schema_array_bound(const civic_schema_rule_t *rule,
    const char *keyword, ngx_uint_t other);


ngx_int_t
civic_schema_rule_items(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    ngx_int_t                   rc;
    ngx_uint_t                  i, n;
    const civic_schema_rule_t  *prefix;

    prefix = civic_schema_sibling(rule, "prefixItems");
    n = civic_json_length(value);
    rc = NGX_OK;

    for (i = prefix ? prefix->n : 0; i < n && rc == NGX_OK; i++) {
        rc = civic_schema_apply_element(check, rule->nodes[0], i,
                                        civic_json_element(value, i));
    }

    return rc;
}


ngx_int_t
civic_schema_rule_prefix_items(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    ngx_int_t   rc;
    ngx_uint_t  i, n;

    n = ngx_min(civic_json_length(value), rule->n);
    rc = NGX_OK;

    for (i = 0; i < n && rc == NGX_OK; i++) {
        rc = civic_schema_apply_element(check, rule->nodes[i], i,
                                        civic_json_element(value, i));
    }

    return rc;
}


ngx_int_t
civic_schema_rule_contains(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    ngx_int_t   rc;
    ngx_uint_t  i, n, found, least, most;

    n = civic_json_length(value);
    least = civic_schema_array_bound(rule, "minContains", 1);
    most = civic_schema_array_bound(rule, "maxContains", n);
    found = 0;

    for (i = 0; i < n; i++) {
        rc = civic_schema_probe(check, rule->nodes[0],
                                civic_json_element(value, i));
        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        found += (rc == NGX_OK);
    }

    if (found < least) {
        return civic_schema_fail(check, "contains", "must contain at least "
                                 "%ui such items, and contains %ui", least,
                                 found);
    }

    if (found > most) {
        return civic_schema_fail(check, "maxContains", "must contain at "
                                 "most %ui such items, and contains %ui",
                                 most, found);
    }

    return NGX_OK;
}


static ngx_uint_t
civic_schema_array_bound(const civic_schema_rule_t *rule,
    const char *keyword, ngx_uint_t other)
{
    const civic_schema_rule_t  *bound;

    bound = civic_schema_sibling(rule, keyword);

    return bound ? bound->count : other;
}


ngx_int_t
civic_schema_rule_min_items(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    if (civic_json_length(value) >= rule->count) {
        return NGX_OK;
    }

    return civic_schema_fail(check, "minItems", "must have at least %ui "
                             "item%s", rule->count,
                             rule->count == 1 ? "" : "s");
}


ngx_int_t
civic_schema_rule_max_items(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    if (civic_json_length(value) <= rule->count) {
        return NGX_OK;
    }

    return civic_schema_fail(check, "maxItems", "must have at most %ui "
                             "item%s", rule->count,
                             rule->count == 1 ? "" : "s");
}


/* each with each: the bound on work is what keeps long arrays short */

ngx_int_t
civic_schema_rule_unique_items(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    ngx_uint_t           i, k, n, steps;
    const civic_json_t  *item;

    if (!rule->count) {
        return NGX_OK;
    }

    n = civic_json_length(value);

    for (i = 1; i < n; i++) {
        item = civic_json_element(value, i);
        steps = 0;

        for (k = 0; k < i; k++) {

            if (civic_json_equal(item, civic_json_element(value, k),
                                 &steps))
            {
                return civic_schema_fail(check, "uniqueItems", "items %ui "
                                         "and %ui are equal", k, i);
            }
        }

        if (civic_schema_work(check, 1 + steps / CIVIC_SCHEMA_COMPARED)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}
