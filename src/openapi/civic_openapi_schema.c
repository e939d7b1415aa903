
/*
 * Copyright (C) Civic Gate
 *
 * Schemas of plugins in a document of all, and the ways of building JSON.
 * A reference is one only where a schema stands: the same word in an example
 * or a constant is data.
 */


#include "civic_openapi_build.h"


static ngx_int_t civic_openapi_keyword(civic_openapi_t *api, civic_json_t
    *copy, const ngx_str_t *name, const civic_json_t *json);
static civic_json_t *civic_openapi_named(civic_openapi_t *api, const
    civic_json_t *json);
static civic_json_t *civic_openapi_listed(civic_openapi_t *api, const
    civic_json_t *json);
static civic_json_t *civic_openapi_ref(civic_openapi_t *api, const
    civic_json_t *json);
static ngx_uint_t civic_openapi_among(const ngx_str_t *name, const char *const
    *words);


static const char *const  civic_openapi_maps[] = {
    "properties", "patternProperties", "$defs", NULL
};

static const char *const  civic_openapi_lists[] = {
    "allOf", "anyOf", "oneOf", "prefixItems", NULL
};

static const char *const  civic_openapi_inner[] = {
    "items", "additionalProperties", "propertyNames", "contains", "not",
    "if", "then", "else", NULL
};


/* a copy whose references lead to where the plugin's schemas are here */

civic_json_t *
civic_openapi_schema(civic_openapi_t *api, const civic_json_t *schema)
{
    void                *iter;
    ngx_str_t            name;
    civic_json_t        *copy;
    const civic_json_t  *json;

    if (civic_json_type(schema) != CIVIC_JSON_OBJECT) {
        return civic_json_copy(schema);
    }

    copy = civic_json_new(CIVIC_JSON_OBJECT);
    if (copy == NULL) {
        return NULL;
    }

    iter = NULL;

    while ((json = civic_json_next(schema, &iter, &name)) != NULL) {
        if (civic_openapi_keyword(api, copy, &name, json) != NGX_OK) {
            civic_json_free(copy);
            return NULL;
        }
    }

    return copy;
}


static ngx_int_t
civic_openapi_keyword(civic_openapi_t *api, civic_json_t *copy,
    const ngx_str_t *name, const civic_json_t *json)
{
    civic_json_t  *value;

    if (name->len == 4 && ngx_memcmp(name->data, "$ref", 4) == 0) {
        value = civic_openapi_ref(api, json);

    } else if (civic_openapi_among(name, civic_openapi_maps)) {
        value = civic_openapi_named(api, json);

    } else if (civic_openapi_among(name, civic_openapi_lists)) {
        value = civic_openapi_listed(api, json);

    } else if (civic_openapi_among(name, civic_openapi_inner)) {
        value = civic_openapi_schema(api, json);

    } else {
        value = civic_json_copy(json);
    }

    return value ? civic_json_set(copy, name, value) : NGX_ERROR;
}


static civic_json_t *
civic_openapi_named(civic_openapi_t *api, const civic_json_t *json)
{
    void                *iter;
    ngx_str_t            name;
    civic_json_t        *copy, *value;
    const civic_json_t  *schema;

    copy = civic_json_new(CIVIC_JSON_OBJECT);
    if (copy == NULL) {
        return NULL;
    }

    iter = NULL;

    while ((schema = civic_json_next(json, &iter, &name)) != NULL) {
        value = civic_openapi_schema(api, schema);

        if (value == NULL || civic_json_set(copy, &name, value) != NGX_OK) {
            civic_json_free(copy);
            return NULL;
        }
    }

    return copy;
}


static civic_json_t *
civic_openapi_listed(civic_openapi_t *api, const civic_json_t *json)
{
    ngx_uint_t     i;
    civic_json_t  *copy, *value;

    copy = civic_json_new(CIVIC_JSON_ARRAY);
    if (copy == NULL) {
        return NULL;
    }

    for (i = 0; i < civic_json_length(json); i++) {
        value = civic_openapi_schema(api, civic_json_element(json, i));

        if (value == NULL || civic_json_append(copy, value) != NGX_OK) {
            civic_json_free(copy);
            return NULL;
        }
    }

    return copy;
}


/* "#/schemas/X" becomes "#/components/schemas/health.booking.X" */

static civic_json_t *
civic_openapi_ref(civic_openapi_t *api, const civic_json_t *json)
{
    u_char      text[CIVIC_OPENAPI_LEN];
    ngx_str_t   ref, rest;

    if (civic_json_string(json, &ref) != NGX_OK
        || ref.len < sizeof("#/schemas/") - 1)
    {
        return NULL;
    }

    rest.data = ref.data + sizeof("#/schemas/") - 1;
    rest.len = ref.len - (sizeof("#/schemas/") - 1);

    ref.data = text;
    ref.len = ngx_snprintf(text, sizeof(text), "#/components/schemas/%s.%V",
                           api->prefix, &rest)
              - text;

    return civic_json_new_string(&ref);
}


static ngx_uint_t
civic_openapi_among(const ngx_str_t *name, const char *const *words)
{
    for ( /* void */ ; *words; words++) {
        if (ngx_strlen(*words) == name->len
            && ngx_memcmp(*words, name->data, name->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* NULL for an object or a value is the error of whoever made it */

ngx_int_t
civic_openapi_put(civic_json_t *object, const char *name,
    civic_json_t *value)
{
    ngx_str_t  key;

    if (object == NULL || value == NULL) {
        civic_json_free(value);
        return NGX_ERROR;
    }

    key.data = (u_char *) name;
    key.len = ngx_strlen(name);

    return civic_json_set(object, &key, value);
}


civic_json_t *
civic_openapi_object(civic_json_t *object, const char *name)
{
    civic_json_t  *value;

    value = civic_json_new(CIVIC_JSON_OBJECT);

    return (civic_openapi_put(object, name, value) == NGX_OK) ? value
                                                                 : NULL;
}


civic_json_t *
civic_openapi_array(civic_json_t *object, const char *name)
{
    civic_json_t  *value;

    value = civic_json_new(CIVIC_JSON_ARRAY);

    return (civic_openapi_put(object, name, value) == NGX_OK) ? value
                                                                 : NULL;
}


civic_json_t *
civic_openapi_item(civic_json_t *array)
{
    civic_json_t  *value;

    if (array == NULL) {
        return NULL;
    }

    value = civic_json_new(CIVIC_JSON_OBJECT);

    if (value == NULL || civic_json_append(array, value) != NGX_OK) {
        return NULL;
    }

    return value;
}


ngx_int_t
civic_openapi_text(civic_json_t *object, const char *name,
    const char *fmt, ...)
{
    u_char      text[CIVIC_OPENAPI_LEN];
    va_list     args;
    ngx_str_t   value;

    va_start(args, fmt);
    value.len = ngx_vslprintf(text, text + sizeof(text), fmt, args) - text;
    va_end(args);

    value.data = text;

    return civic_openapi_put(object, name, civic_json_new_string(&value));
}
