
/*
 * Copyright (C) Civic Gate
 *
 * All keywords that schemas may use.  What is not in this table is an
 * error; docs/plugins/schema.md lists the same words.
 */


#include "civic_schema_rules.h"


#define CIVIC_SCHEMA_NUMBERS  (1 << CIVIC_JSON_INTEGER | 1 << CIVIC_JSON_REAL)
#define CIVIC_SCHEMA_STRINGS  (1 << CIVIC_JSON_STRING)
#define CIVIC_SCHEMA_ARRAYS   (1 << CIVIC_JSON_ARRAY)
#define CIVIC_SCHEMA_OBJECTS  (1 << CIVIC_JSON_OBJECT)
#define CIVIC_SCHEMA_EVERY    ((1 << (CIVIC_JSON_OBJECT + 1)) - 1)


static const civic_schema_keyword_t  civic_schema_keywords[] = {

    { "type", CIVIC_SCHEMA_TYPES, CIVIC_SCHEMA_EVERY,
      civic_schema_rule_type },
    { "enum", CIVIC_SCHEMA_LIST, CIVIC_SCHEMA_EVERY,
      civic_schema_rule_enum },
    { "const", CIVIC_SCHEMA_ANY, CIVIC_SCHEMA_EVERY,
      civic_schema_rule_const },

    { "properties", CIVIC_SCHEMA_NAMED, CIVIC_SCHEMA_OBJECTS,
      civic_schema_rule_properties },
    { "required", CIVIC_SCHEMA_NAMES, CIVIC_SCHEMA_OBJECTS,
      civic_schema_rule_required },
    { "additionalProperties", CIVIC_SCHEMA_ONE, CIVIC_SCHEMA_OBJECTS,
      civic_schema_rule_additional },
    { "patternProperties", CIVIC_SCHEMA_PATTERNED, CIVIC_SCHEMA_OBJECTS,
      civic_schema_rule_patterns },
    { "propertyNames", CIVIC_SCHEMA_ONE, CIVIC_SCHEMA_OBJECTS,
      civic_schema_rule_property_names },
    { "minProperties", CIVIC_SCHEMA_COUNT, CIVIC_SCHEMA_OBJECTS,
      civic_schema_rule_min_properties },
    { "maxProperties", CIVIC_SCHEMA_COUNT, CIVIC_SCHEMA_OBJECTS,
      civic_schema_rule_max_properties },
    { "dependentRequired", CIVIC_SCHEMA_NAME_LISTS, CIVIC_SCHEMA_OBJECTS,
      civic_schema_rule_dependent },

    { "items", CIVIC_SCHEMA_ONE, CIVIC_SCHEMA_ARRAYS,
      civic_schema_rule_items },
    { "prefixItems", CIVIC_SCHEMA_SEVERAL, CIVIC_SCHEMA_ARRAYS,
      civic_schema_rule_prefix_items },
    { "contains", CIVIC_SCHEMA_ONE, CIVIC_SCHEMA_ARRAYS,
      civic_schema_rule_contains },
    { "minContains", CIVIC_SCHEMA_COUNT, 0, civic_schema_rule_contains },
    { "maxContains", CIVIC_SCHEMA_COUNT, 0, civic_schema_rule_contains },
    { "minItems", CIVIC_SCHEMA_COUNT, CIVIC_SCHEMA_ARRAYS,
      civic_schema_rule_min_items },
    { "maxItems", CIVIC_SCHEMA_COUNT, CIVIC_SCHEMA_ARRAYS,
      civic_schema_rule_max_items },
    { "uniqueItems", CIVIC_SCHEMA_FLAG, CIVIC_SCHEMA_ARRAYS,
      civic_schema_rule_unique_items },

    { "minimum", CIVIC_SCHEMA_NUMBER, CIVIC_SCHEMA_NUMBERS,
      civic_schema_rule_minimum },
    { "maximum", CIVIC_SCHEMA_NUMBER, CIVIC_SCHEMA_NUMBERS,
      civic_schema_rule_maximum },
    { "exclusiveMinimum", CIVIC_SCHEMA_NUMBER, CIVIC_SCHEMA_NUMBERS,
      civic_schema_rule_exclusive_minimum },
    { "exclusiveMaximum", CIVIC_SCHEMA_NUMBER, CIVIC_SCHEMA_NUMBERS,
      civic_schema_rule_exclusive_maximum },
    { "multipleOf", CIVIC_SCHEMA_POSITIVE, CIVIC_SCHEMA_NUMBERS,
      civic_schema_rule_multiple_of },

    { "minLength", CIVIC_SCHEMA_COUNT, CIVIC_SCHEMA_STRINGS,
      civic_schema_rule_min_length },
    { "maxLength", CIVIC_SCHEMA_COUNT, CIVIC_SCHEMA_STRINGS,
      civic_schema_rule_max_length },
    { "pattern", CIVIC_SCHEMA_PATTERN, CIVIC_SCHEMA_STRINGS,
      civic_schema_rule_pattern },
    { "format", CIVIC_SCHEMA_FORMAT, CIVIC_SCHEMA_STRINGS,
      civic_schema_rule_format },

    { "allOf", CIVIC_SCHEMA_SEVERAL, CIVIC_SCHEMA_EVERY,
      civic_schema_rule_all_of },
    { "anyOf", CIVIC_SCHEMA_SEVERAL, CIVIC_SCHEMA_EVERY,
      civic_schema_rule_any_of },
    { "oneOf", CIVIC_SCHEMA_SEVERAL, CIVIC_SCHEMA_EVERY,
      civic_schema_rule_one_of },
    { "not", CIVIC_SCHEMA_ONE, CIVIC_SCHEMA_EVERY, civic_schema_rule_not },
    { "if", CIVIC_SCHEMA_ONE, CIVIC_SCHEMA_EVERY, civic_schema_rule_if },
    { "then", CIVIC_SCHEMA_ONE, 0, civic_schema_rule_if },
    { "else", CIVIC_SCHEMA_ONE, 0, civic_schema_rule_if },
    { "$ref", CIVIC_SCHEMA_REF, CIVIC_SCHEMA_EVERY, civic_schema_rule_ref },

    { "$defs", CIVIC_SCHEMA_NAMED, 0, NULL },
    { "$schema", CIVIC_SCHEMA_DIALECT, 0, NULL },
    { "$comment", CIVIC_SCHEMA_TEXT, 0, NULL },
    { "title", CIVIC_SCHEMA_TEXT, 0, NULL },
    { "description", CIVIC_SCHEMA_TEXT, 0, NULL },
    { "default", CIVIC_SCHEMA_ANY, 0, NULL },
    { "examples", CIVIC_SCHEMA_LIST, 0, NULL },
    { "deprecated", CIVIC_SCHEMA_FLAG, 0, NULL },
    { "readOnly", CIVIC_SCHEMA_FLAG, 0, NULL },
    { "writeOnly", CIVIC_SCHEMA_FLAG, 0, NULL },

    { NULL, CIVIC_SCHEMA_ANY, 0, NULL }
};


const civic_schema_keyword_t *
civic_schema_keyword(const ngx_str_t *name)
{
    const civic_schema_keyword_t  *keyword;

    for (keyword = civic_schema_keywords; keyword->name; keyword++) {
        if (ngx_strncmp(keyword->name, name->data, name->len) == 0
            && keyword->name[name->len] == '\0')
        {
            return keyword;
        }
    }

    return NULL;
}
