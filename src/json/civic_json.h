
/*
 * Copyright (C) Civic Gate
 *
 * JSON, and the only door to jansson.  Reading is strict: one value, no
 * duplicate members, size, depth and number of values capped before jansson
 * sees it, NUL in no string.  A civic_json_t is read only and, but for the
 * root that civic_json_parse() gave, borrowed.
 */


#ifndef _CIVIC_JSON_H_INCLUDED_
#define _CIVIC_JSON_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define CIVIC_JSON_MAX_DEPTH   32
#define CIVIC_JSON_MAX_VALUES  65536   /* "[],[],..." of 1 MB: 150 ms */


typedef struct json_t  civic_json_t;   /* jansson's own, seen by nobody */


typedef enum {
    CIVIC_JSON_NULL,
    CIVIC_JSON_BOOLEAN,
    CIVIC_JSON_INTEGER,
    CIVIC_JSON_REAL,
    CIVIC_JSON_STRING,
    CIVIC_JSON_ARRAY,
    CIVIC_JSON_OBJECT
} civic_json_type_e;


/* NULL: not acceptable; `err` (may be NULL) gets a sentence with a line */

civic_json_t *civic_json_parse(const ngx_str_t *text, size_t max, char *err,
    size_t errlen);
void civic_json_free(civic_json_t *root);

civic_json_type_e civic_json_type(const civic_json_t *json);

/* NULL: no such member, or not an object / no such element, or no array */

const civic_json_t *civic_json_member(const civic_json_t *json,
    const char *name);
const civic_json_t *civic_json_element(const civic_json_t *json,
    ngx_uint_t i);
ngx_uint_t civic_json_length(const civic_json_t *json);

/* the member of that name, else the only one that differs in case; or NULL */

const civic_json_t *civic_json_member_any_case(const civic_json_t *json,
    const ngx_str_t *name);

/* follows "a.b.c"; a member whose name has dots itself wins as a whole */

const civic_json_t *civic_json_path(const civic_json_t *json,
    const ngx_str_t *path);

/* NGX_OK, or NGX_DECLINED if it is no string / no integer */

ngx_int_t civic_json_string(const civic_json_t *json, ngx_str_t *value);
ngx_int_t civic_json_integer(const civic_json_t *json, int64_t *value);

/* integer or real as a double; NGX_DECLINED if neither */

ngx_int_t civic_json_number(const civic_json_t *json, double *value);

/* NGX_DECLINED also for an integer that no double holds exactly */

ngx_int_t civic_json_exact_number(const civic_json_t *json, double *value);

ngx_uint_t civic_json_is_true(const civic_json_t *json);

/*
 * The next member of an object, in no order: `iter` begins as NULL.  NULL:
 * there are no more, or it is no object.
 */

const civic_json_t *civic_json_next(const civic_json_t *json, void **iter,
    ngx_str_t *name);

/*
 * A scalar as text in `pool`: strings as they are, numbers and booleans in
 * JSON's spelling; objects and arrays as compact JSON.
 */

ngx_int_t civic_json_text(const civic_json_t *json, ngx_pool_t *pool,
    ngx_str_t *value);

/* well-formed: no overlong forms, no surrogates, not beyond U+10FFFF */

ngx_uint_t civic_json_is_utf8(const ngx_str_t *text);

const civic_json_t *civic_json_named(const civic_json_t *json,
    const ngx_str_t *name);

/* NGX_OK, or NGX_DECLINED if it is no boolean */

ngx_int_t civic_json_boolean(const civic_json_t *json, ngx_uint_t *value);

/*
 * As JSON Schema has it: 1 is 1.0, the order of members is nothing.  What
 * was compared is added to `steps`: a value, or 64 bytes of a string.
 */

ngx_uint_t civic_json_equal(const civic_json_t *a, const civic_json_t *b,
    ngx_uint_t *steps);

/*
 * NULL: no memory, or no UTF-8.  What is built is the builder's, until it
 * is added to an array or object, which then owns it, even where adding
 * failed (NGX_ERROR).
 */

civic_json_t *civic_json_new(civic_json_type_e array_or_object);
civic_json_t *civic_json_new_string(const ngx_str_t *value);
civic_json_t *civic_json_new_integer(int64_t value);
civic_json_t *civic_json_new_real(double value);
civic_json_t *civic_json_new_boolean(ngx_uint_t value);
civic_json_t *civic_json_copy(const civic_json_t *json);
ngx_int_t civic_json_append(civic_json_t *array, civic_json_t *value);
ngx_int_t civic_json_set(civic_json_t *object, const ngx_str_t *name,
    civic_json_t *value);

/* escapes `src` as the inside of a JSON string; returns the end in dst */

size_t civic_json_escaped_len(const ngx_str_t *src);
u_char *civic_json_escape(u_char *dst, const ngx_str_t *src);


#endif /* _CIVIC_JSON_H_INCLUDED_ */
