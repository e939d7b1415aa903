
/*
 * Copyright (C) Civic Gate
 *
 * The common ways of reading a manifest's JSON: objects of known fields,
 * strings, lists, durations, schemas.  Never stops at an error.
 */


#include "civic_plugin_manifest_read.h"


#define CIVIC_PLUGIN_POINTER_LEN   512

/* schemas in error after which no more of them are read */

#define CIVIC_PLUGIN_BAD_SCHEMAS   20

#define CIVIC_PLUGIN_FUNCTION_LEN  64
#define CIVIC_PLUGIN_TEXT_LEN      512
#define CIVIC_PLUGIN_WORD_LEN      64


static u_char *civic_plugin_pointer(u_char *p, u_char *last,
    const civic_plugin_at_t *at);
static void civic_plugin_unknown(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, const civic_plugin_field_t *fields);
static ngx_uint_t civic_plugin_is_function(const ngx_str_t *text);


static const char  *civic_plugin_lua_words[] = {
    "and", "break", "do", "else", "elseif", "end", "false", "for",
    "function", "goto", "if", "in", "local", "nil", "not", "or", "repeat",
    "return", "then", "true", "until", "while", NULL
};


void
civic_plugin_wrong(civic_plugin_reader_t *reader, const civic_plugin_at_t *at,
    const char *fmt, ...)
{
    u_char     *p, pointer[CIVIC_PLUGIN_POINTER_LEN], text[512];
    va_list     args;
    ngx_str_t   where, what;

    p = civic_plugin_pointer(pointer, pointer + sizeof(pointer), at);

    where.data = pointer;
    where.len = p - pointer;

    va_start(args, fmt);
    p = ngx_vslprintf(text, text + sizeof(text), fmt, args);
    va_end(args);

    what.data = text;
    what.len = p - text;

    civic_plugin_errors_add(reader->errors, "%V: %V", &where, &what);
}


static u_char *
civic_plugin_pointer(u_char *p, u_char *last, const civic_plugin_at_t *at)
{
    size_t   i;
    u_char  *begin;

    begin = p;

    if (at->up == NULL) {
        *p++ = '/';
        return p;
    }

    if (at->up->up) {
        p = civic_plugin_pointer(p, last, at->up);
    }

    if (last - p < 2) {
        return p;
    }

    *p++ = '/';

    for (i = 0; i < at->name.len && last - p > 1; i++) {

        switch (at->name.data[i]) {

        case '~':
            *p++ = '~';
            *p++ = '0';
            break;

        case '/':
            *p++ = '~';
            *p++ = '1';
            break;

        default:
            *p++ = at->name.data[i];
        }
    }

    if (i < at->name.len) {

        while (p > begin && (p[-1] & 0xc0) == 0x80) {
            p--;
        }

        p -= (p > begin && p[-1] >= 0xc0);
    }

    return p;
}


ngx_int_t
civic_plugin_object(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, ngx_uint_t max)
{
    if (civic_json_type(at->json) != CIVIC_JSON_OBJECT) {
        civic_plugin_wrong(reader, at, "must be an object");
        return NGX_DECLINED;
    }

    if (civic_json_length(at->json) > max) {
        civic_plugin_wrong(reader, at, "has more than %ui members", max);
        return NGX_DECLINED;
    }

    return NGX_OK;
}


ngx_uint_t
civic_plugin_next(const civic_plugin_at_t *at, void **iter,
    civic_plugin_at_t *inner)
{
    inner->up = at;
    inner->json = civic_json_next(at->json, iter, &inner->name);

    return inner->json != NULL;
}


void
civic_plugin_fields(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, const civic_plugin_field_t *fields,
    void *target)
{
    void                        *iter;
    civic_plugin_at_t            inner;
    const civic_plugin_field_t  *field;

    if (civic_plugin_object(reader, at, 1000) != NGX_OK) {
        return;
    }

    iter = NULL;

    while (civic_plugin_next(at, &iter, &inner)) {
        for (field = fields; field->name; field++) {
            if (ngx_strlen(field->name) == inner.name.len
                && ngx_memcmp(field->name, inner.name.data, inner.name.len)
                   == 0)
            {
                break;
            }
        }

        if (field->name == NULL) {
            civic_plugin_unknown(reader, &inner, fields);

        } else if (field->read) {
            field->read(reader, &inner, target);
        }
    }

    for (field = fields; field->name; field++) {
        if (field->mandatory
            && civic_json_member(at->json, field->name) == NULL)
        {
            civic_plugin_wrong(reader, at, "\"%s\" is missing", field->name);
        }
    }
}


static void
civic_plugin_unknown(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, const civic_plugin_field_t *fields)
{
    u_char                      *p, *last, text[256];
    ngx_str_t                    known;
    const civic_plugin_field_t  *field;

    p = text;
    last = text + sizeof(text);

    for (field = fields; field->name; field++) {
        p = ngx_slprintf(p, last, "%s%s", (field == fields) ? "" : ", ",
                         field->name);
    }

    known.data = text;
    known.len = p - text;

    civic_plugin_wrong(reader, at, "is not known here; known are %V", &known);
}


ngx_int_t
civic_plugin_string(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, size_t max, ngx_str_t *text)
{
    if (civic_json_string(at->json, text) != NGX_OK) {
        civic_plugin_wrong(reader, at, "must be a string");

    } else if (text->len == 0) {
        civic_plugin_wrong(reader, at, "must not be empty");

    } else if (text->len > max) {
        civic_plugin_wrong(reader, at, "is longer than %uz bytes", max);

    } else {
        return NGX_OK;
    }

    ngx_str_null(text);

    return NGX_DECLINED;
}


void
civic_plugin_strings(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, const civic_plugin_list_t *list,
    ngx_array_t *array)
{
    u_char              buf[NGX_INT_T_LEN];
    ngx_str_t           text, *item;
    ngx_uint_t          i, k, n;
    civic_plugin_at_t   inner;

    n = civic_json_length(at->json);

    if (civic_json_type(at->json) != CIVIC_JSON_ARRAY
        || n < list->min || n > list->max)
    {
        civic_plugin_wrong(reader, at, "must be an array of %ui to %ui "
                           "strings", list->min, list->max);
        return;
    }

    inner.up = at;
    inner.name.data = buf;

    for (i = 0; i < n; i++) {
        inner.name.len = ngx_sprintf(buf, "%ui", i) - buf;
        inner.json = civic_json_element(at->json, i);

        if (civic_plugin_string(reader, &inner, 1024, &text) != NGX_OK) {
            continue;
        }

        if (!list->check(&text)) {
            civic_plugin_wrong(reader, &inner, "\"%V\" is wrong: %s", &text,
                               list->what);
            continue;
        }

        item = array->elts;

        for (k = 0; k < array->nelts; k++) {
            if (item[k].len == text.len
                && ngx_memcmp(item[k].data, text.data, text.len) == 0)
            {
                civic_plugin_wrong(reader, &inner, "\"%V\" comes twice",
                                   &text);
            }
        }

        item = ngx_array_push(array);

        if (item == NULL) {
            civic_plugin_wrong(reader, &inner, "no memory");
            return;
        }

        *item = text;
    }
}


ngx_int_t
civic_plugin_duration(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, ngx_msec_t min, ngx_msec_t max,
    ngx_msec_t *value)
{
    size_t      i, n;
    ngx_int_t   number;
    ngx_str_t   text;

    static const struct {
        ngx_str_t    name;
        ngx_msec_t   msec;
    } units[] = {
        { ngx_string("ms"), 1 },
        { ngx_string("s"), 1000 },
        { ngx_string("m"), 60 * 1000 },
        { ngx_string("h"), 60 * 60 * 1000 },
        { ngx_null_string, 0 }
    };

    if (civic_plugin_string(reader, at, 16, &text) != NGX_OK) {
        return NGX_DECLINED;
    }

    for (n = 0; n < text.len; n++) {
        if (text.data[n] < '0' || text.data[n] > '9') {
            break;
        }
    }

    number = (n < 8) ? ngx_atoi(text.data, n) : NGX_ERROR;

    for (i = 0; units[i].name.len; i++) {
        if (units[i].name.len == text.len - n
            && ngx_memcmp(units[i].name.data, text.data + n, text.len - n)
               == 0)
        {
            break;
        }
    }

    if (number == NGX_ERROR || units[i].name.len == 0) {
        civic_plugin_wrong(reader, at, "\"%V\" is no duration: write 200ms, "
                           "5s, 10m or 2h", &text);
        return NGX_DECLINED;
    }

    *value = (ngx_msec_t) number * units[i].msec;

    if (*value < min || *value > max) {
        civic_plugin_wrong(reader, at, "\"%V\" is not between %Mms and %Ms",
                           &text, min, max / 1000);
        return NGX_DECLINED;
    }

    return NGX_OK;
}


/* a set in which one is in error is of no more use */

civic_schema_t *
civic_plugin_schema(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at)
{
    civic_schema_t        *schema;
    civic_schema_error_t   err;

    if (reader->schemas > CIVIC_PLUGIN_BAD_SCHEMAS) {
        return NULL;
    }

    if (reader->set == NULL) {
        reader->set = civic_schema_set_create(reader->manifest->json,
                                              reader->pool);
        if (reader->set == NULL) {
            civic_plugin_wrong(reader, at, "no memory");
            return NULL;
        }

        /* so that schemas can be moved into another document */

        civic_schema_set_refs(reader->set, "#/schemas/");
    }

    /* its type is said here, because a wrong one has no place of its own */

    if (civic_json_type(at->json) != CIVIC_JSON_OBJECT
        && civic_json_type(at->json) != CIVIC_JSON_BOOLEAN)
    {
        civic_plugin_wrong(reader, at, "must be a schema: an object, true "
                           "or false");
        return NULL;
    }

    schema = civic_schema_set_compile(reader->set, at->json, &err);

    if (schema == NULL) {
        civic_plugin_errors_add(reader->errors, "%s: %s", err.pointer,
                                err.message);
        reader->set = NULL;
        reader->schemas++;
    }

    return schema;
}


void
civic_plugin_function(civic_plugin_reader_t *reader,
    const civic_plugin_at_t *at, void *target)
{
    ngx_str_t *name = target;

    if (civic_plugin_string(reader, at, CIVIC_PLUGIN_FUNCTION_LEN, name)
        == NGX_OK
        && !civic_plugin_is_function(name))
    {
        civic_plugin_wrong(reader, at, "\"%V\" cannot be a function's name",
                           name);
    }
}


static ngx_uint_t
civic_plugin_is_function(const ngx_str_t *text)
{
    size_t        i;
    const char  **word;

    for (i = 0; i < text->len; i++) {
        if (text->data[i] != '_'
            && ((text->data[i] | 0x20) < 'a' || (text->data[i] | 0x20) > 'z')
            && (i == 0 || text->data[i] < '0' || text->data[i] > '9'))
        {
            return 0;
        }
    }

    for (word = civic_plugin_lua_words; *word; word++) {
        if (ngx_strlen(*word) == text->len
            && ngx_memcmp(*word, text->data, text->len) == 0)
        {
            return 0;
        }
    }

    return 1;
}


void
civic_plugin_zh(civic_plugin_reader_t *reader, const civic_plugin_at_t *at,
    void *target)
{
    civic_plugin_text_t *text = target;

    (void) civic_plugin_string(reader, at, CIVIC_PLUGIN_TEXT_LEN, &text->zh);
}


void
civic_plugin_en(civic_plugin_reader_t *reader, const civic_plugin_at_t *at,
    void *target)
{
    civic_plugin_text_t *text = target;

    (void) civic_plugin_string(reader, at, CIVIC_PLUGIN_TEXT_LEN, &text->en);
}


ngx_uint_t
civic_plugin_is_word(const ngx_str_t *text)
{
    size_t  i;
    u_char  ch;

    for (i = 0; i < text->len; i++) {
        ch = text->data[i];

        if (((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z')
            || (i && ((ch >= '0' && ch <= '9') || ch == '_' || ch == '-')))
        {
            continue;
        }

        return 0;
    }

    return text->len && text->len <= CIVIC_PLUGIN_WORD_LEN;
}


ngx_uint_t
civic_plugin_is_kebab(const ngx_str_t *text)
{
    size_t  i;
    u_char  ch, before;

    before = '-';

    for (i = 0; i < text->len; i++) {
        ch = text->data[i];

        if ((ch < 'a' || ch > 'z')
            && (i == 0 || ch < '0' || ch > '9')
            && (ch != '-' || before == '-'))
        {
            return 0;
        }

        before = ch;
    }

    return before != '-' && text->len <= CIVIC_PLUGIN_WORD_LEN;
}
