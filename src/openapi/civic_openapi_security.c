
/*
 * Copyright (C) Civic Gate
 *
 * How callers say who they are.  Names of schemes have no colon: "app:key"
 * is "app.key".
 */


#include "civic_openapi_build.h"


#define CIVIC_OPENAPI_WORD  160


static ngx_uint_t civic_openapi_term(const ngx_str_t *word, size_t *at,
    u_char *buf, ngx_str_t *name);
static ngx_int_t civic_openapi_scheme_add(civic_json_t *schemes,
    const ngx_str_t *name);


ngx_int_t
civic_openapi_scheme(civic_json_t *schemes, const ngx_str_t *word)
{
    size_t     at;
    u_char     buf[CIVIC_OPENAPI_WORD];
    ngx_str_t  name;

    at = 0;

    while (civic_openapi_term(word, &at, buf, &name)) {

        if (civic_openapi_scheme_add(schemes, &name) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_openapi_scheme_add(civic_json_t *schemes, const ngx_str_t *name)
{
    ngx_uint_t     i;
    civic_json_t  *scheme;

    static const struct {
        ngx_str_t    name;
        const char  *members[6];
    } known[] = {
        { ngx_string("app.key"),
          { "type", "apiKey", "in", "header", "name", "X-Api-Key" } },
        { ngx_string("app.certificate"), { "type", "mutualTLS" } },
        { ngx_string("app.signature"),
          { "type", "http", "scheme", "signature" } },
        { ngx_null_string, { "type", "http", "scheme", "bearer" } }
    };

    scheme = civic_json_new(CIVIC_JSON_OBJECT);

    if (scheme == NULL || civic_json_set(schemes, name, scheme) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; known[i].name.len; i++) {

        if (known[i].name.len == name->len
            && ngx_strncmp(known[i].name.data, name->data, name->len) == 0)
        {
            break;
        }
    }

    if (civic_openapi_text(scheme, known[i].members[0], known[i].members[1])
        != NGX_OK
        || (known[i].members[2]
            && civic_openapi_text(scheme, known[i].members[2],
                                  known[i].members[3])
               != NGX_OK)
        || (known[i].members[4]
            && civic_openapi_text(scheme, known[i].members[4],
                                  known[i].members[5])
               != NGX_OK))
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
civic_openapi_party(civic_json_t *item, const ngx_str_t *word,
    civic_json_t *scopes)
{
    size_t     at;
    u_char     buf[CIVIC_OPENAPI_WORD];
    ngx_str_t  name;

    at = 0;

    while (civic_openapi_term(word, &at, buf, &name)) {

        if (scopes == NULL) {
            scopes = civic_json_new(CIVIC_JSON_ARRAY);
        }

        if (scopes == NULL || civic_json_set(item, &name, scopes) != NGX_OK) {
            return NGX_ERROR;
        }

        scopes = NULL;
    }

    return NGX_OK;
}


/* 0: there are no more */

static ngx_uint_t
civic_openapi_term(const ngx_str_t *word, size_t *at, u_char *buf,
    ngx_str_t *name)
{
    u_char  ch, *p;

    if (*at >= word->len) {
        return 0;
    }

    for (p = buf; *at < word->len; p++) {
        ch = word->data[(*at)++];

        if (ch == '+' || p == buf + CIVIC_OPENAPI_WORD) {
            break;
        }

        *p = (ch == ':') ? '.' : ch;
    }

    name->data = buf;
    name->len = p - buf;

    return 1;
}
