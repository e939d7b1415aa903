
/*
 * Copyright (C) Civic Gate
 *
 * The routes of a manifest.  Where a route's path hangs, who may call it,
 * what it takes; and that no two of the plugin's routes take the same
 * requests, for which they are put into a table as the gate's are.
 */


#include "civic_plugin_manifest_read.h"


#define CIVIC_PLUGIN_MAX_ROUTES   256
#define CIVIC_PLUGIN_KEY_LEN      1024
#define CIVIC_PLUGIN_MAX_NAMES    8

#define CIVIC_PLUGIN_BODY         (1024 * 1024)
#define CIVIC_PLUGIN_MAX_BODY     (64 * 1024 * 1024)
#define CIVIC_PLUGIN_MAX_TIMEOUT  (60 * 60 * 1000)


static civic_plugin_route_spec_t *civic_plugin_route_create(
    civic_plugin_reader_t *reader, const civic_plugin_at_t *at);
static ngx_int_t civic_plugin_route_key(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, civic_plugin_route_spec_t *spec);
static ngx_int_t civic_plugin_route_pattern(civic_plugin_reader_t *reader,
    const ngx_str_t *path, ngx_str_t *pattern);
static void civic_plugin_route_add(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, civic_plugin_route_spec_t *spec);
static void civic_plugin_read_auth(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
static void civic_plugin_auth_sort(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, civic_plugin_route_spec_t *spec);
static void civic_plugin_read_require(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
static ngx_uint_t civic_plugin_is_requirement(const ngx_str_t *text);
static void civic_plugin_read_limit(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
static void civic_plugin_read_body(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
static void civic_plugin_read_query(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
static ngx_uint_t civic_plugin_is_scalar(const civic_json_t *schema);
static void civic_plugin_read_once(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
static void civic_plugin_read_timeout(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
static void civic_plugin_read_max_body(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
static void civic_plugin_read_route_run(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
static void civic_plugin_read_summary(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);


static const civic_plugin_field_t  civic_plugin_route_fields[] = {
    { "title", 0, civic_plugin_read_summary },
    { "auth", 1, civic_plugin_read_auth },
    { "require", 0, civic_plugin_read_require },
    { "limit", 0, civic_plugin_read_limit },
    { "body", 0, civic_plugin_read_body },
    { "query", 0, civic_plugin_read_query },
    { "once", 0, civic_plugin_read_once },
    { "timeout", 0, civic_plugin_read_timeout },
    { "max_body", 0, civic_plugin_read_max_body },
    { "run", 1, civic_plugin_read_route_run },
    { NULL, 0, NULL }
};


static const civic_plugin_field_t  civic_plugin_summary_fields[] = {
    { "zh", 1, civic_plugin_zh },
    { "en", 1, civic_plugin_en },
    { NULL, 0, NULL }
};


void
civic_plugin_read_routes(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    void                       *iter;
    ngx_str_t                   err;
    civic_plugin_at_t           inner;
    civic_plugin_route_spec_t  *spec;

    if (civic_plugin_object(reader, at, CIVIC_PLUGIN_MAX_ROUTES) != NGX_OK) {
        return;
    }

    if (civic_json_length(at->json)
        && civic_json_member(at->up->json, "prefix") == NULL)
    {
        civic_plugin_wrong(reader, at, "routes need a \"prefix\" to hang "
                           "below");
    }

    iter = NULL;

    while (civic_plugin_next(at, &iter, &inner)) {
        spec = civic_plugin_route_create(reader, &inner);

        if (spec == NULL) {
            return;
        }

        if (civic_plugin_route_key(reader, &inner, spec) == NGX_OK) {
            civic_plugin_route_add(reader, &inner, spec);
        }

        civic_plugin_fields(reader, &inner, civic_plugin_route_fields, spec);

        if (spec->require.nelts && (spec->pub || spec->plugins)) {
            civic_plugin_wrong(reader, &inner, "nothing can be required of "
                               "callers that show no token");
        }
    }

    if (civic_route_table_compile(reader->table, &err) != NGX_OK) {
        civic_plugin_wrong(reader, at, "%V", &err);
    }
}


static civic_plugin_route_spec_t *
civic_plugin_route_create(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at)
{
    size_t                      str;
    civic_plugin_route_spec_t  *spec;

    str = sizeof(ngx_str_t);

    spec = ngx_array_push(&reader->manifest->routes);
    if (spec == NULL) {
        civic_plugin_wrong(reader, at, "no memory");
        return NULL;
    }

    ngx_memzero(spec, sizeof(civic_plugin_route_spec_t));

    spec->key = at->name;
    spec->max_body = CIVIC_PLUGIN_BODY;

    if (ngx_array_init(&spec->auth, reader->pool, 1, str) != NGX_OK
        || ngx_array_init(&spec->require, reader->pool, 1, str) != NGX_OK
        || ngx_array_init(&spec->limit, reader->pool, 1, str) != NGX_OK)
    {
        civic_plugin_wrong(reader, at, "no memory");
        return NULL;
    }

    return spec;
}


/* "GET,POST /path" */

static ngx_int_t
civic_plugin_route_key(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, civic_plugin_route_spec_t *spec)
{
    u_char     *blank, *last;
    ngx_str_t   methods, name;

    last = at->name.data + at->name.len;
    blank = ngx_strlchr(at->name.data, last, ' ');

    if (blank == NULL || last - blank < 2 || blank[1] != '/'
        || at->name.len > CIVIC_PLUGIN_KEY_LEN)
    {
        civic_plugin_wrong(reader, at, "a route is \"METHOD /path\", like "
                           "\"GET /slots/{id}\"");
        return NGX_DECLINED;
    }

    methods.data = at->name.data;
    methods.len = blank - at->name.data;

    if (civic_route_methods_parse(&methods, &spec->methods, &name) != NGX_OK) {
        civic_plugin_wrong(reader, at, "unknown methods \"%V\"; write GET, "
                           "GET,POST or any", &methods);
        return NGX_DECLINED;
    }

    spec->path.data = blank + 1;
    spec->path.len = last - spec->path.data;

    if (civic_plugin_route_pattern(reader, &spec->path, &spec->pattern)
        != NGX_OK)
    {
        civic_plugin_wrong(reader, at, "no memory");
        return NGX_DECLINED;
    }

    return NGX_OK;
}


/* below the first prefix, unless the path begins with one of them */

static ngx_int_t
civic_plugin_route_pattern(civic_plugin_reader_t *reader,
    const ngx_str_t *path, ngx_str_t *pattern)
{
    u_char      *p;
    ngx_str_t   *prefix;
    ngx_uint_t   i;

    prefix = reader->manifest->prefixes.elts;

    for (i = 0; i < reader->manifest->prefixes.nelts; i++) {

        if (path->len >= prefix[i].len
            && ngx_memcmp(path->data, prefix[i].data, prefix[i].len) == 0
            && (path->len == prefix[i].len
                || path->data[prefix[i].len] == '/'))
        {
            *pattern = *path;
            return NGX_OK;
        }
    }

    if (i == 0) {
        *pattern = *path;
        return NGX_OK;
    }

    pattern->len = prefix[0].len + path->len;
    pattern->data = ngx_pnalloc(reader->pool, pattern->len);

    if (pattern->data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(pattern->data, prefix[0].data, prefix[0].len);
    ngx_memcpy(p, path->data, path->len);

    return NGX_OK;
}


/* what can never match is an error here: nobody would see a warning */

static void
civic_plugin_route_add(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, civic_plugin_route_spec_t *spec)
{
    u_char         *place;
    ngx_str_t       err;
    civic_route_t  *route;

    route = ngx_pcalloc(reader->pool, sizeof(civic_route_t));

    if (route == NULL) {
        civic_plugin_wrong(reader, at, "no memory");
        return;
    }

    route->pattern = spec->pattern;
    route->name = spec->key;
    civic_route_methods_set(route, spec->methods);

    if (civic_route_table_add(reader->table, route, NULL, &err) == NGX_OK) {
        return;
    }

    /* the other route has no line that could be named */

    place = memmem(err.data, err.len, " (first in ", 11);

    if (place) {
        err.len = place - err.data;
    }

    civic_plugin_wrong(reader, at, "%V", &err);
}


static void
civic_plugin_read_auth(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    civic_plugin_route_spec_t *spec = target;

    static const civic_plugin_list_t  list = {
        1, CIVIC_PLUGIN_MAX_NAMES, civic_plugin_is_word,
        "it is the name of a civic_issuer, or optional, public, plugins"
    };

    civic_plugin_strings(reader, at, &list, &spec->auth);
    civic_plugin_auth_sort(reader, at, spec);
}


/* leaves the issuers in the list */

static void
civic_plugin_auth_sort(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, civic_plugin_route_spec_t *spec)
{
    ngx_str_t   *name;
    ngx_uint_t   i, n, all;

    all = spec->auth.nelts;
    name = spec->auth.elts;

    for (i = 0, n = 0; i < all; i++) {

        if (name[i].len == 8
            && ngx_memcmp(name[i].data, "optional", 8) == 0)
        {
            spec->optional = 1;

        } else if (name[i].len == 6
                   && ngx_memcmp(name[i].data, "public", 6) == 0)
        {
            spec->pub = 1;

        } else if (name[i].len == 7
                   && ngx_memcmp(name[i].data, "plugins", 7) == 0)
        {
            spec->plugins = 1;

        } else {
            name[n++] = name[i];
        }
    }

    spec->auth.nelts = n;

    if ((spec->pub || spec->plugins) && all > 1) {
        civic_plugin_wrong(reader, at, "\"public\" and \"plugins\" stand "
                           "alone");

    } else if (spec->optional && n == 0) {
        civic_plugin_wrong(reader, at, "\"optional\" needs an issuer beside "
                           "it; [\"public\"] asks nobody");
    }
}


static void
civic_plugin_read_require(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    civic_plugin_route_spec_t *spec = target;

    static const civic_plugin_list_t  list = {
        0, CIVIC_PLUGIN_MAX_NAMES, civic_plugin_is_requirement,
        "requirements are \"scope=a,b\" (any of these scopes), no other "
        "words exist"
    };

    civic_plugin_strings(reader, at, &list, &spec->require);
}


/* "scope=a,b": printable ASCII without blank, '"' and "\", as in RFC 6749 */

static ngx_uint_t
civic_plugin_is_requirement(const ngx_str_t *text)
{
    size_t  i;
    u_char  ch, before;

    if (text->len < 7 || ngx_memcmp(text->data, "scope=", 6) != 0) {
        return 0;
    }

    before = ',';

    for (i = 6; i < text->len; i++) {
        ch = text->data[i];

        if (ch <= 0x20 || ch >= 0x7f || ch == '"' || ch == '\\'
            || (ch == ',' && before == ','))
        {
            return 0;
        }

        before = ch;
    }

    return before != ',';
}


static void
civic_plugin_read_limit(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    civic_plugin_route_spec_t *spec = target;

    static const civic_plugin_list_t  list = {
        0, CIVIC_PLUGIN_MAX_NAMES, civic_plugin_is_word,
        "it is the name of a civic_limit_policy"
    };

    civic_plugin_strings(reader, at, &list, &spec->limit);
}


static void
civic_plugin_read_body(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    civic_plugin_route_spec_t *spec = target;

    ngx_str_t  text;

    if (civic_json_string(at->json, &text) != NGX_OK) {
        spec->body = civic_plugin_schema(reader, at);
        return;
    }

    if (text.len != 3 || ngx_memcmp(text.data, "raw", 3) != 0) {
        civic_plugin_wrong(reader, at, "must be a schema, or \"raw\"");
        return;
    }

    spec->raw = 1;
}


/* a query has no types of its own: each parameter's must be told */

static void
civic_plugin_read_query(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    civic_plugin_route_spec_t *spec = target;

    void                *iter;
    ngx_str_t            text;
    civic_plugin_at_t    properties, inner;

    spec->query_json = at->json;

    if (civic_json_string(civic_json_member(at->json, "type"), &text)
        != NGX_OK
        || text.len != 6 || ngx_memcmp(text.data, "object", 6) != 0)
    {
        civic_plugin_wrong(reader, at, "must be a schema of \"type\": "
                           "\"object\"");
        return;
    }

    spec->query = civic_plugin_schema(reader, at);

    properties.up = at;
    ngx_str_set(&properties.name, "properties");
    properties.json = civic_json_member(at->json, "properties");

    if (properties.json == NULL
        || civic_json_type(properties.json) != CIVIC_JSON_OBJECT)
    {
        return;
    }

    iter = NULL;

    while (civic_plugin_next(&properties, &iter, &inner)) {
        if (civic_plugin_is_scalar(inner.json)) {
            continue;
        }

        if (civic_json_string(civic_json_member(inner.json, "type"), &text)
            == NGX_OK
            && text.len == 5 && ngx_memcmp(text.data, "array", 5) == 0
            && civic_plugin_is_scalar(civic_json_member(inner.json,
                                                        "items")))
        {
            continue;
        }

        civic_plugin_wrong(reader, &inner, "a parameter has the \"type\" "
                           "string, integer, number or boolean, or is an "
                           "array whose \"items\" have");
    }
}


static ngx_uint_t
civic_plugin_is_scalar(const civic_json_t *schema)
{
    ngx_str_t    type;
    ngx_uint_t   i;

    static const ngx_str_t  scalars[] = {
        ngx_string("string"),
        ngx_string("integer"),
        ngx_string("number"),
        ngx_string("boolean")
    };

    if (civic_json_string(civic_json_member(schema, "type"), &type)
        != NGX_OK)
    {
        return 0;
    }

    for (i = 0; i < 4; i++) {
        if (scalars[i].len == type.len
            && ngx_memcmp(scalars[i].data, type.data, type.len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static void
civic_plugin_read_once(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    civic_plugin_route_spec_t *spec = target;

    ngx_uint_t  yes;

    if (civic_json_boolean(at->json, &yes) != NGX_OK) {
        civic_plugin_wrong(reader, at, "must be true or false");
        return;
    }

    if (yes && spec->methods != NGX_HTTP_POST) {
        civic_plugin_wrong(reader, at, "is for routes of POST alone");
    }

    spec->once = yes & 1;
}


static void
civic_plugin_read_timeout(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    civic_plugin_route_spec_t *spec = target;

    (void) civic_plugin_duration(reader, at, 1, CIVIC_PLUGIN_MAX_TIMEOUT,
                                 &spec->timeout);
}


/* "512", "64k", "8m" */

static void
civic_plugin_read_max_body(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    civic_plugin_route_spec_t *spec = target;

    size_t     unit;
    u_char     last;
    ngx_int_t  n;
    ngx_str_t  text, number;

    if (civic_plugin_string(reader, at, 16, &text) != NGX_OK) {
        return;
    }

    last = text.data[text.len - 1];
    unit = (last == 'k') ? 1024 : (last == 'm') ? 1024 * 1024 : 1;

    number = text;
    number.len -= (unit > 1);

    n = (number.len < 10) ? ngx_atoi(number.data, number.len) : NGX_ERROR;

    if (n < 1 || (size_t) n > CIVIC_PLUGIN_MAX_BODY / unit) {
        civic_plugin_wrong(reader, at, "\"%V\" is no size up to 64m: write "
                           "512, 64k or 8m", &text);
        return;
    }

    spec->max_body = n * unit;
}


static void
civic_plugin_read_route_run(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    civic_plugin_route_spec_t *spec = target;

    civic_plugin_function(reader, at, &spec->run);
}


/* for OpenAPI, which reads it from the JSON */

static void
civic_plugin_read_summary(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    civic_plugin_text_t  text;

    civic_plugin_fields(reader, at, civic_plugin_summary_fields, &text);
}
