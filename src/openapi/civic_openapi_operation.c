
/*
 * Copyright (C) Civic Gate
 *
 * One route as an operation: who may call it, what it takes, how it answers.
 */


#include "civic_openapi_build.h"


#define CIVIC_OPENAPI_ALTERNATIVES  16


static ngx_int_t civic_openapi_names(civic_openapi_t *api, civic_json_t
    *operation, const civic_plugin_route_spec_t *spec);
static ngx_int_t civic_openapi_security(civic_openapi_t *api, civic_json_t
    *operation, const civic_plugin_route_spec_t *spec);
static ngx_int_t civic_openapi_alternatives(civic_json_t *list, const
    ngx_str_t *issuer, const ngx_array_t *lines);
static ngx_int_t civic_openapi_require(civic_json_t *operation,
    const civic_plugin_route_spec_t *spec);
static ngx_int_t civic_openapi_parameters(civic_openapi_t *api, civic_json_t
    *operation, const civic_plugin_route_spec_t *spec, const
    civic_route_pattern_t *pattern);
static ngx_int_t civic_openapi_path_parameter(civic_json_t *parameters, const
    civic_route_token_t *token);
static ngx_int_t civic_openapi_query(civic_openapi_t *api, civic_json_t
    *parameters, const civic_json_t *query);
static ngx_int_t civic_openapi_body(civic_openapi_t *api, civic_json_t
    *operation, const civic_plugin_route_spec_t *spec);
static ngx_int_t civic_openapi_answers(civic_openapi_t *api, civic_json_t
    *operation);


ngx_int_t
civic_openapi_describe(civic_openapi_t *api, civic_json_t *operation,
    const civic_plugin_route_spec_t *spec,
    const civic_route_pattern_t *pattern)
{
    if (civic_openapi_names(api, operation, spec) != NGX_OK
        || civic_openapi_security(api, operation, spec) != NGX_OK
        || civic_openapi_require(operation, spec) != NGX_OK
        || civic_openapi_parameters(api, operation, spec, pattern)
           != NGX_OK
        || civic_openapi_body(api, operation, spec) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return civic_openapi_answers(api, operation);
}


static ngx_int_t
civic_openapi_names(civic_openapi_t *api, civic_json_t *operation,
    const civic_plugin_route_spec_t *spec)
{
    ngx_str_t            zh, en;
    civic_json_t        *tags, *tag;
    const civic_json_t  *title;

    title = civic_json_member(civic_json_named(
                                  civic_json_member(
                                      api->plugin->manifest->json, "routes"),
                                  &spec->key),
                              "title");

    zh = spec->run;
    en = spec->run;
    (void) civic_json_string(civic_json_member(title, "zh"), &zh);
    (void) civic_json_string(civic_json_member(title, "en"), &en);

    tags = civic_openapi_array(operation, "tags");
    tag = civic_json_new_string(&api->plugin->name);

    if (tags == NULL || tag == NULL
        || civic_json_append(tags, tag) != NGX_OK
        || civic_openapi_text(operation, "x-civic-route", "%V",
                                 &spec->key)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (title == NULL) {
        return civic_openapi_text(operation, "summary", "%V", &spec->run);
    }

    return civic_openapi_text(operation, "summary", "%V / %V", &zh, &en);
}


/* alternatives: of issuers, and of the scopes that one line lists */

static ngx_int_t
civic_openapi_security(civic_openapi_t *api, civic_json_t *operation,
    const civic_plugin_route_spec_t *spec)
{
    ngx_str_t     *issuer;
    ngx_uint_t     i;
    civic_json_t  *list;

    list = civic_openapi_array(operation, "security");

    if (list == NULL) {
        return NGX_ERROR;
    }

    if (spec->optional && civic_openapi_item(list) == NULL) {
        return NGX_ERROR;
    }

    issuer = spec->auth.elts;

    for (i = 0; i < spec->auth.nelts; i++) {
        if (civic_openapi_alternatives(list, &issuer[i], &spec->scopes)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* each combination of one scope of each line */

static ngx_int_t
civic_openapi_alternatives(civic_json_t *list, const ngx_str_t *issuer,
    const ngx_array_t *lines)
{
    ngx_str_t      *scope;
    ngx_uint_t      i, k, n, all, rest;
    ngx_array_t   **line;
    civic_json_t   *item, *scopes, *text;

    line = lines->elts;
    all = 1;

    for (i = 0; i < lines->nelts; i++) {
        all *= line[i]->nelts;

        if (all > CIVIC_OPENAPI_ALTERNATIVES) {
            break;
        }
    }

    n = (all > CIVIC_OPENAPI_ALTERNATIVES) ? 1 : all;

    for (k = 0; k < n; k++) {

        item = civic_openapi_item(list);
        scopes = civic_json_new(CIVIC_JSON_ARRAY);

        if (item == NULL || scopes == NULL
            || civic_openapi_party(item, issuer, scopes) != NGX_OK)
        {
            return NGX_ERROR;
        }

        rest = k;

        for (i = 0; n == all && i < lines->nelts; i++) {
            scope = line[i]->elts;
            text = civic_json_new_string(&scope[rest % line[i]->nelts]);
            rest /= line[i]->nelts;

            if (text == NULL || civic_json_append(scopes, text) != NGX_OK) {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


/* OpenAPI has no words for the rest: all lines, as written */

static ngx_int_t
civic_openapi_require(civic_json_t *operation,
    const civic_plugin_route_spec_t *spec)
{
    ngx_str_t     *line;
    ngx_uint_t     i;
    civic_json_t  *list, *text;

    if (spec->require.nelts == spec->scopes.nelts) {
        return NGX_OK;
    }

    list = civic_openapi_array(operation, "x-civic-require");
    line = spec->require.elts;

    for (i = 0; list && i < spec->require.nelts; i++) {
        text = civic_json_new_string(&line[i]);

        if (text == NULL || civic_json_append(list, text) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return list ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
civic_openapi_parameters(civic_openapi_t *api, civic_json_t *operation,
    const civic_plugin_route_spec_t *spec,
    const civic_route_pattern_t *pattern)
{
    ngx_uint_t     i;
    civic_json_t  *parameters, *once, *schema;

    if (pattern->nparams == 0 && spec->query_json == NULL && !spec->once) {
        return NGX_OK;
    }

    parameters = civic_openapi_array(operation, "parameters");

    if (parameters == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < pattern->ntokens; i++) {
        if (pattern->tokens[i].name.len
            && civic_openapi_path_parameter(parameters,
                                               &pattern->tokens[i])
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (spec->query_json
        && civic_openapi_query(api, parameters, spec->query_json)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (!spec->once) {
        return NGX_OK;
    }

    once = civic_openapi_item(parameters);
    schema = civic_openapi_object(once, "schema");

    if (schema == NULL
        || civic_openapi_text(once, "name", "Idempotency-Key") != NGX_OK
        || civic_openapi_text(once, "in", "header") != NGX_OK)
    {
        return NGX_ERROR;
    }

    return civic_openapi_text(schema, "type", "string");
}


static ngx_int_t
civic_openapi_path_parameter(civic_json_t *parameters,
    const civic_route_token_t *token)
{
    civic_json_t  *parameter, *schema;

    parameter = civic_openapi_item(parameters);
    schema = civic_openapi_object(parameter, "schema");

    if (schema == NULL
        || civic_openapi_text(parameter, "name", "%V", &token->name)
           != NGX_OK
        || civic_openapi_text(parameter, "in", "path") != NGX_OK
        || civic_openapi_put(parameter, "required",
                                civic_json_new_boolean(1))
           != NGX_OK
        || civic_openapi_text(schema, "type", "string") != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (token->tail) {
        return civic_openapi_text(parameter, "description", "The rest of "
                                     "the path, with its slashes");
    }

    if (token->text.len) {
        return civic_openapi_text(schema, "pattern", "^(?:%V)$",
                                     &token->text);
    }

    return NGX_OK;
}


static ngx_int_t
civic_openapi_query(civic_openapi_t *api, civic_json_t *parameters,
    const civic_json_t *query)
{
    void                *iter;
    ngx_str_t            name, word;
    ngx_uint_t           i, n, required;
    civic_json_t        *parameter;
    const civic_json_t  *schema, *list;

    iter = NULL;
    list = civic_json_member(query, "required");
    n = civic_json_length(list);

    while ((schema = civic_json_next(civic_json_member(query, "properties"),
                                     &iter, &name)) != NULL)
    {
        required = 0;

        for (i = 0; i < n; i++) {
            (void) civic_json_string(civic_json_element(list, i), &word);

            required |= (word.len == name.len
                         && ngx_memcmp(word.data, name.data, word.len) == 0);
        }

        parameter = civic_openapi_item(parameters);

        if (parameter == NULL
            || civic_openapi_put(parameter, "name",
                                    civic_json_new_string(&name))
               != NGX_OK
            || civic_openapi_text(parameter, "in", "query") != NGX_OK
            || civic_openapi_put(parameter, "required",
                                    civic_json_new_boolean(required))
               != NGX_OK
            || civic_openapi_put(parameter, "schema",
                                    civic_openapi_schema(api, schema))
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_openapi_body(civic_openapi_t *api, civic_json_t *operation,
    const civic_plugin_route_spec_t *spec)
{
    civic_json_t        *body, *content, *type;
    const civic_json_t  *schema;

    if (spec->body == NULL && !spec->raw) {
        return NGX_OK;
    }

    body = civic_openapi_object(operation, "requestBody");
    content = civic_openapi_object(body, "content");
    type = civic_openapi_object(content, spec->raw ? "*/*"
                                                      : "application/json");
    if (type == NULL) {
        return NGX_ERROR;
    }

    if (spec->raw) {
        return NGX_OK;
    }

    schema = civic_json_member(civic_json_named(
                                   civic_json_member(
                                       api->plugin->manifest->json,
                                       "routes"),
                                   &spec->key),
                               "body");

    if (civic_openapi_put(body, "required", civic_json_new_boolean(1))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return civic_openapi_put(type, "schema",
                                civic_openapi_schema(api, schema));
}


static ngx_int_t
civic_openapi_answers(civic_openapi_t *api, civic_json_t *operation)
{
    u_char                   status[NGX_INT_T_LEN];
    ngx_uint_t               i, n;
    civic_json_t            *answers, *answer;
    civic_plugin_problem_t  *problem;

    answers = civic_openapi_object(operation, "responses");
    answer = civic_openapi_object(answers, "2XX");

    if (answer == NULL
        || civic_openapi_text(answer, "description", "The answer")
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    answer = civic_openapi_object(answers, "default");

    if (answer == NULL
        || civic_openapi_text(answer, "$ref",
                                 "#/components/responses/Problem")
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    problem = api->plugin->manifest->problems.elts;
    n = api->plugin->manifest->problems.nelts;

    for (i = 0; i < n; i++) {

        (void) ngx_sprintf(status, "%ui%Z", problem[i].status);

        if (civic_json_member(answers, (char *) status)) {
            continue;
        }

        answer = civic_openapi_object(answers, (char *) status);

        if (answer == NULL
            || civic_openapi_text(answer, "$ref",
                                     "#/components/responses/%s.%s",
                                     api->prefix, status)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}
