
/*
 * Copyright (C) Civic Gate
 *
 * The words of a civic_assertion line.
 */


#include "civic_assertion_conf.h"


#define CIVIC_ASSERTION_AUDIENCE_MAX  128
#define CIVIC_ASSERTION_TTL           60
#define CIVIC_ASSERTION_TTL_MIN       10
#define CIVIC_ASSERTION_TTL_MAX       600


static char *civic_assertion_line_audience(ngx_conf_t *cf,
    civic_assertion_t *line, ngx_str_t *value);
static char *civic_assertion_line_ttl(ngx_conf_t *cf,
    civic_assertion_t *line, ngx_str_t *value);
static char *civic_assertion_line_claims(ngx_conf_t *cf,
    civic_assertion_t *line, ngx_str_t *value);
static ngx_int_t civic_assertion_line_claim(civic_assertion_t *line,
    const ngx_str_t *name);


static const struct {
    ngx_str_t    name;
    char      *(*parse)(ngx_conf_t *cf, civic_assertion_t *line,
                        ngx_str_t *value);
} civic_assertion_words[] = {
    { ngx_string("aud="), civic_assertion_line_audience },
    { ngx_string("ttl="), civic_assertion_line_ttl },
    { ngx_string("claims="), civic_assertion_line_claims },
    { ngx_null_string, NULL }
};


char *
civic_assertion_line_parse(ngx_conf_t *cf, civic_assertion_t *line)
{
    char        *rv;
    ngx_str_t   *value, text;
    ngx_uint_t   i, n, seen;

    seen = 0;
    value = cf->args->elts;
    line->ttl = CIVIC_ASSERTION_TTL;

    for (i = 1; i < cf->args->nelts; i++) {

        for (n = 0; civic_assertion_words[n].name.len; n++) {

            if (ngx_strncmp(value[i].data, civic_assertion_words[n].name.data,
                            civic_assertion_words[n].name.len)
                == 0)
            {
                break;
            }
        }

        if (civic_assertion_words[n].name.len == 0) {
            return ngx_strcmp(value[i].data, "off") == 0
                   ? civic_conf_error(cf, NULL, "civic_assertion off stands "
                                      "alone")
                   : civic_conf_error(cf, NULL, "unknown parameter \"%V\" of "
                                      "civic_assertion", &value[i]);
        }

        if (seen & (1 << n)) {
            return civic_conf_error(cf, NULL, "\"%V\" of civic_assertion "
                                    "comes twice",
                                    &civic_assertion_words[n].name);
        }

        seen |= 1 << n;

        text.data = value[i].data + civic_assertion_words[n].name.len;
        text.len = value[i].len - civic_assertion_words[n].name.len;

        rv = civic_assertion_words[n].parse(cf, line, &text);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    return line->audience.len ? NGX_CONF_OK
                              : civic_conf_error(cf, NULL, "civic_assertion "
                                                 "has no aud=");
}


static char *
civic_assertion_line_audience(ngx_conf_t *cf, civic_assertion_t *line,
    ngx_str_t *value)
{
    size_t  i;

    for (i = 0; i < value->len; i++) {
        if (value->data[i] <= ' ' || value->data[i] >= 0x7f) {
            break;
        }
    }

    if (i == 0 || i < value->len || i > CIVIC_ASSERTION_AUDIENCE_MAX) {
        return civic_conf_error(cf, NULL, "\"aud=%V\" of civic_assertion is "
                                "empty, longer than 128 bytes or has a space",
                                value);
    }

    line->audience = *value;

    return NGX_CONF_OK;
}


static char *
civic_assertion_line_ttl(ngx_conf_t *cf, civic_assertion_t *line,
    ngx_str_t *value)
{
    line->ttl = ngx_parse_time(value, 1);

    if (line->ttl < CIVIC_ASSERTION_TTL_MIN
        || line->ttl > CIVIC_ASSERTION_TTL_MAX)
    {
        return civic_conf_error(cf, NULL, "\"ttl=%V\" of civic_assertion is "
                                "not a time from 10s to 10m", value);
    }

    return NGX_CONF_OK;
}


static char *
civic_assertion_line_claims(ngx_conf_t *cf, civic_assertion_t *line,
    ngx_str_t *value)
{
    u_char     *p, *last, *comma;
    ngx_str_t   name;

    line->claims_text = *value;
    last = value->data + value->len;

    for (p = value->data; p <= last; p = comma + 1) {

        comma = ngx_strlchr(p, last, ',');
        if (comma == NULL) {
            comma = last;
        }

        name.data = p;
        name.len = comma - p;

        if (civic_assertion_line_claim(line, &name) != NGX_OK) {
            return civic_conf_error(cf, NULL, "\"claims=\" of "
                                    "civic_assertion names no claim, one "
                                    "twice or more than 16");
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
civic_assertion_line_claim(civic_assertion_t *line, const ngx_str_t *name)
{
    ngx_uint_t  i;

    if (name->len == 0 || line->nclaims == CIVIC_ASSERTION_CLAIMS) {
        return NGX_DECLINED;
    }

    for (i = 0; i < line->nclaims; i++) {

        if (line->claims[i].len == name->len
            && ngx_memcmp(line->claims[i].data, name->data, name->len) == 0)
        {
            return NGX_DECLINED;
        }
    }

    line->claims[line->nclaims++] = *name;

    return NGX_OK;
}
