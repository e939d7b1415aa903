
/*
 * Copyright (C) Civic Gate
 *
 * Decodes a query string once, and decides nothing by guessing: a value is
 * a number where its type says so, several where it is an array, and what
 * is not declared is refused.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <math.h>

#include "civic_plugin_query.h"


typedef struct {
    const civic_plugin_route_spec_t  *spec;
    ngx_pool_t                       *pool;
    civic_json_t                     *json;
    civic_schema_error_t             *err;
} civic_plugin_query_t;


static ngx_int_t civic_plugin_query_read(civic_plugin_query_t *ctx,
    const ngx_str_t *args);
static ngx_int_t civic_plugin_query_pair(civic_plugin_query_t *ctx,
    u_char *p, u_char *last);
static ngx_int_t civic_plugin_query_decode(civic_plugin_query_t *ctx,
    u_char *p, u_char *last, ngx_str_t *text);
static ngx_int_t civic_plugin_query_add(civic_plugin_query_t *ctx,
    const ngx_str_t *name, const ngx_str_t *text);
static const civic_json_t *civic_plugin_query_schema(
    const civic_json_t *query, const ngx_str_t *name);
static ngx_uint_t civic_plugin_query_type(const civic_json_t *schema,
    const char *type);
static ngx_int_t civic_plugin_query_scalar(civic_plugin_query_t *ctx,
    const civic_json_t *schema, const ngx_str_t *name,
    const ngx_str_t *text, civic_json_t **value);
static ngx_uint_t civic_plugin_query_is_number(const ngx_str_t *text,
    ngx_uint_t *whole);
static ngx_int_t civic_plugin_query_repeat(civic_plugin_query_t *ctx,
    const ngx_str_t *name, civic_json_t *value);
static ngx_int_t civic_plugin_query_wrong(civic_plugin_query_t *ctx,
    const ngx_str_t *name, const char *keyword, const char *message);


ngx_int_t
civic_plugin_query(const ngx_str_t *args,
    const civic_plugin_route_spec_t *spec, ngx_pool_t *pool,
    civic_value_t *query, civic_schema_error_t *err)
{
    ngx_int_t             rc;
    civic_plugin_query_t  ctx;

    ngx_memzero(err, sizeof(civic_schema_error_t));
    err->keyword = "";

    ctx.spec = spec;
    ctx.pool = pool;
    ctx.err = err;

    ctx.json = civic_json_new(CIVIC_JSON_OBJECT);
    if (ctx.json == NULL) {
        return NGX_ERROR;
    }

    rc = civic_plugin_query_read(&ctx, args);

    if (rc == NGX_OK && spec->query) {
        rc = civic_schema_check(spec->query, ctx.json, err);
    }

    if (rc == NGX_OK) {
        rc = civic_value_from_json(query, pool, ctx.json);

        if (rc == NGX_DECLINED) {
            rc = civic_plugin_query_wrong(&ctx, NULL, "type", "a number is "
                                          "too large to be exact");
        }
    }

    civic_json_free(ctx.json);

    return rc;
}


static ngx_int_t
civic_plugin_query_read(civic_plugin_query_t *ctx, const ngx_str_t *args)
{
    u_char      *p, *last, *end;
    ngx_int_t    rc;
    ngx_uint_t   n;

    last = args->data + args->len;
    n = 0;

    for (p = args->data; p < last; p = end + 1) {

        end = memchr(p, '&', last - p);
        if (end == NULL) {
            end = last;
        }

        if (end == p) {
            continue;
        }

        if (++n > CIVIC_PLUGIN_MAX_PARAMETERS) {
            return civic_plugin_query_wrong(ctx, NULL, "maxProperties",
                                            "has too many parameters");
        }

        rc = civic_plugin_query_pair(ctx, p, end);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_plugin_query_pair(civic_plugin_query_t *ctx, u_char *p, u_char *last)
{
    u_char     *equals;
    ngx_int_t   rc;
    ngx_str_t   name, text;

    equals = memchr(p, '=', last - p);

    rc = civic_plugin_query_decode(ctx, p, equals ? equals : last, &name);

    if (rc == NGX_OK) {
        rc = civic_plugin_query_decode(ctx, equals ? equals + 1 : last, last,
                                       &text);
    }

    return (rc == NGX_OK) ? civic_plugin_query_add(ctx, &name, &text) : rc;
}


static ngx_int_t
civic_plugin_query_decode(civic_plugin_query_t *ctx, u_char *p, u_char *last,
    ngx_str_t *text)
{
    u_char     *dst;
    ngx_int_t   ch;

    text->data = ngx_pnalloc(ctx->pool, last - p + 1);
    if (text->data == NULL) {
        return NGX_ERROR;
    }

    for (dst = text->data; p < last; p++) {

        ch = *p;

        if (ch == '+') {
            ch = ' ';

        } else if (ch == '%') {
            ch = (last - p > 2) ? ngx_hextoi(p + 1, 2) : NGX_ERROR;
            p += 2;
        }

        if (ch == NGX_ERROR || ch == '\0') {
            return civic_plugin_query_wrong(ctx, NULL, "encoding",
                                            "is not properly encoded");
        }

        *dst++ = (u_char) ch;
    }

    text->len = dst - text->data;

    if (!civic_json_is_utf8(text)) {
        return civic_plugin_query_wrong(ctx, NULL, "encoding",
                                        "is not UTF-8");
    }

    return NGX_OK;
}


static ngx_int_t
civic_plugin_query_add(civic_plugin_query_t *ctx, const ngx_str_t *name,
    const ngx_str_t *text)
{
    ngx_int_t            rc;
    ngx_uint_t           several;
    civic_json_t        *value, *array;
    const civic_json_t  *schema, *item;

    schema = NULL;

    if (ctx->spec->query_json) {
        schema = civic_plugin_query_schema(ctx->spec->query_json, name);

        if (schema == NULL) {
            return civic_plugin_query_wrong(ctx, name,
                                            "additionalProperties",
                                            "is not known here");
        }
    }

    several = civic_plugin_query_type(schema, "array");
    item = several ? civic_json_member(schema, "items") : schema;

    rc = civic_plugin_query_scalar(ctx, item, name, text, &value);

    if (rc != NGX_OK) {
        return rc;
    }

    if (civic_json_named(ctx->json, name)) {

        if (schema && !several) {
            civic_json_free(value);
            return civic_plugin_query_wrong(ctx, name, "type",
                                            "comes more than once");
        }

        return civic_plugin_query_repeat(ctx, name, value);
    }

    if (several) {
        array = civic_json_new(CIVIC_JSON_ARRAY);

        if (array == NULL) {
            civic_json_free(value);
            return NGX_ERROR;
        }

        if (civic_json_append(array, value) != NGX_OK) {
            civic_json_free(array);
            return NGX_ERROR;
        }

        value = array;
    }

    return civic_json_set(ctx->json, name, value);
}


/* NULL: the name is not allowed */

static const civic_json_t *
civic_plugin_query_schema(const civic_json_t *query, const ngx_str_t *name)
{
    ngx_uint_t           yes;
    const civic_json_t  *schema;

    schema = civic_json_named(civic_json_member(query, "properties"), name);

    if (schema) {
        return schema;
    }

    schema = civic_json_member(query, "additionalProperties");

    if (schema && civic_json_boolean(schema, &yes) == NGX_OK && !yes) {
        return NULL;
    }

    return schema;
}


static ngx_uint_t
civic_plugin_query_type(const civic_json_t *schema, const char *type)
{
    ngx_str_t  text;

    return schema
           && civic_json_string(civic_json_member(schema, "type"), &text)
              == NGX_OK
           && text.len == ngx_strlen(type)
           && ngx_memcmp(text.data, type, text.len) == 0;
}


static ngx_int_t
civic_plugin_query_scalar(civic_plugin_query_t *ctx,
    const civic_json_t *schema, const ngx_str_t *name, const ngx_str_t *text,
    civic_json_t **value)
{
    double       real;
    ngx_uint_t   whole;
    long long    integer;

    *value = NULL;

    if (civic_plugin_query_type(schema, "boolean")) {

        if (text->len == 4 && ngx_memcmp(text->data, "true", 4) == 0) {
            *value = civic_json_new_boolean(1);

        } else if (text->len == 5 && ngx_memcmp(text->data, "false", 5) == 0)
        {
            *value = civic_json_new_boolean(0);

        } else {
            return civic_plugin_query_wrong(ctx, name, "type", "must be true "
                                            "or false");
        }

    } else if (civic_plugin_query_type(schema, "integer")
               || civic_plugin_query_type(schema, "number"))
    {
        /* a NUL was refused; the room for one is there */

        text->data[text->len] = '\0';

        errno = 0;
        whole = 0;

        if (!civic_plugin_query_is_number(text, &whole)
            || (!whole && civic_plugin_query_type(schema, "integer")))
        {
            return civic_plugin_query_wrong(ctx, name, "type",
                                            civic_plugin_query_type(schema,
                                                                    "integer")
                                            ? "must be an integer"
                                            : "must be a number");
        }

        integer = whole ? strtoll((char *) text->data, NULL, 10) : 0;
        real = strtod((char *) text->data, NULL);

        if (!isfinite(real) || (whole && errno == ERANGE)) {
            return civic_plugin_query_wrong(ctx, name, "type", "is too "
                                            "large");
        }

        *value = whole ? civic_json_new_integer(integer)
                       : civic_json_new_real(real);

    } else {
        *value = civic_json_new_string(text);
    }

    return *value ? NGX_OK : NGX_ERROR;
}


/* JSON's spelling of numbers: nothing that strtod() takes besides */

static ngx_uint_t
civic_plugin_query_is_number(const ngx_str_t *text, ngx_uint_t *whole)
{
    u_char  *p, *last, *digits;

    p = text->data;
    last = p + text->len;

    p += (p < last && *p == '-');

    for (digits = p; p < last && *p >= '0' && *p <= '9'; p++) { /* void */ }

    if (p == digits || (*digits == '0' && p - digits > 1)) {
        return 0;
    }

    *whole = (p == last);

    if (p < last && *p == '.') {

        for (digits = ++p; p < last && *p >= '0' && *p <= '9'; p++) {
            /* void */
        }

        if (p == digits) {
            return 0;
        }
    }

    if (p < last && (*p | 0x20) == 'e') {

        p++;
        p += (p < last && (*p == '+' || *p == '-'));

        for (digits = p; p < last && *p >= '0' && *p <= '9'; p++) {
            /* void */
        }

        if (p == digits) {
            return 0;
        }
    }

    return p == last;
}


/* adds to the array; without a schema the second one makes it one */

static ngx_int_t
civic_plugin_query_repeat(civic_plugin_query_t *ctx, const ngx_str_t *name,
    civic_json_t *value)
{
    civic_json_t        *array;
    const civic_json_t  *before;

    before = civic_json_named(ctx->json, name);

    if (civic_json_type(before) == CIVIC_JSON_ARRAY) {
        return civic_json_append((civic_json_t *) before, value);
    }

    array = civic_json_new(CIVIC_JSON_ARRAY);

    if (array == NULL) {
        civic_json_free(value);
        return NGX_ERROR;
    }

    if (civic_json_append(array, civic_json_copy(before)) != NGX_OK) {
        civic_json_free(value);
        civic_json_free(array);
        return NGX_ERROR;
    }

    if (civic_json_append(array, value) != NGX_OK) {
        civic_json_free(array);
        return NGX_ERROR;
    }

    return civic_json_set(ctx->json, name, array);
}


static ngx_int_t
civic_plugin_query_wrong(civic_plugin_query_t *ctx, const ngx_str_t *name,
    const char *keyword, const char *message)
{
    size_t   i;
    u_char  *p, *last;

    p = ctx->err->pointer;
    last = p + sizeof(ctx->err->pointer) - 5;

    if (name) {
        *p++ = '/';

        for (i = 0; i < name->len && p < last - 1; i++) {

            if (name->data[i] == '~' || name->data[i] == '/') {
                *p++ = '~';
                *p++ = (name->data[i] == '~') ? '0' : '1';

            } else {
                *p++ = name->data[i];
            }
        }

        if (i < name->len) {

            while ((p[-1] & 0xc0) == 0x80) {
                p--;
            }

            p -= (p[-1] >= 0xc0);
            p = ngx_cpymem(p, "...", 3);
        }
    }

    *p = '\0';

    ctx->err->keyword = keyword;

    (void) ngx_cpystrn(ctx->err->message, (u_char *) message,
                       sizeof(ctx->err->message));

    return NGX_DECLINED;
}
