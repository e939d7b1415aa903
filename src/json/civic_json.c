
/*
 * Copyright (C) Civic Gate
 *
 * JSON through jansson, which nobody else calls.  This file decides what
 * text is acceptable at all; it owns nothing but what it hands out.  Depth
 * is counted before jansson sees the text, because jansson recurses.  Errors
 * never quote the text: it may be a key.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <jansson.h>

#include "civic_json.h"


#define CIVIC_JSON_EXACT   9007199254740992    /* 2^53 */
#define CIVIC_JSON_STRIDE  64


static const char *civic_json_wrong(const ngx_str_t *text);
static void civic_json_fail(char *err, size_t errlen, const char *text,
    int line);
static size_t civic_json_utf8_len(const u_char *p, const u_char *last);
static size_t civic_json_escape_char(u_char *dst, const u_char *p,
    const u_char *last, size_t *used);
static ngx_uint_t civic_json_equal_numbers(const json_t *a, const json_t *b);
static ngx_uint_t civic_json_equal_objects(const json_t *a, const json_t *b,
    ngx_uint_t *steps);


civic_json_t *
civic_json_parse(const ngx_str_t *text, size_t max, char *err, size_t errlen)
{
    char          *near;
    json_t        *root;
    const char    *wrong;
    json_error_t   error;

    if (text->len == 0 || text->len > max) {
        civic_json_fail(err, errlen, text->len ? "too large" : "empty", 1);
        return NULL;
    }

    wrong = civic_json_wrong(text);

    if (wrong) {
        civic_json_fail(err, errlen, wrong, 1);
        return NULL;
    }

    root = json_loadb((const char *) text->data, text->len,
                      JSON_REJECT_DUPLICATES|JSON_DECODE_ANY, &error);

    if (root == NULL) {
        near = strstr(error.text, " near ");
        if (near) {
            *near = '\0';
        }

        civic_json_fail(err, errlen, error.text, error.line);
    }

    return root;
}


/* what would be too much work: NULL, or why.  Commas count values */

static const char *
civic_json_wrong(const ngx_str_t *text)
{
    size_t      i;
    ngx_uint_t  depth, values, quoted;

    static const u_char  marks[256] = {
        ['"'] = 1, ['\\'] = 1, [','] = 1,
        ['['] = 1, [']'] = 1, ['{'] = 1, ['}'] = 1
    };

    depth = 0;
    values = 0;
    quoted = 0;

    for (i = 0; i < text->len; i++) {

        if (!marks[text->data[i]]) {
            continue;
        }

        switch (text->data[i]) {

        case '"':
            quoted = !quoted;
            break;

        case '\\':
            i += quoted;
            break;

        case '[':
        case '{':
            if (!quoted && ++depth > CIVIC_JSON_MAX_DEPTH) {
                return "nested too deeply";
            }

            /* fall through */

        case ',':
            if (!quoted && ++values > CIVIC_JSON_MAX_VALUES) {
                return "too many values";
            }

            break;

        case ']':
        case '}':
            if (!quoted && depth) {
                depth--;
            }

            break;
        }
    }

    return NULL;
}


static void
civic_json_fail(char *err, size_t errlen, const char *text, int line)
{
    if (err && errlen) {
        (void) snprintf(err, errlen, "JSON: %s in line %d", text,
                        line > 0 ? line : 1);
    }
}


void
civic_json_free(civic_json_t *root)
{
    json_decref(root);
}


civic_json_type_e
civic_json_type(const civic_json_t *json)
{
    switch (json_typeof(json)) {

    case JSON_OBJECT:
        return CIVIC_JSON_OBJECT;

    case JSON_ARRAY:
        return CIVIC_JSON_ARRAY;

    case JSON_STRING:
        return CIVIC_JSON_STRING;

    case JSON_INTEGER:
        return CIVIC_JSON_INTEGER;

    case JSON_REAL:
        return CIVIC_JSON_REAL;

    case JSON_TRUE:
    case JSON_FALSE:
        return CIVIC_JSON_BOOLEAN;

    default:
        return CIVIC_JSON_NULL;
    }
}


const civic_json_t *
civic_json_member(const civic_json_t *json, const char *name)
{
    return json_object_get(json, name);
}


const civic_json_t *
civic_json_member_any_case(const civic_json_t *json, const ngx_str_t *name)
{
    void                *iter;
    json_t              *object;
    const char          *key;
    const civic_json_t  *found;

    found = json_object_getn(json, (char *) name->data, name->len);
    if (found) {
        return found;
    }

    object = (json_t *) json;

    for (iter = json_object_iter(object);
         iter;
         iter = json_object_iter_next(object, iter))
    {
        key = json_object_iter_key(iter);

        if (ngx_strlen(key) != name->len
            || strncasecmp(key, (char *) name->data, name->len) != 0)
        {
            continue;
        }

        if (found) {
            return NULL;
        }

        found = json_object_iter_value(iter);
    }

    return found;
}


const civic_json_t *
civic_json_element(const civic_json_t *json, ngx_uint_t i)
{
    return json_array_get(json, i);
}


ngx_uint_t
civic_json_length(const civic_json_t *json)
{
    return json_is_array(json) ? json_array_size(json)
                               : json_object_size(json);
}


const civic_json_t *
civic_json_path(const civic_json_t *json, const ngx_str_t *path)
{
    size_t               len;
    ngx_str_t            rest;
    const civic_json_t  *member;

    rest = *path;

    while (json && rest.len) {

        /* the longest name wins: names that are URLs have dots */

        member = NULL;

        for (len = rest.len; len; len--) {

            if (len < rest.len && rest.data[len] != '.') {
                continue;
            }

            member = json_object_getn(json, (char *) rest.data, len);
            if (member) {
                break;
            }
        }

        if (member == NULL || len == rest.len) {
            return member;
        }

        rest.data += len + 1;
        rest.len -= len + 1;
        json = member;
    }

    return NULL;
}


ngx_int_t
civic_json_string(const civic_json_t *json, ngx_str_t *value)
{
    if (!json_is_string(json)) {
        return NGX_DECLINED;
    }

    value->len = json_string_length(json);
    value->data = (u_char *) json_string_value(json);

    return NGX_OK;
}


ngx_int_t
civic_json_integer(const civic_json_t *json, int64_t *value)
{
    if (!json_is_integer(json)) {
        return NGX_DECLINED;
    }

    *value = json_integer_value(json);

    return NGX_OK;
}


ngx_int_t
civic_json_number(const civic_json_t *json, double *value)
{
    if (!json_is_number(json)) {
        return NGX_DECLINED;
    }

    *value = json_number_value(json);

    return NGX_OK;
}


ngx_int_t
civic_json_exact_number(const civic_json_t *json, double *value)
{
    int64_t  integer;

    if (civic_json_integer(json, &integer) == NGX_OK
        && (integer > CIVIC_JSON_EXACT || integer < -CIVIC_JSON_EXACT))
    {
        return NGX_DECLINED;
    }

    return civic_json_number(json, value);
}


ngx_uint_t
civic_json_is_true(const civic_json_t *json)
{
    return json_is_true(json);
}


const civic_json_t *
civic_json_next(const civic_json_t *json, void **iter, ngx_str_t *name)
{
    json_t  *object;

    object = (json_t *) json;

    *iter = *iter ? json_object_iter_next(object, *iter)
                  : json_object_iter(object);

    if (*iter == NULL) {
        return NULL;
    }

    name->data = (u_char *) json_object_iter_key(*iter);
    name->len = ngx_strlen(name->data);

    return json_object_iter_value(*iter);
}


ngx_int_t
civic_json_text(const civic_json_t *json, ngx_pool_t *pool, ngx_str_t *value)
{
    size_t     len;
    u_char    *data;
    ngx_str_t  string;

    if (civic_json_string(json, &string) == NGX_OK) {
        len = string.len;

    } else {
        string.data = NULL;
        len = json_dumpb(json, NULL, 0, JSON_COMPACT|JSON_ENCODE_ANY);
    }

    data = ngx_pnalloc(pool, len ? len : 1);
    if (data == NULL) {
        return NGX_ERROR;
    }

    if (string.data) {
        ngx_memcpy(data, string.data, len);

    } else if (json_dumpb(json, (char *) data, len,
                          JSON_COMPACT|JSON_ENCODE_ANY)
               != len || len == 0)
    {
        return NGX_ERROR;
    }

    value->len = len;
    value->data = data;

    return NGX_OK;
}


/* the length of the well-formed character at p, or 0 */

static size_t
civic_json_utf8_len(const u_char *p, const u_char *last)
{
    u_char  low, high;
    size_t  i, len;

    low = 0x80;
    high = 0xbf;

    if (p[0] < 0x80) {
        return 1;
    }

    if (p[0] < 0xc2 || p[0] > 0xf4) {
        return 0;
    }

    len = (p[0] < 0xe0) ? 2 : (p[0] < 0xf0) ? 3 : 4;

    /* overlong forms, surrogates, beyond U+10FFFF */

    switch (p[0]) {

    case 0xe0:
        low = 0xa0;
        break;

    case 0xed:
        high = 0x9f;
        break;

    case 0xf0:
        low = 0x90;
        break;

    case 0xf4:
        high = 0x8f;
        break;
    }

    if ((size_t) (last - p) < len || p[1] < low || p[1] > high) {
        return 0;
    }

    for (i = 2; i < len; i++) {
        if (p[i] < 0x80 || p[i] > 0xbf) {
            return 0;
        }
    }

    return len;
}


ngx_uint_t
civic_json_is_utf8(const ngx_str_t *text)
{
    size_t         len;
    const u_char  *p, *last;

    last = text->data + text->len;

    for (p = text->data; p < last; p += len) {
        len = civic_json_utf8_len(p, last);

        if (len == 0) {
            return 0;
        }
    }

    return 1;
}


/*
 * Writes what stands for the character at p, unless dst is NULL, and
 * returns its length; `used` gets how much of the source it stood for.
 * A byte that is no UTF-8 becomes U+FFFD: the result is always JSON.
 */

static size_t
civic_json_escape_char(u_char *dst, const u_char *p, const u_char *last,
    size_t *used)
{
    u_char         text[6];
    size_t         len;
    const u_char  *src;

    static u_char  hex[] = "0123456789abcdef";

    *used = 1;
    src = text;

    if (*p == '"' || *p == '\\') {
        text[0] = '\\';
        text[1] = *p;
        len = 2;

    } else if (*p < 0x20 || *p == 0x7f) {
        ngx_memcpy(text, "\\u00", 4);
        text[4] = hex[*p >> 4];
        text[5] = hex[*p & 0xf];
        len = 6;

    } else {
        len = civic_json_utf8_len(p, last);
        src = p;

        if (len == 0) {
            src = (u_char *) "\\ufffd";
            len = 6;

        } else {
            *used = len;
        }
    }

    if (dst) {
        ngx_memcpy(dst, src, len);
    }

    return len;
}


size_t
civic_json_escaped_len(const ngx_str_t *src)
{
    size_t   i, len, used;
    u_char  *last;

    last = src->data + src->len;
    len = 0;

    for (i = 0; i < src->len; i += used) {
        len += civic_json_escape_char(NULL, src->data + i, last, &used);
    }

    return len;
}


u_char *
civic_json_escape(u_char *dst, const ngx_str_t *src)
{
    size_t   i, used;
    u_char  *last;

    last = src->data + src->len;

    for (i = 0; i < src->len; i += used) {
        dst += civic_json_escape_char(dst, src->data + i, last, &used);
    }

    return dst;
}


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
civic_json_equal(const civic_json_t *a, const civic_json_t *b,
    ngx_uint_t *steps)
{
    size_t  i;

    (*steps)++;

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
        if (json_string_length(a) != json_string_length(b)) {
            return 0;
        }

        *steps += json_string_length(a) / CIVIC_JSON_STRIDE;

        return ngx_memcmp(json_string_value(a), json_string_value(b),
                          json_string_length(a)) == 0;

    case JSON_ARRAY:
        if (json_array_size(a) != json_array_size(b)) {
            return 0;
        }

        for (i = 0; i < json_array_size(a); i++) {
            if (!civic_json_equal(json_array_get(a, i),
                                  json_array_get(b, i), steps))
            {
                return 0;
            }
        }

        return 1;

    case JSON_OBJECT:
        return civic_json_equal_objects(a, b, steps);

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
civic_json_equal_objects(const json_t *a, const json_t *b,
    ngx_uint_t *steps)
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

        if (other == NULL || !civic_json_equal(value, other, steps)) {
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
