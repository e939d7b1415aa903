
/*
 * Copyright (C) Civic Gate
 *
 * What an administrator sent: the body, one JSON object whose members are
 * all known, and the arguments of the query.  What is not understood is
 * refused, for it was meant to do something.
 */


#include "civic_admin_conf.h"
#include "civic_body.h"


#define CIVIC_ADMIN_ERROR  256


static ngx_int_t civic_admin_body_parse(civic_admin_call_t *call,
    const ngx_str_t *text, const char **err);
static ngx_int_t civic_admin_body_check(civic_admin_call_t *call,
    const char **members, const char **err);
static ngx_uint_t civic_admin_body_is_json(ngx_http_request_t *r);
static ngx_uint_t civic_admin_query_next(ngx_str_t *args, ngx_str_t *name,
    ngx_str_t *value);


ngx_int_t
civic_admin_body(civic_admin_call_t *call,
    const civic_admin_resource_t *resource, civic_problem_e *problem,
    const char **err)
{
    ngx_int_t  rc;
    ngx_str_t  text;

    *err = NULL;
    civic_value_set_nil(&call->body);

    rc = civic_body_read(call->request, call->pool, CIVIC_ADMIN_MAX_BODY,
                         &text);

    if (rc != NGX_OK) {
        *problem = CIVIC_BODY_TOO_LARGE;
        return rc;
    }

    if (text.len == 0) {
        return NGX_OK;
    }

    if (resource->members == NULL) {
        *problem = CIVIC_BODY_MALFORMED;
        *err = "a body is not wanted";
        return NGX_DECLINED;
    }

    if (!civic_admin_body_is_json(call->request)) {
        *problem = CIVIC_MEDIA_TYPE;
        return NGX_DECLINED;
    }

    rc = civic_admin_body_parse(call, &text, err);

    if (rc != NGX_OK) {
        *problem = CIVIC_BODY_MALFORMED;
        return rc;
    }

    *problem = CIVIC_ADMIN_INVALID;

    return civic_admin_body_check(call, resource->members, err);
}


static ngx_int_t
civic_admin_body_parse(civic_admin_call_t *call, const ngx_str_t *text,
    const char **err)
{
    char          *sentence;
    ngx_int_t      rc;
    civic_json_t  *json;

    sentence = ngx_pnalloc(call->pool, CIVIC_ADMIN_ERROR);
    if (sentence == NULL) {
        return NGX_ERROR;
    }

    json = civic_json_parse(text, CIVIC_ADMIN_MAX_BODY, sentence,
                            CIVIC_ADMIN_ERROR);
    if (json == NULL) {
        *err = sentence;
        return NGX_DECLINED;
    }

    if (civic_json_type(json) != CIVIC_JSON_OBJECT) {
        civic_json_free(json);
        *err = "the body is not a JSON object";
        return NGX_DECLINED;
    }

    rc = civic_value_from_json(&call->body, call->pool, json);

    civic_json_free(json);

    if (rc == NGX_DECLINED) {
        *err = "a number is too large";
    }

    return rc;
}


static ngx_int_t
civic_admin_body_check(civic_admin_call_t *call, const char **members,
    const char **err)
{
    u_char           *p;
    const ngx_str_t  *name;

    name = civic_admin_stranger(&call->body, members);

    if (name == NULL) {
        return NGX_OK;
    }

    p = ngx_pnalloc(call->pool, CIVIC_ADMIN_ERROR);
    if (p == NULL) {
        return NGX_ERROR;
    }

    *ngx_snprintf(p, CIVIC_ADMIN_ERROR - 1, "unknown member \"%V\"", name)
        = '\0';
    *err = (char *) p;

    return NGX_DECLINED;
}


const ngx_str_t *
civic_admin_stranger(const civic_value_t *table, const char **members)
{
    ngx_str_t            *name;
    ngx_uint_t            i, n;
    const civic_table_t  *t;

    t = table->u.table;

    for (i = 0; i < t->npairs; i++) {
        name = &t->pairs[i].key.u.string;

        for (n = 0; members[n]; n++) {

            if (ngx_strlen(members[n]) == name->len
                && ngx_strncmp(members[n], name->data, name->len) == 0)
            {
                break;
            }
        }

        if (members[n] == NULL) {
            return name;
        }
    }

    return NULL;
}


/* a page elsewhere can send a form, or plain text, but not this */

static ngx_uint_t
civic_admin_body_is_json(ngx_http_request_t *r)
{
    size_t      len;
    ngx_str_t   type;

    static const ngx_str_t  json = ngx_string("application/json");

    if (r->headers_in.content_type == NULL) {
        return 0;
    }

    type = r->headers_in.content_type->value;

    for (len = 0; len < type.len; len++) {

        if (type.data[len] == ';' || type.data[len] == ' ') {
            break;
        }
    }

    return len == json.len
           && ngx_strncasecmp(type.data, json.data, json.len) == 0;
}


ngx_int_t
civic_admin_query_check(const ngx_str_t *args, const char **arguments)
{
    ngx_str_t   rest, name, value;
    ngx_uint_t  i;

    rest = *args;

    while (civic_admin_query_next(&rest, &name, &value)) {

        for (i = 0; arguments && arguments[i]; i++) {

            if (ngx_strlen(arguments[i]) == name.len
                && ngx_strncmp(arguments[i], name.data, name.len) == 0)
            {
                break;
            }
        }

        if (arguments == NULL || arguments[i] == NULL) {
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


ngx_int_t
civic_admin_argument(civic_admin_call_t *call, const char *name,
    ngx_str_t *value)
{
    u_char      *src, *dst;
    ngx_str_t    rest, own, text;
    ngx_uint_t   found;

    rest = call->request->args;
    found = 0;

    while (civic_admin_query_next(&rest, &own, &text)) {

        if (own.len != ngx_strlen(name)
            || ngx_strncmp(own.data, name, own.len) != 0)
        {
            continue;
        }

        if (found++) {
            civic_admin_refuse(call, CIVIC_ADMIN_INVALID,
                               "an argument came twice");
            return NGX_ABORT;
        }

        *value = text;
    }

    if (!found) {
        return NGX_DECLINED;
    }

    dst = ngx_pnalloc(call->pool, value->len + 1);

    if (dst == NULL) {
        civic_admin_refuse(call, CIVIC_INTERNAL, NULL);
        return NGX_ABORT;
    }

    src = value->data;
    value->data = dst;

    ngx_unescape_uri(&dst, &src, value->len, 0);

    value->len = dst - value->data;

    return NGX_OK;
}


/* empty ones are passed over */

static ngx_uint_t
civic_admin_query_next(ngx_str_t *args, ngx_str_t *name, ngx_str_t *value)
{
    u_char  *p, *last, *end;

    p = args->data;
    last = p + args->len;

    while (p < last && *p == '&') {
        p++;
    }

    if (p == last) {
        return 0;
    }

    end = ngx_strlchr(p, last, '&');
    end = end ? end : last;

    name->data = p;
    p = ngx_strlchr(p, end, '=');
    p = p ? p : end;
    name->len = p - name->data;

    value->data = p < end ? p + 1 : end;
    value->len = end - value->data;

    args->data = end;
    args->len = last - end;

    return 1;
}
