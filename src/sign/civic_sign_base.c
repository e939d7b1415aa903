
/*
 * Copyright (C) Civic Gate
 *
 * Every component writes at most what the request holds of it, and none
 * comes twice: so the room that is needed is known before the first byte.
 */


#include "civic_sign_base.h"
#include "civic_sign_query.h"


typedef struct {
    const civic_sign_message_t    *message;
    const civic_sign_component_t  *component;
    u_char                        *p;  /* where the next byte goes */
} civic_sign_base_t;

/* NGX_OK, NGX_DECLINED: the request has no such thing, NGX_ABORT: wrong */

typedef ngx_int_t (*civic_sign_base_pt)(civic_sign_base_t *base);

typedef struct {
    ngx_str_t                      name;
    civic_sign_base_pt             write;
    ngx_uint_t                     bit;
    unsigned                       parameters:1; /* it takes some */
} civic_sign_derived_t;


static size_t civic_sign_base_room(const civic_sign_message_t *message,
    const civic_sign_member_t *input);
static ngx_int_t civic_sign_base_line(civic_sign_base_t *base,
    ngx_uint_t *covered);
static ngx_int_t civic_sign_base_header(civic_sign_base_t *base,
    ngx_uint_t *covered);
static ngx_int_t civic_sign_base_method(civic_sign_base_t *base);
static ngx_int_t civic_sign_base_authority(civic_sign_base_t *base);
static ngx_int_t civic_sign_base_scheme(civic_sign_base_t *base);
static ngx_int_t civic_sign_base_target_uri(civic_sign_base_t *base);
static ngx_int_t civic_sign_base_request_target(civic_sign_base_t *base);
static ngx_int_t civic_sign_base_path(civic_sign_base_t *base);
static ngx_int_t civic_sign_base_query(civic_sign_base_t *base);
static ngx_int_t civic_sign_base_query_param(civic_sign_base_t *base);
static u_char *civic_sign_base_mark(const ngx_str_t *target);
static void civic_sign_base_text(civic_sign_base_t *base,
    const ngx_str_t *text);
static ngx_uint_t civic_sign_base_equal(const ngx_str_t *a,
    const ngx_str_t *b);


static const civic_sign_derived_t  civic_sign_base_derived[] = {

    { ngx_string("@method"), civic_sign_base_method, CIVIC_SIGN_METHOD, 0 },

    { ngx_string("@authority"), civic_sign_base_authority,
      CIVIC_SIGN_AUTHORITY, 0 },

    { ngx_string("@scheme"), civic_sign_base_scheme, 0, 0 },

    { ngx_string("@target-uri"), civic_sign_base_target_uri,
      CIVIC_SIGN_TARGET_URI, 0 },

    { ngx_string("@request-target"), civic_sign_base_request_target,
      CIVIC_SIGN_REQUEST_TARGET, 0 },

    { ngx_string("@path"), civic_sign_base_path, CIVIC_SIGN_PATH, 0 },

    { ngx_string("@query"), civic_sign_base_query, CIVIC_SIGN_QUERY, 0 },

    { ngx_string("@query-param"), civic_sign_base_query_param, 0, 1 },

    { ngx_null_string, NULL, 0, 0 }
};


civic_problem_e
civic_sign_base_build(const civic_sign_message_t *message,
    const civic_sign_member_t *input, ngx_pool_t *pool, ngx_str_t *text,
    ngx_uint_t *covered)
{
    ngx_int_t               rc;
    ngx_uint_t              i, n;
    civic_sign_base_t       base;
    civic_sign_field_t      field;
    civic_sign_component_t  seen[CIVIC_SIGN_MAX_COMPONENTS];

    static ngx_str_t  params = ngx_string("\"@signature-params\": ");

    text->data = ngx_pnalloc(pool, civic_sign_base_room(message, input));
    if (text->data == NULL) {
        return CIVIC_INTERNAL;
    }

    *covered = 0;
    base.message = message;
    base.p = text->data;

    civic_sign_field_list(&field, input);

    for (n = 0; /* void */ ; n++) {

        if (n == CIVIC_SIGN_MAX_COMPONENTS) {
            return CIVIC_SIGNATURE_MALFORMED;
        }

        rc = civic_sign_field_component(&field, &seen[n]);

        if (rc == NGX_DONE) {
            break;
        }

        if (rc != NGX_OK) {
            return CIVIC_SIGNATURE_MALFORMED;
        }

        for (i = 0; i < n; i++) {
            if (civic_sign_base_equal(&seen[i].text, &seen[n].text)) {
                return CIVIC_SIGNATURE_MALFORMED;
            }
        }

        base.component = &seen[n];

        rc = civic_sign_base_line(&base, covered);

        if (rc != NGX_OK) {
            return (rc == NGX_DECLINED) ? CIVIC_SIGNATURE_INCOMPLETE
                                        : CIVIC_SIGNATURE_MALFORMED;
        }
    }

    civic_sign_base_text(&base, &params);
    civic_sign_base_text(&base, &input->text);

    text->len = base.p - text->data;

    return CIVIC_OK;
}


/* 3 for what is recoded; @query-param is a part of the query each time */

static size_t
civic_sign_base_room(const civic_sign_message_t *message,
    const civic_sign_member_t *input)
{
    size_t      room;
    ngx_uint_t  i;

    room = 2 * input->text.len + 4 * CIVIC_SIGN_MAX_COMPONENTS + 64
           + message->method.len + 2 * message->scheme.len
           + 2 * message->authority.len + 10 * message->target.len;

    for (i = 0; i < message->nheaders; i++) {
        room += 3 * message->headers[i].value.len + 16;
    }

    return room;
}


static ngx_int_t
civic_sign_base_line(civic_sign_base_t *base, ngx_uint_t *covered)
{
    ngx_int_t                    rc;
    const ngx_str_t             *name;
    const civic_sign_derived_t  *row;

    civic_sign_base_text(base, &base->component->text);

    *base->p++ = ':';
    *base->p++ = ' ';

    name = &base->component->name;

    if (name->len == 0) {
        return NGX_ABORT;
    }

    if (name->data[0] != '@') {
        rc = civic_sign_base_header(base, covered);

    } else {

        for (row = civic_sign_base_derived; row->write; row++) {
            if (civic_sign_base_equal(&row->name, name)) {
                break;
            }
        }

        if (row->write == NULL
            || (base->component->parameters.len && !row->parameters))
        {
            return NGX_ABORT;
        }

        *covered |= row->bit;

        rc = row->write(base);
    }

    *base->p++ = '\n';

    return rc;
}


/* lines of one name in their order; as they are, or each in base64 */

static ngx_int_t
civic_sign_base_header(civic_sign_base_t *base, ngx_uint_t *covered)
{
    ngx_str_t                   dst, src;
    ngx_uint_t                  i, n, coded;
    const ngx_str_t            *name, *parameters;
    const civic_sign_header_t  *header;

    static ngx_str_t  bs = ngx_string(";bs");
    static ngx_str_t  digest = ngx_string("content-digest");

    name = &base->component->name;
    parameters = &base->component->parameters;
    header = base->message->headers;

    coded = civic_sign_base_equal(parameters, &bs);

    if (parameters->len && !coded) {
        return NGX_ABORT;
    }

    for (i = 0, n = 0; i < base->message->nheaders; i++) {

        if (!civic_sign_base_equal(&header[i].name, name)) {
            continue;
        }

        if (n++) {
            *base->p++ = ',';
            *base->p++ = ' ';
        }

        if (!coded) {
            civic_sign_base_text(base, &header[i].value);
            continue;
        }

        *base->p++ = ':';

        src = header[i].value;
        dst.data = base->p;
        ngx_encode_base64(&dst, &src);

        base->p += dst.len;
        *base->p++ = ':';
    }

    if (!coded && civic_sign_base_equal(name, &digest)) {
        *covered |= CIVIC_SIGN_CONTENT_DIGEST;
    }

    return n ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
civic_sign_base_method(civic_sign_base_t *base)
{
    civic_sign_base_text(base, &base->message->method);

    return NGX_OK;
}


static ngx_int_t
civic_sign_base_authority(civic_sign_base_t *base)
{
    civic_sign_base_text(base, &base->message->authority);

    return base->message->authority.len ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
civic_sign_base_scheme(civic_sign_base_t *base)
{
    civic_sign_base_text(base, &base->message->scheme);

    return NGX_OK;
}


static ngx_int_t
civic_sign_base_target_uri(civic_sign_base_t *base)
{
    static ngx_str_t  slashes = ngx_string("://");

    (void) civic_sign_base_scheme(base);

    civic_sign_base_text(base, &slashes);

    if (civic_sign_base_authority(base) != NGX_OK) {
        return NGX_DECLINED;
    }

    return civic_sign_base_request_target(base);
}


static ngx_int_t
civic_sign_base_request_target(civic_sign_base_t *base)
{
    civic_sign_base_text(base, &base->message->target);

    return NGX_OK;
}


static ngx_int_t
civic_sign_base_path(civic_sign_base_t *base)
{
    ngx_str_t  path;

    path.data = base->message->target.data;
    path.len = civic_sign_base_mark(&base->message->target) - path.data;

    civic_sign_base_text(base, &path);

    return NGX_OK;
}


static ngx_int_t
civic_sign_base_query(civic_sign_base_t *base)
{
    ngx_str_t  query;

    query.data = civic_sign_base_mark(&base->message->target);
    query.len = base->message->target.data + base->message->target.len
                - query.data;

    if (query.len == 0) {
        *base->p++ = '?';
        return NGX_OK;
    }

    civic_sign_base_text(base, &query);

    return NGX_OK;
}


/* ";name=..." names one parameter, which comes once */

static ngx_int_t
civic_sign_base_query_param(civic_sign_base_t *base)
{
    u_char              *p;
    ngx_str_t            query, key, name;
    ngx_uint_t           n;
    civic_sign_bare_t    value;
    civic_sign_pair_t    pair, found;
    civic_sign_field_t   field;

    field.p = base->component->parameters.data;
    field.last = field.p + base->component->parameters.len;

    if (civic_sign_field_parameter(&field, &key, &value) != NGX_OK
        || field.p != field.last
        || value.type != CIVIC_SIGN_STRING
        || key.len != 4 || ngx_strncmp(key.data, "name", 4) != 0)
    {
        return NGX_ABORT;
    }

    query.data = civic_sign_base_mark(&base->message->target);
    query.len = base->message->target.data + base->message->target.len
                - query.data;

    if (query.len == 0) {
        return NGX_DECLINED;
    }

    query.data++;
    query.len--;

    for (n = 0; civic_sign_query_next(&query, &pair) == NGX_OK; /* void */) {

        p = civic_sign_query_recode(base->p, &pair.name);

        name.data = base->p;
        name.len = p - base->p;

        if (civic_sign_base_equal(&name, &value.text)) {
            found = pair;
            n++;
        }
    }

    if (n != 1) {
        return n ? NGX_ABORT : NGX_DECLINED;
    }

    base->p = civic_sign_query_recode(base->p, &found.value);

    return NGX_OK;
}


/* the "?", or the end */

static u_char *
civic_sign_base_mark(const ngx_str_t *target)
{
    u_char  *mark, *last;

    last = target->data + target->len;
    mark = ngx_strlchr(target->data, last, '?');

    return mark ? mark : last;
}


ngx_uint_t
civic_sign_base_covers(const civic_sign_member_t *input,
    const ngx_str_t *name)
{
    civic_sign_field_t      field;
    civic_sign_component_t  component;

    civic_sign_field_list(&field, input);

    while (civic_sign_field_component(&field, &component) == NGX_OK) {

        if (component.parameters.len == 0
            && civic_sign_base_equal(&component.name, name))
        {
            return 1;
        }
    }

    return 0;
}


const civic_sign_header_t *
civic_sign_message_header(const civic_sign_message_t *message,
    const char *name, ngx_uint_t *n)
{
    size_t                      len;
    ngx_uint_t                  i;
    const civic_sign_header_t  *header, *found;

    *n = 0;
    found = NULL;
    len = ngx_strlen(name);
    header = message->headers;

    for (i = 0; i < message->nheaders; i++) {

        if (header[i].name.len == len
            && ngx_memcmp(header[i].name.data, name, len) == 0)
        {
            found = found ? found : &header[i];
            (*n)++;
        }
    }

    return found;
}


ngx_int_t
civic_sign_message_combined(const civic_sign_message_t *message,
    const char *name, ngx_pool_t *pool, ngx_str_t *value)
{
    size_t                      len, size;
    u_char                     *p;
    ngx_uint_t                  i, n;
    const civic_sign_header_t  *header;

    header = civic_sign_message_header(message, name, &n);

    if (n == 0) {
        return NGX_DECLINED;
    }

    if (n == 1) {
        *value = header->value;
        return NGX_OK;
    }

    len = ngx_strlen(name);

    for (i = 0, size = 0; i < message->nheaders; i++) {
        size += message->headers[i].value.len + 2;
    }

    p = ngx_pnalloc(pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    value->data = p;

    for (i = 0; i < message->nheaders; i++) {

        header = &message->headers[i];

        if (header->name.len != len
            || ngx_memcmp(header->name.data, name, len) != 0)
        {
            continue;
        }

        if (p != value->data) {
            *p++ = ',';
            *p++ = ' ';
        }

        p = ngx_cpymem(p, header->value.data, header->value.len);
    }

    value->len = p - value->data;

    return NGX_OK;
}


static void
civic_sign_base_text(civic_sign_base_t *base, const ngx_str_t *text)
{
    base->p = ngx_cpymem(base->p, text->data, text->len);
}


static ngx_uint_t
civic_sign_base_equal(const ngx_str_t *a, const ngx_str_t *b)
{
    return a->len == b->len && ngx_memcmp(a->data, b->data, a->len) == 0;
}
