
/*
 * Copyright (C) Civic Gate
 *
 * The rules, one for each keyword that asserts something.
 */


#ifndef _CIVIC_SCHEMA_RULES_H_INCLUDED_
#define _CIVIC_SCHEMA_RULES_H_INCLUDED_


#include "civic_schema_check.h"


#define CIVIC_SCHEMA_RULE(name)                                               \
    ngx_int_t civic_schema_rule_##name(civic_schema_check_t *check,           \
        const civic_schema_rule_t *rule, const civic_json_t *value)


/* civic_schema_scalar.c */

CIVIC_SCHEMA_RULE(type);
CIVIC_SCHEMA_RULE(enum);
CIVIC_SCHEMA_RULE(const);
CIVIC_SCHEMA_RULE(minimum);
CIVIC_SCHEMA_RULE(maximum);
CIVIC_SCHEMA_RULE(exclusive_minimum);
CIVIC_SCHEMA_RULE(exclusive_maximum);
CIVIC_SCHEMA_RULE(multiple_of);
CIVIC_SCHEMA_RULE(min_length);
CIVIC_SCHEMA_RULE(max_length);
CIVIC_SCHEMA_RULE(pattern);
CIVIC_SCHEMA_RULE(format);

/* civic_schema_array.c */

CIVIC_SCHEMA_RULE(items);
CIVIC_SCHEMA_RULE(prefix_items);
CIVIC_SCHEMA_RULE(contains);
CIVIC_SCHEMA_RULE(min_items);
CIVIC_SCHEMA_RULE(max_items);
CIVIC_SCHEMA_RULE(unique_items);

/* civic_schema_object.c */

CIVIC_SCHEMA_RULE(properties);
CIVIC_SCHEMA_RULE(required);
CIVIC_SCHEMA_RULE(additional);
CIVIC_SCHEMA_RULE(patterns);
CIVIC_SCHEMA_RULE(property_names);
CIVIC_SCHEMA_RULE(min_properties);
CIVIC_SCHEMA_RULE(max_properties);
CIVIC_SCHEMA_RULE(dependent);

/* civic_schema_logic.c */

CIVIC_SCHEMA_RULE(all_of);
CIVIC_SCHEMA_RULE(any_of);
CIVIC_SCHEMA_RULE(one_of);
CIVIC_SCHEMA_RULE(not);
CIVIC_SCHEMA_RULE(if);
CIVIC_SCHEMA_RULE(ref);


/* how a value's type reads in a sentence: "an integer" */

const char *civic_schema_type_name(const civic_json_t *value);


#endif /* _CIVIC_SCHEMA_RULES_H_INCLUDED_ */
