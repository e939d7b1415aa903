
/*
 * Copyright (C) Civic Gate
 *
 * The other half of the door to jansson: compares and builds what
 * civic_json.c reads.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <jansson.h>

#include "civic_json.h"


static ngx_uint_t civic_json_equal_numbers(const json_t *a, const json_t *b);
static ngx_uint_t civic_json_equal_objects(const json_t *a, const json_t *b);


const civic_json_t *
civic_json_named(const civic_json_t *json, const ngx_str_t *name)
{
    return json_object_getn(json, (char *) name->data, name->len);
}


ngx_int_t
civic_json_boolean(const civic_json_t *json, ngx_uint_t *value)
{
    if (!json_is_boolean(json)) {
        return NGX_DECLINED;
    }

    *value = json_is_true(json) ? 1 : 0;

    return NGX_OK;
}


/* as deep as the text was, which civic_json_parse() has bounded */

ngx_uint_t
civic_json_equal(const civic_json_t *a, const civic_json_t *b)
{
    size_t  i;

    if (a == b) {
        return 1;
    }

    if (json_is_number(a) && json_is_number(b)) {
        return civic_json_equal_numbers(a, b);
    }

    if (json_typeof(a) != json_typeof(b)) {
        return 0;
    }

    switch (json_typeof(a)) {

    case JSON_STRING:
        return json_string_length(a) == json_string_length(b)
               && ngx_memcmp(json_string_value(a), json_string_value(b),
                             json_string_length(a)) == 0;

    case JSON_ARRAY:
        if (json_array_size(a) != json_array_size(b)) {
            return 0;
        }

        for (i = 0; i < json_array_size(a); i++) {
            if (!civic_json_equal(json_array_get(a, i),
                                  json_array_get(b, i)))
            {
                return 0;
            }
        }

        return 1;

    case JSON_OBJECT:
        return civic_json_equal_objects(a, b);

    default:
        return 1;
    }
}


static ngx_uint_t
civic_json_equal_numbers(const json_t *a, const json_t *b)
{
    if (json_is_integer(a) && json_is_integer(b)) {
        return json_integer_value(a) == json_integer_value(b);
    }

    return json_number_value(a) == json_number_value(b);
}


static ngx_uint_t
civic_json_equal_objects(const json_t *a, const json_t *b)
{
    void          *iter;
    ngx_str_t      name;
    const json_t  *value, *other;

    if (json_object_size(a) != json_object_size(b)) {
        return 0;
    }

    iter = NULL;

    while ((value = civic_json_next(a, &iter, &name)) != NULL) {

        other = civic_json_named(b, &name);

        if (other == NULL || !civic_json_equal(value, other)) {
            return 0;
        }
    }

    return 1;
}


civic_json_t *
civic_json_new(civic_json_type_e array_or_object)
{
    return (array_or_object == CIVIC_JSON_ARRAY) ? json_array()
                                                 : json_object();
}


civic_json_t *
civic_json_new_string(const ngx_str_t *value)
{
    return json_stringn((char *) value->data, value->len);
}


civic_json_t *
civic_json_new_integer(int64_t value)
{
    return json_integer(value);
}


civic_json_t *
civic_json_new_real(double value)
{
    return json_real(value);
}


civic_json_t *
civic_json_new_boolean(ngx_uint_t value)
{
    return json_boolean(value);
}


civic_json_t *
civic_json_copy(const civic_json_t *json)
{
    return json_deep_copy(json);
}


ngx_int_t
civic_json_append(civic_json_t *array, civic_json_t *value)
{
    return json_array_append_new(array, value) == 0 ? NGX_OK : NGX_ERROR;
}


ngx_int_t
civic_json_set(civic_json_t *object, const ngx_str_t *name,
    civic_json_t *value)
{
    return json_object_setn_new(object, (char *) name->data, name->len,
                                value) == 0 ? NGX_OK : NGX_ERROR;
}
