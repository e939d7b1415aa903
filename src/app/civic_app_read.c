
/*
 * Copyright (C) Civic Gate
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_app_read.h"
#include "civic_text.h"


#define CIVIC_APP_READ_TEXT  512       /* bytes of any one text */
#define CIVIC_APP_READ_NAME  64


static ngx_int_t civic_app_read_known(civic_app_reader_t *reader,
    const civic_json_t *json, const civic_app_member_t *members);
static void civic_app_read_enter(civic_app_reader_t *reader,
    const char *fmt, ...);


ngx_int_t
civic_app_read_object(civic_app_reader_t *reader, const civic_json_t *json,
    const civic_app_member_t *members, void *out)
{
    size_t                     at;
    const civic_json_t        *value;
    const civic_app_member_t  *m;

    if (civic_json_type(json) != CIVIC_JSON_OBJECT) {
        return civic_app_read_error(reader, "is no object");
    }

    if (civic_app_read_known(reader, json, members) != NGX_OK) {
        return NGX_DECLINED;
    }

    for (m = members; m->name; m++) {

        value = civic_json_member(json, m->name);

        if (value == NULL) {

            if (m->mandatory) {
                return civic_app_read_error(reader, "does not say \"%s\"",
                                            m->name);
            }

            continue;
        }

        at = reader->at;
        civic_app_read_enter(reader, at ? ".%s" : "%s", m->name);

        if (m->read(reader, value, (u_char *) out + m->offset) != NGX_OK) {
            return NGX_DECLINED;
        }

        reader->at = at;
    }

    return NGX_OK;
}


static ngx_int_t
civic_app_read_known(civic_app_reader_t *reader, const civic_json_t *json,
    const civic_app_member_t *members)
{
    void                      *iter;
    ngx_str_t                  name;
    const civic_app_member_t  *m;

    iter = NULL;

    while (civic_json_next(json, &iter, &name) != NULL) {

        for (m = members; m->name; m++) {

            if (name.len == ngx_strlen(m->name)
                && ngx_strncmp(name.data, m->name, name.len) == 0)
            {
                break;
            }
        }

        if (m->name == NULL) {

            if (name.len > CIVIC_APP_READ_NAME) {
                name.len = CIVIC_APP_READ_NAME;
            }

            return civic_app_read_error(reader, "has an unknown member "
                                        "\"%V\"", &name);
        }
    }

    return NGX_OK;
}


ngx_int_t
civic_app_read_list(civic_app_reader_t *reader, const civic_json_t *json,
    ngx_uint_t max, civic_app_read_pt read, void *out)
{
    size_t      at;
    ngx_uint_t  i, n;

    if (civic_json_type(json) != CIVIC_JSON_ARRAY) {
        return civic_app_read_error(reader, "is no array");
    }

    n = civic_json_length(json);

    if (n > max) {
        return civic_app_read_error(reader, "has %ui elements, and not "
                                    "at most %ui", n, max);
    }

    at = reader->at;

    for (i = 0; i < n; i++) {
        civic_app_read_enter(reader, "[%ui]", i);

        if (read(reader, civic_json_element(json, i), out) != NGX_OK) {
            return NGX_DECLINED;
        }

        reader->at = at;
    }

    return NGX_OK;
}


ngx_int_t
civic_app_read_text(civic_app_reader_t *reader, const civic_json_t *json,
    void *out)
{
    ngx_str_t  *text = out;

    ngx_str_t  value;

    if (civic_json_string(json, &value) != NGX_OK) {
        return civic_app_read_error(reader, "is no string");
    }

    if (value.len == 0 || value.len > CIVIC_APP_READ_TEXT) {
        return civic_app_read_error(reader, "is empty, or longer than %d "
                                    "bytes", CIVIC_APP_READ_TEXT);
    }

    if (!civic_text_clean(&value)) {
        return civic_app_read_error(reader, "has a control character");
    }

    text->len = value.len;
    text->data = ngx_pnalloc(reader->pool, value.len);

    if (text->data == NULL) {
        return civic_app_read_error(reader, "finds no memory");
    }

    ngx_memcpy(text->data, value.data, value.len);

    return NGX_OK;
}


/* seconds since 1970, as "exp" of a token has it */

ngx_int_t
civic_app_read_time(civic_app_reader_t *reader, const civic_json_t *json,
    void *out)
{
    time_t  *time = out;

    int64_t  value;

    if (civic_json_integer(json, &value) != NGX_OK
        || value < 1 || value > 253402300799)
    {
        return civic_app_read_error(reader, "is no time: seconds since 1970");
    }

    *time = (time_t) value;

    return NGX_OK;
}


ngx_int_t
civic_app_read_flag(civic_app_reader_t *reader, const civic_json_t *json,
    void *out)
{
    u_char  *flag = out;

    ngx_uint_t  value;

    if (civic_json_boolean(json, &value) != NGX_OK) {
        return civic_app_read_error(reader, "is neither true nor false");
    }

    *flag = (u_char) value;

    return NGX_OK;
}


ngx_int_t
civic_app_read_digest(civic_app_reader_t *reader, const civic_json_t *json,
    void *out)
{
    u_char  *digest = out;

    u_char      ch, nibble;
    ngx_str_t   text;
    ngx_uint_t  i;

    if (civic_json_string(json, &text) != NGX_OK || text.len != 64) {
        return civic_app_read_error(reader, "is not 64 hexadecimal digits");
    }

    for (i = 0; i < 64; i++) {
        ch = text.data[i];

        if (ch >= '0' && ch <= '9') {
            nibble = ch - '0';

        } else if (ch >= 'a' && ch <= 'f') {
            nibble = ch - 'a' + 10;

        } else {
            return civic_app_read_error(reader, "is not 64 hexadecimal "
                                        "digits in lower case");
        }

        digest[i / 2] = (i % 2) ? (u_char) (digest[i / 2] | nibble)
                                : (u_char) (nibble << 4);
    }

    return NGX_OK;
}


ngx_int_t
civic_app_read_name(civic_app_reader_t *reader, const civic_json_t *json,
    void *out)
{
    ngx_str_t  *name = out;

    if (civic_app_read_text(reader, json, name) != NGX_OK) {
        return NGX_DECLINED;
    }

    if (!civic_text_name(name) || name->len > CIVIC_APP_READ_NAME) {
        return civic_app_read_error(reader, "is no name: letters, digits, "
                                    "\"_\" and \"-\", at most %d",
                                    CIVIC_APP_READ_NAME);
    }

    return NGX_OK;
}


ngx_int_t
civic_app_read_word(civic_app_reader_t *reader, ngx_str_t *list,
    const ngx_str_t *word)
{
    u_char  *p, *last, *blank;

    last = list->data + list->len;

    for (p = list->data; p < last; p = blank + 1) {

        blank = ngx_strlchr(p, last, ' ');
        if (blank == NULL) {
            blank = last;
        }

        if ((size_t) (blank - p) == word->len
            && ngx_memcmp(p, word->data, word->len) == 0)
        {
            return civic_app_read_error(reader, "comes twice");
        }
    }

    p = ngx_pnalloc(reader->pool, list->len + 1 + word->len);
    if (p == NULL) {
        return civic_app_read_error(reader, "finds no memory");
    }

    last = p;

    if (list->len) {
        last = ngx_cpymem(last, list->data, list->len);
        *last++ = ' ';
    }

    last = ngx_cpymem(last, word->data, word->len);

    list->data = p;
    list->len = last - p;

    return NGX_OK;
}


ngx_int_t
civic_app_read_error(civic_app_reader_t *reader, const char *fmt, ...)
{
    u_char   *p, *last;
    va_list   args;

    p = (u_char *) reader->err;
    last = p + CIVIC_APP_READ_ERROR - 1;

    if (reader->at) {
        p = ngx_slprintf(p, last, "%*s ", reader->at, reader->place);
    }

    va_start(args, fmt);
    p = ngx_vslprintf(p, last, fmt, args);
    va_end(args);

    *p = '\0';

    return NGX_DECLINED;
}


static void
civic_app_read_enter(civic_app_reader_t *reader, const char *fmt, ...)
{
    u_char   *p;
    va_list   args;

    va_start(args, fmt);
    p = ngx_vslprintf((u_char *) reader->place + reader->at,
                      (u_char *) reader->place + CIVIC_APP_READ_PLACE, fmt,
                      args);
    va_end(args);

    reader->at = p - (u_char *) reader->place;
}
