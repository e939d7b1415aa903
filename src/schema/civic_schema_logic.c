
/*
 * Copyright (C) Civic Gate
 *
 * Rules that are made of other schemas for the same value.
 */


#include "civic_schema_rules.h"


ngx_int_t
civic_schema_rule_all_of(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    ngx_int_t   rc;
    ngx_uint_t  i;

    rc = NGX_OK;

    for (i = 0; i < rule->n && rc == NGX_OK; i++) {
        rc = civic_schema_apply(check, rule->nodes[i], value);
    }

    return rc;
}


ngx_int_t
civic_schema_rule_any_of(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    ngx_int_t   rc;
    ngx_uint_t  i;

    for (i = 0; i < rule->n; i++) {
        rc = civic_schema_probe(check, rule->nodes[i], value);

        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    return civic_schema_fail(check, "anyOf", "is none of the allowed forms");
}


ngx_int_t
civic_schema_rule_one_of(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    ngx_int_t   rc;
    ngx_uint_t  i, found;

    found = 0;

    for (i = 0; i < rule->n; i++) {
        rc = civic_schema_probe(check, rule->nodes[i], value);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        found += (rc == NGX_OK);
    }

    if (found == 1) {
        return NGX_OK;
    }

    return civic_schema_fail(check, "oneOf", found ? "is more than one of "
                             "the allowed forms" : "is none of the allowed "
                             "forms");
}


ngx_int_t
civic_schema_rule_not(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    ngx_int_t  rc;

    rc = civic_schema_probe(check, rule->nodes[0], value);

    if (rc == NGX_OK) {
        return civic_schema_fail(check, "not", "is of a form that is not "
                                 "allowed");
    }

    return (rc == NGX_ERROR) ? NGX_ERROR : NGX_OK;
}


ngx_int_t
civic_schema_rule_if(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    ngx_int_t                   rc;
    const civic_schema_rule_t  *branch;

    rc = civic_schema_probe(check, rule->nodes[0], value);

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    branch = civic_schema_sibling(rule, (rc == NGX_OK) ? "then" : "else");

    return branch ? civic_schema_apply(check, branch->nodes[0], value)
                  : NGX_OK;
}


ngx_int_t
civic_schema_rule_ref(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, const civic_json_t *value)
{
    return civic_schema_apply(check, rule->nodes[0], value);
}
