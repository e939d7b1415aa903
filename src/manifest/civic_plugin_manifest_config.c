
/*
 * Copyright (C) Civic Gate
 *
 * A plugin's settings: which there are, says the manifest's "config"; what
 * they are, config.json.  A setting without a default must be set.
 */


#include "civic_plugin_manifest_read.h"


#define CIVIC_PLUGIN_MAX_SETTINGS  128


static void civic_plugin_config_setting(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at);
static civic_json_t *civic_plugin_config_schema(const civic_json_t *config);
static ngx_int_t civic_plugin_config_put(civic_json_t *object,
    const char *name, civic_json_t *value);
static void civic_plugin_config_cleanup(void *data);
static ngx_int_t civic_plugin_config_fill(const civic_json_t *config,
    civic_json_t *settings, civic_plugin_errors_t *errors);


void
civic_plugin_read_config(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    void                  *iter;
    ngx_uint_t             before;
    civic_json_t          *json;
    civic_plugin_at_t      inner;
    ngx_pool_cleanup_t    *cln;
    civic_schema_error_t   err;

    if (civic_plugin_object(reader, at, CIVIC_PLUGIN_MAX_SETTINGS)
        != NGX_OK)
    {
        return;
    }

    before = reader->errors->list.nelts;
    iter = NULL;

    while (civic_plugin_next(at, &iter, &inner)) {
        civic_plugin_config_setting(reader, &inner);
    }

    if (reader->errors->list.nelts > before) {
        return;
    }

    cln = ngx_pool_cleanup_add(reader->pool, 0);
    json = civic_plugin_config_schema(at->json);

    if (cln == NULL || json == NULL) {
        civic_json_free(json);
        civic_plugin_wrong(reader, at, "no memory");
        return;
    }

    cln->handler = civic_plugin_config_cleanup;
    cln->data = json;

    reader->manifest->config = civic_schema_compile(json,
                                                    reader->manifest->json,
                                                    reader->pool, &err);
    if (reader->manifest->config == NULL) {
        civic_plugin_wrong(reader, at, "%s", err.message);
    }
}


static void
civic_plugin_config_setting(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at)
{
    civic_schema_t        *schema;
    const civic_json_t    *value;
    civic_schema_error_t   err;

    if (!civic_plugin_is_word(&at->name)
        || ngx_strlchr(at->name.data, at->name.data + at->name.len, '-'))
    {
        civic_plugin_wrong(reader, at, "a setting's name is made of letters, "
                           "digits and \"_\", a letter first");
    }

    schema = civic_plugin_schema(reader, at);
    value = civic_json_member(at->json, "default");

    if (schema && value && civic_schema_check(schema, value, &err) != NGX_OK)
    {
        civic_plugin_wrong(reader, at, "the default does not fit: %s%s%s",
                           err.pointer, err.pointer[0] ? " " : "",
                           err.message);
    }
}


static void
civic_plugin_config_cleanup(void *data)
{
    civic_json_free(data);
}


/* { "type": "object", "properties": ..., "additionalProperties": false } */

static civic_json_t *
civic_plugin_config_schema(const civic_json_t *config)
{
    ngx_str_t      object;
    civic_json_t  *schema;

    ngx_str_set(&object, "object");

    schema = civic_json_new(CIVIC_JSON_OBJECT);

    if (schema == NULL
        || civic_plugin_config_put(schema, "type",
                                   civic_json_new_string(&object))
           != NGX_OK
        || civic_plugin_config_put(schema, "properties",
                                   civic_json_copy(config))
           != NGX_OK
        || civic_plugin_config_put(schema, "additionalProperties",
                                   civic_json_new_boolean(0))
           != NGX_OK)
    {
        civic_json_free(schema);
        return NULL;
    }

    return schema;
}


static ngx_int_t
civic_plugin_config_put(civic_json_t *object, const char *name,
    civic_json_t *value)
{
    ngx_str_t  key;

    key.data = (u_char *) name;
    key.len = ngx_strlen(name);

    return value ? civic_json_set(object, &key, value) : NGX_ERROR;
}


ngx_int_t
civic_plugin_manifest_config(const civic_plugin_manifest_t *manifest,
    const ngx_str_t *text, ngx_pool_t *pool, civic_value_t *config,
    civic_plugin_errors_t *errors)
{
    char                   err[256];
    ngx_int_t              rc;
    ngx_str_t              empty;
    ngx_uint_t             before;
    civic_json_t          *settings;
    civic_schema_error_t   wrong;

    ngx_str_set(&empty, "{}");

    before = errors->list.nelts;

    settings = civic_json_parse(text ? text : &empty,
                                CIVIC_PLUGIN_MANIFEST_MAX, err, sizeof(err));
    if (settings == NULL) {
        civic_plugin_errors_add(errors, "config.json: %s", err);
        return NGX_ERROR;
    }

    if (civic_json_type(settings) != CIVIC_JSON_OBJECT) {
        civic_plugin_errors_add(errors, "config.json: must be an object");

    } else if (manifest->config == NULL) {

        if (civic_json_length(settings)) {
            civic_plugin_errors_add(errors, "config.json: the manifest has "
                                    "no \"config\"");
        }

    } else if (civic_plugin_config_fill(civic_json_member(manifest->json,
                                                          "config"),
                                        settings, errors)
               != NGX_OK)
    {
        civic_plugin_errors_add(errors, "config.json: no memory");

    } else if (civic_schema_check(manifest->config, settings, &wrong)
               != NGX_OK)
    {
        civic_plugin_errors_add(errors, "config.json%s: %s", wrong.pointer,
                                wrong.message);
    }

    if (errors->list.nelts > before) {
        rc = NGX_ERROR;

    } else {
        rc = civic_value_from_json(config, pool, settings);

        if (rc != NGX_OK) {
            civic_plugin_errors_add(errors, "config.json: no memory");
            rc = NGX_ERROR;
        }
    }

    civic_json_free(settings);

    return rc;
}


static ngx_int_t
civic_plugin_config_fill(const civic_json_t *config, civic_json_t *settings,
    civic_plugin_errors_t *errors)
{
    void                *iter;
    ngx_str_t            name;
    civic_json_t        *copy;
    const civic_json_t  *setting, *value;

    iter = NULL;

    while ((setting = civic_json_next(config, &iter, &name)) != NULL) {

        if (civic_json_named(settings, &name)) {
            continue;
        }

        value = civic_json_member(setting, "default");

        if (value == NULL) {
            civic_plugin_errors_add(errors, "config.json: \"%V\" is "
                                    "missing, and has no default", &name);
            continue;
        }

        copy = civic_json_copy(value);

        if (copy == NULL || civic_json_set(settings, &name, copy) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}
