
/*
 * Copyright (C) Civic Gate
 *
 * What a plugin says that it needs.  Whether it is granted is decided
 * elsewhere: here it only has to be said rightly.
 */


#include "civic_plugin_manifest_read.h"
#include "civic_route_pattern.h"


#define CIVIC_PLUGIN_MAX_REMOTES  16
#define CIVIC_PLUGIN_MAX_CALLS    64
#define CIVIC_PLUGIN_MAX_CLAIMS   32


static void civic_plugin_read_store(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
static void civic_plugin_read_scripts(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
static ngx_uint_t civic_plugin_read_flag(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at);
static void civic_plugin_read_http(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
static void civic_plugin_read_calls(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
static ngx_uint_t civic_plugin_is_call(const ngx_str_t *text);
static void civic_plugin_read_claims(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);
static ngx_uint_t civic_plugin_is_claim(const ngx_str_t *text);
static void civic_plugin_read_data(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target);


static const civic_plugin_field_t  civic_plugin_needs_fields[] = {
    { "store", 0, civic_plugin_read_store },
    { "scripts", 0, civic_plugin_read_scripts },
    { "http", 0, civic_plugin_read_http },
    { "calls", 0, civic_plugin_read_calls },
    { "claims", 0, civic_plugin_read_claims },
    { "data", 0, civic_plugin_read_data },
    { NULL, 0, NULL }
};


void
civic_plugin_read_needs(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    civic_plugin_fields(reader, at, civic_plugin_needs_fields, NULL);

    if (reader->manifest->scripts && !reader->manifest->store) {
        civic_plugin_wrong(reader, at, "scripts run in the store: \"store\" "
                           "must be true, too");
    }
}


static void
civic_plugin_read_store(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    reader->manifest->store = civic_plugin_read_flag(reader, at) & 1;
}


static void
civic_plugin_read_scripts(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    reader->manifest->scripts = civic_plugin_read_flag(reader, at) & 1;
}


static ngx_uint_t
civic_plugin_read_flag(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at)
{
    ngx_uint_t  yes;

    if (civic_json_boolean(at->json, &yes) == NGX_OK) {
        return yes;
    }

    civic_plugin_wrong(reader, at, "must be true or false");

    return 0;
}


static void
civic_plugin_read_http(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    static const civic_plugin_list_t  list = {
        0, CIVIC_PLUGIN_MAX_REMOTES, civic_plugin_is_word,
        "it is the name of a civic_remote"
    };

    civic_plugin_strings(reader, at, &list, &reader->manifest->http);
}


static void
civic_plugin_read_calls(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    static const civic_plugin_list_t  list = {
        0, CIVIC_PLUGIN_MAX_CALLS, civic_plugin_is_call,
        "it is a route of another plugin, like \"data/pay:POST /orders\""
    };

    civic_plugin_strings(reader, at, &list, &reader->manifest->calls);
}


/* "data/pay:POST /orders", with one method */

static ngx_uint_t
civic_plugin_is_call(const ngx_str_t *text)
{
    u_char     *p, *last, *slash, *colon, *blank;
    uint32_t    mask;
    ngx_str_t   department, name, method, wrong;

    p = text->data;
    last = p + text->len;

    colon = ngx_strlchr(p, last, ':');
    if (colon == NULL) {
        return 0;
    }

    slash = ngx_strlchr(p, colon, '/');
    blank = ngx_strlchr(colon, last, ' ');

    if (slash == NULL || blank == NULL || last - blank < 2
        || blank[1] != '/' || last - blank > CIVIC_ROUTE_PATTERN_LEN)
    {
        return 0;
    }

    department.data = p;
    department.len = slash - p;
    name.data = slash + 1;
    name.len = colon - slash - 1;
    method.data = colon + 1;
    method.len = blank - colon - 1;

    if (!civic_plugin_is_kebab(&department) || !civic_plugin_is_kebab(&name)
        || civic_route_methods_parse(&method, &mask, &wrong) != NGX_OK
        || mask & (mask - 1))
    {
        return 0;
    }

    for (p = blank + 1; p < last; p++) {
        if (*p <= 0x20 || *p == 0x7f) {
            return 0;
        }
    }

    return 1;
}


static void
civic_plugin_read_claims(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    static const civic_plugin_list_t  list = {
        0, CIVIC_PLUGIN_MAX_CLAIMS, civic_plugin_is_claim,
        "it is the name of a claim, without blanks and commas"
    };

    civic_plugin_strings(reader, at, &list, &reader->manifest->claims);
}


static ngx_uint_t
civic_plugin_is_claim(const ngx_str_t *text)
{
    size_t  i;

    for (i = 0; i < text->len; i++) {
        if (text->data[i] <= 0x20 || text->data[i] == 0x7f
            || text->data[i] == ',')
        {
            return 0;
        }
    }

    return text->len <= 64;
}


static void
civic_plugin_read_data(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    ngx_str_t  *data;

    data = &reader->manifest->data;

    if (civic_plugin_string(reader, at, 8, data) == NGX_OK
        && (data->len != 2 || data->data[0] != 'P'
            || data->data[1] < '0' || data->data[1] > '4'))
    {
        civic_plugin_wrong(reader, at, "\"%V\" is none of P0, P1, P2, P3, "
                           "P4", data);
    }
}
