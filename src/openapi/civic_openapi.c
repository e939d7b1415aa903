
/*
 * Copyright (C) Civic Gate
 *
 * Renders manifests as one OpenAPI document, from the top down: each object
 * is put into its parent first, so that freeing the root frees all.
 *
 * Where two patterns become one template ("/a/{id:[0-9]+}" and "/a/{id}"),
 * or a method has no name in OpenAPI, the operation stands in the path's
 * list "x-civic-more".
 */


#include "civic_openapi_build.h"
#include "civic_route_methods.h"


static ngx_int_t civic_openapi_begin(civic_openapi_t *api, civic_json_t *root,
    const ngx_array_t *issuers);
static ngx_int_t civic_openapi_problem(civic_openapi_t *api);
static ngx_int_t civic_openapi_plugin(civic_openapi_t *api, civic_json_t
    *tags);
static ngx_int_t civic_openapi_problems(civic_openapi_t *api);
static ngx_int_t civic_openapi_route(civic_openapi_t *api, const
    civic_plugin_route_spec_t *spec);
static civic_json_t *civic_openapi_operation(civic_json_t *path, const char
    *method);
static void civic_openapi_template(const civic_route_pattern_t *pattern,
    u_char *buf, ngx_str_t *text);


/* verbs of OpenAPI; `any` is shown as those that services answer */

static const struct {
    const char  *name;
    uint32_t     method;
    ngx_uint_t   any;
} civic_openapi_verbs[] = {
    { "get",     NGX_HTTP_GET,     1 },
    { "put",     NGX_HTTP_PUT,     1 },
    { "post",    NGX_HTTP_POST,    1 },
    { "delete",  NGX_HTTP_DELETE,  1 },
    { "options", NGX_HTTP_OPTIONS, 0 },
    { "head",    NGX_HTTP_HEAD,    0 },
    { "patch",   NGX_HTTP_PATCH,   1 },
    { NULL,      0,                0 }
};


ngx_int_t
civic_openapi(const civic_openapi_plugin_t *plugins,
    ngx_uint_t n, const ngx_array_t *issuers, ngx_pool_t *pool,
    ngx_str_t *text)
{
    ngx_int_t            rc;
    ngx_uint_t           i;
    civic_json_t        *root, *tags;
    civic_openapi_t   api;

    root = civic_json_new(CIVIC_JSON_OBJECT);
    if (root == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(&api, sizeof(civic_openapi_t));
    api.pool = pool;

    rc = civic_openapi_begin(&api, root, issuers);
    tags = civic_openapi_array(root, "tags");

    if (tags == NULL) {
        rc = NGX_ERROR;
    }

    for (i = 0; i < n && rc == NGX_OK; i++) {
        api.plugin = &plugins[i];
        rc = civic_openapi_plugin(&api, tags);
    }

    if (rc == NGX_OK) {
        rc = civic_json_text(root, pool, text);
    }

    civic_json_free(root);

    return rc;
}


static ngx_int_t
civic_openapi_begin(civic_openapi_t *api, civic_json_t *root,
    const ngx_array_t *issuers)
{
    ngx_str_t     *issuer;
    ngx_uint_t     i;
    civic_json_t  *info, *components, *scheme;

    if (civic_openapi_text(root, "openapi", "3.1.0") != NGX_OK) {
        return NGX_ERROR;
    }

    info = civic_openapi_object(root, "info");
    api->paths = civic_openapi_object(root, "paths");
    components = civic_openapi_object(root, "components");
    api->schemas = civic_openapi_object(components, "schemas");
    api->responses = civic_openapi_object(components, "responses");
    api->security = civic_openapi_object(components, "securitySchemes");

    if (info == NULL || api->paths == NULL || components == NULL
        || api->schemas == NULL || api->responses == NULL
        || api->security == NULL
        || civic_openapi_text(info, "title", "Civic Gate") != NGX_OK
        || civic_openapi_text(info, "version", "1.0.0") != NGX_OK)
    {
        return NGX_ERROR;
    }

    issuer = issuers->elts;

    for (i = 0; i < issuers->nelts; i++) {

        scheme = civic_json_new(CIVIC_JSON_OBJECT);

        if (scheme == NULL
            || civic_json_set(api->security, &issuer[i], scheme) != NGX_OK
            || civic_openapi_text(scheme, "type", "http") != NGX_OK
            || civic_openapi_text(scheme, "scheme", "bearer") != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return civic_openapi_problem(api);
}


/* RFC 9457, as the gate writes it */

static ngx_int_t
civic_openapi_problem(civic_openapi_t *api)
{
    ngx_uint_t     i;
    civic_json_t  *problem, *members, *member, *response, *content;

    static const char *const  names[] = {
        "type", "title", "code", "trace_id", NULL
    };

    problem = civic_openapi_object(api->schemas, "Problem");
    members = civic_openapi_object(problem, "properties");
    member = civic_openapi_object(members, "status");

    if (problem == NULL || members == NULL || member == NULL
        || civic_openapi_text(problem, "type", "object") != NGX_OK
        || civic_openapi_text(member, "type", "integer") != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; names[i]; i++) {
        member = civic_openapi_object(members, names[i]);

        if (member == NULL
            || civic_openapi_text(member, "type", "string") != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    response = civic_openapi_object(api->responses, "Problem");
    content = civic_openapi_object(response, "content");
    content = civic_openapi_object(content, "application/problem+json");
    content = civic_openapi_object(content, "schema");

    if (response == NULL || content == NULL
        || civic_openapi_text(response, "description",
                                 "A problem (RFC 9457)")
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return civic_openapi_text(content, "$ref",
                                 "#/components/schemas/Problem");
}


static ngx_int_t
civic_openapi_plugin(civic_openapi_t *api, civic_json_t *tags)
{
    u_char                          *p;
    void                            *iter;
    ngx_str_t                        name;
    ngx_uint_t                       i;
    civic_json_t                    *tag;
    const civic_json_t              *json;
    civic_plugin_route_spec_t       *spec;
    const civic_plugin_manifest_t   *manifest;

    manifest = api->plugin->manifest;

    p = ngx_snprintf(api->prefix, sizeof(api->prefix) - 1, "%V",
                     &api->plugin->name);
    *p = '\0';

    for (p = api->prefix; *p; p++) {
        if (*p == '/') {
            *p = '.';
        }
    }

    tag = civic_openapi_item(tags);

    if (tag == NULL
        || civic_openapi_text(tag, "name", "%V", &api->plugin->name)
           != NGX_OK
        || civic_openapi_text(tag, "description", "%V / %V",
                                 &manifest->title.zh, &manifest->title.en)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    iter = NULL;
    json = civic_json_member(manifest->json, "schemas");

    while (json && (json = civic_json_next(civic_json_member(manifest->json,
                                                             "schemas"),
                                           &iter, &name)) != NULL)
    {
        u_char  key[256];

        (void) ngx_snprintf(key, sizeof(key), "%s.%V%Z", api->prefix, &name);

        if (civic_openapi_put(api->schemas, (char *) key,
                                 civic_openapi_schema(api, json))
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (civic_openapi_problems(api) != NGX_OK) {
        return NGX_ERROR;
    }

    spec = manifest->routes.elts;

    for (i = 0; i < manifest->routes.nelts; i++) {
        if (!spec[i].plugins
            && civic_openapi_route(api, &spec[i]) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* one response for each status that the plugin's problems have */

static ngx_int_t
civic_openapi_problems(civic_openapi_t *api)
{
    u_char                  *p, *last, key[256], text[CIVIC_OPENAPI_LEN];
    ngx_uint_t               i, k, n;
    civic_json_t            *response, *content;
    civic_plugin_problem_t  *problem;

    problem = api->plugin->manifest->problems.elts;
    n = api->plugin->manifest->problems.nelts;
    last = text + sizeof(text) - 1;

    for (i = 0; i < n; i++) {

        (void) ngx_snprintf(key, sizeof(key), "%s.%ui%Z", api->prefix,
                            problem[i].status);

        if (civic_json_member(api->responses, (char *) key)) {
            continue;
        }

        p = text;

        for (k = i; k < n; k++) {

            /* whole sentences only: a cut one might end in half a letter */

            if (problem[k].status == problem[i].status
                && problem[k].code.len + problem[k].title.zh.len
                   + problem[k].title.en.len + 16 < (size_t) (last - p))
            {
                p = ngx_slprintf(p, last, "%s%V: %V / %V",
                                 (p == text) ? "" : "; ", &problem[k].code,
                                 &problem[k].title.zh, &problem[k].title.en);
            }
        }

        *p = '\0';

        response = civic_openapi_object(api->responses, (char *) key);
        content = civic_openapi_object(response, "content");
        content = civic_openapi_object(content,
                                          "application/problem+json");
        content = civic_openapi_object(content, "schema");

        if (content == NULL
            || civic_openapi_text(response, "description", "%s", text)
               != NGX_OK
            || civic_openapi_text(content, "$ref",
                                     "#/components/schemas/Problem")
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_openapi_route(civic_openapi_t *api,
    const civic_plugin_route_spec_t *spec)
{
    u_char                  template[CIVIC_ROUTE_PATTERN_LEN];
    ngx_str_t               text, err;
    ngx_uint_t              i, any, shown;
    civic_json_t           *path, *operation;
    civic_route_pattern_t   pattern;

    if (civic_route_pattern_parse(&pattern, api->pool, &spec->pattern, NULL,
                                  &err)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    civic_openapi_template(&pattern, template, &text);

    path = (civic_json_t *) civic_json_named(api->paths, &text);

    if (path == NULL) {
        path = civic_json_new(CIVIC_JSON_OBJECT);

        if (path == NULL
            || civic_json_set(api->paths, &text, path) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    any = (spec->methods == CIVIC_ROUTE_METHODS_ANY);
    shown = 0;

    for (i = 0; civic_openapi_verbs[i].name; i++) {

        if (any ? !civic_openapi_verbs[i].any
                : !(spec->methods & civic_openapi_verbs[i].method))
        {
            continue;
        }

        operation = civic_openapi_operation(path,
                                               civic_openapi_verbs[i]
                                               .name);
        shown = 1;

        if (operation == NULL
            || civic_openapi_describe(api, operation, spec, &pattern)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (shown) {
        return NGX_OK;
    }

    operation = civic_openapi_operation(path, NULL);

    return operation ? civic_openapi_describe(api, operation, spec,
                                                 &pattern)
                     : NGX_ERROR;
}


/* where the operation goes, empty */

static civic_json_t *
civic_openapi_operation(civic_json_t *path, const char *method)
{
    civic_json_t  *more;

    if (method && civic_json_member(path, method) == NULL) {
        return civic_openapi_object(path, method);
    }

    more = (civic_json_t *) civic_json_member(path, "x-civic-more");

    if (more == NULL) {
        more = civic_openapi_array(path, "x-civic-more");
    }

    return civic_openapi_item(more);
}


/* never longer than the pattern */

static void
civic_openapi_template(const civic_route_pattern_t *pattern, u_char *buf,
    ngx_str_t *text)
{
    u_char                     *p;
    ngx_uint_t                  i, k;
    const civic_route_piece_t  *piece;
    const civic_route_token_t  *token;

    p = buf;

    for (i = 0; i < pattern->npieces; i++) {
        piece = &pattern->pieces[i];

        if (piece->type == CIVIC_ROUTE_LITERAL) {
            p = ngx_cpymem(p, piece->text.data, piece->text.len);
            continue;
        }

        for (k = 0; k < piece->ntokens; k++) {
            token = &piece->tokens[k];

            if (token->name.len == 0) {
                p = ngx_cpymem(p, token->text.data, token->text.len);
                continue;
            }

            *p++ = '{';
            p = ngx_cpymem(p, token->name.data, token->name.len);
            *p++ = '}';
        }
    }

    text->data = buf;
    text->len = p - buf;
}
