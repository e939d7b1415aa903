
/*
 * Copyright (C) Civic Gate
 *
 * Reads a manifest: the fields of the whole, and the small ones.  Routes,
 * needs and config have files of their own.
 */


#include "civic_plugin_manifest_read.h"


#define CIVIC_PLUGIN_MAX_PREFIXES   8
#define CIVIC_PLUGIN_MAX_SCHEDULES  32
#define CIVIC_PLUGIN_MAX_PROBLEMS   128
#define CIVIC_PLUGIN_MAX_SCHEMAS    256
#define CIVIC_PLUGIN_PREFIX_LEN     128

#define CIVIC_PLUGIN_DAY            (24 * 60 * 60 * 1000)


static ngx_int_t civic_plugin_manifest_arrays(
    civic_plugin_manifest_t *manifest, ngx_pool_t *pool);
static void civic_plugin_manifest_cleanup(void *data);
static void civic_plugin_read_title(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
static void civic_plugin_read_version(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
static ngx_uint_t civic_plugin_is_semver(const ngx_str_t *text);
static u_char *civic_plugin_semver_part(u_char *p, u_char *last,
    ngx_uint_t number);
static void civic_plugin_read_prefix(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
static ngx_uint_t civic_plugin_is_prefix(const ngx_str_t *text);
static void civic_plugin_read_filter(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
static void civic_plugin_read_access(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
static void civic_plugin_read_response(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
static void civic_plugin_read_log(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
static void civic_plugin_read_schedule(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
static void civic_plugin_read_run(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
static void civic_plugin_read_every(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
static void civic_plugin_read_time(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
static void civic_plugin_read_problems(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
static void civic_plugin_read_status(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
static void civic_plugin_read_problem_zh(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
static void civic_plugin_read_problem_en(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
static void civic_plugin_read_schemas(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
static ngx_uint_t civic_plugin_is_schema_name(const ngx_str_t *text);
static void civic_plugin_read_dialect(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);


/* prefix comes first: routes hang below it */

static const civic_plugin_field_t  civic_plugin_manifest_fields[] = {
    { "$schema", 0, civic_plugin_read_dialect },
    { "title", 1, civic_plugin_read_title },
    { "version", 1, civic_plugin_read_version },
    { "prefix", 0, NULL },
    { "needs", 0, civic_plugin_read_needs },
    { "config", 0, civic_plugin_read_config },
    { "routes", 0, civic_plugin_read_routes },
    { "filter", 0, civic_plugin_read_filter },
    { "schedule", 0, civic_plugin_read_schedule },
    { "problems", 0, civic_plugin_read_problems },
    { "schemas", 0, civic_plugin_read_schemas },
    { NULL, 0, NULL }
};


static const civic_plugin_field_t  civic_plugin_text_fields[] = {
    { "zh", 1, civic_plugin_zh },
    { "en", 1, civic_plugin_en },
    { NULL, 0, NULL }
};


static const civic_plugin_field_t  civic_plugin_filter_fields[] = {
    { "access", 0, civic_plugin_read_access },
    { "response", 0, civic_plugin_read_response },
    { "log", 0, civic_plugin_read_log },
    { NULL, 0, NULL }
};


static const civic_plugin_field_t  civic_plugin_schedule_fields[] = {
    { "run", 1, civic_plugin_read_run },
    { "every", 0, civic_plugin_read_every },
    { "at", 0, civic_plugin_read_time },
    { NULL, 0, NULL }
};


static const civic_plugin_field_t  civic_plugin_problem_fields[] = {
    { "status", 1, civic_plugin_read_status },
    { "zh", 1, civic_plugin_read_problem_zh },
    { "en", 1, civic_plugin_read_problem_en },
    { NULL, 0, NULL }
};


civic_plugin_manifest_t *
civic_plugin_manifest_parse(const ngx_str_t *text, ngx_pool_t *pool,
    civic_plugin_errors_t *errors)
{
    char                    err[256];
    ngx_uint_t              before;
    civic_json_t           *json;
    civic_plugin_at_t       root, prefix;
    ngx_pool_cleanup_t     *cln;
    civic_plugin_reader_t   reader;

    before = errors->list.nelts;

    ngx_memzero(&reader, sizeof(civic_plugin_reader_t));

    reader.pool = pool;
    reader.errors = errors;
    reader.manifest = ngx_pcalloc(pool, sizeof(civic_plugin_manifest_t));
    reader.table = civic_route_table_create(pool);

    cln = ngx_pool_cleanup_add(pool, 0);

    if (reader.manifest == NULL || reader.table == NULL || cln == NULL
        || civic_plugin_manifest_arrays(reader.manifest, pool) != NGX_OK)
    {
        civic_plugin_errors_add(errors, "/: no memory");
        return NULL;
    }

    json = civic_json_parse(text, CIVIC_PLUGIN_MANIFEST_MAX, err,
                            sizeof(err));
    if (json == NULL) {
        civic_plugin_errors_add(errors, "/: %s", err);
        return NULL;
    }

    cln->handler = civic_plugin_manifest_cleanup;
    cln->data = json;

    reader.manifest->json = json;

    ngx_memzero(&root, sizeof(civic_plugin_at_t));
    root.json = json;

    prefix.up = &root;
    ngx_str_set(&prefix.name, "prefix");
    prefix.json = civic_json_member(json, "prefix");

    if (prefix.json) {
        civic_plugin_read_prefix(&reader, &prefix, NULL);
    }

    civic_plugin_fields(&reader, &root, civic_plugin_manifest_fields, NULL);

    return (errors->list.nelts == before) ? reader.manifest : NULL;
}


static ngx_int_t
civic_plugin_manifest_arrays(civic_plugin_manifest_t *manifest,
    ngx_pool_t *pool)
{
    size_t  str;

    str = sizeof(ngx_str_t);

    if (ngx_array_init(&manifest->prefixes, pool, 2, str) != NGX_OK
        || ngx_array_init(&manifest->routes, pool, 8,
                          sizeof(civic_plugin_route_spec_t)) != NGX_OK
        || ngx_array_init(&manifest->schedule, pool, 2,
                          sizeof(civic_plugin_schedule_t)) != NGX_OK
        || ngx_array_init(&manifest->problems, pool, 4,
                          sizeof(civic_plugin_problem_t)) != NGX_OK
        || ngx_array_init(&manifest->http, pool, 2, str) != NGX_OK
        || ngx_array_init(&manifest->calls, pool, 2, str) != NGX_OK
        || ngx_array_init(&manifest->claims, pool, 2, str) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
civic_plugin_manifest_cleanup(void *data)
{
    civic_json_free(data);
}


/* for editors, which find the published schema by it */

static void
civic_plugin_read_dialect(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    ngx_str_t  uri;

    (void) civic_plugin_string(reader, at, 256, &uri);
}


static void
civic_plugin_read_title(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    civic_plugin_fields(reader, at, civic_plugin_text_fields,
                        &reader->manifest->title);
}


static void
civic_plugin_read_version(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    ngx_str_t  *version;

    version = &reader->manifest->version;

    if (civic_plugin_string(reader, at, 64, version) == NGX_OK
        && !civic_plugin_is_semver(version))
    {
        civic_plugin_wrong(reader, at, "\"%V\" is no version: write 1.0.0 "
                           "(semver.org)", version);
    }
}


static ngx_uint_t
civic_plugin_is_semver(const ngx_str_t *text)
{
    u_char      *p, *last;
    ngx_uint_t   i;

    p = text->data;
    last = p + text->len;

    for (i = 0; i < 3; i++) {

        if (i && (p == last || *p++ != '.')) {
            return 0;
        }

        p = civic_plugin_semver_part(p, last, 1);
        if (p == NULL) {
            return 0;
        }
    }

    for (i = 0; i < 2; i++) {

        if (p == last || *p != (i ? '+' : '-')) {
            continue;
        }

        do {
            p = civic_plugin_semver_part(p + 1, last, 0);
        } while (p && p < last && *p == '.');

        if (p == NULL) {
            return 0;
        }
    }

    return p == last;
}


/* a number, or a label; NULL: neither */

static u_char *
civic_plugin_semver_part(u_char *p, u_char *last, ngx_uint_t number)
{
    u_char  *begin;

    begin = p;

    while (p < last
           && ((*p >= '0' && *p <= '9')
               || (!number && (*p == '-' || ((*p | 0x20) >= 'a'
                                             && (*p | 0x20) <= 'z')))))
    {
        p++;
    }

    if (p == begin || (number && *begin == '0' && p - begin > 1)) {
        return NULL;
    }

    return p;
}


static void
civic_plugin_read_prefix(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    static const civic_plugin_list_t  list = {
        1, CIVIC_PLUGIN_MAX_PREFIXES, civic_plugin_is_prefix,
        "a prefix begins with \"/\", does not end with one, and has no "
        "\"//\", dots as a segment, parameters, blanks or \"?#%\\\""
    };

    civic_plugin_strings(reader, at, &list, &reader->manifest->prefixes);
}


static ngx_uint_t
civic_plugin_is_prefix(const ngx_str_t *text)
{
    u_char  *p, *last, *segment;

    if (text->len < 2 || text->len > CIVIC_PLUGIN_PREFIX_LEN
        || text->data[0] != '/')
    {
        return 0;
    }

    last = text->data + text->len;
    segment = text->data + 1;

    for (p = segment; p <= last; p++) {

        if (p == last || *p == '/') {

            if (p == segment
                || (p - segment == 1 && *segment == '.')
                || (p - segment == 2 && segment[0] == '.'
                    && segment[1] == '.'))
            {
                return 0;
            }

            segment = p + 1;
            continue;
        }

        if (*p <= 0x20 || *p == 0x7f || strchr("{}?#%\\\"", *p)) {
            return 0;
        }
    }

    return 1;
}


ngx_int_t
civic_plugin_manifest_claims(const ngx_str_t *text, ngx_pool_t *pool,
    ngx_array_t *prefixes)
{
    ngx_int_t            rc;
    ngx_str_t            prefix, *slot;
    ngx_uint_t           i;
    civic_json_t        *json;
    const civic_json_t  *list;

    rc = ngx_array_init(prefixes, pool, 2, sizeof(ngx_str_t));

    json = civic_json_parse(text, CIVIC_PLUGIN_MANIFEST_MAX, NULL, 0);
    list = civic_json_member(json, "prefix");

    for (i = 0; rc == NGX_OK && i < civic_json_length(list)
         && i < CIVIC_PLUGIN_MAX_PREFIXES; i++)
    {
        if (civic_json_string(civic_json_element(list, i), &prefix) != NGX_OK
            || !civic_plugin_is_prefix(&prefix))
        {
            continue;
        }

        slot = ngx_array_push(prefixes);

        if (slot == NULL) {
            rc = NGX_ERROR;
            break;
        }

        slot->len = prefix.len;
        slot->data = ngx_pstrdup(pool, &prefix);

        if (slot->data == NULL) {
            rc = NGX_ERROR;
        }
    }

    civic_json_free(json);

    return rc;
}


static void
civic_plugin_read_filter(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    civic_plugin_fields(reader, at, civic_plugin_filter_fields, NULL);

    if (civic_json_type(at->json) == CIVIC_JSON_OBJECT
        && civic_json_length(at->json) == 0)
    {
        civic_plugin_wrong(reader, at, "names none of access, response, log");
    }
}


static void
civic_plugin_read_access(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    civic_plugin_function(reader, at, &reader->manifest->filter_access);
}


static void
civic_plugin_read_response(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    civic_plugin_function(reader, at, &reader->manifest->filter_response);
}


static void
civic_plugin_read_log(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    civic_plugin_function(reader, at, &reader->manifest->filter_log);
}


static void
civic_plugin_read_schedule(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    u_char                    buf[NGX_INT_T_LEN];
    ngx_uint_t                i, n;
    civic_plugin_at_t         inner;
    civic_plugin_schedule_t  *schedule;

    n = civic_json_length(at->json);

    if (civic_json_type(at->json) != CIVIC_JSON_ARRAY
        || n > CIVIC_PLUGIN_MAX_SCHEDULES)
    {
        civic_plugin_wrong(reader, at, "must be an array of at most %d "
                           "objects", CIVIC_PLUGIN_MAX_SCHEDULES);
        return;
    }

    inner.up = at;
    inner.name.data = buf;

    for (i = 0; i < n; i++) {
        inner.name.len = ngx_sprintf(buf, "%ui", i) - buf;
        inner.json = civic_json_element(at->json, i);

        schedule = ngx_array_push(&reader->manifest->schedule);
        if (schedule == NULL) {
            civic_plugin_wrong(reader, at, "no memory");
            return;
        }

        ngx_memzero(schedule, sizeof(civic_plugin_schedule_t));

        civic_plugin_fields(reader, &inner, civic_plugin_schedule_fields,
                            schedule);

        if (civic_json_type(inner.json) == CIVIC_JSON_OBJECT
            && (civic_json_member(inner.json, "every") == NULL)
               == (civic_json_member(inner.json, "at") == NULL))
        {
            civic_plugin_wrong(reader, &inner, "must have either \"every\" "
                               "or \"at\"");
        }
    }
}


static void
civic_plugin_read_run(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    civic_plugin_schedule_t *schedule = target;

    civic_plugin_function(reader, at, &schedule->run);
}


static void
civic_plugin_read_every(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    civic_plugin_schedule_t *schedule = target;

    (void) civic_plugin_duration(reader, at, 1000, CIVIC_PLUGIN_DAY,
                                 &schedule->every);
}


/* "06:30" */

static void
civic_plugin_read_time(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    civic_plugin_schedule_t *schedule = target;

    ngx_int_t  hour, minute;
    ngx_str_t  text;

    if (civic_plugin_string(reader, at, 16, &text) != NGX_OK) {
        return;
    }

    hour = (text.len == 5) ? ngx_atoi(text.data, 2) : NGX_ERROR;
    minute = (text.len == 5) ? ngx_atoi(text.data + 3, 2) : NGX_ERROR;

    if (hour < 0 || hour > 23 || minute < 0 || minute > 59
        || text.data[2] != ':')
    {
        civic_plugin_wrong(reader, at, "\"%V\" is no time of the day: write "
                           "06:30", &text);
        return;
    }

    schedule->at = 60 * hour + minute;
}


static void
civic_plugin_read_problems(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    void                    *iter;
    civic_plugin_at_t        inner;
    civic_plugin_problem_t  *problem;

    if (civic_plugin_object(reader, at, CIVIC_PLUGIN_MAX_PROBLEMS)
        != NGX_OK)
    {
        return;
    }

    iter = NULL;

    while (civic_plugin_next(at, &iter, &inner)) {
        if (!civic_plugin_is_kebab(&inner.name)) {
            civic_plugin_wrong(reader, &inner, "a problem's code is made of "
                               "small letters, digits and \"-\", like "
                               "slot-taken");
        }

        problem = ngx_array_push(&reader->manifest->problems);
        if (problem == NULL) {
            civic_plugin_wrong(reader, at, "no memory");
            return;
        }

        ngx_memzero(problem, sizeof(civic_plugin_problem_t));
        problem->code = inner.name;

        civic_plugin_fields(reader, &inner, civic_plugin_problem_fields,
                            problem);
    }
}


static void
civic_plugin_read_status(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    civic_plugin_problem_t *problem = target;

    int64_t  status;

    if (civic_json_integer(at->json, &status) != NGX_OK
        || status < 400 || status > 599)
    {
        civic_plugin_wrong(reader, at, "must be an integer from 400 to 599");
        return;
    }

    problem->status = (ngx_uint_t) status;
}


static void
civic_plugin_read_problem_zh(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    civic_plugin_problem_t *problem = target;

    civic_plugin_zh(reader, at, &problem->title);
}


static void
civic_plugin_read_problem_en(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    civic_plugin_problem_t *problem = target;

    civic_plugin_en(reader, at, &problem->title);
}


static void
civic_plugin_read_schemas(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    void               *iter;
    civic_plugin_at_t   inner;

    if (civic_plugin_object(reader, at, CIVIC_PLUGIN_MAX_SCHEMAS) != NGX_OK)
    {
        return;
    }

    iter = NULL;

    while (civic_plugin_next(at, &iter, &inner)) {
        if (!civic_plugin_is_schema_name(&inner.name)) {
            civic_plugin_wrong(reader, &inner, "a schema's name is made of "
                               "letters, digits, \"_\", \".\" and \"-\", a "
                               "letter first");
        }

        (void) civic_plugin_schema(reader, &inner);
    }
}


static ngx_uint_t
civic_plugin_is_schema_name(const ngx_str_t *text)
{
    size_t  i;
    u_char  ch;

    for (i = 0; i < text->len; i++) {
        ch = text->data[i];

        if (((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z')
            || (i && ((ch >= '0' && ch <= '9') || ch == '_' || ch == '-'
                      || ch == '.')))
        {
            continue;
        }

        return 0;
    }

    return text->len && text->len <= 64;
}
